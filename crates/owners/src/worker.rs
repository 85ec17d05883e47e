//! One thread of a scan: takes processes, decides by the filter, reads their descriptors and facts.

use std::{
    mem::MaybeUninit,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use rustix::{io::Errno, path::DecInt};

use crate::{
    descriptors::{self, Range},
    process::{Cgroups, Process},
    procfs::{DIRECTORY_BUFFER_BYTES, Descriptors, Proc, numbers, open_directory, open_path},
    queue::{Piece, Queue, Task, Work},
    scan::ScanOptions,
    store::Collected,
    view::ProcessView,
    visibility::Troubles,
};

/// Descriptors in a piece of a large table: some 6 ms of work, beside which handing it out costs nothing.
const PIECE_DESCRIPTORS: u32 = 2048;

/// What the threads of a scan share.
pub(crate) struct Shared<'s> {
    pub(crate) proc: &'s Proc,
    pub(crate) pids: &'s [u32],
    pub(crate) options: &'s ScanOptions<'s>,
    pub(crate) queue: Queue,
    /// The next position of a thread that is no process.
    pub(crate) positions: AtomicU32,
    pub(crate) cgroups: Cgroups,
    /// Whether large tables are worth dividing: there is more than one thread.
    pub(crate) divide: bool,
}

/// What one thread has to show in the end.
#[derive(Default)]
pub(crate) struct Harvest {
    pub(crate) found: Collected,
    pub(crate) processes: Vec<(u32, Process)>,
    pub(crate) filtered: usize,
    pub(crate) troubles: Troubles,
}

/// Works until the queue is empty.
pub(crate) fn work(shared: &Shared<'_>) -> Harvest {
    let mut worker =
        Worker { shared, harvest: Harvest::default(), buffer: vec![MaybeUninit::uninit(); DIRECTORY_BUFFER_BYTES] };
    while let Some(taken) = shared.queue.take() {
        let (position, result) = match &taken.work {
            Work::Process(position) => (*position, worker.process(*position)),
            Work::Piece(piece) => (piece.position, worker.piece(piece)),
            Work::Task(task) => (task.position, but_gone(worker.task(task))),
        };
        if let Err(errno) = result {
            worker.harvest.troubles.push((position, errno));
        }
    }
    worker.harvest
}

struct Worker<'s> {
    shared: &'s Shared<'s>,
    harvest: Harvest,
    buffer: Vec<MaybeUninit<u8>>,
}

impl Worker<'_> {
    fn process(&mut self, position: u32) -> Result<(), Errno> {
        let shared = self.shared;
        let pid = shared.pids.get(position as usize).copied().ok_or(Errno::SRCH)?;
        if shared.options.pids.is_none() && shared.options.filter.is_none() && !shared.options.tasks {
            let Some(descriptors) = shared.proc.descriptors(pid)? else {
                return Ok(());
            };
            // The directory above, where the facts are, is opened only for a process that holds a socket.
            return self.table(position, descriptors, |descriptors| {
                let directory = open_path(descriptors.as_fd(), c"..").ok();
                ProcessView::new(pid, directory.as_ref().map(AsFd::as_fd), &shared.cgroups)
                    .into_process(shared.options.facts)
            });
        }
        let directory = shared.proc.process(pid)?;
        let view = ProcessView::new(pid, Some(directory.as_fd()), &shared.cgroups);
        // A pid from the list of /proc is a process; one from the caller may be any thread.
        let wanted = (shared.options.pids.is_none() || !view.is_other_thread())
            && shared.options.filter.is_none_or(|filter| filter(&view));
        if !wanted {
            self.harvest.filtered += 1;
            return Ok(());
        }
        // The first thread can have ended, its table with it, while others live: its end or trouble is not theirs.
        let tasks = shared.options.tasks;
        let others = if tasks { but_gone(self.hand_out(position, pid, directory.as_fd())) } else { Ok(()) };
        if let Some(descriptors) = shared.proc.descriptors_in(directory.as_fd(), c"fd")? {
            self.table(position, descriptors, |_| view.into_process(shared.options.facts))?;
        }
        others
    }

    /// Hands out all threads of a process but the one whose table is the process's.
    fn hand_out(&mut self, position: u32, pid: u32, process: BorrowedFd<'_>) -> Result<(), Errno> {
        let tasks = Arc::new(open_directory(process, c"task")?);
        let tids = numbers(tasks.as_fd(), &mut self.buffer)?;
        let task = |tid| Work::Task(Task { position, pid, tid, tasks: Arc::clone(&tasks) });
        self.shared.queue.put(tids.into_iter().filter(|tid| *tid != pid).map(task));
        Ok(())
    }

    /// Reads the table of one thread, undivided: its process has others to share the work by.
    fn task(&mut self, task: &Task) -> Result<(), Errno> {
        let shared = self.shared;
        let directory = open_path(task.tasks.as_fd(), DecInt::new(task.tid))?;
        let Some(Descriptors { directory: table, count }) = shared.proc.descriptors_in(directory.as_fd(), c"fd")?
        else {
            return Ok(());
        };
        let position = shared.positions.fetch_add(1, Ordering::Relaxed);
        let result = self.read(position, &table, Range { from: 0, until: u32::MAX, expected: count });
        if !matches!(result, Ok(0)) {
            let view = ProcessView::of_thread(task.pid, task.tid, directory.as_fd(), &shared.cgroups);
            self.harvest.processes.push((position, view.into_process(shared.options.facts)));
        }
        result.map(|_| ())
    }

    /// Reads a whole table of descriptors, and the facts of its process if there is a socket.
    fn table(
        &mut self,
        position: u32,
        descriptors: Descriptors,
        facts: impl FnOnce(&OwnedFd) -> Process,
    ) -> Result<(), Errno> {
        let Descriptors { directory, count } = descriptors;
        let directory = Arc::new(directory);
        let large = count.filter(|count| self.shared.divide && *count >= 2 * PIECE_DESCRIPTORS);
        let result = match large {
            Some(count) => self.divided(position, &directory, count),
            None => self.read(position, &directory, Range { from: 0, until: u32::MAX, expected: count }),
        };
        // What was found before an error stays found.
        if large.is_some() || !matches!(result, Ok(0)) {
            self.harvest.processes.push((position, facts(&directory)));
        }
        result.map(|_| ())
    }

    /// Hands out all pieces but the first, and reads that one and whatever comes after the last.
    fn divided(&mut self, position: u32, descriptors: &Arc<OwnedFd>, count: u32) -> Result<usize, Errno> {
        let pieces = count / PIECE_DESCRIPTORS;
        self.shared.queue.put((1..pieces).map(|piece| {
            let (from, until) = (piece * PIECE_DESCRIPTORS, (piece + 1) * PIECE_DESCRIPTORS);
            Work::Piece(Piece { position, descriptors: Arc::clone(descriptors), from, until })
        }));
        let first = Range { from: 0, until: PIECE_DESCRIPTORS, expected: Some(PIECE_DESCRIPTORS) };
        let rest = Range { from: pieces * PIECE_DESCRIPTORS, until: u32::MAX, expected: None };
        Ok(self.read(position, descriptors, first)? + self.read(position, descriptors, rest)?)
    }

    fn piece(&mut self, piece: &Piece) -> Result<(), Errno> {
        // Opened again, because the place in a listing belongs to the open directory.
        let descriptors = open_directory(piece.descriptors.as_fd(), c".")?;
        let range = Range { from: piece.from, until: piece.until, expected: Some(piece.until - piece.from) };
        self.read(piece.position, &descriptors, range).map(|_| ())
    }

    /// Reads one range as one run; says how many sockets there were.
    fn read(&mut self, position: u32, descriptors: &OwnedFd, range: Range) -> Result<usize, Errno> {
        self.harvest.found.begin(position);
        let (descriptors, buffer, found) = (descriptors.as_fd(), &mut self.buffer, &mut self.harvest.found);
        let result = if self.shared.proc.is_mounted {
            descriptors::read(descriptors, range, buffer, found)
        } else {
            descriptors::read_copy(descriptors, buffer, found)
        };
        let sockets = self.harvest.found.finish();
        result.map(|()| sockets)
    }
}

/// A thread that has ended is no trouble of its process.
fn but_gone(result: Result<(), Errno>) -> Result<(), Errno> {
    match result {
        Err(Errno::NOENT | Errno::SRCH) => Ok(()),
        other => other,
    }
}
