//! IPv6 prefixes that routers announce: `struct prefixmsg` and the attributes behind it (net/ipv6/addrconf.c).

use crate::rtnetlink::link::FAMILIES;

crate::layout! {
    /// One prefix (`struct prefixmsg`).
    pub struct PrefixMessage = prefixmsg {
        /// Address family: inet6.
        prefix_family => family: u8 @ 0, OneOf(FAMILIES), (2, 12);
        /// Link that the prefix was announced on.
        prefix_ifindex => ifindex: i32 @ 4, Interface, (2, 12);
        /// Option of neighbour discovery that told it: 3.
        prefix_type => r#type: u8 @ 8, Identifier, (2, 12);
        /// Bits of the prefix.
        prefix_len => len: u8 @ 9, Count, (2, 12);
        /// Whether its addresses are on the link, and may be made by hosts.
        prefix_flags => flags: u8 @ 10, SetOf(crate::names![(1, "onlink"), (2, "autoconf")]), (2, 12);
    }
}

crate::layout! {
    /// Times of a prefix.
    pub struct PrefixTimes = prefix_cacheinfo {
        /// Time for which its addresses are preferred; absent where that is for ever.
        preferred_time => preferred_time: u32 @ 0, Seconds, (2, 12), unset 0xffffffff;
        /// Time for which its addresses are valid; absent where that is for ever.
        valid_time => valid_time: u32 @ 4, Seconds, (2, 12), unset 0xffffffff;
    }
}

crate::space! {
    /// Attributes of a prefix.
    pub static PREFIX = "prefix", header &PrefixMessage::LAYOUT, 12; {
        /// Prefix, without its length.
        PREFIX_ADDRESS = 1 => "address": Address, (2, 12);
        /// Times of the prefix.
        PREFIX_CACHEINFO = 2 => "cacheinfo": Structure(&PrefixTimes::LAYOUT), (2, 12);
    }
}
