//! What the conditions on one field leave of its values.

use std::collections::BTreeSet;

use crate::FieldInfo;
use crate::filter::ast::{Condition, Network, Test};
use crate::filter::endpoint;
use crate::filter::limits::Limits;

use super::{PLACES_MAX, Place};

/// Conditions on one field that are held against each other as they stand; the rest only by their values.
const CONDITIONS_MAX: usize = 64;

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
            if let Condition::Texts(texts) = &test.condition {
                return self.want_texts(texts, negated);
            }
            return true;
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
            Condition::Networks(networks) if negated => self.exclude_networks(networks),
            Condition::Networks(networks) => self.narrow_networks(networks),
            Condition::Masked { value, mask } if !negated => self.narrow_bits(*value, *mask),
            _ => true,
        };
        possible && self.bits_fit_numbers()
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
    fn want_texts(&mut self, texts: &'n [Vec<u8>], negated: bool) -> bool {
        let texts: BTreeSet<&[u8]> = texts.iter().map(Vec::as_slice).collect();
        if negated {
            self.excluded_texts.extend(texts);
        } else if self.wanted_texts.len() < CONDITIONS_MAX {
            self.wanted_texts.push(texts);
        }
        self.wanted_texts.iter().all(|texts| !texts.is_subset(&self.excluded_texts))
    }

    /// Takes networks out, and says whether one is left that does not lie in them.
    fn exclude_networks(&mut self, networks: &[Network]) -> bool {
        self.excluded_networks.extend_from_slice(networks);
        self.networks_are_left()
    }

    fn networks_are_left(&self) -> bool {
        let is_excluded =
            |network: &Network| self.excluded_networks.iter().any(|other| endpoint::holds(other, network));
        self.networks.as_ref().is_none_or(|networks| !networks.iter().all(is_excluded))
    }

    /// Adds bits that have to be as they are in `value`.
    fn narrow_bits(&mut self, value: u64, mask: u64) -> bool {
        let (known, known_mask) = self.bits;
        self.bits = (known | value, known_mask | mask);
        (known ^ value) & known_mask & mask == 0
    }

    /// Whether one of the numbers has the bits; ranges of more than one number are not looked into.
    fn bits_fit_numbers(&self) -> bool {
        let (value, mask) = self.bits;
        let fits =
            |&(from, to): &(i128, i128)| from != to || u64::try_from(from).is_ok_and(|from| from & mask == value);
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
        let possible = !matches!(&left, Choice::OneOf(texts) if texts.is_empty());
        self.texts = Some(left);
        possible
    }

    /// Keeps the networks that some network before overlaps. Of two that overlap one holds the other, and to keep the
    /// wider one only means to prove less.
    fn narrow_networks(&mut self, networks: &[Network]) -> bool {
        let overlaps = |network: &&Network| match &self.networks {
            Some(before) => before.iter().any(|other| !endpoint::are_disjoint(network, other)),
            None => true,
        };
        let left: Vec<Network> = networks.iter().filter(overlaps).copied().collect();
        let possible = !left.is_empty();
        self.networks = Some(left);
        possible && self.networks_are_left()
    }
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
