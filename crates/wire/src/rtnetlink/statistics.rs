//! Statistics of links: `struct if_stats_msg` and the attributes behind it (include/uapi/linux/if_link.h,
//! net/core/rtnetlink.c).

use crate::rtnetlink::link::FAMILIES;
use crate::rtnetlink::link::bridge_family::VLAN_FLAGS;
use crate::rtnetlink::link::counters::LinkStatistics64;

crate::layout! {
    /// Statistics of one link (`struct if_stats_msg`).
    pub struct StatisticsMessage = if_stats_msg {
        /// Address family: unspec.
        family => family: u8 @ 0, OneOf(FAMILIES), (4, 7);
        /// Link.
        ifindex => ifindex: u32 @ 4, Interface, (4, 7);
        /// What was asked for.
        filter_mask => filter_mask: u32 @ 8, SetOf(crate::names![(1, "link-64"), (2, "link-xstats"),
            (4, "link-xstats-slave"), (8, "link-offload-xstats"), (16, "af-spec")]), (4, 7);
    }
}

crate::space! {
    /// Statistics of a link.
    pub static STATISTICS = "statistics", header &StatisticsMessage::LAYOUT, 12; {
        /// Counters of every link.
        IFLA_STATS_LINK_64 = 1 => "link_64": Structure(&LinkStatistics64::LAYOUT), (4, 7);
        /// Counters that the kind of the link adds.
        IFLA_STATS_LINK_XSTATS = 2 => "link_xstats": Nest(&KIND_STATISTICS), (4, 7);
        /// Counters that being a port adds.
        IFLA_STATS_LINK_XSTATS_SLAVE = 3 => "link_xstats_slave": Nest(&KIND_STATISTICS), (4, 8);
        /// Counters of what a device does itself.
        IFLA_STATS_LINK_OFFLOAD_XSTATS = 4 => "link_offload_xstats": Nest(&OFFLOAD_STATISTICS), (4, 9);
        /// Counters of address families.
        IFLA_STATS_AF_SPEC = 5 => "af_spec": Nest(&FAMILY_STATISTICS), (4, 11);
    }
}

crate::space! {
    /// Counters that kinds of links add.
    pub static KIND_STATISTICS = "kind_statistics"; {
        /// Counters of a bridge or its port.
        LINK_XSTATS_TYPE_BRIDGE = 1 => "bridge": Nest(&BRIDGE_STATISTICS), (4, 7);
        /// Counters of a bond or its port.
        LINK_XSTATS_TYPE_BOND = 2 => "bond": Nest(&BOND_STATISTICS), (5, 1);
    }
}

crate::space! {
    /// Counters of a bridge or its port.
    pub static BRIDGE_STATISTICS = "bridge_statistics"; {
        /// Counters of VLANs.
        BRIDGE_XSTATS_VLAN = 1 => "vlan": Repeated(&Structure(&VlanStatistics::LAYOUT)), (4, 7);
        /// Counters of IGMP and MLD.
        BRIDGE_XSTATS_MCAST = 2 => "mcast": Structure(&MulticastStatistics::LAYOUT), (4, 8);
        /// Counters of the spanning tree protocol.
        BRIDGE_XSTATS_STP = 4 => "stp": Structure(&SpanningTreeStatistics::LAYOUT), (5, 6);
    }
}

crate::layout! {
    /// Counters of a VLAN.
    pub struct VlanStatistics = bridge_vlan_xstats {
        /// Bytes received.
        rx_bytes => rx_bytes: u64 @ 0, Bytes, (4, 7);
        /// Packets received.
        rx_packets => rx_packets: u64 @ 8, Count, (4, 7);
        /// Bytes sent.
        tx_bytes => tx_bytes: u64 @ 16, Bytes, (4, 7);
        /// Packets sent.
        tx_packets => tx_packets: u64 @ 24, Count, (4, 7);
        /// Number of the VLAN.
        vid => vid: u16 @ 32, Identifier, (4, 7);
        /// What the VLAN is here.
        flags => flags: u16 @ 34, SetOf(VLAN_FLAGS), (4, 9);
    }
}

crate::layout! {
    /// Counters of IGMP and MLD, received and sent.
    pub struct MulticastStatistics = br_mcast_stats {
        /// Questions of IGMPv1, received and sent.
        igmp_v1queries => igmp_v1queries: [u64; 2] @ 0, (4, 8);
        /// Questions of IGMPv2, received and sent.
        igmp_v2queries => igmp_v2queries: [u64; 2] @ 16, (4, 8);
        /// Questions of IGMPv3, received and sent.
        igmp_v3queries => igmp_v3queries: [u64; 2] @ 32, (4, 8);
        /// Leaves of IGMP, received and sent.
        igmp_leaves => igmp_leaves: [u64; 2] @ 48, (4, 8);
        /// Reports of IGMPv1, received and sent.
        igmp_v1reports => igmp_v1reports: [u64; 2] @ 64, (4, 8);
        /// Reports of IGMPv2, received and sent.
        igmp_v2reports => igmp_v2reports: [u64; 2] @ 80, (4, 8);
        /// Reports of IGMPv3, received and sent.
        igmp_v3reports => igmp_v3reports: [u64; 2] @ 96, (4, 8);
        /// Messages of IGMP that were malformed.
        igmp_parse_errors => igmp_parse_errors: u64 @ 112, Count, (4, 8);
        /// Questions of MLDv1, received and sent.
        mld_v1queries => mld_v1queries: [u64; 2] @ 120, (4, 8);
        /// Questions of MLDv2, received and sent.
        mld_v2queries => mld_v2queries: [u64; 2] @ 136, (4, 8);
        /// Leaves of MLD, received and sent.
        mld_leaves => mld_leaves: [u64; 2] @ 152, (4, 8);
        /// Reports of MLDv1, received and sent.
        mld_v1reports => mld_v1reports: [u64; 2] @ 168, (4, 8);
        /// Reports of MLDv2, received and sent.
        mld_v2reports => mld_v2reports: [u64; 2] @ 184, (4, 8);
        /// Messages of MLD that were malformed.
        mld_parse_errors => mld_parse_errors: u64 @ 200, Count, (4, 8);
        /// Bytes of multicast, received and sent.
        mcast_bytes => mcast_bytes: [u64; 2] @ 208, (4, 8);
        /// Packets of multicast, received and sent.
        mcast_packets => mcast_packets: [u64; 2] @ 224, (4, 8);
    }
}

crate::layout! {
    /// Counters of the spanning tree protocol at a port.
    pub struct SpanningTreeStatistics = bridge_stp_xstats {
        /// Times the port began to block.
        transition_blk => transition_blk: u64 @ 0, Count, (5, 6);
        /// Times the port began to forward.
        transition_fwd => transition_fwd: u64 @ 8, Count, (5, 6);
        /// Hellos received.
        rx_bpdu => rx_bpdu: u64 @ 16, Count, (5, 6);
        /// Hellos sent.
        tx_bpdu => tx_bpdu: u64 @ 24, Count, (5, 6);
        /// Notices of a change received.
        rx_tcn => rx_tcn: u64 @ 32, Count, (5, 6);
        /// Notices of a change sent.
        tx_tcn => tx_tcn: u64 @ 40, Count, (5, 6);
    }
}

crate::space! {
    /// Counters of a bond or its port.
    pub static BOND_STATISTICS = "bond_statistics"; {
        /// Counters of LACP.
        BOND_XSTATS_3AD = 1 => "3ad": Nest(&LACP_STATISTICS), (5, 1);
    }
}

crate::space! {
    /// Counters of LACP.
    pub static LACP_STATISTICS = "lacp_statistics"; {
        /// Messages of LACP received.
        BOND_3AD_STAT_LACPDU_RX = 0 => "lacpdu_rx": Number(U64, Count), (5, 1);
        /// Messages of LACP sent.
        BOND_3AD_STAT_LACPDU_TX = 1 => "lacpdu_tx": Number(U64, Count), (5, 1);
        /// Messages of an unknown kind received.
        BOND_3AD_STAT_LACPDU_UNKNOWN_RX = 2 => "lacpdu_unknown_rx": Number(U64, Count), (5, 1);
        /// Messages that are not allowed received.
        BOND_3AD_STAT_LACPDU_ILLEGAL_RX = 3 => "lacpdu_illegal_rx": Number(U64, Count), (5, 1);
        /// Markers received.
        BOND_3AD_STAT_MARKER_RX = 4 => "marker_rx": Number(U64, Count), (5, 1);
        /// Markers sent.
        BOND_3AD_STAT_MARKER_TX = 5 => "marker_tx": Number(U64, Count), (5, 1);
        /// Answers to markers received.
        BOND_3AD_STAT_MARKER_RESP_RX = 6 => "marker_resp_rx": Number(U64, Count), (5, 1);
        /// Answers to markers sent.
        BOND_3AD_STAT_MARKER_RESP_TX = 7 => "marker_resp_tx": Number(U64, Count), (5, 1);
        /// Markers of an unknown kind received.
        BOND_3AD_STAT_MARKER_UNKNOWN_RX = 8 => "marker_unknown_rx": Number(U64, Count), (5, 1);
    }
}

crate::space! {
    /// Counters of what a device does itself.
    pub static OFFLOAD_STATISTICS = "offload_statistics"; {
        /// Packets that the device left to the host.
        IFLA_OFFLOAD_XSTATS_CPU_HIT = 1 => "cpu_hit": Structure(&LinkStatistics64::LAYOUT), (4, 9);
        /// Which counters the device keeps.
        IFLA_OFFLOAD_XSTATS_HW_S_INFO = 2 => "hw_s_info": Nest(&OFFLOAD_INFO), (5, 18);
        /// Packets that the device routed.
        IFLA_OFFLOAD_XSTATS_L3_STATS = 3 => "l3_stats": Structure(&HardwareStatistics::LAYOUT), (5, 18);
    }
}

crate::space! {
    /// Which counters a device keeps.
    pub static OFFLOAD_INFO = "offload_info"; {
        /// Those of routed packets.
        IFLA_OFFLOAD_XSTATS_L3_STATS = 3 => "l3_stats": Nest(&OFFLOAD_STATE), (5, 18);
    }
}

crate::space! {
    /// Whether a device keeps counters.
    pub static OFFLOAD_STATE = "offload_state"; {
        /// Whether it was asked to.
        IFLA_OFFLOAD_XSTATS_HW_S_INFO_REQUEST = 1 => "request": Number(U8, Truth), (5, 18);
        /// Whether it does.
        IFLA_OFFLOAD_XSTATS_HW_S_INFO_USED = 2 => "used": Number(U8, Truth), (5, 18);
    }
}

crate::layout! {
    /// Counters of a device.
    pub struct HardwareStatistics = rtnl_hw_stats64 {
        /// Packets received.
        rx_packets => rx_packets: u64 @ 0, Count, (5, 18);
        /// Packets sent.
        tx_packets => tx_packets: u64 @ 8, Count, (5, 18);
        /// Bytes received.
        rx_bytes => rx_bytes: u64 @ 16, Bytes, (5, 18);
        /// Bytes sent.
        tx_bytes => tx_bytes: u64 @ 24, Bytes, (5, 18);
        /// Packets received with any error.
        rx_errors => rx_errors: u64 @ 32, Count, (5, 18);
        /// Packets that could not be sent.
        tx_errors => tx_errors: u64 @ 40, Count, (5, 18);
        /// Packets received and dropped.
        rx_dropped => rx_dropped: u64 @ 48, Count, (5, 18);
        /// Packets dropped on their way out.
        tx_dropped => tx_dropped: u64 @ 56, Count, (5, 18);
        /// Multicast packets received.
        multicast => multicast: u64 @ 64, Count, (5, 18);
    }
}

crate::space! {
    /// Counters of address families.
    pub static FAMILY_STATISTICS = "family_statistics"; {
        /// Counters of MPLS.
        AF_MPLS = 28 => "mpls": Nest(&MPLS_STATISTICS), (4, 12);
    }
}

crate::space! {
    /// Counters of MPLS.
    pub static MPLS_STATISTICS = "mpls_statistics"; {
        /// Counters of the link.
        MPLS_STATS_LINK = 1 => "link": Structure(&MplsStatistics::LAYOUT), (4, 11);
    }
}

crate::layout! {
    /// Counters of MPLS on a link.
    pub struct MplsStatistics = mpls_link_stats {
        /// Packets received.
        rx_packets => rx_packets: u64 @ 0, Count, (4, 11);
        /// Packets sent.
        tx_packets => tx_packets: u64 @ 8, Count, (4, 11);
        /// Bytes received.
        rx_bytes => rx_bytes: u64 @ 16, Bytes, (4, 11);
        /// Bytes sent.
        tx_bytes => tx_bytes: u64 @ 24, Bytes, (4, 11);
        /// Packets received with any error.
        rx_errors => rx_errors: u64 @ 32, Count, (4, 11);
        /// Packets that could not be sent.
        tx_errors => tx_errors: u64 @ 40, Count, (4, 11);
        /// Packets received and dropped.
        rx_dropped => rx_dropped: u64 @ 48, Count, (4, 11);
        /// Packets dropped on their way out.
        tx_dropped => tx_dropped: u64 @ 56, Count, (4, 11);
        /// Packets whose label has no route.
        rx_noroute => rx_noroute: u64 @ 64, Count, (4, 11);
    }
}
