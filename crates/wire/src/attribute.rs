//! Attributes: `struct nlattr` (include/uapi/linux/netlink.h), a length, a type and a payload.

use crate::bytes::align;
use crate::error::WireError;

/// Bytes of `struct nlattr`.
pub const HEADER_LEN: usize = 4;
/// `NLA_F_NESTED`: the payload is attributes. Kernels set it unevenly: never required on reading, always set on writing.
pub const NLA_F_NESTED: u16 = 1 << 15;
/// `NLA_F_NET_BYTEORDER`: the payload is big-endian.
pub const NLA_F_NET_BYTEORDER: u16 = 1 << 14;
/// `NLA_TYPE_MASK`: the attribute number without its flags.
pub const NLA_TYPE_MASK: u16 = !(NLA_F_NESTED | NLA_F_NET_BYTEORDER);

/// One attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// The attribute number, without flags.
    pub number: u16,
    /// The payload, without padding.
    pub payload: &'a [u8],
}

impl<'a> Attribute<'a> {
    /// The payload read as attributes.
    pub fn nested(&self) -> Attributes<'a> {
        Attributes::new(self.payload)
    }
}

/// Iterator over the attributes of a message or of a nest.
///
/// Ends after the first error: once a length is wrong, nothing after it can be found.
#[derive(Clone, Debug)]
pub struct Attributes<'a> {
    rest: &'a [u8],
    at: usize,
}

impl<'a> Attributes<'a> {
    /// Attributes in `bytes`, which begin at the first of them.
    #[inline]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, at: 0 }
    }

    /// The last attribute with this number, as the kernel's own parsers take the last of several.
    pub fn last(self, number: u16) -> Option<&'a [u8]> {
        self.map_while(Result::ok).filter(|attribute| attribute.number == number).last().map(|found| found.payload)
    }

    #[cold]
    fn fail(&mut self, error: WireError) -> Result<Attribute<'a>, WireError> {
        self.rest = &[];
        Err(error)
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Result<Attribute<'a>, WireError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let at = self.at;
        let have = self.rest.len();
        let Some(&[l0, l1, t0, t1]) = self.rest.first_chunk::<HEADER_LEN>() else {
            return Some(self.fail(WireError::Truncated { what: "nlattr", at, need: HEADER_LEN, have }));
        };
        let length = usize::from(u16::from_ne_bytes([l0, l1]));
        if length < HEADER_LEN {
            return Some(self.fail(WireError::BadLength { what: "nlattr", at, length }));
        }
        let Some(payload) = self.rest.get(HEADER_LEN..length) else {
            return Some(self.fail(WireError::Truncated { what: "nlattr", at, need: length, have }));
        };
        let step = align(length).min(have);
        self.rest = &self.rest[step..];
        self.at += step;
        Some(Ok(Attribute { number: u16::from_ne_bytes([t0, t1]) & NLA_TYPE_MASK, payload }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The header of an attribute, in the order of this machine.
    fn header(length: u16, number: u16) -> Vec<u8> {
        [length.to_ne_bytes(), number.to_ne_bytes()].concat()
    }

    #[test]
    fn flags_are_not_part_of_the_number() {
        let mut bytes = header(5, NLA_F_NESTED | NLA_F_NET_BYTEORDER | 7);
        bytes.push(0x42);
        let read = Attributes::new(&bytes).next().unwrap().unwrap();
        assert_eq!(read, Attribute { number: 7, payload: &[0x42] });
    }

    #[test]
    fn a_zero_length_ends_the_walk() {
        let results: Vec<_> = Attributes::new(&[0, 0, 1, 0, 8, 0, 1, 0, 1, 2, 3, 4]).collect();
        assert_eq!(results, [Err(WireError::BadLength { what: "nlattr", at: 0, length: 0 })]);
    }

    #[test]
    fn the_last_of_several_wins() {
        let bytes = [header(5, 1), vec![9, 0, 0, 0], header(5, 1), vec![8, 0, 0, 0]].concat();
        assert_eq!(Attributes::new(&bytes).last(1), Some(&[8][..]));
    }

    #[test]
    fn a_rest_shorter_than_a_header_is_named() {
        let bytes = [header(4, 1), vec![0xff]].concat();
        let results: Vec<_> = Attributes::new(&bytes).collect();
        assert_eq!(results[1], Err(WireError::Truncated { what: "nlattr", at: 4, need: 4, have: 1 }));
    }
}
