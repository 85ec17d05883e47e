//! Several disjunctions held against each other: one branch of each has to hold at once, so they are multiplied out, as
//! far as that is bounded.

use crate::filter::node::{Node, Shape};

use super::{Clash, Facts, PLACES_MAX, Place, Prover, Sign};

/// Branches that are looked at. What needs more is not proven, and the filter is run.
const BRANCHES_MAX: usize = 4096;

/// Disjunctions on the way to one choice of branches. Each costs a call inside the others; what is beyond is taken for
/// true.
const DISJUNCTIONS_MAX: usize = 64;

/// Values that are known at once, of all choices that are open: some 32 bytes each. What needs more is not proven.
const VALUES_MAX: usize = 4096;

/// Conditions of which it is tried whether the contradiction needs them. Of more, only the disjunctions are named.
const TRIED_MAX: usize = 16;

/// What may still be looked at.
struct Left {
    branches: usize,
    values: usize,
}

impl Left {
    const ALL: Self = Self { branches: BRANCHES_MAX, values: VALUES_MAX };
}

/// A condition that has to hold or, where negated, must not.
type Signed<'n> = (&'n Node, Sign);

impl Prover<'_> {
    /// Refuses a filter of which no choice of branches can hold.
    pub(super) fn multiply<'n>(&self, root: &'n Node) -> Result<(), Clash<'n>> {
        let mut conditions = Vec::new();
        flatten((root, Sign::default()), &mut conditions);
        let choices = conditions.iter().filter(|(node, _)| !matches!(node.shape, Shape::Test(_)));
        let choices: Vec<_> = choices.copied().collect();
        let mut left = Left::ALL;
        if choices.is_empty() || !self.is_dead(&conditions, &mut left) {
            return Ok(());
        }
        let mut named = if conditions.len() <= TRIED_MAX { self.needed(conditions) } else { choices };
        named.truncate(PLACES_MAX);
        let places = named.into_iter().map(|(node, sign)| Place { node, negated: sign.written });
        Err(Clash { places: places.collect(), of_kinds: false })
    }

    /// Those of the conditions without which the others could hold.
    fn needed<'n>(&self, mut conditions: Vec<Signed<'n>>) -> Vec<Signed<'n>> {
        let mut left = Left::ALL;
        let mut index = 0;
        while index < conditions.len() {
            let condition = conditions.remove(index);
            if !self.is_dead(&conditions, &mut left) {
                conditions.insert(index, condition);
                index += 1;
            }
        }
        conditions
    }

    /// Whether these conditions are known to exclude each other.
    fn is_dead(&self, conditions: &[Signed<'_>], left: &mut Left) -> bool {
        let mut facts = Facts::default();
        let mut choices = Vec::new();
        let narrowed =
            conditions.iter().try_for_each(|&(node, sign)| self.narrow(&mut facts, node, sign, &mut choices));
        if narrowed.and_then(|()| self.relate(&facts)).is_err() {
            return true;
        }
        // A choice of few branches that fails leaves the others unlooked at.
        choices.sort_by_key(|(nodes, _)| nodes.len());
        !self.can_choose(&facts, &choices, DISJUNCTIONS_MAX, left)
    }

    /// Whether a branch of each can be chosen such that they hold together with the facts, or that is not known.
    fn can_choose<'n>(&self, facts: &Facts<'n>, choices: &[(&'n [Node], Sign)], depth: usize, left: &mut Left) -> bool {
        let Some(((nodes, sign), rest)) = choices.split_first().filter(|_| depth > 0) else { return true };
        nodes.iter().any(|node| {
            let values = facts.values();
            if left.branches == 0 || left.values < values {
                return true;
            }
            left.branches -= 1;
            left.values -= values;
            let mut facts = facts.clone();
            let mut choices = Vec::new();
            let narrowed = self.narrow(&mut facts, node, *sign, &mut choices);
            let can_be = narrowed.and_then(|()| self.relate(&facts)).is_ok() && {
                choices.extend(rest.iter().take(DISJUNCTIONS_MAX));
                self.can_choose(&facts, &choices, depth - 1, left)
            };
            left.values += values;
            can_be
        })
    }
}

/// The conditions that all have to hold, without conjunctions.
fn flatten<'n>((node, sign): Signed<'n>, conditions: &mut Vec<Signed<'n>>) {
    match (&node.shape, sign.negated) {
        (Shape::All(nodes), false) | (Shape::Any(nodes), true) => {
            for node in nodes {
                flatten((node, sign), conditions);
            }
        }
        (Shape::Not(inner), _) => flatten((inner, sign.inside(node, inner)), conditions),
        _ => conditions.push((node, sign)),
    }
}
