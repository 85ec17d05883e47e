//! The counters of the whole namespace: what was dropped while we looked, for reasons that no single socket shows.

use std::time::Duration;

use super::super::finding::Finding;
use super::look::Look;

/// Counters that should stand still: the counter, the word for what is wrong, and what usually helps.
const STILL: [(&str, &str, &str); 10] = [
    (
        "TcpExt.ListenDrops",
        "listen-drops",
        "connections were turned away: an accept queue was full, or memory was short; see the listeners above",
    ),
    (
        "TcpExt.TCPReqQFullDrop",
        "syn-queue-full",
        "more half-open connections than a listener's backlog, and net.core.somaxconn, take while net.ipv4.tcp_syncookies is 0: a flood, \
         or a small backlog",
    ),
    (
        "TcpExt.PruneCalled",
        "receive-buffers-pruned",
        "receive queues were squeezed: readers are too slow, or net.ipv4.tcp_rmem is too small for them",
    ),
    (
        "TcpExt.TCPBacklogDrop",
        "backlog-drops",
        "a program held its socket locked for too long, or its receive buffer is too small",
    ),
    (
        "TcpExt.TCPAbortOnMemory",
        "connections-aborted-for-memory",
        "TCP had no memory left for them, or there were too many orphans: see net.ipv4.tcp_mem and tcp_max_orphans",
    ),
    (
        "TcpExt.TCPTimeWaitOverflow",
        "time-wait-overflow",
        "more connections ended than net.ipv4.tcp_max_tw_buckets lets wait: keep connections open, or raise it",
    ),
    ("Udp.RcvbufErrors", "udp-receive-errors", UNREAD),
    ("Udp6.RcvbufErrors", "udp-receive-errors", UNREAD),
    ("Udp.SndbufErrors", "udp-send-errors", UNSENT),
    ("Udp6.SndbufErrors", "udp-send-errors", UNSENT),
];

const UNREAD: &str =
    "datagrams came faster than they were read; the sockets that lost some and are still there are named above";
const UNSENT: &str = "datagrams were sent faster than they could leave: a full queue, or a small net.core.wmem_default";

/// The numbers of a file of lines in pairs: names, then numbers (net/ipv4/proc.c, netstat_seq_show).
pub(super) fn read(text: &str) -> impl Iterator<Item = (String, u64)> {
    let lines: Vec<_> = text.lines().collect();
    let pairs = lines.as_chunks::<2>().0.iter().map(|&[names, numbers]| (names, numbers)).collect::<Vec<_>>();
    pairs.into_iter().flat_map(|(names, numbers)| {
        let group = names.split_once(':').map_or("", |(group, _)| group).to_owned();
        let words: Vec<(String, u64)> = names
            .split_whitespace()
            .skip(1)
            .zip(numbers.split_whitespace().skip(1))
            .filter_map(|(name, number)| Some((format!("{group}.{name}"), number.parse().ok()?)))
            .collect();
        words
    })
}

/// The numbers of UDP over IPv6, in a file of one name and number a line (net/ipv6/proc.c, snmp6_seq_show_item).
pub(super) fn read_udp6(text: &str) -> impl Iterator<Item = (String, u64)> {
    text.lines().filter_map(|line| {
        let (name, number) = line.strip_prefix("Udp6")?.split_once(char::is_whitespace)?;
        Some((format!("Udp6.{name}"), number.trim().parse().ok()?))
    })
}

pub(super) fn findings(before: &Look, now: &Look, elapsed: Duration, findings: &mut Vec<Finding>) {
    for (counter, cause, advice) in STILL {
        let (Some(before), Some(after)) = (before.counters.get(counter), now.counters.get(counter)) else { continue };
        let grown = after.wrapping_sub(*before);
        if grown > 0 {
            let finding = Finding::new(cause, counter, advice).with("grown", grown);
            findings.push(finding.with("in_ms", u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_stand_one_below_the_other() {
        let text = "TcpExt: SyncookiesSent ListenDrops TCPReqQFullDrop\nTcpExt: 3 77 5\nIpExt: InNoRoutes\nIpExt: 9\n";
        let mut found: Vec<_> = read(text).collect();
        found.sort();
        let found: Vec<_> = found.iter().map(|(name, number)| (name.as_str(), *number)).collect();
        let named = [("IpExt.InNoRoutes", 9), ("TcpExt.ListenDrops", 77), ("TcpExt.SyncookiesSent", 3)];
        assert_eq!(found, [named[0], named[1], named[2], ("TcpExt.TCPReqQFullDrop", 5)]);
    }

    #[test]
    fn those_of_ipv6_stand_one_in_a_line() {
        let text =
            "Ip6InReceives                   \t54\nUdp6RcvbufErrors                \t12\nUdpLite6RcvbufErrors\t3\n";
        assert_eq!(read_udp6(text).collect::<Vec<_>>(), [("Udp6.RcvbufErrors".to_owned(), 12)]);
    }

    #[test]
    fn what_grew_is_found_and_what_is_old_is_not() {
        let look = |drops: u64, overflow: u64| {
            let counters = [("TcpExt.ListenDrops", drops), ("TcpExt.TCPTimeWaitOverflow", overflow)];
            let counters = counters.map(|(name, number)| (name.to_owned(), number)).into();
            Look { counters, ..Look::default() }
        };
        let mut found = Vec::new();
        findings(&look(70, 4), &look(77, 4), Duration::from_millis(5003), &mut found);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].cause, "listen-drops");
        assert_eq!(found[0].evidence, [("grown", 7_u64.into()), ("in_ms", 5003_u64.into())]);
    }
}
