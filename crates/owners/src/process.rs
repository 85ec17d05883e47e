//! What is known of one process. Every fact is a read of its own, so only those asked for are read.

use std::{
    collections::HashMap,
    fmt,
    ops::BitOr,
    sync::{Arc, Mutex, PoisonError},
};

use crate::cgroup::CgroupIdentity;

/// A set of facts about processes, to be read in a scan.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Facts(u8);

impl Facts {
    /// Only the pid.
    pub const NONE: Self = Self(0);
    /// The name, [`Process::comm`].
    pub const COMM: Self = Self(1);
    /// The effective user, [`Process::uid`].
    pub const UID: Self = Self(2);
    /// The command line, [`Process::cmdline`].
    pub const CMDLINE: Self = Self(4);
    /// The control group, [`Process::cgroup`].
    pub const CGROUP: Self = Self(8);
    /// The time of start, [`Process::start_time_ticks`].
    pub const START_TIME: Self = Self(16);
    /// The security context, [`Process::context`].
    pub const CONTEXT: Self = Self(32);

    /// Whether all facts of `other` are in this set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOr for Facts {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl fmt::Debug for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [
            (Self::COMM, "COMM"),
            (Self::UID, "UID"),
            (Self::CMDLINE, "CMDLINE"),
            (Self::CGROUP, "CGROUP"),
            (Self::START_TIME, "START_TIME"),
            (Self::CONTEXT, "CONTEXT"),
        ];
        f.debug_set().entries(names.iter().filter(|(fact, _)| self.contains(*fact)).map(|(_, name)| name)).finish()
    }
}

/// One process, or one of its threads where those were asked for, as it was when its descriptors were read. The facts
/// of a thread are its own: it can have another name, user or context than its process.
///
/// A fact is `None` if it was not asked for, or could not be read: the process may have ended midway.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Process {
    pub(crate) pid: u32,
    pub(crate) tid: u32,
    pub(crate) uid: Option<u32>,
    pub(crate) comm: Option<Box<[u8]>>,
    pub(crate) cmdline: Option<Cmdline>,
    pub(crate) cgroup: Option<Arc<Cgroup>>,
    pub(crate) start_time_ticks: Option<u64>,
    pub(crate) context: Option<Box<[u8]>>,
}

/// A command line, as far as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct Cmdline {
    pub(crate) bytes: Box<[u8]>,
    pub(crate) cut: bool,
}

impl Process {
    /// The process id, in the pid namespace of the proc file system that was scanned.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// The thread id: that of the process itself, its pid, unless [`ScanOptions::tasks`](crate::ScanOptions::tasks)
    /// found another thread of it.
    pub fn tid(&self) -> u32 {
        self.tid
    }

    /// The effective user id, in the user namespace of the reader: it decides what the process may do, and is what `ps`
    /// calls USER.
    pub fn uid(&self) -> Option<u32> {
        self.uid
    }

    /// The name the process has given itself: any bytes but NUL, 15 at most.
    pub fn comm(&self) -> Option<&[u8]> {
        self.comm.as_deref()
    }

    /// The arguments, each ended by NUL (unless the process has overwritten them); empty for a kernel thread.
    pub fn cmdline(&self) -> Option<&[u8]> {
        self.cmdline.as_ref().map(|cmdline| &*cmdline.bytes)
    }

    /// Whether the command line is longer than the 4096 bytes that are kept.
    pub fn is_cmdline_cut(&self) -> bool {
        self.cmdline.as_ref().is_some_and(|cmdline| cmdline.cut)
    }

    /// The control group.
    pub fn cgroup(&self) -> Option<&Cgroup> {
        self.cgroup.as_deref()
    }

    /// When the process started, in clock ticks (`_SC_CLK_TCK`) since boot. With the pid, it names a process for good.
    pub fn start_time_ticks(&self) -> Option<u64> {
        self.start_time_ticks
    }

    /// What a security module says of it (`attr/current`): with SELinux its context, as the policy spells it, not as
    /// `mcstransd` would translate it. None where no module says anything.
    pub fn context(&self) -> Option<&[u8]> {
        self.context.as_deref()
    }

    #[cfg(test)]
    pub(crate) fn bare(pid: u32, tid: u32) -> Self {
        let (uid, comm, cmdline, cgroup, start_time_ticks, context) = (None, None, None, None, None, None);
        Self { pid, tid, uid, comm, cmdline, cgroup, start_time_ticks, context }
    }
}

/// A control group that processes are in. Processes of one group share one of these.
#[derive(Debug)]
pub struct Cgroup {
    path: Box<[u8]>,
    identity: CgroupIdentity,
}

impl Cgroup {
    /// The path from the root of the reader's cgroup namespace, as the kernel gives it.
    pub fn path(&self) -> &[u8] {
        &self.path
    }

    /// What the path says of unit, container and pod.
    pub fn identity(&self) -> &CgroupIdentity {
        &self.identity
    }
}

/// The control groups met in one scan.
#[derive(Default)]
pub(crate) struct Cgroups(Mutex<HashMap<Box<[u8]>, Arc<Cgroup>>>);

impl Cgroups {
    pub(crate) fn intern(&self, path: &[u8]) -> Arc<Cgroup> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cgroup) = known.get(path) {
            return Arc::clone(cgroup);
        }
        let cgroup = Arc::new(Cgroup { path: path.into(), identity: CgroupIdentity::of(path) });
        known.insert(path.into(), Arc::clone(&cgroup));
        cgroup
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_paths_share_one_cgroup() {
        let cgroups = Cgroups::default();
        assert!(Arc::ptr_eq(&cgroups.intern(b"/a"), &cgroups.intern(b"/a")));
        assert!(!Arc::ptr_eq(&cgroups.intern(b"/a"), &cgroups.intern(b"/b")));
    }

    #[test]
    fn facts_are_a_set() {
        let facts = Facts::COMM | Facts::CGROUP;
        assert!(facts.contains(Facts::COMM) && !facts.contains(Facts::UID) && facts.contains(Facts::NONE));
        assert_eq!(format!("{facts:?}"), r#"{"COMM", "CGROUP"}"#);
    }
}
