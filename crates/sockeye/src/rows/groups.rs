//! Groups of rows that agree in some fields, and how many rows each has.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use sockeye_query::{Catalog, FieldId};

use super::takers::Key;
use super::{Row, Take};
use crate::output::json::GroupKey;
use crate::output::table;
use crate::sockets::Format;

/// What a group is sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GroupOrder {
    /// Which of the fields that rows are grouped by; none: how many rows there are.
    pub(crate) field: Option<usize>,
    /// The largest first.
    pub(crate) descending: bool,
}

/// The values of a group as they are written, and how many rows have them.
pub(crate) type Written = (Vec<Vec<u8>>, u64);

/// What is known of the rows of a group.
struct Rows {
    count: u64,
    /// The values that groups are sorted by, one for each field; none where no order asks for them.
    keys: Vec<Option<Key>>,
}

type RowsByTexts = HashMap<Vec<Vec<u8>>, Rows>;

/// Groups of all threads.
pub(crate) struct Groups<'s> {
    fields: &'s [FieldId],
    orders: &'s [GroupOrder],
    /// The keys of the fields, where the values become members of JSON objects.
    keys: Option<Vec<GroupKey>>,
    /// Values are written with their units, as rows of a table have them.
    units: bool,
    rows: Mutex<RowsByTexts>,
}

impl<'s> Groups<'s> {
    /// Groups by these fields of a catalog, in this order, to be written in this format.
    pub(crate) fn new(
        catalog: &'static Catalog,
        fields: &'s [FieldId],
        orders: &'s [GroupOrder],
        format: Format,
    ) -> Self {
        let json = matches!(format, Format::Json | Format::Ndjson);
        let keys = json.then(|| GroupKey::of(catalog, fields));
        Self { fields, orders, keys, units: format == Format::Table, rows: Mutex::default() }
    }

    /// The groups in their order; those that are alike in it, and all without one, by their rows, the most first.
    pub(crate) fn in_order(self) -> Vec<Written> {
        let rows = self.rows.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut groups: Vec<_> = rows.into_iter().collect();
        groups.sort_by(|(a_texts, a), (b_texts, b)| {
            let compare = |order: &GroupOrder| match order.field {
                Some(field) => Key::compare(a.keys[field].as_ref(), b.keys[field].as_ref(), order.descending),
                None if order.descending => b.count.cmp(&a.count),
                None => a.count.cmp(&b.count),
            };
            let found = self.orders.iter().map(compare).find(|found| found.is_ne());
            found.unwrap_or_else(|| b.count.cmp(&a.count)).then_with(|| a_texts.cmp(b_texts))
        });
        groups.into_iter().map(|(texts, rows)| (texts, rows.count)).collect()
    }

    fn keys_of(&self, row: Row<'_, '_>) -> Vec<Option<Key>> {
        if self.orders.iter().all(|order| order.field.is_none()) {
            return Vec::new();
        }
        self.fields.iter().map(|&field| row.value(field).and_then(|value| Key::of(&value))).collect()
    }
}

/// Groups the rows of one thread.
pub(crate) struct Group<'s> {
    shared: &'s Groups<'s>,
    rows: RowsByTexts,
}

impl<'s> Group<'s> {
    pub(crate) fn new(shared: &'s Groups<'s>) -> Self {
        Self { shared, rows: HashMap::new() }
    }
}

impl Take for Group<'_> {
    fn take(&mut self, row: Row<'_, '_>) -> bool {
        let texts = self.shared.fields.iter().enumerate().map(|(index, &field)| {
            let mut text = Vec::new();
            match &self.shared.keys {
                Some(keys) => keys[index].write(&mut text, field, row),
                None => table::group_cell(&mut text, field, row, self.shared.units),
            }
            text
        });
        let new = || Rows { count: 0, keys: self.shared.keys_of(row) };
        self.rows.entry(texts.collect()).or_insert_with(new).count += 1;
        true
    }

    fn end(&mut self) {
        let mut all = self.shared.rows.lock().unwrap_or_else(PoisonError::into_inner);
        for (texts, rows) in self.rows.drain() {
            all.entry(texts).or_insert(Rows { count: 0, keys: rows.keys }).count += rows.count;
        }
    }
}
