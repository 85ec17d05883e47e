//! What the conditions on one field leave of its values.

use std::collections::BTreeSet;

use crate::filter::ast::{Condition, Network, Test};
use crate::filter::limits::Limits;
use crate::filter::pattern::Pattern;
use crate::{FieldInfo, FieldKind};

use super::cover::{common, is_covered};
use super::{PLACES_MAX, Place};

/// Conditions on one field that are held against each other as they stand; the rest only by their values.
const CONDITIONS_MAX: usize = 64;

/// Texts of which it is tried which of them fit the patterns; of more, none is.
const TEXTS_MAX: usize = 256;

/// What is known of one field.
#[derive(Clone, Debug, Default)]
pub(super) struct Known<'n> {
    /// Where its conditions stand.
    pub(super) places: Vec<Place<'n>>,
    /// `has`: wanted, unwanted, or not asked. A comparison wants it too.
    pub(super) present: Option<bool>,
    pub(super) numbers: Option<Vec<(i128, i128)>>,
    /// Of a field with several values: ranges that each have to hold one of them.
    pub(super) wanted: Vec<Vec<(i128, i128)>>,
    texts: Option<Choice<'n>>,
    /// Patterns that the text has to fit, or where marked must not; of a field with several values, that none may.
    patterns: Vec<(&'n Pattern, bool)>,
    pub(super) networks: Option<Vec<Network>>,
    excluded_networks: Vec<Network>,
    /// Of a field with several values: texts of which each list has to hold one, and texts that none may be.
    wanted_texts: Vec<BTreeSet<&'n [u8]>>,
    excluded_texts: BTreeSet<&'n [u8]>,
    /// Bits that are known, and which those are.
    bits: (u64, u64),
    /// Conditions as they were met, and whether they must not hold.
    conditions: Vec<(&'n Condition, bool)>,
}

#[derive(Clone, Debug)]
enum Choice<'n> {
    OneOf(BTreeSet<&'n [u8]>),
    NoneOf(BTreeSet<&'n [u8]>),
}

impl<'n> Known<'n> {
    /// Adds a test to what is known of its field, and says whether a value is left.
    pub(super) fn learn(&mut self, info: &FieldInfo, test: &'n Test, negated: bool) -> bool {
        if self.is_opposite(&test.condition, negated) {
            return false;
        }
        let asks_presence = test.condition == Condition::Present;
        // A comparison with an absent value is unknown and its row left out, negated or not.
        let present = !asks_presence || !negated;
        // Where none is said to be there, what must not hold needs none, but for a number to be compared.
        let none_is_said = info.none_is_said && (info.several || !test.condition.is_of_number());
        let says_presence = asks_presence || !none_is_said || !negated;
        if says_presence && self.present.replace(present).is_some_and(|before| before != present) {
            return false;
        }
        let limits = Limits::of_values(info);
        if info.several {
            // One of the values has to be there, or none may.
            if let Condition::Numbers(ranges) = &test.condition {
                let ranges: Vec<_> = ranges.iter().map(|&(from, to)| (i128::from(from), i128::from(to))).collect();
                if negated {
                    self.narrow_numbers(ranges, true, limits);
                } else if self.wanted.len() < CONDITIONS_MAX {
                    self.wanted.push(ranges);
                }
                return self.wanted_is_left();
            }
            match &test.condition {
                Condition::Texts(texts) => self.want_texts(texts, negated),
                Condition::Pattern(pattern) if negated => self.patterns.push((pattern, true)),
                _ => {}
            }
            return self.wanted_texts_are_left();
        }
        let possible = match &test.condition {
            Condition::Numbers(ranges) => {
                let ranges = ranges.iter().map(|&(from, to)| (i128::from(from), i128::from(to)));
                self.narrow_numbers(ranges.collect(), negated, limits)
            }
            Condition::Signed(ranges) => {
                let ranges = ranges.iter().map(|&(from, to)| (i128::from(from), i128::from(to)));
                self.narrow_numbers(ranges.collect(), negated, limits)
            }
            Condition::Truth(truth) => {
                let number = i128::from(*truth != negated);
                self.narrow_numbers(vec![(number, number)], false, limits)
            }
            Condition::Interface { index: Some(index), .. } => {
                self.narrow_numbers(vec![(i128::from(*index), i128::from(*index))], negated, limits)
            }
            Condition::Cgroup { id, .. } => {
                self.narrow_numbers(vec![(i128::from(*id), i128::from(*id))], negated, limits)
            }
            Condition::Words(words) => self.narrow_texts(words.iter().map(|word| word.as_bytes()).collect(), negated),
            Condition::Texts(texts) => self.narrow_texts(texts.iter().map(Vec::as_slice).collect(), negated),
            // What is within none of the halves of a network can still be the whole.
            Condition::Networks(_) if negated && info.kind == FieldKind::Network => true,
            Condition::Networks(networks) if negated => self.exclude_networks(networks),
            Condition::Networks(networks) => self.narrow_networks(networks),
            Condition::Pattern(pattern) => {
                self.patterns.push((pattern, negated));
                self.texts_fit_patterns()
            }
            Condition::Masked { value, mask } if !negated => self.narrow_bits(*value, *mask),
            // What one bit must not be, it is otherwise.
            Condition::Masked { value, mask } if mask.is_power_of_two() => self.narrow_bits(value ^ mask, *mask),
            _ => true,
        };
        possible && self.bits_fit_numbers()
    }

    /// How many values are known of it, wanted or not.
    pub(super) fn values(&self) -> usize {
        let texts = |texts: &Choice<'_>| match texts {
            Choice::OneOf(texts) | Choice::NoneOf(texts) => texts.len(),
        };
        self.numbers.as_ref().map_or(0, Vec::len)
            + self.wanted.iter().map(Vec::len).sum::<usize>()
            + self.texts.as_ref().map_or(0, texts)
            + self.networks.as_ref().map_or(0, Vec::len)
            + self.excluded_networks.len()
            + self.wanted_texts.iter().map(BTreeSet::len).sum::<usize>()
            + self.excluded_texts.len()
            + self.conditions.len()
    }

    /// Whether the text is one of these, whatever else is known of it.
    pub(super) fn is_one_of(&self, words: &[&str]) -> bool {
        let is_word = |text: &&[u8]| words.iter().any(|word| word.as_bytes() == *text);
        matches!(&self.texts, Some(Choice::OneOf(texts)) if texts.iter().all(is_word))
    }

    /// Whether the same was demanded the other way round.
    fn is_opposite(&mut self, condition: &'n Condition, negated: bool) -> bool {
        if self.conditions.contains(&(condition, !negated)) {
            return true;
        }
        if self.conditions.len() < CONDITIONS_MAX {
            self.conditions.push((condition, negated));
        }
        false
    }

    pub(super) fn remember(&mut self, place: Place<'n>) {
        self.places.truncate(PLACES_MAX - 1);
        self.places.push(place);
    }

    /// Whether each wanted value is among those that are left.
    fn wanted_is_left(&self) -> bool {
        let Some(left) = &self.numbers else { return true };
        self.wanted.iter().all(|ranges| !intersection(left, ranges).is_empty())
    }

    /// Of a field with several values: one of these has to be there, or none may.
    fn want_texts(&mut self, texts: &'n [Vec<u8>], negated: bool) {
        let texts: BTreeSet<&[u8]> = texts.iter().map(Vec::as_slice).collect();
        if negated {
            self.excluded_texts.extend(texts);
        } else if self.wanted_texts.len() < CONDITIONS_MAX {
            self.wanted_texts.push(texts);
        }
    }

    /// Whether of each list that wants one of its texts there is one that may be there.
    fn wanted_texts_are_left(&self) -> bool {
        let fits_excluded = |text: &[u8]| self.patterns.iter().any(|(pattern, _)| pattern.matches(text));
        self.wanted_texts.iter().all(|texts| {
            let mut left = texts.iter().filter(|text| !self.excluded_texts.contains(*text));
            left.any(|text| texts.len() > TEXTS_MAX || !fits_excluded(text))
        })
    }

    /// Takes networks out, and says whether one is left that does not lie in them.
    fn exclude_networks(&mut self, networks: &[Network]) -> bool {
        self.excluded_networks.extend_from_slice(networks);
        self.networks_are_left()
    }

    fn networks_are_left(&self) -> bool {
        let is_excluded = |network: &Network| is_covered(network, &self.excluded_networks);
        self.networks.as_ref().is_none_or(|networks| !networks.iter().all(is_excluded))
    }

    /// Adds bits that have to be as they are in `value`.
    fn narrow_bits(&mut self, value: u64, mask: u64) -> bool {
        let (known, known_mask) = self.bits;
        self.bits = (known | value, known_mask | mask);
        (known ^ value) & known_mask & mask == 0
    }

    /// Whether one of the numbers has the bits.
    fn bits_fit_numbers(&self) -> bool {
        let (value, mask) = self.bits;
        let fits = |&(from, to): &(i128, i128)| {
            let from = u64::try_from(from).unwrap_or(0);
            least_with_bits(from, value, mask).is_some_and(|least| i128::from(least) <= to)
        };
        mask == 0 || self.numbers.as_ref().is_none_or(|numbers| numbers.iter().any(fits))
    }

    fn narrow_numbers(&mut self, ranges: Vec<(i128, i128)>, negated: bool, limits: Limits) -> bool {
        let ranges = if negated { complement(&ranges, limits) } else { ranges };
        let left = match &self.numbers {
            Some(before) => intersection(before, &ranges),
            None => intersection(&[(limits.min, limits.max)], &ranges),
        };
        let possible = !left.is_empty();
        self.numbers = Some(left);
        possible
    }

    fn narrow_texts(&mut self, texts: BTreeSet<&'n [u8]>, negated: bool) -> bool {
        let left = match (self.texts.take(), negated) {
            (None, false) => Choice::OneOf(texts),
            (None, true) => Choice::NoneOf(texts),
            (Some(Choice::OneOf(before)), false) => Choice::OneOf(&before & &texts),
            (Some(Choice::OneOf(before)), true) => Choice::OneOf(&before - &texts),
            (Some(Choice::NoneOf(before)), false) => Choice::OneOf(&texts - &before),
            (Some(Choice::NoneOf(before)), true) => Choice::NoneOf(&before | &texts),
        };
        self.texts = Some(left);
        self.texts_fit_patterns()
    }

    /// Leaves the texts that fit the patterns, and says whether one does.
    fn texts_fit_patterns(&mut self) -> bool {
        let Some(Choice::OneOf(texts)) = &mut self.texts else { return true };
        if texts.len() <= TEXTS_MAX {
            texts.retain(|text| self.patterns.iter().all(|(pattern, negated)| pattern.matches(text) != *negated));
        }
        !texts.is_empty()
    }

    /// Keeps what the networks have in common with those before.
    fn narrow_networks(&mut self, networks: &[Network]) -> bool {
        let left: Vec<Network> = match &self.networks {
            Some(before) => {
                networks.iter().flat_map(|one| before.iter().filter_map(move |other| common(one, other))).collect()
            }
            None => networks.to_vec(),
        };
        let possible = !left.is_empty();
        self.networks = Some(left);
        possible && self.networks_are_left()
    }
}

/// The least number that is not below `from` and of which the masked bits are `value`.
fn least_with_bits(from: u64, value: u64, mask: u64) -> Option<u64> {
    let fits = |number: u64, mask: u64| (number ^ value) & mask == 0;
    if fits(from, mask) {
        return Some(from);
    }
    // It begins as `from` does, has a one where that has a zero, and behind it nothing that is not wanted.
    (0..u64::BITS).find_map(|bit| {
        let (one, below) = (1u64 << bit, (1u64 << bit) - 1);
        let above = !(one | below);
        let can_grow = from & one == 0 && (mask & one == 0 || value & one != 0);
        (can_grow && fits(from, mask & above)).then_some(from & above | one | value & mask & below)
    })
}

/// What the limits hold besides the sorted ranges.
fn complement(ranges: &[(i128, i128)], limits: Limits) -> Vec<(i128, i128)> {
    let mut gaps = Vec::with_capacity(ranges.len() + 1);
    let mut from = limits.min;
    for &(first, last) in ranges {
        if from < first {
            gaps.push((from, first - 1));
        }
        from = from.max(last + 1);
    }
    if from <= limits.max {
        gaps.push((from, limits.max));
    }
    gaps
}

/// What two sorted lists of ranges have in common.
pub(super) fn intersection(left: &[(i128, i128)], right: &[(i128, i128)]) -> Vec<(i128, i128)> {
    let mut common = Vec::new();
    let (mut lefts, mut rights) = (left.iter().peekable(), right.iter().peekable());
    while let (Some(&&(left_from, left_to)), Some(&&(right_from, right_to))) = (lefts.peek(), rights.peek()) {
        let (from, to) = (left_from.max(right_from), left_to.min(right_to));
        if from <= to {
            common.push((from, to));
        }
        if left_to < right_to {
            lefts.next();
        } else {
            rights.next();
        }
    }
    common
}

#[cfg(test)]
mod tests {
    use super::least_with_bits;

    #[test]
    fn the_least_number_with_some_bits_is_that_of_a_search() {
        for from in 0..=40 {
            for mask in 0..32 {
                for value in (0..32).filter(|value| value & !mask == 0) {
                    let searched = (from..200).find(|number| number & mask == value);
                    assert_eq!(least_with_bits(from, value, mask), searched, "{from} {value} {mask}");
                }
            }
        }
        assert_eq!(least_with_bits(u64::MAX, 0, 1), None);
        assert_eq!(least_with_bits(u64::MAX - 1, 1, 1), Some(u64::MAX));
        assert_eq!(least_with_bits(5, 0, u64::MAX), None);
    }
}
