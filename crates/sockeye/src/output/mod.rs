//! How rows become bytes: one file for each format, one for the place they go to.

pub(crate) mod csv;
pub(crate) mod escape;
pub(crate) mod grid;
pub(crate) mod json;
pub(crate) mod names;
pub(crate) mod number;
pub(crate) mod record;
pub(crate) mod run;
pub(crate) mod several;
pub(crate) mod sink;
pub(crate) mod table;
pub(crate) mod unknown;
pub(crate) mod value;
pub(crate) mod verdict;

use std::io::{self, Write as _};

/// Writes a text that is no listing. A broken pipe is success: the reader had enough.
pub(crate) fn print(text: &[u8]) -> io::Result<()> {
    match io::stdout().write_all(text) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
