//! Random filters: each is an expression of the filter language and a plain tree with a meaning of its own.

use std::fmt::Write as _;
use std::net::IpAddr;

use sockeye_query::filter::{self, Expression};
use sockeye_query::sockets::{Table, catalog};

use crate::facts::Facts;
use crate::interpreter::begins_alike;
use crate::kernel::INET;
use crate::random::Random;
use crate::world::{Numbered, World};

/// Least and greatest depth of a filter.
const DEPTH: (usize, usize) = (4, 6);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Local,
    Peer,
    Either,
}

/// What a test is about, without the filter language.
#[derive(Clone, Debug)]
pub(crate) enum Meaning {
    Ports(Side, Vec<(u16, u16)>),
    Networks(Side, Vec<(IpAddr, u8)>),
    /// `ADDRESS:PORT`: both on one side.
    Endpoint(IpAddr, u16),
    /// An interface by its name or as `dev`: a socket that is bound to none has another one.
    Device(u32),
    /// The number of an interface, which such a socket does not have.
    Ifindex(Vec<(u32, u32)>),
    Mark(u32, u32),
    Cgroup(u64),
    Protocols(Vec<Table>),
    States(Vec<&'static str>),
    /// Something that only the row itself knows.
    Beyond,
}

#[derive(Clone, Debug)]
pub(crate) enum Tree {
    Test(Meaning, Expression),
    Not(Box<Tree>),
    All(Vec<Tree>),
    Any(Vec<Tree>),
}

/// Which tests a filter is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Vocabulary {
    /// What the kernel's programs know.
    Programs,
    /// That, with protocols and states.
    Requests,
    /// Everything.
    All,
}

impl Tree {
    pub(crate) fn random(world: &World, random: &mut Random, vocabulary: Vocabulary) -> Self {
        let depth = DEPTH.0 + random.below(DEPTH.1 - DEPTH.0 + 1);
        Self::of_depth(depth, world, random, vocabulary)
    }

    fn of_depth(depth: usize, world: &World, random: &mut Random, vocabulary: Vocabulary) -> Self {
        if depth <= 1 {
            return leaf(world, random, vocabulary);
        }
        if random.once_in(4) {
            return Self::Not(Box::new(Self::of_depth(depth - 1, world, random, vocabulary)));
        }
        // One branch goes down all the way.
        let mut parts = vec![Self::of_depth(depth - 1, world, random, vocabulary)];
        for _ in 0..random.below(3) {
            let depth = 1 + random.below(depth - 1);
            parts.insert(random.below(parts.len() + 1), Self::of_depth(depth, world, random, vocabulary));
        }
        if random.once_in(2) { Self::All(parts) } else { Self::Any(parts) }
    }

    pub(crate) fn expression(&self) -> Expression {
        match self {
            Self::Test(_, expression) => expression.clone(),
            Self::Not(inner) => inner.expression().negated(),
            Self::All(parts) => Expression::all(parts.iter().map(Self::expression)),
            Self::Any(parts) => Expression::any(parts.iter().map(Self::expression)),
        }
    }

    /// What the filter says of a socket: `None` where the kernel did not give what decides it.
    pub(crate) fn decide(&self, facts: &Facts) -> Option<bool> {
        match self {
            Self::Test(meaning, _) => meaning.decide(facts),
            Self::Not(inner) => inner.decide(facts).map(|holds| !holds),
            Self::All(parts) => {
                let said: Vec<_> = parts.iter().map(|part| part.decide(facts)).collect();
                if said.contains(&Some(false)) { Some(false) } else { (!said.contains(&None)).then_some(true) }
            }
            Self::Any(parts) => {
                let said: Vec<_> = parts.iter().map(|part| part.decide(facts)).collect();
                if said.contains(&Some(true)) { Some(true) } else { (!said.contains(&None)).then_some(false) }
            }
        }
    }
}

impl Meaning {
    fn decide(&self, facts: &Facts) -> Option<bool> {
        let sides = |side: &Side| match side {
            Side::Local => vec![(facts.local, facts.local_port)],
            Side::Peer => vec![(facts.peer, facts.peer_port)],
            Side::Either => vec![(facts.local, facts.local_port), (facts.peer, facts.peer_port)],
        };
        match self {
            Self::Ports(side, ranges) => {
                Some(sides(side).iter().any(|(_, port)| ranges.iter().any(|(from, to)| (from..=to).contains(&port))))
            }
            Self::Networks(side, networks) => Some(
                sides(side)
                    .iter()
                    .any(|&(address, _)| networks.iter().any(|&(network, bits)| is_in(address, network, bits))),
            ),
            Self::Endpoint(host, port) => {
                let bits = if host.is_ipv4() { 32 } else { 128 };
                Some(sides(&Side::Either).iter().any(|&(address, own)| is_in(address, *host, bits) && own == *port))
            }
            Self::Device(ifindex) => Some(facts.ifindex == *ifindex),
            Self::Ifindex(ranges) => {
                (facts.ifindex != 0).then(|| ranges.iter().any(|(from, to)| (from..=to).contains(&&facts.ifindex)))
            }
            Self::Mark(value, mask) => facts.mark.map(|mark| mark & mask == *value),
            Self::Cgroup(id) => facts.cgroup.map(|own| own == *id),
            Self::Protocols(tables) => Some(tables.contains(&facts.table)),
            Self::States(states) => Some(states.contains(&state(facts))),
            Self::Beyond => panic!("facts do not say this"),
        }
    }
}

/// Whether an address is in a network; a mapped address is in networks of both kinds.
pub(crate) fn is_in(address: IpAddr, network: IpAddr, bits: u8) -> bool {
    match (address, network) {
        (IpAddr::V4(own), IpAddr::V4(network)) => begins_alike(&own.octets(), &network.octets(), bits),
        (IpAddr::V6(own), IpAddr::V6(network)) => begins_alike(&own.octets(), &network.octets(), bits),
        (IpAddr::V6(own), IpAddr::V4(network)) => {
            let mapped = network.to_ipv6_mapped();
            begins_alike(&own.octets(), &mapped.octets(), bits + 96)
        }
        (IpAddr::V4(_), IpAddr::V6(_)) => false,
    }
}

fn state(facts: &Facts) -> &'static str {
    match (facts.state, facts.table) {
        (1, _) => "established",
        (2, _) => "syn-sent",
        (3, _) => "syn-recv",
        (4, _) => "fin-wait-1",
        (5, _) => "fin-wait-2",
        (6, _) => "time-wait",
        (7, Table::Tcp) => "bound-inactive",
        (7, _) => "unconnected",
        (8, _) => "close-wait",
        (9, _) => "last-ack",
        (10, _) => "listening",
        (11, _) => "closing",
        (other, _) => panic!("no state has the number {other}"),
    }
}

const STATES: [&str; 12] = [
    "established",
    "syn-sent",
    "syn-recv",
    "fin-wait-1",
    "fin-wait-2",
    "time-wait",
    "unconnected",
    "close-wait",
    "last-ack",
    "listening",
    "closing",
    "bound-inactive",
];

/// Tests of which no program and no request knows anything.
const BEYOND: [&str; 26] = [
    "uid = 0",
    "uid > 0",
    "rtt > 10us",
    "rtt < 1ms",
    "has rtt",
    "has mark",
    "has dev",
    "has state",
    "has proto",
    "process = nginx",
    "process ~ 'e*'",
    "pid in (1, 3)",
    "recv-q > 0",
    "send-q = 0",
    "accept-queue >= 3",
    "has accept-queue",
    "v6only = true",
    "has tcp_info.snd_mss",
    "drops > 0",
    "local ~ '127.*'",
    "dev ~ '*1'",
    "mark > 3",
    "state = 99",
    "cc = cubic",
    "autobound",
    "not autobound",
];

fn leaf(world: &World, random: &mut Random, vocabulary: Vocabulary) -> Tree {
    loop {
        let (text, meaning) = match random.below(match vocabulary {
            Vocabulary::Programs => 12,
            Vocabulary::Requests => 16,
            Vocabulary::All => 22,
        }) {
            0..=3 => ports(world, random),
            4..=7 => networks(world, random),
            8 => endpoint(world, random),
            9 => device(world, random),
            10 => mark(world, random),
            11 => cgroup(world, random),
            12 | 13 => protocols(random, vocabulary),
            14 | 15 => states(random),
            _ => (random.pick(&BEYOND).to_owned(), Meaning::Beyond),
        };
        // A range that is empty is refused, and so it should be.
        if let Ok(filter) = filter::parse(&text, catalog(), &Numbered) {
            return Tree::Test(meaning, filter.expression);
        }
    }
}

fn ports(world: &World, random: &mut Random) -> (String, Meaning) {
    let socket = world.some_socket(random);
    let (local, peer) = (socket.local_port, socket.peer_port);
    let mut port = || match random.below(5) {
        0 => random.port(),
        1 => random.pick(&[0, 1, 65534, 65535]),
        2 => random.pick(&[local, peer]).wrapping_add(random.pick(&[1, u16::MAX])),
        _ => random.pick(&[local, peer]),
    };
    let values = [port(), port(), port()];
    let (field, side) =
        random.pick(&[("sport", Side::Local), ("dport", Side::Peer), ("port", Side::Either), ("lport", Side::Local)]);
    let value = values[0];
    let (from, to) = (values[1].min(values[2]), values[1].max(values[2]));
    let (text, ranges) = match random.below(9) {
        0 => (format!("{field} >= {value}"), vec![(value, u16::MAX)]),
        1 => (format!("{field} <= {value}"), vec![(0, value)]),
        2 => (format!("{field} gt {value}"), vec![(value.saturating_add(1), u16::MAX)]),
        3 => (format!("{field} lt {value}"), vec![(0, value.saturating_sub(1))]),
        4 => (format!("{field} = {from}-{to}"), vec![(from, to)]),
        5 => (format!("{field} in ({value}, {from}-{to})"), vec![(value, value), (from, to)]),
        6 if random.once_in(8) => (format!("{field} = 0-65535"), vec![(0, u16::MAX)]),
        7 => (format!(":{value}"), vec![(value, value)]),
        _ => (format!("{field} = {value}"), vec![(value, value)]),
    };
    let side = if text.starts_with(':') { Side::Either } else { side };
    (text, Meaning::Ports(side, ranges))
}

fn networks(world: &World, random: &mut Random) -> (String, Meaning) {
    let mut list = Vec::new();
    for _ in 0..=random.below(3) {
        let socket = world.some_socket(random);
        let mut address = random.pick(&[socket.local, socket.peer]);
        if let IpAddr::V6(v6) = address
            && let Some(v4) = v6.to_ipv4_mapped()
            && random.once_in(2)
        {
            address = v4.into();
        }
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = match random.below(4) {
            0 => most,
            1 => most - 1,
            _ => u8::try_from(random.below(usize::from(most) + 1)).expect("at most 128"),
        };
        list.push((address, bits));
    }
    let (field, side) = random.pick(&[("src", Side::Local), ("dst", Side::Peer)]);
    let mut text = format!("{field} in (");
    for (index, (address, bits)) in list.iter().enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        let _ = match address {
            IpAddr::V4(address) => write!(text, "{comma}{address}/{bits}"),
            IpAddr::V6(address) => write!(text, "{comma}[{address}]/{bits}"),
        };
    }
    (text + ")", Meaning::Networks(side, list))
}

fn endpoint(world: &World, random: &mut Random) -> (String, Meaning) {
    let socket = world.some_socket(random);
    let (address, port) =
        random.pick(&[(socket.local, socket.local_port), (socket.peer, socket.peer_port), (socket.peer, 80)]);
    let end = std::net::SocketAddr::new(address, port);
    (end.to_string(), Meaning::Endpoint(address, port))
}

fn device(world: &World, random: &mut Random) -> (String, Meaning) {
    let own = world.some_socket(random).ifindex.max(1);
    let mut ifindex = || random.pick(&[1, 1, 2, 3, own]);
    let (one, other) = (ifindex(), ifindex());
    match random.below(8) {
        0 | 1 => (format!("dev = if{one}"), Meaning::Device(one)),
        2 => (format!("dev = {one}"), Meaning::Device(one)),
        3 => (format!("ifindex in (0, {other})"), Meaning::Ifindex(vec![(0, 0), (other, other)])),
        4 => (format!("ifindex <= {one}"), Meaning::Ifindex(vec![(0, one)])),
        5 => (format!("ifindex in ({one}, {other})"), Meaning::Ifindex(vec![(one, one), (other, other)])),
        _ => (format!("ifindex = {one}"), Meaning::Ifindex(vec![(one, one)])),
    }
}

fn mark(world: &World, random: &mut Random) -> (String, Meaning) {
    let own = world.some_socket(random).mark.unwrap_or(0);
    let value = random.pick(&[own, own, 0, 1, 0x1f]);
    if random.once_in(2) {
        return (format!("mark = {value:#x}"), Meaning::Mark(value, u32::MAX));
    }
    let mask = random.pick(&[0xff, 0x10, 0xff00, 0x8000_0000, u32::MAX]);
    (format!("fwmark = {:#x}/{mask:#x}", value & mask), Meaning::Mark(value & mask, mask))
}

fn cgroup(world: &World, random: &mut Random) -> (String, Meaning) {
    let own = world.some_socket(random).cgroup;
    let with_one = || world.inet.iter().filter_map(|known| known.facts.cgroup);
    let rarest = with_one().max().unwrap_or(1);
    let id = random.pick(&[own.unwrap_or(1), rarest, 4_000_000_007]);
    (format!("cgroup = /{id}"), Meaning::Cgroup(id))
}

fn protocols(random: &mut Random, vocabulary: Vocabulary) -> (String, Meaning) {
    if vocabulary == Vocabulary::All && random.once_in(3) {
        return (random.pick(&["unix", "packet", "netlink", "netid != unix"]).to_owned(), Meaning::Beyond);
    }
    let first = random.pick(&INET);
    let second = random.pick(&INET);
    (format!("{} {}", first.name(), second.name()), Meaning::Protocols(vec![first, second]))
}

fn states(random: &mut Random) -> (String, Meaning) {
    let states: Vec<_> = (0..=random.below(5)).map(|_| random.pick(&STATES)).collect();
    (states.join(" "), Meaning::States(states))
}
