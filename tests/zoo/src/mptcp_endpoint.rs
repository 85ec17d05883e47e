//! Endpoints of multipath TCP: the addresses from which the kernel opens further subflows, or that it announces. They are
//! set by generic netlink (include/uapi/linux/mptcp_pm.h).

use std::io;
use std::net::{IpAddr, Ipv4Addr};

use crate::generic_netlink::{Family, attribute, nest};

/// What the kernel does with an endpoint (`MPTCP_PM_ADDR_FLAG_*`).
pub(crate) const ANNOUNCED: u32 = 1;
pub(crate) const OPENS_SUBFLOWS: u32 = 1 << 1;
pub(crate) const MEETS_ALL: u32 = 1 << 3;
/// Since 6.18.
pub(crate) const ANSWERS_ANNOUNCEMENTS: u32 = 1 << 5;

/// Lets clients of this namespace open a second subflow from an address.
pub(crate) fn add(from: Ipv4Addr) -> io::Result<()> {
    add_for(from.into(), OPENS_SUBFLOWS)
}

/// Adds an endpoint with these flags.
pub(crate) fn add_for(address: IpAddr, flags: u32) -> io::Result<()> {
    const ADD_ADDRESS: u8 = 1;
    const ADDRESS: u16 = 1;
    let (family, octets) = match address {
        IpAddr::V4(four) => (libc::AF_INET, attribute(3, &four.octets())),
        IpAddr::V6(six) => (libc::AF_INET6, attribute(4, &six.octets())),
    };
    let family = u16::try_from(family).expect("address families are small");
    let inner = [attribute(1, &family.to_ne_bytes()), octets, attribute(6, &flags.to_ne_bytes())].concat();
    Family::named("mptcp_pm")?.ask(ADD_ADDRESS, 1, &nest(ADDRESS, &inner)).map(drop)
}

/// How many announced addresses a connection of this namespace accepts, and how many further subflows it has at most.
pub(crate) fn limit(accepted: u32, subflows: u32) -> io::Result<()> {
    const SET_LIMITS: u8 = 5;
    let limits = [attribute(2, &accepted.to_ne_bytes()), attribute(3, &subflows.to_ne_bytes())].concat();
    Family::named("mptcp_pm")?.ask(SET_LIMITS, 1, &limits).map(drop)
}
