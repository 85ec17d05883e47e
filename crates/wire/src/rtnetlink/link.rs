//! Links: `struct ifinfomsg` and the attributes behind it (include/uapi/linux/if_link.h, net/core/rtnetlink.c).

pub mod amt;
pub mod bareudp;
pub mod batadv;
pub mod bond;
pub mod bridge;
pub mod bridge_family;
pub mod bridge_port;
pub mod can;
pub mod dsa;
pub mod family;
pub mod function;
pub mod geneve;
pub mod gtp;
pub mod hsr;
pub mod ipoib;
pub mod ipvlan;
pub mod macsec;
pub mod macvlan;
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

use crate::rtnetlink::link::amt::AMT;
use crate::rtnetlink::link::bareudp::BAREUDP;
use crate::rtnetlink::link::batadv::BATADV;
use crate::rtnetlink::link::bond::{BOND, BOND_PORT};
use crate::rtnetlink::link::bridge::BRIDGE;
use crate::rtnetlink::link::bridge_family::BRIDGE_AF_SPEC;
use crate::rtnetlink::link::bridge_port::BRIDGE_PORT;
use crate::rtnetlink::link::can::{CAN, CanStatistics};
use crate::rtnetlink::link::dsa::DSA;
use crate::rtnetlink::link::family::{AF_SPEC, LINK_INET6};
use crate::rtnetlink::link::function::{VF, VF_PORT};
use crate::rtnetlink::link::geneve::GENEVE;
use crate::rtnetlink::link::gtp::GTP;
use crate::rtnetlink::link::hsr::HSR;
use crate::rtnetlink::link::ipoib::IPOIB;
use crate::rtnetlink::link::ipvlan::IPVLAN;
use crate::rtnetlink::link::macsec::MACSEC;
use crate::rtnetlink::link::macvlan::MACVLAN;
use crate::rtnetlink::link::netkit::NETKIT;
use crate::rtnetlink::link::ovpn::OVPN;
use crate::rtnetlink::link::rmnet::RMNET;
use crate::rtnetlink::link::tun::TUN;
use crate::rtnetlink::link::tunnel::{GRE, IP6TNL, IPTUN, VTI};
use crate::rtnetlink::link::vlan::VLAN;
use crate::rtnetlink::link::vrf::{VRF, VRF_PORT};
use crate::rtnetlink::link::vxlan::VXLAN;
use crate::rtnetlink::link::wwan::WWAN;
use crate::rtnetlink::link::xfrm::XFRM;
use crate::{Choice, Name, choices, names};

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

/// What a link can do and does (`IFF_*`).
pub(crate) const LINK_FLAGS: &[Name] = names![
    (0x1, "up"),
    (0x2, "broadcast"),
    (0x4, "debug"),
    (0x8, "loopback"),
    (0x10, "pointopoint"),
    (0x20, "notrailers"),
    (0x40, "running"),
    (0x80, "noarp"),
    (0x100, "promisc"),
    (0x200, "allmulti"),
    (0x400, "master"),
    (0x800, "slave"),
    (0x1000, "multicast"),
    (0x2000, "portsel"),
    (0x4000, "automedia"),
    (0x8000, "dynamic"),
    (0x10000, "lower-up"),
    (0x20000, "dormant"),
    (0x40000, "echo"),
];

/// What kind of hardware a link is to ARP (`ARPHRD_*`).
pub(crate) const LINK_TYPES: &[Name] = names![
    (0, "netrom"),
    (1, "ether"),
    (2, "eether"),
    (3, "ax25"),
    (4, "pronet"),
    (5, "chaos"),
    (6, "ieee802"),
    (7, "arcnet"),
    (8, "appletlk"),
    (15, "dlci"),
    (19, "atm"),
    (23, "metricom"),
    (24, "ieee1394"),
    (27, "eui64"),
    (32, "infiniband"),
    (256, "slip"),
    (257, "cslip"),
    (258, "slip6"),
    (259, "cslip6"),
    (260, "rsrvd"),
    (264, "adapt"),
    (270, "rose"),
    (271, "x25"),
    (272, "hwx25"),
    (280, "can"),
    (290, "mctp"),
    (512, "ppp"),
    (513, "cisco"),
    (516, "lapb"),
    (517, "ddcmp"),
    (518, "rawhdlc"),
    (519, "rawip"),
    (768, "tunnel"),
    (769, "tunnel6"),
    (770, "frad"),
    (771, "skip"),
    (772, "loopback"),
    (773, "localtlk"),
    (774, "fddi"),
    (775, "bif"),
    (776, "sit"),
    (777, "ipddp"),
    (778, "ipgre"),
    (779, "pimreg"),
    (780, "hippi"),
    (781, "ash"),
    (782, "econet"),
    (783, "irda"),
    (784, "fcpp"),
    (785, "fcal"),
    (786, "fcpl"),
    (787, "fcfabric"),
    (800, "ieee802-tr"),
    (801, "ieee80211"),
    (802, "ieee80211-prism"),
    (803, "ieee80211-radiotap"),
    (804, "ieee802154"),
    (805, "ieee802154-monitor"),
    (820, "phonet"),
    (821, "phonet-pipe"),
    (822, "caif"),
    (823, "ip6gre"),
    (824, "netlink"),
    (825, "6lowpan"),
    (826, "vsockmon"),
    (65534, "none"),
    (65535, "void"),
];

/// States of RFC 2863 (`IF_OPER_*`).
pub(crate) const OPERATIONAL_STATES: &[Name] = names![
    (0, "unknown"),
    (1, "notpresent"),
    (2, "down"),
    (3, "lowerlayerdown"),
    (4, "testing"),
    (5, "dormant"),
    (6, "up"),
];

crate::layout! {
    /// One link (`struct ifinfomsg`).
    pub struct LinkMessage = ifinfomsg {
        /// Address family that the message speaks for; `bridge` tells only what a bridge knows of it.
        ifi_family => family: u8 @ 0, OneOf(FAMILIES), (2, 12);
        /// Kind of hardware, as ARP numbers it.
        ifi_type => r#type: u16 @ 2, OneOf(LINK_TYPES), (2, 12);
        /// Index of the link in its namespace.
        ifi_index => index: i32 @ 4, Interface, (2, 12);
        /// What the link can do and does.
        ifi_flags => flags: u32 @ 8, SetOf(LINK_FLAGS), (2, 12);
        /// Flags that this message tells a change of; all of them in a dump.
        ifi_change => change: u32 @ 12, SetOf(LINK_FLAGS), (2, 12);
    }
}

crate::layout! {
    /// Counters of a link in 32 bits, which wrap.
    pub struct LinkStatistics = rtnl_link_stats {
        /// Packets received.
        rx_packets => rx_packets: u32 @ 0, Count, (2, 12);
        /// Packets sent.
        tx_packets => tx_packets: u32 @ 4, Count, (2, 12);
        /// Bytes received.
        rx_bytes => rx_bytes: u32 @ 8, Bytes, (2, 12);
        /// Bytes sent.
        tx_bytes => tx_bytes: u32 @ 12, Bytes, (2, 12);
        /// Packets received with any error.
        rx_errors => rx_errors: u32 @ 16, Count, (2, 12);
        /// Packets that could not be sent.
        tx_errors => tx_errors: u32 @ 20, Count, (2, 12);
        /// Packets received and dropped for want of room or of a protocol.
        rx_dropped => rx_dropped: u32 @ 24, Count, (2, 12);
        /// Packets dropped on their way out.
        tx_dropped => tx_dropped: u32 @ 28, Count, (2, 12);
        /// Multicast packets received.
        multicast => multicast: u32 @ 32, Count, (2, 12);
        /// Collisions while sending.
        collisions => collisions: u32 @ 36, Count, (2, 12);
        /// Packets received with a wrong length.
        rx_length_errors => rx_length_errors: u32 @ 40, Count, (2, 12);
        /// Times the receiver's buffer ran over.
        rx_over_errors => rx_over_errors: u32 @ 44, Count, (2, 12);
        /// Packets received with a wrong checksum of the frame.
        rx_crc_errors => rx_crc_errors: u32 @ 48, Count, (2, 12);
        /// Packets received out of alignment.
        rx_frame_errors => rx_frame_errors: u32 @ 52, Count, (2, 12);
        /// Times the receiver's queue ran over.
        rx_fifo_errors => rx_fifo_errors: u32 @ 56, Count, (2, 12);
        /// Packets that the device dropped because the host did not take them.
        rx_missed_errors => rx_missed_errors: u32 @ 60, Count, (2, 12);
        /// Packets given up while sending.
        tx_aborted_errors => tx_aborted_errors: u32 @ 64, Count, (2, 12);
        /// Packets lost because the carrier was.
        tx_carrier_errors => tx_carrier_errors: u32 @ 68, Count, (2, 12);
        /// Packets lost because the sender's queue ran dry.
        tx_fifo_errors => tx_fifo_errors: u32 @ 72, Count, (2, 12);
        /// Heartbeat errors of old half-duplex Ethernet.
        tx_heartbeat_errors => tx_heartbeat_errors: u32 @ 76, Count, (2, 12);
        /// Late collisions.
        tx_window_errors => tx_window_errors: u32 @ 80, Count, (2, 12);
        /// Compressed packets received, of SLIP and PPP.
        rx_compressed => rx_compressed: u32 @ 84, Count, (2, 12);
        /// Compressed packets sent, of SLIP and PPP.
        tx_compressed => tx_compressed: u32 @ 88, Count, (2, 12);
        /// Packets dropped because the link is not to receive, as an idle port of a bond.
        rx_nohandler => rx_nohandler: u32 @ 92, Count, (4, 6);
    }
}

crate::layout! {
    /// Counters of a link.
    pub struct LinkStatistics64 = rtnl_link_stats64 {
        /// Packets received.
        rx_packets => rx_packets: u64 @ 0, Count, (2, 35);
        /// Packets sent.
        tx_packets => tx_packets: u64 @ 8, Count, (2, 35);
        /// Bytes received.
        rx_bytes => rx_bytes: u64 @ 16, Bytes, (2, 35);
        /// Bytes sent.
        tx_bytes => tx_bytes: u64 @ 24, Bytes, (2, 35);
        /// Packets received with any error.
        rx_errors => rx_errors: u64 @ 32, Count, (2, 35);
        /// Packets that could not be sent.
        tx_errors => tx_errors: u64 @ 40, Count, (2, 35);
        /// Packets received and dropped for want of room or of a protocol.
        rx_dropped => rx_dropped: u64 @ 48, Count, (2, 35);
        /// Packets dropped on their way out.
        tx_dropped => tx_dropped: u64 @ 56, Count, (2, 35);
        /// Multicast packets received; devices may count those that never reached the host.
        multicast => multicast: u64 @ 64, Count, (2, 35);
        /// Collisions while sending.
        collisions => collisions: u64 @ 72, Count, (2, 35);
        /// Packets received with a wrong length.
        rx_length_errors => rx_length_errors: u64 @ 80, Count, (2, 35);
        /// Times the receiver's buffer ran over.
        rx_over_errors => rx_over_errors: u64 @ 88, Count, (2, 35);
        /// Packets received with a wrong checksum of the frame.
        rx_crc_errors => rx_crc_errors: u64 @ 96, Count, (2, 35);
        /// Packets received out of alignment.
        rx_frame_errors => rx_frame_errors: u64 @ 104, Count, (2, 35);
        /// Times the receiver's queue ran over; tunnels count packets out of sequence.
        rx_fifo_errors => rx_fifo_errors: u64 @ 112, Count, (2, 35);
        /// Packets that the device dropped because the host did not take them.
        rx_missed_errors => rx_missed_errors: u64 @ 120, Count, (2, 35);
        /// Packets given up while sending.
        tx_aborted_errors => tx_aborted_errors: u64 @ 128, Count, (2, 35);
        /// Packets lost because the carrier was.
        tx_carrier_errors => tx_carrier_errors: u64 @ 136, Count, (2, 35);
        /// Packets lost because the sender's queue ran dry.
        tx_fifo_errors => tx_fifo_errors: u64 @ 144, Count, (2, 35);
        /// Heartbeat errors of old half-duplex Ethernet.
        tx_heartbeat_errors => tx_heartbeat_errors: u64 @ 152, Count, (2, 35);
        /// Late collisions.
        tx_window_errors => tx_window_errors: u64 @ 160, Count, (2, 35);
        /// Compressed packets received, of SLIP and PPP.
        rx_compressed => rx_compressed: u64 @ 168, Count, (2, 35);
        /// Compressed packets sent, of SLIP and PPP.
        tx_compressed => tx_compressed: u64 @ 176, Count, (2, 35);
        /// Packets dropped because the link is not to receive, as an idle port of a bond.
        rx_nohandler => rx_nohandler: u64 @ 184, Count, (4, 6);
        /// Packets dropped because their link-layer address is another host's.
        rx_otherhost_dropped => rx_otherhost_dropped: u64 @ 192, Count, (5, 19);
    }
}

crate::layout! {
    /// Where old hardware is found on its bus.
    pub struct LinkMap = rtnl_link_ifmap {
        /// Start of the shared memory.
        mem_start => mem_start: u64 @ 0, Hexadecimal, (2, 12);
        /// End of the shared memory.
        mem_end => mem_end: u64 @ 8, Hexadecimal, (2, 12);
        /// First I/O port.
        base_addr => base_addr: u64 @ 16, Hexadecimal, (2, 12);
        /// Interrupt.
        irq => irq: u16 @ 24, Identifier, (2, 12);
        /// DMA channel.
        dma => dma: u8 @ 26, Identifier, (2, 12);
        /// Connector in use, as the driver numbers them.
        port => port: u8 @ 27, Identifier, (2, 12);
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
        /// Link below this one; its own index where there is none; the peer of a veth, in `link_netnsid`.
        IFLA_LINK = 5 => "link": Number(U32, Interface), (2, 12);
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
        /// Alternative name, where a message tells of only one.
        IFLA_ALT_IFNAME = 53 => "alt_ifname": Text, (5, 5);
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
    /// Kind of a link and what its kind adds.
    pub static LINK_INFO = "link_info"; {
        /// Kind of the link; hardware has none.
        IFLA_INFO_KIND = 1 => "kind": Text, (2, 23);
        /// What this kind of link adds.
        IFLA_INFO_DATA = 2 => "": Selected(Selector::Text(1), LINK_DATA), (2, 23);
        /// Counters that this kind of link adds.
        IFLA_INFO_XSTATS = 3 => "xstats": Selected(Selector::Text(1), LINK_XSTATS), (2, 23);
        /// Kind of the link that this one is a port of.
        IFLA_INFO_SLAVE_KIND = 4 => "slave_kind": Text, (3, 14);
        /// What being a port of that kind adds.
        IFLA_INFO_SLAVE_DATA = 5 => "": Selected(Selector::Text(4), LINK_PORT_DATA), (3, 14);
    }
}

/// What each kind of link adds.
pub(crate) static LINK_DATA: &[Choice] = choices![
    ("amt", 0, "amt", Nest(&AMT)),
    ("bareudp", 0, "bareudp", Nest(&BAREUDP)),
    ("batadv", 0, "batadv", Nest(&BATADV)),
    ("bond", 0, "bond", Nest(&BOND)),
    ("bridge", 0, "bridge", Nest(&BRIDGE)),
    ("can", 0, "can", Nest(&CAN)),
    ("dsa", 0, "dsa", Nest(&DSA)),
    ("erspan", 0, "erspan", Nest(&GRE)),
    ("geneve", 0, "geneve", Nest(&GENEVE)),
    ("gre", 0, "gre", Nest(&GRE)),
    ("gretap", 0, "gretap", Nest(&GRE)),
    ("gtp", 0, "gtp", Nest(&GTP)),
    ("hsr", 0, "hsr", Nest(&HSR)),
    ("ip6erspan", 0, "ip6erspan", Nest(&GRE)),
    ("ip6gre", 0, "ip6gre", Nest(&GRE)),
    ("ip6gretap", 0, "ip6gretap", Nest(&GRE)),
    ("ip6tnl", 0, "ip6tnl", Nest(&IP6TNL)),
    ("ipip", 0, "ipip", Nest(&IPTUN)),
    ("ipoib", 0, "ipoib", Nest(&IPOIB)),
    ("ipvlan", 0, "ipvlan", Nest(&IPVLAN)),
    ("ipvtap", 0, "ipvtap", Nest(&IPVLAN)),
    ("macsec", 0, "macsec", Nest(&MACSEC)),
    ("macvlan", 0, "macvlan", Nest(&MACVLAN)),
    ("macvtap", 0, "macvtap", Nest(&MACVLAN)),
    ("netkit", 0, "netkit", Nest(&NETKIT)),
    ("ovpn", 0, "ovpn", Nest(&OVPN)),
    ("rmnet", 0, "rmnet", Nest(&RMNET)),
    ("sit", 0, "sit", Nest(&IPTUN)),
    ("tun", 0, "tun", Nest(&TUN)),
    ("virt_wifi", 0, "virt_wifi", Nest(&VLAN)),
    ("vlan", 0, "vlan", Nest(&VLAN)),
    ("vrf", 0, "vrf", Nest(&VRF)),
    ("vti", 0, "vti", Nest(&VTI)),
    ("vti6", 0, "vti6", Nest(&VTI)),
    ("vxlan", 0, "vxlan", Nest(&VXLAN)),
    ("wwan", 0, "wwan", Nest(&WWAN)),
    ("xfrm", 0, "xfrm", Nest(&XFRM)),
];

/// Counters that kinds of links add.
pub(crate) static LINK_XSTATS: &[Choice] = choices![("can", 0, "can", Structure(&CanStatistics::LAYOUT)),];

/// What being a port of each kind adds.
pub(crate) static LINK_PORT_DATA: &[Choice] = choices![
    ("bond", 0, "bond_port", Nest(&BOND_PORT)),
    ("bridge", 0, "bridge_port", Nest(&BRIDGE_PORT)),
    ("vrf", 0, "vrf_port", Nest(&VRF_PORT)),
];

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
