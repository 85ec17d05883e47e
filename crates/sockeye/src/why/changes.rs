//! What changed on the machine while we looked.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use sockeye_conn::{Error, Namespace, Watcher};
use sockeye_query::rtnetlink::{Change, ChangeKind, Row};
use sockeye_state::rtnetlink::Tables;
use sockeye_state::watch::{Options, Output, Verb};
use sockeye_wire::rtnetlink::Table;

use crate::sockets::system::Interfaces;
use crate::tables::Place;
use crate::watch::line::change_line;

/// Changes that are kept, the last ones.
const KEPT_MAX: usize = 20;

/// Tables whose changes explain something; neighbours come and go by themselves.
const TABLES: [Table; 6] =
    [Table::Links, Table::Addresses, Table::Routes, Table::Rules, Table::Nexthops, Table::Qdiscs];

/// Changes as they happen.
pub(super) struct Changes {
    watcher: Watcher,
    place: Place,
    lines: VecDeque<(SystemTime, String)>,
    /// All of them, those that were not kept too.
    pub(super) count: u64,
}

impl Changes {
    pub(super) fn open(namespace: Option<Namespace>) -> Result<Self, Error> {
        let tables: Tables = TABLES.into_iter().collect();
        let place = Place { label: None, interfaces: Interfaces::opened(namespace.as_ref()), index: 0 };
        let watcher = Watcher::open(namespace, Options::new(tables))?;
        Ok(Self { watcher, place, lines: VecDeque::new(), count: 0 })
    }

    /// Reads for so long.
    pub(super) fn follow(&mut self, time: Duration) -> Result<(), Error> {
        let until = std::time::Instant::now() + time;
        loop {
            let left = until.saturating_duration_since(std::time::Instant::now());
            let (lines, place, count) = (&mut self.lines, &self.place, &mut self.count);
            self.watcher.wait(Some(left), &mut |output| take(lines, place, count, &output))?;
            if left.is_zero() {
                return Ok(());
            }
        }
    }

    /// The last changes, the latest last, each with when it was heard of.
    pub(super) fn into_lines(self) -> Vec<(SystemTime, String)> {
        self.lines.into()
    }
}

fn take(lines: &mut VecDeque<(SystemTime, String)>, place: &Place, count: &mut u64, output: &Output<'_>) {
    let Output::Change(change) = output else { return };
    let made = Change {
        kind: match change.verb {
            Verb::Added => ChangeKind::Added,
            Verb::Changed => ChangeKind::Changed,
            Verb::Removed => ChangeKind::Removed,
        },
        resync: change.is_resync(),
        old: change.old.and_then(|bytes| Row::read(change.table, bytes, place).ok()),
        new: change.new.and_then(|bytes| Row::read(change.table, bytes, place).ok()),
    };
    let mut line = Vec::new();
    change_line(&mut line, &made, change.origin);
    *count += 1;
    if lines.len() == KEPT_MAX {
        lines.pop_front();
    }
    lines.push_back((SystemTime::now(), String::from_utf8_lossy(&line).trim_start().to_owned()));
}
