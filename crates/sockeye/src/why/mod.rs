//! `sockeye why`: what is slow or broken, what shows it, and what usually helps.

mod finding;
mod kernel;
mod options;
mod reach;
mod run;

pub(crate) use options::Options;
pub(crate) use run::run;
