//! Addresses with prefix and port: `10.0.0.0/8:443`, `[::1]:22`, `:443`, `*:22`, `host:https`, `unix:/run/*`.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::ops::Range;

use crate::filter::Dialect;
use crate::filter::ast::{Condition, Expression, Network};
use crate::filter::compare::Resolver;
use crate::filter::mistake::{Mistake, quoted};
use crate::filter::pattern::PatternKind;
use crate::filter::scanner::Literal;
use crate::filter::width::escaped;
use crate::{FieldId, FieldKind, Word};

/// One end of a socket as a filter describes it.
#[derive(Debug, Default)]
pub(super) struct Endpoint {
    /// Any address where empty.
    pub(super) networks: Vec<Network>,
    /// A condition on the ports.
    pub(super) ports: Option<Condition>,
    /// For families whose addresses are text.
    pub(super) text: Option<Condition>,
    /// What holds of the interface, which packet sockets have in the place of a port.
    pub(super) device: Option<Expression>,
    /// The family that the description is limited to.
    pub(super) family: Option<Word>,
    /// IPv4 sockets alone, not those of IPv6 with addresses of IPv4.
    pub(super) only_ipv4: bool,
}

/// The prefixes by which `ss` tells address families apart.
const FAMILIES: [&str; 6] = ["unix", "inet", "inet6", "link", "netlink", "vsock"];

/// Every address of IPv6 is in it with no prefix.
const ANY_IPV6: IpAddr = IpAddr::V6(Ipv6Addr::UNSPECIFIED);

/// Whether a bare word can only be meant as an address or a port.
pub(super) fn is_meant(word: &str) -> bool {
    let begins_like_one = word.starts_with([':', '[', '*', '/', '@']);
    let family = word.split_once(':').is_some_and(|(family, _)| FAMILIES.contains(&family));
    let dotted = word.starts_with(|letter: char| letter.is_ascii_digit()) && word.contains(['.', '/', ':', '%']);
    begins_like_one || family || dotted || word.matches(':').count() >= 2
}

/// The family in front of a port, and the port.
pub(super) fn with_family<'t>(literal: &Literal<'t>) -> Option<(&'t str, Literal<'t>)> {
    let (family, port) = literal.raw.split_once(':')?;
    let known = !literal.quoted && FAMILIES.contains(&family) && family != "unix";
    let at = literal.at.start + family.len() + 1..literal.at.end;
    known.then_some((family, Literal { at, raw: port, quoted: false }))
}

impl Endpoint {
    /// Whether networks are all that it says.
    pub(super) const fn is_networks(&self) -> bool {
        !self.networks.is_empty() && self.ports.is_none() && self.text.is_none() && !self.only_ipv4
    }
}

impl Resolver<'_> {
    /// Reads one end of a socket.
    pub(super) fn endpoint(&self, literal: &Literal<'_>) -> Result<Endpoint, Mistake> {
        let prefix = literal.raw.split_once(':').map(|(prefix, _)| prefix).filter(|prefix| FAMILIES.contains(prefix));
        if let (Dialect::Ss(Some(family)), None, false) = (self.dialect, prefix, literal.quoted) {
            return self.endpoint_of_family(family, literal);
        }
        self.endpoint_as_written(literal)
    }

    /// Words that iproute2 takes for any address.
    pub(super) fn is_any_in_ss(&self, word: &str) -> bool {
        self.dialect.is_of_ss() && matches!(word, "any" | "all" | "default")
    }

    /// One end whose family is not known beforehand.
    fn endpoint_as_written(&self, literal: &Literal<'_>) -> Result<Endpoint, Mistake> {
        let (raw, at) = (literal.raw, &literal.at);
        // As `ss` reads it: a name of a unix socket is a pattern, unless quotes say that it is the name itself.
        // One with control characters is nobody's pattern, and could not be shown as one.
        let plain = escaped(raw) == raw;
        if !literal.quoted && plain && raw.starts_with(['/', '@']) && raw.contains(['*', '?', '[']) {
            let text = Some(Condition::Pattern(self.compile(PatternKind::GlobAnyCase, literal)?));
            return Ok(Endpoint { text, ..Endpoint::default() });
        }
        if literal.quoted || raw.starts_with(['/', '@', '\\']) {
            let text = Some(Condition::Texts(vec![literal.unescaped()]));
            return Ok(Endpoint { text, ..Endpoint::default() });
        }
        if let Some((family, rest)) = raw.split_once(':').filter(|(family, _)| FAMILIES.contains(family)) {
            let rest = Literal { at: at.start + family.len() + 1..at.end, raw: rest, quoted: false };
            return self.endpoint_of_family(family, &rest);
        }
        if let Some((address, zone)) = raw.split_once('%') {
            let zone = zone.split([']', '/', ':']).next().unwrap_or_default();
            return Err(Mistake::new(at.clone(), "a zone is not part of an address here").help(format!(
                "write the interface as its own condition: {} dev = {zone}",
                address.trim_start_matches('[')
            )));
        }
        let (host, port) = split_port(raw, at)?;
        let is_any = host.text.is_empty() || host.text == "*" || self.is_any_in_ss(host.text);
        let networks = if is_any { Vec::new() } else { self.networks(&host)? };
        let ports = match port {
            Some(port) if port.text.is_empty() && self.dialect.is_of_ss() => None,
            Some(port) if port.text.is_empty() => {
                return Err(Mistake::new(at.clone(), "there is no port behind the colon")
                    .expected("a port, a range or a service name"));
            }
            Some(port) if port.text != "*" => Some(self.port(port.text, &port.at)?),
            _ => None,
        };
        Ok(Endpoint { networks, ports, ..Endpoint::default() })
    }

    /// What an endpoint says of one side of a record.
    pub(super) fn on_side(
        &self,
        endpoint: &Endpoint,
        address: FieldId,
        at: &Range<usize>,
    ) -> Result<Expression, Mistake> {
        if self.catalog.info(address).several
            && let (Some(Condition::Numbers(ranges)), [_, ..]) = (&endpoint.ports, endpoint.networks.as_slice())
        {
            let end = |network: &Network, &ports: &(u64, u64)| {
                Expression::test(address, Condition::End { network: *network, ports })
            };
            let ends = endpoint.networks.iter().flat_map(|network| ranges.iter().map(move |ports| end(network, ports)));
            return Ok(Expression::any(ends));
        }
        let mut parts = Vec::new();
        if let Some(family) = &endpoint.family {
            parts.push(Expression::test(family.field, Condition::Words(family.values.to_vec())));
        }
        if !endpoint.networks.is_empty() {
            parts.push(Expression::test(address, Condition::Networks(endpoint.networks.clone())));
        }
        // Of sockets with addresses, exactly those of IPv6 are in this network.
        if endpoint.only_ipv4 && !self.catalog.info(address).several {
            let ipv6 = Condition::Networks(vec![Network::new(ANY_IPV6, 0)]);
            parts.push(Expression::test(address, ipv6).negated());
        }
        if let Some(text) = &endpoint.text {
            parts.push(Expression::test(address, text.clone()));
        }
        if let Some(ports) = &endpoint.ports {
            let Some(port) = self.port_beside(address) else {
                let name = self.catalog.info(address).name();
                return Err(Mistake::new(at.clone(), format!("{} has no port beside it", quoted(name))));
            };
            parts.push(Expression::test(port, ports.clone()));
        }
        parts.extend(endpoint.device.clone());
        if parts.is_empty() && !self.dialect.is_of_ss() {
            parts.push(Expression::test(address, Condition::Present));
        }
        Ok(Expression::all(parts))
    }

    /// A bare endpoint: it holds of the local or of the peer side, with both its parts on the same one.
    pub(super) fn on_either_side(&self, literal: &Literal<'_>) -> Result<Expression, Mistake> {
        let sides = self.catalog.sides();
        if sides.is_empty() {
            return Err(Mistake::new(literal.at.clone(), "this table has no addresses"));
        }
        let endpoint = self.endpoint(literal)?;
        let either: Result<Vec<Expression>, Mistake> =
            sides.iter().map(|&side| self.on_side(&endpoint, side, &literal.at)).collect();
        Ok(Expression::any(either?))
    }

    /// The field that has the port of an address: another one, or that which has both.
    fn port_beside(&self, address: FieldId) -> Option<FieldId> {
        if self.catalog.info(address).kind == FieldKind::SocketAddress {
            return Some(address);
        }
        let find = |name| self.catalog.find(name);
        [("local", "lport"), ("peer", "pport")]
            .into_iter()
            .find(|(side, _)| find(side) == Some(address))
            .and_then(|(_, port)| find(port))
    }

    pub(super) fn endpoint_of_family(&self, family: &str, rest: &Literal<'_>) -> Result<Endpoint, Mistake> {
        match family {
            "inet" | "inet6" => {
                let only_ipv4 = family == "inet";
                let any = if only_ipv4 { [0; 4].into() } else { ANY_IPV6 };
                let mut endpoint = self.endpoint_as_written(rest)?;
                // Without an address, the family alone is the condition.
                if endpoint.networks.is_empty() && endpoint.text.is_none() {
                    endpoint.networks.push(Network::new(any, 0));
                }
                // A host name may have addresses of both.
                let given = endpoint.networks.len();
                endpoint.networks.retain(|network| network.address.is_ipv4() == only_ipv4);
                if endpoint.networks.is_empty() && given > 0 {
                    let kind = if only_ipv4 { "an IPv4" } else { "an IPv6" };
                    return Err(Mistake::new(rest.at.clone(), format!("this is not of the family {}", quoted(family)))
                        .expected(format!("{kind} address, `*` or nothing behind {family}:")));
                }
                Ok(Endpoint { only_ipv4, ..endpoint })
            }
            "unix" => {
                let glob = self.compile(PatternKind::GlobAnyCase, rest)?;
                let family = self.catalog.word("unix").copied();
                // To ss a socket without a name has an empty one.
                if self.dialect.is_of_ss() && glob.matches(b"") {
                    return Ok(Endpoint { family, ..Endpoint::default() });
                }
                Ok(Endpoint { text: Some(Condition::Pattern(glob)), family, ..Endpoint::default() })
            }
            other => self.prefixed(other, rest),
        }
    }

    fn networks(&self, host: &Part<'_>) -> Result<Vec<Network>, Mistake> {
        let (text, prefix) = match host.text.split_once('/') {
            Some((text, prefix)) => (text, Some(prefix)),
            None => (host.text, None),
        };
        let text = text.strip_prefix('[').map_or(text, |inner| inner.trim_end_matches(']'));
        let prefix = prefix.map(|prefix| prefix.trim_end_matches(']'));
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(vec![network(address, prefix, host)?]);
        }
        if text.contains(':') {
            return Err(Mistake::new(host.at.clone(), format!("{} is no IPv6 address", quoted(text)))
                .help("a port behind an IPv6 address needs brackets: [2001:db8::1]:443"));
        }
        if text.bytes().all(|letter| letter.is_ascii_digit() || letter == b'.') {
            return short_dotted(text, prefix, host, self.dialect);
        }
        if prefix.is_some() {
            return Err(Mistake::new(host.at.clone(), "a host name cannot have a prefix length")
                .expected("an address, as in 10.0.0.0/8"));
        }
        let networks: Vec<Network> = match self.names.addresses(text) {
            Ok(addresses) if addresses.is_empty() => Err(format!("{} has no address", quoted(text))),
            other => other,
        }
        .map_err(|why| Mistake::new(host.at.clone(), why).expected("an address, a host name or a text in quotes"))?
        .into_iter()
        .map(Network::host)
        .collect();
        Ok(merged(networks))
    }
}

/// A part of a literal and its place.
struct Part<'t> {
    text: &'t str,
    at: Range<usize>,
}

/// Splits `ADDRESS:PORT`; an IPv6 address has a port only behind brackets.
fn split_port<'t>(raw: &'t str, at: &Range<usize>) -> Result<(Part<'t>, Option<Part<'t>>), Mistake> {
    let part = |from: usize, to: usize| Part { text: &raw[from..to], at: at.start + from..at.start + to };
    let colon = if raw.starts_with('[') {
        let Some(close) = raw.find(']') else {
            return Err(
                Mistake::new(at.clone(), "`[` has no `]`").expected("an IPv6 address in brackets, as in [::1]:443")
            );
        };
        let behind = &raw[close + 1..];
        let prefix_len = behind.find(':').unwrap_or(behind.len());
        if prefix_len > 0 && !behind.starts_with('/') {
            return Err(Mistake::new(at.start + close + 1..at.end, "there is something behind the bracket")
                .expected("a port (:443) or a prefix length (/64)"));
        }
        (prefix_len < behind.len()).then_some(close + 1 + prefix_len)
    } else if raw.matches(':').count() == 1 {
        raw.find(':')
    } else {
        None
    };
    Ok(match colon {
        Some(colon) => (part(0, colon), Some(part(colon + 1, raw.len()))),
        None => (part(0, raw.len()), None),
    })
}

fn network(address: IpAddr, prefix: Option<&str>, host: &Part<'_>) -> Result<Network, Mistake> {
    let Some(prefix) = prefix else { return Ok(Network::host(address)) };
    let max = Network::host(address).prefix_len;
    match prefix_len(prefix, max).or_else(|| netmask(prefix).filter(|_| address.is_ipv4())) {
        Some(len) => Ok(Network::new(address, len)),
        None => {
            Err(Mistake::new(host.at.clone(), format!("{} is no prefix length of such an address", quoted(prefix)))
                .expected(format!("a number from 0 to {max}")))
        }
    }
}

/// The bits of a mask in dots, `255.255.0.0`, if they stand together.
fn netmask(text: &str) -> Option<u8> {
    let mask = text.parse::<Ipv4Addr>().ok()?.to_bits();
    (mask.leading_ones() + mask.trailing_zeros() >= u32::BITS).then(|| u8::try_from(mask.leading_ones()).ok()).flatten()
}

fn prefix_len(text: &str, max: u8) -> Option<u8> {
    let digits = !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    text.parse().ok().filter(|&len| digits && len <= max)
}

/// `193.233.7/24` as `ss` pads it. Without a prefix length it is refused: `ss` reads `127.1` as 127.1.0.0, everything
/// else as 127.0.0.1.
fn short_dotted(text: &str, prefix: Option<&str>, host: &Part<'_>, dialect: Dialect) -> Result<Vec<Network>, Mistake> {
    let octets: Option<Vec<u8>> = text.split('.').map(|part| part.parse().ok()).collect();
    let no_address = || Mistake::new(host.at.clone(), format!("{} is no IPv4 address", quoted(text)));
    let Some(octets) = octets.filter(|octets| octets.len() <= 4) else {
        return Err(no_address().expected("four numbers from 0 to 255, as in 10.0.0.1"));
    };
    let mut padded = [0; 4];
    padded[..octets.len()].copy_from_slice(&octets);
    let address = Ipv4Addr::from(padded);
    if prefix.is_none() && dialect.is_of_ss() {
        return Ok(vec![Network::host(IpAddr::V4(address))]);
    }
    if prefix.is_none() {
        return Err(no_address().help(format!(
            "for the network write {address}/{}, or {text}/{}",
            octets.len() * 8,
            octets.len() * 8
        )));
    }
    Ok(vec![network(IpAddr::V4(address), prefix, host)?])
}

/// Networks in order, without those that lie inside another one.
pub(super) fn merged(mut networks: Vec<Network>) -> Vec<Network> {
    // Two networks are apart or one holds the other, and the wider one comes first in this order.
    networks.sort_unstable();
    networks.dedup_by(|next, kept| kept.address.is_ipv4() == next.address.is_ipv4() && kept.contains(next.address));
    networks
}

/// Whether every address of `inner` is in `outer`. A network of IPv6 holds no IPv4 address.
pub(super) fn holds(outer: &Network, inner: &Network) -> bool {
    let families = outer.address.is_ipv4() || inner.address.is_ipv6();
    families && as_mapped(outer).1 <= as_mapped(inner).1 && !are_disjoint(outer, inner)
}

/// Whether no address can be in both.
pub(super) fn are_disjoint(left: &Network, right: &Network) -> bool {
    let (left_bits, left_len) = as_mapped(left);
    let (right_bits, right_len) = as_mapped(right);
    let mask = u128::MAX.checked_shl(128 - left_len.min(right_len)).unwrap_or(0);
    (left_bits ^ right_bits) & mask != 0
}

fn as_mapped(network: &Network) -> (u128, u32) {
    match network.address {
        IpAddr::V4(address) => (address.to_ipv6_mapped().to_bits(), 96 + u32::from(network.prefix_len)),
        IpAddr::V6(address) => (Ipv6Addr::to_bits(address), u32::from(network.prefix_len)),
    }
}
