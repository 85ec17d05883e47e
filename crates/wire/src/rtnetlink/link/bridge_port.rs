//! Ports of bridges: `IFLA_BRPORT_*`, as data of a port and as `IFLA_PROTINFO` (net/bridge/br_netlink.c).

use crate::rtnetlink::link::bridge::{BridgeId, MULTICAST_ROUTER};
use crate::{Name, names};

/// States of a port in the spanning tree (`BR_STATE_*`).
pub(crate) const PORT_STATES: &[Name] =
    names![(0, "disabled"), (1, "listening"), (2, "learning"), (3, "forwarding"), (4, "blocking"),];

crate::space! {
    /// What being a port of a bridge adds to a link.
    pub static BRIDGE_PORT = "bridge_port"; {
        /// State in the spanning tree.
        IFLA_BRPORT_STATE = 1 => "state": Number(U8, OneOf(PORT_STATES)), (3, 8);
        /// Priority in the spanning tree; less is better.
        IFLA_BRPORT_PRIORITY = 2 => "priority": Number(U16, Identifier), (3, 8);
        /// Cost of the port in the spanning tree.
        IFLA_BRPORT_COST = 3 => "cost": Number(U32, Count), (3, 8);
        /// Whether packets may leave by the port they came from: hairpin.
        IFLA_BRPORT_MODE = 4 => "mode": Number(U8, Truth), (3, 8);
        /// Whether a hello of the spanning tree disables the port.
        IFLA_BRPORT_GUARD = 5 => "guard": Number(U8, Truth), (3, 8);
        /// Whether the port cannot become the one towards the root.
        IFLA_BRPORT_PROTECT = 6 => "protect": Number(U8, Truth), (3, 8);
        /// Whether a group is left with the first leave.
        IFLA_BRPORT_FAST_LEAVE = 7 => "fast_leave": Number(U8, Truth), (3, 8);
        /// Whether addresses are learned.
        IFLA_BRPORT_LEARNING = 8 => "learning": Number(U8, Truth), (3, 11);
        /// Whether packets for unknown addresses are sent here.
        IFLA_BRPORT_UNICAST_FLOOD = 9 => "unicast_flood": Number(U8, Truth), (3, 11);
        /// Whether ARP is answered for others.
        IFLA_BRPORT_PROXYARP = 10 => "proxyarp": Number(U8, Truth), (3, 19);
        /// Whether addresses that the device learned are taken over.
        IFLA_BRPORT_LEARNING_SYNC = 11 => "learning_sync": Number(U8, Truth), (3, 19);
        /// Whether ARP is answered for others, as an access point has to.
        IFLA_BRPORT_PROXYARP_WIFI = 12 => "proxyarp_wifi": Number(U8, Truth), (4, 1);
        /// Root of the spanning tree, as the port knows it.
        IFLA_BRPORT_ROOT_ID = 13 => "root_id": Structure(&BridgeId::LAYOUT), (4, 4);
        /// Bridge through which the port reaches the root.
        IFLA_BRPORT_BRIDGE_ID = 14 => "bridge_id": Structure(&BridgeId::LAYOUT), (4, 4);
        /// Port of that bridge.
        IFLA_BRPORT_DESIGNATED_PORT = 15 => "designated_port": Number(U16, Hexadecimal), (4, 4);
        /// Cost of the way from that bridge.
        IFLA_BRPORT_DESIGNATED_COST = 16 => "designated_cost": Number(U16, Count), (4, 4);
        /// Priority and number of the port in one.
        IFLA_BRPORT_ID = 17 => "id": Number(U16, Hexadecimal), (4, 4);
        /// Number of the port.
        IFLA_BRPORT_NO = 18 => "no": Number(U16, Hexadecimal), (4, 4);
        /// Whether a change has to be confirmed.
        IFLA_BRPORT_TOPOLOGY_CHANGE_ACK = 19 => "topology_change_ack": Number(U8, Truth), (4, 4);
        /// Whether a hello waits to be sent.
        IFLA_BRPORT_CONFIG_PENDING = 20 => "config_pending": Number(U8, Truth), (4, 4);
        /// Time until what the port knows is too old.
        IFLA_BRPORT_MESSAGE_AGE_TIMER = 21 => "message_age_timer": Number(U64, Centiseconds), (4, 4);
        /// Time until the next state.
        IFLA_BRPORT_FORWARD_DELAY_TIMER = 22 => "forward_delay_timer": Number(U64, Centiseconds), (4, 4);
        /// Time until the next hello may be sent.
        IFLA_BRPORT_HOLD_TIMER = 23 => "hold_timer": Number(U64, Centiseconds), (4, 4);
        /// Whether a multicast router is believed here.
        IFLA_BRPORT_MULTICAST_ROUTER = 25 => "multicast_router": Number(U8, OneOf(MULTICAST_ROUTER)), (4, 4);
        /// Whether multicast that nobody asked for is sent here.
        IFLA_BRPORT_MCAST_FLOOD = 27 => "mcast_flood": Number(U8, Truth), (4, 9);
        /// Whether multicast is sent to each member as unicast.
        IFLA_BRPORT_MCAST_TO_UCAST = 28 => "mcast_to_ucast": Number(U8, Truth), (4, 11);
        /// Whether VLANs are mapped to tunnels.
        IFLA_BRPORT_VLAN_TUNNEL = 29 => "vlan_tunnel": Number(U8, Truth), (4, 11);
        /// Whether broadcast is sent here.
        IFLA_BRPORT_BCAST_FLOOD = 30 => "bcast_flood": Number(U8, Truth), (4, 12);
        /// Link-local groups that are forwarded, by the last digit of their address.
        IFLA_BRPORT_GROUP_FWD_MASK = 31 => "group_fwd_mask": Number(U16, Hexadecimal), (4, 15);
        /// Whether ARP and neighbour discovery are answered in place of being sent here.
        IFLA_BRPORT_NEIGH_SUPPRESS = 32 => "neigh_suppress": Number(U8, Truth), (4, 15);
        /// Whether the port speaks only to ports that are not isolated.
        IFLA_BRPORT_ISOLATED = 33 => "isolated": Number(U8, Truth), (4, 18);
        /// Port that takes over when this one has no carrier.
        IFLA_BRPORT_BACKUP_PORT = 34 => "backup_port": Number(U32, Interface), (4, 19);
        /// Whether a ring of MRP is open here.
        IFLA_BRPORT_MRP_RING_OPEN = 35 => "mrp_ring_open": Number(U8, Truth), (5, 8);
        /// Whether an interconnection of MRP is open here.
        IFLA_BRPORT_MRP_IN_OPEN = 36 => "mrp_in_open": Number(U8, Truth), (5, 9);
        /// Most hosts that are followed for their groups.
        IFLA_BRPORT_MCAST_EHT_HOSTS_LIMIT = 37 => "mcast_eht_hosts_limit": Number(U32, Count), (5, 12);
        /// Hosts that are followed for their groups.
        IFLA_BRPORT_MCAST_EHT_HOSTS_CNT = 38 => "mcast_eht_hosts_cnt": Number(U32, Count), (5, 12);
        /// Whether only known addresses may send.
        IFLA_BRPORT_LOCKED = 39 => "locked": Number(U8, Truth), (5, 18);
        /// Whether unknown addresses are noted for a program to let in.
        IFLA_BRPORT_MAB = 40 => "mab": Number(U8, Truth), (6, 2);
        /// Groups here.
        IFLA_BRPORT_MCAST_N_GROUPS = 41 => "mcast_n_groups": Number(U32, Count), (6, 3);
        /// Most groups here; 0 for no limit.
        IFLA_BRPORT_MCAST_MAX_GROUPS = 42 => "mcast_max_groups": Number(U32, Count), (6, 3);
        /// Whether each VLAN says if neighbour discovery is answered.
        IFLA_BRPORT_NEIGH_VLAN_SUPPRESS = 43 => "neigh_vlan_suppress": Number(U8, Truth), (6, 4);
        /// Nexthop that takes over with the other port.
        IFLA_BRPORT_BACKUP_NHID = 44 => "backup_nhid": Number(U32, Identifier), (6, 6);
        /// Whether unasked ARP is sent on though the rest is answered.
        IFLA_BRPORT_NEIGH_FORWARD_GRAT = 45 => "neigh_forward_grat": Number(U8, Truth), (7, 2);
    }
}
