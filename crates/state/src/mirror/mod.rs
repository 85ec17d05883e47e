//! One table of the kernel, kept as the kernel sent it.

use sockeye_wire::rtnetlink::Table;

/// A copy of one table. Records are the payloads of the kernel's messages, byte for byte.
#[derive(Debug)]
pub struct Mirror {
    table: Table,
}

/// What became of a record that was put in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upsert {
    /// It is new.
    Added,
    /// There was another with its identity.
    Changed,
    /// It was there, but for counters and ages.
    Unchanged,
}

impl Mirror {
    /// An empty copy.
    pub fn new(table: Table, _seed: u64) -> Self {
        Self { table }
    }

    /// The table.
    pub fn table(&self) -> Table {
        self.table
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        0
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every record, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        core::iter::empty()
    }

    /// The record with this identity, as [`Change::key`](crate::watch::Change::key) gives it.
    pub fn get(&self, _key: &[u8]) -> Option<&[u8]> {
        None
    }

    /// Bytes of memory that it holds, from its capacities.
    pub fn memory(&self) -> usize {
        0
    }
}
