//! What went wrong with a system call: which one, on what, why.

use std::fmt;
use std::io;

use rustix::thread::CapabilitySet;

/// The operation that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// Opening a Netlink socket.
    Open,
    /// Binding it, so that it has a port id.
    Bind,
    /// Setting a socket option, by its kernel name.
    SetOption(&'static str),
    /// Reading a socket option, by its kernel name.
    GetOption(&'static str),
    /// Sending a request.
    Send,
    /// Receiving.
    Receive,
    /// Finding the namespace that was asked for by this word, after looking in these places.
    FindNamespace {
        /// What was asked for.
        asked: String,
        /// Where it was looked for.
        looked: Vec<String>,
    },
    /// Opening the namespace at this place.
    OpenNamespace(String),
    /// Entering the namespace with this label.
    EnterNamespace(String),
    /// Reading this file or directory.
    Read(String),
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.write_str("cannot open a netlink socket"),
            Self::Bind => f.write_str("cannot bind a netlink socket"),
            Self::SetOption(name) => write!(f, "cannot set {name} on a netlink socket"),
            Self::GetOption(name) => write!(f, "cannot read {name} of a netlink socket"),
            Self::Send => f.write_str("cannot send a request to the kernel"),
            Self::Receive => f.write_str("cannot receive from the kernel"),
            Self::FindNamespace { asked, looked } => {
                write!(f, "there is no network namespace \"{asked}\" (looked for {})", looked.join(", "))
            }
            Self::OpenNamespace(place) => write!(f, "cannot open the network namespace {place}"),
            Self::EnterNamespace(place) => write!(f, "cannot enter the network namespace {place}"),
            Self::Read(place) => write!(f, "cannot read {place}"),
        }
    }
}

/// A failed system call.
#[derive(Debug)]
#[non_exhaustive]
pub struct Error {
    /// What was being done.
    pub operation: Operation,
    /// What the system said.
    pub source: io::Error,
}

impl Error {
    pub(crate) fn new(operation: Operation, source: impl Into<io::Error>) -> Self {
        Self { operation, source: source.into() }
    }

    /// The capability that would have helped, where the system refused and the calling thread lacks it. One that has
    /// it was refused for another reason, by a security module or a user namespace.
    pub fn capability(&self) -> Option<&'static str> {
        let (name, capability) = match (&self.operation, self.source.raw_os_error()?) {
            // setns(2): both in the caller's user namespace and in that of the network namespace.
            (Operation::EnterNamespace(_), libc::EPERM) => ("CAP_SYS_ADMIN", CapabilitySet::SYS_ADMIN),
            // /proc/PID/ns of a process of another user (ptrace_may_access, fs/proc/namespaces.c).
            (Operation::OpenNamespace(place), libc::EACCES | libc::EPERM) if place.starts_with("/proc/") => {
                ("CAP_SYS_PTRACE", CapabilitySet::SYS_PTRACE)
            }
            _ => return None,
        };
        lacks(capability).then_some(name)
    }
}

/// Whether the calling thread is without this capability.
pub(crate) fn lacks(capability: CapabilitySet) -> bool {
    rustix::thread::capabilities(None).is_ok_and(|sets| !sets.effective.contains(capability))
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.operation, self.source)?;
        match self.capability() {
            Some(capability) => write!(f, " (needs {capability})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        // The sentence says what the system said; only what lies behind that is left.
        self.source.source()
    }
}
