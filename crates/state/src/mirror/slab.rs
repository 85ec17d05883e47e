//! Memory for many small records of few sizes: pages of cells, and an id of four bytes for each cell.
//!
//! A million routes in a million boxes cost as much again in headers of the allocator and in pointers.

use std::collections::BTreeMap;

/// Bytes of a page. A page has cells of one size.
const PAGE_LEN: usize = 64 * 1024;
/// A page begins with this, and doubles until it is whole: a small table costs little.
const FIRST_LEN: usize = 1024;
/// Bytes on which cells begin.
const UNIT: usize = 8;
/// Bits of an id that say the unit in a page.
const UNIT_BITS: u32 = (PAGE_LEN / UNIT).trailing_zeros();
/// Longer records have a page of their own.
const SHARED_MAX: usize = 4096;
/// The length of a record that is none.
const FREE: u32 = u32::MAX;
/// Bytes before the record: its length, its mark, which of several equal ones it is.
const HEAD_LEN: usize = 8;

/// What is kept beside a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The round in which it was seen last, and whether it was missed.
    pub(crate) seen: u16,
    /// Which of several records that are the same in everything.
    pub(crate) copy: u16,
}

/// The name of a cell.
pub(super) type Id = u32;

#[derive(Debug)]
struct Page {
    bytes: Vec<u8>,
    cell: usize,
}

/// Cells of one size.
#[derive(Debug, Default)]
struct Size {
    free: Vec<Id>,
    /// The page that has room at its end.
    open: Option<u32>,
}

/// The memory of one table.
#[derive(Debug, Default)]
pub(super) struct Slab {
    pages: Vec<Page>,
    /// Places in `pages` whose page was given back.
    vacant: Vec<u32>,
    sizes: BTreeMap<usize, Size>,
}

/// The size of the cell for a record: exact for small ones and for those that have a page of their own, and never more than an eighth
/// too big.
fn cell_len(length: usize) -> usize {
    let length = HEAD_LEN + length;
    let step = if length > SHARED_MAX { UNIT } else { (length.next_power_of_two() / 16).max(UNIT) };
    length.next_multiple_of(step)
}

impl Slab {
    /// Keeps a record. `None`: no id is left, after 32 GiB.
    pub(super) fn insert(&mut self, record: &[u8], mark: Mark) -> Option<Id> {
        let cell = cell_len(record.len());
        let id = match self.sizes.get_mut(&cell).and_then(|size| size.free.pop()) {
            Some(id) => id,
            None if cell > SHARED_MAX => self.page(cell, cell)? << UNIT_BITS,
            None => self.next(cell)?,
        };
        self.write(id, record, mark);
        Some(id)
    }

    /// A cell at the end of a page.
    fn next(&mut self, cell: usize) -> Option<Id> {
        let open = self.sizes.get(&cell).and_then(|size| size.open);
        let has_room = |page: &Page| page.bytes.len() + cell <= PAGE_LEN;
        let number = if let Some(number) = open.filter(|&number| has_room(&self.pages[number as usize])) {
            number
        } else {
            let number = self.page(cell, FIRST_LEN.max(cell))?;
            self.sizes.entry(cell).or_default().open = Some(number);
            number
        };
        let page = &mut self.pages[number as usize];
        let at = page.bytes.len();
        if at + cell > page.bytes.capacity() {
            let whole = PAGE_LEN / cell * cell;
            page.bytes.reserve_exact((page.bytes.capacity() * 2).min(whole) - at);
        }
        page.bytes.resize(at + cell, 0);
        Some(number << UNIT_BITS | u32::try_from(at / UNIT).ok()?)
    }

    fn page(&mut self, cell: usize, capacity: usize) -> Option<u32> {
        let mut page = Page { bytes: Vec::with_capacity(capacity), cell };
        if cell > SHARED_MAX {
            page.bytes.resize(cell, 0);
        }
        if let Some(number) = self.vacant.pop() {
            self.pages[number as usize] = page;
            return Some(number);
        }
        let number = u32::try_from(self.pages.len()).ok().filter(|&number| number < 1 << (u32::BITS - UNIT_BITS))?;
        self.pages.push(page);
        Some(number)
    }

    fn write(&mut self, id: Id, record: &[u8], mark: Mark) {
        let (page, at) = self.place(id);
        let cell = &mut self.pages[page].bytes[at..];
        cell[..4].copy_from_slice(&u32::try_from(record.len()).unwrap_or(u32::MAX).to_ne_bytes());
        cell[4..6].copy_from_slice(&mark.seen.to_ne_bytes());
        cell[6..8].copy_from_slice(&mark.copy.to_ne_bytes());
        cell[HEAD_LEN..HEAD_LEN + record.len()].copy_from_slice(record);
    }

    /// Puts other bytes in the place of a record; `false` if they do not fit its cell as its own size would.
    pub(super) fn replace(&mut self, id: Id, record: &[u8]) -> bool {
        if cell_len(record.len()) != self.pages[self.place(id).0].cell {
            return false;
        }
        let mark = self.mark(id);
        self.write(id, record, mark);
        true
    }

    #[expect(clippy::unused_self, reason = "an id means nothing without its slab")]
    fn place(&self, id: Id) -> (usize, usize) {
        ((id >> UNIT_BITS) as usize, (id as usize % (1 << UNIT_BITS)) * UNIT)
    }

    fn cell(&self, id: Id) -> &[u8] {
        let (page, at) = self.place(id);
        &self.pages[page].bytes[at..]
    }

    /// The record of a cell.
    #[inline]
    pub(super) fn get(&self, id: Id) -> &[u8] {
        let cell = self.cell(id);
        let length = u32::from_ne_bytes([cell[0], cell[1], cell[2], cell[3]]) as usize;
        &cell[HEAD_LEN..HEAD_LEN + length]
    }

    /// The record in the cell behind this one, if there is one. An id that means nothing any more gives anything or
    /// nothing, and no harm is done.
    #[inline]
    pub(super) fn behind(&self, id: Id) -> Option<(Id, &[u8])> {
        let (page, at) = self.place(id);
        let page = self.pages.get(page).filter(|page| page.cell <= SHARED_MAX && at.is_multiple_of(page.cell))?;
        let cell = page.bytes.get(at + page.cell..at + 2 * page.cell)?;
        let length = u32::from_ne_bytes([cell[0], cell[1], cell[2], cell[3]]) as usize;
        // A free cell claims more than it holds.
        let record = cell[HEAD_LEN..].get(..length)?;
        Some((id + u32::try_from(page.cell / UNIT).ok()?, record))
    }

    /// What is kept beside it.
    #[inline]
    pub(super) fn mark(&self, id: Id) -> Mark {
        let cell = self.cell(id);
        Mark { seen: u16::from_ne_bytes([cell[4], cell[5]]), copy: u16::from_ne_bytes([cell[6], cell[7]]) }
    }

    /// Sets in which round the record was seen.
    #[inline]
    pub(super) fn set_seen(&mut self, id: Id, seen: u16) {
        let (page, at) = self.place(id);
        self.pages[page].bytes[at + 4..at + 6].copy_from_slice(&seen.to_ne_bytes());
    }

    /// Frees a cell.
    pub(super) fn remove(&mut self, id: Id) {
        let (page, at) = (id >> UNIT_BITS, self.place(id).1);
        let cell = self.pages[page as usize].cell;
        self.pages[page as usize].bytes[at..at + 4].copy_from_slice(&FREE.to_ne_bytes());
        if cell > SHARED_MAX {
            self.pages[page as usize].bytes = Vec::new();
            self.vacant.push(page);
        } else {
            self.sizes.entry(cell).or_default().free.push(id);
        }
    }

    /// Frees everything.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Bytes held.
    pub(super) fn memory(&self) -> usize {
        /// A node of the tree of sizes, at half its load.
        const SIZE_LEN: usize = 2 * size_of::<(usize, Size)>();
        let pages: usize = self.pages.iter().map(|page| page.bytes.capacity()).sum();
        let free: usize = self.sizes.values().map(|size| SIZE_LEN + size.free.capacity() * size_of::<Id>()).sum();
        pages + free + self.pages.capacity() * size_of::<Page>() + self.vacant.capacity() * size_of::<u32>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_of_every_length_come_back() {
        let mut slab = Slab::default();
        let record =
            |length: usize| (0..length).map(|at| u8::try_from((at * 7 + length) % 251).unwrap()).collect::<Vec<_>>();
        let lengths = [0, 1, 7, 8, 9, 52, 60, 120, 127, 1000, 2303, 4087, 4088, 4089, 5000, 70_000];
        let ids: Vec<_> =
            lengths.iter().map(|&length| slab.insert(&record(length), Mark { seen: 9, copy: 3 }).unwrap()).collect();
        for (&id, &length) in ids.iter().zip(&lengths) {
            assert_eq!(slab.get(id), record(length), "{length}");
            assert_eq!(slab.mark(id), Mark { seen: 9, copy: 3 });
        }
    }

    #[test]
    fn cells_and_pages_are_used_again() {
        let mut slab = Slab::default();
        let mut ids: Vec<_> = (0..5000u32).map(|n| slab.insert(&n.to_ne_bytes(), Mark::default()).unwrap()).collect();
        let big = slab.insert(&[7; 9000], Mark::default()).unwrap();
        slab.remove(big);
        for id in ids.drain(..) {
            slab.remove(id);
        }
        let before = slab.memory();
        for n in 0..5000u32 {
            slab.insert(&n.to_ne_bytes(), Mark::default()).unwrap();
        }
        assert_eq!(slab.insert(&[8; 9000], Mark::default()), Some(big));
        assert!(slab.memory() <= before + 10_000, "{before} {}", slab.memory());
    }

    #[test]
    fn a_free_cell_is_behind_nobody() {
        let mut slab = Slab::default();
        let ids: Vec<_> = (1..4u8).map(|n| slab.insert(&[n; 9], Mark::default()).unwrap()).collect();
        assert_eq!(slab.behind(ids[0]), Some((ids[1], &[2; 9][..])));
        slab.remove(ids[1]);
        assert_eq!(slab.behind(ids[0]), None);
        assert_eq!(slab.behind(ids[2]), None);
        assert_eq!(slab.behind(u32::MAX), None);
    }

    #[test]
    fn a_record_that_grows_out_of_its_cell_is_refused() {
        let mut slab = Slab::default();
        let id = slab.insert(&[1; 30], Mark { seen: 5, copy: 0 }).unwrap();
        assert!(slab.replace(id, &[2; 32]));
        assert_eq!((slab.get(id), slab.mark(id).seen), (&[2; 32][..], 5));
        assert!(!slab.replace(id, &[3; 33]));
    }
}
