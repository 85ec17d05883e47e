//! The addresses of a network namespace: a packet for another one is only passed on there.

use std::collections::HashSet;
use std::net::IpAddr;
use std::time::Duration;

use sockeye_conn::{Buffer, Error, Namespace, Socket};
use sockeye_state::lives::Time;
use sockeye_state::rtnetlink::each_record;
use sockeye_state::{Dump, Step};
use sockeye_wire::rtnetlink::record::Address;
use sockeye_wire::rtnetlink::{Table, Wanted};

use super::now;
use crate::tables;

/// Time between two looks for an address that was not there.
const LOOKS_EVERY: Duration = Duration::from_secs(1);

/// The addresses, as they were at the last look.
pub(crate) struct OwnAddresses {
    socket: Socket,
    buffer: Buffer,
    known: HashSet<IpAddr>,
    /// When they were looked at, and whether all were seen.
    looked: Option<(Time, bool)>,
}

impl OwnAddresses {
    pub(crate) fn open(namespace: Option<&Namespace>) -> Result<Self, Error> {
        Ok(Self { socket: tables::open(namespace)?, buffer: Buffer::new(), known: HashSet::new(), looked: None })
    }

    /// Whether this is one of them, as far as is known: it is where the kernel does not tell all of them.
    pub(crate) fn has(&mut self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        if ip.is_loopback() || self.known.contains(&ip) {
            return true;
        }
        let at = now();
        if self.looked.is_none_or(|(looked, _)| at >= looked + LOOKS_EVERY) {
            let is_whole = self.look().unwrap_or(false);
            self.looked = Some((at, is_whole));
        }
        self.known.contains(&ip) || self.looked.is_none_or(|(_, is_whole)| !is_whole)
    }

    /// Asks for them. `false`: not all of them were told.
    fn look(&mut self) -> Result<bool, Error> {
        self.known.clear();
        let mut is_whole = true;
        for dump in Table::Addresses.dumps(&Wanted::default()) {
            let mut run = Dump::new(self.socket.send(dump.request)?);
            let known = &mut self.known;
            while run.handle(self.socket.receive(&mut self.buffer)?, |message| {
                each_record(Table::Addresses, message.payload(), &mut Vec::new(), &mut |record| {
                    known.extend(
                        Address::read(record).and_then(|address| address.address()).map(|ip| ip.to_canonical()),
                    );
                });
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
}
