//! A socket while it lives and as it ends, as filters speak of it: `closed and dport = 443 and retransmissions > 0`.
//!
//! Every field of the listing is there under its name; what only the life of a socket has stands behind them.

mod incident;
mod needs;

use std::sync::LazyLock;

use sockeye_wire::{Meaning, Name, Privilege, Scalar, Version, names};

use super::flat::Flat;
use super::place::Place;
use super::registry::{Source, registry};
use super::row::SocketRow;
use super::surroundings::OwnerPart;
use crate::filter::Record;
use crate::{Catalog, FieldId, FieldInfo, FieldKind, Value, Word};

pub use incident::{ERRORS, Incident, Part, table_of};
pub use needs::{Needs, asks_rates, is_of_owner, needs, owner_parts};

/// What can happen to a socket, each with its word.
pub const EVENTS: &[Name] = names![
    (0, "present"),
    (1, "opened"),
    (2, "listening"),
    (3, "accepted"),
    (4, "established"),
    (5, "state"),
    (6, "closed"),
    (7, "retransmit"),
    (8, "reset"),
    (9, "drop"),
    (10, "error"),
];
/// When a socket was first known of.
const KNOWN: &[Name] = names![(0, "birth"), (1, "found"), (2, "end")];
/// Who began a connection.
const SIDES: &[Name] = names![(0, "connect"), (1, "accept"), (2, "listen")];
/// Why a socket ended.
const ENDS: &[Name] = names![
    (0, "closed-here"),
    (1, "closed-by-peer"),
    (2, "reset"),
    (3, "aborted"),
    (4, "refused"),
    (5, "timed-out"),
    (6, "unreachable"),
    (7, "gave-up"),
    (8, "aborted-or-refused"),
    (9, "error"),
    (10, "unknown"),
];

/// What holds a connection up: one bit a word.
pub const CAUSES: &[Name] = names![
    (1, "accept-queue-full"),
    (2, "receiver-does-not-read"),
    (4, "loss"),
    (8, "receiver-window"),
    (16, "send-buffer"),
    (32, "congestion-window"),
    (64, "application"),
];

/// A field that only the life of a socket has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Own {
    /// What happened.
    Event,
    /// Found by asking again after a loss.
    Resync,
    /// When it was first known of.
    Known,
    /// Who began.
    Side,
    /// Why it ended.
    End,
    /// The state before.
    OldState,
    /// How long it lived.
    Duration,
    /// What holds it up.
    Why,
    /// One of [`Facts::totals`].
    Total(u8),
    /// One of [`Facts::rates`].
    Rate(u8),
    /// What went wrong.
    Incident(Part),
}

/// The names of [`Facts::totals`], with unit and documentation.
pub const TOTALS: [(&str, Meaning, &str); 9] = [
    ("bytes_sent", Meaning::Bytes, "Bytes sent, retransmissions included."),
    ("bytes_acked", Meaning::Bytes, "Bytes that the peer has acknowledged."),
    ("bytes_received", Meaning::Bytes, "Bytes received in order."),
    ("bytes_retrans", Meaning::Bytes, "Bytes sent again."),
    ("retransmissions", Meaning::Count, "Segments sent again."),
    ("segs_in", Meaning::Count, "Segments received."),
    ("segs_out", Meaning::Count, "Segments sent."),
    ("rtt", Meaning::Microseconds, "Smoothed round-trip time, the last one that is known."),
    ("min_rtt", Meaning::Microseconds, "Smallest round-trip time."),
];

/// The names of [`Facts::rates`], with unit and documentation.
pub const RATES: [(&str, Meaning, &str); 5] = [
    ("send_rate", Meaning::BytesPerSecond, "Bytes sent a second over the last interval."),
    ("receive_rate", Meaning::BytesPerSecond, "Bytes received a second over the last interval."),
    ("retransmission_rate", Meaning::Count, "Segments sent again a second over the last interval."),
    ("segment_send_rate", Meaning::Count, "Segments sent a second over the last interval."),
    ("segment_receive_rate", Meaning::Count, "Segments received a second over the last interval."),
];

/// The fields before the totals and the rates, in their order.
const OWN: [(Own, &str, FieldKind, &str); 8] = [
    (Own::Event, "event", FieldKind::Number(Meaning::OneOf(EVENTS)), "What happened to the socket."),
    (
        Own::Resync,
        "resync",
        FieldKind::Number(Meaning::Truth),
        "Found by asking the kernel again, after it dropped messages.",
    ),
    (
        Own::Known,
        "known",
        FieldKind::Number(Meaning::OneOf(KNOWN)),
        "When the socket was first known of: at its birth, found alive, or only at its end.",
    ),
    (Own::Side, "side", FieldKind::Number(Meaning::OneOf(SIDES)), "Who began: this socket, or its peer."),
    (Own::End, "end", FieldKind::Number(Meaning::OneOf(ENDS)), "Why it ended, as far as it can be told."),
    (Own::OldState, "old.state", FieldKind::Text, "The state before."),
    (
        Own::Duration,
        "duration",
        FieldKind::Number(Meaning::Microseconds),
        "How long it lived; of one that was found alive, since it was found.",
    ),
    (
        Own::Why,
        "why",
        FieldKind::Number(Meaning::SetOf(CAUSES)),
        "What held the connection up over the last interval (docs/why.md).",
    ),
];

/// The listener that a socket came out of.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// Who made it listen: pid and name.
    pub actor: Option<(u32, &'a [u8])>,
    /// Its inode, or those of all that it may be.
    pub inodes: &'a [u32],
}

/// What is known of the life of a socket, beside what a listing says.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "a set of facts")]
pub struct Facts<'a> {
    /// What happened, a word of [`EVENTS`].
    pub event: &'static str,
    /// Found by asking again after a loss.
    pub resync: bool,
    /// When it was first known of; absent where an incident happened to a socket that is not followed, or to none.
    pub known: Option<&'static str>,
    /// Who began.
    pub side: Option<&'static str>,
    /// Why it ended.
    pub end: Option<&'static str>,
    /// The state before.
    pub old_state: Option<&'static str>,
    /// How long it lived.
    pub duration_us: Option<u64>,
    /// What it has done, in the order of [`TOTALS`].
    pub totals: [Option<u64>; TOTALS.len()],
    /// What came to it in a second of the last interval, in the order of [`RATES`].
    pub rates: [Option<u64>; RATES.len()],
    /// What held it up over the last interval, bits of [`CAUSES`]; absent where there was no interval.
    pub why: Option<u8>,
    /// The kernel described the socket in a message; otherwise no more than protocol, state, ends and cookie are known.
    pub described: bool,
    /// It is over, and its last message was sent then: it has its final counters, and says nothing of state, queues, timers and
    /// owners any more.
    pub is_final: bool,
    /// Who opened it, as the kernel's event said: pid and name.
    pub actor: Option<(u32, &'a [u8])>,
    /// Whoever that was, or made the listener listen, is gone, while somebody held the socket when this happened.
    pub is_left: bool,
    /// Who made the listener listen that it came out of, and the listener's inode.
    pub listener: Option<Origin<'a>>,
    /// The control group of the socket, as the kernel's event said.
    pub cgroup: Option<u64>,
    /// What went wrong, where the event is that something did.
    pub incident: Option<Incident<'a>>,
}

/// A socket with its life.
#[derive(Clone, Copy)]
pub struct LiveRow<'a> {
    /// The socket as a listing has it.
    pub row: SocketRow<'a>,
    /// Its life.
    pub facts: Facts<'a>,
}

/// The fields of live sockets.
pub fn live_catalog() -> &'static Catalog {
    static CATALOG: LazyLock<Catalog> = LazyLock::new(|| make(true));
    &CATALOG
}

/// The same fields, for filters of what is there and not of what happens: `established` alone is the state.
pub fn alive_catalog() -> &'static Catalog {
    static CATALOG: LazyLock<Catalog> = LazyLock::new(|| make(false));
    &CATALOG
}

/// Whether a name that a catalog lacks is a field of sockets that are followed, where that catalog is the one of a listing: such a
/// field needs two looks, or an event.
pub fn is_only_of_followed(name: &str, catalog: &Catalog) -> bool {
    core::ptr::eq(catalog, super::catalog()) && catalog.find(name).is_none() && live_catalog().find(name).is_some()
}

/// Which field of its own stands behind an id; `None`: it is one of the listing.
pub fn live_own(field: FieldId) -> Option<Own> {
    let at = usize::from(field.0).checked_sub(registry().sources.len())?;
    if let Some(&(own, ..)) = OWN.get(at) {
        return Some(own);
    }
    let (at, of) = (at - OWN.len(), |at: usize| u8::try_from(at).ok());
    let Some(at) = at.checked_sub(TOTALS.len()) else { return of(at).map(Own::Total) };
    let Some(at) = at.checked_sub(RATES.len()) else { return of(at).map(Own::Rate) };
    incident::FIELDS.get(at).map(|&(part, ..)| Own::Incident(part))
}

/// The fields that only sockets have which are followed, in the order of the catalog.
pub fn live_fields() -> impl Iterator<Item = &'static FieldInfo> {
    live_catalog().fields().filter(|(field, _)| live_own(*field).is_some()).map(|(_, info)| info)
}

fn make(words_are_events: bool) -> Catalog {
    let base = super::registry::catalog();
    let mut made = Catalog::default();
    for (_, info) in base.fields() {
        // What a life has says more than the same of one message: that keeps its long name.
        let aliases = info.aliases.iter().copied().filter(|alias| !is_own(alias)).collect();
        made.add(FieldInfo { aliases, ..info.clone() });
    }
    let own = |path: &str, kind: FieldKind, doc| {
        let (json, scalar) = match kind {
            FieldKind::Number(
                meaning @ (Meaning::Microseconds | Meaning::Bytes | Meaning::Count | Meaning::BytesPerSecond),
            ) => (crate::value::suffixed(path, meaning), Some(Scalar::U64)),
            _ => (path.to_owned(), None),
        };
        FieldInfo {
            path: path.to_owned(),
            aliases: Vec::new(),
            json,
            kernel: String::new(),
            doc,
            kind,
            scalar,
            several: false,
            none_is_said: false,
            since: Version(2, 12),
            privilege: Privilege::None,
        }
    };
    let mut event = None;
    for (which, path, kind, doc) in OWN {
        let id = made.add(own(path, kind, doc));
        if which == Own::Event {
            event = Some(id);
        }
    }
    for (path, meaning, doc) in TOTALS.into_iter().chain(RATES) {
        made.add(own(path, FieldKind::Number(meaning), doc));
    }
    for (_, path, kind, doc) in incident::FIELDS {
        made.add(own(path, kind, doc));
    }
    // A word that is an event here speaks of that: `established` is what happened, `state = established` what is.
    let is_event = |word: &Word| words_are_events && EVENTS.iter().any(|name| name.name == word.word);
    base.words().iter().filter(|word| !is_event(word)).for_each(|word| {
        made.add_word(*word);
    });
    if let Some(event) = event.filter(|_| words_are_events) {
        for name in EVENTS {
            made.add_word(Word { word: name.name, field: event, values: core::slice::from_ref(&name.name) });
        }
    }
    made
}

fn is_empty(value: &Value<'_>) -> bool {
    matches!(value, Value::List(values) | Value::Incomplete(values) if values.is_empty())
}

fn is_own(name: &str) -> bool {
    OWN.iter().any(|(_, own, ..)| *own == name)
        || RATES.iter().any(|(own, ..)| *own == name)
        || TOTALS.iter().any(|(own, ..)| *own == name)
        || incident::FIELDS.iter().any(|(_, own, ..)| *own == name)
}

impl LiveRow<'_> {
    fn own(&self, own: Own) -> Option<Value<'_>> {
        let facts = &self.facts;
        match own {
            Own::Event => Some(Value::Word(facts.event)),
            Own::Resync => Some(Value::Truth(facts.resync)),
            Own::Known => facts.known.map(Value::Word),
            Own::Side => facts.side.map(Value::Word),
            Own::End => facts.end.map(Value::Word),
            Own::OldState => facts.old_state.map(Value::Word),
            Own::Duration => facts.duration_us.map(Value::Unsigned),
            Own::Why => facts.why.map(|bits| Value::Set { bits: bits.into(), names: CAUSES }),
            Own::Rate(at) => facts.rates.get(usize::from(at)).copied().flatten().map(Value::Unsigned),
            Own::Incident(part) => facts.incident.as_ref()?.value(part),
            Own::Total(at) => facts.totals.get(usize::from(at)).copied().flatten().map(Value::Unsigned),
        }
    }

    /// Whether a field of the listing is said by no message: it would read as zero.
    fn is_unsaid(&self, field: FieldId) -> bool {
        let incident = self.facts.incident.as_ref();
        let known = |flat: &Flat| match flat {
            Flat::Proto => incident.is_none_or(|incident| incident.protocol.is_some()),
            Flat::State => incident.is_none_or(|incident| incident.has_state),
            Flat::Cookie => incident.is_none_or(|incident| incident.has_cookie),
            Flat::Local | Flat::LocalPort | Flat::Peer | Flat::PeerPort | Flat::Port | Flat::Namespace => true,
            _ => false,
        };
        // A port that the kernel has not chosen yet, or has taken back.
        let port =
            |flat: &Flat| matches!(flat, Flat::LocalPort | Flat::PeerPort) && self.row.flat_number(*flat) == Some(0);
        !self.facts.described
            && match &registry().sources[usize::from(field.0)] {
                Source::Flat(flat) => !known(flat) || port(flat),
                // The address family is the first octet of the structure, and was said; attributes are there or are not.
                Source::Places(places) => {
                    let in_structure = |place: &Place| place.attribute.is_none() && place.tables.has(self.row.table);
                    places.iter().any(in_structure) && registry().catalog.info(field).path != "family"
                }
            }
    }

    /// Whether the owners that this row names are those of the listener that the socket came out of.
    pub fn owned_by_listener(&self) -> bool {
        let own = || self.row.flat(Flat::Owner(OwnerPart::Pid));
        self.facts.actor.is_none()
            && self.facts.listener.is_some()
            && (!self.facts.described || own().is_none_or(|owners| is_empty(&owners)))
    }

    /// Those who were found to hold it by the inode that the event named, else by that of its listener. Whoever the kernel's event
    /// named is known at once, and goes before them while he lives.
    fn looked_up(&self, part: OwnerPart, listener: Option<Origin<'_>>) -> Option<Value<'_>> {
        let holders = |inode| self.row.surroundings.owners(inode, part).filter(|owners| !is_empty(owners));
        let named = self.facts.actor.or_else(|| listener?.actor);
        if named.is_some() && !self.facts.is_left {
            return None;
        }
        let Some(listener) = listener else {
            let inode = self.row.flat_number(Flat::Inode)?;
            return holders(u32::try_from(inode).ok()?);
        };
        let (mut all, mut is_whole) = (Vec::new(), true);
        for owners in listener.inodes.iter().filter_map(|inode| holders(*inode)) {
            match owners {
                Value::List(owners) => all.extend(owners),
                Value::Incomplete(owners) => {
                    is_whole = false;
                    all.extend(owners);
                }
                _ => {}
            }
        }
        if all.is_empty() {
            return None;
        }
        Some(if is_whole { Value::List(all) } else { Value::Incomplete(all) })
    }

    fn of_actor(&self, field: FieldId) -> Option<Value<'_>> {
        let Source::Flat(flat) = &registry().sources[usize::from(field.0)] else { return None };
        let listener = self.facts.listener.filter(|_| self.facts.actor.is_none());
        if let Flat::Owner(part) = flat
            && let Some(owners) = self.looked_up(*part, listener)
        {
            return Some(owners);
        }
        let actor = self.facts.actor.or_else(|| listener?.actor);
        match flat {
            Flat::Owner(OwnerPart::Pid) => Some(Value::List(vec![Value::Unsigned(actor?.0.into())])),
            Flat::Owner(OwnerPart::Process) => Some(Value::List(vec![Value::Text(actor?.1)])),
            Flat::Cgroup => self.row.surroundings.cgroup(self.facts.cgroup?).map(Value::Text),
            _ => None,
        }
    }
}

impl Record for LiveRow<'_> {
    fn value(&self, field: FieldId) -> Option<Value<'_>> {
        if let Some(own) = live_own(field) {
            return self.own(own);
        }
        let is_protocol = matches!(registry().sources[usize::from(field.0)], Source::Flat(Flat::Proto));
        if is_protocol && let Some(foreign) = self.facts.incident.as_ref().and_then(Incident::foreign_protocol) {
            return Some(foreign);
        }
        if self.is_unsaid(field) {
            return self.of_actor(field);
        }
        // Who opened it is known from the event, before anybody looked through the processes.
        match Record::value(&self.row, field) {
            None => self.of_actor(field),
            Some(none @ (Value::List(_) | Value::Incomplete(_))) if is_empty(&none) => {
                self.of_actor(field).or(Some(none))
            }
            found => found,
        }
    }
}

#[cfg(test)]
mod tests;
