//! BareUDP devices (drivers/net/bareudp.c).

crate::space! {
    /// What a BareUDP device adds to a link.
    pub static BAREUDP = "bareudp"; {
        /// UDP port.
        IFLA_BAREUDP_PORT = 1 => "port": Number(Be16, Identifier), (5, 7);
        /// Protocol that is carried.
        IFLA_BAREUDP_ETHERTYPE = 2 => "ethertype": Number(Be16, Hexadecimal), (5, 7);
        /// First port that packets are sent from.
        IFLA_BAREUDP_SRCPORT_MIN = 3 => "srcport_min": Number(U16, Identifier), (5, 7);
        /// Multicast is carried beside MPLS, or IPv6 beside IPv4.
        IFLA_BAREUDP_MULTIPROTO_MODE = 4 => "multiproto_mode": Flag, (5, 7);
    }
}
