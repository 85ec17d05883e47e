//! What a scan was not allowed to see, and what would have helped: "not permitted" is never "none".

use std::{fmt, path::Path};

use rustix::{io::Errno, thread::CapabilitySet};

use crate::{
    mounts::{MOUNTINFO_BYTES_MAX, mounts},
    procfs::{Proc, decimal, read_bounded},
};

/// Inode of the first pid namespace (include/uapi/linux/nsfs.h, PROC_PID_INIT_INO).
const FIRST_PID_NAMESPACE: u32 = 0xEFFF_FFFC;

/// Inode of the first user namespace (PROC_USER_INIT_INO).
const FIRST_USER_NAMESPACE: u32 = 0xEFFF_FFFD;

/// How much of the machine a scan has seen.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Visibility {
    /// Processes that were there, or were asked for by pid. A program in the kernel ([`Source::Bpf`](crate::Source::Bpf))
    /// sees all, and tells of those that hold a socket.
    pub processes: usize,
    /// Processes whose descriptors were read, or that have none.
    pub processes_read: usize,
    /// Processes that the filter left out.
    pub processes_filtered: usize,
    /// Processes whose descriptors, or those of a thread of theirs, may not be read.
    pub processes_not_permitted: usize,
    /// Processes that ended before they were read, or were never there. Normal.
    pub processes_gone: usize,
    /// Processes whose descriptors could not be read for another reason.
    pub processes_failed: usize,
    /// The error number of one such reason (`EMFILE`: we are out of descriptors ourselves).
    pub failure_errno: Option<i32>,
    /// What would help with the processes not permitted or hidden, where this process lacks it.
    pub missing_capabilities: Vec<Capability>,
    /// Set where /proc itself may hide processes from this reader; how many cannot be known.
    pub hide_pid: Option<HidePid>,
    /// Whether the reader is in the first pid namespace; in another one the processes outside, who may hold sockets too,
    /// cannot be seen. `None` if that is not known.
    pub first_pid_namespace: Option<bool>,
}

/// A privilege that lets more processes be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Capability {
    /// Read what the descriptors of others lead to.
    SysPtrace,
    /// List the descriptors of others.
    DacReadSearch,
}

/// How the proc file system was mounted to hide processes (mount option `hidepid`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HidePid {
    /// `noaccess`: the processes of others are listed, but nothing of them can be read.
    NoAccess,
    /// `invisible`: the processes of others are not listed.
    Invisible,
    /// `ptraceable`: only what may be traced is listed.
    PtraceableOnly,
    /// The mount options could not be read.
    Unknown,
}

/// Troubles of single processes: the position in the list, and the kernel's answer.
pub(crate) type Troubles = Vec<(u32, Errno)>;

impl Visibility {
    /// Whether every process that could hold a socket was seen, but for those the filter left out.
    pub fn is_whole(&self) -> bool {
        self.processes_not_permitted == 0
            && self.processes_failed == 0
            && self.first_pid_namespace != Some(false)
            && matches!(self.hide_pid, None | Some(HidePid::NoAccess))
    }

    /// Every process in sight that holds a socket was seen.
    pub(crate) fn of_all(proc: &Proc, processes: usize, filtered: usize) -> Self {
        let first_pid_namespace = first_pid_namespace(proc);
        let processes_read = processes - filtered;
        Self { processes, processes_read, processes_filtered: filtered, first_pid_namespace, ..Self::default() }
    }

    pub(crate) fn new(proc: &Proc, processes: usize, filtered: usize, mut troubles: Troubles) -> Self {
        troubles.sort_unstable_by_key(|(position, errno)| (*position, errno.raw_os_error()));
        troubles.dedup_by_key(|(position, _)| *position);
        let mut seen = Self { processes, processes_filtered: filtered, ..Self::default() };
        for (_, errno) in &troubles {
            match *errno {
                Errno::ACCESS | Errno::PERM => seen.processes_not_permitted += 1,
                Errno::NOENT | Errno::SRCH => seen.processes_gone += 1,
                errno => {
                    seen.processes_failed += 1;
                    seen.failure_errno = Some(errno.raw_os_error());
                }
            }
        }
        seen.processes_read = processes.saturating_sub(filtered + troubles.len());
        seen.first_pid_namespace = first_pid_namespace(proc);
        let lacks = lacking(proc);
        if proc.is_mounted && lacks.contains(&Capability::SysPtrace) {
            seen.hide_pid = hide_pid(proc);
        }
        let hides = matches!(seen.hide_pid, Some(HidePid::Invisible | HidePid::PtraceableOnly));
        if seen.processes_not_permitted > 0 || hides {
            seen.missing_capabilities = lacks;
        }
        seen
    }
}

impl fmt::Display for Visibility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut reasons = Vec::new();
        if self.processes_not_permitted > 0 {
            let names: Vec<_> = self.missing_capabilities.iter().map(|capability| capability.name()).collect();
            let help = if names.is_empty() { String::new() } else { format!(" (needs {})", names.join(" and ")) };
            reasons
                .push(format!("{} of {} processes not permitted{help}", self.processes_not_permitted, self.processes));
        }
        if self.processes_failed > 0 {
            let why = self.failure_errno.map(|errno| format!(": {}", std::io::Error::from_raw_os_error(errno)));
            reasons.push(format!("{} processes not readable{}", self.processes_failed, why.unwrap_or_default()));
        }
        match self.hide_pid {
            Some(HidePid::Invisible | HidePid::PtraceableOnly) => {
                reasons.push("/proc hides processes (mount option hidepid, needs CAP_SYS_PTRACE)".into());
            }
            Some(HidePid::Unknown) => {
                reasons.push("/proc may hide processes (its mount options are unreadable)".into());
            }
            Some(HidePid::NoAccess) | None => {}
        }
        if self.first_pid_namespace == Some(false) {
            reasons.push("processes outside this pid namespace are not seen".into());
        }
        if reasons.is_empty() { f.write_str("every process seen") } else { f.write_str(&reasons.join("; ")) }
    }
}

impl Capability {
    /// The kernel's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SysPtrace => "CAP_SYS_PTRACE",
            Self::DacReadSearch => "CAP_DAC_READ_SEARCH",
        }
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What this process lacks to read all of `/proc`.
pub(crate) fn lacking_here() -> Vec<Capability> {
    Proc::open(Path::new("/proc")).map_or_else(|_| Vec::new(), |proc| lacking(&proc))
}

/// The capabilities that this process lacks. Those held in another than the first user namespace do not count for
/// processes outside of it, so there all are lacking.
fn lacking(proc: &Proc) -> Vec<Capability> {
    let first = namespace(proc, c"self/ns/user").is_none_or(|inode| inode == FIRST_USER_NAMESPACE);
    let held = match rustix::thread::capabilities(None) {
        Ok(sets) if first => sets.effective,
        _ => CapabilitySet::empty(),
    };
    let mut lacking = Vec::new();
    if !held.contains(CapabilitySet::SYS_PTRACE) {
        lacking.push(Capability::SysPtrace);
    }
    if !held.intersects(CapabilitySet::DAC_READ_SEARCH | CapabilitySet::DAC_OVERRIDE) {
        lacking.push(Capability::DacReadSearch);
    }
    lacking
}

fn first_pid_namespace(proc: &Proc) -> Option<bool> {
    namespace(proc, c"self/ns/pid").map(|inode| inode == FIRST_PID_NAMESPACE)
}

/// The inode of the namespace that a link leads to.
fn namespace(proc: &Proc, link: &std::ffi::CStr) -> Option<u32> {
    let text = rustix::fs::readlinkat(proc.directory(), link, Vec::new()).ok()?;
    namespace_in(text.to_bytes())
}

/// The inode in `pid:[INODE]`.
pub(crate) fn namespace_in(link: &[u8]) -> Option<u32> {
    decimal(link.split(|byte| *byte == b'[').nth(1)?.strip_suffix(b"]")?)
}

/// Whether the mount hides processes from this reader, who lacks CAP_SYS_PTRACE.
fn hide_pid(proc: &Proc) -> Option<HidePid> {
    let known = || {
        let device = rustix::fs::fstat(proc.directory()).ok()?.st_dev;
        let device = (rustix::fs::major(device), rustix::fs::minor(device));
        let (file, _) = read_bounded(proc.directory(), c"self/mountinfo", MOUNTINFO_BYTES_MAX).ok()?;
        let options = mounts(&file).find(|mount| mount.device == device)?.options.to_vec();
        Some(hide_pid_in(&options, &rustix::process::getgroups().ok()?.iter().map(|g| g.as_raw()).collect::<Vec<_>>()))
    };
    known().unwrap_or(Some(HidePid::Unknown))
}

/// The option as Linux 5.8 and later write it, and as the number that earlier ones do. The group in the option `gid` is
/// exempt; without that option it is group 0.
pub(crate) fn hide_pid_in(options: &[u8], groups: &[u32]) -> Option<HidePid> {
    let value = |name: &[u8]| {
        options.split(|byte| *byte == b',').find_map(|option| option.strip_prefix(name)?.strip_prefix(b"="))
    };
    let hides = match value(b"hidepid")? {
        b"noaccess" | b"1" => HidePid::NoAccess,
        b"invisible" | b"2" => HidePid::Invisible,
        // No group is exempt from this one.
        b"ptraceable" | b"4" => return Some(HidePid::PtraceableOnly),
        b"off" | b"0" => return None,
        _ => return Some(HidePid::Unknown),
    };
    let exempt = value(b"gid").and_then(decimal).unwrap_or(0);
    (!groups.contains(&exempt)).then_some(hides)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidepid_is_read_as_written_by_any_kernel_and_spares_its_group() {
        let cases: [(&[u8], &[u32], Option<HidePid>); 9] = [
            (b"rw", &[], None),
            (b"rw,hidepid=off", &[], None),
            (b"rw,gid=27,hidepid=invisible", &[4], Some(HidePid::Invisible)),
            (b"rw,gid=27,hidepid=invisible", &[4, 27], None),
            (b"rw,gid=27,hidepid=ptraceable", &[27], Some(HidePid::PtraceableOnly)),
            (b"rw,hidepid=2", &[4], Some(HidePid::Invisible)),
            (b"rw,hidepid=2", &[0], None),
            (b"rw,hidepid=1", &[4], Some(HidePid::NoAccess)),
            (b"rw,hidepid=new", &[4], Some(HidePid::Unknown)),
        ];
        for (options, groups, expected) in cases {
            assert_eq!(hide_pid_in(options, groups), expected, "{}", options.escape_ascii());
        }
    }

    #[test]
    fn troubles_of_one_process_count_once_and_by_kind() {
        let proc = Proc::open("/proc".as_ref()).expect("/proc");
        let troubles =
            vec![(3, Errno::ACCESS), (3, Errno::ACCESS), (4, Errno::PERM), (5, Errno::NOENT), (6, Errno::MFILE)];
        let seen = Visibility::new(&proc, 10, 2, troubles);
        assert_eq!((seen.processes_not_permitted, seen.processes_gone, seen.processes_failed), (2, 1, 1));
        assert_eq!((seen.processes_read, seen.failure_errno), (4, Some(24)));
        assert!(!seen.is_whole());
        assert!(seen.to_string().contains("2 of 10 processes not permitted"), "{seen}");
    }

    #[test]
    fn reasons_are_named() {
        let hidden = Visibility { hide_pid: Some(HidePid::Invisible), ..Visibility::default() };
        assert!(!hidden.is_whole() && hidden.to_string().contains("hidepid"));
        let inner = Visibility { first_pid_namespace: Some(false), ..Visibility::default() };
        assert!(!inner.is_whole() && inner.to_string().contains("pid namespace"));
        assert_eq!(Visibility::default().to_string(), "every process seen");
        let denied = Visibility {
            processes: 9,
            processes_not_permitted: 4,
            missing_capabilities: vec![Capability::SysPtrace, Capability::DacReadSearch],
            ..Visibility::default()
        };
        assert_eq!(denied.to_string(), "4 of 9 processes not permitted (needs CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH)");
    }
}
