//! Lists in a record of rtnetlink: what stands there again and again.

use sockeye_wire::{Attributes, Counted, Field, Layout, Meaning, Payload, Scalar, Space};

use super::{Shape, Surrounding, Tree, next_hops, number_value, value};
use crate::Value;

/// A list, not read yet.
#[derive(Clone, Copy)]
pub(crate) struct Listed<'a> {
    pub(super) list: List,
    pub(super) bytes: &'a [u8],
    pub(super) surrounding: Surrounding<'a>,
}

/// What there is several times.
#[derive(Clone, Copy)]
pub(super) enum List {
    /// Structures of that length.
    Structures(&'static Layout, usize),
    /// Structures of which the first one says the number.
    Counted(&'static Counted),
    /// Numbers.
    Numbers(Scalar, Meaning),
    /// Numbers in a field of a structure.
    Field(&'static Field),
    /// Nests under an attribute number.
    Nests(u16, &'static Space),
    /// Attributes, whatever their number.
    Attributes(&'static Payload),
    /// Attributes with a number, among others.
    Repeated(u16, &'static Payload),
    /// Next hops.
    NextHops(&'static Space),
}

impl<'a> Listed<'a> {
    /// Each of them, in the kernel's order.
    pub(crate) fn values(&self) -> Box<dyn Iterator<Item = Value<'a>> + 'a> {
        let Self { list, bytes, surrounding } = *self;
        let attributes = || Attributes::new(bytes).map_while(Result::ok);
        match list {
            List::Structures(layout, len) => Box::new(
                bytes.chunks_exact(len.max(1)).map(move |one| Value::Tree(Tree::structure(layout, one, surrounding))),
            ),
            List::Counted(counted) => Box::new(
                counted.items(bytes).map(move |item| Value::Tree(Tree::structure(counted.item, item, surrounding))),
            ),
            List::Numbers(scalar, meaning) => Box::new(
                (0..bytes.len() / scalar.size())
                    .filter_map(move |index| scalar.read(bytes, index * scalar.size()))
                    .map(move |number| number_value(number, scalar, meaning, surrounding)),
            ),
            List::Field(field) => Box::new(field.numbers(bytes).map(Value::Unsigned)),
            List::Nests(number, space) => Box::new(
                attributes()
                    .filter(move |inner| inner.number == number)
                    .map(move |inner| Value::Tree(Tree::nest(space, inner.payload, surrounding))),
            ),
            List::Attributes(payload) => {
                Box::new(attributes().filter_map(move |one| value(payload, one.payload, bytes, surrounding)))
            }
            List::Repeated(number, payload) => Box::new(
                attributes()
                    .filter(move |other| other.number == number)
                    .filter_map(move |other| value(payload, other.payload, bytes, surrounding)),
            ),
            List::NextHops(space) => Box::new(
                next_hops(bytes)
                    .map(move |hop| Value::Tree(Tree { shape: Shape::NextHop(space), bytes: hop, surrounding })),
            ),
        }
    }
}
