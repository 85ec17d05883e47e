//! A route.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Fields, address_of};
use crate::rtnetlink::{AF_INET, AF_INET6};
use crate::{Attributes, Scalar};

/// A route (`struct rtmsg` and `RTA_*`, include/uapi/linux/rtnetlink.h).
#[derive(Clone, Copy, Debug)]
pub struct Route<'a>(pub(super) Fields<'a>);

const RTA_DST: u16 = 1;
const RTA_OIF: u16 = 4;
const RTA_GATEWAY: u16 = 5;
const RTA_PRIORITY: u16 = 6;
const RTA_PREFSRC: u16 = 7;
const RTA_MULTIPATH: u16 = 9;
const RTA_TABLE: u16 = 15;
const RTA_VIA: u16 = 18;
const RTA_NH_ID: u16 = 30;
/// Bytes of `struct rtnexthop`.
const HOP_LEN: usize = 8;

impl<'a> Route<'a> {
    /// Reads the payload of a message. `None`: it is too short.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        Fields::read(crate::rtnetlink::Table::Routes, bytes).map(Self)
    }

    /// `AF_INET`, `AF_INET6` or `AF_MPLS`.
    pub fn family(&self) -> u8 {
        self.0.byte(0)
    }

    /// The destination network; `None` of an MPLS route.
    pub fn destination(&self) -> Option<(IpAddr, u8)> {
        let any = match self.family() {
            AF_INET => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            AF_INET6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
            _ => return None,
        };
        Some((self.0.address(RTA_DST).unwrap_or(any), self.0.byte(1)))
    }

    /// It is for whatever no other route is for.
    pub fn is_default(&self) -> bool {
        self.destination().is_some_and(|(_, prefix_len)| prefix_len == 0)
    }

    /// The routing table: 254 is main, 255 local.
    pub fn table(&self) -> u32 {
        self.0.u32(RTA_TABLE).unwrap_or_else(|| self.0.byte(4).into())
    }

    /// `RTPROT_*`: who made it.
    pub fn protocol(&self) -> u8 {
        self.0.byte(5)
    }

    /// `RT_SCOPE_*`.
    pub fn scope(&self) -> u8 {
        self.0.byte(6)
    }

    /// `RTN_*`: 1 is unicast, 6 blackhole.
    pub fn kind(&self) -> u8 {
        self.0.byte(7)
    }

    /// Its metric: of several routes that fit, the smallest counts. 0 where the kernel sends none.
    pub fn metric(&self) -> u32 {
        self.0.u32(RTA_PRIORITY).unwrap_or(0)
    }

    /// The next hop, where there is one alone.
    pub fn gateway(&self) -> Option<IpAddr> {
        self.0.address(RTA_GATEWAY).or_else(|| address_of(self.0.payload(RTA_VIA)?.get(2..)?))
    }

    /// The interface that packets leave by, where there is one alone.
    pub fn oif(&self) -> Option<u32> {
        self.0.u32(RTA_OIF)
    }

    /// The source address of packets that have none yet.
    pub fn preferred_source(&self) -> Option<IpAddr> {
        self.0.address(RTA_PREFSRC)
    }

    /// The nexthop object that it leads to.
    pub fn nexthop_id(&self) -> Option<u32> {
        self.0.u32(RTA_NH_ID)
    }

    /// The next hops of a route that has several.
    pub fn hops(&self) -> impl Iterator<Item = Hop<'a>> + use<'a> {
        let mut rest = self.0.payload(RTA_MULTIPATH).unwrap_or_default();
        core::iter::from_fn(move || {
            let len = usize::try_from(Scalar::U16.read(rest, 0)?).ok()?;
            let hop = rest.get(..len).filter(|hop| hop.len() >= HOP_LEN)?;
            rest = rest.get(len.next_multiple_of(4)..).unwrap_or_default();
            Some(Hop(hop))
        })
    }
}

/// One of several next hops (`struct rtnexthop`).
#[derive(Clone, Copy, Debug)]
pub struct Hop<'a>(&'a [u8]);

impl Hop<'_> {
    /// The interface.
    pub fn oif(&self) -> u32 {
        Scalar::U32.read(self.0, 4).and_then(|index| u32::try_from(index).ok()).unwrap_or_default()
    }

    /// Its share, beside those of the others.
    pub fn weight(&self) -> u16 {
        u16::from(self.0.get(3).copied().unwrap_or_default()) + 1
    }

    /// Its address.
    pub fn gateway(&self) -> Option<IpAddr> {
        let attributes = Attributes::new(self.0.get(HOP_LEN..)?);
        attributes.clone().last(RTA_GATEWAY).and_then(address_of).or_else(|| {
            let via = attributes.last(RTA_VIA)?;
            address_of(via.get(2..)?)
        })
    }
}
