//! The addresses of a network namespace: a packet for another one is only passed on there.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use sockeye_conn::{Buffer, Error, Namespace, Socket};
use sockeye_query::filter::Network;
use sockeye_state::lives::Time;
use sockeye_state::rtnetlink::each_record;
use sockeye_state::{Dump, Step};
use sockeye_wire::rtnetlink::record::Route;
use sockeye_wire::rtnetlink::{AF_INET, Table, Wanted};

use super::now;
use crate::tables;

/// Types of routes to what the host is itself (include/uapi/linux/rtnetlink.h): `RTN_LOCAL`, `RTN_BROADCAST` and `RTN_ANYCAST`.
const OWN: [u8; 3] = [2, 3, 4];

/// The table that has them, `RT_TABLE_LOCAL`.
const LOCAL: u32 = 255;

/// What a network namespace takes for itself, as its routes say it: beside its addresses whole networks, if somebody wants that, and
/// what all on a link are meant by.
#[derive(Default)]
pub(crate) struct Local {
    addresses: HashSet<IpAddr>,
    networks: Vec<Network>,
}

impl Local {
    /// What is to be asked of the table of routes.
    pub(crate) fn wanted() -> Wanted {
        Wanted { table: Some(LOCAL), ..Wanted::default() }
    }

    /// Takes a route, if it is one of those.
    pub(crate) fn take(&mut self, record: &[u8]) {
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
        ip.is_loopback() || self.addresses.contains(&ip) || self.networks.iter().any(|network| network.contains(ip))
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
        for dump in Table::Routes.dumps(&Local::wanted()) {
            let mut run = Dump::new(self.socket.send(dump.request)?);
            let known = &mut self.known;
            while run.handle(self.socket.receive(&mut self.buffer)?, |message| {
                each_record(Table::Routes, message.payload(), &mut Vec::new(), &mut |record| known.take(record));
            }) == Step::Continue
            {}
            is_whole &= run.into_conclusion().is_whole();
        }
        Ok(is_whole)
    }
}

#[cfg(test)]
mod tests {
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
                let ran = std::process::Command::new("ip").args(line.split(' ')).status().expect("it is there");
                assert!(ran.success(), "{line}");
            };
            let has = |ip: &str| OwnAddresses::open(None).expect("a socket").has(ip.parse().expect("an address"));
            ip("link set lo down");
            assert!(!has("10.9.0.1") && !has("fd09::1"), "there is no such table yet");
            ip("link set lo up");
            ip("link add v0 type veth peer name v1");
            ip("link set v0 up");
            ip("link set v1 up");
            ip("address add 10.9.0.1/16 dev v0");
            ip("address add fd09::1/64 dev v0 nodad");
            assert!(has("10.9.0.1") && has("::ffff:10.9.0.1") && has("fd09::1"));
            assert!(!has("10.9.0.7") && !has("fd09::7"));
            // What all on the link are meant by is for this host too.
            assert!(has("10.9.255.255"));
            assert!(!has("10.8.77.7"));
            ip("route add local 10.8.0.0/16 dev lo");
            ip("-6 route add local fd08::/16 dev lo table local");
            assert!(has("10.8.77.7") && has("fd08::77"));
            ip("route add local 10.7.0.0/16 dev lo table 90");
            assert!(!has("10.7.0.1"), "rules decide who is led there");
            Ok(())
        });
    }
}
