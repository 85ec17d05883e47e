//! `sockeye watch`: live tables, every change as a line or an object, every loss as a gap.

mod diff;
mod key;
mod line;
mod object;
mod options;
mod place;
mod report;
mod run;
mod subject;
mod words;

pub(crate) use options::Options;
pub(crate) use run::run;
