//! Several values in one attribute: numbers, addresses, structures, nests, one after the other.

use sockeye_wire::sock_diag::{md5, packet, socket_address};
use sockeye_wire::{Attributes, Layout, Meaning, Scalar};

use super::place::{Read, from_number};
use crate::Value;

/// The values in one attribute.
#[derive(Clone, Copy)]
pub(crate) struct Parts<'a> {
    bytes: &'a [u8],
    read: Read,
}

impl<'a> Parts<'a> {
    pub(super) fn new(bytes: &'a [u8], read: Read) -> Self {
        Self { bytes, read }
    }

    /// The values, in the kernel's order.
    pub(crate) fn values(&self) -> Box<dyn Iterator<Item = Value<'a>> + 'a> {
        let bytes = self.bytes;
        match self.read {
            Read::Memberships => Box::new(packet::memberships(bytes).map(membership)),
            Read::Numbers(scalar, meaning) => Box::new(
                (0..bytes.len() / scalar.size())
                    .filter_map(move |index| scalar.read(bytes, index * scalar.size()))
                    .map(move |number| from_number(number, scalar, meaning)),
            ),
            Read::BitNumbers => Box::new(bit_numbers(bytes).map(Value::Unsigned)),
            Read::Nests(number, space) => Box::new(
                Attributes::new(bytes)
                    .map_while(Result::ok)
                    .filter(move |attribute| attribute.number == number)
                    .map(move |attribute| nest(space, attribute.payload)),
            ),
            Read::SocketAddresses => Box::new(socket_address::SocketAddresses::new(bytes).map(Value::SocketAddress)),
            Read::Md5Signatures { keys } => {
                Box::new(md5::Md5Signatures::new(bytes).map(move |signature| md5_value(&signature, keys)))
            }
            Read::ClassicBpf => Box::new(bytes.chunks_exact(8).map(|chunk| structure(&INSTRUCTION, chunk))),
            // One value is no list: `Read::value` makes it itself.
            Read::Number { .. }
            | Read::Text
            | Read::TextIn(_)
            | Read::SocketAddressIn(_)
            | Read::UnixName
            | Read::Flag
            | Read::Size => Box::new(core::iter::empty()),
        }
    }
}

/// `struct sock_filter` (include/uapi/linux/filter.h).
const INSTRUCTION: Layout = {
    use sockeye_wire::{Field, Holds, Number, Version};
    const fn field(name: &'static str, scalar: Scalar, offset: usize) -> Field {
        Field {
            name,
            kernel: name,
            doc: "",
            offset,
            holds: Holds::Number(Number { scalar, meaning: Meaning::Count, unset: None, within: 0 }),
            since: Version(2, 12),
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
    let entries = layout.fields.iter().filter_map(|field| Some((field.name, Read::of_field(field)?.value(bytes)?)));
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

/// Numbers of the bits that are set, counted from one, in 32-bit words of the host's byte order.
fn bit_numbers(bytes: &[u8]) -> impl Iterator<Item = u64> {
    bytes.chunks_exact(4).enumerate().flat_map(|(word, chunk)| {
        let bits = u32::from_ne_bytes([chunk[0], chunk[1], chunk[2], chunk[3]]);
        (0..32).filter(move |bit| bits & (1 << bit) != 0).map(move |bit| word as u64 * 32 + bit + 1)
    })
}
