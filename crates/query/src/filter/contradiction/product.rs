//! Several disjunctions held against each other: one branch of each has to hold at once, so they are multiplied out, as
//! far as that is bounded.

use crate::filter::node::{Node, Shape};

use super::{Clash, Facts, PLACES_MAX, Place, Prover, Sign};

/// Branches that are looked at. What needs more is not proven, and the filter is run.
const BRANCHES_MAX: usize = 4096;

/// Disjunctions on the way to one choice of branches. Each costs a call inside the others; what is beyond is taken for
/// true.
const DISJUNCTIONS_MAX: usize = 64;

/// Conditions of which it is tried whether the contradiction needs them. Of more, only the disjunctions are named.
const TRIED_MAX: usize = 16;

/// A condition that has to hold or, where negated, must not.
type Signed<'n> = (&'n Node, Sign);

impl Prover<'_> {
    /// Refuses a filter of which no choice of branches can hold.
    pub(super) fn multiply<'n>(&self, root: &'n Node) -> Result<(), Clash<'n>> {
        let mut conditions = Vec::new();
        flatten((root, Sign::default()), &mut conditions);
        let choices = conditions.iter().filter(|(node, _)| !matches!(node.shape, Shape::Test(_)));
        let choices: Vec<_> = choices.copied().collect();
        let mut branches = BRANCHES_MAX;
        if choices.is_empty() || !self.is_dead(&conditions, &mut branches) {
            return Ok(());
        }
        let mut named = if conditions.len() <= TRIED_MAX { self.needed(conditions) } else { choices };
        named.truncate(PLACES_MAX);
        let places = named.into_iter().map(|(node, sign)| Place { node, negated: sign.written });
        Err(Clash { places: places.collect(), of_kinds: false })
    }

    /// Those of the conditions without which the others could hold.
    fn needed<'n>(&self, mut conditions: Vec<Signed<'n>>) -> Vec<Signed<'n>> {
        let mut branches = BRANCHES_MAX;
        let mut index = 0;
        while index < conditions.len() {
            let condition = conditions.remove(index);
            if !self.is_dead(&conditions, &mut branches) {
                conditions.insert(index, condition);
                index += 1;
            }
        }
        conditions
    }

    /// Whether these conditions are known to exclude each other.
    fn is_dead(&self, conditions: &[Signed<'_>], branches: &mut usize) -> bool {
        let mut facts = Facts::default();
        let mut choices = Vec::new();
        let narrowed =
            conditions.iter().try_for_each(|&(node, sign)| self.narrow(&mut facts, node, sign, &mut choices));
        if narrowed.and_then(|()| self.relate(&facts)).is_err() {
            return true;
        }
        // A choice of few branches that fails leaves the others unlooked at.
        choices.sort_by_key(|(nodes, _)| nodes.len());
        !self.can_choose(&facts, &choices, DISJUNCTIONS_MAX, branches)
    }

    /// Whether a branch of each can be chosen such that they hold together with the facts, or that is not known.
    fn can_choose<'n>(
        &self,
        facts: &Facts<'n>,
        choices: &[(&'n [Node], Sign)],
        depth: usize,
        branches: &mut usize,
    ) -> bool {
        let Some(((nodes, sign), rest)) = choices.split_first().filter(|_| depth > 0) else { return true };
        nodes.iter().any(|node| {
            let Some(left) = branches.checked_sub(1) else { return true };
            *branches = left;
            let mut facts = facts.clone();
            let mut choices = Vec::new();
            let narrowed = self.narrow(&mut facts, node, *sign, &mut choices);
            if narrowed.and_then(|()| self.relate(&facts)).is_err() {
                return false;
            }
            choices.extend(rest.iter().take(DISJUNCTIONS_MAX));
            self.can_choose(&facts, &choices, depth - 1, branches)
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
