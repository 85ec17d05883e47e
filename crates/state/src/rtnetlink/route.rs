//! Routes: what makes one unique, and what becomes of an IPv6 route that loses one of its nexthops.
//!
//! IPv4 (net/ipv4/fib_trie.c, `fib_table_insert`): several routes can have the same prefix, TOS and priority, as long as
//! type, scope or `fib_info` differ. A replacement replaces the first of them, and only the new one is announced.
//!
//! IPv6 (net/ipv6/ip6_fib.c, `fib6_add_rt2node`): routes with a gateway and the same prefix and metric are one route with
//! several nexthops; those without, those of router advertisements and those with nexthop objects stand beside each
//! other. A nexthop that goes is announced alone.

use sockeye_wire::rtnetlink::{AF_INET, AF_INET6};
use sockeye_wire::{Attribute, Attributes, attribute};

use super::key;
#[allow(clippy::wildcard_imports, reason = "numbers of the kernel, each used once")]
use super::number::*;

/// Bytes of `struct rtmsg`.
const HEADER_LEN: usize = 12;
/// Bytes of `struct rtnexthop`: length, flags, hops, interface.
const NEXTHOP_LEN: usize = 8;

/// What a route says of itself.
#[derive(Default)]
struct Route<'a> {
    table: Option<&'a [u8]>,
    destination: Option<&'a [u8]>,
    source: Option<&'a [u8]>,
    priority: Option<&'a [u8]>,
    gateway: Option<&'a [u8]>,
    via: Option<&'a [u8]>,
    interface: Option<&'a [u8]>,
    multipath: Option<&'a [u8]>,
    nexthop_id: Option<&'a [u8]>,
    encapsulation: Option<&'a [u8]>,
}

impl<'a> Route<'a> {
    fn read(record: &'a [u8]) -> Self {
        let mut route = Self::default();
        for attribute in attributes(record) {
            let place = match attribute.number {
                RTA_TABLE => &mut route.table,
                RTA_DST => &mut route.destination,
                RTA_SRC => &mut route.source,
                RTA_PRIORITY => &mut route.priority,
                RTA_GATEWAY => &mut route.gateway,
                RTA_VIA => &mut route.via,
                RTA_OIF => &mut route.interface,
                RTA_MULTIPATH => &mut route.multipath,
                RTA_NH_ID => &mut route.nexthop_id,
                RTA_ENCAP => &mut route.encapsulation,
                _ => continue,
            };
            *place = Some(attribute.payload);
        }
        route
    }
}

fn attributes(record: &[u8]) -> impl Iterator<Item = Attribute<'_>> {
    Attributes::new(record.get(HEADER_LEN..).unwrap_or_default()).map_while(Result::ok)
}

fn flags(record: &[u8]) -> u32 {
    record.get(8..).and_then(|rest| rest.first_chunk()).map_or(0, |bytes| u32::from_ne_bytes(*bytes))
}

/// Whether the route is a cached exception, which no event tells of.
pub(super) fn is_cloned(record: &[u8]) -> bool {
    flags(record) & RTM_F_CLONED != 0
}

/// Writes the key of a route; see [`key::write`].
pub(super) fn write(record: &[u8], key: &mut Vec<u8>) -> usize {
    let Some(&header) = record.first_chunk::<HEADER_LEN>() else {
        key.extend_from_slice(record);
        return key.len();
    };
    let [family, dst_len, src_len, tos, table, protocol, scope, kind, ..] = header;
    let route = Route::read(record);
    key.extend_from_slice(&[family, dst_len, src_len, tos]);
    key.extend(route.table.and_then(key::number).unwrap_or(u32::from(table).to_ne_bytes()));
    key.extend(route.priority.and_then(key::number).unwrap_or_default());
    key::payload(route.destination, key);
    match family {
        AF_INET => {
            let group = key.len();
            identity4(record, &route, [protocol, scope, kind], key);
            return group;
        }
        AF_INET6 => {
            if src_len != 0 {
                key::payload(route.source, key);
            }
            let group = key.len();
            if is_joined(protocol, &route) {
                key.push(1);
            } else if route.nexthop_id.is_some() {
                key.push(2);
                key::payload(route.nexthop_id, key);
            } else {
                key.push(3);
                for payload in [route.interface, route.gateway, route.encapsulation] {
                    key::payload(payload, key);
                }
            }
            return group;
        }
        // MPLS (net/mpls/af_mpls.c): one route a label.
        _ => {}
    }
    key.len()
}

/// Whether IPv6 joins routes like this into one with several nexthops (`rt6_qualify_for_ecmp`).
///
/// The kernel goes by a flag that is not in the message; routes of router advertisements have it. Daemons that write
/// `proto ra` themselves do not set it: theirs are joined all the same, and [`Effect::Doubt`] covers that.
fn is_joined(protocol: u8, route: &Route<'_>) -> bool {
    route.nexthop_id.is_none()
        && (route.multipath.is_some() || protocol != RTPROT_RA && (route.gateway.is_some() || route.via.is_some()))
}

/// Flags of a nexthop that its creator chose, in the low byte of `rtm_flags` and in `rtnh_flags`.
const CHOSEN: u8 = RTNH_F_ONLINK | RTNH_F_PERVASIVE;

/// `fib_find_info` (net/ipv4/fib_semantics.c): everything that the creator chose, nothing that the state of a device adds.
fn identity4(record: &[u8], route: &Route<'_>, [protocol, scope, kind]: [u8; 3], key: &mut Vec<u8>) {
    key.extend_from_slice(&[protocol, scope]);
    if route.nexthop_id.is_none() {
        // A blackhole as nexthop object changes the type that is shown.
        key.push(kind);
        key.push(record[8] & CHOSEN);
    }
    for attribute in attributes(record) {
        match attribute.number {
            RTA_TABLE | RTA_DST | RTA_PRIORITY | RTA_CACHEINFO => {}
            // What a nexthop object stands for is shown with it, and changes.
            RTA_GATEWAY | RTA_VIA | RTA_OIF | RTA_MULTIPATH | RTA_FLOW | RTA_ENCAP | RTA_ENCAP_TYPE
                if route.nexthop_id.is_some() => {}
            RTA_MULTIPATH => nexthops(attribute.payload).for_each(|nexthop| {
                let start = key.len();
                key.extend_from_slice(nexthop);
                // rtnh_flags: dead, linkdown, offloaded.
                key[start + 2] &= CHOSEN;
            }),
            number => {
                key.extend_from_slice(&number.to_ne_bytes());
                key::payload(Some(attribute.payload), key);
            }
        }
    }
}

/// The nexthops of `RTA_MULTIPATH`, each with its `struct rtnexthop`.
pub(super) fn nexthops(mut rest: &[u8]) -> impl Iterator<Item = &[u8]> {
    core::iter::from_fn(move || {
        let length = usize::from(u16::from_ne_bytes(*rest.first_chunk()?));
        if length < NEXTHOP_LEN {
            return None;
        }
        let nexthop = rest.get(..length)?;
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(nexthop)
    })
}

/// What a message about a route does to the records that are there, beside the plain thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// The record is put in, or goes out.
    Plain,
    /// IPv4: another route of the group goes.
    ReplacesSibling,
    /// IPv6: the route loses this one nexthop, and is gone if it had no other.
    LosesNexthop,
    /// IPv6: another route may have gone; the message does not say which.
    Doubt,
}

/// What a message says of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// It is there.
    New,
    /// It took the place of another (`NLM_F_REPLACE`).
    Replaced,
    /// It is gone.
    Deleted,
}

/// What a message does. `known` says whether a record with the same key is there, `sure` whether that can be trusted, and
/// `has_sibling` whether another of its group is.
pub(crate) fn effect(record: &[u8], said: Said, known: bool, sure: bool, has_sibling: impl FnOnce() -> bool) -> Effect {
    let route = Route::read(record);
    let protocol = record.get(5).copied().unwrap_or(0);
    let is_joined = is_joined(protocol, &route);
    match (record.first(), said) {
        // What is there in truth replaces itself: its flags changed, or those of its nexthop object.
        (Some(&AF_INET), Said::Replaced) if !(known && sure) => Effect::ReplacesSibling,
        (Some(&AF_INET6), Said::Deleted) if is_joined && route.multipath.is_none() => Effect::LosesNexthop,
        // A member of a joined route of router advertisements looks like one that stands alone.
        (Some(&AF_INET6), Said::Deleted) if !known && route.gateway.is_some() => Effect::Doubt,
        // What stands alone takes the place of the first like it, which need not be what is the same as it; and where several
        // nexthops are replaced, the kernel can lose what stands beside them (6.18).
        (Some(&AF_INET6), Said::Replaced) if !known || !is_joined || has_sibling() => Effect::Doubt,
        (Some(&AF_INET6), _) if protocol == RTPROT_RA && route.multipath.is_some() => Effect::Doubt,
        _ => Effect::Plain,
    }
}

/// The one nexthop of a route, as it stands in `RTA_MULTIPATH`: without length, flags and weight, which differ.
pub(crate) fn nexthop(record: &[u8], out: &mut Vec<u8>) {
    let route = Route::read(record);
    out.clear();
    out.extend_from_slice(route.interface.unwrap_or(&[0; 4]));
    for payload in [route.gateway, route.via, route.encapsulation] {
        key::payload(payload, out);
    }
}

fn is_nexthop(multipath: &[u8], wanted: &[u8], scratch: &mut Vec<u8>) -> bool {
    let inner = || Attributes::new(multipath.get(NEXTHOP_LEN..).unwrap_or_default());
    scratch.clear();
    scratch.extend_from_slice(multipath.get(4..NEXTHOP_LEN).unwrap_or(&[0; 4]));
    for number in [RTA_GATEWAY, RTA_VIA, RTA_ENCAP] {
        key::payload(inner().last(number), scratch);
    }
    scratch == wanted
}

/// Writes the route without the nexthops that `gone` names, as the kernel would send it; `false` if none is left.
pub(crate) fn without(record: &[u8], gone: &mut dyn FnMut(&[u8]) -> bool, out: &mut Vec<u8>) -> bool {
    out.clear();
    let route = Route::read(record);
    let mut scratch = Vec::new();
    let Some(multipath) = route.multipath else {
        nexthop(record, &mut scratch);
        out.extend_from_slice(record);
        return !gone(&scratch);
    };
    let mut left = Vec::new();
    for nexthop in nexthops(multipath) {
        is_nexthop(nexthop, &[], &mut scratch);
        if !gone(&scratch) {
            left.push(nexthop);
        }
    }
    if left.is_empty() {
        return false;
    }
    out.extend(record.iter().take(HEADER_LEN));
    for attribute in attributes(record) {
        match (attribute.number, left.as_slice()) {
            // One is no multipath: `rt6_fill_node` then writes what `fib_nexthop_info` says.
            (RTA_MULTIPATH, [only]) => single(only, out),
            (RTA_MULTIPATH, several) => {
                let start = out.len();
                put(RTA_MULTIPATH, &[], out);
                for nexthop in several {
                    out.extend_from_slice(nexthop);
                    out.resize(out.len().next_multiple_of(4), 0);
                }
                let length = u16::try_from(out.len() - start).unwrap_or(u16::MAX);
                out[start..start + 2].copy_from_slice(&length.to_ne_bytes());
            }
            (number, _) => put(number, attribute.payload, out),
        }
    }
    true
}

/// One nexthop of a multipath route, written as the attributes of a route with one nexthop.
fn single(nexthop: &[u8], out: &mut Vec<u8>) {
    // rtnh_flags are the low byte of rtm_flags there.
    out[8] |= nexthop[2];
    let inner = || Attributes::new(&nexthop[NEXTHOP_LEN..]).map_while(Result::ok);
    let is_gateway = |attribute: &Attribute<'_>| matches!(attribute.number, RTA_GATEWAY | RTA_VIA);
    inner().filter(is_gateway).for_each(|attribute| put(attribute.number, attribute.payload, out));
    put(RTA_OIF, &nexthop[4..NEXTHOP_LEN], out);
    inner().filter(|inner| !is_gateway(inner)).for_each(|attribute| put(attribute.number, attribute.payload, out));
}

/// Appends an attribute.
pub(super) fn put(number: u16, payload: &[u8], out: &mut Vec<u8>) {
    let length = u16::try_from(attribute::HEADER_LEN + payload.len()).unwrap_or(u16::MAX);
    out.extend_from_slice(&length.to_ne_bytes());
    out.extend_from_slice(&number.to_ne_bytes());
    out.extend_from_slice(payload);
    out.resize(out.len().next_multiple_of(4), 0);
}
