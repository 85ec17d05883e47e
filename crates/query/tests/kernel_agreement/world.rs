//! The sockets that filters are tried on: every kind of the zoo, and a crowd of random UDP sockets.

use std::collections::{BTreeSet, HashMap};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use sockeye_query::sockets::{OwnerPart, Peer, SocketRow, Surroundings, Table};
use sockeye_query::{Names, Value};
use sockeye_wire::Version;
use sockeye_wire::sock_diag::bytecode::{Condition, Test};
use sockeye_zoo::{KINDS, Specimen, UdpWish, Zoo};

use crate::agreement;
use crate::facts::Facts;
use crate::kernel::{INET, Kernel};
use crate::random::Random;

/// Sockets of the crowd.
const CROWD: usize = 250;

/// A row as it came, and what is known of its socket.
pub(crate) struct Known {
    pub(crate) facts: Facts,
    pub(crate) row: Vec<u8>,
}

/// Times that a check may fail before it counts: a wrong program fails every time, a socket in TIME-WAIT ends once.
const ATTEMPTS_MAX: usize = 4;

/// Kinds of the zoo that are tried, by the start of their names. Others are no part of a network namespace, so that
/// tests would meet each other's.
const FAMILIES: [&str; 7] = ["tcp", "mptcp", "udp", "raw", "unix", "packet", "netlink"];

/// Their tables, but for those of the internet.
const OTHERS: [Table; 3] = [Table::Unix, Table::Packet, Table::Netlink];

/// Whether the sockets of a table are part of it: those of other families are none of a network namespace, and a kernel that has them has
/// some of its own.
pub(crate) fn has(table: Table) -> bool {
    INET.contains(&table) || OTHERS.contains(&table)
}

/// Everything there is.
pub(crate) struct World {
    pub(crate) kernel: Kernel,
    /// Every internet socket.
    pub(crate) inet: Vec<Known>,
    /// Every other socket.
    pub(crate) others: Vec<(Table, Vec<u8>)>,
    /// Names behind numbers, and owners.
    pub(crate) surroundings: Invented,
    /// Sockets of the crowd, and whether the kernel chose their ports.
    automatic: HashMap<u64, bool>,
    /// Sockets of which the kernel's own test says that it chose their ports.
    autobound: BTreeSet<(Table, u64)>,
    crowd: Vec<Specimen>,
}

impl World {
    /// The specimens and a crowd.
    pub(crate) fn new(zoo: &Zoo, specimens: &[Specimen], seed: u64) -> Self {
        let mut random = Random::new(seed);
        let mut crowd = Vec::new();
        let mut automatic = HashMap::new();
        while crowd.len() < CROWD {
            let wish = wish(&mut random);
            // A specimen may have the port to itself.
            let Some(socket) = zoo.udp(&wish).expect("UDP is everywhere") else { continue };
            let cookie = socket.expected("bound").cookie.expect("an open socket has one");
            automatic.insert(cookie, wish.local.port() == 0);
            crowd.push(socket);
        }

        let mut world = Self {
            kernel: Kernel::open(),
            inet: Vec::new(),
            others: Vec::new(),
            surroundings: Invented { cgroups: HashMap::new() },
            automatic,
            autobound: BTreeSet::new(),
            crowd,
        };
        world.look_again();
        hold_against(&world.inet, specimens.iter().chain(&world.crowd));
        world
    }

    /// Reads everything anew.
    fn look_again(&mut self) {
        let mut inet = Vec::new();
        for table in INET {
            for row in self.kernel.everything(table).into_iter().flatten() {
                let mut facts = Facts::read(table, &row);
                facts.automatic_port = self.automatic.get(&facts.cookie).copied();
                inet.push(Known { facts, row });
            }
        }
        let ids: BTreeSet<u64> = inet.iter().filter_map(|known| known.facts.cgroup).collect();
        self.surroundings.cgroups = ids.into_iter().map(|id| (id, format!("/{id}").into_bytes())).collect();
        self.others = OTHERS
            .into_iter()
            .flat_map(|table| self.kernel.everything(table).into_iter().flatten().map(move |row| (table, row)))
            .collect();
        self.inet = inet;
        let program = Condition::Test(Test::AutomaticPort).assemble().expect("one test");
        self.autobound = agreement::kernel_takes(self, &program).expect("every kernel knows this test");
    }

    /// What the kernel's own test says of the port of a socket.
    pub(crate) fn autobound(&self, table: Table, cookie: Option<u64>) -> Option<bool> {
        let runs_programs = INET.contains(&table);
        runs_programs.then(|| cookie.is_some_and(|cookie| self.autobound.contains(&(table, cookie))))
    }

    /// Repeats a check that failed, on the sockets that there are then: some pass away while they are asked about.
    pub(crate) fn settled<T>(&mut self, check: impl Fn(&mut Self) -> Result<T, String>) -> Result<T, String> {
        for _ in 1..ATTEMPTS_MAX {
            if let Ok(checked) = check(self) {
                return Ok(checked);
            }
            self.look_again();
        }
        check(self)
    }

    pub(crate) fn some_socket(&self, random: &mut Random) -> &Facts {
        &self.inet[random.below(self.inet.len())].facts
    }
}

/// One of each kind. What this kernel lacks is named by the tests of the zoo itself.
pub(crate) fn specimens(zoo: &Zoo) -> Vec<Specimen> {
    let listed = KINDS.iter().filter(|(name, _)| FAMILIES.iter().any(|family| name.starts_with(family)));
    listed.filter_map(|(_, make)| make(zoo).ok()).collect()
}

/// What the kernel says of the sockets is what they were made to be.
fn hold_against<'s>(inet: &[Known], sockets: impl Iterator<Item = &'s Specimen>) {
    let by_cookie: HashMap<_, _> = inet.iter().map(|known| ((known.facts.table, known.facts.cookie), known)).collect();
    let mut held = 0;
    for expected in sockets.flat_map(Specimen::all) {
        let found = expected
            .cookie
            .and_then(|cookie| INET.iter().find_map(|&table| by_cookie.get(&(table, cookie))))
            .filter(|known| known.facts.table.ip_protocol().map(i32::from) == Some(expected.protocol));
        if let Some(found) = found {
            found.facts.check(expected);
            held += 1;
        }
    }
    assert!(held > CROWD, "only {held} sockets were found again");
}

/// A UDP socket that differs from the others in something a filter can see.
fn wish(random: &mut Random) -> UdpWish {
    let byte = |random: &mut Random| random.pick(&[0, 1, 2, 3, 4, 127, 128, 254, 255]);
    let near =
        |random: &mut Random| Ipv4Addr::new(127, byte(random), byte(random), random.pick(&[1, 2, 3, 4, 128, 254]));
    let far = |random: &mut Random| Ipv4Addr::new(10, byte(random), byte(random), byte(random));
    let far_v6 = |random: &mut Random| {
        let half = |random: &mut Random| random.pick(&[0, 1, 2, 0x7fff, 0x8000, 0xffff]);
        Ipv6Addr::new(0x2001, 0xdb8, half(random), half(random), half(random), half(random), half(random), half(random))
    };
    let near_v6 =
        |random: &mut Random| random.pick(&["::1", "fd00:5eed::a", "fd00:5eed::b"]).parse::<Ipv6Addr>().expect("one");
    let connects = random.once_in(2);
    let (local, peer): (IpAddr, IpAddr) = match random.below(8) {
        0 | 1 => (near(random).into(), near(random).into()),
        2 => (near(random).to_ipv6_mapped().into(), near(random).to_ipv6_mapped().into()),
        3 => (near_v6(random).into(), near_v6(random).into()),
        4 => (Ipv4Addr::UNSPECIFIED.into(), near(random).into()),
        5 => (Ipv6Addr::UNSPECIFIED.into(), near_v6(random).into()),
        6 if connects => (Ipv6Addr::UNSPECIFIED.into(), near(random).to_ipv6_mapped().into()),
        6 => (far(random).to_ipv6_mapped().into(), Ipv6Addr::LOCALHOST.into()),
        _ if connects => (near(random).into(), near(random).into()),
        _ if random.once_in(2) => (far(random).into(), Ipv4Addr::LOCALHOST.into()),
        _ => (far_v6(random).into(), Ipv6Addr::LOCALHOST.into()),
    };
    let port = |random: &mut Random| match random.below(4) {
        0 => random.pick(&[1, 22, 80, 255, 256, 443, 0x1234, 0x3412, 32767, 32768, 65534, 65535]),
        _ => random.port().max(1),
    };
    let local_port = if random.once_in(3) { 0 } else { port(random) };
    UdpWish {
        local: SocketAddr::new(local, local_port),
        peer: connects.then(|| SocketAddr::new(peer, port(random))),
        mark: random.pick(&[0, 0, 1, 0x10, 0x1f, 0xff00, 0x8000_0000, u32::MAX]),
        on_loopback: random.once_in(4),
    }
}

/// Names and owners that follow from numbers alone.
pub(crate) struct Invented {
    /// Paths of the control groups that sockets are in.
    cgroups: HashMap<u64, Vec<u8>>,
}

impl Surroundings for Invented {
    fn interface(&self, ifindex: u32) -> Option<Vec<u8>> {
        Some(format!("if{ifindex}").into_bytes())
    }
    fn user(&self, _: u32) -> Option<&[u8]> {
        None
    }
    fn cgroup(&self, id: u64) -> Option<&[u8]> {
        self.cgroups.get(&id).map(Vec::as_slice)
    }
    fn owners(&self, inode: u32, part: OwnerPart) -> Option<Value<'_>> {
        let name: &[u8] = [&b"nginx"[..], b"envoy", b"sshd"][inode as usize % 3];
        match part {
            OwnerPart::Process => Some(Value::List(vec![Value::Text(name)])),
            OwnerPart::Pid => Some(Value::List(vec![Value::Unsigned(u64::from(inode % 7))])),
            _ => None,
        }
    }
    fn peer(&self, _: &SocketRow<'_>) -> Option<Peer> {
        None
    }
    fn kernel(&self) -> Version {
        Version(6, 18)
    }
    fn namespace(&self) -> Option<&[u8]> {
        None
    }
}

/// The numbers behind the names of [`Invented`].
pub(crate) struct Numbered;

impl Names for Numbered {
    fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, String> {
        Err(format!("no host {host}"))
    }
    fn port(&self, service: &str) -> Result<u16, String> {
        Err(format!("no service {service}"))
    }
    fn user(&self, name: &str) -> Result<u32, String> {
        Err(format!("no user {name}"))
    }
    fn user_name(&self, _: u32) -> Option<String> {
        None
    }
    fn interface(&self, name: &str) -> Result<Option<u32>, String> {
        Ok(name.strip_prefix("if").and_then(|index| index.parse().ok()))
    }
    fn cgroup(&self, path: &str) -> Result<(u64, Vec<u8>), String> {
        let id = path.trim_start_matches('/').parse().map_err(|_| format!("no cgroup {path}"))?;
        Ok((id, path.as_bytes().to_vec()))
    }
}
