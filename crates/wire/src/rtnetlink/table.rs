//! The tables of rtnetlink: what each is called, which messages tell of it, and where their attributes begin.

#[allow(clippy::wildcard_imports)] // Half of the constants are used, each once; in tests clippy does not mind.
use super::number::*;
use super::{
    address, label, link, mdb, multicast_route, namespace, neighbour, neighbour_table, netconf, nexthop, prefix, qdisc,
    route, rule, statistics, tc_action, tc_class, tc_filter, vlan,
};
use crate::Space;

/// A table of rtnetlink.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
#[repr(u8)]
pub enum Table {
    /// Network interfaces.
    Links,
    /// Addresses of interfaces.
    Addresses,
    /// Routes of IPv4, IPv6 and MPLS.
    Routes,
    /// Rules that choose a routing table.
    Rules,
    /// Neighbours: ARP, neighbour discovery, and proxies.
    Neighbours,
    /// Nexthop objects, and groups of them.
    Nexthops,
    /// Queueing disciplines.
    Qdiscs,
    /// Classes of queueing disciplines.
    TcClasses,
    /// Filters of traffic control.
    TcFilters,
    /// Actions of traffic control.
    TcActions,
    /// Forwarding entries of bridges, VXLAN and other devices.
    Fdb,
    /// Multicast forwarding entries of bridges.
    Mdb,
    /// VLANs of bridges and their ports.
    Vlans,
    /// Settings of interfaces: forwarding, reverse path filter.
    Netconf,
    /// Multicast addresses that interfaces listen to.
    MulticastAddresses,
    /// Anycast addresses of interfaces.
    AnycastAddresses,
    /// Multicast routes.
    MulticastRoutes,
    /// IPv6 prefixes, as routers announce them; the kernel keeps no table of them.
    Prefixes,
    /// Labels by which IPv6 source addresses are chosen (RFC 6724).
    Labels,
    /// Parameters and counters of the neighbour tables.
    NeighbourTables,
    /// Statistics of interfaces.
    Statistics,
    /// Ids by which this network namespace knows others.
    Namespaces,
}

/// The spaces of all tables, each once.
pub const SPACES: [&Space; 19] = [
    &link::LINK,
    &address::ADDRESS,
    &route::ROUTE,
    &rule::RULE,
    &neighbour::NEIGHBOUR,
    &nexthop::NEXTHOP,
    &qdisc::QDISC,
    &tc_class::TC_CLASS,
    &tc_filter::TC_FILTER,
    &tc_action::TC_ACTION,
    &mdb::MDB,
    &vlan::BRIDGE_VLAN,
    &netconf::NETCONF,
    &multicast_route::MULTICAST_ROUTE,
    &prefix::PREFIX,
    &label::LABEL,
    &neighbour_table::NEIGHBOUR_TABLE,
    &statistics::STATISTICS,
    &namespace::NAMESPACE,
];

/// What a message says of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// It is there, and so it is now.
    New,
    /// It is gone.
    Deleted,
}

impl Table {
    /// Every table, in the order in which they are documented.
    pub const ALL: [Self; 22] = [
        Self::Links,
        Self::Addresses,
        Self::Routes,
        Self::Rules,
        Self::Neighbours,
        Self::Nexthops,
        Self::Qdiscs,
        Self::TcClasses,
        Self::TcFilters,
        Self::TcActions,
        Self::Fdb,
        Self::Mdb,
        Self::Vlans,
        Self::Netconf,
        Self::MulticastAddresses,
        Self::AnycastAddresses,
        Self::MulticastRoutes,
        Self::Prefixes,
        Self::Labels,
        Self::NeighbourTables,
        Self::Statistics,
        Self::Namespaces,
    ];

    /// Its name, in the plural, as the command line and JSON say it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Links => "links",
            Self::Addresses => "addresses",
            Self::Routes => "routes",
            Self::Rules => "rules",
            Self::Neighbours => "neighbours",
            Self::Nexthops => "nexthops",
            Self::Qdiscs => "qdiscs",
            Self::TcClasses => "tc-classes",
            Self::TcFilters => "tc-filters",
            Self::TcActions => "tc-actions",
            Self::Fdb => "fdb",
            Self::Mdb => "mdb",
            Self::Vlans => "vlans",
            Self::Netconf => "netconf",
            Self::MulticastAddresses => "multicast",
            Self::AnycastAddresses => "anycast",
            Self::MulticastRoutes => "mroutes",
            Self::Prefixes => "prefixes",
            Self::Labels => "labels",
            Self::NeighbourTables => "neighbour-tables",
            Self::Statistics => "statistics",
            Self::Namespaces => "namespaces",
        }
    }

    /// The message type that tells of a record.
    pub const fn new_type(self) -> u16 {
        match self {
            Self::Links => RTM_NEWLINK,
            Self::Addresses => RTM_NEWADDR,
            Self::Routes | Self::MulticastRoutes => RTM_NEWROUTE,
            Self::Rules => RTM_NEWRULE,
            Self::Neighbours | Self::Fdb => RTM_NEWNEIGH,
            Self::Nexthops => RTM_NEWNEXTHOP,
            Self::Qdiscs => RTM_NEWQDISC,
            Self::TcClasses => RTM_NEWTCLASS,
            Self::TcFilters => RTM_NEWTFILTER,
            Self::TcActions => RTM_NEWACTION,
            Self::Mdb => RTM_NEWMDB,
            Self::Vlans => RTM_NEWVLAN,
            Self::Netconf => RTM_NEWNETCONF,
            Self::MulticastAddresses => RTM_NEWMULTICAST,
            Self::AnycastAddresses => RTM_NEWANYCAST,
            Self::Prefixes => RTM_NEWPREFIX,
            Self::Labels => RTM_NEWADDRLABEL,
            Self::NeighbourTables => RTM_NEWNEIGHTBL,
            Self::Statistics => RTM_NEWSTATS,
            Self::Namespaces => RTM_NEWNSID,
        }
    }

    /// The message type that asks for its records; `None` where the kernel keeps none.
    pub const fn get_type(self) -> Option<u16> {
        match self {
            Self::Prefixes => None,
            other => Some((other.new_type() & !3) + 2),
        }
    }

    /// Bytes of the family's fixed structure: attributes begin behind it, padded to four bytes.
    pub const fn header_len(self) -> usize {
        self.space().header_len
    }

    /// The structure and the attributes of its messages. A message of [`Table::Mdb`], [`Table::Vlans`] or
    /// [`Table::TcActions`] has many records, in lists.
    pub const fn space(self) -> &'static Space {
        match self {
            Self::Links => &link::LINK,
            Self::Addresses | Self::MulticastAddresses | Self::AnycastAddresses => &address::ADDRESS,
            Self::Routes => &route::ROUTE,
            Self::Rules => &rule::RULE,
            Self::Neighbours | Self::Fdb => &neighbour::NEIGHBOUR,
            Self::Nexthops => &nexthop::NEXTHOP,
            Self::Qdiscs => &qdisc::QDISC,
            Self::TcClasses => &tc_class::TC_CLASS,
            Self::TcFilters => &tc_filter::TC_FILTER,
            Self::TcActions => &tc_action::TC_ACTION,
            Self::Mdb => &mdb::MDB,
            Self::Vlans => &vlan::BRIDGE_VLAN,
            Self::Netconf => &netconf::NETCONF,
            Self::MulticastRoutes => &multicast_route::MULTICAST_ROUTE,
            Self::Prefixes => &prefix::PREFIX,
            Self::Labels => &label::LABEL,
            Self::NeighbourTables => &neighbour_table::NEIGHBOUR_TABLE,
            Self::Statistics => &statistics::STATISTICS,
            Self::Namespaces => &namespace::NAMESPACE,
        }
    }

    /// Whether the kernel marks a dump during which the table changed (`NLM_F_DUMP_INTR`). Of links only those that came
    /// or went count.
    pub const fn marks_interruption(self) -> bool {
        matches!(self, Self::Links | Self::Addresses | Self::Nexthops | Self::Statistics)
    }

    /// The groups whose messages tell of changes.
    pub const fn groups(self) -> &'static [u32] {
        match self {
            Self::Links => &[RTNLGRP_LINK],
            Self::Addresses => &[RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR],
            Self::Routes => &[RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE, RTNLGRP_MPLS_ROUTE],
            Self::Rules => &[RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE],
            Self::Neighbours | Self::Fdb => &[RTNLGRP_NEIGH],
            Self::Nexthops => &[RTNLGRP_NEXTHOP],
            Self::Qdiscs | Self::TcClasses | Self::TcFilters | Self::TcActions => &[RTNLGRP_TC],
            Self::Mdb => &[RTNLGRP_MDB],
            Self::Vlans => &[RTNLGRP_BRVLAN],
            Self::Netconf => &[RTNLGRP_IPV4_NETCONF, RTNLGRP_IPV6_NETCONF, RTNLGRP_MPLS_NETCONF],
            Self::MulticastAddresses => &[RTNLGRP_IPV4_MCADDR, RTNLGRP_IPV6_MCADDR],
            Self::AnycastAddresses => &[RTNLGRP_IPV6_ACADDR],
            Self::MulticastRoutes => &[RTNLGRP_IPV4_MROUTE, RTNLGRP_IPV6_MROUTE],
            Self::Prefixes => &[RTNLGRP_IPV6_PREFIX],
            Self::Statistics => &[RTNLGRP_STATS],
            Self::Namespaces => &[RTNLGRP_NSID],
            // The kernel announces no changes of these.
            Self::Labels | Self::NeighbourTables => &[],
        }
    }

    /// The table that a message tells of, and what it says. `family` is the first byte of its payload.
    pub const fn of_message(type_number: u16, family: u8) -> Option<(Self, Verb)> {
        let verb = match type_number & 3 {
            0 => Verb::New,
            1 => Verb::Deleted,
            _ => return None,
        };
        let table = match type_number & !3 {
            RTM_NEWLINK => Self::Links,
            RTM_NEWADDR => Self::Addresses,
            RTM_NEWROUTE if family == RTNL_FAMILY_IPMR || family == RTNL_FAMILY_IP6MR => Self::MulticastRoutes,
            RTM_NEWROUTE => Self::Routes,
            RTM_NEWNEIGH if family == AF_BRIDGE => Self::Fdb,
            RTM_NEWNEIGH => Self::Neighbours,
            RTM_NEWRULE => Self::Rules,
            RTM_NEWQDISC => Self::Qdiscs,
            RTM_NEWTCLASS => Self::TcClasses,
            RTM_NEWTFILTER => Self::TcFilters,
            RTM_NEWACTION => Self::TcActions,
            RTM_NEWPREFIX => Self::Prefixes,
            RTM_NEWMULTICAST => Self::MulticastAddresses,
            RTM_NEWANYCAST => Self::AnycastAddresses,
            RTM_NEWNEIGHTBL => Self::NeighbourTables,
            RTM_NEWADDRLABEL => Self::Labels,
            RTM_NEWNETCONF => Self::Netconf,
            RTM_NEWMDB => Self::Mdb,
            RTM_NEWNSID => Self::Namespaces,
            RTM_NEWSTATS => Self::Statistics,
            RTM_NEWNEXTHOP => Self::Nexthops,
            // The properties of a link (alternative names) are part of it.
            RTM_NEWLINKPROP => return Some((Self::Links, Verb::New)),
            RTM_NEWVLAN => Self::Vlans,
            _ => return None,
        };
        Some((table, verb))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_table_is_found_by_its_own_messages() {
        for table in Table::ALL {
            let family = match table {
                Table::Fdb => AF_BRIDGE,
                Table::MulticastRoutes => RTNL_FAMILY_IPMR,
                _ => AF_INET,
            };
            assert_eq!(Table::of_message(table.new_type(), family), Some((table, Verb::New)));
            assert_eq!(Table::of_message(table.new_type() + 1, family), Some((table, Verb::Deleted)));
            assert_eq!(Table::of_message(table.new_type() + 2, family), None);
        }
    }

    #[test]
    fn headers_are_as_long_as_the_kernel_has_them_padded() {
        let lengths = Table::ALL.map(Table::header_len);
        assert_eq!(lengths, [16, 8, 12, 12, 12, 8, 20, 20, 20, 4, 12, 8, 8, 4, 8, 8, 12, 12, 12, 4, 12, 4]);
    }

    #[test]
    fn every_space_of_a_table_is_in_the_list_once() {
        for table in Table::ALL {
            assert_eq!(SPACES.iter().filter(|space| space.name == table.space().name).count(), 1, "{}", table.name());
        }
    }

    #[test]
    fn requests_have_the_numbers_of_the_header() {
        assert_eq!(Table::Links.get_type(), Some(RTM_GETLINK));
        assert_eq!(Table::Namespaces.get_type(), Some(RTM_GETNSID));
        assert_eq!(Table::Vlans.get_type(), Some(RTM_GETVLAN));
        assert_eq!(Table::Prefixes.get_type(), None);
    }
}
