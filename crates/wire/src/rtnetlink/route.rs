//! Routes: `struct rtmsg` and the attributes behind it (include/uapi/linux/rtnetlink.h, net/ipv4/fib_semantics.c,
//! net/ipv6/route.c, net/mpls/af_mpls.c).

pub mod encap;
pub mod segment;

use crate::rtnetlink::address::SCOPES;
use crate::rtnetlink::link::FAMILIES;
use crate::rtnetlink::route::encap::{ENCAP, ENCAPSULATIONS_OF_ROUTES};
use crate::{Name, names};

/// What a route does with packets (`RTN_*`).
pub(crate) const ROUTE_TYPES: &[Name] = names![
    (0, "unspec"),
    (1, "unicast"),
    (2, "local"),
    (3, "broadcast"),
    (4, "anycast"),
    (5, "multicast"),
    (6, "blackhole"),
    (7, "unreachable"),
    (8, "prohibit"),
    (9, "throw"),
    (10, "nat"),
    (11, "xresolve"),
];

/// Who made a route, a rule or a neighbour (`RTPROT_*`).
pub(crate) const PROTOCOLS: &[Name] = names![
    (0, "unspec"),
    (1, "redirect"),
    (2, "kernel"),
    (3, "boot"),
    (4, "static"),
    (8, "gated"),
    (9, "ra"),
    (10, "mrt"),
    (11, "zebra"),
    (12, "bird"),
    (13, "dnrouted"),
    (14, "xorp"),
    (15, "ntk"),
    (16, "dhcp"),
    (17, "mrouted"),
    (18, "keepalived"),
    (42, "babel"),
    (84, "ovn"),
    (99, "openr"),
    (186, "bgp"),
    (187, "isis"),
    (188, "ospf"),
    (189, "rip"),
    (192, "eigrp"),
];

/// Routing tables that have a name (`RT_TABLE_*`).
pub(crate) const TABLES: &[Name] =
    names![(0, "unspec"), (252, "compat"), (253, "default"), (254, "main"), (255, "local"),];

/// What is to say of a route and its nexthop (`RTNH_F_*`, `RTM_F_*`).
pub(crate) const ROUTE_FLAGS: &[Name] = names![
    (0x1, "dead"),
    (0x2, "pervasive"),
    (0x4, "onlink"),
    (0x8, "offload"),
    (0x10, "linkdown"),
    (0x20, "unresolved"),
    (0x40, "trap"),
    (0x100, "notify"),
    (0x200, "cloned"),
    (0x400, "equalize"),
    (0x800, "prefix"),
    (0x1000, "lookup-table"),
    (0x2000, "fib-match"),
    (0x4000, "rt-offload"),
    (0x8000, "rt-trap"),
    (0x20000000, "rt-offload-failed"),
];

/// What is to say of a nexthop (`RTNH_F_*`).
pub(crate) const NEXTHOP_FLAGS: &[Name] = names![
    (0x1, "dead"),
    (0x2, "pervasive"),
    (0x4, "onlink"),
    (0x8, "offload"),
    (0x10, "linkdown"),
    (0x20, "unresolved"),
    (0x40, "trap"),
];

crate::layout! {
    /// One route (`struct rtmsg`).
    pub struct RouteMessage = rtmsg {
        /// Address family.
        rtm_family => family: u8 @ 0, OneOf(FAMILIES), (2, 12);
        /// Bits of the destination's prefix; of an MPLS label always 20.
        rtm_dst_len => dst_len: u8 @ 1, Count, (2, 12);
        /// Bits of the source's prefix.
        rtm_src_len => src_len: u8 @ 2, Count, (2, 12);
        /// Type of service that packets have to have.
        rtm_tos => tos: u8 @ 3, Hexadecimal, (2, 12);
        /// Routing table, where its number is below 256; the attribute always has it.
        rtm_table => header_table: u8 @ 4, OneOf(TABLES), (2, 12);
        /// Who made the route.
        rtm_protocol => protocol: u8 @ 5, OneOf(PROTOCOLS), (2, 12);
        /// How far the destination is.
        rtm_scope => scope: u8 @ 6, OneOf(SCOPES), (2, 12);
        /// What the route does with packets.
        rtm_type => r#type: u8 @ 7, OneOf(ROUTE_TYPES), (2, 12);
        /// What is to say of the route and its nexthop.
        rtm_flags => flags: u32 @ 8, SetOf(ROUTE_FLAGS), (2, 12);
    }
}

crate::layout! {
    /// Use and times of a route.
    pub struct RouteTimes = rta_cacheinfo {
        /// References to the route.
        rta_clntref => clntref: u32 @ 0, Count, (2, 12);
        /// Time since the route was last used.
        rta_lastuse => lastuse: u32 @ 4, Centiseconds, (2, 12);
        /// Time until the route ends; 0 where it does not.
        rta_expires => expires: i32 @ 8, Centiseconds, (2, 12);
        /// Error that packets meet, as a negative errno.
        rta_error => error: i32 @ 12, Identifier, (2, 12);
        /// Times the route was used.
        rta_used => used: u32 @ 16, Count, (2, 12);
        /// Number of the last IPv4 packet to the peer; not sent by today's kernels.
        rta_id => id: u32 @ 20, Identifier, (2, 12);
        /// Last timestamp of the peer; not sent by today's kernels.
        rta_ts => ts: u32 @ 24, Identifier, (2, 12);
        /// Age of that timestamp; not sent by today's kernels.
        rta_tsage => tsage: u32 @ 28, Seconds, (2, 12);
    }
}

crate::space! {
    /// Attributes of a route.
    pub static ROUTE = "route", header &RouteMessage::LAYOUT, 12; {
        /// Destination: the prefix without its length, or the label.
        RTA_DST = 1 => "dst": OfFamily(&[(28, &Labels), (0, &Address)]), (2, 12);
        /// Source prefix that packets have to have.
        RTA_SRC = 2 => "src": Address, (2, 12);
        /// Link that packets come from, in the answer for one packet.
        RTA_IIF = 3 => "iif": Number(U32, Interface), (2, 12);
        /// Link that packets leave by.
        RTA_OIF = 4 => "oif": Number(U32, Interface), (2, 12);
        /// Nexthop.
        RTA_GATEWAY = 5 => "gateway": Address, (2, 12);
        /// Metric; less is better.
        RTA_PRIORITY = 6 => "priority": Number(U32, Count), (2, 12);
        /// Source address that the route prefers.
        RTA_PREFSRC = 7 => "prefsrc": Address, (2, 12);
        /// What is known of the way.
        RTA_METRICS = 8 => "metrics": Nest(&ROUTE_METRICS), (2, 12);
        /// Nexthops among which packets are spread.
        RTA_MULTIPATH = 9 => "multipath": NextHops(&ROUTE_HOP), (2, 12);
        /// Realms of the route: source in the upper half, destination in the lower.
        RTA_FLOW = 11 => "flow": Number(U32, Hexadecimal), (2, 12);
        /// Use and times of the route.
        RTA_CACHEINFO = 12 => "cacheinfo": Structure(&RouteTimes::LAYOUT), (2, 12);
        /// Routing table.
        RTA_TABLE = 15 => "table": Number(U32, OneOf(TABLES)), (2, 19);
        /// Mark that was asked about.
        RTA_MARK = 16 => "mark": Number(U32, Hexadecimal), (2, 37);
        /// Nexthop of another address family.
        RTA_VIA = 18 => "via": Via, (4, 1);
        /// Labels that take the place of the old one.
        RTA_NEWDST = 19 => "newdst": Labels, (4, 1);
        /// Preference of the router that announced the route.
        RTA_PREF = 20 => "pref": Number(U8, OneOf(crate::names![(0, "medium"), (1, "high"), (2, "invalid"),
            (3, "low")])), (4, 1);
        /// What packets are wrapped in.
        RTA_ENCAP_TYPE = 21 => "encap_type": Number(U16, OneOf(ENCAPSULATIONS_OF_ROUTES)), (4, 3);
        /// How packets are wrapped.
        RTA_ENCAP = 22 => "encap": Selected(Selector::Number(21, U16), ENCAP), (4, 3);
        /// Lifetime that a request gives; the kernel tells it in `cacheinfo`.
        RTA_EXPIRES = 23 => "expires": Number(U32, Seconds), (4, 5);
        /// User that was asked about.
        RTA_UID = 25 => "uid": Number(U32, Identifier), (4, 10);
        /// Whether the hop limit is carried from MPLS to IP.
        RTA_TTL_PROPAGATE = 26 => "ttl_propagate": Number(U8, Truth), (4, 12);
        /// Protocol that was asked about.
        RTA_IP_PROTO = 27 => "ip_proto": Number(U8, Identifier), (4, 18);
        /// Source port that was asked about.
        RTA_SPORT = 28 => "sport": Number(Be16, Identifier), (4, 18);
        /// Destination port that was asked about.
        RTA_DPORT = 29 => "dport": Number(Be16, Identifier), (4, 18);
        /// Nexthop object.
        RTA_NH_ID = 30 => "nh_id": Number(U32, Identifier), (5, 3);
        /// Flow label that was asked about.
        RTA_FLOWLABEL = 31 => "flowlabel": Number(Be32, Hexadecimal), (6, 14);
    }
}

crate::layout! {
    /// One of several nexthops (`struct rtnexthop`).
    pub struct RouteHop = rtnexthop {
        /// Bytes of this structure and its attributes.
        rtnh_len => len: u16 @ 0, Bytes, (2, 12);
        /// What is to say of the nexthop.
        rtnh_flags => flags: u8 @ 2, SetOf(NEXTHOP_FLAGS), (2, 12);
        /// Weight of the nexthop less one; of a multicast route, the hop limit that packets have to exceed.
        rtnh_hops => hops: u8 @ 3, Count, (2, 12);
        /// Link that packets leave by.
        rtnh_ifindex => ifindex: i32 @ 4, Interface, (2, 12);
    }
}

crate::space! {
    /// Attributes of one of several nexthops.
    pub static ROUTE_HOP = "route_hop", header &RouteHop::LAYOUT, 8; {
        /// Nexthop.
        RTA_GATEWAY = 5 => "gateway": Address, (2, 12);
        /// Realms: source in the upper half, destination in the lower.
        RTA_FLOW = 11 => "flow": Number(U32, Hexadecimal), (2, 12);
        /// Nexthop of another address family.
        RTA_VIA = 18 => "via": Via, (4, 1);
        /// Labels that take the place of the old one.
        RTA_NEWDST = 19 => "newdst": Labels, (4, 1);
        /// What packets are wrapped in.
        RTA_ENCAP_TYPE = 21 => "encap_type": Number(U16, OneOf(ENCAPSULATIONS_OF_ROUTES)), (4, 3);
        /// How packets are wrapped.
        RTA_ENCAP = 22 => "encap": Selected(Selector::Number(21, U16), ENCAP), (4, 3);
        /// Whether the hop limit is carried from MPLS to IP.
        RTA_TTL_PROPAGATE = 26 => "ttl_propagate": Number(U8, Truth), (4, 12);
    }
}

crate::space! {
    /// What is known of a way.
    pub static ROUTE_METRICS = "route_metrics"; {
        /// Metrics that the kernel does not change.
        RTAX_LOCK = 1 => "lock": Number(U32, SetOf(crate::names![(0x4, "mtu"), (0x8, "window"), (0x10, "rtt"),
            (0x20, "rttvar"), (0x40, "ssthresh"), (0x80, "cwnd"), (0x100, "advmss"), (0x200, "reordering"),
            (0x400, "hoplimit"), (0x800, "initcwnd"), (0x1000, "features"), (0x2000, "rto-min"), (0x4000, "initrwnd"),
            (0x8000, "quickack")])), (2, 12);
        /// Largest packet of the way.
        RTAX_MTU = 2 => "mtu": Number(U32, Bytes), (2, 12);
        /// Largest window that is announced.
        RTAX_WINDOW = 3 => "window": Number(U32, Bytes), (2, 12);
        /// Round trip time in eighths of a millisecond.
        RTAX_RTT = 4 => "rtt_eighth_ms": Number(U32, Count), (2, 12);
        /// Variation of the round trip time in quarters of a millisecond.
        RTAX_RTTVAR = 5 => "rttvar_quarter_ms": Number(U32, Count), (2, 12);
        /// Segments at which slow start ends.
        RTAX_SSTHRESH = 6 => "ssthresh": Number(U32, Count), (2, 12);
        /// Segments that the window is held to.
        RTAX_CWND = 7 => "cwnd": Number(U32, Count), (2, 12);
        /// Segment size that is announced.
        RTAX_ADVMSS = 8 => "advmss": Number(U32, Bytes), (2, 12);
        /// Segments that may come out of order at first.
        RTAX_REORDERING = 9 => "reordering": Number(U32, Count), (2, 12);
        /// Hop limit of packets; 0 for the usual one.
        RTAX_HOPLIMIT = 10 => "hoplimit": Number(U32, Count), (2, 12);
        /// Segments that may be sent at first.
        RTAX_INITCWND = 11 => "initcwnd": Number(U32, Count), (2, 12);
        /// What is spoken on the way.
        RTAX_FEATURES = 12 => "features": Number(U32, SetOf(crate::names![(1, "ecn"), (2, "sack"), (4, "timestamp"),
            (8, "allfrag"), (16, "tcp-usec-ts")])), (2, 12);
        /// Least time before a segment is sent again.
        RTAX_RTO_MIN = 13 => "rto_min": Number(U32, Milliseconds), (2, 23);
        /// Segments that are announced at first.
        RTAX_INITRWND = 14 => "initrwnd": Number(U32, Count), (2, 34);
        /// Whether segments are confirmed at once.
        RTAX_QUICKACK = 15 => "quickack": Number(U32, Truth), (3, 11);
        /// Congestion control.
        RTAX_CC_ALGO = 16 => "cc_algo": Text, (4, 0);
        /// Whether TCP fast open goes without a cookie.
        RTAX_FASTOPEN_NO_COOKIE = 17 => "fastopen_no_cookie": Number(U32, Truth), (4, 15);
    }
}
