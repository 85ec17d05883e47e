//! What is known of a socket, in plain numbers: read from the kernel's bytes by offsets of this file's own, and held
//! against what the sockets were made to be.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use sockeye_query::sockets::Table;
use sockeye_zoo::Expected;

/// What a filter program can know of a socket (`struct inet_diag_entry`), and what a filter can beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) table: Table,
    pub(crate) cookie: u64,
    /// `AF_INET` or `AF_INET6`.
    pub(crate) family: u8,
    pub(crate) state: u8,
    pub(crate) local: IpAddr,
    pub(crate) peer: IpAddr,
    pub(crate) local_port: u16,
    pub(crate) peer_port: u16,
    /// 0: bound to none.
    pub(crate) ifindex: u32,
    /// Absent in TIME-WAIT.
    pub(crate) mark: Option<u32>,
    /// Absent in TIME-WAIT and SYN-RECV.
    pub(crate) cgroup: Option<u64>,
    /// Whether the kernel chose the local port; only known of sockets whose making the test saw.
    pub(crate) automatic_port: Option<bool>,
}

impl Facts {
    /// Reads a `struct inet_diag_msg` and the attributes behind it.
    pub(crate) fn read(table: Table, bytes: &[u8]) -> Self {
        let at = |offset: usize, len: usize| &bytes[offset..offset + len];
        let port = |offset| u16::from_be_bytes(at(offset, 2).try_into().expect("two"));
        let word = |offset| u32::from_ne_bytes(at(offset, 4).try_into().expect("four"));
        let family = bytes[0];
        let address = |offset| match family {
            2 => IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(at(offset, 4)).expect("four"))),
            _ => IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(at(offset, 16)).expect("sixteen"))),
        };
        let mut facts = Self {
            table,
            cookie: u64::from(word(44)) | u64::from(word(48)) << 32,
            family,
            state: bytes[1],
            local: address(8),
            peer: address(24),
            local_port: port(4),
            peer_port: port(6),
            ifindex: word(40),
            mark: None,
            cgroup: None,
            automatic_port: None,
        };
        let mut offset = 72;
        while offset + 4 <= bytes.len() {
            let len = usize::from(u16::from_ne_bytes(at(offset, 2).try_into().expect("two")));
            let payload = at(offset + 4, len - 4);
            match u16::from_ne_bytes(at(offset + 2, 2).try_into().expect("two")) {
                15 => facts.mark = Some(u32::from_ne_bytes(payload.try_into().expect("four"))),
                21 => facts.cgroup = Some(u64::from_ne_bytes(payload.try_into().expect("eight"))),
                _ => {}
            }
            offset += len.next_multiple_of(4);
        }
        facts
    }

    /// Whether this is what the socket was made to be.
    pub(crate) fn check(&self, expected: &Expected) {
        let nobody = |family: u8| -> SocketAddr {
            if family == 2 { (Ipv4Addr::UNSPECIFIED, 0).into() } else { (Ipv6Addr::UNSPECIFIED, 0).into() }
        };
        let same = |address: SocketAddr, ip: IpAddr, port: u16| address.ip() == ip && address.port() == port;
        assert_eq!(i32::from(self.family), expected.family, "{self:?}, {expected:?}");
        assert!(expected.local.is_none_or(|local| same(local, self.local, self.local_port)), "{self:?}, {expected:?}");
        // The peer of a listening socket and of one that only bound is nobody.
        let peer = expected.peer.unwrap_or_else(|| nobody(self.family));
        assert!(same(peer, self.peer, self.peer_port), "{self:?}, {expected:?}");
        assert!(expected.mark.is_none_or(|mark| self.mark == Some(mark)), "{self:?}, {expected:?}");
        assert!(expected.ifindex.is_none_or(|ifindex| self.ifindex == ifindex), "{self:?}, {expected:?}");
        assert!(expected.cgroup_id.is_none_or(|id| self.cgroup == Some(id)), "{self:?}, {expected:?}");
    }
}
