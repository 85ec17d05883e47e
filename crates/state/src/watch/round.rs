//! One round: the dumps that make up a table, from the first request to the conclusion.

use core::time::Duration;
use std::collections::VecDeque;

use sockeye_wire::rtnetlink::{AF_UNSPEC, Table};

use super::departed::Doubtful;
use super::output::{Gap, Origin, Output, Reason};
use super::overlay::Overlay;
use super::rules::Rules;
use super::state::State;
use super::twins::Twins;
use super::{Sink, Watch};
use crate::conclusion::Refusal;
use crate::dump::{Dump, Step};
use crate::mirror::Place;
use crate::received::{Datagram, Received};
use crate::rtnetlink::{Part, Tables, is_unsupported};

/// What the kernel means by rows of other families.
const EOPNOTSUPP: i32 = 95;

/// What a round waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The next request is to be sent.
    Ask,
    /// A datagram of the dump is to be received.
    Receive,
    /// A datagram is held back until the event socket is empty: events that are older than it come first.
    Hold,
    /// Everything is there: the drop counter says whether it is worth something.
    Check,
}

/// A datagram of the dump socket.
#[derive(Debug, Default)]
pub(super) struct Held {
    pub(super) bytes: Vec<u8>,
    pub(super) sender: u32,
    pub(super) truncated: bool,
}

/// The dumps of one table.
#[derive(Debug)]
pub(super) struct Round {
    pub(super) table: Table,
    pub(super) origin: Origin,
    /// In the marks of the mirror.
    pub(super) number: u16,
    pub(super) started: Duration,
    pub(super) parts: VecDeque<Part>,
    pub(super) stage: Stage,
    pub(super) held: Held,
    pub(super) overlay: Overlay,
    pub(super) doubtful: Doubtful,
    /// Records that were shown twice.
    pub(super) twins: Twins,
    dump: Option<(Part, Dump)>,
    /// Where the last row was found: the next is near.
    pub(super) previous: Option<Place>,
    /// Rows of the dump of a family were of another: the kernel does not have it.
    pub(super) foreign_family: bool,
    /// Why the round is worth nothing, if it is.
    pub(super) failure: Option<Reason>,
    /// Parts that ended well, and what the kernel said to the last that it refused.
    pub(super) done: usize,
    pub(super) refusal: Option<Refusal>,
    /// Rows that nobody knew, or knew otherwise.
    pub(super) found: u64,
    /// The audit found what no event told of.
    pub(super) drift: bool,
}

impl Round {
    pub(super) fn new(table: Table, origin: Origin, number: u16, now: Duration, parts: Vec<Part>) -> Self {
        Self {
            table,
            origin,
            number,
            started: now,
            stage: if parts.is_empty() { Stage::Check } else { Stage::Ask },
            parts: parts.into(),
            held: Held::default(),
            overlay: Overlay::default(),
            doubtful: Doubtful::default(),
            twins: Twins::default(),
            dump: None,
            previous: None,
            foreign_family: false,
            failure: None,
            done: 0,
            refusal: None,
            found: 0,
            drift: false,
        }
    }

    /// The next request, with its sequence number.
    pub(super) fn ask(&mut self, sequence: u32) -> Option<sockeye_wire::Request> {
        let part = self.parts.pop_front()?;
        let request = part.request.clone().sequence(sequence);
        self.dump = Some((part, Dump::new(sequence)));
        self.foreign_family = false;
        self.stage = Stage::Receive;
        Some(request)
    }

    /// Keeps what the dump socket gave until the event socket is empty.
    pub(super) fn hold(&mut self, datagram: &Datagram<'_>) {
        self.held.bytes.clear();
        self.held.bytes.extend_from_slice(datagram.bytes);
        self.held.sender = datagram.sender;
        self.held.truncated = datagram.truncated;
        self.stage = Stage::Hold;
    }

    /// The answer to the request ended.
    fn end(&mut self, state: &mut State, part: &Part, dump: Dump, done_interrupted: bool, rules: Rules) {
        let conclusion = dump.into_conclusion();
        let any_message = rules.interruptions_on_any_message;
        let interrupted = if any_message { conclusion.interrupted } else { done_interrupted };
        match conclusion.refusal {
            Some(refusal) if is_unsupported(refusal.errno) && state.last_audit.is_none() => {
                self.refuse(state, part, refusal);
            }
            Some(refusal) if part.optional && is_unsupported(refusal.errno) => self.refuse(state, part, refusal),
            Some(refusal) => {
                self.refusal = Some(refusal);
                self.failure = self.failure.or(Some(Reason::Refused));
            }
            None if interrupted => self.failure = self.failure.or(Some(Reason::Interrupted)),
            None => self.done += 1,
        }
        if conclusion.truncated + conclusion.defects + conclusion.overruns > 0 && rules.truncations {
            self.failure = self.failure.or(Some(Reason::DumpTruncated));
        }
        self.stage = if self.parts.is_empty() { Stage::Check } else { Stage::Ask };
    }

    /// The kernel does not have this part of the table.
    fn refuse(&mut self, state: &mut State, part: &Part, refusal: Refusal) {
        const ENOENT: i32 = 2;
        const ENODEV: i32 = 19;
        const EINVAL: i32 = 22;
        if part.family == AF_UNSPEC && part.optional && matches!(refusal.errno, ENOENT | ENODEV | EINVAL) {
            // The interface went meanwhile: it has nothing.
            self.done += 1;
            return;
        }
        if part.optional && part.family != AF_UNSPEC && !state.absent.contains(&part.family) {
            state.absent.push(part.family);
        }
        self.refusal = Some(refusal);
    }
}

impl Watch {
    /// Puts the rows of the held datagram into the mirror.
    pub(super) fn release(&mut self, now: Duration, sink: &mut Sink<'_>) {
        let Some(mut round) = self.round.take() else { return };
        let Some((part, mut dump)) = round.dump.take() else {
            self.round = Some(round);
            return;
        };
        let held = core::mem::take(&mut round.held);
        let datagram = Datagram::new(&held.bytes).from_sender(held.sender).cut(held.truncated);
        let mut last = false;
        let step = dump.handle(Received::Datagram(datagram), |message| {
            self.row(&mut round, &part, message, now, sink);
            last = true;
        });
        if last && round.table == Table::Routes {
            round.overlay.ended_at(&self.buffers.key);
        }
        let done_interrupted = step == Step::Ended && is_done_interrupted(&held.bytes);
        let held_truncated = held.truncated;
        round.held = held;
        let rules = self.rules;
        let Some(state) = &mut self.states[round.table as usize] else { return };
        if round.foreign_family {
            // The rest would be rows of other families: as many as the table has.
            state.absent.push(part.family);
            round.refusal = Some(Refusal { errno: EOPNOTSUPP, sentence: None });
            round.stage = if round.parts.is_empty() { Stage::Check } else { Stage::Ask };
            self.reopen = step == Step::Continue;
        } else if step == Step::Ended {
            round.end(state, &part, dump, done_interrupted, rules);
        } else {
            round.stage = Stage::Receive;
            round.dump = Some((part, dump));
        }
        if held_truncated && rules.truncations && round.stage == Stage::Receive {
            // What was cut off may be the end: nobody waits for it.
            self.reopen = true;
            return self.fail(&round, Reason::DumpTruncated, now, sink);
        }
        let conclude_now = round.stage == Stage::Check && !self.rules.drain_before_concluding;
        self.round = Some(round);
        if conclude_now {
            self.conclude(now, sink);
        }
    }
}

impl Round {
    /// The first difference that an audit finds is a gap: before it is told what it is.
    pub(super) fn drift(&mut self, state: &State, is_drift: bool, is_told: bool, sink: &mut Sink<'_>) {
        if self.origin != Origin::Audit || !is_drift || self.drift {
            return;
        }
        self.drift = true;
        if is_told {
            let since = state.last_audit.unwrap_or_default();
            sink(Output::Gap(Gap { tables: Tables::one(self.table), since, lost: None, reason: Reason::Drift }));
        }
    }
}

/// Whether the last message of a datagram is marked: what a reader sees who looks at `NLMSG_DONE` alone.
fn is_done_interrupted(bytes: &[u8]) -> bool {
    sockeye_wire::Messages::new(bytes).map_while(Result::ok).last().is_some_and(|message| message.is_interrupted())
}
