//! A message of a machine of one byte order, made to one of the other: every number that the tables say is in the order of
//! the machine is turned round, and nothing else.
//!
//! Lengths and numbers are read here by an order that is named, and not as the crate does: by the machine's own.

use std::collections::{BTreeMap, BTreeSet};

use sockeye_wire::{Choice, Holds, Layout, Payload, Scalar, Selector, Space};

/// Bytes of `struct nlmsghdr`, `struct nlattr` and `struct rtnexthop`.
const MESSAGE_LEN: usize = 16;
const ATTRIBUTE_LEN: usize = 4;
const NEXT_HOP_LEN: usize = 8;

/// The order in which a machine has the bytes of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Little,
    Big,
}

impl Order {
    /// That of this machine.
    pub(crate) const OWN: Self = if cfg!(target_endian = "big") { Self::Big } else { Self::Little };

    pub(crate) fn number(self, bytes: &[u8]) -> u64 {
        let fold = |number, byte: &u8| number << 8 | u64::from(*byte);
        match self {
            Self::Big => bytes.iter().fold(0, fold),
            Self::Little => bytes.iter().rev().fold(0, fold),
        }
    }

    fn length(self, bytes: &[u8], at: usize) -> usize {
        usize::try_from(self.number(&bytes[at..at + 2])).expect("two bytes")
    }
}

/// What is turned round of a message.
pub(crate) struct Swap {
    /// The order in which it comes.
    from: Order,
    /// The address family of the message.
    family: u8,
    /// The protocol of the table that was asked for: some attributes are something else in each.
    protocol: u16,
    /// Kinds of attributes that no table takes apart.
    pub(crate) kept: BTreeSet<String>,
    /// Fields that were turned round, and those that were looked at and left as they are.
    pub(crate) turned: BTreeSet<String>,
    pub(crate) left: BTreeSet<String>,
}

/// What is done with an attribute: its number, its payload, and what stands around it.
type Inside<'i> = dyn FnMut(&mut Swap, u16, &mut [u8], &Around<'_>) + 'i;

/// The attributes around something: their payloads by number, and the word that selects in the nest outside.
struct Around<'a> {
    own: BTreeMap<u16, &'a [u8]>,
    outer: Option<&'a str>,
}

impl Swap {
    pub(crate) fn new(from: Order, protocol: u16) -> Self {
        let [kept, turned, left] = [(); 3].map(|()| BTreeSet::new());
        Self { from, family: 0, protocol, kept, turned, left }
    }

    /// A whole message, whose attributes are of this space.
    pub(crate) fn message(&mut self, bytes: &[u8], space: &'static Space) -> Vec<u8> {
        let mut all = bytes.to_vec();
        let (header, payload) = all.split_at_mut(MESSAGE_LEN);
        for (at, length) in [(0, 4), (4, 2), (6, 2), (8, 4), (12, 4)] {
            header[at..at + length].reverse();
        }
        self.family = payload[0];
        self.nest(payload, space, None);
        all
    }

    /// A structure and the attributes behind it.
    fn nest(&mut self, bytes: &mut [u8], space: &'static Space, outer: Option<&str>) {
        let (head, rest) = bytes.split_at_mut(space.header_len.min(bytes.len()));
        if let Some(layout) = space.header {
            self.structure(head, layout);
        }
        self.attributes(rest, outer, &mut |swap, number, payload, around| match space
            .attributes
            .iter()
            .find(|row| row.number == number && row.only.is_none_or(|only| only == swap.protocol))
        {
            Some(row) => swap.payload(payload, &row.payload, row.kernel, around),
            None => _ = swap.kept.insert(format!("{} {number}", space.name)),
        });
    }

    /// The heads of attributes, and with each of them what stands in it.
    fn attributes(&mut self, bytes: &mut [u8], outer: Option<&str>, inside: &mut Inside<'_>) {
        let whole = bytes.to_vec();
        let places = self.places(&whole);
        let own =
            places.iter().map(|&(at, length, number)| (number, &whole[at + ATTRIBUTE_LEN..at + length])).collect();
        let around = Around { own, outer };
        for (at, length, number) in places {
            bytes[at..at + 2].reverse();
            bytes[at + 2..at + 4].reverse();
            inside(self, number, &mut bytes[at + ATTRIBUTE_LEN..at + length], &around);
        }
    }

    /// Where attributes stand, how long they are with their heads, and their numbers.
    fn places(&self, bytes: &[u8]) -> Vec<(usize, usize, u16)> {
        /// `NLA_TYPE_MASK`.
        const NUMBER: u64 = 0x3fff;
        let (mut at, mut places) = (0, Vec::new());
        while at + ATTRIBUTE_LEN <= bytes.len() {
            let length = self.from.length(bytes, at);
            let number = u16::try_from(self.from.number(&bytes[at + 2..at + 4]) & NUMBER).expect("14 bits");
            assert!(length >= ATTRIBUTE_LEN && at + length <= bytes.len(), "an attribute of {length} bytes at {at}");
            places.push((at, length, number));
            at += length.next_multiple_of(4);
        }
        places
    }

    fn payload(&mut self, bytes: &mut [u8], payload: &'static Payload, name: &str, around: &Around<'_>) {
        match *payload {
            Payload::Number(scalar, _) | Payload::Numbers(scalar, _) => {
                bytes.chunks_exact_mut(scalar.size()).for_each(|one| self.scalar(one, scalar, name));
            }
            Payload::Unsigned(_) => self.scalar(bytes, if bytes.len() == 8 { Scalar::U64 } else { Scalar::U32 }, name),
            Payload::BitNumbers => bytes.chunks_exact_mut(4).for_each(|one| self.scalar(one, Scalar::U32, name)),
            Payload::Structure(layout) => self.structure(bytes, layout),
            Payload::Structures(layout, length) => {
                bytes.chunks_exact_mut(length).for_each(|one| self.structure(one, layout));
            }
            Payload::Counted(counted) => {
                let (head, items) = bytes.split_at_mut(counted.head_len.min(bytes.len()));
                self.structure(head, counted.head);
                items.chunks_exact_mut(counted.item_len).for_each(|one| self.structure(one, counted.item));
            }
            Payload::Nest(space) => self.nest(bytes, space, word(&around.own)),
            Payload::Nests(_, space) => {
                self.attributes(bytes, None, &mut |swap, _, inner, _| swap.nest(inner, space, None));
            }
            Payload::Listed(inner) => {
                self.attributes(bytes, None, &mut |swap, _, one, around| swap.payload(one, inner, name, around));
            }
            Payload::Repeated(inner) => self.payload(bytes, inner, name, around),
            Payload::OfFamily(choices) => {
                let own = choices.iter().find(|(family, _)| *family == self.family);
                if let Some((_, inner)) = own.or_else(|| choices.iter().find(|(family, _)| *family == 0)) {
                    self.payload(bytes, inner, name, around);
                }
            }
            Payload::Selected(selector, choices) => match self.selected(selector, choices, around) {
                Some(choice) => self.payload(bytes, &choice.payload, name, around),
                None => _ = self.kept.insert(name.to_owned()),
            },
            Payload::NextHops(space) => self.next_hops(bytes, space),
            // `struct rtvia`: a family, and an address.
            Payload::Via => self.scalar(&mut bytes[..2], Scalar::U16, name),
            // `struct sockaddr_storage` each: a family, and what is in the order of the network.
            Payload::SocketAddresses => {
                bytes.chunks_exact_mut(128).for_each(|one| self.scalar(&mut one[..2], Scalar::U16, name));
            }
            // Octets, on every machine in the same order.
            Payload::Text
            | Payload::UnixName
            | Payload::Flag
            | Payload::Padding
            | Payload::Address
            | Payload::LinkAddress
            | Payload::Labels => _ = self.left.insert(name.to_owned()),
            _ => _ = self.kept.insert(name.to_owned()),
        }
    }

    fn selected(&self, selector: Selector, choices: &'static [Choice], around: &Around<'_>) -> Option<&'static Choice> {
        let is_it = |choice: &&Choice| match selector {
            Selector::Text(number) => around.own.get(&number).is_some_and(|bytes| text(bytes) == choice.word),
            Selector::OuterText(_) => around.outer == Some(choice.word),
            Selector::Number(number, _) => {
                around.own.get(&number).is_some_and(|bytes| self.from.number(bytes) == choice.number)
            }
            _ => false,
        };
        choices.iter().find(is_it)
    }

    fn next_hops(&mut self, bytes: &mut [u8], space: &'static Space) {
        let mut at = 0;
        while at + NEXT_HOP_LEN <= bytes.len() {
            let length = self.from.length(bytes, at);
            bytes[at..at + 2].reverse();
            bytes[at + 4..at + 8].reverse();
            self.nest_behind(&mut bytes[at + NEXT_HOP_LEN..at + length], space);
            at += length.next_multiple_of(4);
        }
    }

    /// Attributes alone: what stands before them was turned round already.
    fn nest_behind(&mut self, bytes: &mut [u8], space: &'static Space) {
        self.attributes(bytes, None, &mut |swap, number, payload, around| {
            let row = space.attributes.iter().find(|row| row.number == number).expect("a known attribute of a hop");
            swap.payload(payload, &row.payload, row.kernel, around);
        });
    }

    fn structure(&mut self, bytes: &mut [u8], layout: &'static Layout) {
        let before = bytes.to_vec();
        // Several fields can be parts of one number, and bit fields are parts of one byte.
        let mut done = BTreeMap::new();
        for field in layout.fields {
            let (at, size, name) = (field.offset, field.holds.size(), format!("{}.{}", layout.kernel, field.kernel));
            if at + size > bytes.len() {
                continue;
            }
            match field.holds {
                Holds::Number(number) => {
                    if let Scalar::Bits { low, width } = number.scalar {
                        if done.insert(at, 0) != Some(0) {
                            bytes[at] = 0;
                        }
                        bytes[at] |= self.bits(before[at], low, width);
                        self.turned.insert(name);
                    } else if done.insert(at, size).is_none() {
                        self.scalar(&mut bytes[at..at + size], number.scalar, &name);
                    } else if number.scalar == Scalar::Be16Low {
                        self.lower_half(&mut bytes[at..at + size]);
                    }
                }
                Holds::Numbers(scalar, _) => {
                    bytes[at..at + size]
                        .chunks_exact_mut(scalar.size())
                        .for_each(|one| self.scalar(one, scalar, &name));
                }
                // The family, and behind it a port and an address in the network's order.
                Holds::SocketAddress => bytes[at..at + 2].reverse(),
                _ => _ = self.left.insert(name),
            }
        }
    }

    /// A bit field at its place on the other machine.
    fn bits(&self, byte: u8, low: u8, width: u8) -> u8 {
        let (little, big) = (low, 8 - low - width);
        let (from, to) = if self.from == Order::Little { (little, big) } else { (big, little) };
        let mask = u8::try_from((1_u16 << width) - 1).expect("at most eight bits");
        (byte >> from & mask) << to
    }

    /// The lower half of a number that was turned round, in which a `__be16` stands as the kernel has it: its two bytes are
    /// in the same order on every machine.
    fn lower_half(&self, turned: &mut [u8]) {
        let at = if self.from == Order::Little { 2 } else { 0 };
        turned[at..at + 2].reverse();
    }

    fn scalar(&mut self, bytes: &mut [u8], scalar: Scalar, name: &str) {
        let is_of_the_network = matches!(scalar, Scalar::Be16 | Scalar::Be32 | Scalar::Be64 | Scalar::U8 | Scalar::I8);
        let list = if is_of_the_network { &mut self.left } else { &mut self.turned };
        list.insert(name.to_owned());
        match scalar {
            _ if is_of_the_network => {}
            Scalar::U32Pair => bytes.chunks_exact_mut(4).for_each(<[u8]>::reverse),
            Scalar::Be16Low => {
                bytes.reverse();
                self.lower_half(bytes);
            }
            _ => bytes.reverse(),
        }
    }
}

/// What is said by the first text among attributes: of links, disciplines and filters the kind.
fn word<'a>(attributes: &BTreeMap<u16, &'a [u8]>) -> Option<&'a str> {
    attributes.get(&1).map(|bytes| text(bytes))
}

fn text(bytes: &[u8]) -> &str {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    std::str::from_utf8(&bytes[..end]).unwrap_or_default()
}
