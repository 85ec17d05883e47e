//! What changed on the machine lately, in the words of `sockeye watch`.

use std::collections::VecDeque;
use std::time::SystemTime;

use anyhow::Result;
use sockeye_conn::{Namespace, Watcher};
use sockeye_state::lives::Time;
use sockeye_state::rtnetlink::Tables;
use sockeye_state::watch::{self, Output};
use sockeye_wire::rtnetlink::Table;

use super::losses::{self, Losses};
use crate::live::{self, remembered};
use crate::sockets::system::Interfaces;
use crate::watch::line;
use crate::watch::place::Place;
use crate::watch::report::{Event, Report};

/// Changes that are kept.
const KEPT_MAX: usize = 500;
/// Letters of one that are kept: a screen is not wider.
const LETTERS_MAX: usize = 400;
/// Letters of a date before the time of day, and all of them.
const DATE_LEN: usize = 11;
const TIME_LEN: usize = 27;

/// What is followed: what decides where packets go and whether they do.
const TABLES: [Table; 7] =
    [Table::Links, Table::Addresses, Table::Routes, Table::Rules, Table::Neighbours, Table::Nexthops, Table::Qdiscs];

/// A change that is kept.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    /// Which of all since the start. What was before the start is heard later than it happened.
    pub(super) number: u64,
    at: Time,
    pub(super) line: String,
    /// It is no change, but a loss of some.
    pub(super) is_gap: bool,
}

/// The changes of all namespaces, oldest first.
#[derive(Debug, Default)]
pub(super) struct Log {
    pub(super) kept: VecDeque<Kept>,
    count: u64,
}

impl Log {
    /// Keeps one by its time: what was before the start is told by one namespace after the other.
    fn keep(&mut self, at: Time, line: String, is_gap: bool) {
        let place = self.kept.partition_point(|kept| kept.at <= at);
        let is_full = self.kept.len() == KEPT_MAX;
        // One that is older than all of them, of which no more are kept, is not.
        if is_full && place == 0 {
            return;
        }
        self.count += 1;
        self.kept.insert(place, Kept { number: self.count, at, line, is_gap });
        if is_full {
            self.kept.pop_front();
        }
    }
}

/// What follows the changes of one namespace.
pub(super) struct Changes {
    watcher: Watcher,
    place: Place,
    began: SystemTime,
    /// Tables of which something was lost, and that were not read whole since.
    lossy: Tables,
}

impl Changes {
    pub(super) fn open(namespace: Option<Namespace>, label: &[u8]) -> Result<Self> {
        let place = Place::new(label.to_vec(), Interfaces::opened(namespace.as_ref()));
        let mut options = watch::Options::new(TABLES.into_iter().collect::<Tables>());
        // The names of interfaces are learned from what is there.
        options.snapshot = true;
        let watcher = Watcher::open(namespace, options)?;
        Ok(Self { watcher, place, began: SystemTime::now(), lossy: Tables::default() })
    }

    /// The namespace, where it is another than this process's.
    pub(super) fn namespace(&self) -> Option<&Namespace> {
        self.watcher.namespace()
    }

    /// Whether something was lost that is not known again.
    pub(super) fn has_gap(&self) -> bool {
        !self.lossy.is_empty()
    }

    /// Takes what happened, and what was lost of it.
    pub(super) fn advance(&mut self, log: &mut Log, losses: &mut Losses) -> Result<()> {
        let (place, began, lossy) = (&self.place, self.began, &mut self.lossy);
        self.watcher.advance(&mut |output| match output {
            Output::Change(change) => keep(log, place, &change),
            Output::Gap(gap) => {
                let at = live::now();
                *lossy = lossy.union(gap.tables);
                let line = line_of(place, at, Event::Gap { gap: &gap, since: began + gap.since });
                losses.add(losses::Kind::Changes(gap.reason), gap.lost, began + gap.since);
                log.keep(at, line, true);
            }
            Output::Synced(synced) => *lossy = synced.tables.iter().fold(*lossy, Tables::without),
            // Of a table that there is not, or not any more, nothing is missing.
            Output::Unsupported { table, .. } => *lossy = lossy.without(table),
            _ => {}
        })?;
        Ok(())
    }
}

fn keep(log: &mut Log, place: &Place, change: &watch::Change<'_>) {
    let made = crate::watch::change::read(change, place);
    if change.table == Table::Links
        && let Some((index, name)) = made.row().and_then(|row| row.link_name())
    {
        place.learn(index, name, change.new.is_none());
    }
    let now = live::now();
    // What was there before is no news, unless it came to be so a moment before.
    let at = match change.origin {
        watch::Origin::Snapshot => made.row().and_then(|row| remembered::changed_lately(&row, now)),
        _ => Some(now),
    };
    let Some(at) = at else { return };
    let event =
        Event::Change { change: &made, key: change.key, origin: change.origin, port_id: change.port_id, process: None };
    log.keep(at, line_of(place, at, event), false);
}

/// The line of `watch`, with the time of day alone.
fn line_of(place: &Place, at: Time, event: Event<'_>) -> String {
    let mut out = Vec::new();
    let netns = Some(place.label.as_slice()).filter(|label| !label.is_empty());
    line::write(&mut out, &Report { time: live::calendar(at), netns, event });
    let text = String::from_utf8_lossy(&out);
    let time: String = text.chars().skip(DATE_LEN).take(8).collect();
    let rest: String = text.trim_end().chars().skip(TIME_LEN).take(LETTERS_MAX).collect();
    format!("{time}{rest}")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_is_told_late_stands_where_it_was_and_the_oldest_go() {
        let mut log = Log::default();
        let middle = u64::try_from(KEPT_MAX).expect("few");
        for second in (middle..2 * middle - 1).chain([1, 0]) {
            log.keep(Duration::from_secs(second), second.to_string(), false);
        }
        let told = |log: &Log| log.kept.iter().map(|kept| kept.line.clone()).collect::<Vec<_>>();
        assert_eq!((told(&log)[0].as_str(), told(&log)[1].as_str(), log.kept.len()), ("1", "500", KEPT_MAX));
        log.keep(Duration::from_secs(middle + 5), "late".to_owned(), false);
        assert_eq!((told(&log)[0].as_str(), told(&log)[5].as_str(), told(&log)[6].as_str()), ("500", "505", "late"));
        let numbers: std::collections::BTreeSet<_> = log.kept.iter().map(|kept| kept.number).collect();
        assert_eq!(numbers.len(), KEPT_MAX);
    }
}
