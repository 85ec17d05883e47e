//! `sockeye sockets`: the listing of sockets.

mod confirm;
mod ends;
mod footer;
mod groups;
mod lacking;
mod listing;
mod narrow;
mod options;
mod plan_text;
mod recorder;
mod refuse;
mod replay;
mod run;
pub(crate) mod services;
mod sockstat;
mod split;
mod system;
mod takers;
mod tally;
mod verdict;
pub(crate) mod view;

pub(crate) use options::Options;
pub(crate) use run::{Mistaken, run};
