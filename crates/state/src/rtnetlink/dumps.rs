//! How each table is asked for: one request a family, an interface or a kind, with headers that pass the kernel's strict
//! check (`NETLINK_GET_STRICT_CHK`).

use std::collections::BTreeSet;

use sockeye_wire::message::NLM_F_DUMP;
use sockeye_wire::rtnetlink::{
    AF_BRIDGE, AF_INET, AF_INET6, AF_MPLS, AF_UNSPEC, RTM_GETLINK, RTNL_FAMILY_IP6MR, RTNL_FAMILY_IPMR, Table,
};
use sockeye_wire::{Attributes, Request};

use super::number::*;
use super::route::put;
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

/// The kinds of actions of this kernel series (net/sched/act_*.c). A kind that is not loaded has no actions, and to ask
/// for it loads nothing.
const ACTIONS: [&str; 19] = [
    "bpf",
    "connmark",
    "csum",
    "ct",
    "ctinfo",
    "gact",
    "gate",
    "ife",
    "mirred",
    "mpls",
    "nat",
    "pedit",
    "police",
    "sample",
    "simple",
    "skbedit",
    "skbmod",
    "tunnel_key",
    "vlan",
];

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
    let of_families = |families: &[u8], optional_from: usize| {
        let parts = families.iter().enumerate();
        parts.map(|(index, &family)| part(table, family).optional_if(index >= optional_from)).collect()
    };
    match table {
        Table::Links => vec![links()],
        Table::Addresses => of_families(&[AF_INET, AF_INET6], 1),
        Table::Routes => of_families(&[AF_INET, AF_INET6, AF_MPLS], 1),
        // Rules of multicast routing have families of their own, and the kernel gives all without one.
        Table::Rules | Table::Nexthops | Table::NeighbourTables | Table::Namespaces | Table::Qdiscs => {
            vec![part(table, AF_UNSPEC)]
        }
        Table::Neighbours => {
            let mut proxies = body(table, AF_UNSPEC);
            proxies[10] = NTF_PROXY;
            vec![part(table, AF_UNSPEC), Part { request: request(table).body(&proxies), family: 0, optional: true }]
        }
        Table::TcClasses => interfaces(mirror(Table::Qdiscs)).into_iter().map(|index| of_tc(table, index, 0)).collect(),
        Table::TcFilters => {
            let parents = parents(mirror(Table::Qdiscs), mirror(Table::TcClasses));
            parents.into_iter().take(TC_DUMPS_MAX).map(|(index, parent)| of_tc(table, index, parent)).collect()
        }
        Table::TcActions => ACTIONS.iter().map(|kind| of_actions(kind)).collect(),
        Table::Fdb | Table::Mdb => vec![part(table, AF_BRIDGE)],
        Table::Vlans => {
            let options = request(table)
                .body(&body(table, AF_BRIDGE))
                .attribute(BRIDGE_VLANDB_DUMP_FLAGS, &BRIDGE_VLANDB_DUMPF_GLOBAL.to_ne_bytes());
            vec![part(table, AF_BRIDGE), Part { request: options, family: AF_BRIDGE, optional: true }]
        }
        Table::Netconf => of_families(&[AF_INET, AF_INET6, AF_MPLS], 1),
        Table::MulticastAddresses => of_families(&[AF_INET6, AF_INET], 1),
        Table::AnycastAddresses | Table::Labels => of_families(&[AF_INET6], 1),
        Table::MulticastRoutes => of_families(&[RTNL_FAMILY_IPMR, RTNL_FAMILY_IP6MR], 0),
        Table::Statistics => {
            /// Every kind of statistics (`IFLA_STATS_LINK_64` to `IFLA_STATS_AF_SPEC`).
            const ALL: u32 = 0x1f;
            let mut body = body(table, AF_UNSPEC);
            body[8..12].copy_from_slice(&ALL.to_ne_bytes());
            vec![Part { request: request(table).body(&body), family: 0, optional: false }]
        }
        _ => Vec::new(),
    }
}

/// The question for one interface.
pub(crate) fn link(index: u32) -> Request {
    let mut body = body(Table::Links, AF_UNSPEC);
    body[4..8].copy_from_slice(&index.to_ne_bytes());
    Request::new(RTM_GETLINK, 0).body(&body).attribute(IFLA_EXT_MASK, &RTEXT_FILTER_SKIP_STATS.to_ne_bytes())
}

/// Statistics are a table of their own: without them a dump is half as long.
fn links() -> Part {
    let mut part = part(Table::Links, AF_UNSPEC);
    part.request = part.request.attribute(IFLA_EXT_MASK, &RTEXT_FILTER_SKIP_STATS.to_ne_bytes());
    part
}

impl Part {
    fn optional_if(mut self, optional: bool) -> Self {
        self.optional = optional;
        self
    }
}

fn request(table: Table) -> Request {
    Request::new(table.get_type().unwrap_or(0), NLM_F_DUMP)
}

fn body(table: Table, family: u8) -> Vec<u8> {
    let mut body = vec![0; table.header_len()];
    body[0] = family;
    body
}

fn part(table: Table, family: u8) -> Part {
    Part { request: request(table).body(&body(table, family)), family, optional: false }
}

fn of_tc(table: Table, index: [u8; 4], parent: u32) -> Part {
    let mut body = body(table, AF_UNSPEC);
    body[4..8].copy_from_slice(&index);
    body[12..16].copy_from_slice(&parent.to_ne_bytes());
    Part { request: request(table).body(&body), family: 0, optional: true }
}

fn of_actions(kind: &str) -> Part {
    let (mut name, mut first) = (Vec::new(), Vec::new());
    put(TCA_ACT_KIND, format!("{kind}\0").as_bytes(), &mut name);
    put(1, &name, &mut first);
    /// `TCA_ACT_FLAG_LARGE_DUMP_ON`: more than 32 a message; value and selector of a bit field.
    const LARGE: [u8; 8] = {
        let one = 1u32.to_ne_bytes();
        [one[0], one[1], one[2], one[3], one[0], one[1], one[2], one[3]]
    };
    let request = request(Table::TcActions).body(&body(Table::TcActions, AF_UNSPEC));
    let request = request.attribute(TCA_ACT_TAB, &first).attribute(TCA_ROOT_FLAGS, &LARGE);
    Part { request, family: 0, optional: true }
}

/// The interfaces that have a qdisc.
fn interfaces(qdiscs: Option<&Mirror>) -> BTreeSet<[u8; 4]> {
    let indices = qdiscs.into_iter().flat_map(Mirror::iter).filter(|record| !is_childless(record));
    indices.filter_map(|record| record.get(4..)?.first_chunk().copied()).collect()
}

/// Whether the kind of a qdisc has neither classes nor filters (net/sched/sch_generic.c, sch_fifo.c).
fn is_childless(record: &[u8]) -> bool {
    let attributes = Attributes::new(record.get(Table::Qdiscs.header_len()..).unwrap_or_default());
    let kind = attributes.last(TCA_KIND).unwrap_or_default();
    matches!(kind, b"noqueue\0" | b"pfifo_fast\0" | b"pfifo\0" | b"bfifo\0")
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
        let kind = Attributes::new(&record[Table::Qdiscs.header_len()..]).last(TCA_KIND).unwrap_or_default();
        if kind == b"clsact\0" {
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
