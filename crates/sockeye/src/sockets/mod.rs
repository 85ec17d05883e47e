//! `sockeye sockets`: the listing of sockets.

#[cfg(test)]
mod attacked;
mod confirm;
pub(crate) mod ends;
mod footer;
mod known_names;
mod lacking;
pub(crate) mod listing;
pub(crate) mod narrow;
mod options;
mod own;
mod plan_text;
mod recorder;
mod refuse;
mod replay;
pub(crate) mod run;
pub(crate) mod services;
pub(crate) mod sockstat;
pub(crate) mod split;
pub(crate) mod system;
mod tally;
mod verdict;
pub(crate) mod view;

pub(crate) use footer::no_room;
pub(crate) use options::{Format, Options};
pub(crate) use run::{Mistaken, run};
pub(crate) use tally::Tally;
