//! One record of any table of rtnetlink, in the receive buffer or in a mirror.

use sockeye_wire::rtnetlink::Table;
use sockeye_wire::{Attributes, Space, WireError};

use super::index::Index;
use super::registry::{self, Source};
use crate::filter::Record;
use crate::tree::{Entry, Surrounding, Tree, padded};
use crate::{Context, FieldId, Value};

/// One record: its table and its message, not copied.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    /// The table it belongs to.
    pub table: Table,
    payload: &'a [u8],
    index: Index,
    /// What the record itself does not say.
    pub context: &'a dyn Context,
}

impl<'a> Row<'a> {
    /// Reads the payload of one message: the family's structure and the attributes behind it.
    #[inline]
    pub fn read(table: Table, payload: &'a [u8], context: &'a dyn Context) -> Result<Self, WireError> {
        let need = table.header_len();
        if payload.len() < need {
            return Err(WireError::Truncated { what: table.space().name, at: 0, need, have: payload.len() });
        }
        let index = Index::new(payload.get(padded(need)..).unwrap_or_default());
        Ok(Self { table, payload, index, context })
    }

    /// The value of a field; `None` where the kernel did not give it.
    pub fn value(&self, field: FieldId) -> Option<Value<'a>> {
        match registry::source(self.table, field)? {
            Source::Flat(flat) => flat.value(self),
            Source::Places(places) => places.iter().find_map(|place| place.value(self)),
        }
    }

    /// Everything that the record says, each value once: fields made here, those of the family's structure, attributes.
    pub fn entries(&self, each: &mut dyn FnMut(Entry<'a>)) {
        for &(field, flat) in registry::flats(self.table) {
            if let Some(value) = flat.value(self) {
                let info = registry::catalog(self.table).info(field);
                each(Entry { key: info.json.clone().into(), name: info.path.clone().into(), value });
            }
        }
        let hidden = registry::hidden(self.table);
        let mut from_header = true;
        let header = self.space().header;
        Tree::nest(self.space(), self.payload, self.surrounding()).entries(&mut |entry| {
            let is_field =
                from_header && header.is_some_and(|it| it.fields.iter().any(|field| *field.name == *entry.key));
            from_header = is_field;
            if !hidden.takes(&entry.key, is_field, self) {
                each(entry);
            }
        });
    }

    /// Index and name of a link.
    pub fn link_name(&self) -> Option<(u32, &'a [u8])> {
        /// `IFLA_IFNAME`.
        const IFNAME: u16 = 3;
        let index = sockeye_wire::Scalar::U32.read(self.payload, 4)?;
        Some((u32::try_from(index).ok()?, sockeye_wire::text(self.attribute(IFNAME)?)))
    }

    /// The bytes that the record was read from.
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// The address family, which every message of rtnetlink begins with.
    pub fn family(&self) -> u8 {
        self.payload.first().copied().unwrap_or_default()
    }

    /// The malformed attribute at which its attributes end.
    pub fn defect(&self) -> Option<WireError> {
        if self.index.is_whole() { None } else { Attributes::new(self.attributes()).find_map(Result::err) }
    }

    /// The payload of an attribute.
    #[inline]
    pub(super) fn attribute(&self, number: u16) -> Option<&'a [u8]> {
        self.index.last(self.attributes(), number)
    }

    /// Where its attributes begin.
    pub(super) fn attributes_at(&self) -> usize {
        padded(self.table.header_len())
    }

    /// The number at this place of the family's structure.
    pub(super) fn byte(&self, at: usize) -> u8 {
        self.payload.get(at).copied().unwrap_or_default()
    }

    pub(super) fn attributes(&self) -> &'a [u8] {
        self.payload.get(self.attributes_at()..).unwrap_or_default()
    }

    fn space(&self) -> &'static Space {
        self.table.space()
    }

    pub(super) fn surrounding(&self) -> Surrounding<'a> {
        /// `IFLA_LINK_NETNSID`, `NDA_LINK_NETNSID`.
        const LINK_NETNSID: [u16; 2] = [37, 10];
        let namespace = match self.table {
            Table::Links => Some(LINK_NETNSID[0]),
            Table::Neighbours | Table::Fdb => Some(LINK_NETNSID[1]),
            _ => None,
        };
        Surrounding { context: self.context, family: self.family(), outer: &[], message: self.attributes(), namespace }
    }
}

impl Record for Row<'_> {
    fn value(&self, field: FieldId) -> Option<Value<'_>> {
        Row::value(self, field)
    }
}
