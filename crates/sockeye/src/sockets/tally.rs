//! How many sockets of which state and family were shown: what the footer speaks of.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use sockeye_query::sockets::{SocketRow, Table, Tables};
use sockeye_wire::sock_diag::state::State;

/// Rows by state, and which tables had any. Shared by the threads that show them.
#[derive(Default)]
pub(crate) struct Tally {
    states: [AtomicU64; 16],
    tables: [AtomicBool; Table::ALL.len()],
}

impl Tally {
    /// Counts a row.
    #[inline]
    pub(crate) fn add(&self, row: &SocketRow<'_>) {
        if let Some(count) = row.state().and_then(|state| self.states.get(usize::from(state.number()))) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        let seen = &self.tables[row.table as usize];
        // Threads that only read what is there do not wait for each other.
        if !seen.load(Ordering::Relaxed) {
            seen.store(true, Ordering::Relaxed);
        }
    }

    /// Rows of a state.
    pub(crate) fn of(&self, state: State) -> u64 {
        self.states.get(usize::from(state.number())).map_or(0, |count| count.load(Ordering::Relaxed))
    }

    /// The tables that had rows.
    pub(crate) fn tables(&self) -> Tables {
        Table::ALL.into_iter().filter(|&table| self.tables[table as usize].load(Ordering::Relaxed)).collect()
    }
}
