//! Where a field stands in a message, and how its bytes become a value.

use sockeye_wire::sock_diag::{md5, packet, socket_address};
use sockeye_wire::{Ask, Attributes, Layout, Meaning, Scalar, Version};

use super::flat::is_listening;
use super::row::SocketRow;
use super::table::Tables;
use crate::Value;

/// A field's place in the messages of some tables.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// The tables whose messages have it there.
    pub(crate) tables: Tables,
    /// The attribute; `None`: the fixed structure.
    pub(crate) attribute: Option<u16>,
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
    /// Not in a listening socket, whose `tcp_info` is zero but for a few fields.
    NotListening,
    /// In kernels from the first release to before the second one.
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
            Self::Kernels(from, to) => !(from..to).contains(&row.surroundings.kernel()),
        }
    }
}

/// How bytes become a value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Read {
    /// A number at an offset.
    Number { offset: usize, scalar: Scalar, meaning: Meaning, unset: Option<u64> },
    /// A string.
    Text,
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
    /// MD5 signatures, without their keys.
    Md5Signatures,
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
            Self::Number { offset, scalar, meaning, unset } => scalar
                .read(bytes, offset)
                .filter(|&number| Some(number) != unset)
                .map(|number| from_number(number, scalar, meaning)),
            Self::Text => Some(Value::Text(sockeye_wire::text(bytes))),
            Self::UnixName => Some(super::address::unix_name(bytes)),
            Self::Flag => Some(Value::Truth(true)),
            _ => self.compound(bytes),
        }
    }

    fn compound<'a>(&self, bytes: &'a [u8]) -> Option<Value<'a>> {
        Some(match *self {
            Self::Memberships => Value::List(packet::memberships(bytes).map(membership).collect()),
            Self::Numbers(scalar, meaning) => Value::List(
                (0..bytes.len() / scalar.size())
                    .filter_map(|index| scalar.read(bytes, index * scalar.size()))
                    .map(|number| from_number(number, scalar, meaning))
                    .collect(),
            ),
            Self::BitNumbers => Value::List(bit_numbers(bytes).map(Value::Unsigned).collect()),
            Self::Nests(number, space) => Value::List(
                Attributes::new(bytes)
                    .map_while(Result::ok)
                    .filter(|attribute| attribute.number == number)
                    .map(|attribute| nest(space, attribute.payload))
                    .collect(),
            ),
            Self::SocketAddresses => Value::List(
                socket_address::SocketAddresses::new(bytes)
                    .map(|address| Value::Owned(address.to_string().into_bytes()))
                    .collect(),
            ),
            Self::Md5Signatures => md5_signatures(bytes, false),
            // What CAP_NET_ADMIN alone may see is sent empty to others (kernel sock_diag_put_filterinfo).
            Self::ClassicBpf if bytes.is_empty() => return None,
            Self::ClassicBpf => {
                Value::List(bytes.chunks_exact(8).map(|chunk| structure(&INSTRUCTION, chunk)).collect())
            }
            Self::Size => Value::Unsigned(bytes.len() as u64),
            Self::Number { .. } | Self::Text | Self::UnixName | Self::Flag => return self.value(bytes),
        })
    }
}

/// `struct sock_filter` (include/uapi/linux/filter.h).
const INSTRUCTION: Layout = {
    use sockeye_wire::{Field, Version};
    const fn field(name: &'static str, scalar: Scalar, offset: usize) -> Field {
        Field {
            name,
            kernel: name,
            doc: "",
            scalar,
            offset,
            meaning: Meaning::Count,
            since: Version(2, 12),
            unset: None,
        }
    }
    Layout {
        kernel: "sock_filter",
        doc: "One instruction of a classic BPF program.",
        fields: &[
            field("code", Scalar::U16, 0),
            field("jt", Scalar::U8, 2),
            field("jf", Scalar::U8, 3),
            field("k", Scalar::U32, 4),
        ],
    }
};

/// MD5 signatures: their addresses, and their keys only where those were asked for.
pub(crate) fn md5_signatures(bytes: &[u8], keys: bool) -> Value<'_> {
    Value::List(md5::Md5Signatures::new(bytes).map(|signature| md5_value(&signature, keys)).collect())
}

fn md5_value<'a>(signature: &md5::Md5Signature<'a>, keys: bool) -> Value<'a> {
    let mut entries = Vec::new();
    if let Some(address) = signature.address() {
        entries.push(("address", Value::Address(address)));
    }
    if let Some(prefix_len) = signature.prefix_len() {
        entries.push(("prefix_len", Value::Unsigned(prefix_len.into())));
    }
    entries.push(("key_bytes", Value::Unsigned(signature.key().len() as u64)));
    if keys {
        let digits: Vec<_> = signature.key().iter().map(|byte| format!("{byte:02x}")).collect();
        entries.push(("key_hex", Value::Owned(digits.concat().into_bytes())));
    }
    Value::Map(entries)
}

/// A membership with its link-layer address as people write it, absent where the membership needs none.
fn membership(membership: packet::PacketMembership<'_>) -> Value<'_> {
    let mut value = structure(&packet::PacketMembership::LAYOUT, membership.0);
    if let (Value::Map(entries), Some(octets @ [_, ..])) = (&mut value, membership.address()) {
        let octets: Vec<_> = octets.iter().map(|octet| format!("{octet:02x}")).collect();
        entries.push(("address", Value::Owned(octets.join(":").into_bytes())));
    }
    value
}

fn structure<'a>(layout: &'static Layout, bytes: &'a [u8]) -> Value<'a> {
    let entries = layout.fields.iter().filter_map(|field| {
        let number = field.read(bytes)?;
        Some((field.name, from_number(number, field.scalar, field.meaning)))
    });
    Value::Map(entries.collect())
}

fn nest<'a>(space: &'static sockeye_wire::Space, bytes: &'a [u8]) -> Value<'a> {
    let entries = space.attributes.iter().filter_map(|row| {
        let payload = Attributes::new(bytes).last(row.number)?;
        let read = Read::of(&row.payload)?;
        Some((row.name, read.value(payload)?))
    });
    Value::Map(entries.collect())
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
        _ if scalar == Scalar::I32 => Value::Signed(number.cast_signed()),
        _ => Value::Unsigned(number),
    }
}

/// A field of a structure by its name.
pub(crate) fn from_field(layout: &'static Layout, name: &str, bytes: &[u8]) -> Option<Value<'static>> {
    let field = layout.fields.iter().find(|field| field.name == name)?;
    field.read(bytes).map(|number| from_number(number, field.scalar, field.meaning))
}

/// Numbers of the bits that are set, counted from one, in 32-bit words of the host's byte order.
fn bit_numbers(bytes: &[u8]) -> impl Iterator<Item = u64> {
    bytes.chunks_exact(4).enumerate().flat_map(|(word, chunk)| {
        let bits = u32::from_ne_bytes([chunk[0], chunk[1], chunk[2], chunk[3]]);
        (0..32).filter(move |bit| bits & (1 << bit) != 0).map(move |bit| word as u64 * 32 + bit + 1)
    })
}
