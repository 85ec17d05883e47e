//! Listeners: those whose accept queue is full or nearly so, and those that turned connections away.

use super::super::finding::Finding;
use super::look::{Look, Seen};
use super::{Who, is_near};

/// A queue that is filled to this part of its limit, in hundredths, is near it.
const NEAR: u64 = 80;
/// Limits below which a queue that is filled for a moment says nothing.
const LIMIT_MIN: u64 = 4;

/// Connections that found an accept queue full, of all listeners. The packets that one listener has dropped are also those that
/// complete a connection before there is data (TCP_DEFER_ACCEPT), that end a half-open one, or that come again
/// (net/ipv4/tcp_ipv4.c, `tcp_v4_rcv`), so that it has turned away no more than these.
pub(super) const OVERFLOWS: &str = "TcpExt.ListenOverflows";

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
    let overflows = Overflows::between(before, now);
    for (cookie, listener) in listeners {
        let looks = [Some(listener), before.listeners.get(cookie)];
        // The kernel takes one more than the limit (include/net/sock.h, sk_acceptq_is_full).
        let full = looks.into_iter().flatten().find(|seen| seen.queue > seen.limit);
        let near = listener.limit >= LIMIT_MIN && is_near(listener.queue, listener.limit, NEAR);
        let dropped = dropped_since(before, *cookie, listener);
        let drops = if full.is_some() { overflows.at_most(dropped) } else { overflows.at_least(dropped) };
        if full.is_none() && !near && drops == 0 {
            continue;
        }
        let (cause, advice) = if full.is_some() || drops > 0 {
            (
                "accept-queue-full",
                "the program accepts too slowly: it is busy or stuck, or its backlog (and net.core.somaxconn) is too small",
            )
        } else {
            (
                "accept-queue-near-its-limit",
                "the program accepts nearly too slowly: watch it, or give it a larger backlog",
            )
        };
        let shown = full.unwrap_or(listener);
        let finding = Finding::new(cause, listener.local.as_str(), advice)
            .with("accept_queue", shown.queue)
            .with("accept_queue_limit", shown.limit)
            .with("drops", drops);
        findings.push(finding.held_by(who(listener.inode)));
    }
}

/// Connections that found an accept queue full between two looks. Whose it was, the kernel does not say.
struct Overflows {
    /// `None` where this kernel does not count them.
    count: Option<u64>,
    /// Packets that all listeners dropped, whether they fit or not; `None` where one is gone, and what it dropped with it.
    dropped: Option<u64>,
}

impl Overflows {
    fn between(before: &Look, now: &Look) -> Self {
        let count = now.counters.get(OVERFLOWS).zip(before.overflows).map(|(now, before)| now.saturating_sub(before));
        let are_there = before.listeners.keys().all(|cookie| now.listeners.contains_key(cookie));
        let each = now.listeners.iter().map(|(cookie, listener)| dropped_since(before, *cookie, listener));
        Self { count, dropped: are_there.then(|| each.fold(0, u64::saturating_add)) }
    }

    /// How many of them a listener that dropped so many packets may have had.
    fn at_most(&self, dropped: u64) -> u64 {
        self.count.map_or(dropped, |count| dropped.min(count))
    }

    /// How many of them it had for certain: those that are more than all others dropped.
    fn at_least(&self, dropped: u64) -> u64 {
        match (self.count, self.dropped) {
            (None, _) => dropped,
            (Some(_), None) => 0,
            (Some(count), Some(all)) => dropped.min(count.saturating_sub(all.saturating_sub(dropped))),
        }
    }
}

/// Packets that a listener dropped since then; of one that is new, all of them.
fn dropped_since(before: &Look, cookie: u64, listener: &Seen) -> u64 {
    listener.drops.saturating_sub(before.listeners.get(&cookie).map_or(0, |before| before.drops))
}

#[cfg(test)]
mod tests {
    use super::super::super::finding::Evidence;
    use super::*;

    fn seen(local: &str, queue: u64, limit: u64, drops: u64) -> Seen {
        Seen { local: local.to_owned(), inode: 77, drops, queue, limit }
    }

    fn look(queue: u64, limit: u64, drops: u64) -> Look {
        Look { listeners: [(5, seen("10.0.0.1:443", queue, limit, drops))].into(), ..Look::default() }
    }

    /// The same where so many connections have found a queue full until now.
    fn overflown(look: Look, overflows: u64) -> Look {
        Look { counters: [(OVERFLOWS.to_owned(), overflows)].into(), overflows: Some(overflows), ..look }
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
        let found = cause(overflown(look(129, 128, 9), 4), overflown(look(3, 128, 31), 11)).unwrap();
        assert_eq!(found.evidence[..2], [("accept_queue", 129_u64.into()), ("accept_queue_limit", 128_u64.into())]);
        assert_eq!((found.cause, &found.evidence[2]), ("accept-queue-full", &("drops", 7_u64.into())));
    }

    #[test]
    fn packets_that_a_listener_drops_for_other_reasons_are_no_connections_turned_away() {
        let at = |drops, overflows| overflown(look(3, 128, drops), overflows);
        let found = |before: &Look, now: &Look| {
            let mut found = Vec::new();
            findings(before, now, &|_| true, &|_| None, &mut found);
            found.pop().map(|found| (found.cause, found.evidence[2].clone()))
        };
        assert_eq!(found(&at(9, 4), &at(259, 4)), None, "250 of them");
        let some = Some(("accept-queue-full", ("drops", 2_u64.into())));
        assert_eq!(found(&at(9, 4), &at(259, 6)), some, "of 250 no more than 2");
    }

    #[test]
    fn connections_that_another_listener_turned_away_are_not_counted_as_its_own() {
        // What waits at each of the two, and what each has dropped.
        let at = |waiting: [u64; 2], drops: [u64; 2], overflows: u64| {
            let first = seen("10.0.0.1:443", waiting[0], 128, drops[0]);
            let second = seen("10.0.0.1:80", waiting[1], 5, drops[1]);
            overflown(Look { listeners: [(5, first), (6, second)].into(), ..Look::default() }, overflows)
        };
        let found = |before: Look, now: Look, fits: &dyn Fn(u64) -> bool| {
            let mut found = Vec::new();
            findings(&before, &now, fits, &|_| None, &mut found);
            assert!(found.iter().all(|one| one.cause == "accept-queue-full"), "{found:?}");
            found.into_iter().map(|one| (one.subject, one.evidence[2].1.clone())).collect::<Vec<_>>()
        };
        let first = |drops: u64| (b"10.0.0.1:443".to_vec(), Evidence::from(drops));
        let second = |drops: u64| (b"10.0.0.1:80".to_vec(), Evidence::from(drops));
        let before = || at([3, 1], [9, 4], 7);
        let all = |_: u64| true;
        assert_eq!(found(before(), at([3, 6], [259, 6], 9), &all), [second(2)], "the first waits for data");
        assert_eq!(found(before(), at([129, 6], [18, 11], 23), &all), [first(9), second(7)], "both are full");
        // Where no queue is full any more, what can be of either is of none, and what fits no filter drops too.
        assert_eq!(found(before(), at([3, 2], [259, 6], 9), &|cookie: u64| cookie == 6), []);
        assert_eq!(found(before(), at([3, 2], [12, 15], 19), &all), [first(1), second(9)], "12 of 3 and 11");
        let mut before_one_ended = before();
        before_one_ended.listeners.insert(8, seen("10.0.0.1:22", 2, 7, 3));
        assert_eq!(found(before_one_ended, at([3, 2], [12, 15], 19), &all), [], "nobody tells what it dropped");
    }
}
