//! `sockeye links`, `sockeye routes` and their kin: the listings of rtnetlink's tables.

mod ask;
#[cfg(test)]
mod attacked;
mod commands;
mod line;
mod named;
mod options;
mod place;
mod run;
mod verdict;
mod view;

pub(crate) use ask::{Ask, Counts, open};
pub(crate) use commands::{Command, find};
pub(crate) use named::index_of;
pub(crate) use place::Place;
pub(crate) use run::run;
pub(crate) use view::default_fields;
