//! Cuts a large TCP table in two parts that two threads dump at once, by the kernel's own program.
//!
//! Each part walks the whole table and fills only its own half, and filling is what costs. Ports do not change while a
//! socket lives in the table, so no socket is in both parts or in none.

use sockeye_conn::{Buffer, Error, Namespace};
use sockeye_query::sockets::{DumpPlan, Flat, SocketRow, Surroundings};
use sockeye_state::{Dump, Step};
use sockeye_wire::sock_diag::bytecode::{Condition as Program, Test};
use sockeye_wire::sock_diag::state::State;

use super::listing::open;

/// Sockets from which on two walks cost less than one thread's filling.
pub(crate) const SOCKETS_MIN: u64 = 20_000;
/// Rows of which the cut is chosen. The table is in the order of a hash, so its beginning is a fair sample.
const SAMPLE_LEN: usize = 1000;
/// Share of the larger part, in percent, above which a cut is not worth a second walk.
const SHARE_MAX_PERCENT: usize = 90;

/// Two conditions that every connection satisfies one of; `None` where no cut divides the sample.
pub(crate) fn parts(
    plan: &DumpPlan,
    namespace: Option<&Namespace>,
    surroundings: &dyn Surroundings,
) -> Result<Option<[Program; 2]>, Error> {
    let (mut local, mut peer) = sample(plan, namespace, surroundings)?;
    let by_local = cut(&mut local);
    let by_peer = cut(&mut peer);
    Ok(match (by_local, by_peer) {
        (Some(local), Some(peer)) if peer.share_percent < local.share_percent => Some(peer.by_peer_port()),
        (Some(local), _) => Some(local.by_local_port()),
        (None, peer) => peer.map(Cut::by_peer_port),
    })
}

/// Local and peer ports of connections at the beginning of the table. The dump is abandoned there.
fn sample(
    plan: &DumpPlan,
    namespace: Option<&Namespace>,
    surroundings: &dyn Surroundings,
) -> Result<(Vec<u16>, Vec<u16>), Error> {
    // Listening and bound sockets stand first and have no peer: they would say nothing of the rest.
    let idle = State::Listening.mask() | State::BoundInactive.mask();
    let mut plan = plan.clone();
    plan.ask = 0;
    plan.states &= !idle;
    let mut ports = (Vec::with_capacity(SAMPLE_LEN), Vec::with_capacity(SAMPLE_LEN));
    if plan.states == 0 {
        return Ok(ports);
    }
    let mut socket = open(namespace)?;
    let mut buffer = Buffer::new();
    let mut dump = Dump::new(socket.send(plan.request(None))?);
    while ports.0.len() < SAMPLE_LEN {
        let step = dump.handle(socket.receive(&mut buffer)?, |message| {
            if let Ok(row) = SocketRow::read(plan.table, message.payload(), surroundings) {
                let port = |flat| row.flat_number(flat).and_then(|port| u16::try_from(port).ok());
                if let (Some(local), Some(peer)) = (port(Flat::LocalPort), port(Flat::PeerPort)) {
                    ports.0.push(local);
                    ports.1.push(peer);
                }
            }
        });
        if step == Step::Ended {
            break;
        }
    }
    Ok(ports)
}

/// Which ports make the first part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ports {
    /// This one and all below it.
    UpTo(u16),
    /// This one alone: a server's port, on which half of the sockets are.
    Only(u16),
}

impl Ports {
    fn has(self, other: u16) -> bool {
        match self {
            Self::UpTo(port) => other <= port,
            Self::Only(port) => other == port,
        }
    }

    /// The condition of the first part. Tests of equality are younger than this tool's oldest kernel, so it is put
    /// together from the two that every kernel has.
    fn program(self, at_least: fn(u16) -> Test, at_most: fn(u16) -> Test) -> Program {
        match self {
            Self::UpTo(port) => Program::Test(at_most(port)),
            Self::Only(port) => Program::All(vec![Program::Test(at_least(port)), Program::Test(at_most(port))]),
        }
    }
}

/// A division of a table in two parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cut {
    first: Ports,
    /// Share of the larger part, in percent.
    share_percent: usize,
}

impl Cut {
    fn by_local_port(self) -> [Program; 2] {
        both(self.first.program(Test::SourcePortAtLeast, Test::SourcePortAtMost))
    }

    fn by_peer_port(self) -> [Program; 2] {
        both(self.first.program(Test::DestinationPortAtLeast, Test::DestinationPortAtMost))
    }
}

/// A condition and its opposite: every socket satisfies one of them.
fn both(first: Program) -> [Program; 2] {
    [first.clone(), Program::Not(Box::new(first))]
}

/// The cut that divides these ports best, if any does.
fn cut(ports: &mut [u16]) -> Option<Cut> {
    ports.sort_unstable();
    let middle = *ports.get(ports.len() / 2)?;
    // All sockets of one port are in one part, so the middle port goes left or right, or is a part of its own.
    let candidates = [middle.checked_sub(1).map(Ports::UpTo), Some(Ports::UpTo(middle)), Some(Ports::Only(middle))];
    let shares = candidates.into_iter().flatten().map(|first| {
        let inside = ports.iter().filter(|&&port| first.has(port)).count();
        Cut { first, share_percent: inside.max(ports.len() - inside) * 100 / ports.len() }
    });
    shares.min_by_key(|cut| cut.share_percent).filter(|cut| cut.share_percent <= SHARE_MAX_PERCENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spread_ports_are_cut_in_the_middle() {
        let cut = cut(&mut (0..1000).map(|index| 30_000 + index).collect::<Vec<_>>()).unwrap();
        assert!(cut.share_percent <= 50, "{cut:?}");
    }

    #[test]
    fn one_port_on_every_socket_is_no_cut() {
        assert_eq!(cut(&mut [443; 1000]), None);
    }

    #[test]
    fn half_of_the_sockets_on_one_port_are_one_part() {
        // Both ends of loopback connections to one server port, in the middle of the ports of the clients.
        let mut ports: Vec<u16> =
            (0..500).map(|index| 40_000 + index).chain(std::iter::repeat_n(40_250, 500)).collect();
        let cut = cut(&mut ports).unwrap();
        assert_eq!(cut.first, Ports::Only(40_250));
        assert!(cut.share_percent <= 51, "{cut:?}");
    }

    #[test]
    fn the_parts_are_opposites() {
        let [first, second] = Cut { first: Ports::UpTo(443), share_percent: 50 }.by_peer_port();
        assert_eq!(first, Program::Test(Test::DestinationPortAtMost(443)));
        assert_eq!(second, Program::Not(Box::new(first)));
    }
}
