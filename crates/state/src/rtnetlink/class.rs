//! What the dumps of each table are worth: which are marked when the table changes under them, which can pass over living
//! records, and how often it is worth to look whether an event was missing.

use core::time::Duration;

use sockeye_wire::rtnetlink::{AF_INET, AF_INET6, Table};

/// What a deletion during a dump does to the rest of the dump.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cursor {
    /// Nothing: the walk goes on by key, or the kernel marks the dump.
    Safe,
    /// IPv4 routes go on by destination, and by a count among the routes of one destination: what is deleted where a
    /// datagram of the dump ended can hide others. IPv6 routes go on by a count.
    Destination,
    /// The walk goes on by a count: any deletion can hide living records.
    Counted,
}

/// What the kernel promises for a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Class {
    /// Whether the kernel marks dumps that a change interrupted (`NLM_F_DUMP_INTR`).
    pub marked: bool,
    /// What deletions do to a dump.
    pub cursor: Cursor,
    /// Whether two records can be the same in everything: then events add and remove copies.
    pub repeats: bool,
    /// Whether the kernel tells of changes at all, but for those that follow from others.
    pub announced: bool,
    /// Time between two audits.
    pub audit: Duration,
}

/// Where every change is announced: an audit should find nothing.
const RARELY: Duration = Duration::from_mins(15);
/// Where some changes are not.
const SOMETIMES: Duration = Duration::from_mins(5);
/// Where nothing is.
const OFTEN: Duration = Duration::from_mins(2);

/// The class of a table.
pub const fn class(table: Table) -> Class {
    let marked = table.marks_interruption();
    let class = Class { marked, cursor: Cursor::Counted, repeats: false, announced: true, audit: SOMETIMES };
    match table {
        // net/core/rtnetlink.c `rtnl_dump_ifinfo`: walks by ifindex, and marks what came or went (`dev_base_seq`).
        // net/ipv4/devinet.c, net/ipv6/addrconf.c: a count, and marked (`inet_base_seq`).
        Table::Links | Table::Addresses => Class { cursor: Cursor::Safe, audit: RARELY, ..class },
        Table::Routes => Class { cursor: Cursor::Destination, ..class },
        // net/core/fib_rules.c `dump_rules`: an index into a list.
        Table::Rules => Class { repeats: true, ..class },
        // net/ipv4/nexthop.c `rtm_dump_walk_nexthops`: a tree by id, with `nexthop.seq`.
        Table::Nexthops => Class { cursor: Cursor::Safe, ..class },
        // net/core/net_namespace.c `rtnl_net_dumpid`: an index into the walk of an idr.
        Table::Namespaces => Class { audit: RARELY, ..class },
        // net/core/rtnetlink.c `rtnl_stats_dump`: by ifindex, marked; `RTM_NEWSTATS` tells of offload changes only.
        Table::Statistics => Class { cursor: Cursor::Safe, announced: false, audit: OFTEN, ..class },
        // No group, or one that is younger than the table (`RTNLGRP_IPV4_MCADDR` and its kin: 6.15).
        Table::Labels | Table::NeighbourTables | Table::MulticastAddresses | Table::AnycastAddresses => {
            Class { announced: false, audit: OFTEN, ..class }
        }
        _ => class,
    }
}

/// The table and destination of an IPv4 route: where its dump counts; `None` for others.
pub(crate) fn destination(key: &[u8]) -> Option<[u8; 8]> {
    // family, destination length, source length, TOS, table, priority, destination with its length.
    let (&[AF_INET, _, _, _, t0, t1, t2, t3], rest) = key.split_first_chunk()? else { return None };
    match rest.get(4..) {
        Some(&[4, d0, d1, d2, d3, ..]) => Some([t0, t1, t2, t3, d0, d1, d2, d3]),
        _ => Some([t0, t1, t2, t3, 0, 0, 0, 0]),
    }
}

/// Whether the dump of a deleted route goes on by a count alone (net/ipv6/ip6_fib.c, `fib6_dump_table`: once the tree
/// changed it begins anew and passes over as many as it gave).
pub(crate) fn is_counted_route(key: &[u8]) -> bool {
    key.first() == Some(&AF_INET6)
}
