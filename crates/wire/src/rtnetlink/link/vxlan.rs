//! VXLAN devices (include/uapi/linux/if_link.h, drivers/net/vxlan/vxlan_core.c).

crate::layout! {
    /// Ports that packets are sent from.
    pub struct VxlanPorts = ifla_vxlan_port_range {
        /// First port.
        low => low: be16 @ 0, Identifier, (3, 7);
        /// Last port.
        high => high: be16 @ 2, Identifier, (3, 7);
    }
}

crate::space! {
    /// What a VXLAN device adds to a link.
    pub static VXLAN = "vxlan"; {
        /// Network identifier (VNI).
        IFLA_VXLAN_ID = 1 => "id": Number(U32, Identifier), (3, 7);
        /// Where packets for unknown addresses are sent: a group or a host.
        IFLA_VXLAN_GROUP = 2 => "group": Address, (3, 7);
        /// Link below.
        IFLA_VXLAN_LINK = 3 => "link": Number(U32, LowerInterface), (3, 7);
        /// Source address of tunnel packets.
        IFLA_VXLAN_LOCAL = 4 => "local": Address, (3, 7);
        /// Hop limit of tunnel packets; 0 for the usual one.
        IFLA_VXLAN_TTL = 5 => "ttl": Number(U8, Count), (3, 7);
        /// Type of service of tunnel packets; 1 to take that of the packet inside.
        IFLA_VXLAN_TOS = 6 => "tos": Number(U8, Hexadecimal), (3, 7);
        /// Whether addresses are learned.
        IFLA_VXLAN_LEARNING = 7 => "learning": Number(U8, Truth), (3, 7);
        /// Time after which an address that was learned is forgotten.
        IFLA_VXLAN_AGEING = 8 => "ageing": Number(U32, Seconds), (3, 7);
        /// Most addresses that are kept; 0 for no limit.
        IFLA_VXLAN_LIMIT = 9 => "limit": Number(U32, Count), (3, 7);
        /// Ports that packets are sent from.
        IFLA_VXLAN_PORT_RANGE = 10 => "port_range": Structure(&VxlanPorts::LAYOUT), (3, 7);
        /// Whether ARP is answered from what is known.
        IFLA_VXLAN_PROXY = 11 => "proxy": Number(U8, Truth), (3, 8);
        /// Whether routed packets take a short cut.
        IFLA_VXLAN_RSC = 12 => "rsc": Number(U8, Truth), (3, 8);
        /// Whether an unknown link-layer address is announced.
        IFLA_VXLAN_L2MISS = 13 => "l2miss": Number(U8, Truth), (3, 8);
        /// Whether an unknown IP address is announced.
        IFLA_VXLAN_L3MISS = 14 => "l3miss": Number(U8, Truth), (3, 8);
        /// UDP port that packets are sent to.
        IFLA_VXLAN_PORT = 15 => "port": Number(Be16, Identifier), (3, 10);
        /// Where packets for unknown addresses are sent, by IPv6.
        IFLA_VXLAN_GROUP6 = 16 => "group6": Address, (3, 12);
        /// Source address of tunnel packets, of IPv6.
        IFLA_VXLAN_LOCAL6 = 17 => "local6": Address, (3, 12);
        /// Whether packets over IPv4 carry a checksum.
        IFLA_VXLAN_UDP_CSUM = 18 => "udp_csum": Number(U8, Truth), (3, 16);
        /// Whether packets over IPv6 are sent without checksum.
        IFLA_VXLAN_UDP_ZERO_CSUM6_TX = 19 => "udp_zero_csum6_tx": Number(U8, Truth), (3, 16);
        /// Whether packets over IPv6 are taken without checksum.
        IFLA_VXLAN_UDP_ZERO_CSUM6_RX = 20 => "udp_zero_csum6_rx": Number(U8, Truth), (3, 16);
        /// Whether the inner checksum is left to the other end.
        IFLA_VXLAN_REMCSUM_TX = 21 => "remcsum_tx": Number(U8, Truth), (4, 0);
        /// Whether inner checksums of the other end are finished here.
        IFLA_VXLAN_REMCSUM_RX = 22 => "remcsum_rx": Number(U8, Truth), (4, 0);
        /// Packets carry a group policy.
        IFLA_VXLAN_GBP = 23 => "gbp": Flag, (4, 0);
        /// Inner checksums are finished at once.
        IFLA_VXLAN_REMCSUM_NOPARTIAL = 24 => "remcsum_nopartial": Flag, (4, 0);
        /// Whether each packet says where it goes.
        IFLA_VXLAN_COLLECT_METADATA = 25 => "collect_metadata": Number(U8, Truth), (4, 3);
        /// Flow label of tunnel packets.
        IFLA_VXLAN_LABEL = 26 => "label": Number(Be32, Hexadecimal), (4, 6);
        /// Packets may carry other than Ethernet.
        IFLA_VXLAN_GPE = 27 => "gpe": Flag, (4, 7);
        /// Whether the hop limit is that of the packet inside.
        IFLA_VXLAN_TTL_INHERIT = 28 => "ttl_inherit": Number(U8, Truth), (4, 18);
        /// Whether tunnel packets may be split.
        IFLA_VXLAN_DF = 29 => "df": Number(U8, OneOf(crate::names![(0, "unset"), (1, "set"), (2, "inherit")])), (5, 0);
        /// Whether only known network identifiers are taken.
        IFLA_VXLAN_VNIFILTER = 30 => "vnifilter": Number(U8, Truth), (5, 18);
        /// Whether packets for this host go straight to the other device.
        IFLA_VXLAN_LOCALBYPASS = 31 => "localbypass": Number(U8, Truth), (6, 5);
        /// Where the flow label comes from.
        IFLA_VXLAN_LABEL_POLICY = 32 => "label_policy": Number(U32, OneOf(crate::names![(0, "fixed"), (1, "inherit")])),
            (6, 8);
        /// Bits of the header that make a packet be dropped.
        IFLA_VXLAN_RESERVED_BITS = 33 => "reserved_bits": Opaque, (6, 14);
        /// Whether tunnel packets to groups are routed as multicast.
        IFLA_VXLAN_MC_ROUTE = 34 => "mc_route": Number(U8, Truth), (6, 17);
    }
}
