//! Random programs: every operation, also those that no filter makes.

use sockeye_wire::sock_diag::bytecode::{Condition, Test};

use crate::random::Random;
use crate::world::World;

/// A condition of this depth.
pub(crate) fn condition(depth: usize, world: &World, random: &mut Random) -> Condition {
    if depth <= 1 {
        return Condition::Test(test(world, random));
    }
    if random.once_in(4) {
        return Condition::Not(Box::new(condition(depth - 1, world, random)));
    }
    // Also none: what always holds, and what never does.
    let parts = (0..random.below(4)).map(|_| condition(depth - 1, world, random)).collect();
    if random.once_in(2) { Condition::All(parts) } else { Condition::Any(parts) }
}

fn test(world: &World, random: &mut Random) -> Test {
    let socket = world.some_socket(random).clone();
    let prefix =
        |random: &mut Random, v4: bool| u8::try_from(random.below(if v4 { 33 } else { 129 })).expect("at most 128");
    match random.below(12) {
        0 => Test::SourcePortAtLeast(socket.local_port),
        1 => Test::SourcePortAtMost(socket.local_port),
        2 => Test::DestinationPortAtLeast(socket.peer_port),
        3 => Test::DestinationPortAtMost(socket.peer_port),
        4 => Test::SourcePort(socket.local_port),
        5 => Test::DestinationPort(socket.peer_port),
        6 => Test::AutomaticPort,
        7 => Test::Source(socket.local, prefix(random, socket.local.is_ipv4())),
        8 => Test::Destination(socket.peer, prefix(random, socket.peer.is_ipv4())),
        9 => Test::Device(socket.ifindex),
        10 => {
            let mask = random.pick(&[0, 0xff, 0x10, u32::MAX]);
            Test::Mark { mark: socket.mark.unwrap_or(0) & mask, mask }
        }
        _ => Test::Cgroup(socket.cgroup.unwrap_or(0)),
    }
}
