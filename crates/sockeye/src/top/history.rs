//! The last values of numbers: a few of many sockets, more of the one that is looked at.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// Numbers of which the last values are kept; those that were not asked for longest are forgotten.
const KEPT_MAX: usize = 2_048;

/// The last values of many numbers.
#[derive(Debug)]
pub(super) struct Histories<K> {
    /// Values kept of each.
    values_max: usize,
    kept: HashMap<K, Kept>,
    /// Refreshes so far.
    now: u64,
}

#[derive(Debug)]
struct Kept {
    values: VecDeque<u64>,
    wanted: u64,
}

impl<K: Hash + Eq + Copy> Histories<K> {
    /// No history, and so many values of each to come.
    pub(super) fn new(values_max: usize) -> Self {
        Self { values_max, kept: HashMap::new(), now: 0 }
    }

    /// A refresh: takes the next value of each that is kept. What has none any more is forgotten.
    pub(super) fn step(&mut self, mut value: impl FnMut(&K) -> Option<u64>) {
        self.now += 1;
        let values_max = self.values_max;
        self.kept.retain(|key, kept| {
            let Some(value) = value(key) else { return false };
            if kept.values.len() == values_max {
                kept.values.pop_front();
            }
            kept.values.push_back(value);
            true
        });
    }

    /// The last values, oldest first; from now on they are kept.
    pub(super) fn of(&mut self, key: K, value: u64) -> Vec<u64> {
        if self.kept.len() >= KEPT_MAX && !self.kept.contains_key(&key) {
            self.forget();
        }
        let now = self.now;
        let kept = self.kept.entry(key).or_insert_with(|| Kept { values: VecDeque::from([value]), wanted: now });
        kept.wanted = now;
        kept.values.iter().copied().collect()
    }

    /// Forgets the half that was not asked for longest.
    fn forget(&mut self) {
        let mut times: Vec<_> = self.kept.values().map(|kept| kept.wanted).collect();
        let middle = times.len() / 2;
        let (_, &mut middle, _) = times.select_nth_unstable(middle);
        self.kept.retain(|_, kept| kept.wanted > middle);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_values_are_kept_of_what_was_asked_for() {
        let mut histories = Histories::new(3);
        assert_eq!(histories.of(7, 100), [100]);
        for value in [200, 300, 400] {
            histories.step(|_| Some(value));
        }
        assert_eq!(histories.of(7, 400), [200, 300, 400], "three at most");
        assert_eq!(histories.of(8, 5), [5], "nothing is known from before");
        histories.step(|&key| (key == 8).then_some(6));
        assert_eq!(histories.of(8, 6), [5, 6]);
        assert_eq!(histories.of(7, 1), [1], "it had no value once, so it began anew");
    }

    #[test]
    fn memory_is_bounded_and_what_is_looked_at_stays() {
        let mut histories = Histories::new(2);
        for key in 0..10 * KEPT_MAX {
            histories.of(key, 1);
            histories.step(|_| Some(2));
            histories.of(usize::MAX, 3);
            assert!(histories.kept.len() <= KEPT_MAX);
        }
        assert_eq!(histories.of(usize::MAX, 9), [2, 2], "it was always wanted");
    }
}
