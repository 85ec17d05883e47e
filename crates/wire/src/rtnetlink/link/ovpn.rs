//! Tunnels of OpenVPN (drivers/net/ovpn).

crate::space! {
    /// What a tunnel of OpenVPN adds to a link.
    pub static OVPN = "ovpn"; {
        /// Whether there is one peer or many.
        IFLA_OVPN_MODE = 1 => "mode": Number(U8, OneOf(crate::names![(0, "p2p"), (1, "mp")])), (6, 16);
    }
}
