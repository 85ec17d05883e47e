//! Bridges (include/uapi/linux/if_link.h, net/bridge/br_netlink.c); timers are in hundredths of a second.

use crate::{Name, names};

crate::layout! {
    /// Identity of a bridge in the spanning tree.
    pub struct BridgeId = ifla_bridge_id {
        /// Priority; less is better.
        prio => prio: be16 @ 0, Identifier, (4, 4);
        /// Address.
        addr => addr: [link_address; 6] @ 2, (4, 4);
    }
}

/// Protocols of a VLAN tag.
pub(crate) const VLAN_PROTOCOLS: &[Name] = names![(0x8100, "802.1q"), (0x88a8, "802.1ad")];

/// Whether a multicast router is believed behind a port.
pub(crate) const MULTICAST_ROUTER: &[Name] = names![(0, "disabled"), (1, "temp-query"), (2, "perm"), (3, "temp")];

crate::space! {
    /// What a bridge adds to a link.
    pub static BRIDGE = "bridge"; {
        /// Time for which a port listens, and then learns, before it forwards.
        IFLA_BR_FORWARD_DELAY = 1 => "forward_delay": Number(U32, Centiseconds), (3, 18);
        /// Time between two hellos of the root.
        IFLA_BR_HELLO_TIME = 2 => "hello_time": Number(U32, Centiseconds), (3, 18);
        /// Time without hellos after which another bridge is believed gone.
        IFLA_BR_MAX_AGE = 3 => "max_age": Number(U32, Centiseconds), (3, 18);
        /// Time after which an address that was learned is forgotten; 0 for never.
        IFLA_BR_AGEING_TIME = 4 => "ageing_time": Number(U32, Centiseconds), (4, 1);
        /// Who speaks the spanning tree protocol.
        IFLA_BR_STP_STATE = 5 => "stp_state": Number(U32, OneOf(crate::names![(0, "off"), (1, "kernel"), (2, "user")])),
            (4, 1);
        /// Priority of the bridge in the spanning tree; less is better.
        IFLA_BR_PRIORITY = 6 => "priority": Number(U16, Identifier), (4, 1);
        /// Whether VLANs are kept apart.
        IFLA_BR_VLAN_FILTERING = 7 => "vlan_filtering": Number(U8, Truth), (4, 3);
        /// Protocol of the VLAN tags.
        IFLA_BR_VLAN_PROTOCOL = 8 => "vlan_protocol": Number(Be16, OneOf(VLAN_PROTOCOLS)), (4, 3);
        /// Link-local groups that are forwarded, by the last digit of their address.
        IFLA_BR_GROUP_FWD_MASK = 9 => "group_fwd_mask": Number(U16, Hexadecimal), (4, 4);
        /// Root of the spanning tree.
        IFLA_BR_ROOT_ID = 10 => "root_id": Structure(&BridgeId::LAYOUT), (4, 4);
        /// This bridge.
        IFLA_BR_BRIDGE_ID = 11 => "bridge_id": Structure(&BridgeId::LAYOUT), (4, 4);
        /// Number of the port towards the root; 0 at the root.
        IFLA_BR_ROOT_PORT = 12 => "root_port": Number(U16, Identifier), (4, 4);
        /// Cost of the way to the root.
        IFLA_BR_ROOT_PATH_COST = 13 => "root_path_cost": Number(U32, Count), (4, 4);
        /// Whether the tree is changing.
        IFLA_BR_TOPOLOGY_CHANGE = 14 => "topology_change": Number(U8, Truth), (4, 4);
        /// Whether this bridge saw the change.
        IFLA_BR_TOPOLOGY_CHANGE_DETECTED = 15 => "topology_change_detected": Number(U8, Truth), (4, 4);
        /// Time until the next hello.
        IFLA_BR_HELLO_TIMER = 16 => "hello_timer": Number(U64, Centiseconds), (4, 4);
        /// Time until the next notice of a change.
        IFLA_BR_TCN_TIMER = 17 => "tcn_timer": Number(U64, Centiseconds), (4, 4);
        /// Time until the change is over.
        IFLA_BR_TOPOLOGY_CHANGE_TIMER = 18 => "topology_change_timer": Number(U64, Centiseconds), (4, 4);
        /// Time until old addresses are next forgotten.
        IFLA_BR_GC_TIMER = 19 => "gc_timer": Number(U64, Centiseconds), (4, 4);
        /// Address to which the spanning tree protocol is sent.
        IFLA_BR_GROUP_ADDR = 20 => "group_addr": LinkAddress, (4, 4);
        /// Whether the bridge itself acts as a multicast router.
        IFLA_BR_MCAST_ROUTER = 22 => "mcast_router": Number(U8, OneOf(MULTICAST_ROUTER)), (4, 4);
        /// Whether multicast goes only where it was asked for.
        IFLA_BR_MCAST_SNOOPING = 23 => "mcast_snooping": Number(U8, Truth), (4, 4);
        /// Whether questions carry the address of the bridge.
        IFLA_BR_MCAST_QUERY_USE_IFADDR = 24 => "mcast_query_use_ifaddr": Number(U8, Truth), (4, 4);
        /// Whether the bridge asks for groups itself.
        IFLA_BR_MCAST_QUERIER = 25 => "mcast_querier": Number(U8, Truth), (4, 4);
        /// Of no meaning any more: always 16.
        IFLA_BR_MCAST_HASH_ELASTICITY = 26 => "mcast_hash_elasticity": Number(U32, Count), (4, 4);
        /// Most groups that are kept.
        IFLA_BR_MCAST_HASH_MAX = 27 => "mcast_hash_max": Number(U32, Count), (4, 4);
        /// Questions after a leave before a group is given up.
        IFLA_BR_MCAST_LAST_MEMBER_CNT = 28 => "mcast_last_member_cnt": Number(U32, Count), (4, 4);
        /// Questions at the start.
        IFLA_BR_MCAST_STARTUP_QUERY_CNT = 29 => "mcast_startup_query_cnt": Number(U32, Count), (4, 4);
        /// Time between questions after a leave.
        IFLA_BR_MCAST_LAST_MEMBER_INTVL = 30 => "mcast_last_member_intvl": Number(U64, Centiseconds), (4, 4);
        /// Time without reports after which a group is left.
        IFLA_BR_MCAST_MEMBERSHIP_INTVL = 31 => "mcast_membership_intvl": Number(U64, Centiseconds), (4, 4);
        /// Time without questions of another after which the bridge asks.
        IFLA_BR_MCAST_QUERIER_INTVL = 32 => "mcast_querier_intvl": Number(U64, Centiseconds), (4, 4);
        /// Time between questions.
        IFLA_BR_MCAST_QUERY_INTVL = 33 => "mcast_query_intvl": Number(U64, Centiseconds), (4, 4);
        /// Time in which a question has to be answered.
        IFLA_BR_MCAST_QUERY_RESPONSE_INTVL = 34 => "mcast_query_response_intvl": Number(U64, Centiseconds), (4, 4);
        /// Time between questions at the start.
        IFLA_BR_MCAST_STARTUP_QUERY_INTVL = 35 => "mcast_startup_query_intvl": Number(U64, Centiseconds), (4, 4);
        /// Whether IPv4 passes iptables.
        IFLA_BR_NF_CALL_IPTABLES = 36 => "nf_call_iptables": Number(U8, Truth), (4, 4);
        /// Whether IPv6 passes ip6tables.
        IFLA_BR_NF_CALL_IP6TABLES = 37 => "nf_call_ip6tables": Number(U8, Truth), (4, 4);
        /// Whether ARP passes arptables.
        IFLA_BR_NF_CALL_ARPTABLES = 38 => "nf_call_arptables": Number(U8, Truth), (4, 4);
        /// VLAN of untagged packets at a new port; 0 for none.
        IFLA_BR_VLAN_DEFAULT_PVID = 39 => "vlan_default_pvid": Number(U16, Identifier), (4, 4);
        /// Whether VLANs are counted.
        IFLA_BR_VLAN_STATS_ENABLED = 41 => "vlan_stats_enabled": Number(U8, Truth), (4, 7);
        /// Whether IGMP and MLD are counted.
        IFLA_BR_MCAST_STATS_ENABLED = 42 => "mcast_stats_enabled": Number(U8, Truth), (4, 8);
        /// Version of IGMP that is spoken.
        IFLA_BR_MCAST_IGMP_VERSION = 43 => "mcast_igmp_version": Number(U8, Identifier), (4, 10);
        /// Version of MLD that is spoken.
        IFLA_BR_MCAST_MLD_VERSION = 44 => "mcast_mld_version": Number(U8, Identifier), (4, 10);
        /// Whether VLANs are counted at each port.
        IFLA_BR_VLAN_STATS_PER_PORT = 45 => "vlan_stats_per_port": Number(U8, Truth), (4, 20);
        /// Options that are on or off.
        IFLA_BR_MULTI_BOOLOPT = 46 => "multi_boolopt": Structure(&BridgeOptions::LAYOUT), (5, 0);
        /// Who asks for groups.
        IFLA_BR_MCAST_QUERIER_STATE = 47 => "mcast_querier_state": Nest(&BRIDGE_QUERIER), (5, 15);
        /// Addresses that were learned.
        IFLA_BR_FDB_N_LEARNED = 48 => "fdb_n_learned": Number(U32, Count), (6, 7);
        /// Most addresses that are learned; 0 for no limit.
        IFLA_BR_FDB_MAX_LEARNED = 49 => "fdb_max_learned": Number(U32, Count), (6, 7);
        /// Who is to speak the spanning tree protocol when it is turned on.
        IFLA_BR_STP_MODE = 50 => "stp_mode": Number(U32, OneOf(crate::names![(0, "auto"), (1, "user"), (2, "kernel")])),
            (7, 1);
    }
}

/// Options of a bridge (`BR_BOOLOPT_*`).
pub(crate) const BRIDGE_OPTIONS: &[Name] = names![
    (1, "no-ll-learn"),
    (2, "mcast-vlan-snooping"),
    (4, "mst-enable"),
    (8, "mdb-offload-fail-notification"),
    (16, "fdb-local-vlan-0"),
];

crate::layout! {
    /// Options of a bridge.
    pub struct BridgeOptions = br_boolopt_multi {
        /// Options that are on.
        optval => optval: u32 @ 0, SetOf(BRIDGE_OPTIONS), (5, 0);
        /// Options that the kernel knows, or a request changes.
        optmask => optmask: u32 @ 4, SetOf(BRIDGE_OPTIONS), (5, 0);
    }
}

crate::space! {
    /// Who asks for groups on a bridge.
    pub static BRIDGE_QUERIER = "bridge_querier"; {
        /// Who asks by IGMP.
        BRIDGE_QUERIER_IP_ADDRESS = 1 => "ip_address": Address, (5, 15);
        /// Port behind which that is.
        BRIDGE_QUERIER_IP_PORT = 2 => "ip_port": Number(U32, Interface), (5, 15);
        /// Time until another has to ask by IGMP.
        BRIDGE_QUERIER_IP_OTHER_TIMER = 3 => "ip_other_timer": Number(U64, Centiseconds), (5, 15);
        /// Who asks by MLD.
        BRIDGE_QUERIER_IPV6_ADDRESS = 5 => "ipv6_address": Address, (5, 15);
        /// Port behind which that is.
        BRIDGE_QUERIER_IPV6_PORT = 6 => "ipv6_port": Number(U32, Interface), (5, 15);
        /// Time until another has to ask by MLD.
        BRIDGE_QUERIER_IPV6_OTHER_TIMER = 7 => "ipv6_other_timer": Number(U64, Centiseconds), (5, 15);
    }
}
