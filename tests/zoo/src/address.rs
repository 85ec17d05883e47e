//! Socket addresses as the bytes that system calls take.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

/// Bytes of a family number at the start of each address.
fn family(number: i32) -> [u8; 2] {
    u16::try_from(number).expect("address families are small").to_ne_bytes()
}

/// `sockaddr_in` or `sockaddr_in6`.
pub(crate) fn encode(address: SocketAddr) -> Vec<u8> {
    match address {
        SocketAddr::V4(v4) => {
            [&family(libc::AF_INET)[..], &v4.port().to_be_bytes(), &v4.ip().octets(), &[0; 8]].concat()
        }
        SocketAddr::V6(v6) => [
            &family(libc::AF_INET6)[..],
            &v6.port().to_be_bytes(),
            &v6.flowinfo().to_be_bytes(),
            &v6.ip().octets(),
            &v6.scope_id().to_ne_bytes(),
        ]
        .concat(),
    }
}

/// The address in a `sockaddr_in` or `sockaddr_in6`.
pub(crate) fn decode(bytes: &[u8]) -> Option<SocketAddr> {
    let (head, rest) = bytes.split_first_chunk::<2>()?;
    let (port, rest) = rest.split_first_chunk::<2>()?;
    let port = u16::from_be_bytes(*port);
    match i32::from(u16::from_ne_bytes(*head)) {
        libc::AF_INET => {
            let octets = rest.first_chunk::<4>()?;
            Some(SocketAddrV4::new(Ipv4Addr::from(*octets), port).into())
        }
        libc::AF_INET6 => {
            let (flow, rest) = rest.split_first_chunk::<4>()?;
            let (octets, rest) = rest.split_first_chunk::<16>()?;
            let scope = u32::from_ne_bytes(*rest.first_chunk::<4>()?);
            Some(SocketAddrV6::new(Ipv6Addr::from(*octets), port, u32::from_be_bytes(*flow), scope).into())
        }
        _ => None,
    }
}

/// `sockaddr_un` with exactly these bytes as its path.
pub(crate) fn unix(name: &[u8]) -> Vec<u8> {
    [&family(libc::AF_UNIX)[..], name].concat()
}

/// `sockaddr_ll` that binds to an ethertype (host order) on a device.
pub(crate) fn link_layer(ethertype: u16, ifindex: u32) -> Vec<u8> {
    [&family(libc::AF_PACKET)[..], &ethertype.to_be_bytes(), &ifindex.to_ne_bytes(), &[0; 12]].concat()
}

/// `sockaddr_nl`
pub(crate) fn netlink(portid: u32, groups: u32) -> Vec<u8> {
    [&family(libc::AF_NETLINK)[..], &[0; 2], &portid.to_ne_bytes(), &groups.to_ne_bytes()].concat()
}

/// `sockaddr_vm`
pub(crate) fn vsock(port: u32, cid: u32) -> Vec<u8> {
    [&family(libc::AF_VSOCK)[..], &[0; 2], &port.to_ne_bytes(), &cid.to_ne_bytes(), &[0; 4]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_survives_both_ways() {
        for text in ["127.9.8.7:4660", "[fd00:5eed::a]:65535"] {
            let address: SocketAddr = text.parse().expect("an address");
            assert_eq!(decode(&encode(address)), Some(address));
        }
    }

    #[test]
    fn a_short_or_foreign_address_is_none() {
        assert_eq!(decode(&[]), None);
        assert_eq!(decode(&unix(b"\0name")), None);
        assert_eq!(decode(&encode("127.0.0.1:1".parse().expect("an address"))[..7]), None);
    }
}
