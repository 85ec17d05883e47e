//! Changes of every table, as fast as the kernel makes them: a storm that a seed decides.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use sockeye_wire::Request;
use sockeye_wire::rtnetlink::{RTM_DELQDISC, RTM_DELRULE, RTM_NEWQDISC, RTM_NEWRULE};

use crate::asked::*;

/// Cables. Their ends are the links 100 and 101, 102 and 103 and so on.
const CABLES: u32 = 5;
/// The bridge that some of the ends are ports of.
const BRIDGE: u32 = 90;
/// The link of every namespace, which the storm leaves alone.
const LOOPBACK: u32 = 1;

/// Numbers without a pattern: splitmix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        u32::try_from((mixed ^ mixed >> 31) % u64::from(bound)).expect("below 32 bits")
    }

    fn coin(&mut self) -> bool {
        self.below(2) == 0
    }

    fn small(&mut self, bound: u8) -> u8 {
        u8::try_from(self.below(bound.into())).expect("below 8 bits")
    }

    fn link(&mut self) -> u32 {
        100 + self.below(2 * CABLES)
    }
}

/// What a storm begins with.
pub(crate) fn prepare(asker: &mut Asker) {
    asker.must(&set_up(LOOPBACK, true));
    asker.must(&new_link(BRIDGE, "br0", "bridge"));
    for cable in 0..CABLES {
        make_cable(asker, cable);
    }
}

fn make_cable(asker: &mut Asker, cable: u32) {
    let [one, other] = [100 + 2 * cable, 101 + 2 * cable];
    if asker.ask(&new_veth([one, other], [&format!("a{cable}"), &format!("b{cable}")])) != 0 {
        return;
    }
    for index in [one, other] {
        asker.all(&[set_up(index, true), new_address(index, gateway(index, 1, true), 24)]);
        asker.all(&[new_address(index, gateway(index, 1, false), 64)]);
    }
}

/// A neighbour on the network of a link.
fn gateway(index: u32, host: u8, ipv4: bool) -> IpAddr {
    let net = u8::try_from(index).expect("few links");
    if ipv4 {
        Ipv4Addr::new(10, net, 0, host).into()
    } else {
        Ipv6Addr::new(0xfd00, net.into(), 0, 0, 0, 0, 0, host.into()).into()
    }
}

/// Changes that make a storm, however busy the machine is; and the time after which it ends all the same.
const CHANGES_MIN: usize = 20_000;
const TIME_MAX: Duration = Duration::from_secs(8);

/// Lets it storm for so long at least. `progress` says how many changes were asked for up to now.
pub(crate) fn storm(seed: u64, time: Duration, progress: &AtomicUsize) {
    let mut random = Random(seed);
    let mut asker = Asker::new();
    let began = Instant::now();
    while (progress.load(Ordering::Relaxed) < CHANGES_MIN && began.elapsed() < TIME_MAX) || began.elapsed() < time {
        // Links take the kernel longer than all the rest.
        if random.below(6) == 0 {
            link(&mut random, &mut asker);
            progress.fetch_add(1, Ordering::Relaxed);
        }
        let burst: Vec<_> = (0..40 + random.below(80)).map(|_| change(&mut random)).collect();
        asker.all(&burst);
        progress.fetch_add(burst.len(), Ordering::Relaxed);
    }
}

/// Routes that come and go while nobody reads. A queue that was empty keeps the first that came, and loses that they
/// went: whoever dumps before the queue is drained, and lets the last word win, has them for ever.
pub(crate) fn squall(asker: &mut Asker) {
    const ROUTES: u16 = 600;
    let routes: Vec<_> = (0..ROUTES)
        .map(|number| {
            let [high, low] = number.to_be_bytes();
            Route::to(Ipv4Addr::new(21, high, low, 0).into(), 24, Via::Link(LOOPBACK))
        })
        .collect();
    let added: Vec<_> = routes.iter().map(|route| route.add(CREATE | EXCLUSIVE)).collect();
    let deleted: Vec<_> = routes.iter().map(|route| route.delete()).collect();
    assert_eq!(asker.all(&added) + asker.all(&deleted), 0, "each came and went");
}

fn link(random: &mut Random, asker: &mut Asker) {
    let index = random.link();
    let request = match random.below(10) {
        0 => delete_link(index),
        1 => return make_cable(asker, random.below(CABLES)),
        2 => set_mtu(index, 1400 + random.below(100)),
        3 => rename(index, &format!("r{index}x{}", random.below(3))),
        // One end of each cable alone: a bridge with both is a loop, and its packets never come to rest.
        4 => set_master(index & !1, BRIDGE),
        5 => set_master(index, 0),
        6 | 7 => set_up(index, false),
        _ => set_up(index, true),
    };
    asker.all(&[request]);
}

fn change(random: &mut Random) -> Request {
    let (index, ipv4) = (random.link(), random.below(3) != 0);
    match random.below(16) {
        0..7 => route(random, index, ipv4),
        7 | 8 => {
            let (priority, mark) = (1000 + random.below(30), 1 + random.below(3));
            let interface = if random.below(4) == 0 { format!("a{}", random.below(CABLES)) } else { String::new() };
            let (number, flags) = if random.coin() { (RTM_NEWRULE, CREATE | EXCLUSIVE) } else { (RTM_DELRULE, 0) };
            rule(number, flags, ipv4, priority, mark, &interface)
        }
        9 | 10 => {
            let neighbour = gateway(index, 10 + random.small(20), ipv4);
            if random.coin() {
                new_neighbour(index, neighbour, lladdr(random))
            } else {
                delete_neighbour(index, neighbour)
            }
        }
        11 => {
            let id = 1 + random.below(8);
            if random.coin() { new_nexthop(id, index, gateway(index, 9, true)) } else { delete_nexthop(id) }
        }
        12 => {
            let host = 100 + random.small(3);
            let (address, prefix_len) = (gateway(index, host, ipv4), if ipv4 { 24 } else { 64 });
            if random.coin() {
                new_address(index, address, prefix_len)
            } else {
                delete_address(index, address, prefix_len)
            }
        }
        13 => {
            let limit = (10 + random.below(90)).to_ne_bytes();
            let handle = (1 + random.below(3)) << 16;
            match random.below(3) {
                0 => qdisc(RTM_DELQDISC, 0, index, "pfifo", 0, u32::MAX, &[]),
                kind => {
                    let kind = ["bfifo", "pfifo"][kind as usize - 1];
                    qdisc(RTM_NEWQDISC, CREATE | REPLACE, index, kind, handle, u32::MAX, &limit)
                }
            }
        }
        _ => {
            let lladdr = lladdr(random);
            if random.coin() { new_fdb(index, lladdr) } else { delete_fdb(index, lladdr) }
        }
    }
}

fn route(random: &mut Random, index: u32, ipv4: bool) -> Request {
    // Few destinations and many priorities: the kernel's lists of one destination are where dumps go wrong.
    let net = random.small(6);
    let (destination, prefix_len) = if ipv4 {
        (Ipv4Addr::new(20, net, 0, 0).into(), 16)
    } else {
        (Ipv6Addr::new(0xfd20, net.into(), 0, 0, 0, 0, 0, 0).into(), 32)
    };
    let via = match random.below(5) {
        0 => Via::Link(index),
        1 if ipv4 => Via::Nexthop(1 + random.below(8)),
        _ => Via::Gateway(gateway(index, 9 + random.small(2), ipv4), index),
    };
    let table = [MAIN, 100, 1000][random.below(3) as usize];
    let route = Route { destination, prefix_len, table, priority: 1 + random.below(40), via };
    match random.below(8) {
        0..3 => route.add(CREATE | EXCLUSIVE),
        3 => route.add(CREATE | APPEND),
        4 => route.add(CREATE | REPLACE),
        _ => route.delete(),
    }
}

fn lladdr(random: &mut Random) -> [u8; 6] {
    [2, 0, 0, 0, 7, random.small(40)]
}
