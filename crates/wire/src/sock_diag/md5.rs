//! `struct tcp_diag_md5sig`: addresses and keys of TCP MD5 signatures (include/uapi/linux/tcp.h), told to
//! `CAP_NET_ADMIN` only.
//!
//! The key is a secret. It is there for whoever asks by name, and in no `Debug` output.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::inet::{AF_INET, AF_INET6};
use crate::bytes::{array, u16};

/// Bytes of `struct tcp_diag_md5sig`.
pub const MD5_SIGNATURE_LEN: usize = 100;
/// Where the key begins.
const KEY_AT: usize = 20;

/// The key for one peer or one network of peers.
#[derive(Clone, Copy)]
pub struct Md5Signature<'a>(&'a [u8]);

impl<'a> Md5Signature<'a> {
    /// Address of the peers.
    pub fn address(&self) -> Option<IpAddr> {
        match *self.0.first()? {
            AF_INET => array::<4>(self.0, 4).map(|octets| IpAddr::V4(Ipv4Addr::from(octets))),
            AF_INET6 => array::<16>(self.0, 4).map(|octets| IpAddr::V6(Ipv6Addr::from(octets))),
            _ => None,
        }
    }

    /// Bits of the address that count.
    pub fn prefix_len(&self) -> Option<u8> {
        self.0.get(1).copied()
    }

    /// Bytes of the key.
    pub fn key_len(&self) -> Option<u16> {
        u16(self.0, 2)
    }

    /// The key itself: a secret.
    pub fn key(&self) -> &'a [u8] {
        let room = self.0.get(KEY_AT..).unwrap_or_default();
        let length = usize::from(self.key_len().unwrap_or(0)).min(room.len());
        &room[..length]
    }
}

impl fmt::Debug for Md5Signature<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Md5Signature")
            .field("address", &self.address())
            .field("prefix_len", &self.prefix_len())
            .field("key_len", &self.key_len())
            .finish_non_exhaustive()
    }
}

/// Iterator over the signatures of `INET_DIAG_MD5SIG`.
#[derive(Clone)]
pub struct Md5Signatures<'a>(core::slice::ChunksExact<'a, u8>);

impl<'a> Md5Signatures<'a> {
    /// The signatures in the attribute's payload; a rest too short to be one is passed over.
    pub fn new(payload: &'a [u8]) -> Self {
        Self(payload.chunks_exact(MD5_SIGNATURE_LEN))
    }
}

impl<'a> Iterator for Md5Signatures<'a> {
    type Item = Md5Signature<'a>;

    fn next(&mut self) -> Option<Md5Signature<'a>> {
        self.0.next().map(Md5Signature)
    }
}

impl fmt::Debug for Md5Signatures<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signature(family: u8, prefix: u8, address: &[u8], key: &[u8], claimed: u16) -> Vec<u8> {
        let mut bytes = vec![family, prefix];
        bytes.extend_from_slice(&claimed.to_ne_bytes());
        bytes.extend_from_slice(address);
        bytes.resize(KEY_AT, 0);
        bytes.extend_from_slice(key);
        bytes.resize(MD5_SIGNATURE_LEN, 0);
        bytes
    }

    #[test]
    fn signatures_read_back() {
        let network = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x77);
        let list = [
            signature(AF_INET, 24, &[198, 51, 100, 0], b"hunter2", 7),
            signature(AF_INET6, 128, &network.octets(), b"sesame", 6),
        ]
        .concat();
        let read: Vec<_> = Md5Signatures::new(&list).collect();
        assert_eq!(read.len(), 2);
        assert_eq!((read[0].address(), read[0].prefix_len()), (Some(IpAddr::from([198, 51, 100, 0])), Some(24)));
        assert_eq!((read[0].key(), read[1].key()), (&b"hunter2"[..], &b"sesame"[..]));
        assert_eq!((read[1].address(), read[1].prefix_len()), (Some(IpAddr::V6(network)), Some(128)));
    }

    #[test]
    fn debug_output_keeps_the_key_secret() {
        let list = signature(AF_INET, 32, &[198, 51, 100, 9], b"AAAA", 4);
        let shown = format!("{:?}", Md5Signatures::new(&list));
        assert!(shown.contains("198.51.100.9") && shown.contains("key_len: Some(4)"), "{shown}");
        assert!(!shown.contains("65, 65") && !shown.contains("AAAA"), "{shown}");
    }

    #[test]
    fn a_key_longer_than_its_room_ends_with_it() {
        let list = signature(AF_INET, 32, &[0; 4], &[7; 80], 9999);
        assert_eq!(Md5Signatures::new(&list).next().map(|one| one.key().len()), Some(80));
        assert_eq!(Md5Signatures::new(&list[..99]).count(), 0);
    }
}
