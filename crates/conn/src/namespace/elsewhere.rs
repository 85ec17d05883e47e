//! Namespaces that are mounted where only another mount namespace sees them: `/proc/PID/mountinfo` of one process for
//! each, and the way to the mount through `/proc/PID/root`.
//!
//! What the processes of a namespace call such a place is no name here: `-N blue` would not find it, and two containers may
//! use one name for two namespaces.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use super::Identity;
use super::mountinfo::Mounts;
use super::processes::Holder;

/// Mount namespaces that are looked into. Each costs a read of its whole table, often some hundred lines.
const MOUNT_NAMESPACES_MAX: usize = 4096;

/// Processes of one mount namespace that are remembered, in case that some end before they are asked.
const HOLDERS_MAX: usize = 4;

/// Who is in each mount namespace.
#[derive(Debug, Default)]
pub(super) struct MountHolders(BTreeMap<Identity, Vec<Holder>>);

/// What is mounted in other mount namespaces.
#[derive(Debug, Default)]
pub(super) struct Elsewhere {
    /// The ways to each network namespace.
    pub(super) ways: BTreeMap<Identity, BTreeSet<PathBuf>>,
    /// Mount namespaces that could not be looked into, or were too many.
    pub(super) unread: usize,
}

impl MountHolders {
    /// Notes that a process or thread is in a mount namespace.
    pub(super) fn add(&mut self, identity: Identity, holder: Holder) {
        let holders = self.0.entry(identity).or_default();
        if holders.len() < HOLDERS_MAX {
            holders.push(holder);
        }
    }

    /// Reads the mounts of every namespace but `own`.
    pub(super) fn read(&self, own: Identity) -> Elsewhere {
        let mut elsewhere = Elsewhere::default();
        let others = self.0.iter().filter(|(identity, _)| **identity != own);
        for (index, (_, holders)) in others.enumerate() {
            if index >= MOUNT_NAMESPACES_MAX || elsewhere.add(holders).is_err() {
                elsewhere.unread += 1;
            }
        }
        elsewhere
    }
}

impl Elsewhere {
    /// Adds what one mount namespace has, as the first of these that still lives sees it. All may have ended: then the
    /// namespace is most likely gone too.
    fn add(&mut self, holders: &[Holder]) -> io::Result<()> {
        for (at, holder) in holders.iter().enumerate() {
            match Mounts::of(*holder) {
                Ok(mounts) => {
                    for (identity, point) in mounts.namespaces {
                        // Whoever of them ends before the namespace is opened, the others are still a way to it.
                        let ways = holders[at..].iter().map(|holder| through(*holder, &point));
                        self.ways.entry(identity).or_default().extend(ways);
                    }
                    return Ok(());
                }
                Err(error) if has_ended(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Where a process sees a path, from here.
fn through(holder: Holder, point: &Path) -> PathBuf {
    let mut way = OsString::from(holder.root());
    way.push(point);
    way.into()
}

/// A process without mounts is ending (`mounts_open_common`, fs/proc_namespace.c: EINVAL).
fn has_ended(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidInput)
        || error.raw_os_error() == Some(libc::ESRCH)
}
