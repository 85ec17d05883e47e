//! Finds filters that can match nothing, before an empty table is mistaken for an answer.
//!
//! What it is: for each field with a single value, the conditions that must all hold are intersected; a disjunction is
//! dead when each of its branches is, and several are multiplied out. Fields that say the same in two ways are held
//! against each other.
//!
//! What it is not: a solver. A filter that passes may still match nothing, but none is refused that some record fits.

mod cover;
mod known;
mod product;
mod relate;

use std::collections::BTreeMap;
use std::rc::Rc;

use sockeye_wire::Meaning;

use crate::filter::ast::{Condition, Test};
use crate::filter::mistake::{Mistake, quoted};
use crate::filter::node::{Node, Shape};
use crate::{Catalog, FieldId, FieldKind, Kinds, Word};

use known::Known;

/// Refuses a filter that can match nothing.
pub(super) fn refuse(root: &Node, catalog: &Catalog, source: &str) -> Result<(), Mistake> {
    let prover = Prover { catalog };
    prover
        .satisfiable(Facts::default(), &[(root, Sign::default())])
        .and_then(|()| prover.multiply(root))
        .map_err(|clash| clash.into_mistake(catalog, source))
}

/// Conditions that a contradiction names. More are no help, and facts are copied for each branch of an `or`.
const PLACES_MAX: usize = 6;

/// A condition where it stands, and whether there is a `not` outside.
#[derive(Clone, Copy, Debug)]
struct Place<'n> {
    node: &'n Node,
    negated: bool,
}

impl Place<'_> {
    fn text(self, source: &str) -> String {
        let text = self.node.text(source);
        if self.negated { format!("not {text}") } else { text }
    }
}

/// What is known of a record.
#[derive(Clone, Debug)]
struct Facts<'n> {
    /// Copies share what they do not change: a conjunction of disjunctions has one for each that is open.
    fields: BTreeMap<FieldId, Rc<Known<'n>>>,
    /// Kinds of records that are left, and what narrowed them to which.
    kinds: Kinds,
    narrowed: Vec<(Place<'n>, Kinds)>,
}

impl<'n> Facts<'n> {
    /// How many values are known.
    fn values(&self) -> usize {
        self.fields.values().map(|known| known.values()).sum()
    }

    /// Leaves only these kinds of records.
    fn narrow(&mut self, possible: Kinds, place: Place<'n>) -> Result<(), Clash<'n>> {
        let left = self.kinds & possible;
        if left.is_empty() {
            // Two conditions that exclude each other say more than all that were met.
            let one = self.narrowed.iter().find(|(_, kinds)| (*kinds & possible).is_empty());
            let places = match one {
                Some((other, _)) => vec![*other],
                None => self.narrowed.iter().map(|(place, _)| *place).collect(),
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

/// Whether a condition must not hold, and whether a `not` outside of its own text says so: `port != 80` has it inside.
#[derive(Clone, Copy, Debug, Default)]
struct Sign {
    negated: bool,
    written: bool,
}

impl Sign {
    /// The sign of what stands inside a negation.
    fn inside(self, negation: &Node, inner: &Node) -> Self {
        Self { negated: !self.negated, written: self.written ^ (inner.at != negation.at) }
    }
}

/// Conditions that exclude each other.
struct Clash<'n> {
    places: Vec<Place<'n>>,
    /// No kind of records has all of their fields.
    of_kinds: bool,
}

impl<'n> Clash<'n> {
    /// What is known of these fields cannot be true of one record.
    fn between(known: &[&Known<'n>]) -> Self {
        let mut places: Vec<_> = known.iter().flat_map(|known| known.places.iter().copied()).collect();
        places.sort_by_key(|place| place.node.at.start);
        Self { places, of_kinds: false }
    }

    fn into_mistake(self, catalog: &Catalog, source: &str) -> Mistake {
        // Of words that stand apart the last one is pointed at.
        let at = self.places.last().and_then(|place| place.node.places().last()).cloned().unwrap_or_default();
        let mut shown: Vec<String> = Vec::new();
        for place in &self.places {
            let condition = quoted(&place.text(source));
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
        let texts: Vec<String> = self.places.iter().map(|place| place.node.text(source)).collect();
        let words: Vec<_> = texts.iter().flat_map(|text| text.split_whitespace().map(field_of)).collect();
        let negated = self.places.iter().any(|place| place.negated);
        let of_one_kind = words.iter().all(|field| field.is_some() && *field == words[0]);
        let mistake = Mistake::new(at, message);
        let all_words = words.iter().all(Option::is_some);
        if self.of_kinds && all_words && !of_one_kind {
            return mistake.help(catalog.kinds_help());
        }
        if of_one_kind && !negated && shown.len() > 1 {
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
    fn satisfiable<'n>(&self, mut facts: Facts<'n>, nodes: &[(&'n Node, Sign)]) -> Result<(), Clash<'n>> {
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

    fn narrow<'n>(
        &self,
        facts: &mut Facts<'n>,
        node: &'n Node,
        sign: Sign,
        disjunctions: &mut Vec<(&'n [Node], Sign)>,
    ) -> Result<(), Clash<'n>> {
        match (&node.shape, sign.negated) {
            (Shape::All(nodes), false) | (Shape::Any(nodes), true) => {
                nodes.iter().try_for_each(|node| self.narrow(facts, node, sign, disjunctions))
            }
            (Shape::All(nodes), true) | (Shape::Any(nodes), false) => {
                disjunctions.push((nodes, sign));
                Ok(())
            }
            (Shape::Not(inner), _) => self.narrow(facts, inner, sign.inside(node, inner), disjunctions),
            (Shape::Test(test), _) => {
                let place = Place { node, negated: sign.written };
                if sign.negated && self.takes_everything(test) {
                    return Err(Clash { places: vec![place], of_kinds: false });
                }
                facts.narrow(self.catalog.possible(test, !sign.negated), place)?;
                let known = Rc::make_mut(facts.fields.entry(test.field).or_default());
                known.remember(place);
                let possible = known.learn(self.catalog.info(test.field), test, sign.negated);
                if possible {
                    Ok(())
                } else {
                    Err(Clash { places: core::mem::take(&mut known.places), of_kinds: false })
                }
            }
        }
    }

    /// Whether a test is one of all words that there are, for which a word stands: `all`.
    fn takes_everything(&self, test: &Test) -> bool {
        let (Condition::Words(words), FieldKind::Number(Meaning::OneOf(names))) =
            (&test.condition, self.catalog.info(test.field).kind)
        else {
            return false;
        };
        let is_word = |word: &Word| word.field == test.field && word.values.len() == words.len();
        names.iter().all(|name| words.contains(&name.name)) && self.catalog.words().iter().any(is_word)
    }
}
