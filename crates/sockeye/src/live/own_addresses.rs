//! The addresses of a network namespace: a packet for another one is only passed on there.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use sockeye_conn::{Buffer, Error, Namespace, Socket};
use sockeye_query::filter::Network;
use sockeye_state::lives::Time;
use sockeye_state::rtnetlink::each_record;
use sockeye_state::{Dump, Step};
use sockeye_wire::rtnetlink::record::{Address, Route};
use sockeye_wire::rtnetlink::{AF_INET, Table, Wanted};

use super::now;
use crate::tables;

/// Types of routes to what the host is itself (include/uapi/linux/rtnetlink.h): `RTN_LOCAL`, `RTN_BROADCAST` and `RTN_ANYCAST`.
const OWN: [u8; 3] = [2, 3, 4];

/// The table that has them, `RT_TABLE_LOCAL`: of what is in a VRF, whose table has its own, the addresses are known all the same.
const LOCAL: u32 = 255;

/// `ENOENT`: nothing ever was in the table.
const NO_TABLE: i32 = 2;

/// What a network namespace takes for itself: its addresses, and as its routes say it whole networks, if somebody wants that, and what
/// all on a link are meant by.
#[derive(Default)]
pub(crate) struct Local {
    addresses: HashSet<IpAddr>,
    networks: Vec<Network>,
}

impl Local {
    /// The tables that say it, and what is to be asked of each.
    pub(crate) fn tables() -> [(Table, Wanted); 2] {
        let of_routes = Wanted { table: Some(LOCAL), ..Wanted::default() };
        [(Table::Addresses, Wanted::default()), (Table::Routes, of_routes)]
    }

    /// Takes a record of one of these tables.
    pub(crate) fn take(&mut self, table: Table, record: &[u8]) {
        if table == Table::Addresses {
            let address = Address::read(record).filter(|address| !is_tentative(address.flags()));
            self.addresses.extend(address.and_then(|address| address.address()).map(|address| address.to_canonical()));
            return;
        }
        let Some(route) = Route::read(record).filter(|route| route.table() == LOCAL && OWN.contains(&route.kind()))
        else {
            return;
        };
        let (address, prefix_len) = route.destination().unwrap_or(if route.family() == AF_INET {
            (Ipv4Addr::UNSPECIFIED.into(), 0)
        } else {
            (Ipv6Addr::UNSPECIFIED.into(), 0)
        });
        self.add(Network::new(address, prefix_len));
    }

    /// It is among it from now on.
    pub(crate) fn add(&mut self, network: Network) {
        if network == Network::host(network.address) {
            self.addresses.insert(network.address.to_canonical());
        } else {
            self.networks.push(network);
        }
    }

    /// Whether this is among it.
    pub(crate) fn has(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        ip.is_loopback()
            || is_of_link(ip)
            || self.addresses.contains(&ip)
            || self.networks.iter().any(|network| network.contains(ip))
    }
}

/// Whether nothing is taken for the address yet, as somebody else may have it (`IFA_F_TENTATIVE` without `IFA_F_OPTIMISTIC`,
/// include/uapi/linux/if_addr.h).
fn is_tentative(flags: u32) -> bool {
    flags & 0x44 == 0x40
}

/// Whether it stays on the link whoever gets it: nobody passes it on.
fn is_of_link(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_broadcast() || matches!(ip.octets(), [224, 0, 0, _]),
        // Scopes 1 and 2 (RFC 4291, 2.7).
        IpAddr::V6(ip) => ip.is_multicast() && matches!(ip.octets()[1] & 15, 1 | 2),
    }
}

/// Time between two looks for an address that was not there.
const LOOKS_EVERY: Duration = Duration::from_secs(1);

/// The addresses, as they were at the last look.
pub(crate) struct OwnAddresses {
    socket: Socket,
    buffer: Buffer,
    known: Local,
    /// When they were looked at, and whether all were seen.
    looked: Option<(Time, bool)>,
}

impl OwnAddresses {
    pub(crate) fn open(namespace: Option<&Namespace>) -> Result<Self, Error> {
        Ok(Self { socket: tables::open(namespace)?, buffer: Buffer::new(), known: Local::default(), looked: None })
    }

    /// Whether this is one of them, as far as is known: it is where the kernel does not tell all of them.
    pub(crate) fn has(&mut self, ip: IpAddr) -> bool {
        if self.known.has(ip) {
            return true;
        }
        let at = now();
        if self.looked.is_none_or(|(looked, _)| at >= looked + LOOKS_EVERY) {
            let is_whole = self.look().unwrap_or(false);
            self.looked = Some((at, is_whole));
        }
        self.known.has(ip) || self.looked.is_none_or(|(_, is_whole)| !is_whole)
    }

    /// Asks for them. `false`: not all of them were told.
    fn look(&mut self) -> Result<bool, Error> {
        self.known = Local::default();
        let mut is_whole = true;
        let dumps = Local::tables()
            .into_iter()
            .flat_map(|(table, wanted)| table.dumps(&wanted).into_iter().map(move |dump| (table, dump)));
        for (table, dump) in dumps {
            let mut run = Dump::new(self.socket.send(dump.request)?);
            let known = &mut self.known;
            while run.handle(self.socket.receive(&mut self.buffer)?, |message| {
                each_record(table, message.payload(), &mut Vec::new(), &mut |record| known.take(table, record));
            }) == Step::Continue
            {}
            let conclusion = run.into_conclusion();
            let is_empty = conclusion.messages == 0
                && conclusion.refusal.as_ref().is_some_and(|refusal| refusal.errno == NO_TABLE);
            is_whole &= is_empty || conclusion.is_whole();
        }
        Ok(is_whole)
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn addresses_of_loopback_are_everybodys_and_those_of_the_documentation_nobodys() {
        let mut own = OwnAddresses::open(None).expect("a socket");
        for (ip, is_own) in [("127.0.0.7", true), ("::1", true), ("::ffff:127.0.0.1", true), ("192.0.2.77", false)] {
            assert_eq!(own.has(ip.parse().expect("an address")), is_own, "{ip}");
        }
    }

    #[test]
    fn what_a_namespace_takes_for_itself_is_more_than_its_addresses() {
        sockeye_zoo::in_namespace(|_| {
            let ip = |line: &str| {
                let ran = Command::new("ip").args(line.split(' ')).status().expect("it is there");
                assert!(ran.success(), "{line}");
            };
            let has = |ip: &str| OwnAddresses::open(None).expect("a socket").has(ip.parse().expect("an address"));
            assert!(!has("10.9.0.1") && !has("fd09::1"));
            ip("link add v0 type veth peer name v1");
            ip("link set v0 up");
            ip("link set v1 up");
            ip("address add 10.9.0.1/16 dev v0");
            ip("address add fd09::1/64 dev v0 nodad");
            assert!(has("10.9.0.1") && has("::ffff:10.9.0.1") && has("fd09::1"));
            assert!(!has("10.9.0.7") && !has("fd09::7"));
            // Without a carrier nobody is asked whether he has it.
            ip("link add w0 type veth peer name w1");
            ip("link set w0 up");
            ip("address add fd07::1/64 dev w0");
            assert!(!has("fd07::1"));
            // What all on the link are meant by is for this host too.
            assert!(has("10.9.255.255") && has("255.255.255.255") && has("224.0.0.251") && has("ff02::fb"));
            assert!(!has("239.7.7.7") && !has("ff0e::7"), "these may be passed on");
            assert!(!has("10.8.77.7"));
            ip("route add local 10.8.0.0/16 dev lo");
            ip("-6 route add local fd08::/16 dev lo table local");
            assert!(has("10.8.77.7") && has("fd08::77"));
            // As in a VRF, whose table has it.
            ip("route delete local 10.9.0.1 dev v0 table local");
            assert!(has("10.9.0.1"));
            ip("route add local 10.7.0.0/16 dev lo table 90");
            assert!(!has("10.7.0.1"), "rules decide who is led there");
            Ok(())
        });
    }

    #[test]
    fn a_table_that_nothing_ever_was_in_is_empty() {
        sockeye_zoo::in_namespace(|_| {
            // In the one that the test is in the loopback device is up.
            let child = Command::new("unshare").args(["--net", "cat"]).stdin(Stdio::piped()).spawn();
            let mut child = child.map_err(|error| sockeye_zoo::Skip::new("program:unshare", error.to_string()))?;
            let spec = format!("/proc/{}/ns/net", child.id());
            let own = Namespace::current().expect("there is one").identity();
            let new = loop {
                let found = Namespace::open(spec.as_ref()).expect("it lives");
                if found.identity() != own {
                    break found;
                }
                std::thread::yield_now();
            };
            let ip = "10.9.0.1".parse().expect("an address");
            assert!(!OwnAddresses::open(Some(&new)).expect("a socket").has(ip));
            drop(child.stdin.take());
            child.wait().expect("a child of ours");
            Ok(())
        });
    }
}
