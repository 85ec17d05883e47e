//! Which fields the captures show, and with values that tell something.

use std::collections::{BTreeMap, BTreeSet};

use sockeye_query::sockets::{SocketRow, catalog};
use sockeye_query::{FieldId, FieldKind, Value};
use sockeye_wire::Meaning;

use crate::decode;

/// What some captures show.
#[derive(Default)]
pub(crate) struct Shown {
    /// Fields that have a telling value in at least one row.
    pub(crate) telling: BTreeSet<FieldId>,
    /// Number fields by the object they stand in, with their values row by row.
    numbers: BTreeMap<FieldId, Vec<Option<u64>>>,
    rows: usize,
}

impl Shown {
    /// Adds the rows of a capture.
    pub(crate) fn add(&mut self, capture: &[u8]) {
        decode::rows(capture, |row| self.add_row(row));
    }

    fn add_row(&mut self, row: &SocketRow<'_>) {
        for (field, info) in catalog().fields() {
            let value = row.value(field);
            if value.as_ref().is_some_and(|value| tells(value, info.kind)) {
                self.telling.insert(field);
            }
            if let FieldKind::Number(_) = info.kind
                && !info.object().is_empty()
            {
                let values = self.numbers.entry(field).or_default();
                values.resize(self.rows, None);
                values.push(value.as_ref().and_then(number));
            }
        }
        self.rows += 1;
    }

    /// Pairs of numbers in one object that say the same in every row: mixed up, nobody would notice.
    pub(crate) fn twins(&self) -> Vec<(FieldId, FieldId)> {
        let mut twins = Vec::new();
        for (&one, values) in &self.numbers {
            for (&other, others) in self.numbers.range(one..).skip(1) {
                let same_object = catalog().info(one).object() == catalog().info(other).object();
                if same_object && values == others && values.iter().any(Option::is_some) {
                    twins.push((one, other));
                }
            }
        }
        twins
    }
}

fn number(value: &Value<'_>) -> Option<u64> {
    match *value {
        Value::Unsigned(number) | Value::Hexadecimal(number) | Value::Set { bits: number, .. } => Some(number),
        Value::Hexadecimal32(number) => Some(number.into()),
        Value::Signed(number) => Some(number.cast_unsigned()),
        Value::Truth(truth) => Some(truth.into()),
        _ => None,
    }
}

/// Whether a value could not have come out of empty bytes.
fn tells(value: &Value<'_>, kind: FieldKind) -> bool {
    match value {
        Value::Word(word) => match kind {
            FieldKind::Number(Meaning::OneOf(names)) => names.iter().any(|name| name.name == *word && name.value != 0),
            _ => true,
        },
        Value::Text(text) => !text.is_empty(),
        Value::Owned(text) => !text.is_empty(),
        Value::Address(address) => !address.is_unspecified(),
        Value::SocketAddress(address) => !address.ip().is_unspecified(),
        Value::List(values) => values.iter().any(|value| tells(value, kind)),
        Value::Several(values) => values.any(|value| tells(value, kind)),
        Value::Map(entries) => entries.iter().any(|(_, value)| tells(value, kind)),
        value => number(value).is_some_and(|number| number != 0),
    }
}
