//! The suite as programs: what cargo builds of it, what a run of one said, which skips are normal where, and whether a page
//! about it is of today.

pub(crate) mod allowed;
pub(crate) mod build;
pub(crate) mod outcome;
#[cfg(test)]
pub(crate) mod page;
