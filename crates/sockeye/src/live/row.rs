//! A live socket as filters and formats read it.

use sockeye_query::sockets::live::{Facts, LiveRow};
use sockeye_query::sockets::{SocketRow, Surroundings, Table};
use sockeye_state::lives::{Event, Happening, Life, Protocol, Totals};
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
    let row = SocketRow::read(table(life), event.message, surroundings).ok()?;
    let old_state = match event.happening {
        Happening::State(old) => Some(old),
        Happening::Closed => Some(life.state),
        _ => None,
    };
    let duration = life.duration(event.at);
    let facts = Facts {
        event: event.happening.word(),
        resync: event.resync,
        known: life.known.word(),
        side: life.side.map(sockeye_state::lives::Side::word),
        end: life.end.map(sockeye_state::lives::End::word),
        old_state: old_state.filter(|state| !matches!(state, State::Unknown(_))).map(State::name),
        duration_us: duration.map(|duration| u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)),
        totals: totals(&life.totals),
        described: life.described,
        actor: life.actor.as_ref().map(|actor| (actor.pid, actor.name())),
        cgroup: life.cgroup,
    };
    Some(LiveRow { row, facts })
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
