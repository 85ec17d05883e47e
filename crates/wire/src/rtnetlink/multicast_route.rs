//! Multicast routes: `struct rtmsg` of the families ipmr and ip6mr (net/ipv4/ipmr_base.c, `mr_fill_mroute`).

use crate::rtnetlink::route::{ROUTE_HOP, RouteMessage, TABLES};

crate::layout! {
    /// Counters of a multicast route.
    pub struct MulticastRouteCounters = rta_mfc_stats {
        /// Packets forwarded.
        mfcs_packets => packets: u64 @ 0, Count, (3, 8);
        /// Bytes forwarded.
        mfcs_bytes => bytes: u64 @ 8, Bytes, (3, 8);
        /// Packets that came from another link.
        mfcs_wrong_if => wrong_if: u64 @ 16, Count, (3, 8);
    }
}

crate::space! {
    /// Attributes of a multicast route.
    pub static MULTICAST_ROUTE = "multicast_route", header &RouteMessage::LAYOUT, 12; {
        /// Group.
        RTA_DST = 1 => "dst": Address, (2, 12);
        /// Source; all zeros for any.
        RTA_SRC = 2 => "src": Address, (2, 12);
        /// Link that packets come from.
        RTA_IIF = 3 => "iif": Number(U32, Interface), (2, 12);
        /// Links that packets are sent to.
        RTA_MULTIPATH = 9 => "multipath": NextHops(&ROUTE_HOP), (2, 12);
        /// Routing table.
        RTA_TABLE = 15 => "table": Number(U32, OneOf(TABLES)), (2, 19);
        /// Counters.
        RTA_MFC_STATS = 17 => "mfc_stats": Structure(&MulticastRouteCounters::LAYOUT), (3, 8);
        /// Time since the route last carried a packet.
        RTA_EXPIRES = 23 => "expires": Number(U64, Centiseconds), (4, 5);
    }
}
