//! `/proc/net/sockstat`: how many TCP sockets a namespace has, without walking them (net/ipv4/proc.c, sockstat_seq_show).

use sockeye_conn::Namespace;

/// TCP sockets of one network namespace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sockstat {
    /// In use, IPv4 and IPv6 together.
    pub(crate) tcp: u64,
}

/// Counts in a namespace; `None` where the files cannot be read.
pub(crate) fn read(namespace: Option<&Namespace>) -> Option<Sockstat> {
    let here = || {
        // Not /proc/net: that is the main thread's namespace.
        let file = |name| std::fs::read_to_string(format!("/proc/thread-self/net/{name}"));
        let v4 = file("sockstat").ok()?;
        let v6 = file("sockstat6").unwrap_or_default();
        Some(Sockstat { tcp: number(&v4, "TCP:", "inuse")? + number(&v6, "TCP6:", "inuse").unwrap_or(0) })
    };
    match namespace {
        Some(namespace) => namespace.run_in(here).unwrap_or(None),
        None => here(),
    }
}

/// The number behind `word` in the line that begins with `line`.
pub(crate) fn number(file: &str, line: &str, word: &str) -> Option<u64> {
    let mut words = file.lines().find_map(|text| text.strip_prefix(line))?.split_whitespace();
    words.find(|found| *found == word)?;
    words.next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_are_found_by_their_words() {
        let file = "sockets: used 117\nTCP: inuse 6 orphan 1 tw 42 alloc 9 mem 3\nUDP: inuse 2 mem 1\n";
        assert_eq!(number(file, "TCP:", "tw"), Some(42));
        assert_eq!(number(file, "TCP:", "inuse"), Some(6));
        assert_eq!(number(file, "UDP:", "tw"), None);
    }
}
