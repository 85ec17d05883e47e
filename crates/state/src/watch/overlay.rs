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

    /// A record went that nobody looks for. It can hide others all the same.
    pub(super) fn pass(&mut self, table: Table, key: &[u8]) {
        self.hide(table, key);
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of an IPv4 route to 10.7.`n`.0/24.
    fn key(n: u8) -> Vec<u8> {
        vec![2, 24, 0, 0, 254, 0, 0, 0, 20, 0, 0, 0, 4, 10, 7, n, 0, 9, 9]
    }

    #[test]
    fn the_overlay_has_a_bound() {
        let mut overlay = Overlay::default();
        let mut delete = |n: usize| overlay.delete(Table::Namespaces, &n.to_ne_bytes(), Rules::default());
        assert_eq!((0..=DELETIONS_MAX).position(|n| !delete(n)), Some(DELETIONS_MAX));
    }

    #[test]
    fn only_where_a_datagram_ended_can_a_route_of_ipv4_hide_others() {
        for (ends, deleted, hides) in [(5, 6, false), (5, 5, true)] {
            let (mut before, mut after) = (Overlay::default(), Overlay::default());
            before.ended_at(&key(ends));
            assert!(before.delete(Table::Routes, &key(deleted), Rules::default()));
            assert!(after.delete(Table::Routes, &key(deleted), Rules::default()));
            after.ended_at(&key(ends));
            assert_eq!((before.unsettled, after.unsettled), (hides, hides));
        }
    }

    #[test]
    fn a_dump_that_counts_is_disturbed_by_any_deletion_and_one_by_key_by_none() {
        for (table, hides) in [(Table::Neighbours, true), (Table::Links, false)] {
            let mut overlay = Overlay::default();
            assert!(overlay.delete(table, &[3, 0, 0, 0], Rules::default()));
            assert_eq!(overlay.unsettled, hides, "{}", table.name());
        }
    }
}
