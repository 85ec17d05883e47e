//! A live socket as filters and formats read it.

use sockeye_query::sockets::live::{Facts, LiveRow, Origin};
use sockeye_query::sockets::{SocketRow, Surroundings, Table};
use sockeye_state::lives::{Delta, End, Event, Happening, Life, Protocol, Side, Time, Totals};
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
        old_state: old_state.filter(|state| !matches!(state, State::Unknown(_))).map(State::name),
        ..facts(life, event.message, event.at)
    };
    Some(LiveRow { row: SocketRow::read(table(life), event.message, surroundings).ok()?, facts })
}

/// A socket that is alive.
pub(crate) fn alive<'a>(life: &'a Life, message: &'a [u8], surroundings: &'a dyn Surroundings) -> Option<LiveRow<'a>> {
    let row = SocketRow::read(table(life), message, surroundings).ok()?;
    Some(LiveRow { row, facts: facts(life, message, life.totals_at) })
}

fn facts<'a>(life: &'a Life, message: &[u8], at: Time) -> Facts<'a> {
    let duration = life.duration(at);
    Facts {
        event: Happening::Present.word(),
        resync: false,
        known: life.known.word(),
        side: life.side.map(Side::word),
        end: life.end.map(End::word),
        old_state: None,
        duration_us: duration.map(|duration| u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)),
        totals: totals(&life.totals),
        rates: life.delta(message).as_ref().map_or([None; 5], rates),
        why: life.is_judged().then(|| life.causes.bits()),
        described: life.described,
        actor: life.actor.as_ref().map(|actor| (actor.pid, actor.name())),
        listener: life.listener.as_ref().map(|listener| Origin {
            actor: listener.actor.as_ref().map(|actor| (actor.pid, actor.name())),
            inode: listener.inode,
        }),
        cgroup: life.cgroup,
    }
}

/// In the order of [`sockeye_query::sockets::live::RATES`].
fn rates(delta: &Delta) -> [Option<u64>; 5] {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate is positive, and saturates")]
    [delta.bytes_sent, delta.bytes_received, delta.retransmitted, delta.segs_out, delta.segs_in]
        .map(|grown| delta.rate(grown).map(|rate| rate as u64))
}

/// In the order of [`sockeye_query::sockets::live::TOTALS`].
fn totals(totals: &Totals) -> [Option<u64>; 9] {
    [
        totals.bytes_sent,
        totals.bytes_acked,
        totals.bytes_received,
        totals.bytes_retrans,
        totals.retransmissions,
        totals.segs_in,
        totals.segs_out,
        totals.rtt_us,
        totals.min_rtt_us,
    ]
}

#[cfg(test)]
mod tests {
    use sockeye_query::sockets::live::{CAUSES, EVENTS};
    use sockeye_state::lives::{Cause, Happening};
    use sockeye_wire::sock_diag::state::State;

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
        for event in events {
            assert!(EVENTS.iter().any(|name| name.name == event.word()), "{}", event.word());
        }
    }
}
