//! GENEVE devices (include/uapi/linux/if_link.h, drivers/net/geneve.c).

crate::layout! {
    /// Ports that packets are sent from.
    pub struct GenevePorts = ifla_geneve_port_range {
        /// First port.
        low => low: be16 @ 0, Identifier, (6, 15);
        /// Last port.
        high => high: be16 @ 2, Identifier, (6, 15);
    }
}

crate::space! {
    /// What a GENEVE device adds to a link.
    pub static GENEVE = "geneve"; {
        /// Network identifier (VNI).
        IFLA_GENEVE_ID = 1 => "id": Number(U32, Identifier), (4, 2);
        /// Where tunnel packets are sent.
        IFLA_GENEVE_REMOTE = 2 => "remote": Address, (4, 2);
        /// Hop limit of tunnel packets; 0 for the usual one.
        IFLA_GENEVE_TTL = 3 => "ttl": Number(U8, Count), (4, 2);
        /// Type of service of tunnel packets; 1 to take that of the packet inside.
        IFLA_GENEVE_TOS = 4 => "tos": Number(U8, Hexadecimal), (4, 2);
        /// UDP port that packets are sent to.
        IFLA_GENEVE_PORT = 5 => "port": Number(Be16, Identifier), (4, 3);
        /// Each packet says where it goes.
        IFLA_GENEVE_COLLECT_METADATA = 6 => "collect_metadata": Flag, (4, 3);
        /// Where tunnel packets are sent, by IPv6.
        IFLA_GENEVE_REMOTE6 = 7 => "remote6": Address, (4, 4);
        /// Whether packets over IPv4 carry a checksum.
        IFLA_GENEVE_UDP_CSUM = 8 => "udp_csum": Number(U8, Truth), (4, 5);
        /// Whether packets over IPv6 are sent without checksum.
        IFLA_GENEVE_UDP_ZERO_CSUM6_TX = 9 => "udp_zero_csum6_tx": Number(U8, Truth), (4, 5);
        /// Whether packets over IPv6 are taken without checksum.
        IFLA_GENEVE_UDP_ZERO_CSUM6_RX = 10 => "udp_zero_csum6_rx": Number(U8, Truth), (4, 5);
        /// Flow label of tunnel packets.
        IFLA_GENEVE_LABEL = 11 => "label": Number(Be32, Hexadecimal), (4, 6);
        /// Whether the hop limit is that of the packet inside.
        IFLA_GENEVE_TTL_INHERIT = 12 => "ttl_inherit": Number(U8, Truth), (4, 20);
        /// Whether tunnel packets may be split.
        IFLA_GENEVE_DF = 13 => "df": Number(U8, OneOf(crate::names![(0, "unset"), (1, "set"), (2, "inherit")])), (5, 0);
        /// Packets may carry other than Ethernet.
        IFLA_GENEVE_INNER_PROTO_INHERIT = 14 => "inner_proto_inherit": Flag, (5, 18);
        /// Ports that packets are sent from.
        IFLA_GENEVE_PORT_RANGE = 15 => "port_range": Structure(&GenevePorts::LAYOUT), (6, 15);
        /// Packets carry a hint by which they are put together again.
        IFLA_GENEVE_GRO_HINT = 16 => "gro_hint": Flag, (7, 0);
        /// Source address of tunnel packets.
        IFLA_GENEVE_LOCAL = 17 => "local": Address, (7, 2);
        /// Source address of tunnel packets, of IPv6.
        IFLA_GENEVE_LOCAL6 = 18 => "local6": Address, (7, 2);
    }
}
