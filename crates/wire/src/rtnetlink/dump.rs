//! Requests for whole tables, narrowed by what the kernel itself can leave out.
//!
//! Every header is as strict checking wants it (`NETLINK_GET_STRICT_CHK`, 4.20): what does not select is zero. A kernel
//! without it ignores the selection, so that whoever asks has to look at each record again; `NLM_F_DUMP_FILTERED` on the
//! answers says that it was heard.

use super::number::{AF_BRIDGE, AF_INET, AF_INET6, AF_MPLS, AF_UNSPEC, RTNL_FAMILY_IP6MR, RTNL_FAMILY_IPMR};
use super::table::Table;
use crate::attribute::NLA_F_NESTED;
use crate::message::NLM_F_DUMP;
use crate::{Attributes, Request};

/// Which records of a table are wanted. What is `None` does not select.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The address family.
    pub family: Option<u8>,
    /// The interface that the record belongs to, or a route leaves by.
    pub ifindex: Option<u32>,
    /// The interface that the record's interface is a part of.
    pub master: Option<u32>,
    /// The kind of a link or of an action.
    pub kind: Option<Vec<u8>>,
    /// The routing table.
    pub table: Option<u32>,
    /// Who made the route.
    pub protocol: Option<u8>,
    /// The type of a route.
    pub route_type: Option<u8>,
    /// What a filter of traffic control is attached to.
    pub parent: Option<u32>,
}

/// A dump and what its records have to be, whatever the kernel sends: where it has no handler for a family it answers
/// for all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableDump {
    /// The request.
    pub request: Request,
    /// The address family of the records that belong to it.
    pub family: Option<u8>,
    /// What the kernel leaves out.
    pub selection: Selection,
    /// The attribute that messages have to have which belong to it.
    pub attribute: Option<u16>,
}

impl TableDump {
    /// Whether a message belongs to it, where it is of the right family. A kernel that does not know what is asked for answers for
    /// something else: before 5.15 one that is asked for the options of bridges, with their VLANs (net/bridge/br_vlan.c).
    pub fn holds(&self, table: Table, payload: &[u8]) -> bool {
        let attributes = || Attributes::new(payload.get(table.header_len()..).unwrap_or_default());
        self.attribute.is_none_or(|number| attributes().last(number).is_some())
    }
}

/// What a request makes the kernel leave out of a table, or of a family of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection {
    /// Nothing.
    Nothing,
    /// What is not wanted; it does not say whether it listened.
    Silent,
    /// What is not wanted, which it confirms by `NLM_F_DUMP_FILTERED`.
    Confirmed,
}

impl Selection {
    const fn silent(selects: bool) -> Self {
        if selects { Self::Silent } else { Self::Nothing }
    }

    const fn confirmed(selects: bool) -> Self {
        if selects { Self::Confirmed } else { Self::Nothing }
    }
}

/// `IFLA_MASTER`, `IFLA_LINKINFO`, `IFLA_INFO_KIND` (include/uapi/linux/if_link.h).
const IFLA_MASTER: u16 = 10;
const IFLA_LINKINFO: u16 = 18;
const IFLA_INFO_KIND: u16 = 1;
/// `RTA_OIF`, `RTA_TABLE`.
const RTA_OIF: u16 = 4;
const RTA_TABLE: u16 = 15;
/// `NDA_IFINDEX`, `NDA_MASTER`.
const NDA_IFINDEX: u16 = 8;
const NDA_MASTER: u16 = 9;
/// `NTF_PROXY`: addresses that are answered for others stand in a table of their own.
const NTF_PROXY: u8 = 8;
/// `NHA_OIF`, `NHA_MASTER`.
const NHA_OIF: u16 = 5;
const NHA_MASTER: u16 = 10;
/// `BRIDGE_VLANDB_DUMP_FLAGS` and its bits: with counters; options of whole bridges in place of their ports' VLANs (since 5.15).
const BRIDGE_VLANDB_DUMP_FLAGS: u16 = 1;
const BRIDGE_VLANDB_DUMPF_STATS: u32 = 1;
const BRIDGE_VLANDB_DUMPF_GLOBAL: u32 = 2;
/// The attribute with the options of a bridge.
const BRIDGE_VLANDB_GLOBAL_OPTIONS: u16 = 2;
/// `TCA_ACT_TAB`, `TCA_ACT_KIND`.
const TCA_ACT_TAB: u16 = 1;
const TCA_ACT_KIND: u16 = 1;
/// `IFLA_STATS_FILTER_BIT` of everything from `IFLA_STATS_LINK_64` to `IFLA_STATS_AF_SPEC`.
const ALL_STATISTICS: u32 = 0x1f;

/// Kinds of actions that the kernel has had so far: there is no dump of all.
pub const ACTION_KINDS: [&str; 19] = [
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

/// The families of the tables that are kept apart by family.
const ROUTED: [u8; 3] = [AF_INET, AF_INET6, AF_MPLS];
const INTERNET: [u8; 2] = [AF_INET, AF_INET6];

impl Table {
    /// The dumps that together give the wanted records. None for a table that the kernel does not keep, and for those of
    /// traffic control that are dumped by interface where none is wanted ([`Wanted::ifindex`]); filters, by what they
    /// are attached to as well ([`Wanted::parent`]).
    pub fn dumps(self, wanted: &Wanted) -> Vec<TableDump> {
        let Some(type_number) = self.get_type() else { return Vec::new() };
        let families: &[u8] = match self {
            Self::Routes | Self::Netconf => &ROUTED,
            // Tables of neighbours, net/core/neighbour.c `neightbl_dump_info`: asked for all families, a datagram that ends between two of them
            // takes the interfaces of the first off the second.
            Self::Rules | Self::MulticastAddresses | Self::NeighbourTables => &INTERNET,
            // The kernel answers for no other family, not even for all of them.
            Self::AnycastAddresses | Self::Labels => &[AF_INET6],
            Self::MulticastRoutes => &[RTNL_FAMILY_IPMR, RTNL_FAMILY_IP6MR],
            Self::Fdb | Self::Mdb | Self::Vlans => &[AF_BRIDGE],
            Self::TcClasses | Self::TcFilters if wanted.ifindex.is_none() => &[],
            // net/sched/cls_api.c `tc_dump_tfilter`: without a parent it is the root that is meant, and nothing else.
            Self::TcFilters if wanted.parent.is_none() => &[],
            _ => &[AF_UNSPEC],
        };
        let mut dumps = Vec::new();
        for &family in families {
            // Tables without families of their own are asked for by the wanted one, where that selects.
            let asked = match (self, wanted.family) {
                (Self::Addresses | Self::Neighbours, Some(wanted)) => wanted,
                (_, Some(wanted)) if family != AF_UNSPEC && family != wanted => continue,
                _ => family,
            };
            self.add_dumps(Request::new(type_number, NLM_F_DUMP), asked, wanted, &mut dumps);
        }
        dumps
    }

    fn add_dumps(self, request: Request, family: u8, wanted: &Wanted, dumps: &mut Vec<TableDump>) {
        // Entries of bridges and of VXLAN come without a family.
        let own = Some(family).filter(|&family| family != AF_UNSPEC && self != Self::Mdb);
        let index = wanted.ifindex.unwrap_or(0);
        let mut add = |request, selection| dumps.push(TableDump { request, family: own, selection, attribute: None });
        let header = |len: usize| {
            let mut header = vec![0; len];
            header[0] = family;
            header
        };
        match self {
            Self::Links => {
                let mut request = request.body(&header(self.header_len()));
                request = numbered(request, IFLA_MASTER, wanted.master);
                if let Some(kind) = &wanted.kind {
                    request = request.attribute(IFLA_LINKINFO | NLA_F_NESTED, &attribute(IFLA_INFO_KIND, &text(kind)));
                }
                add(request, Selection::confirmed(wanted.master.is_some() || wanted.kind.is_some()));
            }
            Self::Addresses | Self::MulticastAddresses | Self::AnycastAddresses => {
                let mut body = header(self.header_len());
                body[4..8].copy_from_slice(&index.to_ne_bytes());
                add(request.body(&body), Selection::confirmed(index != 0));
            }
            Self::Routes => {
                let mut body = header(self.header_len());
                body[5] = wanted.protocol.unwrap_or(0);
                body[7] = wanted.route_type.unwrap_or(0);
                let request = numbered(request.body(&body), RTA_TABLE, wanted.table);
                let selects =
                    [wanted.table, wanted.ifindex].iter().any(Option::is_some) || body[5] != 0 || body[7] != 0;
                add(numbered(request, RTA_OIF, wanted.ifindex), Selection::confirmed(selects));
            }
            Self::Neighbours => {
                for flags in [0, NTF_PROXY] {
                    let mut body = header(self.header_len());
                    body[10] = flags;
                    let request = numbered(request.clone().body(&body), NDA_IFINDEX, wanted.ifindex);
                    let selects = wanted.ifindex.is_some() || wanted.master.is_some();
                    add(numbered(request, NDA_MASTER, wanted.master), Selection::confirmed(selects));
                }
            }
            // net/core/rtnetlink.c `valid_fdb_dump_strict`.
            Self::Fdb => {
                let mut body = header(self.header_len());
                body[4..8].copy_from_slice(&index.to_ne_bytes());
                let selects = wanted.ifindex.is_some() || wanted.master.is_some();
                add(numbered(request.body(&body), NDA_MASTER, wanted.master), Selection::silent(selects));
            }
            Self::Nexthops => {
                let request = numbered(request.body(&header(self.header_len())), NHA_OIF, wanted.ifindex);
                let selects = wanted.ifindex.is_some() || wanted.master.is_some();
                add(numbered(request, NHA_MASTER, wanted.master), Selection::silent(selects));
            }
            Self::Qdiscs | Self::TcClasses | Self::TcFilters => {
                let mut body = header(self.header_len());
                body[4..8].copy_from_slice(&index.to_ne_bytes());
                if self != Self::Qdiscs {
                    body[12..16].copy_from_slice(&wanted.parent.unwrap_or(0).to_ne_bytes());
                }
                // net/sched/sch_api.c `tc_dump_qdisc` looks at no interface.
                add(request.body(&body), Selection::silent(index != 0 && self != Self::Qdiscs));
            }
            Self::TcActions => {
                let asked = ACTION_KINDS.iter().map(|kind| kind.as_bytes());
                for kind in asked.filter(|kind| wanted.kind.as_ref().is_none_or(|wanted| wanted == kind)) {
                    let action = attribute(1 | NLA_F_NESTED, &attribute(TCA_ACT_KIND, &text(kind)));
                    let request = request.clone().body(&header(self.header_len()));
                    add(request.attribute(TCA_ACT_TAB | NLA_F_NESTED, &action), Selection::Nothing);
                }
            }
            Self::Vlans => {
                let mut body = header(self.header_len());
                body[4..8].copy_from_slice(&index.to_ne_bytes());
                let selection = Selection::silent(index != 0);
                for (flags, attribute) in [
                    (BRIDGE_VLANDB_DUMPF_STATS, None),
                    (BRIDGE_VLANDB_DUMPF_GLOBAL, Some(BRIDGE_VLANDB_GLOBAL_OPTIONS)),
                ] {
                    let request = request.clone().body(&body);
                    let request = request.attribute(BRIDGE_VLANDB_DUMP_FLAGS, &flags.to_ne_bytes());
                    dumps.push(TableDump { request, family: own, selection, attribute });
                }
            }
            Self::Statistics => {
                let mut body = header(self.header_len());
                body[8..12].copy_from_slice(&ALL_STATISTICS.to_ne_bytes());
                add(request.body(&body), Selection::Nothing);
            }
            _ => add(request.body(&header(self.header_len())), Selection::Nothing),
        }
    }
}

fn numbered(request: Request, number: u16, value: Option<u32>) -> Request {
    match value {
        Some(value) => request.attribute(number, &value.to_ne_bytes()),
        None => request,
    }
}

/// One attribute for the inside of another.
fn attribute(number: u16, payload: &[u8]) -> Vec<u8> {
    let inner = Request::new(0, 0).attribute(number, payload);
    inner.as_bytes()[crate::message::HEADER_LEN..].to_vec()
}

/// A text as the kernel wants it, ended by NUL.
fn text(bytes: &[u8]) -> Vec<u8> {
    [bytes, &[0]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Attributes, Messages};

    fn payload(dump: &TableDump) -> Vec<u8> {
        Messages::new(dump.request.as_bytes()).next().expect("one").expect("well formed").payload().to_vec()
    }

    #[test]
    fn routes_are_asked_for_by_family_and_what_selects_stands_where_the_kernel_looks() {
        let wanted = Wanted { table: Some(1077), protocol: Some(17), ifindex: Some(41), ..Wanted::default() };
        let dumps = Table::Routes.dumps(&wanted);
        assert_eq!(dumps.iter().map(|dump| dump.family).collect::<Vec<_>>(), [Some(2), Some(10), Some(28)]);
        let bytes = payload(&dumps[1]);
        assert_eq!(bytes[..12], [10, 0, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0]);
        assert_eq!(Attributes::new(&bytes[12..]).last(15), Some(&1077u32.to_ne_bytes()[..]));
        assert_eq!(Attributes::new(&bytes[12..]).last(4), Some(&41u32.to_ne_bytes()[..]));
        assert_eq!(dumps[1].selection, Selection::Confirmed);
    }

    #[test]
    fn a_family_leaves_the_others_out() {
        let wanted = Wanted { family: Some(AF_INET6), ..Wanted::default() };
        assert_eq!(Table::Rules.dumps(&wanted).len(), 1);
        assert_eq!(payload(&Table::Addresses.dumps(&wanted)[0])[0], AF_INET6);
        assert!(Table::Fdb.dumps(&wanted).is_empty());
    }

    #[test]
    fn vlans_are_asked_for_with_counters_and_again_as_options_of_bridges() {
        let wanted = Wanted { ifindex: Some(0x0102_0304), ..Wanted::default() };
        let dumps = Table::Vlans.dumps(&wanted);
        let asked = dumps.iter().map(|dump| {
            let bytes = payload(dump);
            let flags = Attributes::new(&bytes[8..]).last(1).and_then(|flags| flags.first_chunk().copied());
            (bytes[0], bytes[4..8].to_vec(), flags.map(u32::from_ne_bytes))
        });
        let message = |number: u16| [&[AF_BRIDGE, 0, 0, 0, 9, 0, 0, 0][..], &attribute(number, &[7; 4])].concat();
        let holds = |dump: usize, number| dumps[dump].holds(Table::Vlans, &message(number));
        assert_eq!([holds(0, 1), holds(1, 1), holds(1, 2)], [true, false, true], "an old kernel gives VLANs once more");
        let index = 0x0102_0304_u32.to_ne_bytes().to_vec();
        assert_eq!(asked.collect::<Vec<_>>(), [(AF_BRIDGE, index.clone(), Some(1)), (AF_BRIDGE, index, Some(2))]);
    }

    #[test]
    fn actions_are_asked_for_kind_by_kind() {
        assert_eq!(Table::TcActions.dumps(&Wanted::default()).len(), ACTION_KINDS.len());
        let wanted = Wanted { kind: Some(b"mirred".to_vec()), ..Wanted::default() };
        let bytes = payload(&Table::TcActions.dumps(&wanted)[0]);
        let table = Attributes::new(&bytes[4..]).last(1).expect("TCA_ACT_TAB");
        let action = Attributes::new(table).last(1).expect("the first action");
        assert_eq!(Attributes::new(action).last(1), Some(&b"mirred\0"[..]));
    }

    #[test]
    fn what_is_dumped_by_interface_needs_one() {
        assert!(Table::TcClasses.dumps(&Wanted::default()).is_empty());
        let wanted = Wanted { ifindex: Some(0x0102_0304), parent: Some(0x0001_0010), ..Wanted::default() };
        let bytes = payload(&Table::TcFilters.dumps(&wanted)[0]);
        assert_eq!(
            (&bytes[4..8], &bytes[12..16]),
            (&0x0102_0304u32.to_ne_bytes()[..], &0x0001_0010u32.to_ne_bytes()[..])
        );
    }

    #[test]
    fn the_kernel_keeps_no_prefixes() {
        assert!(Table::Prefixes.dumps(&Wanted::default()).is_empty());
    }
}
