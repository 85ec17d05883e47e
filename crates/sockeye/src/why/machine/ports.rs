//! Ends that pile up: ports towards one place, TIME-WAIT, and connections that a program forgot to close.

use std::collections::BTreeMap;

use super::super::finding::Finding;
use super::look::{Look, Seen};
use super::{Who, is_near};

/// Of the ports there are, this part in hundredths in use towards one place is near the end.
const PORTS_NEAR: u64 = 80;
/// Of the sockets that may wait, this part in hundredths.
const TIME_WAIT_NEAR: u64 = 80;
/// Sockets of one process in CLOSE-WAIT over the whole watch that are a leak.
const CLOSE_WAIT_MIN: u64 = 10;
/// Who holds what is known of nobody: several may, and none of them may have that many.
const UNSEEN: &str = "processes that cannot be seen, together";

pub(super) fn findings(before: &Look, now: &Look, who: Who<'_>, findings: &mut Vec<Finding>) {
    towards(now, findings);
    time_wait(now, findings);
    close_wait(before, now, &|_| true, who, findings);
}

fn towards(now: &Look, findings: &mut Vec<Finding>) {
    let Some((from, until)) = now.ports() else { return };
    let ports = (until.saturating_sub(from) + 1).saturating_sub(now.reserved_ports());
    if ports == 0 {
        return;
    }
    let mut full: Vec<_> =
        now.towards.iter().filter(|(_, towards)| is_near(towards.sockets, ports, PORTS_NEAR)).collect();
    full.sort_by_key(|(ends, towards)| (std::cmp::Reverse(towards.sockets), **ends));
    for ((local, peer), towards) in full {
        let advice = "connections to there will fail with EADDRNOTAVAIL: keep them open, use more local addresses, or \
                      widen net.ipv4.ip_local_port_range";
        findings.push(
            Finding::new("ports-running-out", format!("{local} to {peer}"), advice)
                .with("ports_in_use", towards.sockets)
                .with("ports", ports)
                .with("in_time_wait", towards.time_wait),
        );
    }
}

fn time_wait(now: &Look, findings: &mut Vec<Finding>) {
    let Some(&max) = now.numbers("tcp_max_tw_buckets").first() else { return };
    if max > 0 && is_near(now.time_wait, max, TIME_WAIT_NEAR) {
        let advice = "this side closes many short connections: keep them open, or let the peer close first";
        findings.push(
            Finding::new("time-wait-pile-up", "TIME-WAIT", advice).with("sockets", now.time_wait).with("limit", max),
        );
    }
}

/// Sockets that were in CLOSE-WAIT at both looks and fit, by who holds them; those that nobody has accepted by their listener.
pub(super) fn close_wait(
    before: &Look,
    now: &Look,
    fits: &dyn Fn(u64) -> bool,
    who: Who<'_>,
    findings: &mut Vec<Finding>,
) {
    let mut by_owner: BTreeMap<String, u64> = BTreeMap::new();
    let mut by_listener: BTreeMap<u16, u64> = BTreeMap::new();
    for (cookie, left) in &now.close_wait {
        if !before.close_wait.contains_key(cookie) || !fits(*cookie) {
            continue;
        }
        match left.inode {
            0 => *by_listener.entry(left.port).or_default() += 1,
            inode => *by_owner.entry(who(inode).unwrap_or_default()).or_default() += 1,
        }
    }
    for (port, sockets) in by_listener.into_iter().filter(|&(_, sockets)| sockets >= CLOSE_WAIT_MIN) {
        let advice = "the peers gave up before the program accepted them: it accepts too slowly, or is stuck";
        let is_it = |listener: &&Seen| listener.local.ends_with(&format!(":{port}"));
        let listener = now.listeners.values().find(is_it);
        let subject = listener.map_or_else(|| format!("port {port}"), |listener| listener.local.clone());
        let finding = Finding::new("close-wait-not-accepted", subject, advice).with("sockets", sockets);
        findings.push(finding.held_by(listener.and_then(|listener| who(listener.inode))));
    }
    for (owner, sockets) in by_owner {
        if sockets < CLOSE_WAIT_MIN {
            continue;
        }
        let advice = "the peers have closed and the program has not: it forgot these connections, or is stuck";
        let subject = if owner.is_empty() { UNSEEN } else { owner.as_str() };
        findings.push(Finding::new("close-wait-leak", subject, advice).with("sockets", sockets));
    }
}

#[cfg(test)]
mod tests {
    use super::super::look::{Left, Towards};
    use super::*;

    #[test]
    fn ports_are_counted_towards_one_place() {
        let towards = |sockets| Towards { sockets, time_wait: 7 };
        let look = |sockets: u64| Look {
            // Ports elsewhere take nothing from those.
            files: [
                ("ports", "40000\t40119\n".to_owned()),
                ("reserved_ports", "8080,39998-40001,40010,40103-40150,50000\n".to_owned()),
            ]
            .into(),
            towards: [
                (("10.0.0.1".parse().unwrap(), "10.0.0.9:443".parse().unwrap()), towards(sockets)),
                (("10.0.0.1".parse().unwrap(), "10.0.0.8:443".parse().unwrap()), towards(79)),
            ]
            .into(),
            ..Look::default()
        };
        let of = |sockets| {
            let mut found = Vec::new();
            findings(&Look::default(), &look(sockets), &|_| None, &mut found);
            found
        };
        assert_eq!(of(79), []);
        let found = of(80);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].cause, found[0].subject.as_slice()),
            ("ports-running-out", &b"10.0.0.1 to 10.0.0.9:443"[..])
        );
        assert_eq!(found[0].evidence[1], ("ports", 100_u64.into()));
    }

    #[test]
    fn numbers_that_are_no_ports_are_none() {
        let towards = Towards { sockets: 79, time_wait: 7 };
        let look = |ports: &str, reserved: &str| Look {
            files: [("ports", ports.to_owned()), ("reserved_ports", reserved.to_owned())].into(),
            towards: [(("10.0.0.1".parse().unwrap(), "10.0.0.9:443".parse().unwrap()), towards.clone())].into(),
            ..Look::default()
        };
        for ports in ["0\t18446744073709551615\n", "40000\t65536\n", "-1\t40119\n"] {
            assert_eq!((look(ports, "").ports(), look(ports, "0-18446744073709551615").reserved_ports()), (None, 0));
        }
        let look = look("0\t65535\n", "7-18446744073709551615,18446744073709551615\n");
        assert_eq!((look.ports(), look.reserved_ports()), (Some((0, 65_535)), 65_529));
        let mut found = Vec::new();
        findings(&Look::default(), &look, &|_| None, &mut found);
        // Of seven that are left.
        assert_eq!(found.iter().map(|one| one.cause).collect::<Vec<_>>(), ["ports-running-out"]);
    }

    #[test]
    fn a_limit_beyond_all_measure_is_not_near() {
        let of = |time_wait: u64, max: u64| {
            let files = [("tcp_max_tw_buckets", format!("{max}\n"))];
            let mut found = Vec::new();
            findings(
                &Look::default(),
                &Look { files: files.into(), time_wait, ..Look::default() },
                &|_| None,
                &mut found,
            );
            found.len()
        };
        assert_eq!((of(79, 100), of(80, 100), of(80, u64::MAX), of(u64::MAX, u64::MAX)), (0, 1, 0, 1));
    }

    #[test]
    fn a_leak_is_what_stays_and_has_a_holder() {
        let look = |cookies: std::ops::Range<u64>| Look {
            close_wait: cookies
                .map(|cookie| (cookie, Left { inode: 7 + u32::from(cookie % 3 == 0), port: 443 }))
                .collect(),
            ..Look::default()
        };
        let mut found = Vec::new();
        findings(&look(0..40), &look(20..60), &|inode| Some(format!("java[{inode}]")), &mut found);
        // Of the twenty that stayed, 21, 24 and so on to 39 are seven.
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].cause, found[0].subject.as_slice()), ("close-wait-leak", &b"java[7]"[..]));
        assert_eq!(found[0].evidence, [("sockets", 13_u64.into())]);
        found.clear();
        close_wait(&look(0..40), &look(20..60), &|cookie| cookie != 20, &|_| None, &mut found);
        assert_eq!(found[0].evidence, [("sockets", 19_u64.into())], "of those that fit, whoever holds them");
        assert_eq!(found[0].subject, UNSEEN.as_bytes(), "one process may hold none of them");
    }

    #[test]
    fn what_nobody_has_accepted_is_the_listeners() {
        let listener = |local: &str, inode| Seen { local: local.to_owned(), inode, ..Seen::default() };
        let look = Look {
            close_wait: (0..12).map(|cookie| (cookie, Left { inode: 0, port: 8443 })).collect(),
            listeners: [(90, listener("0.0.0.0:443", 5)), (91, listener("10.0.0.1:8443", 6))].into(),
            ..Look::default()
        };
        let mut found = Vec::new();
        findings(&look, &look, &|inode| Some(format!("java[{inode}]")), &mut found);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].cause, found[0].subject.as_slice()), ("close-wait-not-accepted", &b"10.0.0.1:8443"[..]));
        assert_eq!(found[0].evidence, [("sockets", 12_u64.into()), ("owner", "java[6]".into())]);
    }
}
