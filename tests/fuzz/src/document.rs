//! A datagram taken apart into what a mutation changes: messages, the structures they begin with, attributes in attributes.
//!
//! Lengths are not kept, they are what the parts take; unless a part lies about its own.

use sockeye_wire::{Attributes, Messages};

/// Bytes of `struct nlattr`.
const ATTRIBUTE_HEAD: usize = 4;
/// Nests that are taken apart: as deep as any that a kernel sends. What is deeper stays bytes.
const DEPTH_MAX: usize = 12;

/// A datagram.
#[derive(Clone, Debug, Default)]
pub struct Document {
    /// Its messages.
    pub messages: Vec<Message>,
}

/// A message.
#[derive(Clone, Debug)]
pub struct Message {
    /// `nlmsg_type`.
    pub type_number: u16,
    /// `nlmsg_flags`.
    pub flags: u16,
    /// `nlmsg_seq`.
    pub sequence: u32,
    /// `nlmsg_pid`.
    pub port_id: u32,
    /// What stands before the attributes.
    pub head: Vec<u8>,
    /// The attributes.
    pub attributes: Vec<Attribute>,
    /// What it says of its length, where that is not true.
    pub length: Option<u32>,
}

/// An attribute.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// Its number, with the flags.
    pub number: u16,
    /// What it holds.
    pub content: Content,
    /// What it says of its length, where that is not true.
    pub length: Option<u16>,
}

/// What an attribute holds.
#[derive(Clone, Debug)]
pub enum Content {
    /// Bytes.
    Bytes(Vec<u8>),
    /// Attributes, and what stands before them.
    Nest(Vec<u8>, Vec<Attribute>),
}

impl Document {
    /// Takes a datagram apart, in whose messages so many bytes stand before the attributes.
    pub fn read(datagram: &[u8], head_len: usize) -> Self {
        let messages = Messages::new(datagram).map_while(Result::ok);
        let messages = messages.map(|message| {
            let payload = message.payload();
            let (head, rest) = payload.split_at(head_len.min(payload.len()));
            let whole = attributes(rest, 0);
            // What is no attribute to its end stays with the structure, so that nothing is lost.
            let (head, attributes) = whole.map_or((payload, Vec::new()), |attributes| (head, attributes));
            Message {
                type_number: message.type_number(),
                flags: message.flags(),
                sequence: message.sequence(),
                port_id: message.port_id(),
                head: head.to_vec(),
                attributes,
                length: None,
            }
        });
        Self { messages: messages.collect() }
    }

    /// Puts it together again.
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for message in &self.messages {
            message.write(&mut out);
        }
        out
    }
}

impl Attribute {
    /// An attribute of that number.
    pub fn new(number: u16, content: Content) -> Self {
        Self { number, content, length: None }
    }
}

impl Message {
    /// A message of the kernel's own kinds, with what stands in it.
    pub fn control(type_number: u16, flags: u16, sequence: u32, payload: Vec<u8>) -> Self {
        Self { type_number, flags, sequence, port_id: 0, head: payload, attributes: Vec::new(), length: None }
    }

    fn write(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&self.type_number.to_ne_bytes());
        out.extend_from_slice(&self.flags.to_ne_bytes());
        out.extend_from_slice(&self.sequence.to_ne_bytes());
        out.extend_from_slice(&self.port_id.to_ne_bytes());
        out.extend_from_slice(&self.head);
        if !self.attributes.is_empty() {
            pad(start, out);
        }
        write(&self.attributes, out);
        let length = self.length.unwrap_or_else(|| u32::try_from(out.len() - start).unwrap_or(u32::MAX));
        out[start..start + 4].copy_from_slice(&length.to_ne_bytes());
        pad(start, out);
    }
}

/// The attributes that these bytes are, to their end; `None` where they are something else.
fn attributes(bytes: &[u8], depth: usize) -> Option<Vec<Attribute>> {
    let mut found = Vec::new();
    let mut at = 0;
    for attribute in Attributes::new(bytes) {
        let payload = attribute.ok()?.payload;
        let number = bytes.get(at + 2..at + 4)?.first_chunk().map(|number| u16::from_ne_bytes(*number))?;
        at = (at + ATTRIBUTE_HEAD + payload.len()).next_multiple_of(4);
        let inside =
            if depth < DEPTH_MAX && payload.len() >= ATTRIBUTE_HEAD { attributes(payload, depth + 1) } else { None };
        let content =
            inside.map_or_else(|| Content::Bytes(payload.to_vec()), |inside| Content::Nest(Vec::new(), inside));
        found.push(Attribute::new(number, content));
    }
    Some(found)
}

/// Writes attributes. One that is longer than a length can say lies, and so everything behind it is read otherwise.
pub fn write(attributes: &[Attribute], out: &mut Vec<u8>) {
    let origin = out.len();
    for attribute in attributes {
        let start = out.len();
        out.extend_from_slice(&[0; 2]);
        out.extend_from_slice(&attribute.number.to_ne_bytes());
        match &attribute.content {
            Content::Bytes(bytes) => out.extend_from_slice(bytes),
            Content::Nest(head, inside) => {
                let start = out.len();
                out.extend_from_slice(head);
                if !inside.is_empty() {
                    pad(start, out);
                }
                write(inside, out);
            }
        }
        let length = attribute.length.unwrap_or_else(|| u16::try_from(out.len() - start).unwrap_or(u16::MAX));
        out[start..start + 2].copy_from_slice(&length.to_ne_bytes());
        pad(origin, out);
    }
}

fn pad(origin: usize, out: &mut Vec<u8>) {
    let length = (out.len() - origin).next_multiple_of(4);
    out.resize(origin + length, 0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::captures;

    #[test]
    fn what_is_taken_apart_and_put_together_is_the_same() {
        let mut nests = 0;
        for (table, datagram) in captures::datagrams() {
            let document = Document::read(&datagram, table.space().header_len);
            let all = document.messages.iter().flat_map(|message| &message.attributes);
            nests += all.filter(|attribute| matches!(attribute.content, Content::Nest(..))).count();
            assert_eq!(document.bytes(), datagram);
        }
        assert!(nests > 20, "{nests}");
    }
}
