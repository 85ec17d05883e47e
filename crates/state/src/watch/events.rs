//! What an event does to the mirror.

use core::time::Duration;

use sockeye_wire::rtnetlink::{AF_INET, RTM_DELQDISC, RTM_NEWLINK, RTM_NEWLINKPROP, RTM_NEWQDISC, Table};
use sockeye_wire::{Message, Messages};

use super::only::Only;
use super::output::{Change, Origin, Output, Reason, Verb};
use super::round::Round;
use super::rules::Rules;
use super::state::{Phase, State};
use super::twins::Twins;
use super::{Sink, Watch};
use crate::mirror::{Keyed, Mark, Upsert, is_touched, touched};
use crate::received::Datagram;
use crate::rtnetlink::route::{self, Effect, Said};
use crate::rtnetlink::{Source, class, consequence, each_record, is_flush, netconf, write_key};

/// `NLM_F_REPLACE`: the new route took the place of another.
const NLM_F_REPLACE: u16 = 0x100;

/// Buffers that events and rows share, so that neither allocates.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    pub(super) record: Vec<u8>,
    pub(super) key: Vec<u8>,
    pub(super) old: Vec<u8>,
    pub(super) nexthop: Vec<u8>,
    pub(super) edited: Vec<u8>,
}

/// Bytes of a buffer that are kept for the next record.
const BUFFER_KEPT_MAX: usize = 4096;

impl Buffers {
    /// Gives back what one long record needed: a copy of it in each would stay for ever. The key is asked for afterwards.
    pub(super) fn give_back(&mut self) {
        for buffer in [&mut self.record, &mut self.old, &mut self.nexthop, &mut self.edited] {
            if buffer.capacity() > BUFFER_KEPT_MAX {
                *buffer = Vec::new();
            }
        }
    }
}

/// What is to be done about an event beside the change itself.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct After {
    /// The message does not say everything: look again soon.
    pub(super) doubt: bool,
    /// The overlay is full.
    pub(super) full: bool,
    /// The dump that runs is worth nothing now.
    spoiled: bool,
}

/// One event and the table it tells of.
pub(super) struct Event<'w> {
    pub(super) table: Table,
    pub(super) said: Said,
    port_id: u32,
    /// Whether its changes are told, and how they are called.
    origin: Option<Origin>,
    pub(super) rules: Rules,
    /// Whose records are kept, where not all are.
    pub(super) only: Option<&'w Only>,
    /// Records of which there may be two.
    twins: &'w Twins,
}

impl Watch {
    /// A datagram of the event socket.
    pub(super) fn datagram(&mut self, datagram: &Datagram<'_>, now: Duration, sink: &mut Sink<'_>) {
        if datagram.sender != 0 {
            self.counters.foreign += 1;
            return;
        }
        self.counters.datagrams += 1;
        for message in Messages::new(datagram.bytes) {
            let Ok(message) = message else {
                // A datagram that was cut is malformed at its end: that is one loss, not two.
                if !datagram.truncated {
                    self.counters.defects += 1;
                    self.lose(Reason::Malformed, now);
                }
                break;
            };
            self.message(&message, now, sink);
        }
        if datagram.truncated {
            self.counters.truncated += 1;
            if self.rules.truncations {
                self.lose(Reason::Truncated, now);
            }
        }
    }

    fn message(&mut self, message: &Message<'_>, now: Duration, sink: &mut Sink<'_>) {
        let (type_number, payload) = (message.type_number(), message.payload());
        let family = payload.first().copied().unwrap_or(0);
        self.consequences(consequence::of_message(type_number, family), now);
        if matches!(type_number & !3, RTM_NEWLINK | RTM_NEWLINKPROP) {
            self.learn(type_number, payload, now, sink);
            if !self.link(type_number, family, payload, now) {
                return;
            }
        }
        if matches!(type_number, RTM_NEWQDISC | RTM_DELQDISC) {
            self.root_qdisc(payload, now);
        }
        let Some((table, verb)) = Table::of_message(type_number, family) else { return };
        if self.states[table as usize].is_none() {
            return;
        }
        if is_flush(table, payload) {
            self.consequences(crate::rtnetlink::Tables::one(table), now);
            return;
        }
        let deleted = verb == sockeye_wire::rtnetlink::Verb::Deleted;
        self.apply(table, deleted, message, message.port_id(), now, sink);
    }

    /// A link names its qdisc, and no event of it says that it has another (net/sched/sch_api.c `qdisc_graft`).
    fn root_qdisc(&mut self, payload: &[u8], now: Duration) {
        const TC_H_ROOT: u32 = u32::MAX;
        let word = |at: usize| payload.get(at..)?.first_chunk().map(|word| u32::from_ne_bytes(*word));
        if let (Some(index), Some(TC_H_ROOT)) = (word(4), word(12)) {
            self.reread(index, now);
        }
    }

    pub(super) fn apply(
        &mut self,
        table: Table,
        deleted: bool,
        message: &Message<'_>,
        port_id: u32,
        now: Duration,
        sink: &mut Sink<'_>,
    ) {
        let told = self.told.contains(table);
        let snapshot = self.snapshot;
        let Some(state) = &mut self.states[table as usize] else { return };
        let origin = match state.phase {
            Phase::Unsupported => {
                // It has come to be.
                state.phase = Phase::Initial;
                state.retry = now;
                Some(Origin::Snapshot).filter(|_| snapshot)
            }
            Phase::Initial => Some(Origin::Snapshot).filter(|_| snapshot),
            _ => Some(Origin::Event),
        };
        let said = match (deleted, message.flags() & NLM_F_REPLACE) {
            (true, _) => Said::Deleted,
            (false, 0) => Said::New,
            (false, _) => Said::Replaced,
        };
        let only = self.only.as_ref();
        let (origin, twins) = (origin.filter(|_| told), &self.twins);
        let event = Event { table, said, port_id, origin, rules: self.rules, only, twins };
        let mut round = self.round.as_mut().filter(|round| round.table == table);
        let mut after = After::default();
        let buffers = &mut self.buffers;
        let mut record = core::mem::take(&mut buffers.record);
        each_record(table, message.payload(), &mut record, &mut |record| {
            let one = event.record(state, round.as_deref_mut(), record, buffers, sink);
            after.doubt |= one.doubt;
            after.full |= one.full;
            after.spoiled |= one.spoiled;
        });
        self.buffers.record = record;
        self.buffers.give_back();
        if deleted && table == Table::Routes && message.payload().first() == Some(&AF_INET) {
            self.departed.note(&self.buffers.key, now);
        }
        if after.doubt {
            if let Some(round) = &mut self.round
                && round.table == table
            {
                round.overlay.unsettled = true;
            }
            self.consequences(crate::rtnetlink::Tables::one(table), now);
        }
        if after.full {
            self.lose(Reason::Overlay, now);
        } else if after.spoiled {
            self.spoil(now, sink);
        }
    }
}

impl Event<'_> {
    /// One record of the event.
    fn record(
        &self,
        state: &mut State,
        round: Option<&mut Round>,
        record: &[u8],
        buffers: &mut Buffers,
        sink: &mut Sink<'_>,
    ) -> After {
        let group = write_key(self.table, record, &mut buffers.key);
        let key = core::mem::take(&mut buffers.key);
        let keyed = Keyed { key: &key, group };
        let after = if self.table == Table::Netconf && self.said != Said::Deleted && netconf::is_partial(record) {
            self.setting(state, round, keyed, record, buffers, sink)
        } else {
            self.keyed(state, round, keyed, record, buffers, sink)
        };
        buffers.key = key;
        after
    }

    /// One setting of an interface: the others are what they were, if they are known.
    fn setting(
        &self,
        state: &mut State,
        round: Option<&mut Round>,
        keyed: Keyed<'_>,
        record: &[u8],
        buffers: &mut Buffers,
        sink: &mut Sink<'_>,
    ) -> After {
        // What a dump says of the others may be newer than what is known, and older of this one: ask again.
        let in_doubt = round.is_some();
        let Some(place) = state.mirror.locate(keyed, 0, record) else {
            return After { doubt: true, ..After::default() };
        };
        let mut merged = core::mem::take(&mut buffers.edited);
        netconf::merge(state.mirror.record(place), record, &mut merged);
        let mut after = self.keyed(state, round, keyed, &merged, buffers, sink);
        buffers.edited = merged;
        after.doubt |= in_doubt;
        after
    }

    fn keyed(
        &self,
        state: &mut State,
        mut round: Option<&mut Round>,
        keyed: Keyed<'_>,
        record: &[u8],
        buffers: &mut Buffers,
        sink: &mut Sink<'_>,
    ) -> After {
        if self.table == Table::Prefixes {
            // The kernel keeps no table of them: each is news and then forgotten.
            self.tell(keyed.key, Verb::Added, None, Some(record), sink);
            return After::default();
        }
        if class(self.table).repeats {
            self.copy(state, keyed, record, &mut buffers.old, sink);
            return After { spoiled: round.is_some(), ..After::default() };
        }
        if !self.keeps(record) {
            return self.unwanted(state, round, keyed, record, buffers, sink);
        }
        let mut after = After::default();
        let place = state.mirror.locate(keyed, 0, record);
        let is_gone = self.said == Said::Deleted && self.table == Table::Routes;
        match self.effect(state, keyed, record, place.is_some()) {
            Effect::Doubt => after.doubt = true,
            // A dump knows whether the other is there, and what of it.
            Effect::Plain if is_gone && self.twins.may_have(keyed.key) => {
                return After { doubt: true, ..After::default() };
            }
            Effect::Plain => {}
            Effect::LosesNexthop => return self.nexthop(state, round, keyed, record, buffers, sink),
            Effect::ReplacesSibling => {
                let siblings = state.mirror.siblings(keyed);
                let known = place.is_some();
                // Which of several was the first, the mirror does not know; that there is none, it should. Where it keeps a
                // part of them, it may always have been another.
                after.doubt = match siblings.len() {
                    0 => !known && state.phase == Phase::Synced && self.only.is_none(),
                    1 => known || self.only.is_some(),
                    _ => true,
                };
                if let Some(round) = &mut round {
                    after.full = !round.overlay.replace(keyed);
                }
                if let ([sibling], false) = (siblings.as_slice(), known || self.only.is_some()) {
                    let sibling = Keyed { key: sibling, group: keyed.group };
                    if let Some(place) = state.mirror.locate(sibling, 0, &[]) {
                        state.mirror.take(place, sibling, &mut buffers.old);
                        self.tell(sibling.key, Verb::Removed, Some(&buffers.old), None, sink);
                    }
                }
            }
        }
        if self.said == Said::Deleted {
            if let Some(round) = round {
                after.full |= !round.overlay.delete(self.table, keyed.key, self.rules);
            }
            if let Some(place) = place {
                state.mirror.take(place, keyed, &mut buffers.old);
                self.tell(keyed.key, Verb::Removed, Some(&buffers.old), None, sink);
            }
            return after;
        }
        let mut seen = 0;
        if let Some(round) = round {
            round.overlay.revive(keyed.key);
            seen = touched(round.number);
        }
        let source = if self.said == Said::Replaced { Source::Replacement } else { Source::Event };
        // A sibling may have gone from its place meanwhile; the record itself has not.
        match state.mirror.put(place, keyed, Mark { seen, copy: 0 }, record, source, &mut buffers.old) {
            Upsert::Added => self.tell(keyed.key, Verb::Added, None, Some(record), sink),
            Upsert::Changed => self.tell(keyed.key, Verb::Changed, Some(&buffers.old), Some(record), sink),
            Upsert::Unchanged => {}
        }
        after
    }

    pub(super) fn effect(&self, state: &State, keyed: Keyed<'_>, record: &[u8], known: bool) -> Effect {
        match self.table {
            Table::Routes => {
                let has_sibling = || !state.mirror.siblings(keyed).is_empty();
                route::effect(record, self.said, known, state.phase == Phase::Synced, has_sibling)
            }
            // drivers/net/vxlan/vxlan_core.c `vxlan_snoop`: a remote that moved looks like one that was added.
            Table::Fdb if self.said != Said::Deleted && keyed.group < keyed.key.len() => {
                if state.mirror.siblings(keyed).is_empty() { Effect::Plain } else { Effect::Doubt }
            }
            _ => Effect::Plain,
        }
    }

    /// A record that can be there several times: an event adds one or takes one.
    fn copy(&self, state: &mut State, keyed: Keyed<'_>, record: &[u8], old: &mut Vec<u8>, sink: &mut Sink<'_>) {
        let copies = state.mirror.copies(keyed, record);
        if self.said != Said::Deleted {
            state.mirror.put(None, keyed, Mark { seen: 0, copy: copies }, record, Source::Event, old);
            self.tell(keyed.key, Verb::Added, None, Some(record), sink);
        } else if let Some(last) = copies.checked_sub(1)
            && let Some(place) = state.mirror.locate(keyed, last, record)
        {
            state.mirror.take(place, keyed, old);
            self.tell(keyed.key, Verb::Removed, Some(old), None, sink);
        }
    }

    /// An IPv6 route loses one nexthop. A row of a dump may be from before or after: the overlay knows what to cut.
    pub(super) fn nexthop(
        &self,
        state: &mut State,
        round: Option<&mut Round>,
        keyed: Keyed<'_>,
        record: &[u8],
        buffers: &mut Buffers,
        sink: &mut Sink<'_>,
    ) -> After {
        let Buffers { old, nexthop, edited, .. } = buffers;
        let mut after = After::default();
        route::nexthop(record, nexthop);
        let place = state.mirror.locate(keyed, 0, record);
        let mark = place.map(|place| state.mirror.seen(place));
        let left = match place {
            Some(place) => {
                let record = state.mirror.record(place);
                route::without(record, &mut |other| other == nexthop.as_slice(), edited) && self.keeps(edited)
            }
            None => false,
        };
        if let Some(round) = round {
            // What an event of this round told whole is known whole.
            let whole = mark.is_some_and(|mark| is_touched(mark, round.number));
            let has_room = match (whole, left) {
                (true, false) => round.overlay.delete(self.table, keyed.key, self.rules),
                (true, true) => true,
                (false, _) => round.overlay.lose(self.table, keyed.key, nexthop),
            };
            after.full = !has_room;
        }
        let Some((place, mark)) = place.zip(mark) else { return after };
        if !left {
            state.mirror.take(place, keyed, old);
            self.tell(keyed.key, Verb::Removed, Some(old), None, sink);
        } else if state.mirror.put(Some(place), keyed, Mark { seen: mark, copy: 0 }, edited, Source::Event, old)
            == Upsert::Changed
        {
            self.tell(keyed.key, Verb::Changed, Some(old), Some(edited), sink);
        }
        after
    }

    pub(super) fn tell(&self, key: &[u8], verb: Verb, old: Option<&[u8]>, new: Option<&[u8]>, sink: &mut Sink<'_>) {
        if let Some(origin) = self.origin {
            sink(Output::Change(Change { table: self.table, verb, key, old, new, origin, port_id: self.port_id }));
        }
    }
}
