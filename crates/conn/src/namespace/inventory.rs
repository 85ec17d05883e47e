//! Every network namespace there is, as far as it can be found.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustix::thread::CapabilitySet;

use super::mountinfo::{Mounts, name_at};
use super::processes::{Holder, Processes};
use super::resolve::NAME_DIRECTORIES;
use super::{Identity, Known, Namespace, OWN, identity_at};
use crate::error::{Error, Operation, lacks};

/// The mount namespace of the calling thread.
const OWN_MOUNTS: &str = "/proc/thread-self/ns/mnt";

/// The namespaces that were found, and what could not be looked at.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Inventory {
    /// Each namespace once: the caller's own first, then those with names by name, then the others by inode.
    pub namespaces: Vec<Namespace>,
    /// Processes whose namespace the caller may not see. Most will be in a namespace that is listed anyway.
    pub not_permitted: usize,
    /// `/proc` hides processes of other users (`hidepid`), so that they cannot even be counted.
    pub processes_hidden: bool,
    /// Mount namespaces of others in which network namespaces may be mounted and that could not be looked into.
    pub mounts_unread: usize,
    /// Namespaces that exist and could not be opened.
    pub unopened: Vec<Error>,
}

impl Inventory {
    /// Whether namespaces are missing that could have been had: they exist, or a capability would show more.
    pub fn is_restricted(&self) -> bool {
        !self.unopened.is_empty()
            || self.mounts_unread > 0
            || (self.processes_hidden || self.not_permitted > 0) && lacks(CapabilitySet::SYS_PTRACE)
    }

    /// Why namespaces may be missing, in one sentence; `None` where nothing stood in the way.
    pub fn reason(&self) -> Option<String> {
        if let Some(error) = self.unopened.first() {
            return Some(format!("{} network namespaces could not be opened; {error}", self.unopened.len()));
        }
        if self.mounts_unread > 0 {
            return Some(format!("{} mount namespaces could not be looked into", self.mounts_unread));
        }
        if self.processes_hidden {
            return Some("/proc is mounted with hidepid: processes of other users are not listed".to_owned());
        }
        let whose = match self.not_permitted {
            0 => return None,
            1 => "1 process".to_owned(),
            count => format!("{count} processes"),
        };
        // Even with the capability a security module may say no.
        let hint = if lacks(CapabilitySet::SYS_PTRACE) { " (needs CAP_SYS_PTRACE)" } else { "" };
        Some(format!("the network namespace of {whose} may not be seen{hint}"))
    }
}

/// Finds every network namespace: those that processes and threads are in, those mounted where the caller or another
/// process sees it, and those named in `/run/netns`. Opens each once.
///
/// Not found are namespaces that are kept alive in no other way than by an open file or socket of some process (every
/// file of every process would have to be looked at), or by a mount in a mount namespace that no process is in, or
/// outside the root directories of the processes in it.
pub fn inventory() -> Result<Inventory, Error> {
    let failed = |place: &str, source| Error::new(Operation::Read(place.to_owned()), source);
    let own = identity_at(Path::new(OWN)).map_err(|source| failed(OWN, source))?;
    let mounts = Mounts::read().map_err(|source| failed("/proc/thread-self/mountinfo", source))?;
    let mut processes = Processes::read().map_err(|source| failed("/proc", source))?;
    processes.holders.sort_unstable();

    let mut found = BTreeMap::<Identity, Trace>::new();
    found.entry(own).or_default();
    for (identity, path) in mounts.namespaces.into_iter().chain(links(own.device)) {
        let trace = found.entry(identity).or_default();
        trace.names.extend(name_at(&path).map(OsString::from));
        trace.paths.insert(path);
    }
    for (identity, holder) in processes.holders {
        found.entry(identity).or_default().holders.push(holder);
    }
    let own_mounts = identity_at(Path::new(OWN_MOUNTS)).map_err(|source| failed(OWN_MOUNTS, source))?;
    let elsewhere = processes.mounts.read(own_mounts);
    for (identity, ways) in elsewhere.ways {
        found.entry(identity).or_default().elsewhere = ways;
    }

    let mut inventory = Inventory {
        not_permitted: processes.not_permitted,
        processes_hidden: mounts.processes_hidden,
        mounts_unread: elsewhere.unread,
        ..Inventory::default()
    };
    for (identity, trace) in found {
        match trace.open(identity, identity == own) {
            Ok(namespace) => inventory.namespaces.extend(namespace),
            Err(error) => inventory.unopened.push(error),
        }
    }
    inventory.namespaces.sort_by(|a, b| order(a).cmp(&order(b)));
    Ok(inventory)
}

/// Own first, then by name, then by inode.
fn order(namespace: &Namespace) -> (bool, bool, &[OsString], Identity) {
    (!namespace.own, namespace.known.names.is_empty(), &namespace.known.names, namespace.identity)
}

/// What is in the directories for names. Most of it is mounted and known; symbolic links to `/proc/PID/ns/net` are not.
fn links(nsfs: u64) -> impl Iterator<Item = (Identity, PathBuf)> {
    let directories = NAME_DIRECTORIES.into_iter().filter_map(|directory| fs::read_dir(directory).ok());
    let paths = directories.flatten().filter_map(|entry| Some(entry.ok()?.path()));
    paths.filter_map(move |path| {
        let identity = identity_at(&path).ok().filter(|identity| identity.device == nsfs)?;
        Some((identity, path))
    })
}

/// What led to a namespace.
#[derive(Debug, Default)]
struct Trace {
    names: BTreeSet<OsString>,
    paths: BTreeSet<PathBuf>,
    holders: Vec<Holder>,
    /// Where it is mounted in other mount namespaces.
    elsewhere: BTreeSet<PathBuf>,
}

impl Trace {
    /// Opens the namespace by the first way that still leads to it; `None` where it is gone or is none of the network.
    fn open(self, identity: Identity, own: bool) -> Result<Option<Namespace>, Error> {
        let ways = own.then(|| PathBuf::from(OWN)).into_iter();
        let ways = ways.chain(self.paths.iter().cloned()).chain(self.holders.iter().map(|holder| holder.path().into()));
        let ways = ways.chain(self.elsewhere.iter().cloned());
        let mut refused = None;
        for way in ways {
            match Namespace::open_path(&way, Known::default()) {
                Ok(namespace) if namespace.identity == identity => {
                    return Ok(Some(Namespace { known: self.into_known(&way), ..namespace }));
                }
                // Something else is there by now: mounted over, or a process number used again.
                Ok(_) => {}
                Err(error) if is_elsewhere(&error.source) => {}
                Err(error) => refused = Some(error),
            }
        }
        refused.map_or(Ok(None), Err)
    }

    fn into_known(self, way: &Path) -> Known {
        let command = self.holders.first().map(|holder| holder.command()).unwrap_or_default();
        let mut pids: Vec<_> = self.holders.iter().map(|holder| holder.process).collect();
        pids.dedup();
        let mut paths: Vec<_> = self.paths.into_iter().collect();
        // What others call it is shown only where nothing else leads to it.
        if self.elsewhere.contains(way) {
            paths.push(way.to_owned());
        }
        Known { names: self.names.into_iter().collect(), paths, pids, command }
    }
}

/// Whether there is no network namespace at a place: never, any more, or of another kind.
fn is_elsewhere(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidInput)
        || error.raw_os_error() == Some(libc::ESRCH)
}
