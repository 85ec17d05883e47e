//! What events said of a table while it is being dumped. Rows are older than that, or may be.
//!
//! A record that an event put in carries its mark in the mirror; here is what is gone.

use std::collections::{HashMap, HashSet};

use sockeye_wire::rtnetlink::Table;

use super::rules::Rules;
use crate::mirror::Keyed;
use crate::rtnetlink::{Cursor, class, destination, is_counted_route};

/// Deletions that are remembered during one dump. Past it the dump is given up, and it is a gap: at about a hundred bytes
/// each, more would weigh as much as the table.
const DELETIONS_MAX: usize = 1 << 18;

/// What is gone of a record.
#[derive(Debug)]
pub(super) enum Gone {
    /// All of it.
    Whole,
    /// These nexthops of a route: a row may be from before or after.
    Nexthops(Vec<Vec<u8>>),
}

/// Deletions during one round.
#[derive(Debug, Default)]
pub(super) struct Overlay {
    gone: HashMap<Vec<u8>, Gone>,
    /// Groups in which a record was replaced by another, without a word which.
    replaced: HashSet<Vec<u8>>,
    /// Destinations of IPv4 routes that went, and those in which a datagram of the dump ended.
    destinations: HashSet<[u8; 8]>,
    ends: HashSet<[u8; 8]>,
    /// A deletion may have hidden records from the dump.
    pub(super) unsettled: bool,
}

impl Overlay {
    /// A record went. `false`: there are too many.
    #[must_use]
    pub(super) fn delete(&mut self, table: Table, key: &[u8], rules: Rules) -> bool {
        self.hide(table, key);
        if rules.tombstones {
            self.gone.insert(key.to_vec(), Gone::Whole);
        }
        self.has_room()
    }

    /// A route lost a nexthop. `false`: there are too many.
    #[must_use]
    pub(super) fn lose(&mut self, table: Table, key: &[u8], nexthop: &[u8]) -> bool {
        self.hide(table, key);
        let gone = self.gone.entry(key.to_vec()).or_insert_with(|| Gone::Nexthops(Vec::new()));
        if let Gone::Nexthops(nexthops) = gone {
            nexthops.push(nexthop.to_vec());
        }
        self.has_room()
    }

    /// A record is there again: an event told all of it.
    pub(super) fn revive(&mut self, key: &[u8]) {
        if !self.gone.is_empty() {
            self.gone.remove(key);
        }
    }

    /// Another record of this group may have gone. `false`: there are too many.
    #[must_use]
    pub(super) fn replace(&mut self, keyed: Keyed<'_>) -> bool {
        self.replaced.insert(keyed.key[..keyed.group].to_vec());
        self.has_room()
    }

    /// Whether nothing went so far: no row can be about what is no longer there.
    pub(super) fn is_empty(&self) -> bool {
        self.gone.is_empty() && self.replaced.is_empty()
    }

    /// What is gone of a record.
    pub(super) fn gone(&self, key: &[u8]) -> Option<&Gone> {
        if self.gone.is_empty() { None } else { self.gone.get(key) }
    }

    /// Whether a row of this group, untouched by events, may be the one that was replaced.
    pub(super) fn is_replaced(&self, keyed: Keyed<'_>) -> bool {
        !self.replaced.is_empty() && self.replaced.contains(&keyed.key[..keyed.group])
    }

    /// A datagram of the dump ended with this record: the next goes on from there.
    pub(super) fn ended_at(&mut self, key: &[u8]) {
        if let Some(end) = destination(key) {
            self.unsettled |= self.destinations.contains(&end);
            self.ends.insert(end);
        }
    }

    /// Whether a deletion may hide living records from the rest of the dump.
    fn hide(&mut self, table: Table, key: &[u8]) {
        match class(table).cursor {
            Cursor::Safe => {}
            Cursor::Counted => self.unsettled = true,
            Cursor::Destination if is_counted_route(key) => self.unsettled = true,
            Cursor::Destination => match destination(key) {
                Some(destination) => {
                    self.unsettled |= self.ends.contains(&destination);
                    self.destinations.insert(destination);
                }
                None => self.unsettled = true,
            },
        }
    }

    fn has_room(&self) -> bool {
        self.gone.len() + self.replaced.len() + self.destinations.len() <= DELETIONS_MAX
    }
}
