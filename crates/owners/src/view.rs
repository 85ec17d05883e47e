//! The reading of one process's facts, each from its own file below `/proc/PID` and only when asked for.

use std::{
    cell::OnceCell,
    ffi::CStr,
    fmt,
    os::fd::BorrowedFd,
    sync::{Arc, LazyLock},
};

use rustix::fs::AtFlags;

use crate::{
    cgroup,
    process::{Cgroup, Cgroups, Cmdline, Facts, Process},
    procfs::{decimal, read_start},
    selinux::{CONTEXT_BYTES_MAX, trimmed},
};

/// Bytes of a command line that are kept. Some programs carry a megabyte; a listing shows a line.
const CMDLINE_BYTES_MAX: usize = 4096;

/// Bytes read of `status` and `cgroup`. What is looked for is in the first kilobyte of `status`; a cgroup path is at
/// most `PATH_MAX`, and version 1 has a line for each of its dozen controllers.
const FACT_BYTES_MAX: usize = 16 * 1024;

/// Bytes of `stat` that are read: fifty numbers and a name, 1300 bytes at most.
const STAT_BYTES_MAX: usize = 2048;

/// The number that the machine's root has here: that of the owner of what is the kernel's own. In a user namespace without him it
/// is the one that stands for everybody who has none.
static ROOT_OF_THE_MACHINE: LazyLock<u32> =
    LazyLock::new(|| rustix::fs::stat(c"/proc/version").map_or(0, |version| version.st_uid));

/// A process that a filter decides about, before its descriptors are looked at.
///
/// A fact is read from /proc when it is first asked for, so ask for the cheapest first: the pid is free.
pub struct ProcessView<'a> {
    pid: u32,
    tid: u32,
    /// `None` if it could not be opened any more.
    directory: Option<BorrowedFd<'a>>,
    cgroups: &'a Cgroups,
    uid: OnceCell<Option<u32>>,
    comm: OnceCell<Option<Box<[u8]>>>,
    cmdline: OnceCell<Option<Cmdline>>,
    cgroup: OnceCell<Option<Arc<Cgroup>>>,
    start_time_ticks: OnceCell<Option<u64>>,
    context: OnceCell<Option<Box<[u8]>>>,
}

impl<'a> ProcessView<'a> {
    pub(crate) fn new(pid: u32, directory: Option<BorrowedFd<'a>>, cgroups: &'a Cgroups) -> Self {
        Self {
            pid,
            tid: pid,
            directory,
            cgroups,
            uid: OnceCell::new(),
            comm: OnceCell::new(),
            cmdline: OnceCell::new(),
            cgroup: OnceCell::new(),
            start_time_ticks: OnceCell::new(),
            context: OnceCell::new(),
        }
    }

    /// A thread of the process, with a directory of its own.
    pub(crate) fn of_thread(pid: u32, tid: u32, directory: BorrowedFd<'a>, cgroups: &'a Cgroups) -> Self {
        Self { tid, ..Self::new(pid, Some(directory), cgroups) }
    }

    /// A process of which user and name are known already.
    pub(crate) fn told(
        pid: u32,
        directory: Option<BorrowedFd<'a>>,
        cgroups: &'a Cgroups,
        uid: u32,
        comm: Box<[u8]>,
    ) -> Self {
        let (uid, comm) = (OnceCell::from(Some(uid)), OnceCell::from(Some(comm)));
        Self { uid, comm, ..Self::new(pid, directory, cgroups) }
    }

    /// As [`Process::pid`].
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// As [`Process::uid`]; `None` if it cannot be read.
    pub fn uid(&self) -> Option<u32> {
        *self.uid.get_or_init(|| {
            // The directory of a process is its effective user's (fs/proc/base.c, task_dump_owner), also where the files
            // in it are root's because the process is not dumpable. It becomes root's when the process is gone
            // (pid_getattr), so root must still have files afterwards. In a user namespace that root may be another number.
            let directory = self.directory?;
            let uid = rustix::fs::fstat(directory).ok()?.st_uid;
            let certain = uid != 0 && uid != *ROOT_OF_THE_MACHINE
                || rustix::fs::statat(directory, c"comm", AtFlags::empty()).is_ok();
            certain.then_some(uid)
        })
    }

    /// As [`Process::comm`]; `None` if it cannot be read.
    pub fn comm(&self) -> Option<&[u8]> {
        let line = |line: &[u8]| line.strip_suffix(b"\n").unwrap_or(line).into();
        // `stat` has the same name (fs/proc/array.c, proc_task_name), but costs the kernel fifty other numbers. A copy
        // of a proc file system may have no more than that.
        let in_stat = || self.read(c"stat", &mut [0; STAT_BYTES_MAX], name_in_stat).flatten();
        self.comm.get_or_init(|| self.read(c"comm", &mut [0; 128], line).or_else(in_stat)).as_deref()
    }

    /// As [`Process::cmdline`]; `None` if it cannot be read.
    pub fn cmdline(&self) -> Option<&[u8]> {
        let keep = |bytes: &[u8]| match bytes.split_at_checked(CMDLINE_BYTES_MAX) {
            Some((kept, rest)) => Cmdline { bytes: kept.into(), cut: !rest.is_empty() },
            None => Cmdline { bytes: bytes.into(), cut: false },
        };
        let read = || self.read(c"cmdline", &mut [0; CMDLINE_BYTES_MAX + 1], keep);
        self.cmdline.get_or_init(read).as_ref().map(|cmdline| &*cmdline.bytes)
    }

    /// As [`Process::cgroup`]; `None` if it cannot be read.
    pub fn cgroup(&self) -> Option<&Cgroup> {
        let intern = |file: &[u8]| cgroup::path_in_proc_file(file).map(|path| self.cgroups.intern(path));
        let read = || self.read(c"cgroup", &mut [0; FACT_BYTES_MAX], intern).flatten();
        self.cgroup.get_or_init(read).as_deref()
    }

    /// As [`Process::start_time_ticks`]; `None` if it cannot be read.
    pub fn start_time_ticks(&self) -> Option<u64> {
        let read = || self.read(c"stat", &mut [0; STAT_BYTES_MAX], start_time_in_stat).flatten();
        *self.start_time_ticks.get_or_init(read)
    }

    /// As [`Process::context`]; `None` if it cannot be read.
    pub fn context(&self) -> Option<&[u8]> {
        let keep = |text: &[u8]| trimmed(text).map(Box::from);
        let read = || self.read(c"attr/current", &mut [0; CONTEXT_BYTES_MAX], keep).flatten();
        self.context.get_or_init(read).as_deref()
    }

    /// Whether this is one of the other threads of a process, which have directories too but are not listed. What cannot
    /// be read is not known to be one; its descriptors will say why.
    pub(crate) fn is_other_thread(&self) -> bool {
        self.read(c"status", &mut [0; 4096], tgid_in_status).flatten().is_some_and(|leader| leader != self.pid)
    }

    /// The process with the facts asked for, each read now unless the filter has.
    pub(crate) fn into_process(self, facts: Facts) -> Process {
        let uid = facts.contains(Facts::UID).then(|| self.uid()).flatten();
        let start_time_ticks = facts.contains(Facts::START_TIME).then(|| self.start_time_ticks()).flatten();
        if facts.contains(Facts::COMM) {
            self.comm();
        }
        if facts.contains(Facts::CMDLINE) {
            self.cmdline();
        }
        if facts.contains(Facts::CGROUP) {
            self.cgroup();
        }
        if facts.contains(Facts::CONTEXT) {
            self.context();
        }
        Process {
            pid: self.pid,
            tid: self.tid,
            uid,
            comm: self.comm.into_inner().flatten().filter(|_| facts.contains(Facts::COMM)),
            cmdline: self.cmdline.into_inner().flatten().filter(|_| facts.contains(Facts::CMDLINE)),
            cgroup: self.cgroup.into_inner().flatten().filter(|_| facts.contains(Facts::CGROUP)),
            start_time_ticks,
            context: self.context.into_inner().flatten().filter(|_| facts.contains(Facts::CONTEXT)),
        }
    }

    fn read<T>(&self, file: &CStr, buffer: &mut [u8], parse: impl FnOnce(&[u8]) -> T) -> Option<T> {
        read_start(self.directory?, file, buffer).ok().map(parse)
    }
}

impl fmt::Debug for ProcessView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessView").field("pid", &self.pid).finish_non_exhaustive()
    }
}

/// The process that a thread belongs to, in `/proc/PID/status`. The kernel escapes the name in its first line, so no name
/// can pass for another line (fs/proc/array.c, proc_task_name).
pub(crate) fn tgid_in_status(file: &[u8]) -> Option<u32> {
    let line = file.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(b"Tgid:"))?;
    decimal(line.trim_ascii())
}

/// The name in `/proc/PID/stat`, field 2. It is in brackets and may hold brackets, blanks and line ends; nothing after it
/// may, so the last closing bracket ends it.
pub(crate) fn name_in_stat(file: &[u8]) -> Option<Box<[u8]>> {
    let start = file.iter().position(|byte| *byte == b'(')? + 1;
    let end = file.iter().rposition(|byte| *byte == b')')?;
    file.get(start..end).map(Box::from)
}

/// Field 22 of `/proc/PID/stat`, counted from the end of the name.
pub(crate) fn start_time_in_stat(file: &[u8]) -> Option<u64> {
    let name_end = file.iter().rposition(|byte| *byte == b')')?;
    let mut fields = file.get(name_end + 1..)?.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty());
    std::str::from_utf8(fields.nth(22 - 3)?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::{
        env,
        os::fd::AsFd,
        process::{Command, Stdio},
    };

    use rustix::fs::CWD;

    use super::*;
    use crate::procfs::open_path;

    #[test]
    fn a_process_that_is_gone_has_no_facts_least_of_all_the_user_root() {
        let mut child = Command::new(env::current_exe().expect("this program"))
            .arg("--list")
            .stdout(Stdio::null())
            .spawn()
            .expect("a child");
        let directory = open_path(CWD, format!("/proc/{}", child.id())).expect("the child is there until waited for");
        let cgroups = Cgroups::default();
        let view = || ProcessView::new(child.id(), Some(directory.as_fd()), &cgroups);
        assert_eq!(view().uid(), Some(rustix::process::geteuid().as_raw()));
        let late = view();
        let _ = child.wait();
        assert_eq!((late.uid(), late.comm(), late.cmdline(), late.start_time_ticks()), (None, None, None, None));
        assert!(late.cgroup().is_none());
    }

    #[test]
    fn a_name_with_brackets_does_not_move_the_fields_of_stat() {
        let after = b" S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 424242 20 21\n";
        for name in [&b"cat"[..], b"a) b", b") R 1 (", b"a\nb) 1 2 3"] {
            let file = [b"77 (", name, b")", after].concat();
            assert_eq!(start_time_in_stat(&file), Some(424_242), "{}", name.escape_ascii());
            assert_eq!(name_in_stat(&file).as_deref(), Some(name));
        }
        for file in [&b""[..], b"77 (cat", b"77 (cat) S 1 2"] {
            assert_eq!(start_time_in_stat(file), None);
        }
        for file in [&b""[..], b"77 (cat", b"77 cat)", b"77 ) cat ("] {
            assert_eq!(name_in_stat(file), None);
        }
    }

    #[test]
    fn status_names_the_process_of_a_thread() {
        assert_eq!(tgid_in_status(b"Name:\tx\\nTgid:\t9\nUmask:\t0022\nTgid:\t7\nPid:\t8\n"), Some(7));
        assert_eq!(tgid_in_status(b"Name:\tx\n"), None);
    }
}
