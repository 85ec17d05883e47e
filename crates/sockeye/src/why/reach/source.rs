//! The source that the kernel gives a packet, where it tells of it with no route.

use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6, UdpSocket};

use sockeye_conn::{Error, Namespace};

use super::Target;

/// A port where nobody has to be: nothing is sent there.
const DISCARD: u16 = 9;

/// The source of packets to an address of IPv6 that has a way with it alone: where the kernel finds no route for a packet without a
/// source it chooses one of all links, and looks again (net/ipv6/ip6_output.c, `ip6_dst_lookup_tail`). Only a socket is told which: of
/// UDP one is connected without sending anything. `None`: there is no way with a source either, or the address is of IPv4.
pub(super) fn chosen(target: &Target, namespace: Option<&Namespace>) -> Result<Option<IpAddr>, Error> {
    let IpAddr::V6(ip) = target.ip else { return Ok(None) };
    let there = SocketAddrV6::new(ip, target.port.unwrap_or(DISCARD), 0, 0);
    let connect = || -> std::io::Result<SocketAddr> {
        let socket = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0))?;
        socket.connect(there)?;
        socket.local_addr()
    };
    let here = match namespace {
        Some(namespace) => namespace.run_in(connect)?,
        None => connect(),
    };
    // That it may not be connected is the answer.
    Ok(here.ok().map(|here| here.ip()))
}
