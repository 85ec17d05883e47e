//! The filter while its text is still at hand: conditions with their places.

use core::ops::Range;

use crate::filter::ast::{Condition, Expression, Test};

/// A condition and its place in the text.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) at: Range<usize>,
    /// Places of further words of its kind, which may stand apart: `tcp sport = 22 udp`.
    pub(super) joined: Vec<Range<usize>>,
    pub(super) shape: Shape,
}

#[derive(Clone, Debug)]
pub(super) enum Shape {
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    Test(Test),
}

impl Node {
    /// A condition in one place.
    pub(super) fn new(at: Range<usize>, shape: Shape) -> Self {
        Self { at, joined: Vec::new(), shape }
    }

    /// The condition that one comparison came to.
    pub(super) fn of(expression: Expression, at: &Range<usize>) -> Self {
        let nodes = |parts: Vec<Expression>| parts.into_iter().map(|part| Self::of(part, at)).collect();
        let shape = match expression {
            Expression::All(parts) => Shape::All(nodes(parts)),
            Expression::Any(parts) => Shape::Any(nodes(parts)),
            Expression::Not(inner) => Shape::Not(Box::new(Self::of(*inner, at))),
            Expression::Test(test) => Shape::Test(test),
        };
        Self::new(at.clone(), shape)
    }

    /// Several conditions as one, `first` being one of its own.
    pub(super) fn group(first: Self, others: Vec<Self>, shape: impl FnOnce(Vec<Self>) -> Shape) -> Self {
        if others.is_empty() {
            return first;
        }
        let start = first.at.start;
        let mut nodes = vec![first];
        nodes.extend(others);
        let ends = nodes.iter().flat_map(|node| node.places().map(|place| place.end));
        Self::new(start..ends.fold(start, usize::max), shape(nodes))
    }

    /// Adds the values of another node if both are words of one kind.
    pub(super) fn join(&mut self, other: &Self) -> bool {
        let (Shape::Test(test), Shape::Test(more)) = (&mut self.shape, &other.shape) else { return false };
        let (Condition::Words(words), Condition::Words(added)) = (&mut test.condition, &more.condition) else {
            return false;
        };
        if test.field != more.field {
            return false;
        }
        words.extend(added);
        words.sort_unstable();
        words.dedup();
        self.joined.push(other.at.clone());
        true
    }

    /// Where its parts stand.
    pub(super) fn places(&self) -> impl Iterator<Item = &Range<usize>> {
        core::iter::once(&self.at).chain(&self.joined)
    }

    /// Its parts as they stand in the filter, one behind the other where something else is between them.
    pub(super) fn text(&self, source: &str) -> String {
        let parts: Vec<_> = self.places().map(|at| source.get(at.clone()).unwrap_or_default()).collect();
        parts.join(" ")
    }

    /// The condition without its places.
    pub(super) fn into_expression(self) -> Expression {
        match self.shape {
            Shape::All(nodes) => Expression::all(nodes.into_iter().map(Self::into_expression)),
            Shape::Any(nodes) => Expression::any(nodes.into_iter().map(Self::into_expression)),
            Shape::Not(inner) => inner.into_expression().negated(),
            Shape::Test(test) => Expression::Test(test),
        }
    }
}
