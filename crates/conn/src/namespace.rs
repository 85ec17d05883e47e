//! Network namespaces: finding, naming and entering them.
//!
//! What it is: [`Namespace`], one namespace held open; [`inventory()`], every namespace that can be found;
//! [`Namespace::run_in`], which runs code in another namespace on a thread of its own. A socket opened there stays
//! there.
//!
//! What it is not: it makes, names and removes no namespaces.
//!
//! ```no_run
//! use sockeye_conn::{Namespace, Protocol, Socket};
//!
//! let blue = Namespace::open("blue".as_ref())?;
//! let socket = Socket::open_in(&blue, Protocol::SockDiag)?;
//! # Ok::<(), sockeye_conn::Error>(())
//! ```

mod elsewhere;
mod inventory;
mod mountinfo;
mod processes;
mod resolve;

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::{io, panic, thread};

use crate::error::{Error, Operation};
use crate::sys;

pub use inventory::{Inventory, inventory};

/// The namespace of the calling thread; `/proc/self` would be that of the main thread.
const OWN: &str = "/proc/thread-self/ns/net";

/// Which namespace it is, whatever the name it was reached by.
///
/// The kernel uses an inode again once its namespace is gone; as long as a [`Namespace`] is open, its identity is its
/// own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Identity {
    /// Device of nsfs.
    pub device: u64,
    /// Inode in nsfs, the number in `net:[4026531840]`.
    pub inode: u64,
}

/// A network namespace, held open.
#[derive(Debug)]
pub struct Namespace {
    fd: OwnedFd,
    identity: Identity,
    own: bool,
    known: Known,
}

/// The ways a namespace is known by.
#[derive(Clone, Debug, Default)]
struct Known {
    /// File names in directories for namespaces, sorted.
    names: Vec<OsString>,
    /// Where it is mounted or linked, sorted.
    paths: Vec<PathBuf>,
    /// Processes in it, lowest first.
    pids: Vec<u32>,
    /// Name of the first of them.
    command: Vec<u8>,
}

impl Namespace {
    /// The namespace that the calling thread is in.
    pub fn current() -> Result<Self, Error> {
        Self::open_path(Path::new(OWN), Known::default())
    }

    /// The namespace that `spec` says: a path where it has a slash, else a name, else the number of a process.
    ///
    /// A name is looked for in `/run/netns`, in `/var/run/netns`, and among namespaces mounted in other directories
    /// called `netns`. A namespace that is named like a number wins over the process, as it does for `ip`.
    pub fn open(spec: &OsStr) -> Result<Self, Error> {
        resolve::open(spec)
    }

    /// Another handle of it, known by the same names.
    pub fn try_clone(&self) -> Result<Self, Error> {
        let refused = |source| Error::new(Operation::OpenNamespace(spelled(&self.label())), source);
        Ok(Self {
            fd: self.fd.try_clone().map_err(refused)?,
            identity: self.identity,
            own: self.own,
            known: self.known.clone(),
        })
    }

    /// Which namespace it is.
    pub fn identity(&self) -> Identity {
        self.identity
    }

    /// Whether it is the namespace of the thread that opened it.
    pub fn is_own(&self) -> bool {
        self.own
    }

    /// Whether the capabilities of this process count in it: its user namespace, or one below it, owns this one. In a namespace of
    /// somebody else's they are worth nothing, however many there are (kernel ns_get_owner). `true` too where the kernel does not
    /// tell (before 4.9).
    pub fn honours_own_capabilities(&self) -> bool {
        sys::owning_user_namespace(self.fd.as_fd())
            .map_or_else(|error| error.raw_os_error() != Some(libc::EPERM), |_| true)
    }

    /// Its names, sorted.
    pub fn names(&self) -> &[OsString] {
        &self.known.names
    }

    /// Where it is mounted or linked, sorted.
    pub fn paths(&self) -> &[PathBuf] {
        &self.known.paths
    }

    /// The processes in it that were seen, lowest number first.
    pub fn pids(&self) -> &[u32] {
        &self.known.pids
    }

    /// What to call it where people look: its first name, else `pid:1(systemd)`, else a path, else `net:[4026531840]`.
    ///
    /// Bytes that others chose: escape them before a terminal sees them.
    pub fn label(&self) -> Vec<u8> {
        if let Some(name) = self.known.names.first() {
            return name.as_bytes().to_vec();
        }
        if let Some(pid) = self.known.pids.first() {
            return [format!("pid:{pid}(").as_bytes(), &self.known.command, b")"].concat();
        }
        match self.known.paths.first() {
            Some(path) => path.as_os_str().as_bytes().to_vec(),
            None => format!("net:[{}]", self.identity.inode).into_bytes(),
        }
    }

    /// Whether one of the paths by which it is known still leads to it. One that is known by processes alone has none.
    pub fn is_reachable(&self) -> bool {
        self.known.paths.iter().any(|path| identity_at(path).is_ok_and(|there| there == self.identity))
    }

    /// Runs `work` in this namespace and gives back what it returns. The caller stays where it is: the work is done by
    /// a thread of its own, which ends with it. Sockets opened by the work stay in this namespace.
    ///
    /// In the caller's own namespace the work is done at once and needs no privilege; any other wants `CAP_SYS_ADMIN`,
    /// both here and in the user namespace it belongs to (a container of another user namespace that the caller made
    /// cannot be entered so: a process with several threads may not change its user namespace).
    ///
    /// # Panics
    ///
    /// If `work` does.
    pub fn run_in<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T, Error> {
        // Not `self.own`: the handle may have come from a thread of another namespace.
        if identity_at(Path::new(OWN)).is_ok_and(|own| own == self.identity) {
            return Ok(work());
        }
        let refused = |source| Error::new(Operation::EnterNamespace(spelled(&self.label())), source);
        thread::scope(|scope| {
            let visitor = thread::Builder::new().name("sockeye-netns".to_owned()).spawn_scoped(scope, || {
                sys::enter_network_namespace(self.as_fd())?;
                Ok(work())
            });
            match visitor.map_err(refused)?.join() {
                Ok(result) => result.map_err(refused),
                Err(payload) => panic::resume_unwind(payload),
            }
        })
    }

    /// Opens the file at `path`, which must be a network namespace.
    fn open_path(path: &Path, known: Known) -> Result<Self, Error> {
        let failed = |source| Error::new(Operation::OpenNamespace(display(path)), source);
        // Whatever a person names here must not block, as opening a pipe would.
        let file = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path).map_err(failed)?;
        if !sys::is_network_namespace(file.as_fd()) {
            return Err(failed(io::Error::new(io::ErrorKind::InvalidInput, "it is not a network namespace")));
        }
        let identity = Identity::of(&file.metadata().map_err(failed)?);
        let own = identity_at(Path::new(OWN)).is_ok_and(|own| own == identity);
        Ok(Self { fd: file.into(), identity, own, known })
    }
}

impl AsFd for Namespace {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Identity {
    fn of(metadata: &fs::Metadata) -> Self {
        Self { device: metadata.dev(), inode: metadata.ino() }
    }
}

/// The identity of the namespace at `path`, if it is one.
fn identity_at(path: &Path) -> io::Result<Identity> {
    fs::metadata(path).map(|metadata| Identity::of(&metadata))
}

/// A path in a sentence.
fn display(path: &Path) -> String {
    spelled(path.as_os_str().as_bytes())
}

/// A name in a sentence: letters as they are, and what is none, or would hide or reorder others, spelled out.
fn spelled(name: &[u8]) -> String {
    let mut sentence = String::with_capacity(name.len());
    for chunk in name.utf8_chunks() {
        for letter in chunk.valid().chars() {
            match u8::try_from(letter) {
                Ok(byte) if byte.is_ascii() => sentence.extend(byte.escape_ascii().map(char::from)),
                _ => sentence.extend(letter.escape_debug()),
            }
        }
        sentence.extend(chunk.invalid().escape_ascii().map(char::from));
    }
    sentence
}

#[cfg(test)]
mod tests {
    use super::spelled;

    #[test]
    fn letters_stay_and_what_deceives_is_spelled_out() {
        assert_eq!(spelled("blü 中".as_bytes()), "blü 中");
        assert_eq!(spelled(b"a\x1b[1m\n\\e\xff\xfe"), r"a\x1b[1m\n\\e\xff\xfe");
        assert_eq!(spelled("\u{202e}x\u{9b}".as_bytes()), r"\u{202e}x\u{9b}");
    }
}
