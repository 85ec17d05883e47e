//! `struct sockaddr_storage`, as SCTP lists its addresses: 128 bytes each, of which the address family tells how many
//! say something.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

use super::inet::{AF_INET, AF_INET6};
use crate::bytes::{array, u16, u32};

/// Bytes of `struct sockaddr_storage`.
pub const SOCKET_ADDRESS_LEN: usize = 128;

/// The address at the beginning of `bytes`; `None` for families other than IPv4 and IPv6 and where bytes are missing.
pub fn read(bytes: &[u8]) -> Option<SocketAddr> {
    let family = u16(bytes, 0)?;
    let port = array(bytes, 2).map(u16::from_be_bytes)?;
    if family == u16::from(AF_INET) {
        return Some(SocketAddr::new(IpAddr::V4(Ipv4Addr::from(array::<4>(bytes, 4)?)), port));
    }
    if family == u16::from(AF_INET6) {
        let flow = array(bytes, 4).map(u32::from_be_bytes)?;
        let address = Ipv6Addr::from(array::<16>(bytes, 8)?);
        return Some(SocketAddr::V6(SocketAddrV6::new(address, port, flow, u32(bytes, 24)?)));
    }
    None
}

/// Iterator over the addresses of `INET_DIAG_LOCALS` or `INET_DIAG_PEERS`.
///
/// An entry that is no IPv4 or IPv6 address is passed over; so is a rest too short to be an entry.
#[derive(Clone, Debug)]
pub struct SocketAddresses<'a>(core::slice::ChunksExact<'a, u8>);

impl<'a> SocketAddresses<'a> {
    /// The addresses in an attribute's payload.
    pub fn new(payload: &'a [u8]) -> Self {
        Self(payload.chunks_exact(SOCKET_ADDRESS_LEN))
    }
}

impl Iterator for SocketAddresses<'_> {
    type Item = SocketAddr;

    fn next(&mut self) -> Option<SocketAddr> {
        self.0.find_map(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(family: u8, rest: &[u8]) -> Vec<u8> {
        let mut bytes = u16::from(family).to_ne_bytes().to_vec();
        bytes.extend_from_slice(rest);
        bytes.resize(SOCKET_ADDRESS_LEN, 0xee);
        bytes
    }

    #[test]
    fn both_families_read_in_turn() {
        let four = entry(AF_INET, &[0x1f, 0x90, 192, 0, 2, 7]);
        let mut six = vec![0x00, 0x35, 0, 0, 0, 0];
        six.extend_from_slice(&Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0x9).octets());
        six.extend_from_slice(&3u32.to_ne_bytes());
        let list = [four, entry(1, &[1; 100]), entry(AF_INET6, &six)].concat();
        let read: Vec<_> = SocketAddresses::new(&list).map(|address| address.to_string()).collect();
        assert_eq!(read, ["192.0.2.7:8080", "[fe80::9%3]:53"]);
    }

    #[test]
    fn a_short_rest_is_no_address() {
        let four = entry(AF_INET, &[0x1f, 0x90, 192, 0, 2, 7]);
        assert_eq!(SocketAddresses::new(&four[..127]).count(), 0);
        assert_eq!(read(&four[..7]), None);
    }
}
