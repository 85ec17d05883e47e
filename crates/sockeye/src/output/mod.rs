//! How rows become bytes: one file for each format, one for the place they go to.

pub(crate) mod csv;
pub(crate) mod escape;
pub(crate) mod json;
pub(crate) mod names;
pub(crate) mod number;
pub(crate) mod sink;
pub(crate) mod table;
pub(crate) mod value;
pub(crate) mod verdict;
