//! Message types and groups of rtnetlink (include/uapi/linux/rtnetlink.h), and the address families they carry.

/// `AF_UNSPEC`.
pub const AF_UNSPEC: u8 = 0;
/// `AF_INET`.
pub const AF_INET: u8 = 2;
/// `AF_BRIDGE`.
pub const AF_BRIDGE: u8 = 7;
/// `AF_INET6`.
pub const AF_INET6: u8 = 10;
/// `AF_MPLS`.
pub const AF_MPLS: u8 = 28;
/// `RTNL_FAMILY_IPMR`: IPv4 multicast forwarding.
pub const RTNL_FAMILY_IPMR: u8 = 128;
/// `RTNL_FAMILY_IP6MR`: IPv6 multicast forwarding.
pub const RTNL_FAMILY_IP6MR: u8 = 129;

macro_rules! numbers {
    ($($name:ident = $number:literal: $type:ty;)*) => {
        $(
            #[doc = concat!("`", stringify!($name), "`.")]
            pub const $name: $type = $number;
        )*
    };
}

numbers! {
    RTM_NEWLINK = 16: u16;
    RTM_DELLINK = 17: u16;
    RTM_GETLINK = 18: u16;
    RTM_NEWADDR = 20: u16;
    RTM_DELADDR = 21: u16;
    RTM_GETADDR = 22: u16;
    RTM_NEWROUTE = 24: u16;
    RTM_DELROUTE = 25: u16;
    RTM_GETROUTE = 26: u16;
    RTM_NEWNEIGH = 28: u16;
    RTM_DELNEIGH = 29: u16;
    RTM_GETNEIGH = 30: u16;
    RTM_NEWRULE = 32: u16;
    RTM_DELRULE = 33: u16;
    RTM_GETRULE = 34: u16;
    RTM_NEWQDISC = 36: u16;
    RTM_DELQDISC = 37: u16;
    RTM_GETQDISC = 38: u16;
    RTM_NEWTCLASS = 40: u16;
    RTM_DELTCLASS = 41: u16;
    RTM_GETTCLASS = 42: u16;
    RTM_NEWTFILTER = 44: u16;
    RTM_DELTFILTER = 45: u16;
    RTM_GETTFILTER = 46: u16;
    RTM_NEWACTION = 48: u16;
    RTM_DELACTION = 49: u16;
    RTM_GETACTION = 50: u16;
    RTM_NEWPREFIX = 52: u16;
    RTM_NEWMULTICAST = 56: u16;
    RTM_DELMULTICAST = 57: u16;
    RTM_GETMULTICAST = 58: u16;
    RTM_NEWANYCAST = 60: u16;
    RTM_DELANYCAST = 61: u16;
    RTM_GETANYCAST = 62: u16;
    RTM_NEWNEIGHTBL = 64: u16;
    RTM_GETNEIGHTBL = 66: u16;
    RTM_NEWADDRLABEL = 72: u16;
    RTM_DELADDRLABEL = 73: u16;
    RTM_GETADDRLABEL = 74: u16;
    RTM_NEWNETCONF = 80: u16;
    RTM_DELNETCONF = 81: u16;
    RTM_GETNETCONF = 82: u16;
    RTM_NEWMDB = 84: u16;
    RTM_DELMDB = 85: u16;
    RTM_GETMDB = 86: u16;
    RTM_NEWNSID = 88: u16;
    RTM_DELNSID = 89: u16;
    RTM_GETNSID = 90: u16;
    RTM_NEWSTATS = 92: u16;
    RTM_GETSTATS = 94: u16;
    RTM_NEWCHAIN = 100: u16;
    RTM_DELCHAIN = 101: u16;
    RTM_GETCHAIN = 102: u16;
    RTM_NEWNEXTHOP = 104: u16;
    RTM_DELNEXTHOP = 105: u16;
    RTM_GETNEXTHOP = 106: u16;
    RTM_NEWLINKPROP = 108: u16;
    RTM_DELLINKPROP = 109: u16;
    RTM_NEWVLAN = 112: u16;
    RTM_DELVLAN = 113: u16;
    RTM_GETVLAN = 114: u16;
    RTNLGRP_LINK = 1: u32;
    RTNLGRP_NEIGH = 3: u32;
    RTNLGRP_TC = 4: u32;
    RTNLGRP_IPV4_IFADDR = 5: u32;
    RTNLGRP_IPV4_MROUTE = 6: u32;
    RTNLGRP_IPV4_ROUTE = 7: u32;
    RTNLGRP_IPV4_RULE = 8: u32;
    RTNLGRP_IPV6_IFADDR = 9: u32;
    RTNLGRP_IPV6_MROUTE = 10: u32;
    RTNLGRP_IPV6_ROUTE = 11: u32;
    RTNLGRP_IPV6_IFINFO = 12: u32;
    RTNLGRP_IPV6_PREFIX = 18: u32;
    RTNLGRP_IPV6_RULE = 19: u32;
    RTNLGRP_IPV4_NETCONF = 24: u32;
    RTNLGRP_IPV6_NETCONF = 25: u32;
    RTNLGRP_MDB = 26: u32;
    RTNLGRP_MPLS_ROUTE = 27: u32;
    RTNLGRP_NSID = 28: u32;
    RTNLGRP_MPLS_NETCONF = 29: u32;
    RTNLGRP_NEXTHOP = 32: u32;
    RTNLGRP_BRVLAN = 33: u32;
    RTNLGRP_STATS = 36: u32;
    RTNLGRP_IPV4_MCADDR = 37: u32;
    RTNLGRP_IPV6_MCADDR = 38: u32;
    RTNLGRP_IPV6_ACADDR = 39: u32;
}
