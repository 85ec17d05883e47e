//! Which interface a record belongs to, where its table has records of interfaces that can be told apart from afar.

use sockeye_wire::Attributes;
use sockeye_wire::rtnetlink::{AF_INET, AF_INET6, Table};

use super::Tables;
use super::number::RTA_OIF;

/// The tables of which only the records of some interfaces can be followed.
pub const BY_INTERFACE: Tables = Tables::one(Table::Addresses).with(Table::Routes).with(Table::Neighbours);

/// The interface of a record of these tables; `None` where it has none, or several, or where it cannot be told: a route
/// with several next hops, one that leads nowhere, one of another family.
pub fn interface(table: Table, record: &[u8]) -> Option<u32> {
    let number = |bytes: &[u8]| bytes.first_chunk().map(|bytes| u32::from_ne_bytes(*bytes));
    match table {
        // struct ifaddrmsg, struct ndmsg.
        Table::Addresses | Table::Neighbours => number(record.get(4..)?),
        Table::Routes if matches!(record.first(), Some(&(AF_INET | AF_INET6))) => {
            number(Attributes::new(record.get(table.header_len()..)?).last(RTA_OIF)?)
        }
        _ => None,
    }
}
