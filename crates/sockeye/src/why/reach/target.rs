//! Where somebody wants to get to.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// An address, perhaps with a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) ip: IpAddr,
    pub(crate) port: Option<u16>,
}

impl Target {
    /// What one word says, where it is an address: `10.0.0.1`, `10.0.0.1:443`, `fd00::1`, `[fd00::1]:443`. A word that is
    /// none is a part of a filter.
    pub(crate) fn read(word: &str) -> Option<Self> {
        if let Ok(end) = word.parse::<SocketAddr>() {
            return Some(Self { ip: meant(end.ip()), port: Some(end.port()) });
        }
        let bare = word.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(word);
        bare.parse().ok().map(|ip| Self { ip: meant(ip), port: None })
    }
}

/// Where a connection to an address goes: IPv4 that is written as IPv6 is IPv4, and "any" is this host.
fn meant(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => SocketAddr::new(self.ip, port).fmt(f),
            None => self.ip.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_told_from_a_filter() {
        for (word, shown) in [
            ("10.9.8.7", "10.9.8.7"),
            ("10.9.8.7:443", "10.9.8.7:443"),
            ("fd00::7", "fd00::7"),
            ("[fd00::7]", "fd00::7"),
            ("[fd00::7]:443", "[fd00::7]:443"),
            ("::ffff:10.9.8.7", "10.9.8.7"),
            ("[::ffff:10.9.8.7]:443", "10.9.8.7:443"),
            ("0.0.0.0:443", "127.0.0.1:443"),
            ("::", "::1"),
        ] {
            assert_eq!(Target::read(word).map(|target| target.to_string()).as_deref(), Some(shown), "{word}");
        }
        for word in ["10.0.0.0/8", "dport", "10.9.8", "established", "10.9.8.7:https", ":443"] {
            assert_eq!(Target::read(word), None, "{word}");
        }
    }
}
