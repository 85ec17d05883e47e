//! Ports of switches (net/dsa/netlink.c).

crate::space! {
    /// What a port of a switch adds to a link.
    pub static DSA = "dsa"; {
        /// Link that leads to the switch.
        IFLA_DSA_CONDUIT = 1 => "conduit": Number(U32, Interface), (6, 7);
    }
}
