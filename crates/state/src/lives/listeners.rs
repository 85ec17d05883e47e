//! Who listens where, and which of those that share a port a connection came out of.
//!
//! The kernel chooses among them by family and address (net/ipv4/inet_hashtables.c, `compute_score`), and what comes out of a listener
//! has the family of it: one of IPv6 that takes IPv4 too makes sockets of IPv6 for both.

use core::net::IpAddr;

use sockeye_wire::sock_diag::bare;
use sockeye_wire::sock_diag::inet::{AF_INET, AF_INET6};

use super::store::ByCookie;

/// Listeners that share a port and are remembered. Each connection is held against all of them.
const SHARING_MAX: usize = 4096;

/// Where a socket is: by this the kernel finds the listener that a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    family: u8,
    port: u16,
    /// Zeros stand for any.
    address: [u8; 16],
}

impl Spot {
    /// Of the socket that a message is about (`struct inet_diag_msg`).
    pub(super) fn of(message: &[u8]) -> Option<Self> {
        let address = *message.get(8..)?.first_chunk()?;
        Some(Self { family: *message.first()?, port: super::said::port(message), address })
    }

    /// Those at which a listener takes a packet to this address and port, the likelier one first.
    pub(super) fn of_packet(local: core::net::SocketAddr) -> impl Iterator<Item = Self> {
        let of = |family, local| {
            Self::of(&bare::message(sockeye_wire::sock_diag::state::State::Listening, local, local, 0))
                .map(|spot| Self { family, ..spot })
        };
        let mapped = match local.ip() {
            IpAddr::V4(address) => of(AF_INET6, (address.to_ipv6_mapped(), local.port()).into()),
            IpAddr::V6(_) => None,
        };
        let family = if local.is_ipv4() { AF_INET } else { AF_INET6 };
        [of(family, local), mapped].into_iter().flatten()
    }

    pub(super) fn port(self) -> u16 {
        self.port
    }

    fn any_address(self) -> Self {
        Self { address: [0; 16], ..self }
    }
}

/// Who listens where.
#[derive(Debug, Default)]
pub(super) struct Listeners(ByCookie<Vec<(Spot, u64)>>);

impl Listeners {
    /// This socket listens where its message says.
    pub(super) fn insert(&mut self, message: &[u8], cookie: u64) {
        let Some(spot) = Spot::of(message) else { return };
        let sharing = self.0.entry(spot.port.into()).or_default();
        sharing.retain(|(_, other)| *other != cookie);
        if sharing.len() < SHARING_MAX {
            sharing.push((spot, cookie));
        }
    }

    /// It does so no more.
    pub(super) fn remove(&mut self, message: &[u8], cookie: u64) {
        let port = u64::from(super::said::port(message));
        let Some(sharing) = self.0.get_mut(&port) else { return };
        sharing.retain(|(_, other)| *other != cookie);
        if sharing.is_empty() {
            self.0.remove(&port);
        }
    }

    /// Those that a connection at this spot may have come out of: what listens at its very address goes before what listens at any.
    pub(super) fn of(&self, spot: Spot) -> Vec<u64> {
        let exactly = self.at(spot);
        if exactly.is_empty() { self.at(spot.any_address()) } else { exactly }
    }

    /// Those that listen at this very spot.
    pub(super) fn at(&self, spot: Spot) -> Vec<u64> {
        let sharing = self.0.get(&u64::from(spot.port)).into_iter().flatten();
        sharing.filter(|(there, _)| *there == spot).map(|(_, cookie)| *cookie).collect()
    }
}
