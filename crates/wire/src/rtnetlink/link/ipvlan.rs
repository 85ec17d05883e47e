//! ipvlan and ipvtap devices (include/uapi/linux/if_link.h, drivers/net/ipvlan/ipvlan_main.c).

crate::space! {
    /// What an ipvlan device adds to a link.
    pub static IPVLAN = "ipvlan"; {
        /// Where packets are handed over between the devices.
        IFLA_IPVLAN_MODE = 1 => "mode": Number(U16, OneOf(crate::names![(0, "l2"), (1, "l3"), (2, "l3s")])), (3, 19);
        /// Whether devices on the same link see each other.
        IFLA_IPVLAN_FLAGS = 2 => "flags": Number(U16, SetOf(crate::names![(1, "private"), (2, "vepa")])), (4, 15);
    }
}
