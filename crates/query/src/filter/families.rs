//! Addresses of families that `ss` writes with a prefix: `link:ip:eth0`, `netlink:route:kernel`, `vsock:2:1024`.
//!
//! What stands for an address there is a protocol or a context id, as `local` and `peer` show it; what stands for a port
//! has 32 bits, and of a packet socket is its interface.

use crate::filter::ast::{Condition, Expression};
use crate::filter::compare::{Resolver, Subject};
use crate::filter::endpoint::Endpoint;
use crate::filter::mistake::{Mistake, quoted};
use crate::filter::nearest::nearest;
use crate::filter::number;
use crate::filter::scanner::Literal;
use crate::sockets::iproute::{ETHERTYPES, NETLINK_PROTOCOLS};
use crate::sockets::{context_id, ethertype, netlink_protocol};
use crate::{FieldKind, Value};

/// Words of the families whose ports have 32 bits: a Netlink port id, a port of vsock, a reference of TIPC.
const WITH_WIDE_PORTS: [&str; 3] = ["netlink", "vsock", "tipc"];

/// The greatest port of the internet families.
pub(super) const PORT_MAX: u32 = 65535;

/// The greatest port that a filter may speak of: a filter that names no other family means those of the internet, where
/// a greater number is a mistake.
pub(super) fn port_max(filter: &str) -> u32 {
    let mut words = filter.split(|letter: char| !letter.is_ascii_alphanumeric());
    let names = |word: &str| WITH_WIDE_PORTS.iter().any(|family| family.eq_ignore_ascii_case(word));
    if words.any(names) { u32::MAX } else { PORT_MAX }
}

/// A family that is written with a prefix, and what its addresses are.
struct Family {
    /// The bare word of the family.
    word: &'static str,
    /// What the first part is called, for messages.
    address: &'static str,
    /// Its value for a number.
    of_number: fn(u64) -> Value<'static>,
    /// The number of a name that iproute2 has for it.
    of_iproute: fn(&str) -> Option<u64>,
    /// The greatest of these numbers.
    number_max: u64,
    /// What the second part is called, for messages.
    port: &'static str,
}

fn family(prefix: &str) -> Option<Family> {
    Some(match prefix {
        "link" => Family {
            word: "packet",
            address: "an Ethernet protocol (ip, arp, ipv6, 0x88cc)",
            of_number: ethertype,
            of_iproute: |name| numbered(&ETHERTYPES, name),
            number_max: 0xffff,
            port: "an interface",
        },
        "netlink" => Family {
            word: "netlink",
            address: "a Netlink protocol (route, generic, 12)",
            of_number: netlink_protocol,
            of_iproute: |name| numbered(&NETLINK_PROTOCOLS, name),
            number_max: 0xff,
            port: "a port id, or `kernel`",
        },
        "vsock" => Family {
            word: "vsock",
            address: "a context id",
            of_number: context_id,
            of_iproute: |_| None,
            number_max: 0xffff_ffff,
            port: "a port",
        },
        _ => return None,
    })
}

impl Resolver<'_> {
    /// Reads `ADDRESS[:PORT]` behind the prefix of a family; `*` and nothing are any.
    pub(super) fn prefixed(&self, prefix: &str, rest: &Literal<'_>) -> Result<Endpoint, Mistake> {
        let known = family(prefix).zip(family(prefix).and_then(|family| self.catalog.word(family.word)));
        let Some((family, word)) = known else {
            return Err(Mistake::new(rest.at.clone(), format!("this table has no addresses of {}", quoted(prefix))));
        };
        let (address, port) = rest.raw.split_once(':').unwrap_or((rest.raw, ""));
        let is_any = |text: &str| text.is_empty() || text == "*";
        let at = rest.at.start + rest.raw.len() - port.len()..rest.at.end;
        let text = if is_any(address) { None } else { Some(address_condition(&family, address, rest)?) };
        let mut endpoint = Endpoint { text, family: Some(*word), ..Endpoint::default() };
        if is_any(port) {
            return Ok(endpoint);
        }
        if prefix == "link" {
            endpoint.device = Some(self.device(&Literal { at, raw: port, quoted: false })?);
            return Ok(endpoint);
        }
        let number =
            if prefix == "netlink" && port == "kernel" { Some(0) } else { whole_number(port, u32::MAX.into()) };
        let Some(number) = number else {
            return Err(Mistake::new(at, format!("{} is no port here", quoted(port))).expected(family.port));
        };
        endpoint.ports = Some(Condition::Numbers(vec![(number, number)]));
        Ok(endpoint)
    }

    /// An interface by name or index.
    fn device(&self, literal: &Literal<'_>) -> Result<Expression, Mistake> {
        let device = self.catalog.fields().find(|(_, info)| info.kind == FieldKind::Interface);
        let Some((id, info)) = device else {
            return Err(Mistake::new(literal.at.clone(), "this table has no interfaces"));
        };
        self.interface(Subject { id, info, name: info.name() }, literal)
    }
}

/// The value of the address field that a name or number stands for.
fn address_condition(family: &Family, text: &str, literal: &Literal<'_>) -> Result<Condition, Mistake> {
    if let Some(number) = whole_number(text, family.number_max) {
        return Ok(condition(&(family.of_number)(number)));
    }
    // Few numbers have names, so to try them all is no work.
    let named = |number| match (family.of_number)(number) {
        Value::Word(word) => Some(word),
        _ => None,
    };
    let all = || (0..=family.number_max.min(0xffff)).filter_map(named);
    if let Some(word) = all().find(|word| word.eq_ignore_ascii_case(text)) {
        return Ok(condition(&Value::Word(word)));
    }
    if let Some(number) = (family.of_iproute)(text) {
        return Ok(condition(&(family.of_number)(number)));
    }
    let at = literal.at.start..literal.at.start + text.len();
    let mistake = Mistake::new(at, format!("{} is no such address", quoted(text)));
    Err(mistake.expected(family.address).nearest(nearest(text, all())))
}

fn numbered<N: Copy + Into<u64>>(names: &[(N, &str)], wanted: &str) -> Option<u64> {
    names.iter().find(|(_, name)| name.eq_ignore_ascii_case(wanted)).map(|(number, _)| (*number).into())
}

fn condition(shown: &Value<'_>) -> Condition {
    Condition::Texts(vec![shown.as_text().unwrap_or_default().to_vec()])
}

fn whole_number(text: &str, max: u64) -> Option<u64> {
    let exact = number::read(text, sockeye_wire::Meaning::Identifier).ok()?;
    u64::try_from(exact.floor()).ok().filter(|&whole| exact.floor() == exact.ceil() && whole <= max)
}
