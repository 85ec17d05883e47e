//! Narrows the search for owners to the processes that a filter can take.
//!
//! Only the parts of a conjunction that speak of one process are looked at; the filter itself still decides each row.

use sockeye_owners::ProcessView;
use sockeye_query::filter::{Condition, Expression, Test};
use sockeye_query::sockets::{Flat, OwnerPart};
use sockeye_query::{FieldId, Value};

use super::system::{self, System};
use super::view::Kind;

/// Processes asked for one by one; more are found faster by looking at all.
const PIDS_MAX: u64 = 64;

/// What the filter demands of a process.
pub(crate) struct Narrowing<'f> {
    pids: Option<Vec<u32>>,
    names: Vec<&'f Condition>,
    users: Vec<&'f Condition>,
    units: Vec<&'f Condition>,
}

impl<'f> Narrowing<'f> {
    /// The demands of a filter.
    pub(crate) fn of(filter: &'f Expression) -> Self {
        let parts = match filter {
            Expression::All(parts) => parts.as_slice(),
            other => std::slice::from_ref(other),
        };
        let tests =
            || parts.iter().filter_map(|part| if let Expression::Test(test) = part { Some(test) } else { None });
        let of = |wanted| tests().filter(move |test| is_owner(test.field, wanted));
        let conditions = |wanted| of(wanted).map(|test| &test.condition).take(1).collect::<Vec<_>>();
        let mut narrowing =
            Self { pids: of(OwnerPart::Pid).find_map(pids), names: vec![], users: vec![], units: vec![] };
        // Two conditions can hold of two different owners of one socket: only one of them may narrow the search.
        let kinds = of(OwnerPart::Pid).count()
            + [OwnerPart::Process, OwnerPart::User, OwnerPart::Unit]
                .into_iter()
                .map(|part| of(part).count())
                .sum::<usize>();
        if kinds == 1 {
            narrowing.names = conditions(OwnerPart::Process);
            narrowing.users = conditions(OwnerPart::User);
            narrowing.units = conditions(OwnerPart::Unit);
        } else {
            narrowing.pids = None;
        }
        narrowing
    }

    /// The only processes to look at.
    pub(crate) fn pids(&self) -> Option<&[u32]> {
        self.pids.as_deref()
    }

    /// Whether anything is demanded that only a look at the process tells.
    pub(crate) fn is_narrow(&self) -> bool {
        !(self.names.is_empty() && self.users.is_empty() && self.units.is_empty())
    }

    /// Whether a process satisfies what is demanded of it. What cannot be read of it is no reason to leave it out.
    pub(crate) fn takes(&self, process: &ProcessView<'_>, system: &System) -> bool {
        let all = |conditions: &[&Condition], text: Option<&[u8]>| {
            conditions.iter().all(|condition| text.is_none_or(|text| condition.holds(&Value::Text(text))))
        };
        // Each fact costs a system call, so it is only read where something is demanded of it.
        (self.names.is_empty() || all(&self.names, process.comm()))
            && (self.users.is_empty() || process.uid().is_none_or(|uid| all(&self.users, Some(&system.user_name(uid)))))
            && (self.units.is_empty() || all(&self.units, process.cgroup().and_then(system::unit)))
    }
}

fn is_owner(field: FieldId, wanted: OwnerPart) -> bool {
    Kind::of(field) == Kind::Flat(Flat::Owner(wanted))
}

fn pids(test: &Test) -> Option<Vec<u32>> {
    let Condition::Numbers(ranges) = &test.condition else { return None };
    let many = ranges.iter().fold(0u64, |many, (from, to)| many.saturating_add((to - from).saturating_add(1)));
    if many > PIDS_MAX {
        return None;
    }
    Some(ranges.iter().flat_map(|&(from, to)| from..=to).filter_map(|pid| u32::try_from(pid).ok()).collect())
}
