//! Addresses that this machine answers to together with others: a socket joins and leaves them, as no program of iproute2 can.

use std::io;
use std::net::Ipv6Addr;
use std::os::fd::OwnedFd;

use anyhow::{Context, Result};
use rustix::net::netdevice::name_to_index;

use super::random::Random;
use crate::bench::sys::{set_option, socket};

/// `IPV6_JOIN_ANYCAST`, `IPV6_LEAVE_ANYCAST` (include/uapi/linux/in6.h).
const JOIN: i32 = 27;
const LEAVE: i32 = 28;
/// A link that is there from beginning to end. Who routes nothing may only join what is in the network of one of its addresses
/// (net/ipv6/anycast.c, `ipv6_sock_ac_join`).
const INTERFACE: &str = "fix0";
/// Addresses that come and go.
const ADDRESSES: u32 = 8;

/// The socket that keeps the addresses: when it is closed, they are gone.
pub(super) struct Anycast {
    socket: OwnedFd,
    index: u32,
    joined: [bool; ADDRESSES as usize],
}

impl Anycast {
    /// Joins one address, which stays.
    pub(super) fn new() -> Result<Self> {
        let socket = socket(libc::AF_INET6, libc::SOCK_DGRAM, 0).context("no socket of IPv6")?;
        let index = name_to_index(&socket, INTERFACE).context("no index of a link")?;
        let anycast = Self { socket, index, joined: [false; ADDRESSES as usize] };
        anycast.tell(JOIN, ADDRESSES).context("an anycast address is refused")?;
        Ok(anycast)
    }

    /// Joins an address, or leaves it.
    pub(super) fn change(&mut self, random: &mut Random) -> Result<()> {
        let number = random.below(ADDRESSES);
        let is_joined = self.joined[number as usize];
        self.tell(if is_joined { LEAVE } else { JOIN }, number).context("an anycast address is refused")?;
        self.joined[number as usize] = !is_joined;
        Ok(())
    }

    /// With `struct ipv6_mreq`.
    fn tell(&self, operation: i32, number: u32) -> io::Result<()> {
        let mut bytes = [0; 20];
        let number = u16::try_from(number).unwrap_or(u16::MAX);
        bytes[..16].copy_from_slice(&Ipv6Addr::new(0xfd77, 0, 0, 0, 0, 0, 7, number).octets());
        bytes[16..].copy_from_slice(&self.index.to_ne_bytes());
        set_option(&self.socket, libc::IPPROTO_IPV6, operation, &bytes)
    }
}
