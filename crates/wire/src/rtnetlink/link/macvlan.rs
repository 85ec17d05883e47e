//! macvlan and macvtap devices (include/uapi/linux/if_link.h, drivers/net/macvlan.c).

crate::space! {
    /// What a macvlan device adds to a link.
    pub static MACVLAN = "macvlan"; {
        /// Whether devices on the same link see each other.
        IFLA_MACVLAN_MODE = 1 => "mode": Number(U32, OneOf(crate::names![(1, "private"), (2, "vepa"), (4, "bridge"),
            (8, "passthru"), (16, "source")])), (2, 33);
        /// Options.
        IFLA_MACVLAN_FLAGS = 2 => "flags": Number(U16, SetOf(crate::names![(1, "nopromisc"), (2, "nodst")])), (3, 5);
        /// Addresses that the device takes packets from, in mode `source`.
        IFLA_MACVLAN_MACADDR_DATA = 5 => "macaddr_data": Listed(&LinkAddress), (3, 18);
        /// Number of those addresses.
        IFLA_MACVLAN_MACADDR_COUNT = 6 => "macaddr_count": Number(U32, Count), (3, 18);
        /// Broadcast packets that the device asked to be kept.
        IFLA_MACVLAN_BC_QUEUE_LEN = 7 => "bc_queue_len": Number(U32, Count), (5, 11);
        /// Broadcast packets that are kept for all devices on the link.
        IFLA_MACVLAN_BC_QUEUE_LEN_USED = 8 => "bc_queue_len_used": Number(U32, Count), (5, 11);
        /// Receivers up to which a group is served at once.
        IFLA_MACVLAN_BC_CUTOFF = 9 => "bc_cutoff": Number(I32, Count), (6, 4);
    }
}
