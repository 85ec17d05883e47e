//! What tracepoints give their programs, and the names of numbers.

use super::{Btf, ENUM, ENUM64, FUNC_PROTO, PTR, STRUCT, TYPE_BYTES, TYPEDEF, UNION, header::word, names};

/// What a tracepoint gives its programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Argument {
    /// A pointer to the structure with this name.
    Pointer(Box<str>),
    /// An enumeration with this name.
    Enumeration(Box<str>),
    /// A number, or a pointer to what has no name.
    Other,
}

impl Btf {
    /// The number of a tracepoint's type.
    pub(crate) fn tracepoint(&self, name: &str) -> Option<u32> {
        self.of_kind(name, &[TYPEDEF])
    }

    /// What a tracepoint gives its programs, by the name of its type: a pointer to a function whose first argument is
    /// no business of programs.
    pub(crate) fn arguments(&self, name: &str) -> Option<Vec<Argument>> {
        let pointer = self.resolve(self.find(self.tracepoint(name)?)?.referred)?;
        let function = self.resolve(pointer.referred).filter(|_| pointer.kind == PTR)?;
        if function.kind != FUNC_PROTO {
            return None;
        }
        let all = self.bytes.all();
        (1..function.length)
            .map(|index| Some(self.argument(word(all, function.at + TYPE_BYTES + index * 8 + 4)?)))
            .collect()
    }

    /// The names of an enumeration's values.
    pub(crate) fn values(&self, name: &str) -> Option<Vec<(u32, Box<str>)>> {
        let found = self.find(self.of_kind(name, &[ENUM, ENUM64])?)?;
        let all = self.bytes.all();
        let each = if found.kind == ENUM { 8 } else { 12 };
        let value = |index: usize| {
            let at = found.at + TYPE_BYTES + index * each;
            Some((word(all, at + 4)?, self.text(word(all, at)?)?))
        };
        (0..found.length).map(value).collect()
    }

    fn argument(&self, number: u32) -> Argument {
        let name = |number| self.resolve(number).and_then(|found| Some((found.kind, self.text(found.name)?)));
        match self.resolve(number) {
            Some(pointer) if pointer.kind == PTR => match name(pointer.referred) {
                Some((STRUCT | UNION, name)) => Argument::Pointer(name),
                _ => Argument::Other,
            },
            Some(found) if matches!(found.kind, ENUM | ENUM64) => {
                self.text(found.name).map_or(Argument::Other, Argument::Enumeration)
            }
            _ => Argument::Other,
        }
    }

    pub(super) fn text(&self, at: u32) -> Option<Box<str>> {
        let text = names::text(self.layout.strings(self.bytes.all()), at)?;
        (!text.is_empty()).then(|| String::from_utf8_lossy(text).into())
    }
}
