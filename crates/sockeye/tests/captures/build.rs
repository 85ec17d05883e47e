//! Builds messages out of the kernel's structures, every field with a value of its own.
//!
//! What it is: the tables of `sockeye_wire` the other way round, so that families which no kernel at hand has, and
//! counters that no test can move, have rows to be read. What it is not: proof that a kernel lays them out like this;
//! that is held against the kernel's headers elsewhere.

use std::net::SocketAddr;

use sockeye_query::sockets::Table;
use sockeye_wire::sock_diag::tcp_info::TcpInfo;
use sockeye_wire::{AttributeRow, Field, Holds, Layout, Meaning, Number, Payload, Request, Scalar, Space, Version};

/// Letters of the shortest text: enough that no two agree by accident.
const TEXT_LEN_MIN: usize = 6;

/// Draws values that differ from field to field and from row to row.
pub(crate) struct Values {
    state: u64,
    /// The kernel as which structures are laid out.
    release: Version,
}

impl Values {
    /// The values of one row that a kernel of this release could send.
    pub(crate) fn of_row(row: u64, release: Version) -> Self {
        Self { state: row.wrapping_mul(0x2545_f491_4f6c_dd1d) | 1, release }
    }

    fn next(&mut self) -> u64 {
        // splitmix64: every bit of the state decides every bit of the value.
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A value for a number: one that has a name where there are names, never the one that means "none".
    pub(crate) fn number(&mut self, scalar: Scalar, meaning: Meaning, unset: Option<u64>) -> u64 {
        // Amounts stay below a billion, which reads better and is as telling.
        let room = u64::MAX >> (64 - scalar.bits().min(30));
        loop {
            let drawn = self.next();
            let value = match meaning {
                Meaning::OneOf(names) => names[usize::try_from(drawn).unwrap_or_default() % names.len()].value,
                Meaning::SetOf(names) => names
                    .iter()
                    .enumerate()
                    .filter(|(bit, _)| drawn >> bit & 1 != 0)
                    .fold(0, |set, (_, name)| set | name.value),
                Meaning::Truth => drawn & 1,
                _ => drawn & room,
            };
            if Some(value) != unset {
                return value & (u64::MAX >> (64 - scalar.bits()));
            }
        }
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| b'a' + u8::try_from(self.next() % 26).unwrap_or_default()).collect()
    }

    /// What a field could hold. A text ends before its room does, with NUL, as the kernel has it.
    pub(crate) fn content(&mut self, field: &Field) -> Content {
        match field.holds {
            Holds::Number(Number { scalar, meaning, unset, .. }) => {
                Content::Number(self.number(scalar, meaning, unset))
            }
            Holds::Text(room) => {
                let longer = usize::try_from(self.next()).unwrap_or_default() % (room - TEXT_LEN_MIN);
                Content::Text(self.bytes(TEXT_LEN_MIN + longer))
            }
            Holds::SocketAddress => Content::SocketAddress(self.socket_address()),
            _ => panic!("{} holds something new", field.kernel),
        }
    }

    /// An address that no other field of a row has.
    fn socket_address(&mut self) -> SocketAddr {
        let [low, high, last, family, ..] = self.next().to_le_bytes();
        let port = u16::from_le_bytes([low, high]);
        if family.is_multiple_of(2) {
            return SocketAddr::from(([203, 0, 113, last], port));
        }
        SocketAddr::from(([0x2001, 0xdb8, 0, 0, 0, 0, 0x5eed, last.into()], port))
    }

    /// A structure of `length` bytes with all its fields. Those at the end of `tcp_info` differ from release to release, and
    /// are in tables of their own.
    pub(crate) fn structure(&mut self, layout: &Layout, length: usize) -> Vec<u8> {
        let end = (layout.kernel == TcpInfo::LAYOUT.kernel).then(|| TcpInfo::accecn_layout(self.release));
        let layouts = || [Some(layout), end].into_iter().flatten();
        let mut bytes = vec![0; layouts().map(size).fold(length, usize::max)];
        for field in layouts().flat_map(|layout| layout.fields) {
            let content = self.content(field);
            put(&mut bytes, field, &content);
        }
        bytes
    }

    fn attribute(&mut self, row: &AttributeRow) -> Vec<u8> {
        match row.payload {
            Payload::Number(scalar, meaning) => number(scalar, self.number(scalar, meaning, None)),
            Payload::Text => [self.bytes(9), vec![0]].concat(),
            Payload::UnixName => [vec![0], self.bytes(12)].concat(),
            Payload::Flag | Payload::Padding => Vec::new(),
            Payload::Opaque => self.bytes(20),
            Payload::Structure(layout) => self.structure(layout, 0),
            // struct packet_diag_mclist: interface, count, type, length of the address, 32 bytes for it.
            Payload::Memberships => [&[3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 6, 0][..], &self.bytes(32)].concat(),
            Payload::Numbers(scalar, meaning) => {
                (0..3).flat_map(|_| number(scalar, self.number(scalar, meaning, None))).collect()
            }
            Payload::BitNumbers => [5u32.to_ne_bytes(), 0x8000_0000u32.to_ne_bytes()].concat(),
            Payload::Nest(space) => self.attributes(space, None),
            Payload::Nests(number, space) => {
                (0..2).flat_map(|_| attribute(number, &self.attributes(space, None))).collect()
            }
            Payload::SocketAddresses => [socket_address_v4(self), socket_address_v6(self)].concat(),
            Payload::Md5Signatures => signature(self),
            Payload::ClassicBpf => [0x28, 0, 0, 0, 12, 0, 0, 0, 6, 0, 0, 0, 255, 255, 0, 0].to_vec(),
            _ => panic!("{} holds something new", row.kernel),
        }
    }

    /// Every attribute of a space that a socket of this protocol can have.
    fn attributes(&mut self, space: &Space, protocol: Option<u16>) -> Vec<u8> {
        let mut bytes = Vec::new();
        for row in space.attributes.iter().filter(|row| row.only.is_none() || row.only == protocol) {
            // A flag says something by not being there, too.
            if matches!(row.payload, Payload::Flag) && self.next().is_multiple_of(2) {
                continue;
            }
            let payload = self.attribute(row);
            bytes.extend(attribute(row.number, &payload));
        }
        bytes
    }

    /// The payload of a message of this table.
    pub(crate) fn message(&mut self, table: Table) -> Vec<u8> {
        let space = table.space();
        let mut header = match space.header {
            Some(layout) => self.structure(layout, space.header_len),
            None => vec![0; space.header_len],
        };
        if table.ip_protocol().is_some() {
            // Local and peer address, which are no numbers, and a state in which every attribute speaks.
            header[8..12].copy_from_slice(&[192, 0, 2, 1]);
            header[24..28].copy_from_slice(&[198, 51, 100, 2]);
            header[0] = 2;
            header[1] = 1;
        }
        [header, self.attributes(space, table.ip_protocol())].concat()
    }
}

/// What stands in a field.
#[derive(Debug, PartialEq)]
pub(crate) enum Content {
    Number(u64),
    Text(Vec<u8>),
    SocketAddress(SocketAddr),
}

/// Bytes that the fields of a structure take.
pub(crate) fn size(layout: &Layout) -> usize {
    layout.fields.iter().map(|field| field.offset + field.holds.size()).max().unwrap_or(0).next_multiple_of(4)
}

/// Writes one field.
pub(crate) fn put(bytes: &mut [u8], field: &Field, content: &Content) {
    let place = &mut bytes[field.offset..field.offset + field.holds.size()];
    match (field.holds, content) {
        (Holds::Number(number), Content::Number(value)) => put_number(place, number.scalar, *value),
        (_, Content::Text(text)) => {
            place[..text.len()].copy_from_slice(text);
            place[text.len()] = 0;
        }
        (_, Content::SocketAddress(address)) => put_address(place, *address),
        (_, Content::Number(_)) => panic!("{} is no number", field.kernel),
    }
}

fn put_number(place: &mut [u8], scalar: Scalar, value: u64) {
    match scalar {
        Scalar::Bits { low, width } => {
            let shift = if cfg!(target_endian = "big") { 8 - low - width } else { low };
            let mask = u8::MAX >> (8 - width);
            place[0] &= !(mask << shift);
            place[0] |= (u8::try_from(value).expect("fits its bits") & mask) << shift;
        }
        Scalar::U32Bits { low, width } => {
            let mask = u32::MAX >> (32 - u32::from(width));
            let word = u32::from_ne_bytes((&*place).try_into().expect("four bytes")) & !(mask << low);
            let value = u32::try_from(value).expect("fits its bits") & mask;
            place.copy_from_slice(&(word | value << low).to_ne_bytes());
        }
        scalar => place.copy_from_slice(&number(scalar, value)),
    }
}

/// `struct sockaddr_in` or `struct sockaddr_in6`: family, port, address, and for IPv6 a flow before and a scope behind it.
fn put_address(place: &mut [u8], address: SocketAddr) {
    let (family, at, octets) = match address {
        SocketAddr::V4(four) => (2u16, 4, four.ip().octets().to_vec()),
        SocketAddr::V6(six) => (10, 8, six.ip().octets().to_vec()),
    };
    place[..28].fill(0);
    place[..2].copy_from_slice(&family.to_ne_bytes());
    place[2..4].copy_from_slice(&address.port().to_be_bytes());
    place[at..at + octets.len()].copy_from_slice(&octets);
}

/// A number on its own.
fn number(scalar: Scalar, value: u64) -> Vec<u8> {
    let [b0, b1, b2, b3, ..] = value.to_le_bytes();
    let (half, word) = (u16::from_le_bytes([b0, b1]), u32::from_le_bytes([b0, b1, b2, b3]));
    match scalar {
        Scalar::U8 | Scalar::Bits { .. } => vec![b0],
        Scalar::U16 => half.to_ne_bytes().to_vec(),
        Scalar::Be16 => half.to_be_bytes().to_vec(),
        Scalar::U32 | Scalar::I32 | Scalar::U32Bits { .. } => word.to_ne_bytes().to_vec(),
        Scalar::Be32 => word.to_be_bytes().to_vec(),
        Scalar::U64 => value.to_ne_bytes().to_vec(),
        Scalar::U32Pair => {
            let high = u32::try_from(value >> 32).expect("half of it");
            [word.to_ne_bytes(), high.to_ne_bytes()].concat()
        }
        _ => panic!("a new kind of number"),
    }
}

/// One attribute with its padding.
pub(crate) fn attribute(number: u16, payload: &[u8]) -> Vec<u8> {
    const HEADER_LEN: usize = 16;
    Request::new(0, 0).attribute(number, payload).as_bytes()[HEADER_LEN..].to_vec()
}

fn socket_address_v4(values: &mut Values) -> Vec<u8> {
    let mut bytes = vec![0; 128];
    bytes[..2].copy_from_slice(&2u16.to_ne_bytes());
    bytes[2..8].copy_from_slice(&[0x12, 0x34, 192, 0, 2, 0]);
    bytes[7] = values.bytes(1)[0];
    bytes
}

fn socket_address_v6(values: &mut Values) -> Vec<u8> {
    let mut bytes = vec![0; 128];
    bytes[..2].copy_from_slice(&10u16.to_ne_bytes());
    bytes[2..4].copy_from_slice(&[0x12, 0x35]);
    bytes[8..12].copy_from_slice(&[0x20, 0x01, 0x0d, 0xb8]);
    bytes[23] = values.bytes(1)[0];
    bytes
}

/// `struct tcp_diag_md5sig`: family, prefix, key length, address, key.
fn signature(values: &mut Values) -> Vec<u8> {
    let mut bytes = vec![2, 32];
    bytes.extend(7u16.to_ne_bytes());
    bytes.extend([203, 0, 113, 9]);
    bytes.resize(20, 0);
    bytes.extend(values.bytes(7));
    bytes.resize(100, 0);
    bytes
}
