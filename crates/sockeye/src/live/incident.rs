//! What went wrong, from the kernel's own events.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use sockeye_bpf::events::{self, Endpoint, Event, SocketId};
use sockeye_state::lives::{Direction, Incident, Totals, Trouble};
use sockeye_wire::sock_diag::state::State;

use super::symbols::Symbols;
use super::trace::totals;

/// Functions that are remembered by an address within; the kernel has a few hundred places that drop packets.
const PLACES_MAX: usize = 10_000;

/// Where a copy of a packet is dropped that somebody who listens in had no room for (net/packet/af_packet.c). The packet goes on.
/// Since Linux 6.8 there is a reason for it, and no event of it is told here.
const COPIES: [&str; 2] = ["packet_rcv", "tpacket_rcv"];

/// Where what comes in TIME-WAIT ends, its last FIN and what acknowledges it, without a reason (net/ipv4/tcp_ipv4.c and
/// net/ipv6/tcp_ipv6.c). Since Linux 6.11 the kernel says the socket, and no event of it is told here; before, it names none. What it
/// then throws away of a half-open connection, as the accept queue is full, cannot be told from that: counters say it.
const ENDS: [&str; 2] = ["tcp_v4_rcv", "tcp_v6_rcv"];
const NO_REASON: &str = "NOT_SPECIFIED";

/// Makes incidents of events. Names come again and again, so each is kept once.
#[derive(Default)]
pub(super) struct Reader {
    names: HashMap<(Trouble, u32), Arc<str>>,
    places: HashMap<u64, Option<Arc<str>>>,
    symbols: Symbols,
}

impl Reader {
    /// The incident of an event; `None`: nothing went wrong.
    pub(super) fn read(&mut self, event: &Event<'_>) -> Option<Incident> {
        let socket = event.socket();
        Some(match event {
            Event::Retransmit(again) => Incident {
                state: Some(State::from_number(again.state)),
                segments: again.segments.map(u64::from),
                totals: again.counters.as_ref().map(totals).unwrap_or_default(),
                ..plain(Trouble::Retransmit, socket)
            },
            Event::Reset(reset) => Incident {
                state: reset.state.map(State::from_number),
                direction: Some(direction(reset.direction)),
                reason: reset.reason.map(|reason| self.name(Trouble::Reset, reason)),
                ..plain(Trouble::Reset, socket)
            },
            Event::Dropped(packet) => {
                let location = packet.location.and_then(|place| self.place(place));
                let is_at = |places: [&str; 2]| location.as_deref().is_some_and(|place| places.contains(&place));
                let is_over = || socket.cookie == 0 && packet.reason.is_some_and(|(_, name)| name == NO_REASON);
                if is_at(COPIES) || (is_at(ENDS) && is_over()) {
                    return None;
                }
                Incident {
                    direction: packet.direction.map(direction),
                    reason: packet.reason.map(|reason| self.name(Trouble::Drop, reason)),
                    location,
                    ..plain(Trouble::Drop, socket)
                }
            }
            Event::Error(error) => Incident {
                state: Some(State::from_number(error.state)),
                error: Some(error.error),
                ..plain(Trouble::Error, socket)
            },
            _ => return None,
        })
    }

    fn name(&mut self, trouble: Trouble, (number, name): (u32, &str)) -> Arc<str> {
        Arc::clone(self.names.entry((trouble, number)).or_insert_with(|| name.into()))
    }

    fn place(&mut self, address: u64) -> Option<Arc<str>> {
        if self.places.len() >= PLACES_MAX {
            self.places.clear();
        }
        let symbols = &mut self.symbols;
        self.places.entry(address).or_insert_with(|| symbols.of(address)).clone()
    }
}

fn direction(direction: events::Direction) -> Direction {
    match direction {
        events::Direction::Sent => Direction::Sent,
        events::Direction::Received => Direction::Received,
    }
}

/// What all have.
fn plain(trouble: Trouble, socket: &SocketId) -> Incident {
    let end = |end: Endpoint| SocketAddr::new(end.address, end.port);
    Incident {
        at: Duration::from_nanos(socket.time_ns),
        trouble,
        cookie: Some(socket.cookie).filter(|&cookie| cookie != 0),
        // Of a request the protocol is not read, and of other sockets 0 is none.
        protocol: socket.protocol.filter(|&protocol| protocol != 0),
        state: None,
        local: end(socket.local),
        peer: end(socket.peer),
        cgroup: socket.cgroup_id,
        direction: None,
        reason: None,
        location: None,
        segments: None,
        totals: Totals::default(),
        error: None,
    }
}
