//! Settings of interfaces: `struct netconfmsg` and the attributes behind it (include/uapi/linux/netconf.h).

use crate::rtnetlink::link::FAMILIES;

crate::layout! {
    /// Settings of one link, of all, or of new ones (`struct netconfmsg`).
    pub struct NetconfMessage = netconfmsg {
        /// Address family.
        ncm_family => family: u8 @ 0, OneOf(FAMILIES), (3, 8);
    }
}

crate::space! {
    /// Settings of a link.
    pub static NETCONF = "netconf", header &NetconfMessage::LAYOUT, 4; {
        /// Link; -1 for what holds for all, -2 for what new links get.
        NETCONFA_IFINDEX = 1 => "ifindex": Number(I32, Interface), (3, 8);
        /// Whether packets are forwarded.
        NETCONFA_FORWARDING = 2 => "forwarding": Number(I32, Truth), (3, 8);
        /// How a packet's source address is checked.
        NETCONFA_RP_FILTER = 3 => "rp_filter": Number(I32, OneOf(crate::names![(0, "off"), (1, "strict"),
            (2, "loose")])), (3, 8);
        /// Whether multicast is forwarded.
        NETCONFA_MC_FORWARDING = 4 => "mc_forwarding": Number(I32, Truth), (3, 8);
        /// Whether ARP or neighbour discovery is answered for others.
        NETCONFA_PROXY_NEIGH = 5 => "proxy_neigh": Number(I32, Truth), (3, 14);
        /// Whether routes over a link without carrier are passed over.
        NETCONFA_IGNORE_ROUTES_WITH_LINKDOWN = 6 => "ignore_routes_with_linkdown": Number(I32, Truth), (4, 2);
        /// Whether MPLS packets are taken.
        NETCONFA_INPUT = 7 => "input": Number(I32, Truth), (4, 11);
        /// Whether directed broadcasts are forwarded.
        NETCONFA_BC_FORWARDING = 8 => "bc_forwarding": Number(I32, Truth), (4, 19);
        /// Whether packets are forwarded even where the whole host does not.
        NETCONFA_FORCE_FORWARDING = 9 => "force_forwarding": Number(I32, Truth), (6, 17);
    }
}
