//! IPv4 routes that an event has just said to be gone.
//!
//! net/ipv4/fib_trie.c `fib_table_delete` tells of a route before it takes it out: a dump on another processor that
//! begins in between still shows it, and no event follows. The same in a loss: see [`LIMBO`].

use core::time::Duration;
use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher as _, RandomState};

/// Time in which the kernel has done what it told of, also where it was held up in the middle of it.
pub(super) const LIMBO: Duration = Duration::from_millis(20);
/// For what was read, more costs nothing.
const REMEMBERED: Duration = Duration::from_millis(100);
/// Departures that are remembered: more than come in that time where each of them counts.
const DEPARTURES_MAX: usize = 1 << 14;

/// Who departed lately, as hashes of keys: one that is there by mistake costs a second dump.
#[derive(Debug, Default)]
pub(super) struct Departed {
    recent: VecDeque<(Duration, u64)>,
    hasher: RandomState,
}

impl Departed {
    /// The record with this key went.
    pub(super) fn note(&mut self, key: &[u8], now: Duration) {
        if self.recent.len() == DEPARTURES_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back((now, self.hasher.hash_one(key)));
    }

    /// Those of whom a dump that begins now may know nothing.
    pub(super) fn lately(&mut self, now: Duration) -> Doubtful {
        while self.recent.front().is_some_and(|(at, _)| *at + REMEMBERED < now) {
            self.recent.pop_front();
        }
        Doubtful { hashes: self.recent.iter().map(|(_, hash)| *hash).collect(), hasher: self.hasher.clone() }
    }
}

/// Records that a dump may show although they are gone.
#[derive(Debug, Default)]
pub(super) struct Doubtful {
    hashes: HashSet<u64>,
    hasher: RandomState,
}

impl Doubtful {
    /// Whether the record with this key is one of them.
    pub(super) fn contains(&self, key: &[u8]) -> bool {
        !self.hashes.is_empty() && self.hashes.contains(&self.hasher.hash_one(key))
    }
}
