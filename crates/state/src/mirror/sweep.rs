//! Mark and sweep: what a dump showed, what events touched meanwhile, and what neither knows of.

use super::{Mirror, Place};
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
        let mut key = core::mem::take(&mut self.key);
        // In the order of memory: in that of the index every record would be far from the one before.
        let mut next = self.slab.first();
        while let Some(id) = next {
            next = self.slab.next_after(id);
            let seen = self.slab.mark(id).seen;
            if is_known(seen, round) {
                continue;
            }
            let record = self.slab.get(id);
            let group = write_key(self.table, record, &mut key);
            match judge(&key, record, seen & MISSED != 0) {
                Fate::Missed => self.slab.set_seen(id, MISSED | seen & !TOUCHED),
                Fate::Removed => self.unlink(self.hash(&key[..group]), id),
            }
        }
        self.key = key;
        if self.index.is_empty() {
            self.slab.clear();
        }
        self.expected = 0;
        self.shrink();
    }

    /// Forgets all marks: before the count of rounds begins anew.
    pub(crate) fn unmark(&mut self) {
        for place in &self.index {
            self.slab.set_seen(place.id, 0);
        }
    }

    /// Gives memory of the index back after most of a table went.
    fn shrink(&mut self) {
        /// Below this many places it is not worth it.
        const SMALL: usize = 4096;
        if self.index.capacity() <= SMALL.max(self.index.len() * 8) {
            return;
        }
        self.index.shrink_to(self.index.len() * 2, |place| Place::spread(place.hash));
    }
}
