//! The connections and listeners that are held up, the worst first, each with what shows it.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;

use sockeye_query::Value;
use sockeye_query::filter::{Decision, Expression, Record as _};
use sockeye_query::sockets::Surroundings;
use sockeye_query::sockets::live::{LiveRow, is_of_owner, live_catalog};
use sockeye_state::lives::{Cause, Causes, Counters, Delta, Judgement, Life};

use sockeye_wire::sock_diag::state::State;

use super::finding::{Evidence, Finding};
use super::judged::Judged;
use super::machine::Who;
use crate::live::row;

/// What a connection that is held up weighs: its cause, then how many bytes it moves or has waiting.
type Weight = (Cause, Reverse<u64>, u64);

/// The advice where a connection does not come about.
const UNANSWERED: &str =
    "nobody answers its SYN: `sockeye why ADDRESS:PORT` looks at the way there, and listens to what becomes of it";
/// Owners that are named where several try the same.
const OWNERS_MAX: usize = 3;

/// Attempts to connect to one place, which is one thing that is wrong.
#[derive(Default)]
struct Attempts {
    count: u64,
    owners: Vec<String>,
}

impl Attempts {
    fn take(&mut self, owner: impl FnOnce() -> Option<String>) {
        self.count += 1;
        if self.owners.len() < OWNERS_MAX
            && let Some(owner) = owner()
            && !self.owners.contains(&owner)
        {
            self.owners.push(owner);
        }
    }
}

/// What was found of connections.
pub(super) struct Found {
    /// The worst.
    pub(super) findings: Vec<Finding>,
    /// Connections that are named by them.
    pub(super) named: usize,
    /// All that are held up.
    pub(super) held_up: usize,
    /// Connections and listeners that the filter takes.
    pub(super) fitting: usize,
    /// Those of which nobody knows whether it takes them, since who holds them is not known.
    pub(super) undecided: usize,
}

/// The worst connections that the filter takes, and how many there are in all. `others` become the listeners, and those that their
/// peers have closed, that it takes too: they are judged otherwise.
pub(super) fn findings<'l>(
    sockets: impl Iterator<Item = (&'l Life, &'l [u8])>,
    judged: &Judged,
    filter: &Expression,
    surroundings: &dyn Surroundings,
    limit: usize,
    who: Who<'_>,
    others: &mut HashSet<u64>,
) -> Found {
    let mut worst: Vec<(Weight, Option<SocketAddr>, Finding)> = Vec::new();
    let mut attempts: HashMap<SocketAddr, Attempts> = HashMap::new();
    let (mut held_up, mut fitting, mut undecided) = (0, 0, 0);
    let by_owners = surroundings.owners_unknown().is_some();
    for (life, message) in sockets {
        let Some(mut row) = row::alive(life, message, surroundings) else { continue };
        let known = judged.of(life.cookie).zip(Counters::read(message));
        let causes = known.as_ref().map_or(Causes::NONE, |(judgement, now)| judgement.causes(now));
        row.facts.why = Some(causes.bits());
        match filter.decide(&row) {
            Decision::Yes => {}
            Decision::No => continue,
            Decision::Unknown => {
                undecided += usize::from(by_owners && filter.unknown_fields(&row).into_iter().any(is_of_owner));
                continue;
            }
        }
        fitting += 1;
        if matches!(life.state, State::Listening | State::CloseWait) {
            others.insert(life.cookie);
        }
        // A listener is told of with the machine, where its past is held against it too.
        let Some(first) = causes.first().filter(|first| *first != Cause::AcceptQueueFull) else { continue };
        let Some((judgement, now)) = known else { continue };
        // Who has nothing to send is not held up: it is only told to whoever asks.
        if first == Cause::Application && !asks_for(filter) {
            continue;
        }
        held_up += 1;
        let to = if life.state == State::SynSent { end(&row, "peer", "peer_port") } else { None };
        if let Some(to) = to {
            let same = attempts.entry(to).or_default();
            let is_first = same.count == 0;
            same.take(|| owner(&row, who));
            if !is_first {
                continue;
            }
        }
        let delta = Delta::between(judgement.first(), &now, judgement.elapsed());
        let moved = delta.bytes_sent.unwrap_or(0).max(delta.bytes_received.unwrap_or(0));
        let waiting = now.rqueue().unwrap_or(0).max(now.wqueue().unwrap_or(0));
        let weight = (first, Reverse(moved + u64::from(waiting)), life.cookie);
        if worst.len() >= limit && worst.last().is_some_and(|(last, ..)| *last <= weight) {
            continue;
        }
        let at = worst.partition_point(|(other, ..)| *other < weight);
        worst.insert(at, (weight, to, finding(&row, &causes, judgement, &now, who)));
        worst.truncate(limit);
    }
    let mut named = 0;
    let findings = worst.into_iter().map(|(_, to, finding)| {
        let attempts = to.and_then(|to| Some((to, attempts.get(&to)?)));
        named += attempts.map_or(1, |(_, attempts)| usize::try_from(attempts.count).unwrap_or(usize::MAX));
        match attempts {
            Some((to, attempts)) => of_attempts(finding, to, attempts),
            None => finding,
        }
    });
    Found { findings: findings.collect(), named, held_up, fitting, undecided }
}

/// The finding of one attempt, made that of all towards the same place.
fn of_attempts(mut finding: Finding, to: SocketAddr, attempts: &Attempts) -> Finding {
    finding.advice = UNANSWERED;
    if attempts.count == 1 {
        return finding;
    }
    finding.subject = to.to_string().into_bytes();
    finding.evidence.retain(|(name, _)| *name != "owner");
    finding.evidence.insert(0, ("attempts", attempts.count.into()));
    match attempts.owners.as_slice() {
        [] => finding,
        owners => finding.with("owner", owners.join(", ")),
    }
}

/// Whether the filter speaks of what holds connections up.
fn asks_for(filter: &Expression) -> bool {
    let why = live_catalog().find("why");
    filter.fields().into_iter().any(|field| Some(field) == why)
}

fn finding(row: &LiveRow<'_>, causes: &Causes, judgement: &Judgement, now: &Counters, who: Who<'_>) -> Finding {
    let first = causes.first().unwrap_or(Cause::Application);
    let mut finding = Finding::new(first.word(), ends(row), first.advice());
    if causes.iter().count() > 1 {
        finding = finding.with("causes", causes.to_string());
    }
    for number in judgement.evidence(causes, now) {
        finding = finding.with(number.name, Evidence::Quantity(number.value));
    }
    match owner(row, who) {
        Some(owner) => finding.with("owner", owner),
        None => finding,
    }
}

/// Who holds the socket.
fn owner(row: &LiveRow<'_>, who: Who<'_>) -> Option<String> {
    match row.value(live_catalog().find("inode")?)? {
        Value::Unsigned(inode) => who(u32::try_from(inode).ok()?),
        _ => None,
    }
}

/// `10.0.0.1:4567 to 10.0.0.2:443`.
fn ends(row: &LiveRow<'_>) -> String {
    let text = |end: Option<SocketAddr>| end.map_or_else(|| "?".to_owned(), |end| end.to_string());
    format!("{} to {}", text(end(row, "local", "local_port")), text(end(row, "peer", "peer_port")))
}

/// One of the two ends, from the fields that have it.
fn end(row: &LiveRow<'_>, address: &str, port: &str) -> Option<SocketAddr> {
    let read = |name| row.value(live_catalog().find(name)?);
    match (read(address)?, read(port)?) {
        (Value::Address(ip), Value::Unsigned(port)) => Some(SocketAddr::new(ip, u16::try_from(port).ok()?)),
        _ => None,
    }
}
