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
        Some(Sockstat { tcp: tcp(&v4, &v6)? })
    };
    match namespace {
        Some(namespace) => namespace.run_in(here).unwrap_or(None),
        None => here(),
    }
}

/// TCP sockets in use, as the files of both versions count them.
fn tcp(v4: &str, v6: &str) -> Option<u64> {
    Some(number(v4, "TCP:", "inuse")?.saturating_add(number(v6, "TCP6:", "inuse").unwrap_or(0)))
}

/// The number behind `word` in the line that begins with `line`.
pub(crate) fn number(file: &str, line: &str, word: &str) -> Option<u64> {
    let mut words = file.lines().find_map(|text| text.strip_prefix(line))?.split_whitespace();
    words.find(|found| *found == word)?;
    words.next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use sockeye_fuzz::texts;

    use super::{number, tcp};
    use crate::hostile::attack;

    const FILE: &str = "sockets: used 117\nTCP: inuse 6 orphan 1 tw 42 alloc 9 mem 3\nUDP: inuse 2 mem 1\n";
    const FILE6: &str = "TCP6: inuse 5\nUDP6: inuse 3\nFRAG6: inuse 4 memory 8\n";

    #[test]
    fn numbers_are_found_by_their_words() {
        assert_eq!(number(FILE, "TCP:", "tw"), Some(42));
        assert_eq!(number(FILE, "TCP:", "inuse"), Some(6));
        assert_eq!(number(FILE, "UDP:", "tw"), None);
    }

    #[test]
    fn both_versions_are_counted_together_whatever_their_numbers() {
        assert_eq!((tcp(FILE, FILE6), tcp(FILE, ""), tcp("", FILE6)), (Some(11), Some(6), None));
        let many = format!("TCP: inuse {}\n", u64::MAX);
        assert_eq!(tcp(&many, FILE6), Some(u64::MAX));
    }

    #[test]
    fn damaged_files_have_a_number_or_none() {
        let mut read = 0;
        attack(20_000, |random| {
            let [v4, v6] = [FILE, FILE6].map(|file| texts::mutated(&[file], random));
            read += usize::from(tcp(&String::from_utf8_lossy(&v4), &String::from_utf8_lossy(&v6)).is_some());
        });
        assert!(read > 5000, "{read}");
    }
}
