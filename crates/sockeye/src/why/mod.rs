//! `sockeye why`: what is slow or broken, what shows it, and what usually helps.

mod changes;
mod connections;
mod finding;
mod judged;
mod kernel;
mod machine;
mod options;
mod reach;
mod run;
mod watched;

pub(crate) use options::Options;
pub(crate) use run::run;
