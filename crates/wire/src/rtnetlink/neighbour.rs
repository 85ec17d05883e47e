//! Neighbours and forwarding entries: `struct ndmsg` and the attributes behind it (include/uapi/linux/neighbour.h,
//! net/core/neighbour.c, net/bridge/br_fdb.c, drivers/net/vxlan).

use crate::rtnetlink::link::FAMILIES;
use crate::rtnetlink::route::{PROTOCOLS, ROUTE_TYPES};
use crate::{Name, names};

/// What is known of a neighbour (`NUD_*`).
pub(crate) const NEIGHBOUR_STATES: &[Name] = names![
    (0x1, "incomplete"),
    (0x2, "reachable"),
    (0x4, "stale"),
    (0x8, "delay"),
    (0x10, "probe"),
    (0x20, "failed"),
    (0x40, "noarp"),
    (0x80, "permanent"),
];

/// What an entry is (`NTF_*`).
pub(crate) const NEIGHBOUR_FLAGS: &[Name] = names![
    (0x1, "use"),
    (0x2, "self"),
    (0x4, "master"),
    (0x8, "proxy"),
    (0x10, "ext-learned"),
    (0x20, "offloaded"),
    (0x40, "sticky"),
    (0x80, "router"),
];

crate::layout! {
    /// One neighbour (`struct ndmsg`).
    pub struct NeighbourMessage = ndmsg {
        /// Address family; `bridge` where this is a forwarding entry.
        ndm_family => family: u8 @ 0, OneOf(FAMILIES), (2, 12);
        /// Link of the neighbour.
        ndm_ifindex => ifindex: i32 @ 4, Interface, (2, 12);
        /// What is known of the neighbour.
        ndm_state => state: u16 @ 8, SetOf(NEIGHBOUR_STATES), (2, 12);
        /// What the entry is.
        ndm_flags => flags: u8 @ 10, SetOf(NEIGHBOUR_FLAGS), (2, 12);
        /// What kind of address this is.
        ndm_type => r#type: u8 @ 11, OneOf(ROUTE_TYPES), (2, 12);
    }
}

crate::layout! {
    /// Times of a neighbour.
    pub struct NeighbourTimes = nda_cacheinfo {
        /// Time since the neighbour was last known to be reachable.
        ndm_confirmed => confirmed: u32 @ 0, Centiseconds, (2, 12);
        /// Time since the entry was last used.
        ndm_used => used: u32 @ 4, Centiseconds, (2, 12);
        /// Time since the entry last changed.
        ndm_updated => updated: u32 @ 8, Centiseconds, (2, 12);
        /// References to the entry, without the table's own.
        ndm_refcnt => refcnt: u32 @ 12, Count, (2, 12);
    }
}

crate::space! {
    /// Attributes of a neighbour or a forwarding entry.
    pub static NEIGHBOUR = "neighbour", header &NeighbourMessage::LAYOUT, 12; {
        /// Address of the neighbour; of a forwarding entry, where its packets are sent.
        NDA_DST = 1 => "dst": Address, (2, 12);
        /// Link-layer address.
        NDA_LLADDR = 2 => "lladdr": LinkAddress, (2, 12);
        /// Times.
        NDA_CACHEINFO = 3 => "cacheinfo": Structure(&NeighbourTimes::LAYOUT), (2, 12);
        /// Questions that were asked without an answer.
        NDA_PROBES = 4 => "probes": Number(U32, Count), (2, 12);
        /// VLAN of a forwarding entry.
        NDA_VLAN = 5 => "vlan": Number(U16, Identifier), (3, 9);
        /// UDP port that packets are sent to.
        NDA_PORT = 6 => "port": Number(Be16, Identifier), (3, 10);
        /// Network identifier that packets are sent with.
        NDA_VNI = 7 => "vni": Number(U32, Identifier), (3, 10);
        /// Link that tunnel packets leave by.
        NDA_IFINDEX = 8 => "dst_ifindex": Number(U32, LowerInterface), (3, 10);
        /// Bridge that the entry is part of.
        NDA_MASTER = 9 => "master": Number(U32, Interface), (3, 16);
        /// Namespace of the link that tunnel packets leave by.
        NDA_LINK_NETNSID = 10 => "link_netnsid": Number(I32, Identifier), (4, 0);
        /// Network identifier that packets come with.
        NDA_SRC_VNI = 11 => "src_vni": Number(U32, Identifier), (4, 11);
        /// Who made the entry.
        NDA_PROTOCOL = 12 => "protocol": Number(U8, OneOf(PROTOCOLS)), (5, 0);
        /// Nexthop object that packets are sent by.
        NDA_NH_ID = 13 => "nh_id": Number(U32, Identifier), (5, 8);
        /// What else is to say of a forwarding entry.
        NDA_FDB_EXT_ATTRS = 14 => "fdb_ext_attrs": Nest(&FORWARDING_EXTRAS), (5, 9);
        /// What else the entry is.
        NDA_FLAGS_EXT = 15 => "flags_ext": Number(U32, SetOf(crate::names![(1, "managed"), (2, "locked"),
            (4, "ext-validated")])), (5, 16);
    }
}

crate::space! {
    /// What else is to say of a forwarding entry.
    pub static FORWARDING_EXTRAS = "forwarding_extras"; {
        /// Whether activity is announced, and whether there is none.
        NFEA_ACTIVITY_NOTIFY = 1 => "activity_notify": Number(U8, SetOf(crate::names![(1, "notify"),
            (2, "notify-inactive")])), (5, 9);
        /// The time of the entry does not begin anew when it is replaced.
        NFEA_DONT_REFRESH = 2 => "dont_refresh": Flag, (5, 9);
    }
}
