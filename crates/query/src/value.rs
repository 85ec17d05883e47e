//! One value of one field of one record.

use core::net::{IpAddr, SocketAddr};

use sockeye_wire::{Meaning, Name, Scalar};

use crate::several::Several;
use crate::tree::Tree;

/// A value, borrowed from the record where it can be. Absent is no value: readers return `Option<Value>`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value<'a> {
    /// A number, in the unit of its field.
    Unsigned(u64),
    /// A number that may be negative.
    Signed(i64),
    /// An identifier that is written in hexadecimal, of up to 64 bits: more than the numbers of most JSON readers hold.
    Hexadecimal(u64),
    /// An identifier that people write in hexadecimal, and that is a plain number to programs.
    Hexadecimal32(u32),
    /// True or false.
    Truth(bool),
    /// A word out of a fixed list.
    Word(&'static str),
    /// A set of named bits; unknown bits are kept.
    Set {
        /// The bits.
        bits: u64,
        /// Their names.
        names: &'static [Name],
    },
    /// A string of the kernel or of a program: bytes, not necessarily UTF-8.
    Text(&'a [u8]),
    /// A string that was made here.
    Owned(Vec<u8>),
    /// The name of a unix socket that is shown with `@` in front.
    AtName {
        /// As it is shown.
        shown: Vec<u8>,
        /// The `@` stands for a NUL: the name is not one of the file system.
        is_abstract: bool,
    },
    /// An address.
    Address(IpAddr),
    /// An address with its port.
    SocketAddress(SocketAddr),
    /// Several values that were gathered here. A filter matches when one of them does.
    List(Vec<Value<'a>>),
    /// Several values in a message, each made when it is looked at: an attribute of the kernel can hold thousands.
    Several(Several<'a>),
    /// What could be seen of several values, which may not be all: to a filter it can be anything else too.
    Incomplete(Vec<Value<'a>>),
    /// The kernel says that there is none: a socket that is bound to no interface. To a filter it is neither this nor that,
    /// and has no number to compare; it is never shown.
    Nothing,
    /// A small object, in the order of its keys.
    Map(Vec<(&'static str, Value<'a>)>),
    /// A link-layer address: octets, however many.
    LinkAddress(&'a [u8]),
    /// A network, or an address with its prefix length.
    Network {
        /// The address, with the bits beyond the prefix as the kernel gave them.
        address: IpAddr,
        /// Bits of the prefix.
        prefix_len: u8,
    },
    /// A network interface.
    Interface {
        /// Its index; 0 is none.
        index: u32,
        /// Its name, where it is known.
        name: Option<InterfaceName>,
    },
    /// A handle of traffic control, `major:minor`.
    Handle(u32),
    /// Bytes of which only their owner knows the meaning, or no table here.
    Bytes(&'a [u8]),
    /// Attributes or a structure, with values of their own.
    Tree(Tree<'a>),
}

/// A number as its meaning says.
#[inline]
pub(crate) fn from_number(number: u64, scalar: Scalar, meaning: Meaning) -> Value<'static> {
    match meaning {
        Meaning::Hexadecimal => match u32::try_from(number) {
            Ok(narrow) if scalar.bits() <= u32::BITS => Value::Hexadecimal32(narrow),
            _ => Value::Hexadecimal(number),
        },
        Meaning::Truth => Value::Truth(number != 0),
        Meaning::OneOf(names) => match names.iter().find(|name| name.value == number) {
            Some(name) => Value::Word(name.name),
            None => Value::Unsigned(number),
        },
        Meaning::SetOf(names) => Value::Set { bits: number, names },
        Meaning::Handle => Value::Handle(u32::try_from(number).unwrap_or(u32::MAX)),
        _ if scalar.is_signed() => Value::Signed(number.cast_signed()),
        _ => Value::Unsigned(number),
    }
}

/// Whether a name already says the unit: `bytes_acked`, `restart_ms`.
pub(crate) fn says_unit(name: &str, meaning: Meaning) -> bool {
    match meaning {
        Meaning::Bytes => name.split('_').any(|word| word == "bytes"),
        _ => !meaning.suffix().is_empty() && name.ends_with(meaning.suffix()),
    }
}

/// The JSON key of a number: its name, and its unit where the name does not say it.
pub(crate) fn suffixed(name: &str, meaning: Meaning) -> String {
    let last = name.rsplit('.').next().unwrap_or(name);
    let suffix = if says_unit(last, meaning) { "" } else { meaning.suffix() };
    format!("{last}{suffix}")
}

impl Value<'_> {
    /// The bytes of a text, however it is held.
    pub fn as_text(&self) -> Option<&[u8]> {
        match self {
            Self::Text(text) => Some(text),
            Self::Owned(text) | Self::AtName { shown: text, .. } => Some(text),
            Self::Word(word) => Some(word.as_bytes()),
            _ => None,
        }
    }
}

/// Bytes of the name of an interface at most (`IFNAMSIZ`, without the NUL that ends it).
const INTERFACE_NAME_LEN: usize = 15;

/// The name of an interface, held without memory of its own: listings make one for every row.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct InterfaceName {
    bytes: [u8; INTERFACE_NAME_LEN],
    length: u8,
}

impl InterfaceName {
    /// This name; no kernel has a longer one than 15 bytes, and what is behind them is cut off.
    pub fn new(name: &[u8]) -> Self {
        let length = name.len().min(INTERFACE_NAME_LEN);
        let mut bytes = [0; INTERFACE_NAME_LEN];
        bytes[..length].copy_from_slice(&name[..length]);
        Self { bytes, length: u8::try_from(length).unwrap_or_default() }
    }
}

impl core::ops::Deref for InterfaceName {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

impl core::fmt::Debug for InterfaceName {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "\"{}\"", self.escape_ascii())
    }
}
