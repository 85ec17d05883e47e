//! Groups of rows that agree in some fields, and how many rows each has.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use sockeye_query::FieldId;
use sockeye_query::sockets::SocketRow;

use super::listing::Take;
use super::options::Format;
use crate::output::{csv, json, table};

/// The values of a group as they are written, and how many rows have them.
pub(crate) type GroupCounts = HashMap<Vec<Vec<u8>>, u64>;

/// Groups of all threads.
pub(crate) struct Groups<'s> {
    fields: &'s [FieldId],
    /// The keys of the fields, where the values become members of JSON objects.
    keys: Option<Vec<String>>,
    counts: Mutex<GroupCounts>,
}

impl<'s> Groups<'s> {
    /// Groups by these fields, to be written in this format.
    pub(crate) fn new(fields: &'s [FieldId], format: Format) -> Self {
        let json = matches!(format, Format::Json | Format::Ndjson);
        let keys = json.then(|| fields.iter().map(|&field| csv::key(field)).collect());
        Self { fields, keys, counts: Mutex::default() }
    }

    pub(crate) fn into_counts(self) -> GroupCounts {
        self.counts.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Groups the rows of one thread.
pub(crate) struct Group<'s> {
    shared: &'s Groups<'s>,
    groups: GroupCounts,
}

impl<'s> Group<'s> {
    pub(crate) fn new(shared: &'s Groups<'s>) -> Self {
        Self { shared, groups: HashMap::new() }
    }
}

impl Take for Group<'_> {
    fn take(&mut self, row: &SocketRow<'_>) -> bool {
        let texts = self.shared.fields.iter().enumerate().map(|(index, &field)| {
            let mut text = Vec::new();
            match &self.shared.keys {
                Some(keys) => json::group_member(&mut text, &keys[index], field, row),
                None => table::group_cell(&mut text, field, row),
            }
            text
        });
        *self.groups.entry(texts.collect()).or_default() += 1;
        true
    }

    fn end(&mut self) {
        let mut groups = self.shared.counts.lock().unwrap_or_else(PoisonError::into_inner);
        for (texts, count) in self.groups.drain() {
            *groups.entry(texts).or_default() += count;
        }
    }
}
