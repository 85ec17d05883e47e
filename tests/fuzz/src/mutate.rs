//! Mutations of a datagram at its structure.

use sockeye_wire::message::{NLM_F_ACK_TLVS, NLM_F_CAPPED, NLM_F_DUMP_INTR, NLM_F_MULTI};

use crate::document::{Attribute, Content, Document, Message};
use crate::random::Random;

/// Changes of one input at most.
const CHANGES: usize = 6;
/// What a large attribute takes at most: the longest that its length can say.
const LARGE: usize = u16::MAX as usize - 4;
/// One in so many changes makes something large. Large inputs are slow, and few of them are enough.
const RARELY: usize = 256;
/// Bytes of an input at most, unless something in it was made large.
const USUAL: usize = 16 * 1024;

/// Changes a datagram in some places. Parts of `donors`, datagrams of the same kind, come in.
pub fn mutate(document: &mut Document, donors: &[Document], random: &mut Random) {
    for _ in 0..=random.below(CHANGES) {
        match random.below(8) {
            0 => change_messages(&mut document.messages, donors, random),
            1 => {
                if let Some(message) = pick(&mut document.messages, random) {
                    change_head(message, random);
                }
            }
            _ => {
                let donor = random.pick(donors).and_then(|donor| random.pick(&donor.messages));
                if let Some(message) = pick(&mut document.messages, random) {
                    change_attributes(&mut message.attributes, donor.map_or(&[], |donor| &donor.attributes), random);
                }
            }
        }
    }
}

fn pick<'a, T>(of: &'a mut [T], random: &mut Random) -> Option<&'a mut T> {
    if of.is_empty() { None } else { of.get_mut(random.below(of.len())) }
}

/// Messages that come twice, not at all, in another order, from elsewhere, or that end a dump.
fn change_messages(messages: &mut Vec<Message>, donors: &[Document], random: &mut Random) {
    let at = random.below(messages.len() + 1);
    match random.below(7) {
        0 => {
            if let Some(message) = messages.get(at).cloned() {
                messages.insert(at, message);
            }
        }
        1 if at < messages.len() => drop(messages.remove(at)),
        2 if at < messages.len() => {
            let other = random.below(messages.len());
            messages.swap(at, other);
        }
        3 => {
            let donor = random.pick(donors).and_then(|donor| random.pick(&donor.messages));
            messages.extend(donor.cloned());
        }
        4 | 5 => {
            let sequence = messages.first().map_or(0, |message| message.sequence);
            messages.insert(at, control(sequence, random));
        }
        _ => {
            if let Some(message) = messages.get_mut(at) {
                change_header(message, random);
            }
        }
    }
}

/// A message that is no record: the end of a dump, an error with or without what it is about, nothing.
pub fn control(sequence: u32, random: &mut Random) -> Message {
    let errno = match random.below(4) {
        0 => 0,
        1 => i32::MIN,
        _ => -i32::from(random.byte()),
    };
    // Mostly an error or an end.
    let type_number = [1, 2, 2, 2, 3, 3, 3, 4][random.below(8)];
    let mut flags = if random.one_in(4) { 0 } else { NLM_F_ACK_TLVS };
    for flag in [NLM_F_MULTI, NLM_F_CAPPED, NLM_F_DUMP_INTR] {
        flags |= if random.one_in(2) { flag } else { 0 };
    }
    let mut payload = errno.to_ne_bytes().to_vec();
    if type_number == 2 {
        // The request that it is about, whose length decides where the attributes begin.
        let length = if random.one_in(3) { random.number() } else { 16 + 4 * (random.draw() % 6) };
        let [l0, l1, l2, l3, ..] = length.to_ne_bytes();
        payload.extend_from_slice(&[l0, l1, l2, l3]);
        payload.extend_from_slice(&[20, 0, 1, 3]);
        payload.extend_from_slice(&sequence.to_ne_bytes());
        payload.extend_from_slice(&[0; 4]);
        payload.resize(payload.len() + 4 * random.below(6), 0x2a);
    }
    let mut message = Message::control(type_number, flags, sequence, payload);
    for _ in 0..random.below(4) {
        let number = [0, 1, 1, 2, 3, 4, 5, 6][random.below(8)];
        let length = if random.one_in(RARELY) { LARGE } else { random.below(24) };
        let bytes = (0..length).map(|_| random.byte()).collect();
        message.attributes.push(Attribute::new(number, Content::Bytes(bytes)));
    }
    message
}

fn change_header(message: &mut Message, random: &mut Random) {
    match random.below(5) {
        0 => message.type_number ^= 1 << random.below(16),
        1 => message.type_number = random.short(),
        2 => message.flags ^= 1 << random.below(16),
        3 => message.sequence = message.sequence.wrapping_add(u32::from(random.byte())),
        _ => message.length = Some(u32::try_from(random.number() & u64::from(u32::MAX)).unwrap_or(0)),
    }
}

/// The family's structure: numbers in it, and its length.
fn change_head(message: &mut Message, random: &mut Random) {
    if random.one_in(8) {
        let length = random.below(message.head.len() + 8);
        message.head.resize(length, random.byte());
    } else {
        change_bytes(&mut message.head, random);
    }
}

/// Puts a number of some width somewhere, or changes bytes.
fn change_bytes(bytes: &mut [u8], random: &mut Random) {
    if bytes.is_empty() {
        return;
    }
    let width = 1 << random.below(4);
    let at = random.below(bytes.len()) / width * width;
    let number = if random.one_in(2) { random.number().to_ne_bytes() } else { random.number().to_be_bytes() };
    // Of a number in the network's order its low bytes stand last.
    let from = if random.one_in(2) { 8 - width } else { 0 };
    bytes[at..].iter_mut().zip(&number[from..from + width]).for_each(|(to, from)| *to = *from);
}

/// Changes one attribute, at any depth, or the list that it stands in.
fn change_attributes(attributes: &mut Vec<Attribute>, donor: &[Attribute], random: &mut Random) {
    let count = count(attributes);
    if count == 0 {
        attributes.extend(random.pick(donor).cloned());
        return;
    }
    let mut nth = random.below(count);
    change_nth(attributes, &mut nth, &mut |list, at| change(list, at, donor, random));
}

/// How many attributes there are, at any depth.
fn count(attributes: &[Attribute]) -> usize {
    let inside = |attribute: &Attribute| match &attribute.content {
        Content::Nest(_, inside) => count(inside),
        Content::Bytes(_) => 0,
    };
    attributes.iter().map(|attribute| 1 + inside(attribute)).sum()
}

/// Calls `change` with the list in which the attribute with this number stands, and its place there.
fn change_nth(list: &mut Vec<Attribute>, nth: &mut usize, change: &mut dyn FnMut(&mut Vec<Attribute>, usize)) -> bool {
    for at in 0..list.len() {
        if *nth == 0 {
            change(list, at);
            return true;
        }
        *nth -= 1;
        if let Content::Nest(_, inside) = &mut list[at].content
            && change_nth(inside, nth, change)
        {
            return true;
        }
    }
    false
}

fn change(list: &mut Vec<Attribute>, at: usize, donor: &[Attribute], random: &mut Random) {
    let is_large = random.one_in(RARELY);
    match random.below(16) {
        0 => {
            let copy = list[at].clone();
            let times = if is_large { LARGE / (4 + size(&copy)) } else { 1 + random.below(4) };
            list.splice(at..at, core::iter::repeat_n(copy, times.min(LARGE)));
        }
        1 => drop(list.remove(at)),
        2 => {
            let other = random.below(list.len());
            list.swap(at, other);
        }
        3 => list[at].number = list[at].number & 0xc000 | random.short() & 0x3fff,
        4 => {
            let other = random.below(list.len());
            list[at].number = list[other].number;
        }
        5 => list[at].number ^= if random.one_in(2) { 0x8000 } else { 0x4000 },
        6 => list[at].length = Some(wrong_length(&list[at], random)),
        7 => {
            let inside = list[at].clone();
            list[at].content = Content::Nest(Vec::new(), vec![inside]);
        }
        8 => {
            let depth = if is_large { random.below(LARGE / 4) } else { random.below(40) };
            list[at].content = Content::Bytes(deep(&[list[at].number, random.short() % 16], depth));
        }
        9 => {
            if let Content::Nest(_, inside) = &mut list[at].content {
                let inside = core::mem::take(inside);
                list.splice(at..=at, inside);
            }
        }
        10 => list.extend(any(donor, random).cloned()),
        11 => {
            if let Some(other) = any(donor, random) {
                list[at].content = other.content.clone();
            }
        }
        12 => {
            let bytes = bytes_of(&mut list[at]);
            let longer = if is_large { LARGE } else { bytes.len() + 12 };
            bytes.resize(random.below(longer + 1), random.byte());
        }
        _ => match &mut list[at].content {
            Content::Nest(head, _) if !head.is_empty() => change_bytes(head, random),
            _ => change_bytes(bytes_of(&mut list[at]), random),
        },
    }
}

/// The bytes of an attribute; a nest becomes bytes.
fn bytes_of(attribute: &mut Attribute) -> &mut Vec<u8> {
    attribute.content = Content::Bytes(match core::mem::replace(&mut attribute.content, Content::Bytes(Vec::new())) {
        Content::Bytes(bytes) => bytes,
        Content::Nest(mut bytes, inside) => {
            crate::document::write(&inside, &mut bytes);
            bytes
        }
    });
    match &mut attribute.content {
        Content::Bytes(bytes) | Content::Nest(bytes, _) => bytes,
    }
}

/// Bytes that it takes.
fn size(attribute: &Attribute) -> usize {
    match &attribute.content {
        Content::Bytes(bytes) => bytes.len(),
        Content::Nest(head, inside) => head.len() + inside.iter().map(|one| 4 + size(one)).sum::<usize>(),
    }
}

fn wrong_length(attribute: &Attribute, random: &mut Random) -> u16 {
    let right = u16::try_from(4 + size(attribute)).unwrap_or(u16::MAX);
    match random.below(4) {
        0 => random.short(),
        1 => right.wrapping_sub(1 + random.short() % 8),
        2 => right.wrapping_add(1 + random.short() % 8),
        _ => [0, 3, 4, 5, 0x7fff, 0xfffc, 0xffff][random.below(7)],
    }
}

/// An attribute of any depth.
fn any<'a>(from: &'a [Attribute], random: &mut Random) -> Option<&'a Attribute> {
    let mut found = random.pick(from)?;
    while let Content::Nest(_, inside) = &found.content
        && random.one_in(2)
        && let Some(deeper) = random.pick(inside)
    {
        found = deeper;
    }
    Some(found)
}

/// Nests within each other, with these numbers in turn. They are written at once: what is so deep is not to be taken apart
/// by whoever makes it.
fn deep(numbers: &[u16], depth: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(depth * 4);
    for level in 0..depth {
        let length = u16::try_from((depth - level) * 4).unwrap_or(u16::MAX);
        bytes.extend_from_slice(&length.to_ne_bytes());
        bytes.extend_from_slice(&numbers[level % numbers.len()].to_ne_bytes());
    }
    bytes
}

/// A datagram made of one of these: mutated at its structure, at its bytes, or both.
pub fn datagram(seeds: &[Document], like: &[Document], random: &mut Random) -> Vec<u8> {
    let Some(seed) = random.pick(seeds) else { return Vec::new() };
    let mut document = seed.clone();
    let how = random.below(16);
    if how != 0 {
        mutate(&mut document, like, random);
    }
    let mut bytes = document.bytes();
    if bytes.len() > USUAL && !random.one_in(8) {
        bytes.truncate(USUAL);
    }
    if how < 3 { crate::damage::damage(&bytes, random) } else { bytes }
}
