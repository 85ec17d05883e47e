//! Where the attributes of a message stand: found in one walk, because every column and condition asks again.

use sockeye_wire::Attributes;

/// Attribute numbers whose places are kept: all that columns usually show. Those beyond are looked for each time.
const KEPT: usize = 32;

/// The last attribute of each number.
#[derive(Clone, Copy)]
pub(super) struct Index {
    /// Begin and end of each payload among the attributes.
    places: [(u16, u16); KEPT],
    /// Which numbers there are.
    known: u32,
    /// The walk came to the end, and every place is kept.
    whole: bool,
}

impl Index {
    /// Walks over attributes.
    #[inline]
    pub(super) fn new(attributes: &[u8]) -> Self {
        let mut index = Self { places: [(0, 0); KEPT], known: 0, whole: u16::try_from(attributes.len()).is_ok() };
        if !index.whole {
            return index;
        }
        let start = attributes.as_ptr().addr();
        for attribute in Attributes::new(attributes) {
            let Ok(attribute) = attribute else {
                index.whole = false;
                break;
            };
            if let Some(place) = index.places.get_mut(usize::from(attribute.number)) {
                let begin = attribute.payload.as_ptr().addr() - start;
                // Both fit: there are fewer attributes than 64 KiB.
                let at = |offset: usize| u16::try_from(offset).unwrap_or(u16::MAX);
                *place = (at(begin), at(begin + attribute.payload.len()));
                index.known |= 1 << attribute.number;
            }
        }
        index
    }

    /// Whether the attributes are well-formed, as far as that is known without another walk.
    pub(super) fn is_whole(&self) -> bool {
        self.whole
    }

    /// The payload of the last attribute with this number, among those that were walked over.
    #[inline]
    pub(super) fn last<'a>(&self, attributes: &'a [u8], number: u16) -> Option<&'a [u8]> {
        match self.places.get(usize::from(number)) {
            Some(&(begin, end)) if self.whole => {
                if self.known & 1 << number == 0 {
                    None
                } else {
                    attributes.get(begin.into()..end.into())
                }
            }
            _ => Attributes::new(attributes).last(number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(number: u16, payload: &[u8]) -> Vec<u8> {
        let length = u16::try_from(4 + payload.len()).expect("short");
        let mut bytes = [length.to_ne_bytes(), number.to_ne_bytes()].concat();
        bytes.extend_from_slice(payload);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    fn check(attributes: &[u8]) {
        let index = Index::new(attributes);
        for number in 0..70 {
            assert_eq!(index.last(attributes, number), Attributes::new(attributes).last(number), "{number}");
        }
        let defect = Attributes::new(attributes).any(|attribute| attribute.is_err());
        assert!(!(defect && index.is_whole()));
    }

    #[test]
    fn the_index_answers_as_the_walk_does() {
        let twice = [attribute(7, b"first"), attribute(31, b""), attribute(7, b"last"), attribute(64, b"far")].concat();
        check(&twice);
        check(&twice[..twice.len() - 5]);
        check(&[]);
        check(&[twice, vec![3, 0, 9, 0]].concat());
        check(&[attribute(9, &vec![5; 40_000]), attribute(9, &vec![6; 40_000]), attribute(3, b"end")].concat());
    }
}
