//! Lifetimes: that they run down is no change of a record, that somebody set them anew is one.
//!
//! Messages say how much is left, and not since when. Of an address the kernel also tells when it was last updated; of an
//! IPv6 route nothing but whether a notification is of a replacement.

use sockeye_wire::Attributes;
use sockeye_wire::rtnetlink::{AF_INET6, Table};

use super::number::{IFA_CACHEINFO, RTA_CACHEINFO, RTA_NH_ID};
use super::volatile::Source;

/// What an address says that lives for ever (net/ipv6/addrconf.c, `INFINITY_LIFE_TIME`).
const FOREVER: u32 = u32::MAX;
/// Differences that the way of a message explains, in hundredths of a second.
const TOLERANCE: u32 = 200;

/// Whether a lifetime of the new version was set anew, as far as one can know.
pub(super) fn is_set_anew(table: Table, old: &[u8], new: &[u8], source: Source) -> bool {
    match table {
        Table::Addresses => is_updated(old, new),
        // A dump may show what was set without a word (net/ipv6/ip6_fib.c `fib6_add_rt2node`, net/ipv6/addrconf.c
        // `modify_prefix_route`), or what ran down: it is no sign of a loss.
        Table::Routes if source != Source::Dump => {
            let (before, after) = (left(old), left(new));
            // net/ipv6/route.c `fib6_rt_update`: where its nexthop object changes, a route is told of as a replacement too.
            let is_replaced = source == Source::Replacement && attribute(table, new, RTA_NH_ID).is_none();
            (before == 0) != (after == 0)
                || after > before.saturating_add(TOLERANCE)
                || is_replaced && before > after.saturating_add(TOLERANCE)
        }
        _ => false,
    }
}

/// Whether lifetimes are among what tells two versions of a record apart, one of which took the place of the other.
pub fn lifetimes_differ(table: Table, old: &[u8], new: &[u8]) -> bool {
    is_set_anew(table, old, new, Source::Replacement)
}

/// Whether somebody gave an address other lifetimes, or the same ones again.
fn is_updated(old: &[u8], new: &[u8]) -> bool {
    // struct ifa_cacheinfo: preferred, valid, and when it was made and updated.
    let times = |record| attribute(Table::Addresses, record, IFA_CACHEINFO)?.first_chunk::<16>();
    let (Some(old), Some(new)) = (times(old), times(new)) else { return false };
    let is_limited = |times: &[u8; 16]| word(times, 0) != FOREVER || word(times, 4) != FOREVER;
    if word(old, 12) != word(new, 12) {
        return is_limited(old) || is_limited(new);
    }
    // Within one tick.
    [0, 4].into_iter().any(|at| {
        let (old, new) = (word(old, at), word(new, at));
        new > old || old == FOREVER && new != FOREVER
    })
}

/// What is left to an IPv6 route, in hundredths of a second; 0: it lives for ever.
fn left(record: &[u8]) -> u32 {
    // struct rta_cacheinfo; below zero it is over, and not collected yet.
    let times = attribute(Table::Routes, record, RTA_CACHEINFO).filter(|_| record.first() == Some(&AF_INET6));
    match times.and_then(|times| times.get(8..12)?.first_chunk()).map(|left| i32::from_ne_bytes(*left)) {
        None | Some(0) => 0,
        Some(left) => u32::try_from(left).unwrap_or(1),
    }
}

fn attribute(table: Table, record: &[u8], number: u16) -> Option<&[u8]> {
    Attributes::new(record.get(table.header_len()..)?).last(number)
}

fn word(times: &[u8; 16], at: usize) -> u32 {
    times.get(at..).and_then(|bytes| bytes.first_chunk()).map_or(0, |bytes| u32::from_ne_bytes(*bytes))
}
