//! A scan by a program in the kernel, which names the holder of every socket; the rest is read below `/proc/PID`.

use std::{
    num::NonZero,
    os::fd::{AsFd, OwnedFd},
    sync::OnceLock,
    thread,
};

use sockeye_bpf::{Btf, SocketFile, SocketFiles};

use crate::{
    Scan, ScanError, ScanOptions,
    process::{Cgroups, Facts, Process},
    procfs::{Proc, read_bounded},
    scan::default_threads,
    source::{Source, unfit},
    store::{Collected, Owners},
    view::ProcessView,
    visibility::Visibility,
};

/// Processes whose facts make it worth to start a thread: some milliseconds of reading.
const PROCESSES_PER_THREAD: usize = 64;

/// Nanoseconds of a clock tick in `/proc/PID/stat` (USER_HZ, 100 on every machine that has BTF).
const TICK_NS: i128 = 10_000_000;

/// What the program said of a process, at its first socket.
struct Told {
    pid: u32,
    uid: u32,
    comm: Box<[u8]>,
    start_boottime_ns: u64,
}

/// The program, once it was loaded: a scan that is repeated pays for it once. It takes one descriptor.
static LOADED: OnceLock<SocketFiles> = OnceLock::new();

/// Whether the program is there already.
pub(crate) fn is_loaded() -> bool {
    LOADED.get().is_some()
}

/// The program, ready to run.
pub(crate) fn load(options: &ScanOptions<'_>) -> Result<&'static SocketFiles, ScanError> {
    if let Some(reason) = unfit(options) {
        return Err(ScanError::NoBpf { reason: reason.to_owned() });
    }
    if let Some(files) = LOADED.get() {
        return Ok(files);
    }
    let files = Btf::open().and_then(|types| SocketFiles::load(&types)).map_err(|error| no_bpf(&error))?;
    Ok(LOADED.get_or_init(|| files))
}

/// The scan. A filter is asked after the descriptors are known, which makes no difference to what is found.
pub(crate) fn scan(options: &ScanOptions<'_>) -> Result<Scan, ScanError> {
    let files = load(options)?;
    let proc = Proc::open(options.proc)?;
    let (mut found, mut told) = (Collected::default(), Vec::<Told>::new());
    let mut taker = |file: &SocketFile| {
        // All descriptors of a process come in a row.
        if told.last().is_none_or(|last| last.pid != file.pid) {
            found.finish();
            found.begin(u32::try_from(told.len()).unwrap_or(u32::MAX));
            let &SocketFile { pid, uid, start_boottime_ns, .. } = file;
            told.push(Told { pid, uid, comm: file.comm().into(), start_boottime_ns });
        }
        found.push(file.fd, file.inode);
    };
    match options.pids {
        None => files.read(None, &mut taker).map_err(|error| no_bpf(&error))?,
        Some(pids) => {
            let mut pids = pids.to_vec();
            pids.sort_unstable();
            pids.dedup();
            // Number 0 would mean all.
            for pid in pids.into_iter().filter(|pid| *pid != 0) {
                files.read(Some(pid), &mut taker).map_err(|error| no_bpf(&error))?;
            }
        }
    }
    found.finish();
    let processes = facts(&proc, options, &told);
    let visibility = Visibility::of_all(&proc, told.len(), told.len() - processes.len());
    Ok(Scan { owners: Owners::build(vec![found], processes), visibility, source: Source::Bpf })
}

/// The facts of those processes that the filter takes, each with its position; by several threads where there are many.
fn facts(proc: &Proc, options: &ScanOptions<'_>, told: &[Told]) -> Vec<(u32, Process)> {
    let reading = Reading { proc, options, cgroups: &Cgroups::default(), offset_ns: boottime_offset_ns(proc) };
    let threads = options.threads.map_or_else(default_threads, NonZero::get);
    let each = told.len().div_ceil(threads.max(1)).max(PROCESSES_PER_THREAD);
    let part = |(index, part): (usize, &[Told])| {
        let positions = u32::try_from(index * each).unwrap_or(u32::MAX)..;
        positions.zip(part).filter_map(|(at, told)| Some((at, reading.process(told)?))).collect::<Vec<_>>()
    };
    let mut parts = told.chunks(each).enumerate();
    let first = parts.next();
    thread::scope(|scope| {
        let part = &part;
        let others: Vec<_> = parts
            .map(|chunk| {
                let started = thread::Builder::new().name("owners".into()).spawn_scoped(scope, move || part(chunk));
                // A thread that the kernel refuses is done without.
                started.map_err(|_| part(chunk))
            })
            .collect();
        let mut processes = first.map(part).unwrap_or_default();
        for other in others {
            processes.extend(match other {
                Ok(helper) => helper.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
                Err(done) => done,
            });
        }
        processes
    })
}

/// What the reading of facts needs.
struct Reading<'r> {
    proc: &'r Proc,
    options: &'r ScanOptions<'r>,
    cgroups: &'r Cgroups,
    /// What is added to times since boot where this process reads them.
    offset_ns: i128,
}

impl Reading<'_> {
    /// A process with its facts, if the filter takes it.
    fn process(&self, told: &Told) -> Option<Process> {
        let facts = self.options.facts;
        // Name and user came with the sockets; they are there too where /proc hides the process.
        let more = !(Facts::COMM | Facts::UID).contains(facts) || self.options.filter.is_some();
        let directory = more.then(|| self.directory(told)).flatten();
        let directory = directory.as_ref().map(AsFd::as_fd);
        let view = ProcessView::told(told.pid, directory, self.cgroups, told.uid, told.comm.clone());
        let wanted = self.options.filter.is_none_or(|filter| filter(&view));
        wanted.then(|| view.into_process(facts))
    }

    /// The directory of the process, unless its number belongs to another one by now.
    fn directory(&self, told: &Told) -> Option<OwnedFd> {
        let directory = self.proc.process(told.pid).ok()?;
        let view = ProcessView::new(told.pid, Some(directory.as_fd()), self.cgroups);
        let started = (i128::from(told.start_boottime_ns) + self.offset_ns) / TICK_NS;
        (i128::from(view.start_time_ticks()?) == started).then_some(directory)
    }
}

/// What `/proc` adds to the times at which processes started, in a time namespace of one's own (fs/proc/array.c,
/// timens_add_boottime_ns).
fn boottime_offset_ns(proc: &Proc) -> i128 {
    let read = || {
        let (text, _) = read_bounded(proc.directory(), c"self/timens_offsets", 1024).ok()?;
        offset_in(std::str::from_utf8(&text).ok()?)
    };
    read().unwrap_or(0)
}

/// Seconds and nanoseconds of the clock `boottime`.
pub(crate) fn offset_in(text: &str) -> Option<i128> {
    let mut words = text.lines().find_map(|line| line.strip_prefix("boottime"))?.split_whitespace();
    // As wide as the kernel's own (`struct timespec64`); the sum of any two fits what is returned.
    let (seconds, nanoseconds): (i64, i64) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    Some(i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds))
}

fn no_bpf(error: &sockeye_bpf::Error) -> ScanError {
    ScanError::NoBpf { reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_offset_of_a_time_namespace_is_that_of_the_clock_boottime() {
        let text = "monotonic           7         8\nboottime          -86400  500000000\n";
        assert_eq!(offset_in(text), Some(-86_399_500_000_000));
        assert_eq!(offset_in("monotonic 7 8\n"), None);
        let [most, more] = [i64::MAX.to_string(), i128::MAX.to_string()];
        let largest = i128::from(i64::MAX) * 1_000_000_001;
        assert_eq!(offset_in(&format!("boottime {most} {most}\n")), Some(largest));
        assert_eq!(offset_in(&format!("boottime {more} {more}\n")), None, "no kernel has such a clock");
    }
}
