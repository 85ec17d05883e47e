//! What is heard of the kernel: what was asked for, what may be had, and what is missing.

use anyhow::{Context as _, Result};
use sockeye_bpf::Error;
use sockeye_bpf::events::EventKind;
use sockeye_query::sockets::live::{EVENTS, Needs};

use super::super::options::{Options, Source};
use super::strangers::Strangers;
use crate::live::kinds::{Kinds, word};
use crate::live::trace::{BIRTHS_AND_ENDS, RING_BYTES, Trace};
use crate::sockets::Mistaken;

/// What is heard.
pub(super) struct Heard {
    /// The kernel's own events, where they may be had.
    pub(super) trace: Option<Trace>,
    /// The states, a bit for each, of which changes to them are heard.
    pub(super) told_states: u32,
    /// What is told.
    pub(super) kinds: Kinds,
    /// What is not, or not all of it, and why.
    pub(super) missing: Vec<Lacking>,
    /// What happened where nobody has looked yet, if that is to be looked for.
    pub(super) strangers: Option<Strangers>,
    /// Something of that was asked for by name.
    pub(super) is_incomplete: bool,
}

/// Kinds that are not told, for one reason.
pub(super) struct Lacking {
    pub(super) kinds: Kinds,
    pub(super) reason: String,
}

/// Begins to hear. What was asked for by name and is not to be had is an error; of what is only a default it is said that it is
/// missing. What the filter cannot fit is not heard. `netns`: only of the namespace with this inode.
pub(super) fn open(options: &Options, netns: Option<u64>, needs: Needs) -> Result<Heard> {
    let named: Option<Kinds> = options.events.as_ref().map(|kinds| kinds.iter().map(|kind| kind.kind()).collect());
    let wanted = named.unwrap_or(Kinds::ALL).and(fitting(needs));
    if wanted.is_empty() {
        return Err(Mistaken::sentence("nothing of what --events names can fit the filter"));
    }
    let incidents = wanted.without(Kinds::STATE);
    let is_named = named.is_some() && !incidents.is_empty();
    if options.source() == Source::Dumps {
        if is_named {
            let words = incidents.words();
            return Err(Mistaken::sentence(format!(
                "only the kernel's own events tell of {words}: leave out --source dumps, or ask for --events state"
            )));
        }
        return Ok(without(wanted, incidents, "--source dumps".to_owned()));
    }
    let told_states =
        if wanted.contains(EventKind::State) && needs.can_be("state") { u32::MAX } else { BIRTHS_AND_ENDS };
    let beside = heard_beside(wanted, needs);
    let open = |kinds| Trace::open_states(kinds, netns, ring_bytes(options), told_states);
    let trace = match open_worth_it(open, wanted.with(Kinds::STATE), beside) {
        Ok(trace) => trace,
        Err(error) if options.source() == Source::Auto && !is_named => {
            let reason = error.capability().map_or_else(|| error.to_string(), |needed| format!("needs {needed}"));
            return Ok(without(wanted, incidents, reason));
        }
        Err(error) if is_named => return Err(error).context(format!("cannot tell of {}", incidents.words())),
        Err(error) => return Err(error.into()),
    };
    let mut missing = Vec::new();
    for one in trace.missing() {
        let kind = one.kind;
        // Nobody asked for it; or dumps tell of it.
        let is_missed = wanted.with(Kinds::STATE).contains(kind);
        if !is_missed || kind == EventKind::State && options.source() == Source::Auto {
            continue;
        }
        let is_asked_for = named.is_some() || options.source() == Source::Bpf && kind == EventKind::State;
        if is_asked_for && !trace.kinds().contains(kind) {
            return Err(anyhow::Error::msg(format!("cannot tell of {}: {}", word(kind), one.error)));
        }
        missing.push(Lacking { kinds: Kinds::of(kind), reason: one.error.to_string() });
    }
    let kinds = wanted.and(trace.kinds().with(Kinds::STATE));
    let is_incomplete = named.is_some() && !missing.is_empty();
    Ok(Heard { trace: Some(trace), told_states, kinds, is_incomplete, missing, strangers: None })
}

/// What is heard beside what is told. Whoever holds sockets is known from their births, so changes of state are. Data that comes after a
/// close ends a connection as a reset does, and the answer tells them apart, so where ends are told resets are heard.
fn heard_beside(wanted: Kinds, needs: Needs) -> Kinds {
    let tells_ends = wanted.contains(EventKind::State) && needs.can_be("closed");
    if tells_ends { Kinds::STATE.with(Kinds::of(EventKind::Reset)) } else { Kinds::STATE }
}

/// Opens what is wanted with what is heard beside it, which alone is worth nothing: then the error is that of what is wanted.
fn open_worth_it(open: impl Fn(Kinds) -> Result<Trace, Error>, wanted: Kinds, beside: Kinds) -> Result<Trace, Error> {
    let trace = open(wanted.with(beside))?;
    if trace.kinds().and(wanted).is_empty() { open(wanted) } else { Ok(trace) }
}

/// Bytes of the ring: as many as may wait elsewhere, where somebody said how many.
fn ring_bytes(options: &Options) -> u32 {
    match options.receive_buffer {
        sockeye_conn::RECEIVE_BUFFER => RING_BYTES,
        bytes => u32::try_from(bytes).unwrap_or(u32::MAX),
    }
}

/// The kinds of which something can fit.
pub(super) fn fitting(needs: Needs) -> Kinds {
    let incidents = Kinds::ALL.without(Kinds::STATE);
    let is_change = |name: &str| incidents.iter().all(|kind| word(kind) != name);
    let changes = EVENTS.iter().any(|name| is_change(name.name) && needs.can_be(name.name));
    let fits = incidents.iter().filter(|&kind| needs.can_be(word(kind))).collect::<Kinds>();
    if changes { fits.with(Kinds::STATE) } else { fits }
}

/// What is heard without the kernel's own events.
fn without(wanted: Kinds, incidents: Kinds, reason: String) -> Heard {
    let missing = if incidents.is_empty() { Vec::new() } else { vec![Lacking { kinds: incidents, reason }] };
    let kinds = wanted.and(Kinds::STATE);
    Heard { trace: None, told_states: 0, kinds, missing, is_incomplete: false, strangers: None }
}

impl Heard {
    /// Whether TCP's changes of state are heard as they happen.
    pub(super) fn is_traced(&self) -> bool {
        self.trace.as_ref().is_some_and(|trace| trace.kinds().contains(EventKind::State))
    }

    /// Where all of it is known from.
    pub(super) fn sources(&self) -> &'static [&'static str] {
        if self.trace.is_some() { &["bpf", "destroy-groups", "dumps"] } else { &["destroy-groups", "dumps"] }
    }

    /// What is missing, for people: `; not told: reset (this kernel has no tracepoint tcp_send_reset)`.
    pub(super) fn lacks(&self) -> String {
        let each = self.missing.iter().map(|one| format!("{} ({})", one.kinds.words(), one.reason));
        let all: Vec<_> = each.collect();
        if all.is_empty() { String::new() } else { format!("; not told: {}", all.join("; ")) }
    }
}

#[cfg(test)]
mod tests {
    use sockeye_query::filter::Filter;
    use sockeye_query::sockets::live::{live_catalog, needs};

    use super::*;
    use crate::sockets::system::{SystemNames, Whence};

    /// What is told, and what is heard for it.
    fn told_and_heard(events: Kinds, filter: &str) -> (String, String) {
        let names = SystemNames { rows: Whence::Here };
        let filter = Filter::parse(&[filter], live_catalog(), &names).unwrap_or_else(|mistake| panic!("{mistake}"));
        let needs = needs(&filter.expression).expect("it is known of sockets that are followed");
        let told = events.and(fitting(needs));
        (told.words(), told.with(heard_beside(told, needs)).words())
    }

    #[test]
    fn where_ends_are_told_resets_are_heard_whatever_is_told() {
        let drops = Kinds::of(EventKind::Drop);
        for (events, filter, told, heard) in [
            (Kinds::ALL, "end = aborted", "state", "state, reset"),
            (Kinds::ALL, "closed and dport = 443", "state", "state, reset"),
            (Kinds::STATE, "", "state", "state, reset"),
            (Kinds::STATE.with(drops), "", "state, drop", "state, reset, drop"),
            // None of these has an end.
            (Kinds::ALL, "opened or established", "state", "state"),
            (Kinds::ALL, "drop and reason = NO_SOCKET", "drop", "state, drop"),
            (drops, "", "drop", "state, drop"),
        ] {
            assert_eq!(told_and_heard(events, filter), (told.to_owned(), heard.to_owned()), "{filter:?}");
        }
    }
}
