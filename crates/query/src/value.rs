//! One value of one field of one record.

use core::net::{IpAddr, SocketAddr};

use sockeye_wire::Name;

use crate::sockets::Several;

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
    /// Several values in one attribute, each made when it is looked at: an attribute of the kernel can hold thousands.
    Several(Several<'a>),
    /// What could be seen of several values, which may not be all: to a filter it can be anything else too.
    Incomplete(Vec<Value<'a>>),
    /// The kernel says that there is none: a socket that is bound to no interface. To a filter it is neither this nor that,
    /// and has no number to compare; it is never shown.
    Nothing,
    /// A small object, in the order of its keys.
    Map(Vec<(&'static str, Value<'a>)>),
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
