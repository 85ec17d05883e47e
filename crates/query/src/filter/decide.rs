//! Decides a filter on one record, in three-valued logic: what the kernel did not say is unknown, not zero.

use core::net::IpAddr;

use crate::filter::ast::{Condition, Expression, Network, Test};
use crate::{FieldId, Value};

/// Something with values of fields: a row as it came from the kernel, or a record that was kept.
pub trait Record {
    /// The value of a field, `None` where the kernel did not give it.
    fn value(&self, field: FieldId) -> Option<Value<'_>>;
}

/// What a filter says of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It holds.
    Yes,
    /// It does not hold.
    No,
    /// A value that decides it is absent.
    Unknown,
}

impl From<bool> for Decision {
    fn from(truth: bool) -> Self {
        if truth { Self::Yes } else { Self::No }
    }
}

impl core::ops::Not for Decision {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Unknown => Self::Unknown,
        }
    }
}

impl Expression {
    /// Whether this holds of the record (Kleene's logic).
    pub fn decide<R: Record + ?Sized>(&self, record: &R) -> Decision {
        match self {
            Self::All(parts) => first_or_rest(parts, record, Decision::No, Decision::Yes),
            Self::Any(parts) => first_or_rest(parts, record, Decision::Yes, Decision::No),
            Self::Not(inner) => !inner.decide(record),
            Self::Test(test) => test.decide(record),
        }
    }

    /// The fields whose absence left the decision [`Decision::Unknown`], each once; empty where there is a decision.
    pub fn unknown_fields<R: Record + ?Sized>(&self, record: &R) -> Vec<FieldId> {
        let mut fields = Vec::new();
        self.collect_unknown(record, &mut fields);
        fields.sort_unstable();
        fields.dedup();
        fields
    }

    fn collect_unknown<R: Record + ?Sized>(&self, record: &R, fields: &mut Vec<FieldId>) {
        if self.decide(record) != Decision::Unknown {
            return;
        }
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.collect_unknown(record, fields)),
            Self::Not(inner) => inner.collect_unknown(record, fields),
            Self::Test(test) => fields.push(test.field),
        }
    }
}

/// `first` as soon as one part says so; otherwise unknown if one part is; otherwise `rest`.
fn first_or_rest<R: Record + ?Sized>(parts: &[Expression], record: &R, first: Decision, rest: Decision) -> Decision {
    let mut decision = rest;
    for part in parts {
        match part.decide(record) {
            this if this == first => return first,
            Decision::Unknown => decision = Decision::Unknown,
            _ => {}
        }
    }
    decision
}

impl Test {
    /// Whether this holds of the record.
    pub fn decide<R: Record + ?Sized>(&self, record: &R) -> Decision {
        match record.value(self.field) {
            Some(seen @ Value::Incomplete(_)) if self.condition.holds(&seen) => Decision::Yes,
            Some(Value::Incomplete(_)) => Decision::Unknown,
            // Of none it is said that it is not this one; a number to be compared it does not have.
            Some(Value::Nothing) if self.condition.is_of_number() => Decision::Unknown,
            Some(value) => self.condition.holds(&value).into(),
            None if self.condition == Condition::Present => Decision::No,
            None => Decision::Unknown,
        }
    }
}

impl Condition {
    /// Whether this compares a number, and not what has one.
    pub(crate) const fn is_of_number(&self) -> bool {
        matches!(self, Self::Numbers(_) | Self::Signed(_) | Self::Masked { .. } | Self::Bits(_))
    }

    /// Whether this holds of a value; of a list, when it holds of one of its elements.
    pub fn holds(&self, value: &Value<'_>) -> bool {
        if let Value::Several(values) = value {
            return *self == Self::Present || values.any(|value| self.holds(value));
        }
        if let Value::List(values) | Value::Incomplete(values) = value {
            return values.iter().any(|value| *self == Self::Present || self.holds(value));
        }
        match self {
            Self::Present => *value != Value::Nothing,
            Self::Numbers(ranges) => match *value {
                Value::Signed(number) => u64::try_from(number).is_ok_and(|number| in_ranges(ranges, number)),
                Value::Truth(truth) => in_ranges(ranges, u64::from(truth)),
                Value::SocketAddress(address) => in_ranges(ranges, address.port().into()),
                _ => bits(value).is_some_and(|number| in_ranges(ranges, number)),
            },
            Self::Signed(ranges) => match *value {
                Value::Signed(number) => in_ranges(ranges, number),
                _ => bits(value)
                    .is_some_and(|number| i64::try_from(number).is_ok_and(|number| in_ranges(ranges, number))),
            },
            // Each of the words is a bit.
            Self::Words(words) if let Value::Set { bits, names } = value => {
                names.iter().any(|name| bits & name.value != 0 && words.contains(&name.name))
            }
            Self::Words(words) => value.as_text().is_some_and(|text| words.iter().any(|word| word.as_bytes() == text)),
            Self::Bits(wanted) => bits(value).is_some_and(|bits| bits & wanted == *wanted),
            Self::Masked { value: wanted, mask } => bits(value).is_some_and(|bits| bits & mask == *wanted),
            Self::Truth(wanted) => match *value {
                Value::Truth(truth) => truth == *wanted,
                _ => bits(value).is_some_and(|bits| (bits != 0) == *wanted),
            },
            Self::Networks(networks) => match *value {
                Value::Address(address) => in_networks(networks, address),
                Value::SocketAddress(address) => in_networks(networks, address.ip()),
                Value::Network { address, prefix_len } => holds_network(networks, address, prefix_len),
                _ => false,
            },
            Self::Everything => matches!(value, Value::Network { prefix_len: 0, .. }),
            Self::End { network, ports: (from, to) } => match *value {
                Value::SocketAddress(address) => {
                    network.contains(address.ip()) && (*from..=*to).contains(&address.port().into())
                }
                _ => false,
            },
            Self::Interface { index, name } => match bits(value) {
                Some(_) if is_named(value, name) => true,
                Some(number) => index.is_some_and(|index| u64::from(index) == number),
                None => value.as_text() == Some(name),
            },
            Self::Cgroup { id, path } => match bits(value) {
                Some(number) => number == *id,
                None => value.as_text() == Some(path),
            },
            Self::Texts(texts) => match value {
                Value::SocketAddress(address) => is_in_texts(texts, address.to_string().as_bytes()),
                Value::LinkAddress(octets) => is_in_texts(texts, link_address(octets).as_bytes()),
                // A path that reads like an abstract name is also what a table shows it as.
                Value::AtName { shown, is_abstract: false } => {
                    is_in_texts(texts, shown) || is_in_texts(texts, &[b"./", shown.as_slice()].concat())
                }
                _ => value.as_text().is_some_and(|text| is_in_texts(texts, text)),
            },
            Self::Pattern(pattern) => match value {
                Value::Address(address) => pattern.matches(address.to_string().as_bytes()),
                Value::SocketAddress(address) => pattern.matches(address.to_string().as_bytes()),
                Value::Network { address, prefix_len } => pattern.matches(format!("{address}/{prefix_len}").as_bytes()),
                Value::LinkAddress(octets) => pattern.matches(link_address(octets).as_bytes()),
                Value::Interface { name: Some(name), .. } => pattern.matches(name),
                _ => value.as_text().is_some_and(|text| pattern.matches(text)),
            },
        }
    }
}

/// The number behind a value that has one without a sign.
fn bits(value: &Value<'_>) -> Option<u64> {
    match *value {
        Value::Unsigned(number) | Value::Hexadecimal(number) => Some(number),
        Value::Set { bits, .. } => Some(bits),
        Value::Hexadecimal32(number) | Value::Interface { index: number, .. } | Value::Handle(number) => {
            Some(number.into())
        }
        _ => None,
    }
}

/// Whether the value is an interface with this name, whatever its index is by now.
fn is_named(value: &Value<'_>, wanted: &[u8]) -> bool {
    matches!(value, Value::Interface { name: Some(name), .. } if **name == *wanted)
}

/// Whether a network is in one of the sorted networks, or is one of them. An address alone means the one that stands there,
/// whatever its prefix: `ip = 10.0.0.1` is what somebody writes who looks for 10.0.0.1/24.
fn holds_network(networks: &[Network], address: IpAddr, prefix_len: u8) -> bool {
    networks.iter().any(|network| {
        let is_host = network.prefix_len == if network.address.is_ipv4() { 32 } else { 128 };
        network.address.is_ipv4() == address.is_ipv4()
            && (network.prefix_len <= prefix_len && network.contains(address) || is_host && network.address == address)
    })
}

/// Octets as people write them.
pub(crate) fn link_address(octets: &[u8]) -> String {
    let octets: Vec<_> = octets.iter().map(|octet| format!("{octet:02x}")).collect();
    octets.join(":")
}

/// Whether an address is in one of the sorted networks, none of which holds another.
fn in_networks(networks: &[Network], address: IpAddr) -> bool {
    let within = |address: IpAddr| {
        let after = networks.partition_point(|network| network.address <= address);
        after.checked_sub(1).and_then(|at| networks.get(at)).is_some_and(|network| network.contains(address))
    };
    within(address)
        || matches!(address, IpAddr::V6(mapped) if mapped.to_ipv4_mapped().is_some_and(|v4| within(v4.into())))
}

/// Whether a text is one of the sorted texts.
fn is_in_texts(texts: &[Vec<u8>], text: &[u8]) -> bool {
    texts.binary_search_by(|own| own.as_slice().cmp(text)).is_ok()
}

/// Whether a number is in one of the sorted ranges.
fn in_ranges<N: PartialOrd + Copy>(ranges: &[(N, N)], number: N) -> bool {
    let after = ranges.partition_point(|&(from, _)| from <= number);
    after.checked_sub(1).and_then(|at| ranges.get(at)).is_some_and(|&(_, to)| number <= to)
}
