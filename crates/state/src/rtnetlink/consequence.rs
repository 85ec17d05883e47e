//! What the kernel does without a word because of what it announced: which tables to dump again after which event.

#[allow(clippy::wildcard_imports, reason = "numbers of the kernel, each used once")]
use sockeye_wire::rtnetlink::*;

use super::Tables;

/// `IFF_UP`, `IFF_RUNNING`, `IFF_LOWER_UP`: what routes depend on.
pub(crate) const LINK_STATE: u32 = 0x1 | 0x40 | 0x10000;

const fn tables(list: &[Table]) -> Tables {
    let mut tables = Tables::NONE;
    let mut index = 0;
    while index < list.len() {
        tables = tables.with(list[index]);
        index += 1;
    }
    tables
}

/// A link changed its state: IPv4 routes over it go or come (net/ipv4/fib_semantics.c `fib_sync_down_dev`,
/// `fib_sync_up`), nexthop objects go (net/ipv4/nexthop.c `nexthop_flush_dev`), qdiscs are attached
/// (net/sched/sch_generic.c `dev_activate`), devices learn multicast addresses (`dev_mc_add`).
const STATE: Tables = tables(&[
    Table::Routes,
    Table::Nexthops,
    Table::Qdiscs,
    Table::Fdb,
    Table::MulticastAddresses,
    Table::AnycastAddresses,
    Table::MulticastRoutes,
]);

/// A link is gone, with what hung on it; rules keep its name and change (`detach_rules`).
const GONE: Tables = tables(&[
    Table::Routes,
    Table::Rules,
    Table::Nexthops,
    Table::Qdiscs,
    Table::TcClasses,
    Table::TcFilters,
    Table::TcActions,
    Table::Fdb,
    Table::Mdb,
    Table::Vlans,
    Table::MulticastAddresses,
    Table::AnycastAddresses,
    Table::MulticastRoutes,
    Table::NeighbourTables,
    Table::Labels,
]);

/// A link is new or has another name: rules are attached to it.
const NAMED: Tables = tables(&[Table::Rules, Table::NeighbourTables]);

/// A port left its bridge, or its settings there changed.
const PORT: Tables = tables(&[Table::Vlans, Table::Mdb, Table::Fdb]);

/// What follows from a message of this type, but for the state of links.
pub(crate) fn of_message(type_number: u16, family: u8) -> Tables {
    match (type_number, family) {
        (RTM_DELLINK, AF_BRIDGE) => PORT,
        (RTM_DELLINK, _) => GONE,
        // net/ipv4/fib_frontend.c `fib_del_ifaddr`, `fib_sync_down_addr`: routes with that source.
        (RTM_DELADDR, AF_INET) => tables(&[Table::Routes]),
        (RTM_NEWADDR | RTM_DELADDR, AF_INET6) => tables(&[Table::AnycastAddresses, Table::MulticastAddresses]),
        // net/ipv4/nexthop.c `__remove_nexthop_fib`, `__remove_nexthop`.
        (RTM_DELNEXTHOP, _) => tables(&[Table::Routes, Table::Nexthops, Table::Fdb]),
        // net/sched/sch_api.c `qdisc_graft`, net/sched/cls_api.c `tcf_block_put`: the whole tree goes.
        (RTM_NEWQDISC | RTM_DELQDISC, _) => {
            tables(&[Table::Qdiscs, Table::TcClasses, Table::TcFilters, Table::TcActions])
        }
        (RTM_NEWTCLASS, _) => tables(&[Table::TcFilters]),
        (RTM_DELTCLASS, _) => tables(&[Table::Qdiscs, Table::TcClasses, Table::TcFilters, Table::TcActions]),
        // net/sched/act_api.c `tcf_action_init_1`: actions come and go with the filter that names them.
        // net/sched/cls_api.c `tcf_proto_create`, `tc_del_tfilter`: a classifier and what it keeps for itself come without a
        // word, and all filters of a priority go with one that names none of them.
        (RTM_NEWTFILTER | RTM_DELTFILTER, _) => tables(&[Table::TcFilters, Table::TcActions]),
        // net/bridge/br_vlan.c `br_vlan_get_master`, `br_vlan_put_master`: what a VLAN has for the whole bridge comes with the first port in
        // it and goes with the last.
        (RTM_NEWVLAN, _) => tables(&[Table::Vlans]),
        (RTM_DELVLAN, _) => tables(&[Table::Vlans, Table::Mdb, Table::Fdb]),
        _ => Tables::NONE,
    }
}

/// What follows when a link is new, or has another name.
pub(crate) fn of_name() -> Tables {
    NAMED
}

/// What follows when a link changed its [`LINK_STATE`].
pub(crate) fn of_state() -> Tables {
    STATE
}

/// The groups that tell of what has consequences in these tables.
pub(crate) fn groups(followed: Tables) -> Vec<u32> {
    let mut groups: Vec<u32> = followed.iter().flat_map(|table| table.groups().iter().copied()).collect();
    let causes: [(u32, Tables); 7] = [
        (RTNLGRP_LINK, STATE.union(GONE).union(NAMED).union(PORT)),
        (RTNLGRP_IPV4_IFADDR, of_message(RTM_DELADDR, AF_INET)),
        (RTNLGRP_IPV6_IFADDR, of_message(RTM_DELADDR, AF_INET6)),
        (RTNLGRP_NEXTHOP, of_message(RTM_DELNEXTHOP, 0)),
        (RTNLGRP_TC, of_message(RTM_DELTCLASS, 0)),
        // The qdisc that a link names.
        (RTNLGRP_TC, Tables::one(Table::Links)),
        (RTNLGRP_BRVLAN, of_message(RTM_DELVLAN, 0)),
    ];
    groups.extend(causes.iter().filter(|(_, then)| !then.intersection(followed).is_empty()).map(|(group, _)| group));
    groups.sort_unstable();
    groups.dedup();
    groups
}
