//! `sockeye watch`: live tables, every change as a line or an object, every loss as a gap.

mod diff;
mod hooks;
mod key;
pub(crate) mod line;
mod lookout;
mod object;
mod options;
mod out;
pub(crate) mod place;
mod process;
pub(crate) mod report;
mod run;
mod sockets;
mod stop;
mod stream;
mod subject;
mod watched;
mod words;

pub(crate) use options::{Options, duration};
pub(crate) use run::run;

use std::io::Write as _;

/// Says a sentence on stderr.
fn complain(sentence: &str) {
    let mut line = Vec::new();
    crate::output::escape::sentence(&mut line, &format!("sockeye: {sentence}"));
    line.push(b'\n');
    // Nobody is left to be told where stderr cannot be written.
    let _ = std::io::stderr().write_all(&line);
}
