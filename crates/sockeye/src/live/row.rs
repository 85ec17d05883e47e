//! A live socket as filters and formats read it.

use sockeye_query::sockets::live::{Facts, Incident, LiveRow, Origin, table_of};
use sockeye_query::sockets::{SocketRow, Surroundings, Table};
use sockeye_state::lives::{
    Delta, Direction, End, Event, Happening, Known, Life, Listener, Met, Protocol, Side, Time, Totals,
};
use sockeye_wire::sock_diag::bare;
use sockeye_wire::sock_diag::inet::MESSAGE_LEN;
use sockeye_wire::sock_diag::state::State;

/// The table that a socket is listed in.
pub(crate) fn table(life: &Life) -> Table {
    match life.protocol {
        Protocol::Tcp => Table::Tcp,
        Protocol::Udp => Table::Udp,
    }
}

/// An event with what surrounds it; `None`: its message is none.
pub(crate) fn of<'a>(event: &Event<'a>, surroundings: &'a dyn Surroundings) -> Option<LiveRow<'a>> {
    let life = event.life;
    let old_state = match event.happening {
        Happening::State(old) => Some(old),
        Happening::Closed => Some(life.state),
        _ => None,
    };
    let facts = Facts {
        event: event.happening.word(),
        resync: event.resync,
        is_final: is_final(event),
        old_state: old_state.filter(|state| !matches!(state, State::Unknown(_))).map(State::name),
        rates: rates_of(life, event.message),
        ..facts(life, event.at)
    };
    Some(LiveRow { row: SocketRow::read(table(life), event.message, surroundings).ok()?, facts })
}

/// Whether the message is one that the kernel sent of a socket that nobody had seen before, with what it did. One that was taken apart
/// before has forgotten it, and where only an event told of the end, no more is known than who it was.
fn is_final(event: &Event<'_>) -> bool {
    let life = event.life;
    event.happening == Happening::Closed
        && !life.described
        && event.message.len() > MESSAGE_LEN
        && life.totals.segs_in.is_some()
}

/// A message of the socket that an incident happened to, with the ends of the incident: a packet has some where the socket is
/// bound to none.
pub(crate) fn incident_message(met: &Met<'_>) -> Vec<u8> {
    let incident = met.incident;
    let Some((_, message)) = met.socket else {
        let state = incident.state.unwrap_or(State::Unknown(0));
        return bare::message(state, incident.local, incident.peer, incident.cookie.unwrap_or(0)).to_vec();
    };
    let mut message = message.to_vec();
    bare::set_ends(&mut message, incident.local, incident.peer);
    if let Some(state) = incident.state {
        bare::set_state(&mut message, state);
    }
    message
}

/// An incident with what surrounds it; `message` is the one of [`incident_message`].
pub(crate) fn of_incident<'a>(
    met: &'a Met<'a>,
    message: &'a [u8],
    surroundings: &'a dyn Surroundings,
) -> Option<LiveRow<'a>> {
    let told = met.incident;
    let known = met.socket.map(|(life, _)| life);
    // What is passed on, or for nobody here, may be of a protocol that has no table of sockets.
    let table = known.map(table).or_else(|| table_of(told.protocol?)).unwrap_or(Table::Raw);
    let incident = Incident {
        protocol: told.protocol.or_else(|| table.ip_protocol().filter(|_| known.is_some())),
        has_state: known.is_some() || told.state.is_some(),
        has_cookie: told.cookie.is_some(),
        direction: told.direction.map(Direction::word),
        reason: told.reason.as_deref(),
        location: told.location.as_deref(),
        segments: told.segments,
        error: told.error,
    };
    let mut facts = match known {
        Some(life) => Facts { rates: rates_of(life, message), ..facts(life, told.at) },
        None => Facts { listener: met.listener.map(origin), ..Facts::default() },
    };
    facts.event = told.trouble.word();
    facts.cgroup = told.cgroup.or(facts.cgroup);
    facts.incident = Some(incident);
    // What was said of it before may be old by now.
    facts.totals = totals(&told.totals);
    Some(LiveRow { row: SocketRow::read(table, message, surroundings).ok()?, facts })
}

/// A socket that is alive.
pub(crate) fn alive<'a>(life: &'a Life, message: &'a [u8], surroundings: &'a dyn Surroundings) -> Option<LiveRow<'a>> {
    let mut row = alive_without_rates(life, message, surroundings)?;
    row.facts.rates = rates_of(life, message);
    Some(row)
}

/// The same without how fast it moves, which takes as long as all else.
pub(crate) fn alive_without_rates<'a>(
    life: &'a Life,
    message: &'a [u8],
    surroundings: &'a dyn Surroundings,
) -> Option<LiveRow<'a>> {
    let row = SocketRow::read(table(life), message, surroundings).ok()?;
    Some(LiveRow { row, facts: facts(life, life.totals_at) })
}

/// What following it tells, but for how fast it moves.
fn facts(life: &Life, at: Time) -> Facts<'_> {
    let duration = life.duration(at);
    Facts {
        event: Happening::Present.word(),
        resync: false,
        known: Some(Known::word(life.known)),
        side: life.side.map(Side::word),
        end: life.end.map(End::word),
        old_state: None,
        duration_us: duration.map(|duration| u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)),
        totals: totals(&life.totals),
        rates: [None; 5],
        why: life.is_judged().then(|| life.causes.bits()),
        described: life.described,
        is_final: false,
        actor: life.actor.as_ref().map(|actor| (actor.pid, actor.name())),
        is_left: false,
        listener: life.listener.as_deref().map(origin),
        cgroup: life.cgroup,
        incident: None,
    }
}

fn origin(listener: &Listener) -> Origin<'_> {
    Origin { actor: listener.actor.as_ref().map(|actor| (actor.pid, actor.name())), inodes: &listener.inodes }
}

/// In the order of [`sockeye_query::sockets::live::RATES`].
fn rates(delta: &Delta) -> [Option<u64>; 5] {
    [delta.bytes_sent, delta.bytes_received, delta.retransmitted, delta.segs_out, delta.segs_in]
        .map(|grown| delta.rate(grown).map(whole))
}

/// A rate in whole numbers: what moves at all does not stand still.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate is positive, and saturates")]
fn whole(rate: f64) -> u64 {
    if rate > 0.0 { (rate.round() as u64).max(1) } else { 0 }
}

/// How fast a socket moves, in the order of [`sockeye_query::sockets::live::RATES`].
pub(crate) fn rates_of(life: &Life, message: &[u8]) -> [Option<u64>; 5] {
    life.delta(message).as_ref().map_or([None; 5], rates)
}

/// In the order of [`sockeye_query::sockets::live::TOTALS`].
fn totals(totals: &Totals) -> [Option<u64>; 9] {
    let long = |number: Option<u32>| number.map(u64::from);
    [
        totals.bytes_sent,
        totals.bytes_acked,
        totals.bytes_received,
        totals.bytes_retrans,
        long(totals.retransmissions),
        long(totals.segs_in),
        long(totals.segs_out),
        long(totals.rtt_us),
        long(totals.min_rtt_us),
    ]
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use sockeye_query::sockets::live::{CAUSES, EVENTS};
    use sockeye_state::lives::{Cause, Trouble};

    use super::*;

    #[test]
    fn what_moves_at_all_has_a_rate() {
        let of = |retransmitted: u64, elapsed_us: u64| {
            let mut delta = Delta::default();
            (delta.retransmitted, delta.elapsed) = (Some(retransmitted), Duration::from_micros(elapsed_us));
            rates(&delta)[2]
        };
        assert_eq!([of(1, 1_000_500), of(1, 5_000_000), of(0, 1_000_000)], [Some(1), Some(1), Some(0)]);
        assert_eq!([of(7, 1_000_500), of(12, 999_000)], [Some(7), Some(12)], "and no more than it is");
    }

    #[test]
    fn the_words_of_filters_are_those_of_the_engine() {
        let causes = Cause::ALL.map(|cause| (u64::from(cause.bit()), cause.word()));
        assert_eq!(CAUSES.iter().map(|name| (name.value, name.name)).collect::<Vec<_>>(), causes);
        let events = [
            Happening::Present,
            Happening::Opened,
            Happening::Listening,
            Happening::Accepted,
            Happening::Established,
            Happening::State(State::SynSent),
            Happening::Closed,
        ];
        for trouble in [Trouble::Retransmit, Trouble::Reset, Trouble::Drop, Trouble::Error] {
            assert!(EVENTS.iter().any(|name| name.name == trouble.word()), "{}", trouble.word());
        }
        for event in events {
            assert!(EVENTS.iter().any(|name| name.name == event.word()), "{}", event.word());
        }
    }
}
