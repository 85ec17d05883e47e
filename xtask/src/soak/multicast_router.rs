//! A routing daemon of multicast that does nothing but add and delete routes: no program of iproute2 can.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::os::fd::OwnedFd;

use anyhow::{Context, Result};
use rustix::net::netdevice::name_to_index;

use super::random::Random;
use crate::bench::sys::{set_option, socket};

/// `IPPROTO_IGMP`.
const IPPROTO_IGMP: i32 = 2;
/// `MRT_INIT`, `MRT_ADD_VIF`, `MRT_ADD_MFC`, `MRT_DEL_MFC` (include/uapi/linux/mroute.h); those of IPv6 have the same
/// numbers.
const INIT: i32 = 200;
const ADD_INTERFACE: i32 = 202;
const ADD_ROUTE: i32 = 204;
const DELETE_ROUTE: i32 = 205;
/// `VIFF_USE_IFINDEX`.
const USE_INDEX: u8 = 8;
/// Interfaces that are there from beginning to end: routes come from the first.
const INTERFACES: [&str; 3] = ["fix0", "fix1", "br0"];
/// Groups that have a route now and then.
const GROUPS: u32 = 12;

/// The sockets that keep the routes: when they are closed, the routes are gone.
pub(super) struct Router {
    four: OwnedFd,
    six: OwnedFd,
}

impl Router {
    /// Becomes the daemon of this network namespace. The error says what the kernel refuses.
    pub(super) fn new() -> io::Result<Self> {
        let four = socket(libc::AF_INET, libc::SOCK_RAW, IPPROTO_IGMP)?;
        set_option(&four, libc::IPPROTO_IP, INIT, &1_i32)?;
        let six = socket(libc::AF_INET6, libc::SOCK_RAW, libc::IPPROTO_ICMPV6)?;
        set_option(&six, libc::IPPROTO_IPV6, INIT, &1_i32)?;
        for (number, name) in (0_u16..).zip(INTERFACES) {
            let index = name_to_index(&four, name)?;
            set_option(&four, libc::IPPROTO_IP, ADD_INTERFACE, &interface(number, index))?;
            set_option(&six, libc::IPPROTO_IPV6, ADD_INTERFACE, &interface6(number, index))?;
        }
        Ok(Self { four, six })
    }

    /// Adds, changes or deletes a route.
    pub(super) fn change(&self, random: &mut Random) -> Result<()> {
        let number = u8::try_from(random.below(GROUPS)).unwrap_or(0);
        let leaves = 1 + u8::try_from(random.below(3)).unwrap_or(0);
        let operation = if random.below(3) == 0 { DELETE_ROUTE } else { ADD_ROUTE };
        let done = if random.coin() {
            set_option(&self.four, libc::IPPROTO_IP, operation, &route(number, leaves))
        } else {
            set_option(&self.six, libc::IPPROTO_IPV6, operation, &route6(number, leaves))
        };
        match done {
            // It was not there.
            Err(error) if operation == DELETE_ROUTE && error.raw_os_error() == Some(libc::ENOENT) => Ok(()),
            other => other.context("a multicast route is refused"),
        }
    }
}

/// `struct vifctl`.
fn interface(number: u16, index: u32) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..2].copy_from_slice(&number.to_ne_bytes());
    bytes[2..4].copy_from_slice(&[USE_INDEX, 1]);
    bytes[8..12].copy_from_slice(&index.to_ne_bytes());
    bytes
}

/// `struct mif6ctl`.
fn interface6(number: u16, index: u32) -> [u8; 12] {
    let mut bytes = [0; 12];
    bytes[..2].copy_from_slice(&number.to_ne_bytes());
    bytes[3] = 1;
    bytes[4..6].copy_from_slice(&u16::try_from(index).unwrap_or(u16::MAX).to_ne_bytes());
    bytes
}

/// `struct mfcctl`: of the thresholds by which packets leave, those of the second and third interface.
fn route(number: u8, leaves: u8) -> [u8; 60] {
    let mut bytes = [0; 60];
    bytes[..4].copy_from_slice(&Ipv4Addr::new(10, 9, 7, 7).octets());
    bytes[4..8].copy_from_slice(&Ipv4Addr::new(239, 77, 2, number).octets());
    for at in 1..3 {
        bytes[10 + usize::from(at)] = if leaves & at == 0 { u8::MAX } else { 6 + at };
    }
    bytes
}

/// `struct mf6cctl`: the interfaces are a set of bits.
fn route6(number: u8, leaves: u8) -> [u8; 92] {
    let mut bytes = [0; 92];
    let source = Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 0x77);
    let group = Ipv6Addr::new(0xff05, 0, 0, 0, 0, 0, 0x77, number.into());
    for (at, address) in [(0, source), (28, group)] {
        bytes[at..at + 2].copy_from_slice(&u16::try_from(libc::AF_INET6).unwrap_or(0).to_ne_bytes());
        bytes[at + 8..at + 24].copy_from_slice(&address.octets());
    }
    bytes[60..64].copy_from_slice(&(u32::from(leaves) << 1).to_ne_bytes());
    bytes
}
