//! Finds filters that can match nothing, before an empty table is mistaken for an answer.
//!
//! What it is: for each field with a single value, the conditions that must all hold are intersected; a disjunction is
//! dead when each of its branches is. Fields that say the same in two ways are held against each other. What it is not: a solver. Patterns and masks are left alone, and a filter that
//! passes may still match nothing.

use core::ops::Range;
use std::collections::{BTreeMap, BTreeSet};

use crate::filter::ast::{Condition, Network, Test};
use crate::filter::endpoint;
use crate::filter::limits::Limits;
use crate::filter::mistake::{Mistake, quoted};
use crate::filter::node::{Node, Shape};
use crate::{Catalog, FieldId, Kinds};

/// Refuses a filter that can match nothing.
pub(super) fn refuse(root: &Node, catalog: &Catalog, source: &str) -> Result<(), Mistake> {
    let prover = Prover { catalog };
    prover
        .satisfiable(Facts::default(), &[(root, Sign::default())])
        .map_err(|clash| clash.into_mistake(catalog, source))
}

/// Conditions that a contradiction names. More are no help, and facts are copied for each branch of an `or`.
const PLACES_MAX: usize = 6;

/// Where a condition stands, and whether there is a `not` outside.
type Place = (Range<usize>, bool);

/// What is known of a record.
#[derive(Clone, Debug)]
struct Facts<'n> {
    fields: BTreeMap<FieldId, Known<'n>>,
    /// Kinds of records that are left, and what narrowed them to which.
    kinds: Kinds,
    narrowed: Vec<(Place, Kinds)>,
}

impl Facts<'_> {
    /// Leaves only these kinds of records.
    fn narrow(&mut self, possible: Kinds, place: Place) -> Result<(), Clash> {
        let left = self.kinds & possible;
        if left.is_empty() {
            // Two conditions that exclude each other say more than all that were met.
            let one = self.narrowed.iter().find(|(_, kinds)| (*kinds & possible).is_empty());
            let places = match one {
                Some((other, _)) => vec![other.clone()],
                None => self.narrowed.iter().map(|(place, _)| place.clone()).collect(),
            };
            return Err(Clash { places: places.into_iter().chain([place]).collect(), of_kinds: true });
        }
        if left != self.kinds {
            self.kinds = left;
            self.narrowed.truncate(PLACES_MAX - 1);
            self.narrowed.push((place, possible));
        }
        Ok(())
    }
}

impl Default for Facts<'_> {
    fn default() -> Self {
        Self { fields: BTreeMap::new(), kinds: Kinds::ALL, narrowed: Vec::new() }
    }
}

/// What is known of one field.
#[derive(Clone, Debug, Default)]
struct Known<'n> {
    /// Where its conditions stand.
    places: Vec<Place>,
    /// `has`: wanted, unwanted, or not asked. A comparison wants it too.
    present: Option<bool>,
    numbers: Option<Vec<(i128, i128)>>,
    /// Of a field with several values: ranges that each have to hold one of them.
    wanted: Vec<Vec<(i128, i128)>>,
    texts: Option<Choice<'n>>,
    networks: Option<Vec<Network>>,
}

#[derive(Clone, Debug)]
enum Choice<'n> {
    OneOf(BTreeSet<&'n [u8]>),
    NoneOf(BTreeSet<&'n [u8]>),
}

/// Whether a condition must not hold, and whether a `not` outside of its own text says so: `port != 80` has it inside.
#[derive(Clone, Copy, Debug, Default)]
struct Sign {
    negated: bool,
    written: bool,
}

/// Conditions that exclude each other.
struct Clash {
    places: Vec<Place>,
    /// No kind of records has all of their fields.
    of_kinds: bool,
}

impl Clash {
    /// What is known of these fields cannot be true of one record.
    fn between(known: &[&Known<'_>]) -> Self {
        let mut places: Vec<_> = known.iter().flat_map(|known| known.places.iter().cloned()).collect();
        places.sort_by_key(|(at, _)| at.start);
        Self { places, of_kinds: false }
    }

    fn into_mistake(self, catalog: &Catalog, source: &str) -> Mistake {
        let at = self.places.last().map(|(at, _)| at.clone()).unwrap_or_default();
        let text = |at: &Range<usize>| source.get(at.clone()).unwrap_or_default();
        let mut shown: Vec<String> = Vec::new();
        for (at, negated) in &self.places {
            let condition = if *negated { quoted(&format!("not {}", text(at))) } else { quoted(text(at)) };
            // A bare address says something of both sides, with one place.
            if !shown.contains(&condition) {
                shown.push(condition);
            }
        }
        let message = match shown.split_last() {
            Some((last, [])) => format!("this filter can match nothing: nothing fits {last}"),
            Some((last, others)) => {
                format!("this filter can match nothing: {} and {last} exclude each other", others.join(", "))
            }
            None => "this filter can match nothing".to_owned(),
        };
        let field_of = |word: &str| catalog.word(word).map(|word| word.field);
        let words: Vec<_> = self.places.iter().flat_map(|(at, _)| text(at).split_whitespace().map(field_of)).collect();
        let negated = self.places.iter().any(|(_, negated)| *negated);
        let of_one_kind = words.iter().all(|field| field.is_some() && *field == words[0]);
        let mistake = Mistake::new(at, message);
        let all_words = words.iter().all(Option::is_some);
        if self.of_kinds && all_words && !of_one_kind {
            return mistake.help(catalog.kinds_help());
        }
        if of_one_kind && !negated && shown.len() > 1 {
            let texts: Vec<&str> = self.places.iter().map(|(at, _)| text(at)).collect();
            return mistake
                .help(format!("words of one kind side by side, without `and`, mean either: {}", texts.join(" ")));
        }
        mistake
    }
}

struct Prover<'c> {
    catalog: &'c Catalog,
}

impl Prover<'_> {
    /// Whether all of the nodes (negated where marked) can hold together with the facts.
    fn satisfiable<'n>(&self, mut facts: Facts<'n>, nodes: &[(&'n Node, Sign)]) -> Result<(), Clash> {
        let mut disjunctions = Vec::new();
        for &(node, sign) in nodes {
            self.narrow(&mut facts, node, sign, &mut disjunctions)?;
        }
        self.relate(&facts)?;
        for (branches, sign) in disjunctions {
            let mut first_clash = None;
            let alive = branches.iter().any(|branch| match self.satisfiable(facts.clone(), &[(branch, sign)]) {
                Ok(()) => true,
                Err(clash) => {
                    first_clash.get_or_insert(clash);
                    false
                }
            });
            if let Some(clash) = first_clash.filter(|_| !alive) {
                return Err(clash);
            }
        }
        Ok(())
    }

    /// Holds fields against each other that say the same in two ways: an interface by name and by index, a control group
    /// by path and by number, either port and each.
    fn relate(&self, facts: &Facts<'_>) -> Result<(), Clash> {
        let known = |name: &str| self.catalog.find(name).and_then(|field| facts.fields.get(&field));
        for (by_name, by_number) in [("dev", "ifindex"), ("cgroup", "cgroup_id")] {
            if let (Some(one), Some(other)) = (known(by_name), known(by_number))
                && let (Some(left), Some(right)) = (&one.numbers, &other.numbers)
                && intersection(left, right).is_empty()
            {
                return Err(Clash::between(&[one, other]));
            }
        }
        let Some(either) = known("port") else { return Ok(()) };
        let sides = [known("lport"), known("pport")];
        let left = |side: Option<&Known<'_>>| match (side.and_then(|side| side.numbers.as_ref()), &either.numbers) {
            (Some(own), Some(allowed)) => Some(intersection(own, allowed)),
            (own, allowed) => own.or(allowed.as_ref()).cloned(),
        };
        let values = sides.map(left);
        for (side, values) in sides.into_iter().zip(&values) {
            if let Some(side) = side.filter(|_| values.as_ref().is_some_and(Vec::is_empty)) {
                return Err(Clash::between(&[side, either]));
            }
        }
        let can_be = |ranges: &[(i128, i128)]| {
            values.iter().any(|values| values.as_ref().is_none_or(|values| !intersection(values, ranges).is_empty()))
        };
        if either.wanted.iter().all(|ranges| can_be(ranges)) {
            return Ok(());
        }
        let sides: Vec<_> = sides.into_iter().flatten().chain([either]).collect();
        Err(Clash::between(&sides))
    }

    fn narrow<'n>(
        &self,
        facts: &mut Facts<'n>,
        node: &'n Node,
        sign: Sign,
        disjunctions: &mut Vec<(&'n [Node], Sign)>,
    ) -> Result<(), Clash> {
        match (&node.shape, sign.negated) {
            (Shape::All(nodes), false) | (Shape::Any(nodes), true) => {
                nodes.iter().try_for_each(|node| self.narrow(facts, node, sign, disjunctions))
            }
            (Shape::All(nodes), true) | (Shape::Any(nodes), false) => {
                disjunctions.push((nodes, sign));
                Ok(())
            }
            (Shape::Not(inner), _) => {
                let written = sign.written ^ (inner.at != node.at);
                self.narrow(facts, inner, Sign { negated: !sign.negated, written }, disjunctions)
            }
            (Shape::Test(test), _) => {
                facts.narrow(self.catalog.possible(test, !sign.negated), (node.at.clone(), sign.written))?;
                let known = facts.fields.entry(test.field).or_default();
                known.remember((node.at.clone(), sign.written));
                let possible = self.learn(known, test, sign.negated);
                if possible {
                    Ok(())
                } else {
                    Err(Clash { places: core::mem::take(&mut known.places), of_kinds: false })
                }
            }
        }
    }

    /// Adds a test to what is known of its field, and says whether a value is left.
    fn learn<'n>(&self, known: &mut Known<'n>, test: &'n Test, negated: bool) -> bool {
        let info = self.catalog.info(test.field);
        let asks_presence = test.condition == Condition::Present;
        // A comparison with an absent value is unknown and its row left out, negated or not.
        let present = !asks_presence || !negated;
        if (asks_presence || !info.none_is_said)
            && known.present.replace(present).is_some_and(|before| before != present)
        {
            return false;
        }
        let limits = Limits::of(info);
        if info.several {
            // One of the values has to be there, or none may.
            if let Condition::Numbers(ranges) = &test.condition {
                let ranges: Vec<_> = ranges.iter().map(|&(from, to)| (i128::from(from), i128::from(to))).collect();
                if negated {
                    known.narrow_numbers(ranges, true, limits);
                } else {
                    known.wanted.push(ranges);
                }
                return known.wanted_is_left();
            }
            return true;
        }
        match &test.condition {
            Condition::Numbers(ranges) => {
                let ranges = ranges.iter().map(|&(from, to)| (i128::from(from), i128::from(to)));
                known.narrow_numbers(ranges.collect(), negated, limits)
            }
            Condition::Signed(ranges) => {
                let ranges = ranges.iter().map(|&(from, to)| (i128::from(from), i128::from(to)));
                known.narrow_numbers(ranges.collect(), negated, limits)
            }
            Condition::Truth(truth) => {
                let number = i128::from(*truth != negated);
                known.narrow_numbers(vec![(number, number)], false, limits)
            }
            Condition::Interface { index: Some(index), .. } => {
                known.narrow_numbers(vec![(i128::from(*index), i128::from(*index))], negated, limits)
            }
            Condition::Cgroup { id, .. } => {
                known.narrow_numbers(vec![(i128::from(*id), i128::from(*id))], negated, limits)
            }
            Condition::Words(words) => known.narrow_texts(words.iter().map(|word| word.as_bytes()).collect(), negated),
            Condition::Texts(texts) => known.narrow_texts(texts.iter().map(Vec::as_slice).collect(), negated),
            Condition::Networks(networks) if !negated => known.narrow_networks(networks),
            _ => true,
        }
    }
}

impl<'n> Known<'n> {
    fn remember(&mut self, place: Place) {
        self.places.truncate(PLACES_MAX - 1);
        self.places.push(place);
    }

    /// Whether each wanted value is among those that are left.
    fn wanted_is_left(&self) -> bool {
        let Some(left) = &self.numbers else { return true };
        self.wanted.iter().all(|ranges| !intersection(left, ranges).is_empty())
    }

    fn narrow_numbers(&mut self, ranges: Vec<(i128, i128)>, negated: bool, limits: Limits) -> bool {
        let ranges = if negated { complement(&ranges, limits) } else { ranges };
        let left = match &self.numbers {
            Some(before) => intersection(before, &ranges),
            None => ranges,
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
        possible
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
fn intersection(left: &[(i128, i128)], right: &[(i128, i128)]) -> Vec<(i128, i128)> {
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
