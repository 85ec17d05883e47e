//! The way to a field through nests, lists and kinds.

use core::ops::ControlFlow;

use sockeye_wire::{Attributes, Choice, Counted, Field, Payload, Selector};

use super::row::Row;
use crate::several::Visit;
use crate::tree::{self, Surrounding};
use crate::{Several, Value};

/// Where a field stands in a message.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) steps: Vec<Step>,
    pub(crate) leaf: Leaf,
}

/// One step inwards. Attributes begin `skip` bytes after the bytes that were reached.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// Into the attribute with this number.
    Attribute { skip: usize, number: u16 },
    /// The same, if what it holds is this choice.
    Choice { skip: usize, number: u16, selector: Selector, choices: &'static [Choice], index: usize },
    /// Into each attribute with this number.
    Each { skip: usize, number: u16 },
    /// Into each attribute, whatever its number.
    Listed,
    /// The same where a record has one.
    Only,
    /// Stay, if the message is of this family; 0 stands for all that are not among the choices.
    Family { family: u8, choices: &'static [(u8, &'static Payload)] },
    /// Into each next hop.
    NextHops,
    /// Into each of the structures whose number another one says.
    Counted(&'static Counted),
    /// Into each structure of that length.
    Structures(usize),
}

/// What stands at the end of the way.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Leaf {
    /// A field of a structure.
    Field(&'static Field),
    /// The whole payload.
    Payload(&'static Payload),
}

impl Place {
    /// Whether more than one value can stand there.
    pub(crate) fn has_several(&self) -> bool {
        self.steps.iter().any(|step| {
            matches!(step, Step::Each { .. } | Step::Listed | Step::NextHops | Step::Counted(_) | Step::Structures(_))
        })
    }

    /// The value in a row; a list where there can be several.
    pub(super) fn value<'a>(&'static self, row: &Row<'a>) -> Option<Value<'a>> {
        let (message, surrounding) = (row.payload(), row.surrounding());
        match self.steps.as_slice() {
            [] => return self.leaf.value(message, &[], surrounding),
            // Most of what is asked for is not there.
            [
                Step::Attribute { skip, number } | Step::Each { skip, number } | Step::Choice { skip, number, .. },
                rest @ ..,
            ] if *skip == row.attributes_at() => {
                let payload = row.attribute(*number)?;
                if rest.is_empty() && matches!(self.steps[0], Step::Attribute { .. }) {
                    let outer = Surrounding { outer: &[], ..surrounding };
                    return self.leaf.value(payload, row.attributes(), outer);
                }
            }
            _ => {}
        }
        if self.has_several() {
            let several = Several::from(Placed { place: self, message, surrounding });
            return (!several.is_empty()).then_some(Value::Several(several));
        }
        let mut found = None;
        let _ = descend(&self.steps, self.leaf, message, &[], surrounding, &mut |value| {
            found = Some(value);
            ControlFlow::Continue(())
        });
        found
    }
}

/// What stands at a place of a record that is there several times.
#[derive(Clone, Copy)]
pub(crate) struct Placed<'a> {
    place: &'static Place,
    message: &'a [u8],
    surrounding: Surrounding<'a>,
}

impl<'a> Placed<'a> {
    /// Hands each value to `visit`, until that breaks off.
    pub(crate) fn each(&self, visit: Visit<'_, 'a>) -> ControlFlow<()> {
        descend(&self.place.steps, self.place.leaf, self.message, &[], self.surrounding, visit)
    }

    /// Whether this is the same place of the same record.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        core::ptr::eq(self.place, other.place) && self.message == other.message
    }
}

impl Leaf {
    /// The value in these bytes, which have these attributes beside them.
    #[inline]
    fn value<'a>(self, bytes: &'a [u8], siblings: &'a [u8], surrounding: Surrounding<'a>) -> Option<Value<'a>> {
        match self {
            Self::Field(field) => tree::field_value(field, bytes, surrounding),
            Self::Payload(payload) => tree::value(payload, bytes, siblings, surrounding),
        }
    }
}

fn descend<'a>(
    steps: &[Step],
    leaf: Leaf,
    bytes: &'a [u8],
    siblings: &'a [u8],
    surrounding: Surrounding<'a>,
    each: Visit<'_, 'a>,
) -> ControlFlow<()> {
    let Some((step, steps)) = steps.split_first() else {
        return leaf.value(bytes, siblings, surrounding).map_or(ControlFlow::Continue(()), each);
    };
    let attributes = |skip: usize| bytes.get(skip..).unwrap_or_default();
    let inner = Surrounding { outer: siblings, ..surrounding };
    match *step {
        Step::Attribute { skip, number } => {
            if let Some(payload) = Attributes::new(attributes(skip)).last(number) {
                descend(steps, leaf, payload, attributes(skip), inner, each)?;
            }
        }
        Step::Choice { skip, number, selector, choices, index } => {
            let here = attributes(skip);
            let chosen = tree::selected(selector, choices, here, inner);
            if chosen.is_some_and(|choice| core::ptr::eq(choice, &raw const choices[index]))
                && let Some(payload) = Attributes::new(here).last(number)
            {
                descend(steps, leaf, payload, here, inner, each)?;
            }
        }
        Step::Each { skip, number } => {
            let here = attributes(skip);
            for attribute in Attributes::new(here).map_while(Result::ok).filter(|it| it.number == number) {
                descend(steps, leaf, attribute.payload, here, inner, each)?;
            }
        }
        Step::Listed | Step::Only => {
            for attribute in Attributes::new(bytes).map_while(Result::ok) {
                descend(steps, leaf, attribute.payload, bytes, inner, each)?;
            }
        }
        Step::Family { family, choices } => {
            let own = choices.iter().any(|(choice, _)| *choice == surrounding.family);
            if family == surrounding.family || family == 0 && !own {
                descend(steps, leaf, bytes, siblings, surrounding, each)?;
            }
        }
        Step::NextHops => {
            for hop in tree::next_hops(bytes) {
                descend(steps, leaf, hop, siblings, surrounding, each)?;
            }
        }
        Step::Counted(counted) => {
            for item in counted.items(bytes) {
                descend(steps, leaf, item, siblings, surrounding, each)?;
            }
        }
        Step::Structures(len) => {
            for one in bytes.chunks_exact(len.max(1)) {
                descend(steps, leaf, one, siblings, surrounding, each)?;
            }
        }
    }
    ControlFlow::Continue(())
}
