//! Sockets that lost what came: UDP, and the netlink sockets of other programs.

use std::collections::HashMap;

use super::super::finding::Finding;
use super::Who;
use super::look::{Look, Seen};
use super::queues::with_owner;

/// Sockets of one kind that are named, at most.
const NAMED_MAX: usize = 5;

pub(super) fn findings(before: &Look, now: &Look, who: Who<'_>, findings: &mut Vec<Finding>) {
    let udp = "the program reads too slowly for what comes, or its receive buffer (SO_RCVBUF, net.core.rmem_max) is too small";
    of(&before.udp, &now.udp, "udp-receive-drops", udp, who, findings);
    let netlink = "that program does not know what it missed: it reads too slowly, or its receive buffer is too small";
    of(&before.netlink, &now.netlink, "netlink-drops", netlink, who, findings);
}

fn of(
    before: &HashMap<u64, Seen>,
    now: &HashMap<u64, Seen>,
    cause: &'static str,
    advice: &'static str,
    who: Who<'_>,
    findings: &mut Vec<Finding>,
) {
    let mut lost: Vec<_> = now
        .iter()
        .filter_map(|(cookie, seen)| {
            // What a socket lost before we looked is its past, unless it is new.
            let drops = seen.drops.saturating_sub(before.get(cookie).map_or(0, |before| before.drops));
            (drops > 0).then_some((drops, *cookie, seen))
        })
        .collect();
    lost.sort_by_key(|(drops, cookie, _)| (std::cmp::Reverse(*drops), *cookie));
    for (drops, _, seen) in lost.into_iter().take(NAMED_MAX) {
        let finding = Finding::new(cause, seen.local.as_str(), advice)
            .with("drops", drops)
            .with("queue_bytes", seen.queue)
            .with("drops_since_it_was_opened", seen.drops);
        findings.push(with_owner(finding, who(seen.inode)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_come_first_and_the_past_is_not_counted() {
        let seen = |local: &str, drops| Seen { local: local.to_owned(), drops, inode: 9, queue: 4096, limit: 0 };
        let before = Look { udp: [(1, seen("a", 100)), (2, seen("b", 7))].into(), ..Look::default() };
        let now = Look {
            udp: [(1, seen("a", 103)), (2, seen("b", 7)), (3, seen("c", 40))].into(),
            netlink: [(8, seen("protocol 0 port id 77", 2))].into(),
            ..Look::default()
        };
        let mut found = Vec::new();
        findings(&before, &now, &|_| None, &mut found);
        let found: Vec<_> =
            found.iter().map(|one| (one.cause, one.subject.as_slice(), one.evidence[0].clone())).collect();
        assert_eq!(
            found,
            [
                ("udp-receive-drops", &b"c"[..], ("drops", 40_u64.into())),
                ("udp-receive-drops", b"a", ("drops", 3_u64.into())),
                ("netlink-drops", b"protocol 0 port id 77", ("drops", 2_u64.into())),
            ]
        );
    }
}
