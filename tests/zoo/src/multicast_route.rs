//! Multicast routing: a routing daemon that does nothing but two routes.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddrV6};
use std::os::fd::OwnedFd;

use libc::{AF_INET, AF_INET6, IPPROTO_ICMPV6, IPPROTO_IP, IPPROTO_IPV6, SOCK_RAW};

use crate::zoo::{Unavailable, Zoo, make};
use crate::{address, sys};

/// `IPPROTO_IGMP`.
const IPPROTO_IGMP: i32 = 2;
/// `MRT_INIT`, `MRT_ADD_VIF`, `MRT_ADD_MFC` (include/uapi/linux/mroute.h), and those of IPv6, which have the same
/// numbers.
const INIT: i32 = 200;
const ADD_INTERFACE: i32 = 202;
const ADD_ROUTE: i32 = 204;
/// `VIFF_USE_IFINDEX`.
const USE_INDEX: u8 = 8;
/// Thresholds by which packets leave: less than that of the packet's hop limit.
const THRESHOLDS: [u8; 2] = [7, 9];

/// Sockets that keep the routes: when they are closed, the routes are gone.
#[derive(Debug)]
pub struct MulticastRouter(#[expect(dead_code, reason = "it is kept")] [OwnedFd; 2]);

impl Zoo {
    /// Routes 10.9.7.7 to 239.77.2.1 and fd00::77 to ff05::77:2, from the first of these interfaces to the others.
    pub fn multicast_router(&self, interfaces: [u32; 3]) -> Result<MulticastRouter, Unavailable> {
        make("multicast_router", || {
            let four = sys::socket(AF_INET, SOCK_RAW, IPPROTO_IGMP)?;
            sys::set(&four, IPPROTO_IP, INIT, 1)?;
            let six = sys::socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6)?;
            sys::set(&six, IPPROTO_IPV6, INIT, 1)?;
            for (number, index) in (0_u16..).zip(interfaces) {
                sys::set_bytes(&four, IPPROTO_IP, ADD_INTERFACE, &interface(number, index))?;
                sys::set_bytes(&six, IPPROTO_IPV6, ADD_INTERFACE, &interface6(number, index))?;
            }
            sys::set_bytes(&four, IPPROTO_IP, ADD_ROUTE, &route())?;
            sys::set_bytes(&six, IPPROTO_IPV6, ADD_ROUTE, &route6())?;
            Ok(MulticastRouter([four, six]))
        })
    }
}

/// `struct vifctl`.
fn interface(number: u16, index: u32) -> Vec<u8> {
    [&number.to_ne_bytes()[..], &[USE_INDEX, 1], &[0; 4], &index.to_ne_bytes(), &[0; 4]].concat()
}

/// `struct mif6ctl`.
fn interface6(number: u16, index: u32) -> Vec<u8> {
    let index = u16::try_from(index).unwrap_or(u16::MAX);
    [&number.to_ne_bytes()[..], &[0, 1], &index.to_ne_bytes(), &[0; 6]].concat()
}

/// `struct mfcctl`.
fn route() -> Vec<u8> {
    let [source, group] = [Ipv4Addr::new(10, 9, 7, 7), Ipv4Addr::new(239, 77, 2, 1)].map(|address| address.octets());
    let mut thresholds = [0; 32];
    thresholds[1..3].copy_from_slice(&THRESHOLDS);
    [&source[..], &group, &[0; 2], &thresholds, &[0; 18]].concat()
}

/// `struct mf6cctl`: the interfaces are a set of bits.
fn route6() -> Vec<u8> {
    let addresses = ["fd00::77", "ff05::77:2"].map(|text| {
        let address: Ipv6Addr = text.parse().expect("an address");
        address::encode(SocketAddrV6::new(address, 0, 0, 0).into())
    });
    let mut interfaces = [0; 32];
    interfaces[..4].copy_from_slice(&0b110_u32.to_ne_bytes());
    [&addresses.concat()[..], &[0; 4], &interfaces].concat()
}
