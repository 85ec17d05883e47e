//! The filter while its text is still at hand: conditions with their places.

use core::ops::Range;

use crate::filter::ast::{Expression, Test};

/// A condition and its place in the text.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) at: Range<usize>,
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
    /// The condition that one comparison came to.
    pub(super) fn of(expression: Expression, at: &Range<usize>) -> Self {
        let nodes = |parts: Vec<Expression>| parts.into_iter().map(|part| Self::of(part, at)).collect();
        let shape = match expression {
            Expression::All(parts) => Shape::All(nodes(parts)),
            Expression::Any(parts) => Shape::Any(nodes(parts)),
            Expression::Not(inner) => Shape::Not(Box::new(Self::of(*inner, at))),
            Expression::Test(test) => Shape::Test(test),
        };
        Self { at: at.clone(), shape }
    }

    /// Several conditions as one, `first` being one of its own.
    pub(super) fn group(first: Self, others: Vec<Self>, shape: impl FnOnce(Vec<Self>) -> Shape) -> Self {
        let Some(last) = others.last() else { return first };
        let at = first.at.start..last.at.end;
        let mut nodes = vec![first];
        nodes.extend(others);
        Self { at, shape: shape(nodes) }
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
