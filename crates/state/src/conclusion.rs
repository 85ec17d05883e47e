//! How a dump ended.

use core::fmt;

/// The kernel refused, or broke off, with an errno and perhaps a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// Errno, positive.
    pub errno: i32,
    /// The kernel's own sentence (extended ack), if it sent one.
    pub sentence: Option<String>,
}

impl Refusal {
    pub(crate) fn new(errno: i32, extended: &sockeye_wire::ExtendedAck<'_>) -> Self {
        Self { errno, sentence: extended.message.map(sentence) }
    }
}

/// Bytes of the kernel's sentence that are kept. Those that it puts together have 80 (include/linux/netlink.h,
/// `NETLINK_MAX_FMTMSG_LEN`), and the others fit a line; escaped, each byte can become four.
const SENTENCE_BYTES_MAX: usize = 1024;

/// The sentence in printable letters. One that is cut ends with three dots.
fn sentence(bytes: &[u8]) -> String {
    let (kept, dots) = match bytes.get(..SENTENCE_BYTES_MAX) {
        Some(kept) if kept.len() < bytes.len() => (kept, "..."),
        _ => (bytes, ""),
    };
    format!("{}{dots}", kept.escape_ascii())
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", std::io::Error::from_raw_os_error(self.errno))?;
        match &self.sentence {
            Some(sentence) => write!(f, ": {sentence}"),
            None => Ok(()),
        }
    }
}

/// How a dump ended, and what was seen on the way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Conclusion {
    /// The kernel sent `NLMSG_DONE` with status 0.
    pub done: bool,
    /// The kernel refused the request, or ended the dump with an errno inside `NLMSG_DONE`.
    pub refusal: Option<Refusal>,
    /// The kernel marked the dump as inconsistent (`NLM_F_DUMP_INTR` on any message).
    pub interrupted: bool,
    /// Datagrams that did not fit the buffer: rows are lost.
    pub truncated: u64,
    /// `ENOBUFS` on the socket during the dump: rows may be lost.
    pub overruns: u64,
    /// Messages that are malformed; what could be read of them was used.
    pub defects: u64,
    /// Datagrams from somebody other than the kernel: dropped.
    pub foreign: u64,
    /// Messages of another request: dropped.
    pub strays: u64,
    /// Messages handed on.
    pub messages: u64,
}

impl Conclusion {
    /// Whether the kernel said that this was all, and nothing got lost on the way.
    pub fn is_whole(&self) -> bool {
        self.done
            && self.refusal.is_none()
            && !self.interrupted
            && self.truncated == 0
            && self.overruns == 0
            && self.defects == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_kept_printable_and_no_longer_than_any_that_a_kernel_has() {
        let long = [b"no\tsuch".to_vec(), vec![0xff; 60_000]].concat();
        assert_eq!(sentence(&long[..8]), r"no\tsuch\xff");
        let kept = sentence(&long);
        assert!(kept.starts_with(r"no\tsuch\xff") && kept.ends_with(r"\xff..."), "{kept}");
        assert!(kept.len() <= 4 * SENTENCE_BYTES_MAX + 3, "{}", kept.len());
        assert_eq!(sentence(&[b'a'; SENTENCE_BYTES_MAX]), "a".repeat(SENTENCE_BYTES_MAX));
    }
}
