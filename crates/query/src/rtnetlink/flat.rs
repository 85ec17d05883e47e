//! Fields that are put together from several parts of a message: a destination and its prefix length, a table number
//! that is in a byte or in an attribute.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use sockeye_wire::rtnetlink::record::Route;
use sockeye_wire::rtnetlink::{AF_INET, AF_INET6, Table};
use sockeye_wire::{Meaning, Scalar};

use super::names;
use super::row::Row;
use crate::tree::address;
use crate::value::from_number;
use crate::{Context, InterfaceName, Value};

/// A field made by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flat {
    /// The network namespace.
    Namespace,
    /// The address of an interface with its prefix length.
    Ip,
    /// Flags of an address: a byte, or 32 bits in an attribute.
    AddressFlags,
    /// Destination of a route, or what a rule wants the destination to be.
    Destination,
    /// Source of a route, or what a rule wants the source to be.
    Source,
    /// Routing table of a route or a rule.
    RoutingTable,
    /// Next hops of a route.
    Gateways,
    /// Links that a route leads to.
    Devices,
    /// Preference of a rule.
    RulePriority,
    /// Mark of a rule with its mask.
    RuleMark,
    /// The link itself.
    Link,
}

/// `IFA_ADDRESS`, `IFA_LOCAL`, `IFA_ANYCAST`, `IFA_MULTICAST`, `IFA_FLAGS` (include/uapi/linux/if_addr.h).
const IFA: [u16; 5] = [1, 2, 5, 7, 8];
/// `RTA_DST`, `RTA_SRC` and `FRA_DST`, `FRA_SRC` (include/uapi/linux/rtnetlink.h, fib_rules.h).
const DST: u16 = 1;
const SRC: u16 = 2;
/// `RTA_TABLE`, and `FRA_TABLE`, which has the same number.
const TABLE: u16 = 15;
/// `FRA_PRIORITY`, `FRA_FWMARK`, `FRA_FWMASK`.
const PRIORITY: u16 = 6;
const FWMARK: u16 = 10;
const FWMASK: u16 = 16;
/// Places of `rtm_dst_len`, `rtm_src_len`, `rtm_table`; those of `struct fib_rule_hdr` are the same.
const DST_LEN_AT: usize = 1;
const SRC_LEN_AT: usize = 2;
const TABLE_AT: usize = 4;
/// Place of `ifa_prefixlen` and `ifa_flags`.
const PREFIX_LEN_AT: usize = 1;
const FLAGS_AT: usize = 2;

impl Flat {
    /// The value in a row.
    pub(crate) fn value<'a>(self, row: &Row<'a>) -> Option<Value<'a>> {
        match self {
            Self::Namespace => row.context.namespace().map(Value::Text),
            Self::Ip => {
                let [address_at, local, anycast, multicast, _] = IFA;
                let bytes = [local, address_at, multicast, anycast].into_iter().find_map(|it| row.attribute(it))?;
                // What is listened to or shared has no network.
                let prefix_len = match row.table {
                    Table::Addresses => row.byte(PREFIX_LEN_AT),
                    _ => u8::try_from(bytes.len() * 8).unwrap_or(u8::MAX),
                };
                Some(Value::Network { address: address(bytes)?, prefix_len })
            }
            Self::AddressFlags => {
                let wide = row.attribute(IFA[4]).and_then(|bytes| Scalar::U32.read(bytes, 0));
                let bits = wide.unwrap_or_else(|| row.byte(FLAGS_AT).into());
                Some(Value::Set { bits, names: names::ADDRESS_FLAGS })
            }
            Self::Destination => network(row, DST, DST_LEN_AT),
            Self::Source => network(row, SRC, SRC_LEN_AT)
                .filter(|_| row.byte(SRC_LEN_AT) != 0 || row.table == Table::MulticastRoutes),
            Self::RoutingTable => {
                let wide = row.attribute(TABLE).and_then(|bytes| Scalar::U32.read(bytes, 0));
                let number = wide.unwrap_or_else(|| row.byte(TABLE_AT).into());
                // A rule that leads nowhere (blackhole, goto) has table 0.
                (number != 0 || row.table != Table::Rules)
                    .then(|| from_number(number, Scalar::U32, Meaning::OneOf(names::ROUTING_TABLES)))
            }
            Self::Gateways => Hops { what: What::Gateways, route: row.payload(), context: row.context }.value(),
            Self::Devices => Hops { what: What::Devices, route: row.payload(), context: row.context }.value(),
            Self::RulePriority => {
                let priority = row.attribute(PRIORITY).map_or(Some(0), |bytes| Scalar::U32.read(bytes, 0));
                priority.map(Value::Unsigned)
            }
            Self::Link => {
                let (index, name) = row.link_name()?;
                Some(Value::Interface { index, name: Some(InterfaceName::new(name)) })
            }
            Self::RuleMark => {
                let number = |attribute| row.attribute(attribute).and_then(|bytes| Scalar::U32.read(bytes, 0));
                // The kernel sends a mask with any mark, and a mark where it is not zero.
                let (mark, bits) = (number(FWMARK), number(FWMASK));
                let text = match (mark.unwrap_or(0), bits) {
                    (0, None) => return None,
                    (mark, None | Some(0xffff_ffff)) => format!("{mark:#x}"),
                    (mark, Some(bits)) => format!("{mark:#x}/{bits:#x}"),
                };
                Some(Value::Owned(text.into_bytes()))
            }
        }
    }
}

/// What a route says of each of its next hops.
#[derive(Clone, Copy)]
pub(crate) struct Hops<'a> {
    what: What,
    route: &'a [u8],
    context: &'a dyn Context,
}

/// What of a next hop is meant.
#[derive(Clone, Copy)]
enum What {
    Gateways,
    Devices,
}

impl<'a> Hops<'a> {
    /// One value as it is, several as a list.
    fn value(self) -> Option<Value<'a>> {
        let mut values = self.values();
        let first = values.next()?;
        Some(if values.next().is_none() { first } else { Value::Several(self.into()) })
    }

    /// Each value, in the kernel's order.
    pub(crate) fn values(&self) -> Box<dyn Iterator<Item = Value<'a>> + 'a> {
        let Some(route) = Route::read(self.route) else { return Box::new(core::iter::empty()) };
        let context = self.context;
        match self.what {
            What::Gateways => {
                let gateways = route.gateway().into_iter().chain(route.hops().filter_map(|hop| hop.gateway()));
                Box::new(gateways.map(Value::Address))
            }
            What::Devices => {
                let indices = route.oif().into_iter().chain(route.hops().map(|hop| hop.oif()));
                Box::new(indices.map(move |index| Value::Interface { index, name: context.interface(index) }))
            }
        }
    }
}

/// A network: an attribute and a length of the structure. Without attribute it is everything there is of the family.
fn network<'a>(row: &Row<'a>, attribute: u16, len_at: usize) -> Option<Value<'a>> {
    let prefix_len = row.byte(len_at);
    match (row.attribute(attribute), row.family()) {
        (Some(bytes), AF_INET | AF_INET6 | 128 | 129) => Some(Value::Network { address: address(bytes)?, prefix_len }),
        (Some(bytes), _) => {
            let label = Scalar::Be32.read(bytes, 0)? >> 12;
            Some(Value::Owned(label.to_string().into_bytes()))
        }
        // A rule without a source says nothing of it.
        (None, _) if row.table == Table::Rules => None,
        (None, AF_INET) => Some(Value::Network { address: IpAddr::V4(Ipv4Addr::UNSPECIFIED), prefix_len }),
        (None, AF_INET6) => Some(Value::Network { address: IpAddr::V6(Ipv6Addr::UNSPECIFIED), prefix_len }),
        (None, _) => None,
    }
}
