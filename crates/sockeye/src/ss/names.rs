//! Names that `ss` shows instead of numbers: services, hosts, protocols.

use std::borrow::Cow;
use std::collections::HashMap;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::{LazyLock, OnceLock};

use sockeye_query::sockets::iproute::{ETHERTYPES, NETLINK_PROTOCOLS};

use crate::output::names::Resolver;
use crate::output::number;

/// Whose ports they are: names of services are looked for by protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ports {
    Tcp,
    Udp,
    /// The numbers are protocols of IP.
    Raw,
    /// Protocols without names of their own.
    Any,
}

impl Ports {
    const fn protocol(self) -> Option<&'static str> {
        match self {
            Self::Tcp => Some("tcp"),
            Self::Udp => Some("udp"),
            Self::Raw | Self::Any => None,
        }
    }
}

/// Names of numbers, as far as they are wanted.
pub(super) struct Names {
    pub(super) numeric: bool,
    hosts: Option<Resolver>,
    services: OnceLock<Services>,
}

impl Names {
    pub(super) fn new(numeric: bool, resolve: bool) -> Self {
        Self { numeric, hosts: resolve.then(Resolver::new), services: OnceLock::new() }
    }

    /// Appends an address, or the name of its host. `true`: it was a name.
    #[inline]
    pub(super) fn host(&self, out: &mut Vec<u8>, address: IpAddr) -> bool {
        let name = || {
            let asked = match address {
                IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(address, IpAddr::V4),
                IpAddr::V4(_) => address,
            };
            self.hosts.as_ref()?.host(asked)
        };
        let Some(name) = name() else {
            numeric_address(out, address);
            return false;
        };
        out.extend_from_slice(name.as_bytes());
        true
    }

    /// Appends a port, or the name of its service.
    #[inline]
    pub(super) fn port(&self, out: &mut Vec<u8>, port: u16, ports: Ports) {
        if port == 0 {
            out.push(b'*');
        } else if self.numeric {
            number::decimal(out, port.into());
        } else {
            match self.services.get_or_init(Services::load).name(port, ports) {
                Some(name) => out.extend_from_slice(name.as_bytes()),
                None if ports == Ports::Raw => {
                    out.extend_from_slice(b"ipproto-");
                    number::decimal(out, port.into());
                }
                None => number::decimal(out, port.into()),
            }
        }
    }

    /// The name of a protocol above the link layer.
    pub(super) fn ethertype(&self, number: u16) -> Cow<'static, str> {
        if self.numeric { Cow::Owned(format!("[{number}]")) } else { ethertype(number) }
    }

    /// The name of a Netlink protocol.
    pub(super) fn netlink(&self, protocol: u8) -> Cow<'static, str> {
        let name = NETLINK.get(&protocol).filter(|_| !self.numeric);
        name.map_or_else(|| Cow::Owned(protocol.to_string()), |name| Cow::Borrowed(name.as_str()))
    }
}

/// Appends an address as inet_ntop(3) writes it: that of an IPv6 address which embeds an IPv4 one ends in dots.
fn numeric_address(out: &mut Vec<u8>, address: IpAddr) {
    if let IpAddr::V6(v6) = address
        && let [0, 0, 0, 0, 0, 0, high, low] = v6.segments()
        && high != 0
    {
        let [a, b, c, d] = [high >> 8, high & 0xff, low >> 8, low & 0xff];
        out.extend_from_slice(format!("::{a}.{b}.{c}.{d}").as_bytes());
        return;
    }
    number::address(out, address);
}

/// A file below /proc, or wherever `PROC_ROOT` or a variable of its own says.
pub(super) fn proc_file(variable: &str, name: &str) -> PathBuf {
    match std::env::var_os(variable) {
        Some(path) => path.into(),
        None => proc_root().join(name),
    }
}

/// `/proc`, or what stands for it.
pub(super) fn proc_root() -> PathBuf {
    std::env::var_os("PROC_ROOT").map_or_else(|| PathBuf::from("/proc"), PathBuf::from)
}

/// Ports that the kernel gives to whoever asks for any.
pub(super) fn ephemeral_ports() -> RangeInclusive<u16> {
    let range = std::fs::read_to_string(proc_file("PROC_IP_LOCAL_PORT_RANGE", "sys/net/ipv4/ip_local_port_range"));
    range_of(range.as_deref().unwrap_or_default()).unwrap_or(1024..=4999)
}

/// Services and protocols of this machine.
struct Services {
    /// By port and protocol.
    names: HashMap<(u16, Box<str>), Box<str>>,
    /// By port alone, the first in the file.
    first: HashMap<u16, Box<str>>,
    protocols: HashMap<u16, Box<str>>,
    /// Ports that are given to whoever asks for any: that a service has such a number says nothing.
    ephemeral: RangeInclusive<u16>,
}

impl Services {
    fn load() -> Self {
        let services = std::fs::read_to_string("/etc/services").unwrap_or_default();
        let protocols = std::fs::read_to_string("/etc/protocols").unwrap_or_default();
        Self::of(&services, &protocols, ephemeral_ports())
    }

    fn of(services: &str, protocols: &str, ephemeral: RangeInclusive<u16>) -> Self {
        let mut known = Self { names: HashMap::new(), first: HashMap::new(), protocols: HashMap::new(), ephemeral };
        for (name, number) in lines(services) {
            let Some((port, protocol)) = number.split_once('/') else { continue };
            let Ok(port) = port.parse() else { continue };
            known.names.entry((port, protocol.into())).or_insert_with(|| name.into());
            known.first.entry(port).or_insert_with(|| name.into());
        }
        for (name, number) in lines(protocols) {
            if let Ok(number) = number.parse() {
                known.protocols.entry(number).or_insert_with(|| name.into());
            }
        }
        known
    }

    fn name(&self, port: u16, ports: Ports) -> Option<&str> {
        if ports == Ports::Raw {
            return self.protocols.get(&port).map(|name| &**name);
        }
        if self.ephemeral.contains(&port) {
            return None;
        }
        match ports.protocol() {
            Some(protocol) => self.names.get(&(port, protocol.into())),
            None => self.first.get(&port),
        }
        .map(|name| &**name)
    }
}

/// Names and numbers of a file of the form `NAME NUMBER ALIASES… # COMMENT`.
fn lines(file: &str) -> impl Iterator<Item = (&str, &str)> {
    file.lines().filter_map(|line| {
        let mut words = line.split('#').next()?.split_whitespace();
        Some((words.next()?, words.next()?))
    })
}

fn range_of(file: &str) -> Option<RangeInclusive<u16>> {
    let mut numbers = file.split_whitespace().map(str::parse);
    Some(numbers.next()?.ok()?..=numbers.next()?.ok()?)
}

/// Names of Netlink protocols: those that iproute2 has always had, and what its file says on this machine.
static NETLINK: LazyLock<HashMap<u8, String>> = LazyLock::new(|| {
    let mut names: HashMap<u8, String> = NETLINK_PROTOCOLS.map(|(number, name)| (number, name.to_owned())).into();
    let file = ["/etc/iproute2/nl_protos", "/usr/share/iproute2/nl_protos"];
    let file = file.iter().find_map(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
    // Here the number stands first.
    names.extend(lines(&file).filter_map(|(number, name)| Some((number.parse().ok()?, name.to_owned()))));
    names
});

/// The name of a protocol above the link layer (include/uapi/linux/if_ether.h, `ETH_P_…`), or its number in brackets.
fn ethertype(number: u16) -> Cow<'static, str> {
    ETHERTYPES
        .iter()
        .find(|(known, _)| *known == number)
        .map_or_else(|| Cow::Owned(format!("[{number}]")), |(_, name)| Cow::Borrowed(*name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_those_of_the_protocol_and_none_among_ephemeral_ports() {
        let services = "ssh 22/tcp # shell\nntp 123/udp\nsocks 1080/tcp\nmany 40000/tcp\nexec 512/tcp\nbiff 512/udp\n";
        let known = Services::of(services, "icmp 1 ICMP\n", range_of("32768\t60999\n").unwrap());
        assert_eq!(known.name(22, Ports::Tcp), Some("ssh"));
        assert_eq!(known.name(22, Ports::Udp), None);
        assert_eq!(known.name(512, Ports::Udp), Some("biff"));
        assert_eq!(known.name(512, Ports::Any), Some("exec"));
        assert_eq!(known.name(40_000, Ports::Tcp), None);
        assert_eq!(known.name(1, Ports::Raw), Some("icmp"));
    }

    #[test]
    fn embedded_addresses_end_in_dots() {
        for text in ["::1", "::ffff:192.0.2.7", "::192.0.2.7", "2001:db8::", "::"] {
            let mut out = Vec::new();
            numeric_address(&mut out, text.parse().unwrap());
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
    }

    #[test]
    fn protocols_without_a_name_stand_in_brackets() {
        assert_eq!(ethertype(0x86dd), "ipv6");
        assert_eq!(ethertype(0), "[0]");
    }
}
