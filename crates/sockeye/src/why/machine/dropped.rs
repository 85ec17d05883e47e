//! Sockets that lost what came: UDP, and the netlink sockets of other programs.

use std::collections::HashMap;

use super::super::finding::Finding;
use super::Who;
use super::look::{Look, Seen};
use crate::output::several::several;

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
    let named = lost.len().min(NAMED_MAX);
    let others = lost.split_off(named);
    for (drops, _, seen) in lost {
        let finding = Finding::new(cause, seen.local.as_str(), advice)
            .with("drops", drops)
            .with("queue_bytes", seen.queue)
            .with("drops_since_it_was_opened", seen.drops);
        findings.push(finding.held_by(who(seen.inode)));
    }
    if !others.is_empty() {
        let subject = several(others.len(), "more socket");
        let drops: u64 = others.iter().map(|(drops, ..)| drops).sum();
        findings.push(Finding::new(cause, subject, advice).with("drops", drops));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_are_not_named_are_counted() {
        let seen = |drops| Seen { local: format!("port {drops}"), drops, inode: 9, queue: 4096, limit: 0 };
        let now = Look { udp: (1..8).map(|number| (number, seen(number * 10))).collect(), ..Look::default() };
        let mut found = Vec::new();
        findings(&Look::default(), &now, &|_| None, &mut found);
        assert_eq!(found.len(), NAMED_MAX + 1);
        assert_eq!(found[4].subject, b"port 30");
        let last = &found[NAMED_MAX];
        assert_eq!(
            (last.subject.as_slice(), &last.evidence[..]),
            (&b"2 more sockets"[..], &[("drops", 30_u64.into())][..])
        );
    }

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
