//! Where a field stands in a message, and how its bytes become a value.

use sockeye_wire::{Ask, Field, Meaning, Number, Privilege, Scalar, Version};

use super::flat::is_listening;
use super::row::SocketRow;
use super::several::Parts;
use super::table::Tables;
use crate::Value;
pub(crate) use crate::value::from_number;

/// A field's place in the messages of some tables.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// The tables whose messages have it there.
    pub(crate) tables: Tables,
    /// The attribute; `None`: the fixed structure.
    pub(crate) attribute: Option<u16>,
    /// What the kernel wants to see before it gives the attribute; a field in it may want more.
    pub(crate) outer: Privilege,
    /// Attributes inside the attribute, outermost first.
    pub(crate) nest: Vec<u16>,
    /// How a request asks for it.
    pub(crate) ask: Ask,
    /// How to read it.
    pub(crate) read: Read,
    /// When it says something.
    pub(crate) says: Says,
}

/// When a place says something: a structure may be there and a part of it be filler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Says {
    /// Always.
    Always,
    /// Not in a listening socket, whose `tcp_info` is zero but for a few fields, and whose queues hold no bytes.
    NotListening,
    /// In kernels from the first release to before the second one, and not in a listening socket.
    Kernels(Version, Version),
}

impl Place {
    /// Whether the bytes at this place say nothing in this row.
    #[inline]
    pub(crate) fn says_nothing(&self, row: &SocketRow<'_>) -> bool {
        self.says.nothing(row)
    }
}

impl Says {
    /// Whether what stands there says nothing in this row.
    #[inline]
    pub(crate) fn nothing(self, row: &SocketRow<'_>) -> bool {
        match self {
            Self::Always => false,
            Self::NotListening => is_listening(row),
            Self::Kernels(from, to) => is_listening(row) || !(from..to).contains(&row.surroundings.kernel()),
        }
    }
}

/// How bytes become a value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Read {
    /// A number at an offset.
    Number { offset: usize, number: Number },
    /// A string that is the whole of an attribute.
    Text,
    /// A text inside a structure.
    TextIn(&'static Field),
    /// A socket address inside a structure.
    SocketAddressIn(&'static Field),
    /// Memberships of a packet socket.
    Memberships,
    /// Numbers one after the other.
    Numbers(Scalar, Meaning),
    /// Numbers of the bits that are set, from one.
    BitNumbers,
    /// Nests again and again, each under this attribute.
    Nests(u16, &'static sockeye_wire::Space),
    /// Socket addresses.
    SocketAddresses,
    /// MD5 signatures, with their keys or without.
    Md5Signatures { keys: bool },
    /// A classic BPF program.
    ClassicBpf,
    /// The name of a unix socket.
    UnixName,
    /// That the attribute is there.
    Flag,
    /// The size of something that is not shown itself.
    Size,
}

impl Read {
    /// The value in `bytes`.
    #[inline]
    pub(crate) fn value<'a>(&self, bytes: &'a [u8]) -> Option<Value<'a>> {
        match *self {
            Self::Number { offset, number } => {
                let value = number.read(bytes, offset)?;
                Some(from_number(value, number.scalar, number.meaning))
            }
            Self::Text => Some(Value::Text(sockeye_wire::text(bytes))),
            Self::UnixName => Some(super::address::unix_name(bytes)),
            Self::Flag => Some(Value::Truth(true)),
            Self::TextIn(field) => field.text(bytes).map(Value::Text),
            Self::SocketAddressIn(field) => field.socket_address(bytes).map(Value::SocketAddress),
            _ => self.compound(bytes),
        }
    }

    fn compound<'a>(&self, bytes: &'a [u8]) -> Option<Value<'a>> {
        match self {
            // What CAP_NET_ADMIN alone may see is sent empty to others (kernel sock_diag_put_filterinfo).
            Self::ClassicBpf if bytes.is_empty() => None,
            Self::Size => Some(Value::Unsigned(bytes.len() as u64)),
            _ => Some(Value::Several(Parts::new(bytes, *self).into())),
        }
    }
}
