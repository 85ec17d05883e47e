//! VLANs of bridges and their ports: `struct br_vlan_msg` and the attributes behind it
//! (include/uapi/linux/if_bridge.h, net/bridge/br_vlan.c, br_vlan_options.c).

use crate::rtnetlink::link::FAMILIES;
use crate::rtnetlink::link::bridge::{BRIDGE_QUERIER, MULTICAST_ROUTER};
use crate::rtnetlink::link::bridge_family::BridgeVlan;
use crate::rtnetlink::link::bridge_port::PORT_STATES;
use crate::rtnetlink::mdb::MDB_ROUTER;

crate::layout! {
    /// VLANs of one bridge or port (`struct br_vlan_msg`).
    pub struct VlanMessage = br_vlan_msg {
        /// Address family: bridge.
        family => family: u8 @ 0, OneOf(FAMILIES), (5, 6);
        /// Bridge or port.
        ifindex => ifindex: u32 @ 4, Interface, (5, 6);
    }
}

crate::space! {
    /// VLANs of a bridge or port; one message has many of them.
    pub static BRIDGE_VLAN = "vlan_db", header &VlanMessage::LAYOUT, 8; {
        /// VLANs.
        BRIDGE_VLANDB_ENTRY = 1 => "": Repeated(&Nest(&BRIDGE_VLAN_ENTRY)), (5, 6);
        /// Options that VLANs have for the whole bridge.
        BRIDGE_VLANDB_GLOBAL_OPTIONS = 2 => "global_options": Repeated(&Nest(&BRIDGE_VLAN_OPTIONS)), (5, 15);
    }
}

crate::space! {
    /// A VLAN, or a range of them.
    pub static BRIDGE_VLAN_ENTRY = "vlan_entry"; {
        /// The VLAN, or the first of a range.
        BRIDGE_VLANDB_ENTRY_INFO = 1 => "": Structure(&BridgeVlan::LAYOUT), (5, 6);
        /// Last VLAN of the range.
        BRIDGE_VLANDB_ENTRY_RANGE = 2 => "range": Number(U16, Identifier), (5, 6);
        /// State in the spanning tree.
        BRIDGE_VLANDB_ENTRY_STATE = 3 => "state": Number(U8, OneOf(PORT_STATES)), (5, 6);
        /// Tunnel that it is mapped to.
        BRIDGE_VLANDB_ENTRY_TUNNEL_INFO = 4 => "tunnel_info": Nest(&BRIDGE_VLAN_TUNNEL), (5, 7);
        /// Counters, if they were asked for.
        BRIDGE_VLANDB_ENTRY_STATS = 5 => "stats": Nest(&BRIDGE_VLAN_STATISTICS), (5, 7);
        /// Whether a multicast router is believed here.
        BRIDGE_VLANDB_ENTRY_MCAST_ROUTER = 6 => "mcast_router": Number(U8, OneOf(MULTICAST_ROUTER)), (5, 15);
        /// Groups here.
        BRIDGE_VLANDB_ENTRY_MCAST_N_GROUPS = 7 => "mcast_n_groups": Number(U32, Count), (6, 3);
        /// Most groups here; 0 for no limit.
        BRIDGE_VLANDB_ENTRY_MCAST_MAX_GROUPS = 8 => "mcast_max_groups": Number(U32, Count), (6, 3);
        /// Whether ARP and neighbour discovery are answered in place of being sent here.
        BRIDGE_VLANDB_ENTRY_NEIGH_SUPPRESS = 9 => "neigh_suppress": Number(U8, Truth), (6, 4);
        /// Whether unasked ARP is sent on though the rest is answered.
        BRIDGE_VLANDB_ENTRY_NEIGH_FORWARD_GRAT = 10 => "neigh_forward_grat": Number(U8, Truth), (7, 2);
    }
}

crate::space! {
    /// Tunnel of a VLAN.
    pub static BRIDGE_VLAN_TUNNEL = "vlan_tunnel"; {
        /// Number of the tunnel, or the first of a range.
        BRIDGE_VLANDB_TINFO_ID = 1 => "id": Number(U32, Identifier), (5, 7);
    }
}

crate::space! {
    /// Counters of a VLAN.
    pub static BRIDGE_VLAN_STATISTICS = "vlan_statistics"; {
        /// Bytes received.
        BRIDGE_VLANDB_STATS_RX_BYTES = 1 => "rx_bytes": Number(U64, Bytes), (5, 7);
        /// Packets received.
        BRIDGE_VLANDB_STATS_RX_PACKETS = 2 => "rx_packets": Number(U64, Count), (5, 7);
        /// Bytes sent.
        BRIDGE_VLANDB_STATS_TX_BYTES = 3 => "tx_bytes": Number(U64, Bytes), (5, 7);
        /// Packets sent.
        BRIDGE_VLANDB_STATS_TX_PACKETS = 4 => "tx_packets": Number(U64, Count), (5, 7);
    }
}

crate::space! {
    /// Options that a VLAN has for the whole bridge.
    pub static BRIDGE_VLAN_OPTIONS = "vlan_options"; {
        /// VLAN, or the first of a range.
        BRIDGE_VLANDB_GOPTS_ID = 1 => "id": Number(U16, Identifier), (5, 15);
        /// Last VLAN of the range.
        BRIDGE_VLANDB_GOPTS_RANGE = 2 => "range": Number(U16, Identifier), (5, 15);
        /// Whether multicast goes only where it was asked for.
        BRIDGE_VLANDB_GOPTS_MCAST_SNOOPING = 3 => "mcast_snooping": Number(U8, Truth), (5, 15);
        /// Version of IGMP that is spoken.
        BRIDGE_VLANDB_GOPTS_MCAST_IGMP_VERSION = 4 => "mcast_igmp_version": Number(U8, Identifier), (5, 15);
        /// Version of MLD that is spoken.
        BRIDGE_VLANDB_GOPTS_MCAST_MLD_VERSION = 5 => "mcast_mld_version": Number(U8, Identifier), (5, 15);
        /// Questions after a leave before a group is given up.
        BRIDGE_VLANDB_GOPTS_MCAST_LAST_MEMBER_CNT = 6 => "mcast_last_member_cnt": Number(U32, Count), (5, 15);
        /// Questions at the start.
        BRIDGE_VLANDB_GOPTS_MCAST_STARTUP_QUERY_CNT = 7 => "mcast_startup_query_cnt": Number(U32, Count), (5, 15);
        /// Time between questions after a leave.
        BRIDGE_VLANDB_GOPTS_MCAST_LAST_MEMBER_INTVL = 8 => "mcast_last_member_intvl": Number(U64, Centiseconds),
            (5, 15);
        /// Time without reports after which a group is left.
        BRIDGE_VLANDB_GOPTS_MCAST_MEMBERSHIP_INTVL = 10 => "mcast_membership_intvl": Number(U64, Centiseconds), (5, 15);
        /// Time without questions of another after which the bridge asks.
        BRIDGE_VLANDB_GOPTS_MCAST_QUERIER_INTVL = 11 => "mcast_querier_intvl": Number(U64, Centiseconds), (5, 15);
        /// Time between questions.
        BRIDGE_VLANDB_GOPTS_MCAST_QUERY_INTVL = 12 => "mcast_query_intvl": Number(U64, Centiseconds), (5, 15);
        /// Time in which a question has to be answered.
        BRIDGE_VLANDB_GOPTS_MCAST_QUERY_RESPONSE_INTVL = 13 => "mcast_query_response_intvl": Number(U64, Centiseconds),
            (5, 15);
        /// Time between questions at the start.
        BRIDGE_VLANDB_GOPTS_MCAST_STARTUP_QUERY_INTVL = 14 => "mcast_startup_query_intvl": Number(U64, Centiseconds),
            (5, 15);
        /// Whether the bridge asks for groups itself.
        BRIDGE_VLANDB_GOPTS_MCAST_QUERIER = 15 => "mcast_querier": Number(U8, Truth), (5, 15);
        /// Ports behind which multicast routers are.
        BRIDGE_VLANDB_GOPTS_MCAST_ROUTER_PORTS = 16 => "mcast_router_ports": Listed(&Nest(&MDB_ROUTER)), (5, 15);
        /// Who asks for groups.
        BRIDGE_VLANDB_GOPTS_MCAST_QUERIER_STATE = 17 => "mcast_querier_state": Nest(&BRIDGE_QUERIER), (5, 15);
        /// Instance of the spanning tree.
        BRIDGE_VLANDB_GOPTS_MSTI = 18 => "msti": Number(U16, Identifier), (5, 18);
    }
}
