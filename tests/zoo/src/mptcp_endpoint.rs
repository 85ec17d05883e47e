//! Endpoints of multipath TCP: the addresses from which the kernel opens further subflows. They are set by generic
//! netlink (include/uapi/linux/mptcp_pm.h).

use std::io;
use std::net::Ipv4Addr;

use crate::generic_netlink::{Family, attribute, nest};

/// Lets clients of this namespace open a second subflow from an address.
pub(crate) fn add(from: Ipv4Addr) -> io::Result<()> {
    const ADD_ADDRESS: u8 = 1;
    const ADDRESS: u16 = 1;
    const OPENS_SUBFLOWS: u32 = 2;
    let inner = [
        attribute(1, &2_u16.to_ne_bytes()), // AF_INET
        attribute(3, &from.octets()),
        attribute(6, &OPENS_SUBFLOWS.to_ne_bytes()),
    ]
    .concat();
    Family::named("mptcp_pm")?.ask(ADD_ADDRESS, 1, &nest(ADDRESS, &inner)).map(drop)
}
