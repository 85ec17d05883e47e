//! How each table is asked for: one request a family, an interface or a kind, with headers that pass the kernel's strict
//! check (`NETLINK_GET_STRICT_CHK`).

use std::collections::BTreeSet;

use sockeye_wire::message::NLM_F_DUMP;
use sockeye_wire::rtnetlink::{AF_BRIDGE, AF_INET6, AF_UNSPEC, RTM_GETLINK, Table, Wanted};
use sockeye_wire::{Attributes, Request};

#[allow(clippy::wildcard_imports, reason = "numbers of the kernel, each used once")]
use super::number::*;
use crate::mirror::Mirror;

/// One dump of those that make up a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The request.
    pub request: Request,
    /// The family of the rows; 0: any. Asked for a family that it does not have, the kernel answers with all others
    /// (net/core/rtnetlink.c, `rtnetlink_rcv_msg`).
    pub family: u8,
    /// The table can do without it: the dump of a family that a kernel may not have, or of an interface that may have
    /// gone.
    pub optional: bool,
}

/// Dumps of tc in one round; beyond them the interface is left to the next.
const TC_DUMPS_MAX: usize = 65_536;

/// The tables that must be known before this one can be asked for.
pub fn needs(table: Table) -> &'static [Table] {
    match table {
        Table::TcClasses => &[Table::Qdiscs],
        Table::TcFilters => &[Table::Qdiscs, Table::TcClasses],
        _ => &[],
    }
}

/// The dumps that make up a table. `mirror` gives what is known of the tables that it [needs].
pub fn dumps<'m>(table: Table, mirror: impl Fn(Table) -> Option<&'m Mirror>) -> Vec<Part> {
    match table {
        // Counters of IPv6 and of virtual functions come with links, unless one says no.
        Table::Links => {
            let mut parts = parts(table, &Wanted::default());
            for part in &mut parts {
                part.request = part.request.clone().attribute(IFLA_EXT_MASK, &RTEXT_FILTER_SKIP_STATS.to_ne_bytes());
            }
            parts
        }
        // net/core/rtnetlink.c knows no handler for all families here.
        Table::Labels => vec![bridged(table, AF_INET6, None)],
        Table::TcClasses => {
            interfaces(mirror(Table::Qdiscs)).into_iter().flat_map(|index| of_tc(table, index, 0)).collect()
        }
        Table::TcFilters => {
            let parents = parents(mirror(Table::Qdiscs), mirror(Table::TcClasses)).into_iter().take(TC_DUMPS_MAX);
            parents.flat_map(|(index, parent)| of_tc(table, index, parent)).collect()
        }
        // Without counters, and the options of whole bridges.
        Table::Vlans => {
            let global = Some(BRIDGE_VLANDB_DUMPF_GLOBAL);
            vec![bridged(table, AF_BRIDGE, None), Part { optional: true, ..bridged(table, AF_BRIDGE, global) }]
        }
        _ => parts(table, &Wanted::default()),
    }
}

/// The question for one interface.
pub(crate) fn link(index: u32) -> Request {
    let mut body = [0; 16];
    body[4..8].copy_from_slice(&index.to_ne_bytes());
    Request::new(RTM_GETLINK, 0).body(&body).attribute(IFLA_EXT_MASK, &RTEXT_FILTER_SKIP_STATS.to_ne_bytes())
}

/// The dumps as a listing makes them.
fn parts(table: Table, wanted: &Wanted) -> Vec<Part> {
    let dumps = table.dumps(wanted).into_iter().enumerate();
    // The first is what every kernel has that has the table, but not of these: of multicast routing it can have either family,
    // and it may have addresses of IPv6 alone (before 6.15).
    let either = matches!(table, Table::TcActions | Table::MulticastRoutes | Table::MulticastAddresses);
    let optional = |index: usize| either || index > 0;
    dumps
        .map(|(index, dump)| Part {
            request: dump.request,
            family: dump.family.unwrap_or(AF_UNSPEC),
            optional: optional(index),
        })
        .collect()
}

fn bridged(table: Table, family: u8, flags: Option<u32>) -> Part {
    let mut body = vec![0; table.header_len()];
    body[0] = family;
    let request = Request::new(table.get_type().unwrap_or(0), NLM_F_DUMP).body(&body);
    let request = match flags {
        Some(flags) => request.attribute(BRIDGE_VLANDB_DUMP_FLAGS, &flags.to_ne_bytes()),
        None => request,
    };
    Part { request, family, optional: false }
}

fn of_tc(table: Table, index: [u8; 4], parent: u32) -> impl Iterator<Item = Part> {
    let wanted = Wanted { ifindex: Some(u32::from_ne_bytes(index)), parent: Some(parent), ..Wanted::default() };
    parts(table, &wanted).into_iter().map(|part| Part { optional: true, ..part })
}

/// The interfaces that have a qdisc.
fn interfaces(qdiscs: Option<&Mirror>) -> BTreeSet<[u8; 4]> {
    let indices = qdiscs.into_iter().flat_map(Mirror::iter).filter(|record| !is_childless(record));
    indices.filter_map(|record| record.get(4..)?.first_chunk().copied()).collect()
}

/// The kind of a qdisc, with its NUL.
fn kind(record: &[u8]) -> &[u8] {
    let attributes = record.get(Table::Qdiscs.header_len()..).unwrap_or_default();
    Attributes::new(attributes).last(TCA_KIND).unwrap_or_default()
}

/// Whether the kind of a qdisc has neither classes nor filters (net/sched/sch_generic.c, sch_fifo.c).
fn is_childless(record: &[u8]) -> bool {
    matches!(kind(record), b"noqueue\0" | b"pfifo_fast\0" | b"pfifo\0" | b"bfifo\0")
}

/// Where filters can hang: on each qdisc that has any, on the two sides of clsact, on each class.
fn parents(qdiscs: Option<&Mirror>, classes: Option<&Mirror>) -> BTreeSet<([u8; 4], u32)> {
    /// `TC_H_MIN_INGRESS`, `TC_H_MIN_EGRESS`.
    const SIDES: [u32; 2] = [0xfff2, 0xfff3];
    let place = |record: &[u8]| {
        let index = *record.get(4..)?.first_chunk::<4>()?;
        let handle = u32::from_ne_bytes(*record.get(8..)?.first_chunk()?);
        Some((index, handle))
    };
    let mut parents = BTreeSet::new();
    for record in qdiscs.into_iter().flat_map(Mirror::iter).filter(|record| !is_childless(record)) {
        let Some((index, handle)) = place(record) else { continue };
        if kind(record) == b"clsact\0" {
            parents.extend(SIDES.map(|side| (index, handle | side)));
        } else {
            parents.insert((index, handle));
        }
    }
    parents.extend(classes.into_iter().flat_map(Mirror::iter).filter_map(place));
    parents
}

/// Whether this errno says that the kernel does not have what was asked for, now and always, or does not give it to us.
pub(crate) fn is_unsupported(errno: i32) -> bool {
    const EPERM: i32 = 1;
    const ENOENT: i32 = 2;
    const ENODEV: i32 = 19;
    const EINVAL: i32 = 22;
    const EOPNOTSUPP: i32 = 95;
    const EAFNOSUPPORT: i32 = 97;
    matches!(errno, EPERM | ENOENT | ENODEV | EINVAL | EOPNOTSUPP | EAFNOSUPPORT)
}
