//! `sockeye sockets`: the listing of sockets.

mod ends;
mod listing;
mod options;
mod run;
mod services;
mod system;
pub(crate) mod view;

pub(crate) use options::Options;
pub(crate) use run::run;
