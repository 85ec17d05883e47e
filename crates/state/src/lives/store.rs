//! Sockets by their cookies.

use core::hash::{BuildHasherDefault, Hasher};

use hashbrown::HashMap;
use sockeye_wire::sock_diag::state::State;

use super::life::{Life, Time};

/// A socket and the last message about it.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) life: Life,
    pub(super) message: Box<[u8]>,
    /// When its counters were as the message says: transitions count on in the life alone.
    pub(super) described_at: Time,
    /// The round of dumps in which it was seen last.
    pub(super) round: u32,
    /// Whole rounds since then in which it was missing.
    pub(super) missed: u8,
    /// The round in which the kernel told of it last.
    pub(super) told_in: u32,
    /// The state that the last transition led to, if any was told of.
    pub(super) heard: Option<State>,
    /// Nobody held it any more when a dump showed it last.
    pub(super) is_orphaned: bool,
    /// In no table any more, though nobody said that it was destroyed, and the state that it had before.
    pub(super) detached: Option<State>,
}

impl Entry {
    /// A socket with its first message, seen in no round yet.
    pub(super) fn new(life: Life, message: impl Into<Box<[u8]>>) -> Self {
        let described_at = life.totals_at;
        Self {
            life,
            message: message.into(),
            described_at,
            round: 0,
            missed: 0,
            told_in: 0,
            heard: None,
            is_orphaned: false,
            detached: None,
        }
    }

    /// Keeps another message, in the memory of the last one where it fits.
    pub(super) fn keep(&mut self, message: &[u8]) {
        if self.message.len() == message.len() {
            self.message.copy_from_slice(message);
        } else {
            self.message = message.into();
        }
    }
}

/// Cookies are counted up by the kernel: nobody chooses them, and a multiplication spreads them.
#[derive(Debug, Default)]
pub(super) struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(self.0 ^ u64::from(byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

/// What is kept by cookie.
pub(super) type ByCookie<T> = HashMap<u64, T, BuildHasherDefault<Spread>>;

/// All sockets that are alive, as far as is known. The index holds places, so that growing moves no socket.
#[derive(Debug, Default)]
pub(super) struct Store {
    places: ByCookie<u32>,
    entries: Vec<Option<Entry>>,
    vacant: Vec<u32>,
}

impl Store {
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    pub(super) fn get(&self, cookie: u64) -> Option<&Entry> {
        self.entries.get(*self.places.get(&cookie)? as usize)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, cookie: u64) -> Option<&mut Entry> {
        self.entries.get_mut(*self.places.get(&cookie)? as usize)?.as_mut()
    }

    /// Puts a socket in, in the place of the one with its cookie.
    pub(super) fn insert(&mut self, entry: Entry) -> &mut Entry {
        let cookie = entry.life.cookie;
        let place = match self.places.get(&cookie) {
            Some(&place) => place,
            None => self.vacant.pop().unwrap_or_else(|| {
                self.entries.push(None);
                u32::try_from(self.entries.len() - 1).unwrap_or(u32::MAX)
            }),
        };
        self.places.insert(cookie, place);
        self.entries[place as usize].insert(entry)
    }

    pub(super) fn remove(&mut self, cookie: u64) -> Option<Entry> {
        let place = self.places.remove(&cookie)?;
        self.vacant.push(place);
        self.entries.get_mut(place as usize)?.take()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().flatten()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Entry> {
        self.entries.iter_mut().flatten()
    }
}
