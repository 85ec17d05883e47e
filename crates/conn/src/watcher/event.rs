//! What a watcher tells, owned: for whoever wants to keep it, or to wait for it.

use std::collections::VecDeque;

use sockeye_state::Refusal;
use sockeye_state::watch::{Change, Gap, Origin, Output, Synced, Verb};
use sockeye_wire::rtnetlink::Table;
use sockeye_wire::rtnetlink::record::Record;

use super::Watcher;
use crate::error::Error;

/// One thing that a watcher tells.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A record was added, changed or removed.
    Changed(Changed),
    /// Messages were lost, or a mirror may be wrong for another reason. What follows until [`Event::Synced`] is what
    /// the repair finds.
    Gap(Gap),
    /// The mirrors equal the kernel's tables.
    Synced(Synced),
    /// This kernel does not have the table, or does not give it to us.
    Unsupported {
        /// The table.
        table: Table,
        /// What the kernel said.
        refusal: Refusal,
    },
}

/// A change with the bytes of its record.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Changed {
    /// The table.
    pub table: Table,
    /// What became of the record.
    pub verb: Verb,
    /// The record before; `None` if it is new.
    pub old: Option<Vec<u8>>,
    /// The record now; `None` if it is gone.
    pub new: Option<Vec<u8>>,
    /// How the engine came to know of it.
    pub origin: Origin,
    /// Port id of the socket whose request made the change; 0: the kernel itself.
    pub port_id: u32,
}

impl Changed {
    /// The record as it is now, or was last, by name.
    pub fn record(&self) -> Option<Record<'_>> {
        Record::read(self.table, self.new.as_deref().or(self.old.as_deref())?)
    }
}

impl From<Change<'_>> for Changed {
    fn from(change: Change<'_>) -> Self {
        Self {
            table: change.table,
            verb: change.verb,
            old: change.old.map(<[u8]>::to_vec),
            new: change.new.map(<[u8]>::to_vec),
            origin: change.origin,
            port_id: change.port_id,
        }
    }
}

impl Event {
    /// The same, owned; `None` for what this version does not know.
    pub(super) fn of(output: Output<'_>) -> Option<Self> {
        Some(match output {
            Output::Change(change) => Self::Changed(change.into()),
            Output::Gap(gap) => Self::Gap(gap),
            Output::Synced(synced) => Self::Synced(synced),
            Output::Unsupported { table, refusal } => Self::Unsupported { table, refusal },
            _ => return None,
        })
    }
}

/// Waits for one event after the other; it never ends by itself. Made by [`Watcher::events`].
#[derive(Debug)]
pub struct Events<'w> {
    watcher: &'w mut Watcher,
    pending: VecDeque<Event>,
}

impl Watcher {
    /// The events as a blocking iterator.
    pub fn events(&mut self) -> Events<'_> {
        Events { watcher: self, pending: VecDeque::new() }
    }
}

impl Iterator for Events<'_> {
    type Item = Result<Event, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.pending.is_empty() {
            let pending = &mut self.pending;
            if let Err(error) = self.watcher.wait(None, &mut |output| pending.extend(Event::of(output))) {
                return Some(Err(error));
            }
        }
        self.pending.pop_front().map(Ok)
    }
}
