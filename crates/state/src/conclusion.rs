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
        Self { errno, sentence: extended.message.map(|bytes| bytes.escape_ascii().to_string()) }
    }
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
