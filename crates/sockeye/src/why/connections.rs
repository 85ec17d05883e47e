//! The connections and listeners that are held up, the worst first, each with what shows it.

use std::cmp::Reverse;
use std::collections::HashSet;

use sockeye_query::Value;
use sockeye_query::filter::{Decision, Expression, Record as _};
use sockeye_query::sockets::Surroundings;
use sockeye_query::sockets::live::{LiveRow, live_catalog};
use sockeye_state::lives::cause::evidence;
use sockeye_state::lives::{Cause, Causes, Counters, Delta, Judgement, Life};

use sockeye_wire::sock_diag::state::State;

use super::finding::{Evidence, Finding};
use super::judged::Judged;
use super::machine::Who;
use crate::live::row;

/// What a connection that is held up weighs: its cause, then how many bytes it moves or has waiting.
type Weight = (Cause, Reverse<u64>, u64);

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
) -> (Vec<Finding>, usize) {
    let mut worst: Vec<(Weight, Finding)> = Vec::new();
    let mut count = 0;
    for (life, message) in sockets {
        if matches!(life.state, State::Listening | State::CloseWait)
            && let Some(mut row) = row::alive(life, message, surroundings)
        {
            let causes = judged.of(life.cookie).zip(Counters::read(message));
            row.facts.why = Some(causes.map_or(0, |(judgement, now)| judgement.causes(&now).bits()));
            if filter.decide(&row) == Decision::Yes {
                others.insert(life.cookie);
            }
        }
        let Some(judgement) = judged.of(life.cookie) else { continue };
        let Some(now) = Counters::read(message) else { continue };
        let causes = judgement.causes(&now);
        let Some(first) = causes.first() else { continue };
        let Some(mut row) = row::alive(life, message, surroundings) else { continue };
        row.facts.why = Some(causes.bits());
        // A listener is told of with the machine, where its past is held against it too.
        if first == Cause::AcceptQueueFull || filter.decide(&row) != Decision::Yes {
            continue;
        }
        // Who has nothing to send is not held up: it is only told to whoever asks.
        if first == Cause::Application && !asks_for(filter) {
            continue;
        }
        count += 1;
        let delta = Delta::between(judgement.first(), &now, judgement.elapsed());
        let moved = delta.bytes_sent.unwrap_or(0).max(delta.bytes_received.unwrap_or(0));
        let waiting = now.rqueue().unwrap_or(0).max(now.wqueue().unwrap_or(0));
        let weight = (first, Reverse(moved + u64::from(waiting)), life.cookie);
        if worst.len() >= limit && worst.last().is_some_and(|(last, _)| *last <= weight) {
            continue;
        }
        let at = worst.partition_point(|(other, _)| *other < weight);
        worst.insert(at, (weight, finding(&row, &causes, judgement, &now, who)));
        worst.truncate(limit);
    }
    (worst.into_iter().map(|(_, finding)| finding).collect(), count)
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
    for cause in causes.iter() {
        for number in evidence(cause, judgement.first(), now, judgement.elapsed()) {
            // Two causes can be shown by the same number.
            if finding.evidence.iter().all(|(known, _)| *known != number.name) {
                finding = finding.with(number.name, Evidence::Quantity(number.value));
            }
        }
    }
    let inode = match row.value(live_catalog().find("inode").unwrap_or(sockeye_query::FieldId(0))) {
        Some(Value::Unsigned(inode)) => u32::try_from(inode).ok(),
        _ => None,
    };
    match inode.and_then(who) {
        Some(owner) => finding.with("owner", owner),
        None => finding,
    }
}

/// `10.0.0.1:4567 to 10.0.0.2:443`.
fn ends(row: &LiveRow<'_>) -> String {
    let end = |address: &str, port: &str| {
        let read = |name| row.value(live_catalog().find(name)?);
        match (read(address), read(port)) {
            (Some(Value::Address(ip)), Some(Value::Unsigned(port))) => {
                std::net::SocketAddr::new(ip, u16::try_from(port).unwrap_or(0)).to_string()
            }
            _ => String::from("?"),
        }
    };
    format!("{} to {}", end("local", "local_port"), end("peer", "peer_port"))
}
