//! What could not be done, and why.

use std::{fmt, io};

/// Why a program cannot be had.
#[derive(Debug)]
#[non_exhaustive]
pub enum Reason {
    /// The kernel does not describe its types, or they may not be read.
    NoTypes(io::Error),
    /// What it describes is not understood.
    BadTypes(&'static str),
    /// This kernel does not have it.
    Lacks(&'static str),
    /// The kernel refused; where it is the program that it does not take, with the last line of its reason.
    Refused(io::Error, Option<String>),
}

/// What could not be done.
#[derive(Debug)]
pub struct Error {
    /// What was being done.
    pub doing: &'static str,
    /// Why it could not be done.
    pub reason: Reason,
}

impl Error {
    pub(crate) fn refused(doing: &'static str, source: io::Error) -> Self {
        Self { doing, reason: Reason::Refused(source, None) }
    }

    pub(crate) fn lacks(doing: &'static str, what: &'static str) -> Self {
        Self { doing, reason: Reason::Lacks(what) }
    }

    /// The capabilities that would help, where it is for want of them.
    pub fn capability(&self) -> Option<&'static str> {
        match &self.reason {
            Reason::Refused(source, _) if source.kind() == io::ErrorKind::PermissionDenied => {
                Some("CAP_BPF and CAP_PERFMON")
            }
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}: ", self.doing)?;
        match &self.reason {
            Reason::NoTypes(source) => write!(f, "the kernel does not say how its types lie (BTF): {source}")?,
            Reason::BadTypes(what) => write!(f, "the kernel's types (BTF) are not understood: {what}")?,
            Reason::Lacks(what) => write!(f, "this kernel does not have {what}")?,
            Reason::Refused(source, None) => write!(f, "{source}")?,
            Reason::Refused(source, Some(log)) => write!(f, "{source}: {log}")?,
        }
        match self.capability() {
            Some(capability) => write!(f, " (needs {capability})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}
