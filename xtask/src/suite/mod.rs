//! The suite as programs: what cargo builds of it, what a run of one said, and which skips are normal where.

pub(crate) mod allowed;
pub(crate) mod build;
pub(crate) mod outcome;
