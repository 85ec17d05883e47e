//! Listeners: those whose accept queue is full or nearly so, and those that turned connections away.

use super::super::finding::Finding;
use super::look::Look;
use super::{Who, is_near};

/// A queue that is filled to this part of its limit, in hundredths, is near it.
const NEAR: u64 = 80;
/// Limits below which a queue that is filled for a moment says nothing.
const LIMIT_MIN: u64 = 4;

/// Connections that found an accept queue full, of all listeners. The packets that one listener has dropped are also those that
/// complete a connection before there is data (TCP_DEFER_ACCEPT), that end a half-open one, or that come again
/// (net/ipv4/tcp_ipv4.c, `tcp_v4_rcv`), so that it has turned away no more than these.
const OVERFLOWS: &str = "TcpExt.ListenOverflows";

/// Those of the listeners that fit, by their cookies.
pub(super) fn findings(
    before: &Look,
    now: &Look,
    fits: &dyn Fn(u64) -> bool,
    who: Who<'_>,
    findings: &mut Vec<Finding>,
) {
    let mut listeners: Vec<_> = now.listeners.iter().filter(|(cookie, _)| fits(**cookie)).collect();
    listeners.sort_by_key(|(cookie, listener)| (std::cmp::Reverse(listener.queue), **cookie));
    let overflows = now.grown_by(before, OVERFLOWS);
    for (cookie, listener) in listeners {
        let dropped = before.listeners.get(cookie).map_or(0, |before| listener.drops.saturating_sub(before.drops));
        let drops = overflows.map_or(dropped, |overflows| dropped.min(overflows));
        // The kernel takes one more than the limit (include/net/sock.h, sk_acceptq_is_full).
        let full = listener.queue > listener.limit;
        let near = listener.limit >= LIMIT_MIN && is_near(listener.queue, listener.limit, NEAR);
        if !full && !near && drops == 0 {
            continue;
        }
        let (cause, advice) = match (full, drops) {
            (true, _) | (_, 1..) => (
                "accept-queue-full",
                "the program accepts too slowly: it is busy or stuck, or its backlog (and net.core.somaxconn) is too small",
            ),
            _ => (
                "accept-queue-near-its-limit",
                "the program accepts nearly too slowly: watch it, or give it a larger backlog",
            ),
        };
        let finding = Finding::new(cause, listener.local.as_str(), advice)
            .with("accept_queue", listener.queue)
            .with("accept_queue_limit", listener.limit)
            .with("drops", drops);
        findings.push(with_owner(finding, who(listener.inode)));
    }
}

/// The same with who holds the socket, where that is known.
pub(super) fn with_owner(finding: Finding, owner: Option<String>) -> Finding {
    match owner {
        Some(owner) => finding.with("owner", owner),
        None => finding,
    }
}

#[cfg(test)]
mod tests {
    use super::super::look::Seen;
    use super::*;

    fn look(queue: u64, limit: u64, drops: u64) -> Look {
        let seen = Seen { local: "10.0.0.1:443".to_owned(), inode: 77, drops, queue, limit };
        Look { listeners: [(5, seen)].into(), ..Look::default() }
    }

    #[test]
    fn a_queue_is_judged_by_its_limit_and_by_what_it_turned_away() {
        let cause = |before: Look, now: Look| {
            let mut found = Vec::new();
            findings(&before, &now, &|cookie| cookie == 5, &|inode| Some(format!("nginx[{inode}]")), &mut found);
            found.pop()
        };
        for (queue, drops, expected) in [
            (129, 9, Some("accept-queue-full")),
            (128, 9, Some("accept-queue-near-its-limit")),
            (102, 9, None),
            (3, 11, Some("accept-queue-full")),
            (3, 9, None),
        ] {
            let found = cause(look(0, 128, 9), look(queue, 128, drops));
            assert_eq!(found.as_ref().map(|found| found.cause), expected, "{queue} {drops}");
        }
        let found = cause(look(0, 128, 9), look(3, 128, 11)).unwrap();
        assert_eq!(found.evidence[2], ("drops", 2_u64.into()));
        assert_eq!(found.evidence[3], ("owner", "nginx[77]".into()));
        assert!(cause(look(0, 1, 0), look(1, 1, 0)).is_none(), "one of one waits for a moment");
    }

    #[test]
    fn packets_that_a_listener_drops_for_other_reasons_are_no_connections_turned_away() {
        let overflown = |drops: u64, overflows: u64| {
            let counters = [(OVERFLOWS.to_owned(), overflows)].into();
            Look { counters, ..look(3, 128, drops) }
        };
        let found = |before: &Look, now: &Look| {
            let mut found = Vec::new();
            findings(before, now, &|_| true, &|_| None, &mut found);
            found.pop().map(|found| (found.cause, found.evidence[2].clone()))
        };
        assert_eq!(found(&overflown(9, 4), &overflown(259, 4)), None, "250 of them");
        let some = Some(("accept-queue-full", ("drops", 2_u64.into())));
        assert_eq!(found(&overflown(9, 4), &overflown(259, 6)), some, "of 250 no more than 2");
    }
}
