//! Namespaces that processes are in: `/proc/PID/ns/net`, and of other threads than the first
//! `/proc/PID/task/TID/ns/net`.
//!
//! One `stat` for each process tells the identity without opening anything, a second one its mount namespace, a third one
//! whether it has threads.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::fs::{AtFlags, Dir, Mode, OFlags, openat, statat};
use rustix::io::Errno;

use super::Identity;
use super::elsewhere::MountHolders;

/// `PF_KTHREAD` (include/linux/sched.h): a thread of the kernel, always in the first namespace.
const PF_KTHREAD: u64 = 0x0020_0000;

/// The directory of threads has two links of its own and one for each thread (`proc_task_getattr`, fs/proc/base.c).
const LINKS_OF_ONE_THREAD: u64 = 3;

/// A process, or one thread of it, that is in a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Holder {
    pub(super) process: u32,
    /// The process itself, or the thread that is where its process is not.
    pub(super) thread: u32,
}

/// What a walk over all processes found.
#[derive(Debug, Default)]
pub(super) struct Processes {
    pub(super) holders: Vec<(Identity, Holder)>,
    /// Who is in each mount namespace.
    pub(super) mounts: MountHolders,
    /// Processes whose namespace may not be seen.
    pub(super) not_permitted: usize,
}

impl Processes {
    /// Looks at every process in `/proc`.
    pub(super) fn read() -> io::Result<Self> {
        let proc = File::open("/proc")?;
        let mut processes = Self::default();
        for process in numbers(proc.as_fd(), ".")? {
            processes.look_at(proc.as_fd(), process);
        }
        Ok(processes)
    }

    fn look_at(&mut self, proc: BorrowedFd<'_>, process: u32) {
        let first = match identity(proc, &format!("{process}/ns/net")) {
            Ok(identity) => Some(identity),
            // Whatever else it is, the process is ending or gone and holds no namespace; its threads may go on.
            Err(error) if !matches!(error, Errno::ACCESS | Errno::PERM) => None,
            Err(_) => {
                self.not_permitted += usize::from(may_be_elsewhere(process));
                return;
            }
        };
        let itself = Holder { process, thread: process };
        self.holders.extend(first.map(|identity| (identity, itself)));
        let first_mounts = identity(proc, &format!("{process}/ns/mnt")).ok();
        if let Some(identity) = first_mounts {
            self.mounts.add(identity, itself);
        }

        let threads = format!("{process}/task");
        // The type of `st_nlink` is not the same on all machines.
        #[allow(clippy::useless_conversion)]
        let links = statat(proc, &*threads, AtFlags::empty()).map_or(u64::MAX, |status| status.st_nlink.into());
        if links <= LINKS_OF_ONE_THREAD {
            return;
        }
        // Namespaces of threads differ rarely, and then there are few.
        let mut others = Vec::new();
        for thread in numbers(proc, &threads).unwrap_or_default() {
            if let Ok(identity) = identity(proc, &format!("{threads}/{thread}/ns/net"))
                && Some(identity) != first
                && !others.contains(&identity)
            {
                others.push(identity);
                self.holders.push((identity, Holder { process, thread }));
            }
            if let Ok(identity) = identity(proc, &format!("{threads}/{thread}/ns/mnt"))
                && Some(identity) != first_mounts
            {
                self.mounts.add(identity, Holder { process, thread });
            }
        }
    }
}

impl Holder {
    /// Where its namespace can be opened.
    pub(super) fn path(self) -> String {
        format!("/proc/{}/task/{}/ns/net", self.process, self.thread)
    }

    /// Where its mounts are listed.
    pub(super) fn mounts(self) -> String {
        format!("/proc/{}/task/{}/mountinfo", self.process, self.thread)
    }

    /// Where its root directory can be entered.
    pub(super) fn root(self) -> String {
        match self.thread {
            thread if thread == self.process => format!("/proc/{thread}/root"),
            thread => format!("/proc/{}/task/{thread}/root", self.process),
        }
    }

    /// The name of the process, as it may have chosen it.
    pub(super) fn command(self) -> Vec<u8> {
        let mut name = fs::read(format!("/proc/{}/comm", self.process)).unwrap_or_default();
        name.pop_if(|byte| *byte == b'\n');
        name
    }
}

fn identity(proc: BorrowedFd<'_>, path: &str) -> Result<Identity, Errno> {
    statat(proc, path, AtFlags::empty()).map(|status| Identity { device: status.st_dev, inode: status.st_ino })
}

/// The numbers among the names in a directory.
fn numbers(at: BorrowedFd<'_>, path: &str) -> io::Result<Vec<u32>> {
    let directory = openat(at, path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let names = Dir::new(directory)?;
    Ok(names.filter_map(|entry| entry.ok()?.file_name().to_str().ok()?.parse().ok()).collect())
}

/// Whether a process that may not be looked at can be in another namespace at all.
fn may_be_elsewhere(process: u32) -> bool {
    let Ok(line) = fs::read(format!("/proc/{process}/stat")) else {
        return false;
    };
    state_and_flags(&line).is_none_or(|(state, flags)| flags & PF_KTHREAD == 0 && !matches!(state, b'Z' | b'X'))
}

/// State and flags in `/proc/PID/stat`: the first and seventh word after the name, which itself may hold brackets.
fn state_and_flags(line: &[u8]) -> Option<(u8, u64)> {
    let end = line.iter().rposition(|byte| *byte == b')')?;
    let mut words = line.get(end + 1..)?.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let state = *words.next()?.first()?;
    let flags = str::from_utf8(words.nth(5)?).ok()?.parse().ok()?;
    Some((state, flags))
}

#[cfg(test)]
mod tests {
    use sockeye_fuzz::{Random, damage::damage};

    use super::*;

    #[test]
    fn a_name_with_brackets_does_not_hide_the_flags() {
        assert_eq!(state_and_flags(b"7 (a) Z 1 (b)) S 2 0 0 0 -1 2129984 0 0\n"), Some((b'S', 2129984)));
        assert_eq!(state_and_flags(b"7 (a) S 2 0"), None);
    }

    #[test]
    fn damaged_lines_are_read_or_refused_and_a_name_changes_nothing() {
        let (head, tail) = (b"4242 (", b") S 1 4242 4242 0 -1 2129984 1 2 3 4 5 6\n");
        let mut random = Random(53);
        let mut read = 0;
        for _ in 0..20_000 {
            let name = damage(b"a) Z 1 (b) R 7", &mut random);
            let line = [&head[..], &name, tail].concat();
            assert_eq!(state_and_flags(&line), Some((b'S', 2129984)), "{}", line.escape_ascii());
            let damaged = damage(&line, &mut random);
            let Some((state, flags)) = state_and_flags(&damaged) else { continue };
            read += 1;
            // What is said of it stands there.
            let flags = flags.to_string();
            let stands = damaged.windows(flags.len()).any(|digits| digits == flags.as_bytes());
            assert!(damaged.contains(&state) && stands, "{} in {}", flags, damaged.escape_ascii());
        }
        assert!((2_000..20_000).contains(&read), "{read} of 20000 were read: the damage is too strong or too weak");
    }

    #[test]
    fn a_thread_of_its_own_namespace_is_found_through_its_process() {
        let processes = Processes::read().expect("/proc is there");
        let own = std::process::id();
        assert!(processes.holders.iter().any(|(_, holder)| holder.process == own && holder.thread == own));
    }
}
