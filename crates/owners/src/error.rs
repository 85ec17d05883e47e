//! Why a scan could not be made at all. What a scan could not see of single processes is in `visibility`.

use std::{fmt, io, path::PathBuf};

/// Why there is no answer about owners: not "nobody holds it", but "nobody could be asked".
#[derive(Debug)]
#[non_exhaustive]
pub enum ScanError {
    /// The directory of processes could not be opened or listed.
    Unreadable {
        /// The directory, usually `/proc`.
        path: PathBuf,
        /// The kernel's answer.
        source: io::Error,
    },
    /// The directory exists, but no proc file system is mounted there, nor is it the copy of one: it has no process.
    NotMounted {
        /// The directory, usually `/proc`.
        path: PathBuf,
    },
    /// The program in the kernel was asked for and cannot be had.
    NoBpf {
        /// What was tried, what stood in the way, and the capability that would help.
        reason: String,
    },
}

impl fmt::Display for ScanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { path, source } => {
                write!(f, "cannot look for socket owners: cannot read {}: {source}", path.display())
            }
            Self::NoBpf { reason } => write!(f, "cannot look for socket owners by BPF: {reason}"),
            Self::NotMounted { path } => {
                write!(f, "cannot look for socket owners: no proc file system is mounted at {}", path.display())
            }
        }
    }
}

impl std::error::Error for ScanError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            // The sentence says what the kernel answered; only what lies behind that is left.
            Self::Unreadable { source, .. } => source.source(),
            Self::NotMounted { .. } | Self::NoBpf { .. } => None,
        }
    }
}
