//! Narrows the search for owners to the processes that can change what a filter decides.
//!
//! A test holds of a socket when it holds of one of its owners. Of an owner that no test of the filter holds of, it makes
//! no difference whether it is seen, as long as no test is negated: so the processes to look at are those of which one of
//! the tests holds, wherever in the filter they stand and whichever end they speak of. Where a test is negated or cannot be
//! told from the process alone, all are looked at. The filter itself still decides each row.

use std::borrow::Cow;

use sockeye_query::filter::{Condition, Expression};
use sockeye_query::sockets::{Flat, OwnerPart};
use sockeye_query::{FieldId, Value};

use super::view::Kind;

/// Processes asked for one by one; more are found faster by looking at all.
const PIDS_MAX: u64 = 64;

/// What makes a process matter to a filter.
#[derive(Debug, Default)]
pub(crate) struct Narrowing<'f> {
    /// A process matters where one of these holds of it; none: all do.
    tests: Vec<(OwnerPart, &'f Condition)>,
    /// The only processes that can matter, where they are told by their numbers alone.
    pids: Option<Vec<u32>>,
    /// No row fits without an owner that matters.
    needed: bool,
}

impl<'f> Narrowing<'f> {
    /// What matters to a filter.
    pub(crate) fn of(filter: &'f Expression) -> Self {
        let mut tests = Vec::new();
        if !collect(filter, true, &mut tests) {
            tests.clear();
        }
        // The number of a process is known before anything is read of it.
        tests.sort_by_key(|(part, _)| *part != OwnerPart::Pid);
        let pids = if tests.is_empty() { None } else { tests.iter().map(pids_of).collect::<Option<Vec<_>>>() };
        let pids = pids.map(|pids| pids.concat()).filter(|pids| pids.len() as u64 <= PIDS_MAX);
        Self { tests, pids, needed: needs_owner(filter) }
    }

    /// Whether there are processes that need no look.
    pub(crate) fn is_narrow(&self) -> bool {
        !self.tests.is_empty()
    }

    /// Whether no row fits where no process was found that matters and holds a socket.
    pub(crate) fn is_needed(&self) -> bool {
        self.needed
    }

    /// The only processes to look at.
    pub(crate) fn pids(&self) -> Option<&[u32]> {
        self.pids.as_deref()
    }

    /// Whether a process matters. What cannot be read of it is no reason to leave it out.
    pub(crate) fn takes<'p>(&self, pid: u32, fact: impl Fn(OwnerPart) -> Option<Cow<'p, [u8]>>) -> bool {
        // Each fact costs a system call, so it is only read where something is demanded of it.
        let holds = |(part, condition): &(OwnerPart, &Condition)| match part {
            OwnerPart::Pid => condition.holds(&Value::Unsigned(pid.into())),
            part => fact(*part).is_none_or(|text| condition.holds(&Value::Text(&text))),
        };
        self.tests.is_empty() || self.tests.iter().any(holds)
    }
}

/// Collects the tests of owners; `false` where one of them needs every process.
fn collect<'f>(filter: &'f Expression, wanted: bool, tests: &mut Vec<(OwnerPart, &'f Condition)>) -> bool {
    match filter {
        Expression::All(parts) | Expression::Any(parts) => parts.iter().all(|part| collect(part, wanted, tests)),
        Expression::Not(inner) => collect(inner, !wanted, tests),
        Expression::Test(test) => {
            let Some(part) = owner_part(test.field) else { return true };
            let told = matches!(part, OwnerPart::Pid | OwnerPart::Process | OwnerPart::User | OwnerPart::Unit);
            // Of every owner it is true that there is one.
            let narrow = wanted && told && test.condition != Condition::Present;
            tests.push((part, &test.condition));
            narrow
        }
    }
}

/// Whether a row can only fit because of an owner, whatever else is true of it.
fn needs_owner(filter: &Expression) -> bool {
    match filter {
        Expression::All(parts) => parts.iter().any(needs_owner),
        Expression::Any(parts) => parts.iter().all(needs_owner),
        Expression::Not(_) => false,
        Expression::Test(test) => owner_part(test.field).is_some(),
    }
}

/// The part of an owner, of either end, that a field says.
fn owner_part(field: FieldId) -> Option<OwnerPart> {
    match Kind::of(field) {
        Kind::Flat(Flat::Owner(part) | Flat::PeerOwner(part)) => Some(part),
        _ => None,
    }
}

fn pids_of((part, condition): &(OwnerPart, &Condition)) -> Option<Vec<u32>> {
    let (OwnerPart::Pid, Condition::Numbers(ranges)) = (part, condition) else { return None };
    let many = ranges.iter().fold(0u64, |many, (from, to)| many.saturating_add((to - from).saturating_add(1)));
    if many > PIDS_MAX {
        return None;
    }
    Some(ranges.iter().flat_map(|&(from, to)| from..=to).filter_map(|pid| u32::try_from(pid).ok()).collect())
}

#[cfg(test)]
mod tests;
