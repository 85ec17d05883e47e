//! What a row of a dump does to the mirror: nothing, where an event knows better.

use core::time::Duration;

use sockeye_wire::Message;
use sockeye_wire::rtnetlink::{AF_UNSPEC, Table, Verb as Said};

use super::only::Only;
use super::output::{Change, Origin, Output, Verb};
use super::overlay::Gone;
use super::round::Round;
use super::state::State;
use super::{Sink, Watch};
use crate::mirror::{Keyed, Mark, Upsert, is_known, is_touched, shown};
use crate::rtnetlink::{Part, Source, class, each_record, is_silent, route, write_key};

impl Watch {
    /// One message of a dump.
    pub(super) fn row(
        &mut self,
        round: &mut Round,
        part: &Part,
        message: &Message<'_>,
        now: Duration,
        sink: &mut Sink<'_>,
    ) {
        let (table, payload) = (round.table, message.payload());
        let family = payload.first().copied().unwrap_or(0);
        // net/sched/act_api.c `tc_dump_action`, net/ipv6/addrconf.c `in6_dump_addrs`: rows with the type of the request.
        let is_ours = Table::of_message(message.type_number(), family) == Some((table, Said::New))
            || Some(message.type_number()) == table.get_type();
        if part.family != AF_UNSPEC && family != part.family {
            round.foreign_family = true;
        }
        if !is_ours || round.foreign_family {
            return;
        }
        let Some(state) = &mut self.states[table as usize] else { return };
        let is_told = self.told.contains(table) && (round.origin != Origin::Snapshot || self.snapshot);
        let teller = Teller { is_told, events_win: self.rules.events_win, only: self.only.as_ref() };
        let buffers = &mut self.buffers;
        let mut scratch = core::mem::take(&mut buffers.record);
        each_record(table, payload, &mut scratch, &mut |record| {
            let mut key = core::mem::take(&mut buffers.key);
            let group = write_key(table, record, &mut key);
            let keyed = Keyed { key: &key, group };
            teller.record(state, round, keyed, record, &mut buffers.old, &mut buffers.edited, sink);
            buffers.key = key;
        });
        self.buffers.record = scratch;
        self.buffers.give_back();
        if table == Table::Links {
            self.learn(message.type_number(), payload, now, sink);
        }
        let is_there = |state: &State| state.mirror.get(&self.buffers.key).is_some();
        if table == Table::Links && self.states[table as usize].as_ref().is_some_and(|state| is_there(state)) {
            self.links.know(payload);
        }
    }
}

/// What a row needs to know of the engine.
struct Teller<'w> {
    is_told: bool,
    events_win: bool,
    only: Option<&'w Only>,
}

impl Teller<'_> {
    /// Whether a record is of an interface that is wanted.
    fn keeps(&self, table: Table, record: &[u8]) -> bool {
        self.only.is_none_or(|only| only.keeps(table, record))
    }

    #[expect(clippy::too_many_arguments, reason = "buffers, so that nothing is allocated")]
    fn record(
        &self,
        state: &mut State,
        round: &mut Round,
        keyed: Keyed<'_>,
        record: &[u8],
        old: &mut Vec<u8>,
        edited: &mut Vec<u8>,
        sink: &mut Sink<'_>,
    ) {
        let (table, number) = (round.table, round.number);
        if !self.keeps(table, record) {
            return;
        }
        let mut record = record;
        let mut copy = 0;
        let mut place;
        if class(table).repeats {
            // The n-th row of equal ones is the n-th copy.
            loop {
                place = state.mirror.locate(keyed, copy, record);
                if !place.is_some_and(|place| is_known(state.mirror.seen(place), number)) {
                    break;
                }
                copy += 1;
            }
        } else {
            place = state.mirror.locate_row(keyed, record, round.previous);
            round.previous = place.or(round.previous);
            let seen = place.map(|place| state.mirror.seen(place));
            if table == Table::Routes && seen == Some(shown(number)) {
                round.twins.note(keyed.key);
            }
            let is_touched = place.is_some_and(|place| is_touched(state.mirror.seen(place), number));
            if self.events_win && is_touched {
                return;
            }
            match round.overlay.gone(keyed.key) {
                Some(Gone::Whole) => return,
                Some(Gone::Nexthops(gone)) => {
                    if !route::without(record, &mut |one| gone.iter().any(|gone| gone == one), edited) {
                        return;
                    }
                    record = edited;
                    if !self.keeps(table, record) {
                        return;
                    }
                }
                None => {}
            }
            if !is_touched && round.overlay.is_replaced(keyed) {
                // It may be the one that was replaced, or stand beside it.
                round.overlay.unsettled = true;
                return;
            }
        }
        if place.is_none() && round.doubtful.contains(keyed.key) {
            // It went just before, or came again and the event was lost: the next dump knows.
            round.overlay.unsettled = true;
            return;
        }
        let upsert = state.mirror.put(place, keyed, Mark { seen: shown(number), copy }, record, Source::Dump, old);
        let (verb, old) = match upsert {
            Upsert::Added => (Verb::Added, None),
            Upsert::Changed => (Verb::Changed, Some(old.as_slice())),
            Upsert::Unchanged => return,
        };
        round.found += 1;
        let is_drift = class(table).announced && !is_silent(table, record);
        round.drift(state, is_drift, self.is_told, sink);
        if self.is_told {
            let origin = round.origin;
            sink(Output::Change(Change { table, verb, key: keyed.key, old, new: Some(record), origin, port_id: 0 }));
        }
    }
}
