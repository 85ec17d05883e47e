//! Mark and sweep: what a dump showed, what events touched meanwhile, and what neither knows of.

use super::slab::Mark;
use super::{Entry, Mirror};
use crate::rtnetlink::write_key;

/// Rounds are counted in this many bits of a mark.
const ROUND_BITS: u32 = 13;
/// Rounds that can be told apart.
pub(crate) const ROUNDS: u16 = 1 << ROUND_BITS;
/// An event of the round put the record in: rows of its dump are older.
const TOUCHED: u16 = 1 << 15;
/// The last dump did not show the record.
const MISSED: u16 = 1 << 14;

/// The mark of a record that a dump of this round showed.
pub(crate) const fn shown(round: u16) -> u16 {
    round % ROUNDS
}

/// The mark of a record that an event of this round put in.
pub(crate) const fn touched(round: u16) -> u16 {
    shown(round) | TOUCHED
}

/// Whether a mark says that an event of this round put the record in.
pub(crate) const fn is_touched(mark: u16, round: u16) -> bool {
    mark == touched(round)
}

/// Whether a mark says that a dump or event of this round knows the record.
pub(crate) const fn is_known(mark: u16, round: u16) -> bool {
    mark & !TOUCHED == shown(round)
}

/// What becomes of a record that a dump did not show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It stays, and is remembered as missed.
    Missed,
    /// It goes.
    Removed,
}

/// Decides on a record, by its key, its bytes, and whether the dump before missed it too.
pub(crate) type Judge<'j> = dyn FnMut(&[u8], &[u8], bool) -> Fate + 'j;

impl Mirror {
    /// Asks for the fate of each record that neither a dump nor an event of this round knows.
    pub(crate) fn sweep(&mut self, round: u16, judge: &mut Judge<'_>) {
        let (table, slab, key) = (self.table, &mut self.slab, &mut self.key);
        self.index.retain(|&mut Entry { id, .. }| {
            let Mark { seen, .. } = slab.mark(id);
            if is_known(seen, round) {
                return true;
            }
            let record = slab.get(id);
            write_key(table, record, key);
            match judge(key, record, seen & MISSED != 0) {
                Fate::Missed => {
                    slab.set_seen(id, MISSED | seen & !TOUCHED);
                    true
                }
                Fate::Removed => {
                    slab.remove(id);
                    false
                }
            }
        });
        if self.index.is_empty() {
            self.slab.clear();
        }
        self.shrink();
    }

    /// Forgets all marks: before the count of rounds begins anew.
    pub(crate) fn unmark(&mut self) {
        for entry in &self.index {
            self.slab.set_seen(entry.id, 0);
        }
    }

    /// Gives memory of the index back after most of a table went.
    fn shrink(&mut self) {
        /// Below this many places it is not worth it.
        const SMALL: usize = 4096;
        if self.index.capacity() <= SMALL.max(self.index.len() * 8) {
            return;
        }
        self.index.shrink_to(self.index.len() * 2, |entry| Entry::spread(entry.hash));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sockeye_wire::rtnetlink::Table;

    #[test]
    fn an_index_that_most_left_is_made_smaller() {
        let mut mirror = Mirror::new(Table::Namespaces, 7);
        let record = |n: u32| [&[0, 0, 0, 0, 8, 0, 1, 0][..], &n.to_ne_bytes()].concat();
        let mut old = Vec::new();
        (0..40_000).for_each(|n| assert_eq!(mirror.upsert(&record(n), &mut old), crate::Upsert::Added));
        let before = mirror.index.allocation_size();
        let keep = |n: u32| n.is_multiple_of(1000);
        mirror.sweep(1, &mut |_, record, _| {
            let n = u32::from_ne_bytes(*record[8..].first_chunk().unwrap());
            if keep(n) { Fate::Missed } else { Fate::Removed }
        });
        assert!(mirror.index.allocation_size() * 8 < before);
        (0..40_000u32).for_each(|n| assert_eq!(mirror.get(&[&[4][..], &n.to_ne_bytes()].concat()).is_some(), keep(n)));
    }

    #[test]
    fn a_mirror_can_be_shared_between_threads() {
        const fn is_shared<T: Send + Sync>() {}
        is_shared::<Mirror>();
    }
}
