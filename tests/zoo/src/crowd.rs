//! UDP sockets as a test wishes them: a crowd of sockets that differ in what a filter can tell apart.

use std::net::SocketAddr;

use libc::{
    IP_FREEBIND, IPPROTO_IP, IPPROTO_IPV6, IPPROTO_UDP, SO_BINDTODEVICE, SO_MARK, SO_REUSEADDR, SOCK_DGRAM, SOL_SOCKET,
};

use crate::expected::{Expected, state};
use crate::specimen::Specimen;
use crate::zoo::{LOOPBACK, Unavailable, Zoo, make};
use crate::{address, sys};

/// `IPV6_FREEBIND` (include/uapi/linux/in6.h, Linux 4.15)
const IPV6_FREEBIND: i32 = 78;

/// What a UDP socket is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UdpWish {
    /// Own address, which need not exist; with port 0 the kernel chooses one.
    pub local: SocketAddr,
    /// The other end, which the namespace must have a route to.
    pub peer: Option<SocketAddr>,
    /// `SO_MARK`, 0 for none.
    pub mark: u32,
    /// Whether to bind to the loopback device.
    pub on_loopback: bool,
}

impl Zoo {
    /// `bound` as wished; `None` where another socket has the port and does not share it.
    pub fn udp(&self, wish: &UdpWish) -> Result<Option<Specimen>, Unavailable> {
        let mut taken = false;
        let made = make("udp", || {
            let family = if wish.local.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
            let socket = sys::socket(family, SOCK_DGRAM, IPPROTO_UDP)?;
            // Two wishes may be for one port.
            sys::set(&socket, SOL_SOCKET, SO_REUSEADDR, 1)?;
            sys::set(&socket, IPPROTO_IP, IP_FREEBIND, 1)?;
            if wish.local.is_ipv6() {
                sys::set(&socket, IPPROTO_IPV6, IPV6_FREEBIND, 1)?;
            }
            sys::set(&socket, SOL_SOCKET, SO_MARK, wish.mark.cast_signed())?;
            if wish.on_loopback {
                sys::set_bytes(&socket, SOL_SOCKET, SO_BINDTODEVICE, b"lo\0")?;
            }
            match sys::bind(&socket, &address::encode(wish.local)) {
                Err(error) if error.raw_os_error() == Some(libc::EADDRINUSE) => {
                    taken = true;
                    return Ok(Specimen::default());
                }
                other => other?,
            }
            if let Some(peer) = wish.peer {
                sys::connect(&socket, &address::encode(peer))?;
            }
            let state = if wish.peer.is_some() { state::ESTABLISHED } else { state::CLOSE };
            let expected = Expected {
                mark: Some(wish.mark),
                ifindex: Some(if wish.on_loopback { LOOPBACK } else { 0 }),
                ..Expected::inet("bound", &socket, state)?
            };
            Ok(Specimen::default().with(socket, expected))
        })?;
        Ok((!taken).then_some(made))
    }
}
