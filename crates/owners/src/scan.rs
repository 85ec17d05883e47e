//! A scan of all processes, or of those that matter, by several threads.

use std::{
    fmt,
    num::NonZero,
    path::Path,
    sync::atomic::AtomicU32,
    thread::{self, ScopedJoinHandle},
};

use crate::{
    ScanError, kernel,
    process::{Cgroups, Facts},
    procfs::Proc,
    queue::Queue,
    source::{Source, SourceChoice, chosen},
    store::Owners,
    view::ProcessView,
    visibility::Visibility,
    worker::{Harvest, Shared, work},
};

/// Threads of a scan unless the caller says otherwise. More contend for the kernel's directory cache, and each is a
/// processor that the machine is here to use for something else.
const THREADS_MAX: usize = 8;

/// What to scan, and what to read of each process that holds a socket.
#[derive(Clone, Copy)]
pub struct ScanOptions<'a> {
    /// The proc file system; another than `/proc` where a container sees the host's. A copy of one in another file
    /// system will do: a directory with a process in it, of which `PID/fd` with its links is needed.
    pub proc: &'a Path,
    /// Facts to read of each process that holds a socket.
    pub facts: Facts,
    /// Only these processes; no other directory of /proc is touched.
    pub pids: Option<&'a [u32]>,
    /// Only processes for which this is true. It is asked before the descriptors are looked at, from several threads.
    pub filter: Option<&'a (dyn Fn(&ProcessView<'_>) -> bool + Sync)>,
    /// Whether the other threads of each process are looked at too, as `ss --threads` does, each as an owner of its own
    /// ([`Process::tid`](crate::Process::tid)). A filter decides about processes; their threads go with them. Threads
    /// mostly share one table, so this multiplies what is found.
    pub tasks: bool,
    /// Where to look.
    pub source: SourceChoice,
    /// Threads to use; by default one for each processor available, eight at most.
    pub threads: Option<NonZero<usize>>,
}

impl Default for ScanOptions<'_> {
    fn default() -> Self {
        let (proc, facts) = (Path::new("/proc"), Facts::COMM | Facts::UID);
        let source = SourceChoice::Automatic;
        Self { proc, facts, pids: None, filter: None, tasks: false, source, threads: None }
    }
}

impl fmt::Debug for ScanOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScanOptions")
            .field("proc", &self.proc)
            .field("facts", &self.facts)
            .field("pids", &self.pids)
            .field("filter", &self.filter.map(|_| "…"))
            .field("tasks", &self.tasks)
            .field("source", &self.source)
            .field("threads", &self.threads)
            .finish()
    }
}

/// What a scan has found, and what it is worth.
#[derive(Debug)]
#[non_exhaustive]
pub struct Scan {
    /// The owners of sockets.
    pub owners: Owners,
    /// What could not be seen.
    pub visibility: Visibility,
    /// Where the owners come from.
    pub source: Source,
}

/// Looks for the owners of sockets: in a proc file system, or by a program in the kernel where that is allowed and sooner
/// done. The answer is the same, but that the program sees the processes of others too, and those that `/proc` hides.
///
/// A process is read once, through its first thread, unless [`ScanOptions::tasks`] asks for the others: one that has left
/// the common table of descriptors (`unshare(CLONE_FILES)`) is not seen without. Descriptors in flight between processes (`SCM_RIGHTS`) have no owner yet.
pub fn scan(options: &ScanOptions<'_>) -> Result<Scan, ScanError> {
    if options.source == SourceChoice::Bpf {
        return kernel::scan(options);
    }
    // What the kernel refuses is no trouble as long as there is another way.
    if chosen(options)?.source == Source::Bpf
        && let Ok(scan) = kernel::scan(options)
    {
        return Ok(scan);
    }
    scan_proc(options)
}

/// Looks through the directories of processes.
fn scan_proc(options: &ScanOptions<'_>) -> Result<Scan, ScanError> {
    let proc = Proc::open(options.proc)?;
    let pids = match options.pids {
        Some(asked) => {
            let mut pids = asked.to_vec();
            pids.sort_unstable();
            pids.dedup();
            pids
        }
        None => proc
            .pids()
            .map_err(|errno| ScanError::Unreadable { path: options.proc.to_owned(), source: errno.into() })?,
    };
    let threads = options.threads.map_or_else(default_threads, NonZero::get);
    let positions = u32::try_from(pids.len()).unwrap_or(u32::MAX);
    let shared = Shared {
        proc: &proc,
        pids: &pids,
        options,
        queue: Queue::new(positions),
        positions: AtomicU32::new(positions),
        cgroups: Cgroups::default(),
        divide: threads > 1,
    };
    let harvests = harvest(&shared, threads);
    let mut filtered = 0;
    let (mut parts, mut processes, mut troubles) = (Vec::new(), Vec::new(), Vec::new());
    for harvest in harvests {
        parts.push(harvest.found);
        processes.extend(harvest.processes);
        troubles.extend(harvest.troubles);
        filtered += harvest.filtered;
    }
    let visibility = Visibility::new(&proc, pids.len(), filtered, troubles);
    Ok(Scan { owners: Owners::build(parts, processes), visibility, source: Source::Proc })
}

/// Works with so many threads, the calling one among them. A thread that the kernel refuses is done without.
fn harvest(shared: &Shared<'_>, threads: usize) -> Vec<Harvest> {
    thread::scope(|scope| {
        let helpers: Vec<ScopedJoinHandle<'_, Harvest>> = (1..threads)
            .map_while(|_| thread::Builder::new().name("owners".into()).spawn_scoped(scope, || work(shared)).ok())
            .collect();
        let mut harvests = vec![work(shared)];
        for helper in helpers {
            match helper.join() {
                Ok(harvest) => harvests.push(harvest),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        harvests
    })
}

pub(crate) fn default_threads() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get).min(THREADS_MAX)
}
