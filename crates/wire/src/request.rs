//! Messages to the kernel: a header, a fixed structure, attributes.

use crate::attribute;
use crate::bytes::align;
use crate::message::{HEADER_LEN, NLM_F_REQUEST};

/// One request, built front to back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    bytes: Vec<u8>,
}

impl Request {
    /// An empty request of this type; `NLM_F_REQUEST` is always set.
    pub fn new(type_number: u16, flags: u16) -> Self {
        let mut bytes = vec![0; HEADER_LEN];
        bytes[4..6].copy_from_slice(&type_number.to_ne_bytes());
        bytes[6..8].copy_from_slice(&(flags | NLM_F_REQUEST).to_ne_bytes());
        let mut request = Self { bytes };
        request.seal();
        request
    }

    /// Appends the family's fixed structure.
    #[must_use]
    pub fn body(mut self, body: &[u8]) -> Self {
        self.bytes.extend_from_slice(body);
        self.pad();
        self
    }

    /// Appends one attribute. A payload over 65 531 bytes does not fit an attribute and is cut there.
    #[must_use]
    pub fn attribute(mut self, number: u16, payload: &[u8]) -> Self {
        let room = usize::from(u16::MAX) - attribute::HEADER_LEN;
        let payload = &payload[..payload.len().min(room)];
        let length = u16::try_from(attribute::HEADER_LEN + payload.len()).unwrap_or(u16::MAX);
        self.bytes.extend_from_slice(&length.to_ne_bytes());
        self.bytes.extend_from_slice(&number.to_ne_bytes());
        self.bytes.extend_from_slice(payload);
        self.pad();
        self
    }

    /// Sets the sequence number that the answers will carry.
    #[must_use]
    pub fn sequence(mut self, sequence: u32) -> Self {
        self.bytes[8..12].copy_from_slice(&sequence.to_ne_bytes());
        self
    }

    /// The finished message.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn pad(&mut self) {
        self.bytes.resize(align(self.bytes.len()), 0);
        self.seal();
    }

    fn seal(&mut self) {
        let length = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        self.bytes[..4].copy_from_slice(&length.to_ne_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Attributes, Messages};

    #[test]
    fn what_is_built_reads_back() {
        let request = Request::new(20, 0x300).body(&[1, 2, 3]).attribute(7, &[9; 5]).sequence(0x0102_0304);
        let messages: Vec<_> = Messages::new(request.as_bytes()).map(Result::unwrap).collect();
        assert_eq!(messages.len(), 1);
        assert_eq!((messages[0].type_number(), messages[0].flags()), (20, 0x301));
        assert_eq!(messages[0].sequence(), 0x0102_0304);
        let payload = messages[0].payload();
        assert_eq!(payload[..4], [1, 2, 3, 0]);
        assert_eq!(Attributes::new(&payload[4..]).last(7), Some(&[9u8; 5][..]));
    }
}
