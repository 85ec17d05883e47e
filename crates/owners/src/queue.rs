//! The work of a scan, shared by its threads: processes in order, and first what was handed out: pieces of large
//! descriptor tables, and threads of processes.
//!
//! A lock, not an atomic index: a turn costs tens of nanoseconds beside the microseconds of the smallest process, and a
//! thread that finds nothing must be able to wait for what another is about to hand out.

use std::{
    os::fd::OwnedFd,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

/// A thread's next work.
pub(crate) enum Work {
    /// The process at this position of the list.
    Process(u32),
    /// A part of a process's descriptors.
    Piece(Piece),
    /// A thread of a process, with a table of its own.
    Task(Task),
}

/// The descriptors `from..until` of the process at `position`.
pub(crate) struct Piece {
    pub(crate) position: u32,
    pub(crate) descriptors: Arc<OwnedFd>,
    pub(crate) from: u32,
    pub(crate) until: u32,
}

/// The thread `tid` of the process at `position`. Its directory is opened by whoever takes the work, so that a process
/// with many threads does not use up our own descriptors.
pub(crate) struct Task {
    pub(crate) position: u32,
    pub(crate) pid: u32,
    pub(crate) tid: u32,
    /// The directory of the process's threads.
    pub(crate) tasks: Arc<OwnedFd>,
}

pub(crate) struct Queue {
    processes: u32,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    next: u32,
    handed_out: Vec<Work>,
    busy: usize,
}

/// Work that was taken. The queue learns that it is done when this is dropped, by a panic too.
pub(crate) struct Taken<'q> {
    pub(crate) work: Work,
    _turn: Turn<'q>,
}

struct Turn<'q>(&'q Queue);

impl Queue {
    pub(crate) fn new(processes: u32) -> Self {
        Self { processes, state: Mutex::default(), changed: Condvar::new() }
    }

    /// The next work; waits while a busy thread may still hand some out, and is `None` when all is done.
    pub(crate) fn take(&self) -> Option<Taken<'_>> {
        let mut state = self.lock();
        loop {
            let work = if let Some(work) = state.handed_out.pop() {
                work
            } else if state.next < self.processes {
                state.next += 1;
                Work::Process(state.next - 1)
            } else if state.busy == 0 {
                return None;
            } else {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            state.busy += 1;
            return Some(Taken { work, _turn: Turn(self) });
        }
    }

    /// Hands out work to whoever is free.
    pub(crate) fn put(&self, works: impl Iterator<Item = Work>) {
        self.lock().handed_out.extend(works);
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves nothing half-done here: every change of the state is one assignment.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.busy -= 1;
        if state.busy == 0 {
            self.0.changed.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn pieces_handed_out_late_reach_a_thread_that_waits() {
        let queue = Queue::new(1);
        let descriptors = Arc::new(std::fs::File::open("/proc/self/status").expect("own status").into());
        let first = queue.take().expect("the process");
        assert!(matches!(first.work, Work::Process(0)));
        thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                let mut starts = Vec::new();
                while let Some(taken) = queue.take() {
                    if let Work::Piece(piece) = &taken.work {
                        starts.push(piece.from);
                    }
                }
                starts
            });
            queue.put([10, 20].into_iter().map(|from| {
                let descriptors = Arc::clone(&descriptors);
                Work::Piece(Piece { position: 0, descriptors, from, until: from + 10 })
            }));
            drop(first);
            let mut starts = waiting.join().expect("the waiting thread");
            starts.sort_unstable();
            assert_eq!(starts, [10, 20]);
        });
    }

    #[test]
    fn work_dropped_by_a_panic_lets_the_others_end() {
        let queue = Queue::new(1);
        let failed = thread::scope(|scope| {
            let worker = scope.spawn(|| {
                let _taken = queue.take();
                std::panic::resume_unwind(Box::new("a filter failed"));
            });
            worker.join().is_err()
        });
        assert!(failed && queue.take().is_none());
    }
}
