//! The filter after names are resolved: what has to hold of a record.

use core::net::IpAddr;
use std::collections::BTreeSet;

use crate::FieldId;
use crate::filter::pattern::Pattern;

/// A condition on one record.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// All of these hold; none: always true.
    All(Vec<Expression>),
    /// One of these holds; none: never.
    Any(Vec<Expression>),
    /// This does not hold.
    Not(Box<Expression>),
    /// A test of one field.
    Test(Test),
}

impl Expression {
    /// The expression that holds of every record.
    pub const fn always() -> Self {
        Self::All(Vec::new())
    }

    /// A test of one field.
    pub const fn test(field: FieldId, condition: Condition) -> Self {
        Self::Test(Test { field, condition })
    }

    /// All of these, without conjunctions inside conjunctions.
    pub fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut flat = Vec::new();
        for part in parts {
            match part {
                Self::All(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        if flat.len() == 1 { flat.remove(0) } else { Self::All(flat) }
    }

    /// One of these, without disjunctions inside disjunctions.
    pub fn any(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut flat = Vec::new();
        for part in parts {
            match part {
                Self::Any(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        if flat.len() == 1 { flat.remove(0) } else { Self::Any(flat) }
    }

    /// The opposite. Two negations cancel out, which also holds where the answer is unknown.
    #[must_use]
    pub fn negated(self) -> Self {
        match self {
            Self::Not(inner) => *inner,
            other => Self::Not(Box::new(other)),
        }
    }

    /// What is left of the expression where a field that is true or false is known to be `truth`. What never holds is
    /// `Any` of nothing, what always does [`Expression::always`].
    #[must_use]
    pub fn assuming(&self, field: FieldId, truth: bool) -> Self {
        let never = Self::Any(Vec::new());
        match self {
            Self::Test(test) if test.field == field => match test.condition {
                Condition::Truth(wanted) if wanted != truth => never,
                _ => Self::always(),
            },
            Self::Test(_) => self.clone(),
            Self::Not(inner) => match inner.assuming(field, truth) {
                Self::All(parts) if parts.is_empty() => never,
                Self::Any(parts) if parts.is_empty() => Self::always(),
                inner => inner.negated(),
            },
            Self::All(parts) => {
                let parts: Vec<_> = parts.iter().map(|part| part.assuming(field, truth)).collect();
                if parts.contains(&never) { never } else { Self::all(parts) }
            }
            Self::Any(parts) => {
                let parts: Vec<_> = parts.iter().map(|part| part.assuming(field, truth)).collect();
                if parts.contains(&Self::always()) { Self::always() } else { Self::any(parts) }
            }
        }
    }

    /// Every field that the expression speaks of: what has to be read to decide it.
    pub fn fields(&self) -> BTreeSet<FieldId> {
        let mut fields = BTreeSet::new();
        self.for_each_test(&mut |test| {
            fields.insert(test.field);
        });
        fields
    }

    /// Calls `visit` with every test, from left to right.
    pub fn for_each_test<'e>(&'e self, visit: &mut impl FnMut(&'e Test)) {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.for_each_test(visit)),
            Self::Not(inner) => inner.for_each_test(visit),
            Self::Test(test) => visit(test),
        }
    }
}

/// A test of one field. On a field with several values it holds when it holds for one of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// The field.
    pub field: FieldId,
    /// What must be true of its value.
    pub condition: Condition,
}

/// What must be true of a value. There is no "not equal": that is [`Expression::Not`] around an equality.
///
/// Lists are sorted, without repetition or overlap, and not empty.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Condition {
    /// The field is there at all.
    Present,
    /// The number is in one of these ranges, both ends included; in the field's own unit.
    Numbers(Vec<(u64, u64)>),
    /// The signed number is in one of these ranges.
    Signed(Vec<(i64, i64)>),
    /// The word is one of these.
    Words(Vec<&'static str>),
    /// The set has all of these bits.
    Bits(u64),
    /// The number, masked, is this value (`mark = 0x10/0xff`).
    Masked {
        /// The value after masking.
        value: u64,
        /// The mask.
        mask: u64,
    },
    /// The truth is this.
    Truth(bool),
    /// The address is in one of these networks; an IPv4 network also takes mapped IPv6 addresses, as the kernel does.
    Networks(Vec<Network>),
    /// The network is everything there is of its family.
    Everything,
    /// The address and its port, of one value: of a field with several, two tests could hold of two of them.
    End {
        /// The network that the address is in.
        network: Network,
        /// The range that the port is in.
        ports: (u64, u64),
    },
    /// The interface is this: by index where the record has a number, by name where it has text.
    Interface {
        /// Its index; `None` where no interface has that name now, so that only the name can match.
        index: Option<u32>,
        /// Its name, or its index in digits where the filter gave one.
        name: Vec<u8>,
    },
    /// The control group is this: by id where the record has a number, by path where it has text.
    Cgroup {
        /// Its id, which the kernel compares.
        id: u64,
        /// Its path below the root of the cgroup2 tree, with a leading slash.
        path: Vec<u8>,
    },
    /// The text is one of these.
    Texts(Vec<Vec<u8>>),
    /// The text fits the pattern.
    Pattern(Pattern),
}

/// An address with a prefix length. Bits beyond the prefix are zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Network {
    /// The address.
    pub address: IpAddr,
    /// Bits of it that count.
    pub prefix_len: u8,
}

impl Network {
    /// The network of that length around `address`; a length beyond the address is cut to it.
    pub fn new(address: IpAddr, prefix_len: u8) -> Self {
        match address {
            IpAddr::V4(address) => {
                let prefix_len = prefix_len.min(32);
                let bits = address.to_bits() & mask32(prefix_len);
                Self { address: IpAddr::V4(bits.into()), prefix_len }
            }
            IpAddr::V6(address) => {
                let prefix_len = prefix_len.min(128);
                let bits = address.to_bits() & mask128(prefix_len);
                Self { address: IpAddr::V6(bits.into()), prefix_len }
            }
        }
    }

    /// The network that holds this address alone.
    pub fn host(address: IpAddr) -> Self {
        Self { address, prefix_len: if address.is_ipv4() { 32 } else { 128 } }
    }

    /// Whether the address lies inside.
    ///
    /// As `inet_diag_bc_run` does it (net/ipv4/inet_diag.c): an IPv4 network takes the mapped IPv6 address too, an
    /// IPv6 network never an IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => (own.to_bits() ^ other.to_bits()) & mask32(self.prefix_len) == 0,
            (IpAddr::V4(own), IpAddr::V6(other)) => other
                .to_ipv4_mapped()
                .is_some_and(|other| (own.to_bits() ^ other.to_bits()) & mask32(self.prefix_len) == 0),
            (IpAddr::V6(own), IpAddr::V6(other)) => (own.to_bits() ^ other.to_bits()) & mask128(self.prefix_len) == 0,
            (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

fn mask32(prefix_len: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(prefix_len.min(32))).unwrap_or(0)
}

fn mask128(prefix_len: u8) -> u128 {
    u128::MAX.checked_shl(128 - u32::from(prefix_len.min(128))).unwrap_or(0)
}
