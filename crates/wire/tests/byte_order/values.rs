//! The numbers in a message, as this crate reads them on the machine that it runs on.

use std::collections::BTreeMap;

use sockeye_wire::sock_diag::socket_address::SocketAddresses;
use sockeye_wire::{Attributes, Choice, Field, Holds, Layout, Message, Payload, Scalar, Selector, Space};

/// Everything that is a number, in a line each: where it stands, and what it is.
pub(crate) fn of(message: &Message<'_>, space: &'static Space, protocol: u16) -> Vec<String> {
    let mut values = Values { family: message.payload()[0], protocol, lines: Vec::new() };
    let head = (message.type_number(), message.flags(), message.sequence(), message.port_id());
    values.lines.push(format!("message {head:?}"));
    values.nest(message.payload(), space, space.name, None);
    values.lines
}

struct Values {
    family: u8,
    protocol: u16,
    lines: Vec<String>,
}

type Siblings<'a> = BTreeMap<u16, &'a [u8]>;

impl Values {
    fn nest(&mut self, bytes: &[u8], space: &'static Space, path: &str, outer: Option<&[u8]>) {
        let (head, rest) = bytes.split_at(space.header_len.min(bytes.len()));
        if let Some(layout) = space.header {
            self.structure(head, layout, path);
        }
        let siblings: Siblings<'_> = whole(rest).collect();
        for (number, payload) in whole(rest) {
            let is_it = |only: Option<u16>| only.is_none_or(|only| only == self.protocol);
            if let Some(row) = space.attributes.iter().find(|row| row.number == number && is_it(row.only)) {
                self.payload(payload, &row.payload, &format!("{path}/{}", row.kernel), &siblings, outer);
            }
        }
    }

    fn payload(
        &mut self,
        bytes: &[u8],
        payload: &'static Payload,
        path: &str,
        siblings: &Siblings<'_>,
        outer: Option<&[u8]>,
    ) {
        match *payload {
            Payload::Number(scalar, _) => self.number(scalar.read(bytes, 0), path),
            Payload::Numbers(scalar, _) => self.numbers(bytes, scalar, path),
            Payload::Unsigned(_) if bytes.len() == 8 => self.number(Scalar::U64.read(bytes, 0), path),
            Payload::Unsigned(_) => self.number(Scalar::U32.read(bytes, 0), path),
            Payload::BitNumbers => self.numbers(bytes, Scalar::U32, path),
            Payload::Structure(layout) => self.structure(bytes, layout, path),
            Payload::Structures(layout, length) => {
                bytes.chunks_exact(length).for_each(|one| self.structure(one, layout, path));
            }
            Payload::Counted(counted) => {
                self.structure(bytes, counted.head, path);
                counted.items(bytes).for_each(|one| self.structure(one, counted.item, path));
            }
            Payload::Nest(space) => self.nest(bytes, space, path, siblings.get(&1).copied()),
            Payload::Nests(_, space) => whole(bytes).for_each(|(_, inner)| self.nest(inner, space, path, None)),
            Payload::Listed(inner) => {
                let list: Siblings<'_> = whole(bytes).collect();
                whole(bytes).for_each(|(_, one)| self.payload(one, inner, path, &list, None));
            }
            Payload::Repeated(inner) => self.payload(bytes, inner, path, siblings, outer),
            Payload::OfFamily(choices) => {
                let own = choices.iter().find(|(family, _)| *family == self.family);
                if let Some((_, inner)) = own.or_else(|| choices.iter().find(|(family, _)| *family == 0)) {
                    self.payload(bytes, inner, path, siblings, outer);
                }
            }
            Payload::Selected(selector, choices) => {
                if let Some(choice) = selected(selector, choices, siblings, outer) {
                    self.payload(bytes, &choice.payload, path, siblings, outer);
                }
            }
            Payload::SocketAddresses => {
                self.lines.extend(SocketAddresses::new(bytes).map(|address| format!("{path} {address}")));
            }
            Payload::NextHops(space) => {
                let mut rest = bytes;
                while let Some(length) = Scalar::U16.read(rest, 0).and_then(|length| usize::try_from(length).ok()) {
                    self.number(Scalar::I32.read(rest, 4), path);
                    let Some(attributes) = rest.get(8..length) else { break };
                    let siblings = Siblings::new();
                    for (number, payload) in whole(attributes) {
                        if let Some(row) = space.attributes.iter().find(|row| row.number == number) {
                            self.payload(payload, &row.payload, &format!("{path}/{}", row.kernel), &siblings, None);
                        }
                    }
                    rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
                }
            }
            _ => {}
        }
    }

    fn structure(&mut self, bytes: &[u8], layout: &'static Layout, path: &str) {
        for field in layout.fields {
            let path = format!("{path}/{}", field.kernel);
            match field.holds {
                Holds::Number(_) => self.number(Field::number(field, bytes), &path),
                Holds::Numbers(..) => field.numbers(bytes).for_each(|number| self.number(Some(number), &path)),
                Holds::SocketAddress => {
                    if let Some(address) = field.socket_address(bytes) {
                        self.lines.push(format!("{path} {address}"));
                    }
                }
                _ => {}
            }
        }
    }

    fn numbers(&mut self, bytes: &[u8], scalar: Scalar, path: &str) {
        bytes.chunks_exact(scalar.size()).for_each(|one| self.number(scalar.read(one, 0), path));
    }

    fn number(&mut self, number: Option<u64>, path: &str) {
        // Of what is zero every order is right.
        if let Some(number) = number.filter(|number| *number != 0) {
            self.lines.push(format!("{path} {number}"));
        }
    }
}

fn whole(bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    Attributes::new(bytes).map(|attribute| attribute.expect("a whole one")).map(|one| (one.number, one.payload))
}

fn selected(
    selector: Selector,
    choices: &'static [Choice],
    siblings: &Siblings<'_>,
    outer: Option<&[u8]>,
) -> Option<&'static Choice> {
    let text = |bytes: &[u8], word: &str| bytes.split(|byte| *byte == 0).next() == Some(word.as_bytes());
    choices.iter().find(|choice| match selector {
        Selector::Text(number) => siblings.get(&number).is_some_and(|bytes| text(bytes, choice.word)),
        Selector::OuterText(_) => outer.is_some_and(|bytes| text(bytes, choice.word)),
        Selector::Number(number, scalar) => {
            siblings.get(&number).and_then(|bytes| scalar.read(bytes, 0)) == Some(choice.number)
        }
        _ => false,
    })
}
