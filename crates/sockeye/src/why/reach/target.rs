//! Where somebody wants to get to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::{fmt, iter};

use sockeye_wire::sock_diag::bytecode::{Condition, Test};

/// An address, perhaps with a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) ip: IpAddr,
    pub(crate) port: Option<u16>,
    /// The link that it is on, by name or number, of an address that every link has.
    pub(crate) link: Option<String>,
}

impl Target {
    /// What one word says, where it is an address: `10.0.0.1`, `10.0.0.1:443`, `10.0.0.1%red:443`, `fd00::1`, `[fd00::1]:443`,
    /// `[fe80::1%eth0]:443`. A word that is none is a part of a filter.
    pub(crate) fn read(word: &str) -> Option<Self> {
        let (word, link) = without_link(word);
        let target = |ip, port| Self { ip: meant(ip), port, link };
        if let Ok(end) = word.parse::<SocketAddr>() {
            return Some(target(end.ip(), Some(end.port())));
        }
        // Where a link is named, of IPv4 too: as it is written here.
        if let Some((ip, port)) = word.strip_prefix('[').and_then(|rest| rest.split_once("]:"))
            && let (Ok(ip), Ok(port)) = (ip.parse(), port.parse())
        {
            return Some(target(ip, Some(port)));
        }
        let bare = word.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(&word);
        bare.parse().ok().map(|ip| target(ip, None))
    }

    /// The same with the name of a service for the port: `10.0.0.1:https`. An error says that there is no such service.
    pub(crate) fn understand(word: &str, port: impl Fn(&str) -> Result<u16, String>) -> Result<Option<Self>, String> {
        if let Some(target) = Self::read(word) {
            return Ok(Some(target));
        }
        let Some((host, service)) = word.rsplit_once(':') else { return Ok(None) };
        let Some(target) = Self::read(host).filter(|_| !service.is_empty()) else { return Ok(None) };
        Ok(Some(Self { port: Some(port(service)?), ..target }))
    }

    /// What tells the kernel which sockets lead there, where it is on this link. Mapped addresses of IPv6 are among those of IPv4.
    pub(super) fn condition(&self, link: Option<u32>) -> Condition {
        let bits = if self.ip.is_ipv4() { 32 } else { 128 };
        let link = link.filter(|_| self.is_link_local()).map(Test::Device);
        let ports = self.port.map(|port| [Test::DestinationPortAtLeast(port), Test::DestinationPortAtMost(port)]);
        let tests = iter::once(Test::Destination(self.ip, bits)).chain(link).chain(ports.into_iter().flatten());
        Condition::All(tests.map(Condition::Test).collect())
    }

    /// Whether every link has its own addresses of this kind.
    pub(crate) fn is_link_local(&self) -> bool {
        match self.ip {
            IpAddr::V4(_) => false,
            IpAddr::V6(ip) => ip.is_unicast_link_local() || ip.segments()[0] & 0xff0f == 0xff02,
        }
    }
}

/// What of a word may be the name of a host, with a port behind it or not: `localhost`, `example.com:443`.
pub(crate) fn host(word: &str) -> Option<&str> {
    let (host, port) = word.split_once(':').unwrap_or((word, ""));
    let is_name =
        !port.contains(':') && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
    (is_name && host.bytes().any(|byte| byte.is_ascii_alphabetic())).then_some(host)
}

/// The word without the name of a link behind the address (RFC 4007, section 11), and that.
fn without_link(word: &str) -> (String, Option<String>) {
    let Some((address, rest)) = word.split_once('%') else { return (word.to_owned(), None) };
    // No name of a link has a colon in it (net/core/dev.c, dev_valid_name); behind an address of IPv6 a port needs brackets.
    let is_end = |letter| letter == ']' || letter == ':' && !address.contains(':');
    let end = rest.find(is_end).unwrap_or(rest.len());
    (format!("{address}{}", &rest[end..]), Some(rest[..end].to_owned()))
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
        match (self.port, &self.link) {
            (Some(port), Some(link)) => write!(f, "[{}%{link}]:{port}", self.ip),
            (None, Some(link)) => write!(f, "{}%{link}", self.ip),
            (Some(port), None) => SocketAddr::new(self.ip, port).fmt(f),
            (None, None) => self.ip.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_may_have_a_name() {
        let port = |service: &str| if service == "https" { Ok(443) } else { Err(format!("no service {service}")) };
        let understood = |word| Target::understand(word, port).map(|target| target.map(|target| target.to_string()));
        assert_eq!(understood("10.9.8.7:https"), Ok(Some("10.9.8.7:443".to_owned())));
        assert_eq!(understood("[fd00::7]:https"), Ok(Some("[fd00::7]:443".to_owned())));
        assert_eq!(understood("fd00::7"), Ok(Some("fd00::7".to_owned())));
        assert_eq!(understood("10.9.8.7:htps"), Err("no service htps".to_owned()));
        for word in [":https", "10.9.8.7:", "dport", "name:https"] {
            assert_eq!(understood(word), Ok(None), "{word}");
        }
    }

    #[test]
    fn a_name_is_told_from_an_address_and_a_condition() {
        for (word, name) in [("localhost", "localhost"), ("my-web_7.example:https", "my-web_7.example")] {
            assert_eq!(host(word), Some(name));
        }
        for word in ["10.9.0.300:443", "fd09::zz", "dport=443", ":https", "why=loss"] {
            assert_eq!(host(word), None, "{word}");
        }
    }

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
            ("fe80::7%eth0", "fe80::7%eth0"),
            ("[fe80::7%2]", "fe80::7%2"),
            ("[fe80::7%br0.7]:443", "[fe80::7%br0.7]:443"),
            ("10.9.8.7%red", "10.9.8.7%red"),
            ("10.9.8.7%red:443", "[10.9.8.7%red]:443"),
            ("[10.9.8.7%red]:443", "[10.9.8.7%red]:443"),
        ] {
            assert_eq!(Target::read(word).map(|target| target.to_string()).as_deref(), Some(shown), "{word}");
        }
        assert!(Target::read("fe80::7").unwrap().is_link_local() && Target::read("ff02::1").unwrap().is_link_local());
        assert!(!Target::read("fd00::7").unwrap().is_link_local() && !Target::read("ff05::1").unwrap().is_link_local());
        let link = |word| Target::read(word).and_then(|target| target.link);
        assert_eq!(link("fe80::7%eth0:443").as_deref(), Some("eth0:443"), "there is none of that name");
        for word in ["[10.9.8.7]:x", "10.0.0.0/8", "dport", "10.9.8", "established", "10.9.8.7:https", ":443"] {
            assert_eq!(Target::read(word), None, "{word}");
        }
    }
}
