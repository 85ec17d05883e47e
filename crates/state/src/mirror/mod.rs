//! One table of the kernel, kept as the kernel sent it.

mod slab;
mod sweep;

use core::cell::RefCell;

use hashbrown::HashTable;
use sockeye_wire::rtnetlink::Table;

use crate::rtnetlink::{Source, class, same, write_key};
use slab::{Id, Mark, Slab};
pub(crate) use sweep::{Fate, ROUNDS, is_known, is_touched, shown, touched};

/// A copy of one table. Records are the payloads of the kernel's messages, byte for byte; identity is what
/// [`write_key`] makes of them.
///
/// ```
/// use sockeye_state::{Mirror, Upsert};
/// use sockeye_wire::rtnetlink::Table;
///
/// // A namespace id: family, padding, NETNSA_NSID = 5.
/// let record = [0, 0, 0, 0, 8, 0, 1, 0, 5, 0, 0, 0];
/// let mut mirror = Mirror::new(Table::Namespaces, 7);
/// let mut old = Vec::new();
/// assert_eq!(mirror.upsert(&record, &mut old), Upsert::Added);
/// assert_eq!(mirror.upsert(&record, &mut old), Upsert::Unchanged);
/// assert!(mirror.remove(&record, &mut old));
/// assert_eq!(old, record);
/// ```
#[derive(Debug)]
pub struct Mirror {
    table: Table,
    seed: u64,
    index: HashTable<Place>,
    slab: Slab,
    /// Where the next row of a dump is expected: dumps come in the order of the one before.
    expected: Id,
    /// Buffers for keys: of the record in hand, and of those it is compared with.
    key: Vec<u8>,
    other: RefCell<Vec<u8>>,
}

/// Where a record is, and part of its hash: neither growth nor a search looks at records that are not it.
#[derive(Clone, Copy, Debug)]
struct Place {
    hash: u32,
    id: Id,
}

impl Place {
    /// The hash as the index wants it: it takes low bits and the highest.
    fn spread(hash: u32) -> u64 {
        u64::from(hash).wrapping_mul(MIX)
    }
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
    /// An empty copy. The seed spreads the index, so that nobody can choose records that collide.
    pub fn new(table: Table, seed: u64) -> Self {
        Self {
            table,
            seed,
            index: HashTable::new(),
            slab: Slab::default(),
            expected: 0,
            key: Vec::new(),
            other: RefCell::default(),
        }
    }

    /// The table.
    pub fn table(&self) -> Table {
        self.table
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// Every record, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.index.iter().map(|place| self.slab.get(place.id))
    }

    /// The record with this identity, as [`Change::key`](crate::watch::Change::key) gives it.
    pub fn get(&self, key: &[u8]) -> Option<&[u8]> {
        // How much of a key is the group does not depend on the record alone: it is tried from the end.
        let group = group_len(self.table, key);
        self.find(Keyed { key, group }, 0, None).map(|id| self.slab.get(id))
    }

    /// Bytes of memory that it holds, from its capacities.
    pub fn memory(&self) -> usize {
        self.index.allocation_size() + self.slab.memory() + self.key.capacity() + self.other.borrow().capacity()
    }

    /// Puts a record in, in the place of the one with its identity, whose bytes are then in `old`.
    ///
    /// In tables whose records can repeat, this is the first of the copies.
    pub fn upsert(&mut self, record: &[u8], old: &mut Vec<u8>) -> Upsert {
        let mut key = core::mem::take(&mut self.key);
        let group = write_key(self.table, record, &mut key);
        let upsert = self.put(Keyed { key: &key, group }, 0, record, 0, Source::Event, old);
        self.key = key;
        upsert
    }

    /// Takes out the record with the identity of this one; its bytes are then in `old`.
    pub fn remove(&mut self, record: &[u8], old: &mut Vec<u8>) -> bool {
        let mut key = core::mem::take(&mut self.key);
        let group = write_key(self.table, record, &mut key);
        let removed = self.take(Keyed { key: &key, group }, 0, old);
        self.key = key;
        removed
    }
}

/// The key of a record, and how much of it is its group.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keyed<'k> {
    /// The key.
    pub(crate) key: &'k [u8],
    /// The length of the group.
    pub(crate) group: usize,
}

/// How much of a key is its group, read back from the key.
fn group_len(table: Table, key: &[u8]) -> usize {
    let payload_len = |at: usize| match key.get(at) {
        Some(&0xff) | None => 1,
        Some(&length) => 1 + usize::from(length),
    };
    let length = match (table, key.first()) {
        (Table::Routes, Some(&sockeye_wire::rtnetlink::AF_INET)) => 12 + payload_len(12),
        (Table::Fdb, _) => (0..3).fold(5, |at, _| at + payload_len(at)),
        _ => key.len(),
    };
    length.min(key.len())
}

/// The engine's side.
impl Mirror {
    fn hash(&self, group: &[u8]) -> u32 {
        hash(self.seed, group)
    }

    /// The record with this key. Where `like` is its bytes, the key of the record is not made to compare them.
    fn find(&self, keyed: Keyed<'_>, copy: u16, like: Option<&[u8]>) -> Option<Id> {
        let repeats = class(self.table).repeats;
        let hash = self.hash(&keyed.key[..keyed.group]);
        let is_it = |place: &Place| {
            place.hash == hash && (!repeats || self.slab.mark(place.id).copy == copy) && {
                let record = self.slab.get(place.id);
                like == Some(record) || {
                    let mut other = self.other.borrow_mut();
                    write_key(self.table, record, &mut other);
                    *other == keyed.key
                }
            }
        };
        self.index.find(Place::spread(hash), is_it).map(|place| place.id)
    }

    /// The mark of a record, if it is there.
    pub(crate) fn seen(&self, keyed: Keyed<'_>, copy: u16) -> Option<u16> {
        self.find(keyed, copy, None).map(|id| self.slab.mark(id).seen)
    }

    /// The record, if it is there.
    pub(crate) fn record(&self, keyed: Keyed<'_>, copy: u16) -> Option<&[u8]> {
        self.find(keyed, copy, None).map(|id| self.slab.get(id))
    }

    /// Marks a row of a dump that is there as it is, and where it is expected: behind the row before it. `false`: it has
    /// to be looked for. Only for tables whose records do not repeat. What `keep` says of its mark stays.
    pub(crate) fn confirm(&mut self, row: &[u8], seen: u16, keep: impl FnOnce(u16) -> bool) -> bool {
        let id = self.expected;
        if !self.slab.is(id, row) {
            return false;
        }
        if !keep(self.slab.mark(id).seen) {
            self.slab.set_seen(id, seen);
        }
        self.expected = self.slab.after(id);
        true
    }

    /// How many copies of a record there are.
    pub(crate) fn copies(&self, keyed: Keyed<'_>) -> u16 {
        (0..u16::MAX).find(|&copy| self.seen(keyed, copy).is_none()).unwrap_or(u16::MAX)
    }

    /// Puts a record in and marks it.
    pub(crate) fn put(
        &mut self,
        keyed: Keyed<'_>,
        copy: u16,
        record: &[u8],
        seen: u16,
        source: Source,
        old: &mut Vec<u8>,
    ) -> Upsert {
        let Some(id) = self.find(keyed, copy, Some(record)) else {
            self.insert(keyed, record, Mark { seen, copy });
            return Upsert::Added;
        };
        self.expected = self.slab.after(id);
        self.slab.set_seen(id, seen);
        let before = self.slab.get(id);
        if before == record {
            return Upsert::Unchanged;
        }
        let unchanged = same(self.table, before, record, source);
        old.clear();
        old.extend_from_slice(before);
        if unchanged && self.table == Table::Neighbours {
            // The state that a dump shows may be one that no event tells of: the next event is compared with the last.
            return Upsert::Unchanged;
        }
        if !self.slab.replace(id, record) {
            self.unlink(self.hash(&keyed.key[..keyed.group]), id);
            self.insert(keyed, record, Mark { seen, copy });
        }
        if unchanged { Upsert::Unchanged } else { Upsert::Changed }
    }

    /// Takes a record out.
    pub(crate) fn take(&mut self, keyed: Keyed<'_>, copy: u16, old: &mut Vec<u8>) -> bool {
        let Some(id) = self.find(keyed, copy, None) else { return false };
        old.clear();
        old.extend_from_slice(self.slab.get(id));
        self.unlink(self.hash(&keyed.key[..keyed.group]), id);
        true
    }

    /// The keys of the records of a group, but for this one.
    pub(crate) fn siblings(&self, keyed: Keyed<'_>) -> Vec<Vec<u8>> {
        let group = &keyed.key[..keyed.group];
        let hash = self.hash(group);
        let places = self.index.iter_hash(Place::spread(hash)).filter(|place| place.hash == hash);
        places
            .filter_map(|place| {
                let mut key = Vec::new();
                let length = write_key(self.table, self.slab.get(place.id), &mut key);
                (key[..length] == *group && key != keyed.key).then_some(key)
            })
            .collect()
    }

    fn insert(&mut self, keyed: Keyed<'_>, record: &[u8], mark: Mark) {
        if let Some(id) = self.slab.insert(record, mark) {
            let hash = self.hash(&keyed.key[..keyed.group]);
            self.index.insert_unique(Place::spread(hash), Place { hash, id }, |place| Place::spread(place.hash));
        }
    }

    fn unlink(&mut self, hash: u32, id: Id) {
        if let Ok(entry) = self.index.find_entry(Place::spread(hash), |place| place.id == id) {
            entry.remove();
        }
        self.slab.remove(id);
    }
}

const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

/// A hash of a few dozen bytes: folded multiplications, with a seed that the sender of records does not know.
fn hash(seed: u64, bytes: &[u8]) -> u32 {
    #[expect(clippy::cast_possible_truncation, reason = "the lower half")]
    let low = |product: u128| product as u64;
    #[expect(clippy::cast_possible_truncation, reason = "the lower half")]
    let half = |state: u64| state as u32;
    let fold = |left: u64, right: u64| {
        let product = u128::from(left) * u128::from(right);
        low(product) ^ low(product >> 64)
    };
    let mut state = seed ^ MIX;
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        state = fold(state ^ u64::from_ne_bytes(*word), MIX);
    }
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    half(fold(fold(state ^ u64::from_ne_bytes(last), MIX ^ seed.rotate_left(32)) ^ bytes.len() as u64, MIX))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A route as `fib_dump_info` and `rt6_fill_node` write it: table, destination, gateway, interface; of IPv6 also
    /// priority, times and preference.
    fn route(number: u32, is_v6: bool) -> Vec<u8> {
        let mut record = vec![if is_v6 { 10 } else { 2 }, 24, 0, 0, 254, 4, 0, 1, 0, 0, 0, 0];
        let mut put = |kind: u8, payload: &[u8]| {
            record.extend([4 + u8::try_from(payload.len()).unwrap(), 0, kind, 0]);
            record.extend_from_slice(payload);
        };
        let mut address = number.to_be_bytes().to_vec();
        address.resize(if is_v6 { 16 } else { 4 }, 0);
        put(15, &[254, 0, 0, 0]);
        put(1, &address);
        put(5, &address);
        put(4, &[21, 0, 0, 0]);
        if is_v6 {
            put(6, &[0, 4, 0, 0]);
            put(12, &[0; 32]);
            put(20, &[0, 0, 0, 0]);
        }
        record
    }

    #[test]
    fn a_route_takes_little_more_than_its_bytes() {
        for (is_v6, bytes_max) in [(false, 120), (true, 200)] {
            let mut mirror = Mirror::new(Table::Routes, 5);
            // Just over a power of two the index is at its largest.
            let count = 131_100;
            for number in 0..count {
                assert_eq!(mirror.upsert(&route(number, is_v6), &mut Vec::new()), Upsert::Added);
            }
            assert!(mirror.memory() <= bytes_max * count as usize, "{}", mirror.memory() / count as usize);
        }
    }

    #[test]
    fn rows_are_confirmed_only_as_they_are_and_where_they_are_expected() {
        let mut mirror = Mirror::new(Table::Routes, 5);
        let rows: Vec<_> = (7..2007).map(|number| route(number, false)).collect();
        assert!(rows.iter().all(|row| mirror.upsert(row, &mut Vec::new()) == Upsert::Added));
        assert!(rows.iter().all(|row| mirror.confirm(row, shown(9), |_| false)));
        assert!(!mirror.confirm(&rows[3], shown(9), |_| false), "not where it is expected");
        mirror.sweep(9, &mut |_, _, _| panic!("all were shown"));
        assert!(mirror.remove(&rows[0], &mut Vec::new()));
        assert!(!mirror.confirm(&rows[0], shown(10), |_| false), "it is gone");
        let mut absent = 0;
        mirror.sweep(10, &mut |_, _, _| {
            absent += 1;
            Fate::Removed
        });
        assert_eq!((absent, mirror.len()), (1999, 0));
    }
}
