//! Why BPF could not be had: what was being done, what stood in the way, what would help.

use std::{fmt, io};

use rustix::thread::CapabilitySet;

/// What would help whom the kernel refuses: the two capabilities, or the one that held their powers before Linux 5.8.
const CAPABILITY: &str = "CAP_BPF and CAP_PERFMON";

/// What maps are looked at with that somebody else made.
const CAPABILITY_OF_MAPS: &str = "CAP_SYS_ADMIN";

/// The operation that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// Reading the kernel's type information, `/sys/kernel/btf/vmlinux`.
    ReadTypes,
    /// Assembling the program with this name.
    Assemble(&'static str),
    /// Loading the program with this name.
    Load(&'static str),
    /// Attaching the program with this name.
    Attach(&'static str),
    /// Making a map of this kind.
    CreateMap(&'static str),
    /// Reading what the program with this name says.
    Read(&'static str),
    /// Looking at the map with this number, and at the types of its values.
    OpenMap(u32),
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReadTypes => f.write_str("cannot read the kernel's types (/sys/kernel/btf/vmlinux)"),
            Self::Assemble(name) => write!(f, "cannot assemble the BPF program {name}"),
            Self::Load(name) => write!(f, "cannot load the BPF program {name}"),
            Self::Attach(name) => write!(f, "cannot attach the BPF program {name}"),
            Self::CreateMap(kind) => write!(f, "cannot make a BPF {kind}"),
            Self::Read(name) => write!(f, "cannot read from the BPF program {name}"),
            Self::OpenMap(id) => write!(f, "cannot look at BPF map {id}"),
        }
    }
}

/// What stood in the way.
#[derive(Debug)]
#[non_exhaustive]
pub enum Cause {
    /// The system said no.
    System(io::Error),
    /// The verifier refused the program; the end of what it wrote.
    Verifier(io::Error, String),
    /// This kernel has no such type, member, function or tracepoint.
    Missing(String),
    /// The kernel's types are not as their format demands.
    Malformed(&'static str),
    /// A program is too large: a jump does not reach.
    TooLarge,
    /// The map is of this kind (include/uapi/linux/bpf.h, enum bpf_map_type), and not one that keeps values with sockets.
    OtherKind(u32),
}

/// Why BPF could not be had.
#[derive(Debug)]
#[non_exhaustive]
pub struct Error {
    /// What was being done.
    pub operation: Operation,
    /// What stood in the way.
    pub cause: Cause,
}

impl Error {
    pub(crate) fn system(operation: Operation, source: impl Into<io::Error>) -> Self {
        Self { operation, cause: Cause::System(source.into()) }
    }

    pub(crate) fn missing(operation: Operation, what: impl Into<String>) -> Self {
        Self { operation, cause: Cause::Missing(what.into()) }
    }

    /// What the system said.
    fn errno(&self) -> Option<i32> {
        match &self.cause {
            Cause::System(source) | Cause::Verifier(source, _) => source.raw_os_error(),
            _ => None,
        }
    }

    /// The capability that would have helped, where the kernel refused and the calling thread lacks it. One that has it
    /// was refused for another reason: a security module, a locked-down kernel, a user namespace.
    pub fn capability(&self) -> Option<&'static str> {
        if !matches!(self.errno()?, libc::EPERM | libc::EACCES) {
            return None;
        }
        match self.operation {
            // kernel/bpf/syscall.c, `bpf_map_get_fd_by_id`
            Operation::OpenMap(_) => (!held().contains(CapabilitySet::SYS_ADMIN)).then_some(CAPABILITY_OF_MAPS),
            _ => lacking_capability(),
        }
    }
}

/// The capability that the calling thread lacks for the programs of this crate; `None` if it has what is needed.
pub fn lacking_capability() -> Option<&'static str> {
    let held = held();
    let suffices =
        held.contains(CapabilitySet::SYS_ADMIN) || held.contains(CapabilitySet::BPF | CapabilitySet::PERFMON);
    (!suffices).then_some(CAPABILITY)
}

fn held() -> CapabilitySet {
    rustix::thread::capabilities(None).map_or(CapabilitySet::empty(), |sets| sets.effective)
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.operation)?;
        match &self.cause {
            Cause::System(source) => write!(f, "{source}")?,
            Cause::Verifier(source, log) if log.is_empty() => write!(f, "{source}")?,
            Cause::Verifier(source, log) => write!(f, "{source}: {log}")?,
            Cause::Missing(what) => write!(f, "this kernel has no {what}")?,
            Cause::Malformed(what) => write!(f, "malformed: {what}")?,
            Cause::TooLarge => f.write_str("a jump is too far")?,
            Cause::OtherKind(kind) => write!(f, "it is of kind {kind}, and keeps nothing with sockets")?,
        }
        match self.capability() {
            Some(CAPABILITY_OF_MAPS) => write!(f, " (needs {CAPABILITY_OF_MAPS})"),
            Some(capability) => write!(f, " (needs {capability}, or CAP_SYS_ADMIN)"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.cause {
            // The sentence says what the system said; only what lies behind that is left.
            Cause::System(source) | Cause::Verifier(source, _) => source.source(),
            _ => None,
        }
    }
}
