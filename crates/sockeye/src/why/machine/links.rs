//! Links and queues that lose packets, and neighbours that do not answer.

use std::collections::BTreeMap;

use sockeye_state::lives::cause::Quantity;

use super::super::finding::{Evidence, Finding};
use super::look::{Look, Qdisc};
use crate::output::several::several;

/// Neighbours that are named in one finding.
const NEIGHBOURS_MAX: usize = 8;
/// Queues that are named: a link can have a thousand that all lose something.
const QDISCS_MAX: usize = 5;

pub(super) fn findings(before: &Look, now: &Look, findings: &mut Vec<Finding>) {
    lost(before, now, |_| true, findings);
    failed(now, findings);
}

/// What links and queues lost whose names are wanted.
pub(super) fn lost(before: &Look, now: &Look, wanted: impl Fn(&str) -> bool, findings: &mut Vec<Finding>) {
    let mut links: BTreeMap<&str, Vec<(&'static str, u64)>> = BTreeMap::new();
    for ((name, counter), count) in &now.links {
        let grown = before.links.get(&(name.clone(), *counter)).map_or(0, |before| count.saturating_sub(*before));
        if grown > 0 && wanted(name) {
            links.entry(name).or_default().push((counter, grown));
        }
    }
    for (name, mut grown) in links {
        grown.sort_unstable();
        let advice = "a bad cable or port, a full ring (ethtool -S), or a receiver that nobody expected";
        let finding = Finding::new("link-errors", name, advice);
        findings.push(grown.into_iter().fold(finding, |finding, (counter, count)| finding.with(counter, count)));
    }
    let mut qdiscs: Vec<_> = now
        .qdiscs
        .iter()
        .filter_map(|(key, Qdisc { name, drops })| {
            // One that was made meanwhile began with none.
            let grown = drops.saturating_sub(before.qdiscs.get(key).map_or(0, |before| before.drops));
            (grown > 0 && wanted(name)).then_some((std::cmp::Reverse(grown), name))
        })
        .collect();
    qdiscs.sort_unstable();
    let found = |name: &str, drops: u64| {
        let advice = "the queue was full: the link, or the rate that was set for it, is slower than what is sent";
        Finding::new("qdisc-drops", name, advice).with("drops", drops)
    };
    let (named, others) = qdiscs.split_at(qdiscs.len().min(QDISCS_MAX));
    findings.extend(named.iter().map(|(std::cmp::Reverse(grown), name)| found(name, *grown)));
    if !others.is_empty() {
        let drops = others.iter().map(|(std::cmp::Reverse(grown), _)| grown).sum();
        findings.push(found(&several(others.len(), "more queue"), drops));
    }
}

fn failed(now: &Look, findings: &mut Vec<Finding>) {
    if let [first, ..] = now.failed_neighbours.as_slice() {
        let advice = "nobody answers for that address: it is off, on another network, or a wrong VLAN or prefix length";
        let mut finding = Finding::new("neighbour-failed", first.name.as_str(), advice);
        if let Some(probes) = first.probes {
            finding = finding.with("probes", probes);
        }
        if let Some(ago) = first.failed_ago {
            finding = finding.with("failed_ago", Evidence::Quantity(Quantity::Time(ago)));
        }
        if now.failed_neighbours.len() > 1 {
            let others: Vec<_> =
                now.failed_neighbours.iter().skip(1).take(NEIGHBOURS_MAX).map(|one| one.name.as_str()).collect();
            finding = finding.with("count", now.failed_neighbours.len() as u64).with("others", others.join("; "));
        }
        findings.push(finding);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn qdisc(name: &str, drops: u64) -> Qdisc {
        Qdisc { name: name.to_owned(), drops }
    }

    #[test]
    fn only_what_grows_is_found() {
        let look = |errors: u64, dropped: u64, drops: u64| Look {
            links: [(("eth0".to_owned(), "rx_errors"), errors), (("eth0".to_owned(), "tx_dropped"), dropped)].into(),
            qdiscs: [
                ((2, u32::MAX, 0x8001_0000), qdisc("tbf 8001: on eth0", drops)),
                ((3, 1, 0), qdisc("fq_codel 0: parent :1 on eth1", drops / 2)),
                ((3, 2, 0), qdisc("fq_codel 0: parent :2 on eth1", 7)),
            ]
            .into(),
            ..Look::default()
        };
        let mut found = Vec::new();
        findings(&look(9, 5, 70), &look(9, 5, 70), &mut found);
        assert_eq!(found, []);
        findings(&look(9, 5, 70), &look(12, 7, 81), &mut found);
        assert_eq!(found[0].evidence, [("rx_errors", 3_u64.into()), ("tx_dropped", 2_u64.into())]);
        assert_eq!((found[1].subject.as_slice(), &found[1].evidence[0].1), (&b"tbf 8001: on eth0"[..], &11_u64.into()));
        let of_children = (found[2].subject.as_slice(), &found[2].evidence[0].1);
        assert_eq!((of_children, found.len()), ((&b"fq_codel 0: parent :1 on eth1"[..], &5_u64.into()), 3));
    }

    #[test]
    fn of_many_queues_that_lose_something_the_worst_are_named() {
        let look = |drops: u64| {
            let of = |number: u32| ((2, number, 0), qdisc(&format!("fq_codel 0: parent :{number} on eth0"), drops));
            let mut look = Look { qdiscs: (1..=9).map(of).collect(), ..Look::default() };
            for (number, qdisc) in (1..).zip(look.qdiscs.values_mut()) {
                qdisc.drops *= number;
            }
            look
        };
        let mut found = Vec::new();
        findings(&look(0), &look(10), &mut found);
        let told: Vec<_> = found.iter().map(|one| one.evidence[0].1.clone()).collect();
        let expected: Vec<Evidence> = [90_u64, 80, 70, 60, 50, 40 + 30 + 20 + 10].map(Into::into).into();
        assert_eq!((told, found[5].subject.as_slice()), (expected, &b"4 more queues"[..]));
    }
}
