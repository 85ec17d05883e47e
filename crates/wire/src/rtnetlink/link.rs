//! Links: `struct ifinfomsg` and the attributes behind it (include/uapi/linux/if_link.h, net/core/rtnetlink.c).

pub mod amt;
pub mod bareudp;
pub mod batadv;
pub mod bond;
pub mod bridge;
pub mod bridge_family;
pub mod bridge_port;
pub mod can;
pub mod counters;
pub mod dsa;
pub mod family;
pub mod function;
pub mod geneve;
pub mod gtp;
pub mod hsr;
pub mod info;
pub mod ipoib;
pub mod ipvlan;
pub mod macsec;
pub mod macvlan;
pub mod name;
pub mod netkit;
pub mod ovpn;
pub mod rmnet;
pub mod tun;
pub mod tunnel;
pub mod vlan;
pub mod vrf;
pub mod vxlan;
pub mod wwan;
pub mod xfrm;

use crate::rtnetlink::link::bridge_family::BRIDGE_AF_SPEC;
use crate::rtnetlink::link::bridge_port::BRIDGE_PORT;
use crate::rtnetlink::link::counters::{LinkMap, LinkStatistics, LinkStatistics64};
use crate::rtnetlink::link::family::{AF_SPEC, LINK_INET6};
use crate::rtnetlink::link::function::{VF, VF_PORT};
use crate::rtnetlink::link::info::LINK_INFO;
use crate::rtnetlink::link::name::{LINK_FLAGS, LINK_TYPES, OPERATIONAL_STATES};
use crate::{Name, names};

/// Address families that a header of rtnetlink names.
pub(crate) const FAMILIES: &[Name] = names![
    (0, "unspec"),
    (2, "inet"),
    (7, "bridge"),
    (10, "inet6"),
    (28, "mpls"),
    (45, "mctp"),
    (128, "ipmr"),
    (129, "ip6mr"),
];

crate::layout! {
    /// One link (`struct ifinfomsg`).
    pub struct LinkMessage = ifinfomsg {
        /// Address family that the message speaks for; `bridge` tells only what a bridge knows of it.
        ifi_family => family: u8 @ 0, OneOf(FAMILIES), (2, 12);
        /// Kind of hardware, as ARP numbers it.
        ifi_type => r#type: u16 @ 2, OneOf(LINK_TYPES), (2, 12);
        /// Index of the link in its namespace.
        ifi_index => index: i32 @ 4, Identifier, (2, 12);
        /// What the link can do and does.
        ifi_flags => flags: u32 @ 8, SetOf(LINK_FLAGS), (2, 12);
        /// Flags that this message tells a change of; all of them in a dump.
        ifi_change => change: u32 @ 12, SetOf(LINK_FLAGS), (2, 12);
    }
}

crate::space! {
    /// Attributes of a link.
    pub static LINK = "link", header &LinkMessage::LAYOUT, 16; {
        /// Link-layer address; of a tunnel, its local address.
        IFLA_ADDRESS = 1 => "address": LinkAddress, (2, 12);
        /// Link-layer broadcast address; of a tunnel, its peer.
        IFLA_BROADCAST = 2 => "broadcast": LinkAddress, (2, 12);
        /// Name of the link.
        IFLA_IFNAME = 3 => "ifname": Text, (2, 12);
        /// Largest packet that the link sends, without its link-layer header.
        IFLA_MTU = 4 => "mtu": Number(U32, Bytes), (2, 12);
        /// Link below this one, in `link_netnsid` where that is told; the peer of a veth; 0 for a tunnel without.
        IFLA_LINK = 5 => "link": Number(U32, LowerInterface), (2, 12);
        /// Kind of the root queueing discipline.
        IFLA_QDISC = 6 => "qdisc": Text, (2, 12);
        /// Counters in 32 bits, which wrap.
        IFLA_STATS = 7 => "stats": Structure(&LinkStatistics::LAYOUT), (2, 12);
        /// Link that this one is a port of: a bridge, a bond, a VRF.
        IFLA_MASTER = 10 => "master": Number(U32, Interface), (2, 12);
        /// Event of the old wireless extensions.
        IFLA_WIRELESS = 11 => "wireless": Opaque, (2, 12);
        /// What a protocol knows of the link: settings of a bridge port, state of IPv6.
        IFLA_PROTINFO = 12 => "protinfo": OfFamily(&[(7, &Nest(&BRIDGE_PORT)), (10, &Nest(&LINK_INET6))]), (2, 12);
        /// Packets that the root queueing discipline holds if it has no limit of its own.
        IFLA_TXQLEN = 13 => "txqlen": Number(U32, Count), (2, 12);
        /// Where old hardware is found on its bus.
        IFLA_MAP = 14 => "map": Structure(&LinkMap::LAYOUT), (2, 12);
        /// Packets that one poll takes at most; not sent by today's kernels.
        IFLA_WEIGHT = 15 => "weight": Number(U32, Count), (2, 12);
        /// State of the link as RFC 2863 has it.
        IFLA_OPERSTATE = 16 => "operstate": Number(U8, OneOf(OPERATIONAL_STATES)), (2, 19);
        /// Whether the link becomes usable with its carrier or has to be told.
        IFLA_LINKMODE = 17 => "linkmode": Number(U8, OneOf(crate::names![(0, "default"), (1, "dormant"),
            (2, "testing")])), (2, 19);
        /// Kind of the link and what its kind adds.
        IFLA_LINKINFO = 18 => "": Nest(&LINK_INFO), (2, 23);
        /// Description that somebody gave the link.
        IFLA_IFALIAS = 20 => "ifalias": Text, (2, 28);
        /// Virtual functions of the device.
        IFLA_NUM_VF = 21 => "num_vf": Number(U32, Count), (2, 34);
        /// Virtual functions of the device, if they are asked for.
        IFLA_VFINFO_LIST = 22 => "vfinfo_list": Listed(&Nest(&VF)), (2, 34);
        /// Counters of the link.
        IFLA_STATS64 = 23 => "stats64": Structure(&LinkStatistics64::LAYOUT), (2, 35);
        /// Port profiles of the virtual functions.
        IFLA_VF_PORTS = 24 => "vf_ports": Listed(&Nest(&VF_PORT)), (2, 35);
        /// Port profile of the device itself.
        IFLA_PORT_SELF = 25 => "port_self": Nest(&VF_PORT), (2, 35);
        /// What each address family knows of the link.
        IFLA_AF_SPEC = 26 => "af_spec": OfFamily(&[(7, &Nest(&BRIDGE_AF_SPEC)), (128, &Opaque), (129, &Opaque),
            (0, &Nest(&AF_SPEC))]), (2, 38);
        /// Group of the link, by which many are set up at once.
        IFLA_GROUP = 27 => "group": Number(U32, Identifier), (2, 39);
        /// What the request wanted beside the usual.
        IFLA_EXT_MASK = 29 => "ext_mask": Number(U32, SetOf(crate::names![(1, "vf"), (2, "brvlan"),
            (4, "brvlan-compressed"), (8, "skip-stats"), (16, "mrp"), (32, "cfm-config"), (64, "cfm-status"),
            (128, "mst")])), (3, 3);
        /// How many want the link to receive everything.
        IFLA_PROMISCUITY = 30 => "promiscuity": Number(U32, Count), (3, 5);
        /// Queues that the device can send from.
        IFLA_NUM_TX_QUEUES = 31 => "num_tx_queues": Number(U32, Count), (3, 6);
        /// Queues that the device can receive into.
        IFLA_NUM_RX_QUEUES = 32 => "num_rx_queues": Number(U32, Count), (3, 6);
        /// Whether the link has a carrier.
        IFLA_CARRIER = 33 => "carrier": Number(U8, Truth), (3, 9);
        /// Identity of the physical port, the same for all functions behind it.
        IFLA_PHYS_PORT_ID = 34 => "phys_port_id": Opaque, (3, 12);
        /// Times the carrier came or went.
        IFLA_CARRIER_CHANGES = 35 => "carrier_changes": Number(U32, Count), (3, 15);
        /// Identity of the switch that the port is part of.
        IFLA_PHYS_SWITCH_ID = 36 => "phys_switch_id": Opaque, (3, 19);
        /// Namespace of the link below, by its id here.
        IFLA_LINK_NETNSID = 37 => "link_netnsid": Number(I32, Identifier), (4, 0);
        /// Name of the physical port, as its driver gives it.
        IFLA_PHYS_PORT_NAME = 38 => "phys_port_name": Text, (4, 1);
        /// Whether a protocol keeps the link down.
        IFLA_PROTO_DOWN = 39 => "proto_down": Number(U8, Truth), (4, 3);
        /// Segments of the largest packet that is handed over to be split.
        IFLA_GSO_MAX_SEGS = 40 => "gso_max_segs": Number(U32, Count), (4, 6);
        /// Largest packet that is handed over to be split.
        IFLA_GSO_MAX_SIZE = 41 => "gso_max_size": Number(U32, Bytes), (4, 6);
        /// XDP programs on the link.
        IFLA_XDP = 43 => "xdp": Nest(&LINK_XDP), (4, 8);
        /// What made the kernel send this message.
        IFLA_EVENT = 44 => "event": Number(U32, OneOf(crate::names![(0, "none"), (1, "reboot"), (2, "features"),
            (3, "bonding-failover"), (4, "notify-peers"), (5, "igmp-resend"), (6, "bonding-options")])), (4, 13);
        /// Namespace that the link moved to, by its id here.
        IFLA_NEW_NETNSID = 45 => "new_netnsid": Number(I32, Identifier), (4, 15);
        /// Namespace that was asked about, by its id here.
        IFLA_IF_NETNSID = 46 => "target_netnsid": Number(I32, Identifier), (4, 15);
        /// Times the carrier came.
        IFLA_CARRIER_UP_COUNT = 47 => "carrier_up_count": Number(U32, Count), (4, 16);
        /// Times the carrier went.
        IFLA_CARRIER_DOWN_COUNT = 48 => "carrier_down_count": Number(U32, Count), (4, 16);
        /// Index that the link has in the namespace it moved to.
        IFLA_NEW_IFINDEX = 49 => "new_ifindex": Number(I32, Interface), (4, 16);
        /// Smallest MTU that the link takes.
        IFLA_MIN_MTU = 50 => "min_mtu": Number(U32, Bytes), (4, 19);
        /// Largest MTU that the link takes; 0 where it has no limit.
        IFLA_MAX_MTU = 51 => "max_mtu": Number(U32, Bytes), (4, 19);
        /// Properties of the link: its alternative names.
        IFLA_PROP_LIST = 52 => "": Nest(&LINK_PROPERTIES), (5, 5);
        /// Link-layer address that the hardware came with.
        IFLA_PERM_ADDRESS = 54 => "perm_address": LinkAddress, (5, 6);
        /// Why a protocol keeps the link down.
        IFLA_PROTO_DOWN_REASON = 55 => "proto_down_reason": Nest(&PROTO_DOWN_REASON), (5, 9);
        /// Name of the device that the link belongs to, on its bus.
        IFLA_PARENT_DEV_NAME = 56 => "parent_dev_name": Text, (5, 14);
        /// Bus of the device that the link belongs to.
        IFLA_PARENT_DEV_BUS_NAME = 57 => "parent_dev_bus_name": Text, (5, 14);
        /// Largest packet that is put together from received ones.
        IFLA_GRO_MAX_SIZE = 58 => "gro_max_size": Number(U32, Bytes), (5, 17);
        /// Largest packet that the device splits itself.
        IFLA_TSO_MAX_SIZE = 59 => "tso_max_size": Number(U32, Bytes), (5, 19);
        /// Segments of the largest packet that the device splits itself.
        IFLA_TSO_MAX_SEGS = 60 => "tso_max_segs": Number(U32, Count), (5, 19);
        /// How many want the link to receive all multicast.
        IFLA_ALLMULTI = 61 => "allmulti": Number(U32, Count), (6, 1);
        /// Port of devlink that the link is.
        IFLA_DEVLINK_PORT = 62 => "devlink_port": Nest(&DEVLINK_HANDLE), (6, 2);
        /// Largest IPv4 packet that is handed over to be split.
        IFLA_GSO_IPV4_MAX_SIZE = 63 => "gso_ipv4_max_size": Number(U32, Bytes), (6, 3);
        /// Largest IPv4 packet that is put together from received ones.
        IFLA_GRO_IPV4_MAX_SIZE = 64 => "gro_ipv4_max_size": Number(U32, Bytes), (6, 3);
        /// Clock that the link is synchronized to.
        IFLA_DPLL_PIN = 65 => "dpll_pin": Nest(&DPLL_PIN), (6, 7);
        /// How far ahead the device takes packets with a time to be sent.
        IFLA_MAX_PACING_OFFLOAD_HORIZON = 66 => "max_pacing_offload_horizon": Unsigned(Nanoseconds), (6, 13);
        /// Whether the link cannot be moved to another namespace.
        IFLA_NETNS_IMMUTABLE = 67 => "netns_immutable": Number(U8, Truth), (6, 15);
        /// Room that the link needs before a packet.
        IFLA_HEADROOM = 68 => "headroom": Number(U16, Bytes), (6, 18);
        /// Room that the link needs behind a packet.
        IFLA_TAILROOM = 69 => "tailroom": Number(U16, Bytes), (6, 18);
    }
}

crate::space! {
    /// Properties of a link.
    pub static LINK_PROPERTIES = "link_properties"; {
        /// Alternative names of the link.
        IFLA_ALT_IFNAME = 53 => "alt_ifname": Repeated(&Text), (5, 5);
    }
}

crate::space! {
    /// Why a protocol keeps a link down.
    pub static PROTO_DOWN_REASON = "proto_down_reason"; {
        /// Reasons that a request changes.
        IFLA_PROTO_DOWN_REASON_MASK = 1 => "mask": Number(U32, Hexadecimal), (5, 9);
        /// Reasons that there are, a bit each; names are given in user space.
        IFLA_PROTO_DOWN_REASON_VALUE = 2 => "value": Number(U32, Hexadecimal), (5, 9);
    }
}

crate::space! {
    /// XDP programs on a link.
    pub static LINK_XDP = "xdp"; {
        /// Descriptor of a program, in requests.
        IFLA_XDP_FD = 1 => "fd": Number(I32, Identifier), (4, 8);
        /// Where a program runs: in the driver, in the stack, in the device, or several.
        IFLA_XDP_ATTACHED = 2 => "attached": Number(U8, OneOf(crate::names![(0, "none"), (1, "drv"), (2, "skb"),
            (3, "hw"), (4, "multi")])), (4, 8);
        /// How a program was attached.
        IFLA_XDP_FLAGS = 3 => "flags": Number(U32, SetOf(crate::names![(1, "update-if-noexist"), (2, "skb-mode"),
            (4, "drv-mode"), (8, "hw-mode"), (16, "replace")])), (4, 10);
        /// Program, where there is one.
        IFLA_XDP_PROG_ID = 4 => "prog_id": Number(U32, Identifier), (4, 13);
        /// Program in the driver.
        IFLA_XDP_DRV_PROG_ID = 5 => "drv_prog_id": Number(U32, Identifier), (4, 19);
        /// Program in the stack.
        IFLA_XDP_SKB_PROG_ID = 6 => "skb_prog_id": Number(U32, Identifier), (4, 19);
        /// Program in the device.
        IFLA_XDP_HW_PROG_ID = 7 => "hw_prog_id": Number(U32, Identifier), (4, 19);
    }
}

crate::space! {
    /// Clock that a link is synchronized to.
    pub static DPLL_PIN = "dpll_pin"; {
        /// Number of the pin.
        DPLL_A_PIN_ID = 1 => "id": Number(U32, Identifier), (6, 7);
    }
}

crate::space! {
    /// Port of devlink that a link is.
    pub static DEVLINK_HANDLE = "devlink_port"; {
        /// Bus of the device.
        DEVLINK_ATTR_BUS_NAME = 1 => "bus_name": Text, (6, 2);
        /// Name of the device on its bus.
        DEVLINK_ATTR_DEV_NAME = 2 => "dev_name": Text, (6, 2);
        /// Number of the port.
        DEVLINK_ATTR_PORT_INDEX = 3 => "port_index": Number(U32, Identifier), (6, 2);
    }
}
