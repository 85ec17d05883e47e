//! The fastest way to read a field of one table: chosen once for a listing, used for each row.

use sockeye_wire::{Meaning, Number, Scalar};

use super::place::{Place, Read, Says};
use super::registry::{Source, registry};
use super::row::SocketRow;
use super::table::Table;
use crate::{FieldId, Value};

/// How a field is read from rows of one table.
#[derive(Clone, Copy, Debug)]
pub enum Reader {
    /// A number at a fixed place.
    Number(NumberReader),
    /// Anything else.
    Value(FieldId),
}

/// Reads one number.
#[derive(Clone, Copy, Debug)]
pub struct NumberReader {
    attribute: Option<u16>,
    offset: usize,
    number: Number,
    says: Says,
    /// What the number means.
    pub meaning: Meaning,
}

impl Reader {
    /// The reader of a field for rows of `table`; `None` where they never have it.
    pub fn new(field: FieldId, table: Table) -> Option<Self> {
        let Source::Places(places) = &registry().sources[usize::from(field.0)] else {
            return Some(Self::Value(field));
        };
        let mut here = places.iter().filter(|place| place.tables.has(table));
        let first = here.next()?;
        Some(match (here.next(), first) {
            (None, Place { nest, attribute, read: Read::Number { offset, number }, says, .. }) if nest.is_empty() => {
                Self::Number(NumberReader {
                    attribute: *attribute,
                    offset: *offset,
                    number: *number,
                    says: *says,
                    meaning: number.meaning,
                })
            }
            _ => Self::Value(field),
        })
    }
}

/// The attribute that holds a field in rows of `table`; `None` where it is not in one attribute alone. A row without it
/// does not have the field.
pub fn attribute_of(field: FieldId, table: Table) -> Option<u16> {
    let Source::Places(places) = &registry().sources[usize::from(field.0)] else { return None };
    let mut here = places.iter().filter(|place| place.tables.has(table));
    let first = here.next()?;
    first.attribute.filter(|_| here.next().is_none())
}

impl NumberReader {
    /// The number, sign-extended where it is signed ([`NumberReader::is_signed`]).
    #[inline]
    pub fn read(&self, row: &SocketRow<'_>) -> Option<u64> {
        self.read_in(self.bytes(row)?)
    }

    /// The bytes that hold the number; `None` where they say nothing in this row.
    #[inline]
    pub fn bytes<'a>(&self, row: &SocketRow<'a>) -> Option<&'a [u8]> {
        let bytes = match self.attribute {
            Some(number) => row.slots.payload(number)?,
            None => row.header,
        };
        (self.says == Says::Always || !self.says.nothing(row)).then_some(bytes)
    }

    /// The number in the bytes that [`NumberReader::bytes`] gave, for this reader or one [beside](NumberReader::is_beside) it.
    #[inline]
    pub fn read_in(&self, bytes: &[u8]) -> Option<u64> {
        self.number.read(bytes, self.offset)
    }

    /// Whether the other number stands in the same bytes, and says something in the same rows.
    pub fn is_beside(&self, other: &Self) -> bool {
        (self.attribute, self.says) == (other.attribute, other.says)
    }

    /// Whether the number can have more than 32 bits.
    pub fn is_wide(&self) -> bool {
        self.number.scalar.bits() > u32::BITS
    }

    /// Whether the number can be negative.
    pub fn is_signed(&self) -> bool {
        self.number.scalar == Scalar::I32
    }

    /// The number as a value.
    pub fn value(&self, row: &SocketRow<'_>) -> Option<Value<'static>> {
        self.read(row).map(|number| super::place::from_number(number, self.number.scalar, self.meaning))
    }
}
