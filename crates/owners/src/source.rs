//! Where owners come from: the directories of all processes, or a program in the kernel that sees all open files.
//!
//! Both say the same. Looking at every descriptor through `/proc` costs some microseconds each and needs a right over
//! each process; the program visits them in an eighth of that, whoever's they are, once it is loaded. So it is chosen where it is
//! sooner done, and where it alone sees all.

use std::{num::NonZero, path::Path};

use rustix::fs::CWD;

use crate::{
    ScanError, ScanOptions,
    procfs::{decimal, read_bounded},
    scan::default_threads,
    visibility,
};

/// Nanoseconds that an open file costs when it is looked at through `/proc`, by one thread.
const PROC_FILE_NS: u64 = 3200;

/// Nanoseconds that one costs the program.
const BPF_FILE_NS: u64 = 400;

/// Nanoseconds until the program runs: the kernel's types are read, the program is assembled and verified.
const BPF_START_NS: u64 = 2_000_000;

/// Threads that make a scan of `/proc` faster for certain. What more of them save in time they cost in processors.
const PROC_THREADS_MAX: usize = 2;

/// Where owners come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Source {
    /// The directories of processes.
    Proc,
    /// A program that the kernel runs for each open file.
    Bpf,
}

impl Source {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Proc => "proc",
            Self::Bpf => "bpf",
        }
    }
}

/// Where a scan is to look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SourceChoice {
    /// Where the answer is had sooner. If the kernel refuses the program, in `/proc`.
    #[default]
    Automatic,
    /// In `/proc`.
    Proc,
    /// By the program in the kernel; where that cannot be had, there is no answer.
    Bpf,
}

/// What a scan with these options would do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Chosen {
    /// Where it would look.
    pub source: Source,
    /// Why, as a part of a sentence.
    pub reason: String,
}

/// Says where a scan with these options would look. Where the program was asked for, it is loaded to be sure; the error
/// says why that is not possible, and which capability would help.
pub fn chosen(options: &ScanOptions<'_>) -> Result<Chosen, ScanError> {
    let proc = |reason: String| Ok(Chosen { source: Source::Proc, reason });
    let bpf = |reason: String| Ok(Chosen { source: Source::Bpf, reason });
    match options.source {
        SourceChoice::Proc => proc("it was asked for".to_owned()),
        SourceChoice::Bpf => {
            crate::kernel::load(options)?;
            bpf("it was asked for".to_owned())
        }
        SourceChoice::Automatic => {
            if options.pids.is_some() {
                return proc("only some processes are asked for".to_owned());
            }
            if let Some(reason) = unfit(options) {
                return proc(reason.to_owned());
            }
            if let Some(capability) = sockeye_bpf::lacking_capability() {
                return proc(format!("BPF needs {capability}"));
            }
            if is_in_a_user_namespace() {
                return proc("BPF needs capabilities of the machine, and these are of a user namespace".to_owned());
            }
            let unseen = visibility::lacking_here();
            if !unseen.is_empty() {
                let names: Vec<_> = unseen.iter().map(|capability| capability.name()).collect();
                return bpf(format!("in /proc all processes are seen with {} only", names.join(" and ")));
            }
            let start_ns = if crate::kernel::is_loaded() { 0 } else { BPF_START_NS };
            let files = open_files();
            let threads = options.threads.map_or_else(default_threads, NonZero::get).min(PROC_THREADS_MAX);
            if is_cheaper(files, threads, start_ns) {
                bpf(format!("it is sooner done with {files} open files"))
            } else {
                proc(format!("{files} open files are read sooner than a program is loaded"))
            }
        }
    }
}

/// Why the program cannot answer such a question, whatever the kernel allows.
pub(crate) fn unfit(options: &ScanOptions<'_>) -> Option<&'static str> {
    if options.tasks {
        Some("threads are only found in /proc")
    } else if options.proc != Path::new("/proc") {
        Some("another proc file system than /proc is asked for")
    } else if !shows_our_namespace() {
        Some("/proc is that of another pid namespace")
    } else {
        None
    }
}

/// Whether the program answers sooner, if so long passes until it runs.
fn is_cheaper(files: u32, threads: usize, start_ns: u64) -> bool {
    let files = u64::from(files);
    files * PROC_FILE_NS / threads.max(1) as u64 > start_ns + files * BPF_FILE_NS
}

/// Open files of the whole machine; 0 if that is unknown. A file that several descriptors lead to counts once.
fn open_files() -> u32 {
    let read = || {
        let (text, _) = read_bounded(CWD, c"/proc/sys/fs/file-nr", 256).ok()?;
        decimal(text.split(u8::is_ascii_whitespace).next()?)
    };
    read().unwrap_or(0)
}

/// The user namespace that was there first: `PROC_USER_INIT_INO` of include/linux/proc_ns.h.
const FIRST_USER_NAMESPACE: &[u8] = b"user:[4026531837]";

/// Whether capabilities here are for certain none of the machine.
fn is_in_a_user_namespace() -> bool {
    let own = rustix::fs::readlink(c"/proc/self/ns/user", Vec::new());
    own.is_ok_and(|own| own.as_bytes() != FIRST_USER_NAMESPACE)
}

/// Whether `/proc` numbers processes as our own pid namespace does. A process has a number in each namespace from that of
/// the proc file system down to its own, so it has only one where these are the same.
fn shows_our_namespace() -> bool {
    let Ok((status, _)) = read_bounded(CWD, c"/proc/self/status", 4096) else { return false };
    numbers_in_status(&status) == Some(1)
}

/// How many numbers a process has, in the text of its `status`.
pub(crate) fn numbers_in_status(status: &[u8]) -> Option<usize> {
    let line = status.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(b"NSpid:"))?;
    Some(line.split(u8::is_ascii_whitespace).filter(|number| !number.is_empty()).count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_pays_from_some_hundred_files_on_and_later_where_two_threads_would_look() {
        let is_cheaper_at_first = |files, threads| is_cheaper(files, threads, BPF_START_NS);
        assert_eq!((is_cheaper_at_first(700, 1), is_cheaper_at_first(800, 1)), (false, true));
        assert_eq!((is_cheaper_at_first(1600, 2), is_cheaper_at_first(1800, 2)), (false, true));
        assert!(!is_cheaper_at_first(0, 1) && is_cheaper_at_first(u32::MAX, 2));
        assert!(is_cheaper(1, 2, 0) && !is_cheaper(0, 2, 0), "once it is loaded");
    }

    #[test]
    fn numbers_of_a_process_are_counted_by_namespace() {
        assert_eq!(numbers_in_status(b"Name:\tx\nNSpid:\t4711\nNSsid:\t1 2 3\n"), Some(1));
        assert_eq!(numbers_in_status(b"Name:\tx\nNSpid:\t4711\t12\t1\n"), Some(3));
        assert_eq!(numbers_in_status(b"Name:\tx\n"), None);
    }

    #[test]
    fn what_only_proc_can_answer_is_asked_there() {
        let reason = |options: ScanOptions<'_>| {
            let chosen = chosen(&options).expect("/proc is always there");
            assert_eq!(chosen.source, Source::Proc);
            chosen.reason
        };
        let default = ScanOptions::default();
        assert!(reason(ScanOptions { pids: Some(&[1]), ..default }).contains("some processes"));
        assert!(reason(ScanOptions { tasks: true, ..default }).contains("threads"));
        assert!(reason(ScanOptions { proc: Path::new("/host/proc"), ..default }).contains("another proc"));
        assert!(reason(ScanOptions { source: SourceChoice::Proc, ..default }).contains("asked for"));
    }
}
