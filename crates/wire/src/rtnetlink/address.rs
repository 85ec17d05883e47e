//! Addresses of links: `struct ifaddrmsg` and the attributes behind it (include/uapi/linux/if_addr.h,
//! net/ipv4/devinet.c, net/ipv6/addrconf.c). Multicast and anycast addresses have the same form.

use crate::rtnetlink::link::FAMILIES;
use crate::{Name, names};

/// How far an address or a route reaches (`RT_SCOPE_*`).
pub(crate) const SCOPES: &[Name] =
    names![(0, "universe"), (200, "site"), (253, "link"), (254, "host"), (255, "nowhere"),];

/// What an address is and how far it is checked (`IFA_F_*`).
pub(crate) const ADDRESS_FLAGS: &[Name] = names![
    (0x1, "secondary"),
    (0x2, "nodad"),
    (0x4, "optimistic"),
    (0x8, "dadfailed"),
    (0x10, "homeaddress"),
    (0x20, "deprecated"),
    (0x40, "tentative"),
    (0x80, "permanent"),
    (0x100, "managetempaddr"),
    (0x200, "noprefixroute"),
    (0x400, "mcautojoin"),
    (0x800, "stable-privacy"),
];

crate::layout! {
    /// One address (`struct ifaddrmsg`).
    pub struct AddressMessage = ifaddrmsg {
        /// Address family.
        ifa_family => family: u8 @ 0, OneOf(FAMILIES), (2, 12);
        /// Bits of the prefix.
        ifa_prefixlen => prefixlen: u8 @ 1, Count, (2, 12);
        /// The first eight flags; the attribute has all of them.
        ifa_flags => header_flags: u8 @ 2, SetOf(ADDRESS_FLAGS), (2, 12);
        /// How far the address reaches.
        ifa_scope => scope: u8 @ 3, OneOf(SCOPES), (2, 12);
        /// Link that has the address.
        ifa_index => index: u32 @ 4, Interface, (2, 12);
    }
}

crate::layout! {
    /// Times of an address.
    pub struct AddressTimes = ifa_cacheinfo {
        /// Time for which the address is still preferred; absent where that is for ever.
        ifa_prefered => prefered: u32 @ 0, Seconds, (2, 12), unset 0xffffffff;
        /// Time for which the address is still valid; absent where that is for ever.
        ifa_valid => valid: u32 @ 4, Seconds, (2, 12), unset 0xffffffff;
        /// Time after boot at which the address was made.
        cstamp => cstamp: u32 @ 8, Centiseconds, (2, 12);
        /// Time after boot at which the address last changed.
        tstamp => tstamp: u32 @ 12, Centiseconds, (2, 12);
    }
}

crate::space! {
    /// Attributes of an address.
    pub static ADDRESS = "address", header &AddressMessage::LAYOUT, 8; {
        /// Address of the prefix; of a point-to-point link, the peer.
        IFA_ADDRESS = 1 => "address": Address, (2, 12);
        /// Address of this host; absent with IPv6 where there is no peer.
        IFA_LOCAL = 2 => "local": Address, (2, 12);
        /// Label of the address, by tradition the link and a number.
        IFA_LABEL = 3 => "label": Text, (2, 12);
        /// Broadcast address.
        IFA_BROADCAST = 4 => "broadcast": Address, (2, 12);
        /// Anycast address.
        IFA_ANYCAST = 5 => "anycast": Address, (2, 12);
        /// Times of the address.
        IFA_CACHEINFO = 6 => "cacheinfo": Structure(&AddressTimes::LAYOUT), (2, 12);
        /// Multicast address.
        IFA_MULTICAST = 7 => "multicast": Address, (2, 12);
        /// What the address is and how far it is checked.
        IFA_FLAGS = 8 => "flags": Number(U32, SetOf(ADDRESS_FLAGS)), (3, 14);
        /// Metric of the route to the prefix.
        IFA_RT_PRIORITY = 9 => "rt_priority": Number(U32, Count), (4, 18);
        /// Namespace that was asked about, by its id here.
        IFA_TARGET_NETNSID = 10 => "target_netnsid": Number(I32, Identifier), (4, 20);
        /// Who made the address.
        IFA_PROTO = 11 => "proto": Number(U8, OneOf(crate::names![(0, "unspec"), (1, "kernel-lo"), (2, "kernel-ra"),
            (3, "kernel-ll")])), (5, 18);
    }
}
