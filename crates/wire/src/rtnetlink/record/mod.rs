//! Records as types: what programs want of links, addresses, routes and their kin, by name.
//!
//! A record is the payload of one message, as a dump, a notification or a mirror has it. Each view borrows it and reads on
//! demand; what the kernel did not send is `None`. Everything else that a record says is found through the table of its
//! attributes ([`Table::space`]).

mod address;
mod link;
mod neighbour;
mod nexthop;
mod qdisc;
mod route;
mod rule;

pub use address::Address;
pub use link::Link;
pub use neighbour::Neighbour;
pub use nexthop::Nexthop;
pub use qdisc::Qdisc;
pub use route::{Hop, Route};
pub use rule::Rule;

use core::net::IpAddr;

use crate::rtnetlink::Table;
use crate::{Attributes, Scalar};

/// A record of any table.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Record<'a> {
    /// A network interface.
    Link(Link<'a>),
    /// An address of an interface.
    Address(Address<'a>),
    /// A route.
    Route(Route<'a>),
    /// A rule that chooses a routing table.
    Rule(Rule<'a>),
    /// A neighbour.
    Neighbour(Neighbour<'a>),
    /// A nexthop object.
    Nexthop(Nexthop<'a>),
    /// A queueing discipline.
    Qdisc(Qdisc<'a>),
    /// A record of a table that has no type of its own.
    Other(Table, &'a [u8]),
}

impl<'a> Record<'a> {
    /// Reads a record of this table. `None`: it is shorter than the family's fixed structure.
    pub fn read(table: Table, bytes: &'a [u8]) -> Option<Self> {
        let fields = Fields::read(table, bytes)?;
        Some(match table {
            Table::Links => Self::Link(Link(fields)),
            Table::Addresses => Self::Address(Address(fields)),
            Table::Routes => Self::Route(Route(fields)),
            Table::Rules => Self::Rule(Rule(fields)),
            Table::Neighbours => Self::Neighbour(Neighbour(fields)),
            Table::Nexthops => Self::Nexthop(Nexthop(fields)),
            Table::Qdiscs => Self::Qdisc(Qdisc(fields)),
            other => Self::Other(other, bytes),
        })
    }
}

/// The bytes of a record: the family's fixed structure and the attributes behind it.
#[derive(Clone, Copy, Debug)]
struct Fields<'a> {
    header: &'a [u8],
    attributes: &'a [u8],
}

impl<'a> Fields<'a> {
    fn read(table: Table, bytes: &'a [u8]) -> Option<Self> {
        let (header, _) = bytes.split_at_checked(table.header_len())?;
        let attributes = bytes.get(table.header_len().next_multiple_of(4)..).unwrap_or_default();
        Some(Self { header, attributes })
    }

    fn byte(&self, at: usize) -> u8 {
        self.header.get(at).copied().unwrap_or_default()
    }

    fn header_u32(&self, at: usize) -> u32 {
        Scalar::U32.read(self.header, at).and_then(|number| u32::try_from(number).ok()).unwrap_or_default()
    }

    fn payload(&self, number: u16) -> Option<&'a [u8]> {
        Attributes::new(self.attributes).last(number)
    }

    fn u32(&self, number: u16) -> Option<u32> {
        Scalar::U32.read(self.payload(number)?, 0).and_then(|number| u32::try_from(number).ok())
    }

    fn text(&self, number: u16) -> Option<&'a [u8]> {
        self.payload(number).map(crate::text)
    }

    fn address(&self, number: u16) -> Option<IpAddr> {
        address_of(self.payload(number)?)
    }
}

/// An address of IPv4 or IPv6, by its length.
fn address_of(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.len() {
        4 => bytes.first_chunk::<4>().map(|octets| IpAddr::from(*octets)),
        16 => bytes.first_chunk::<16>().map(|octets| IpAddr::from(*octets)),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
