//! What went wrong, and the input that did it.

use core::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What an input did.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum What {
    /// The reader panicked: where and with which words.
    Panic(String),
    /// It held too much memory.
    Allocation {
        /// Bytes that it held at once.
        held: usize,
        /// Bytes that it may hold.
        bound: usize,
    },
    /// It was not done in time.
    Hang,
    /// It ended the process, as an overflow of the stack does: how that ended.
    Death(String),
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panic(text) => write!(f, "panic: {text}"),
            Self::Allocation { held, bound } => write!(f, "allocation: {held} bytes held, {bound} allowed"),
            Self::Hang => write!(f, "hang: not done after {} s", crate::supervisor::HANG.as_secs()),
            Self::Death(text) => write!(f, "death of the process: {text}"),
        }
    }
}

/// Keeps an input so that it can be fed again, and says where.
pub(crate) fn keep(directory: &Path, target: &str, seed: u64, input: &[u8]) -> io::Result<PathBuf> {
    fs::create_dir_all(directory)?;
    let path = directory.join(format!("{target}-{seed:016x}"));
    fs::write(&path, input)?;
    Ok(path)
}

/// The name of the target that a kept input is for.
pub(crate) fn target_of(path: &Path) -> Option<&str> {
    path.file_name()?.to_str()?.rsplit_once('-').map(|(target, _)| target)
}
