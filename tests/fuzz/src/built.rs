//! Messages of rtnetlink made of the tables that declare them, whatever a kernel at hand has.
//!
//! What it is: every attribute of a space, with as many bytes as it wants and the kinds chosen that select what it holds.
//! What it is not: true. Numbers are drawn, so nothing here says how a kernel uses an attribute.

use std::collections::BTreeMap;

use sockeye_wire::rtnetlink::{AF_BRIDGE, AF_INET, AF_INET6, AF_MPLS, RTNL_FAMILY_IP6MR, RTNL_FAMILY_IPMR, Table};
use sockeye_wire::{AttributeRow, Choice, Layout, Payload, Scalar, Selector, Space};

use crate::captures::SEQUENCE;
use crate::document::{self, Attribute, Content, Document, Message};
use crate::random::Random;

/// Nests within each other. None of the kernel's own is deeper.
const DEPTH_MAX: usize = 9;
/// Families of messages, one after the other.
const FAMILIES: [u8; 7] = [AF_INET, AF_INET6, 0, AF_BRIDGE, AF_MPLS, RTNL_FAMILY_IPMR, RTNL_FAMILY_IP6MR];
/// Kinds that a table has at most: as many messages hold all that they can, and as many a part of it.
const KINDS: usize = 71;
/// Bytes of a message, so that nothing in it is cut: an attribute's length has 16 bits.
const BYTES_MAX: usize = 24 * 1024;

/// Messages of a table, each a datagram.
pub(crate) fn messages(table: Table) -> Vec<Document> {
    let make = |number: usize| {
        let mut maker =
            Maker { random: Random(number as u64), number, left: BYTES_MAX, family: FAMILIES[number % FAMILIES.len()] };
        let space = table.space();
        let mut head = maker.head(space);
        if let Some(family) = head.first_mut() {
            *family = maker.family;
        }
        let attributes = maker.attributes(space, 0, None);
        let message = Message {
            type_number: table.new_type(),
            flags: 2,
            sequence: SEQUENCE,
            port_id: 0,
            head,
            attributes,
            length: None,
        };
        Document { messages: vec![message] }
    };
    (0..2 * KINDS).map(make).collect()
}

struct Maker {
    random: Random,
    /// Which of the messages this is: where kinds are to be chosen, another one for each.
    number: usize,
    /// Bytes that the message may still take.
    left: usize,
    family: u8,
}

impl Maker {
    fn bytes(&mut self, length: usize) -> Vec<u8> {
        self.left = self.left.saturating_sub(length);
        (0..length).map(|_| self.random.byte()).collect()
    }

    fn head(&mut self, space: &Space) -> Vec<u8> {
        self.bytes(space.header_len)
    }

    /// The attributes of a space; `outer` is the word by which something around it selects.
    fn attributes(&mut self, space: &'static Space, depth: usize, outer: Option<&'static str>) -> Vec<Attribute> {
        let mut found = Vec::new();
        if depth >= DEPTH_MAX {
            return found;
        }
        let chosen = self.choose(space, depth);
        let rarely = if self.number < KINDS { 1 } else { 4 };
        // Where there is not room for all, each of them comes first once.
        let first = self.random.below(space.attributes.len().max(1));
        let (before, from) = space.attributes.split_at(first);
        for row in from.iter().chain(before) {
            let selects = chosen.iter().find(|(selector, _)| number_of(*selector) == Some(row.number));
            if let Some(&(selector, choice)) = selects {
                let content = match selector {
                    Selector::Number(_, scalar) => number(scalar, choice.number),
                    _ => [choice.word.as_bytes(), &[0]].concat(),
                };
                found.push(Attribute::new(row.number, Content::Bytes(content)));
            } else if self.left > 0 && self.random.one_in(rarely) {
                self.row(row, depth, &chosen, outer, &mut found);
            }
        }
        found
    }

    /// What each of the selectors of a space selects, the same for all that go by it.
    fn choose(&mut self, space: &'static Space, depth: usize) -> Vec<(Selector, &'static Choice)> {
        let mut choices: BTreeMap<u16, Vec<(Selector, &'static Choice)>> = BTreeMap::new();
        for row in space.attributes {
            let payload = if let Payload::Repeated(inner) = row.payload { inner } else { &row.payload };
            if let Payload::Selected(selector, of) = *payload
                && let Some(number) = number_of(selector)
            {
                choices.entry(number).or_default().extend(of.iter().map(|choice| (selector, choice)));
            }
        }
        // Kinds inside of a kind come in any combination.
        let mut at = |of: usize| if depth <= 1 { self.number % of } else { self.random.below(of) };
        choices.values().map(|of| of[at(of.len())]).collect()
    }

    fn row(
        &mut self,
        row: &'static AttributeRow,
        depth: usize,
        chosen: &[(Selector, &'static Choice)],
        outer: Option<&'static str>,
        found: &mut Vec<Attribute>,
    ) {
        let (payload, times) = match row.payload {
            Payload::Repeated(inner) => (inner, 1 + self.random.below(3)),
            _ => (&row.payload, 1),
        };
        for _ in 0..times {
            let content = self.payload(payload, depth, chosen, outer);
            found.push(Attribute::new(row.number, content));
        }
    }

    fn payload(
        &mut self,
        payload: &'static Payload,
        depth: usize,
        chosen: &[(Selector, &'static Choice)],
        outer: Option<&'static str>,
    ) -> Content {
        let word =
            chosen.iter().find(|(selector, _)| matches!(selector, Selector::Text(_))).map(|(_, choice)| choice.word);
        let times = 1 + self.random.below(3);
        Content::Bytes(match *payload {
            Payload::Number(scalar, _) => self.bytes(scalar.size()),
            Payload::Numbers(scalar, _) => self.bytes(scalar.size() * times),
            Payload::Unsigned(_) => self.bytes(4 * times.min(2)),
            Payload::Text | Payload::UnixName => [&b"eth0.7"[..], &[0]].concat(),
            Payload::Flag | Payload::Padding => Vec::new(),
            Payload::Structure(layout) => self.bytes(size(layout)),
            Payload::Structures(_, length) => self.bytes(length * times),
            Payload::Counted(counted) => {
                let count = u8::try_from(times).unwrap_or(1);
                let mut bytes = self.bytes(counted.head_len + (times + usize::from(counted.more)) * counted.item_len);
                bytes[counted.count_at] = count;
                bytes
            }
            Payload::Address => self.bytes(if self.family == AF_INET { 4 } else { 16 }),
            Payload::LinkAddress => self.bytes(6),
            Payload::Via => [&[AF_INET, 0][..], &self.bytes(4)].concat(),
            Payload::Labels | Payload::BitNumbers => self.bytes(4 * times),
            Payload::NextHops(space) => (0..times).flat_map(|_| self.next_hop(space, depth)).collect(),
            Payload::Nest(space) => {
                let head = self.head(space);
                return Content::Nest(head, self.attributes(space, depth + 1, word));
            }
            Payload::Nests(number, space) => {
                let one = |maker: &mut Self| {
                    let head = maker.head(space);
                    Attribute::new(number, Content::Nest(head, maker.attributes(space, depth + 1, word)))
                };
                return Content::Nest(Vec::new(), (0..times).map(|_| one(self)).collect());
            }
            Payload::Listed(inner) => {
                let one = |number: usize, maker: &mut Self| {
                    let number = u16::try_from(number + 1).unwrap_or(1);
                    Attribute::new(number, maker.payload(inner, depth + 1, chosen, outer))
                };
                let times = if self.number < KINDS { 16 } else { times };
                return Content::Nest(Vec::new(), (0..times).map(|number| one(number, self)).collect());
            }
            Payload::Repeated(inner) => return self.payload(inner, depth, chosen, outer),
            Payload::Selected(selector, choices) => {
                let by = chosen.iter().find(|(known, _)| number_of(*known) == number_of(selector));
                let is_it = |choice: &&Choice| match (selector, by) {
                    (Selector::OuterText(_), _) => Some(choice.word) == outer,
                    (Selector::Number(..), Some((_, by))) => choice.number == by.number,
                    (_, Some((_, by))) => choice.word == by.word,
                    _ => false,
                };
                return match choices.iter().find(is_it) {
                    Some(choice) => self.payload(&choice.payload, depth + 1, chosen, outer),
                    None => Content::Bytes(self.bytes(8)),
                };
            }
            Payload::OfFamily(choices) => {
                let own = choices.iter().find(|(family, _)| *family == self.family);
                return match own.or_else(|| choices.iter().find(|(family, _)| *family == 0)) {
                    Some((_, inner)) => self.payload(inner, depth, chosen, outer),
                    None => Content::Bytes(self.bytes(8)),
                };
            }
            _ => self.bytes(20),
        })
    }

    /// `struct rtnexthop`, with attributes behind it.
    fn next_hop(&mut self, space: &'static Space, depth: usize) -> Vec<u8> {
        let mut bytes = self.bytes(8);
        document::write(&self.attributes(space, depth + 1, None), &mut bytes);
        let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_ne_bytes();
        bytes[..2].copy_from_slice(&length);
        bytes
    }
}

/// The attribute by which something beside it is selected.
fn number_of(selector: Selector) -> Option<u16> {
    match selector {
        Selector::Text(number) | Selector::Number(number, _) => Some(number),
        _ => None,
    }
}

/// Bytes that the fields of a structure take.
fn size(layout: &Layout) -> usize {
    layout.fields.iter().map(|field| field.offset + field.holds.size()).max().unwrap_or(0).next_multiple_of(4)
}

/// A number in the order of its type.
fn number(scalar: Scalar, value: u64) -> Vec<u8> {
    let size = scalar.size();
    match scalar {
        Scalar::Be16 | Scalar::Be32 | Scalar::Be64 => value.to_be_bytes()[8 - size..].to_vec(),
        _ if cfg!(target_endian = "big") => value.to_be_bytes()[8 - size..].to_vec(),
        _ => value.to_le_bytes()[..size].to_vec(),
    }
}
