//! One table of the kernel, kept as the kernel sent it.

mod slab;
mod sweep;

use hashbrown::HashTable;
use sockeye_wire::rtnetlink::Table;

use crate::rtnetlink::{Source, class, same, write_key};
pub(crate) use slab::Mark;
use slab::{Id, Slab};
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
    index: HashTable<Entry>,
    slab: Slab,
    /// Buffer for the key of the record in hand.
    key: Vec<u8>,
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
        Self { table, seed, index: HashTable::new(), slab: Slab::default(), key: Vec::new() }
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
        self.index.iter().map(|entry| self.slab.get(entry.id))
    }

    /// The record with this identity, as [`Change::key`](crate::watch::Change::key) gives it.
    pub fn get(&self, key: &[u8]) -> Option<&[u8]> {
        // How much of a key is the group does not depend on the record alone: it is tried from the end.
        let group = group_len(self.table, key);
        self.find(&key[..group], key, 0, &[]).map(|id| self.slab.get(id))
    }

    /// Whether another record stands where the one with this identity does or did: a route of the same prefix, TOS and
    /// priority.
    pub fn has_sibling(&self, key: &[u8]) -> bool {
        !self.siblings(Keyed { key, group: group_len(self.table, key) }).is_empty()
    }

    /// Bytes of memory that it holds, from its capacities.
    pub fn memory(&self) -> usize {
        self.index.allocation_size() + self.slab.memory() + self.key.capacity()
    }

    /// Puts a record in, in the place of the one with its identity, whose bytes are then in `old`.
    ///
    /// In tables whose records can repeat, this is the first of the copies.
    pub fn upsert(&mut self, record: &[u8], old: &mut Vec<u8>) -> Upsert {
        let mut key = core::mem::take(&mut self.key);
        let group = write_key(self.table, record, &mut key);
        let keyed = Keyed { key: &key, group };
        let upsert = self.put(self.locate(keyed, 0, record), keyed, Mark::default(), record, Source::Event, old);
        self.key = key;
        upsert
    }

    /// Takes out the record with the identity of this one; its bytes are then in `old`.
    pub fn remove(&mut self, record: &[u8], old: &mut Vec<u8>) -> bool {
        let mut key = core::mem::take(&mut self.key);
        let group = write_key(self.table, record, &mut key);
        let keyed = Keyed { key: &key, group };
        let place = self.locate(keyed, 0, record);
        if let Some(place) = place {
            self.take(place, keyed, old);
        }
        self.key = key;
        place.is_some()
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

/// Where a record is, until the mirror changes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place(Id);

/// How much of a key is its group, read back from the key.
fn group_len(table: Table, key: &[u8]) -> usize {
    let payload_len = |at: usize| match key.get(at) {
        Some(&0xff) | None => 1,
        Some(&length) => 1 + usize::from(length),
    };
    let length = match (table, key.first()) {
        (Table::Routes, Some(&sockeye_wire::rtnetlink::AF_INET)) => 12 + payload_len(12),
        // The source is only there where it has a length.
        (Table::Routes, Some(&sockeye_wire::rtnetlink::AF_INET6)) => {
            let source = 12 + payload_len(12);
            if key.get(2) == Some(&0) { source } else { source + payload_len(source) }
        }
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

    /// Where the record with this key is. A record that may be the same in every byte spares the comparison of keys.
    fn find(&self, group: &[u8], key: &[u8], copy: u16, like: &[u8]) -> Option<Id> {
        let repeats = class(self.table).repeats;
        let hash = self.hash(group);
        let is_it = |entry: &Entry| {
            entry.hash == hash && (!repeats || self.slab.mark(entry.id).copy == copy) && {
                let record = self.slab.get(entry.id);
                record == like || self.has_key(record, key)
            }
        };
        self.index.find(Entry::spread(hash), is_it).map(|entry| entry.id)
    }

    fn has_key(&self, record: &[u8], key: &[u8]) -> bool {
        // Rare: most records that are looked for are there byte for byte, so that a mirror need not keep a buffer.
        let mut other = Vec::with_capacity(key.len());
        write_key(self.table, record, &mut other);
        other == key
    }

    /// Where a record is, if it is there.
    #[inline]
    pub(crate) fn locate(&self, keyed: Keyed<'_>, copy: u16, record: &[u8]) -> Option<Place> {
        self.find(&keyed.key[..keyed.group], keyed.key, copy, record).map(Place)
    }

    /// The same, for a row of a dump: most follow each other as they did in the dump before, and so they lie.
    #[inline]
    pub(crate) fn locate_row(&self, keyed: Keyed<'_>, record: &[u8], previous: Option<Place>) -> Option<Place> {
        let behind = previous.and_then(|Place(id)| self.slab.behind(id));
        match behind {
            Some((id, other)) if other == record => Some(Place(id)),
            _ => self.locate(keyed, 0, record),
        }
    }

    /// The mark of a record.
    #[inline]
    pub(crate) fn seen(&self, place: Place) -> u16 {
        self.slab.mark(place.0).seen
    }

    /// A record.
    pub(crate) fn record(&self, place: Place) -> &[u8] {
        self.slab.get(place.0)
    }

    /// How many copies of a record there are.
    pub(crate) fn copies(&self, keyed: Keyed<'_>, record: &[u8]) -> u16 {
        (0..u16::MAX).find(|&copy| self.locate(keyed, copy, record).is_none()).unwrap_or(u16::MAX)
    }

    /// Puts a record in where one with its key is, or is not, and marks it.
    pub(crate) fn put(
        &mut self,
        place: Option<Place>,
        keyed: Keyed<'_>,
        mark: Mark,
        record: &[u8],
        source: Source,
        old: &mut Vec<u8>,
    ) -> Upsert {
        let group = &keyed.key[..keyed.group];
        let Some(Place(id)) = place else {
            if let Some(id) = self.slab.insert(record, mark) {
                self.link(group, id);
            }
            return Upsert::Added;
        };
        self.slab.set_seen(id, mark.seen);
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
            self.unlink(self.hash(group), id);
            if let Some(id) = self.slab.insert(record, mark) {
                self.link(group, id);
            }
        }
        if unchanged { Upsert::Unchanged } else { Upsert::Changed }
    }

    /// Takes a record out.
    pub(crate) fn take(&mut self, Place(id): Place, keyed: Keyed<'_>, old: &mut Vec<u8>) {
        old.clear();
        old.extend_from_slice(self.slab.get(id));
        self.unlink(self.hash(&keyed.key[..keyed.group]), id);
    }

    /// The keys of the records of a group, but for this one.
    pub(crate) fn siblings(&self, keyed: Keyed<'_>) -> Vec<Vec<u8>> {
        let group = &keyed.key[..keyed.group];
        let hash = self.hash(group);
        let entries = self.index.iter_hash(Entry::spread(hash)).filter(|entry| entry.hash == hash);
        entries
            .filter_map(|entry| {
                let mut key = Vec::new();
                let length = write_key(self.table, self.slab.get(entry.id), &mut key);
                (key[..length] == *group && key != keyed.key).then_some(key)
            })
            .collect()
    }

    fn link(&mut self, group: &[u8], id: Id) {
        let hash = self.hash(group);
        self.index.insert_unique(Entry::spread(hash), Entry { hash, id }, |entry| Entry::spread(entry.hash));
    }

    fn unlink(&mut self, hash: u32, id: Id) {
        if let Ok(entry) = self.index.find_entry(Entry::spread(hash), |entry| entry.id == id) {
            entry.remove();
        }
        self.slab.remove(id);
    }
}

/// Where a record is, and part of its hash: neither growth nor a search looks at records that are not it.
#[derive(Clone, Copy, Debug)]
struct Entry {
    hash: u32,
    id: Id,
}

impl Entry {
    /// The hash as the index wants it: it takes low bits and the highest.
    fn spread(hash: u32) -> u64 {
        u64::from(hash).wrapping_mul(MIX)
    }
}

/// An odd number whose bits look like chance: the golden ratio.
const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

/// A hash of a few dozen bytes: folded multiplications, with a seed that the sender of records does not know.
fn hash(seed: u64, bytes: &[u8]) -> u32 {
    #[expect(clippy::cast_possible_truncation, reason = "the lower half")]
    let low = |product: u128| product as u64;
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
    let mixed = fold(fold(state ^ u64::from_ne_bytes(last), MIX ^ seed.rotate_left(32)) ^ bytes.len() as u64, MIX);
    (mixed >> 32) as u32
}
