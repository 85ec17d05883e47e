//! The end that somebody asks for, and the wait for it or for anything else.

use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use signal_hook::consts::{SIGINT, SIGTERM};

use super::watched::Watched;

/// The end that somebody asks for.
pub(super) struct Stop {
    signals: UnixStream,
}

impl Stop {
    pub(super) fn new() -> io::Result<Self> {
        let (signals, handler) = UnixStream::pair()?;
        signals.set_nonblocking(true)?;
        // Who does not read what is written to him holds the program up for ever: the second signal ends it as it is.
        let asked = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            signal_hook::flag::register_conditional_default(signal, Arc::clone(&asked))?;
            signal_hook::flag::register(signal, Arc::clone(&asked))?;
            signal_hook::low_level::pipe::register(signal, handler.try_clone()?)?;
        }
        Ok(Self { signals })
    }

    /// Waits until one of the watchers has something to do, or until one of the `others`. `true`: it is time to end,
    /// by a signal or because nobody reads any more.
    pub(super) fn wait(&mut self, watched: &[Watched], others: impl Iterator<Item = Instant>) -> io::Result<bool> {
        let wakes = watched.iter().filter_map(|one| one.watcher.next_wake());
        let timeout = wakes.chain(others).min().map(|at| at.saturating_duration_since(Instant::now()));
        let timeout = timeout.map(|left| Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: left.subsec_nanos().into(),
        });
        let mut fds: Vec<_> =
            watched.iter().map(|one| PollFd::from_borrowed_fd(one.watcher.as_fd(), PollFlags::IN)).collect();
        fds.push(PollFd::new(&self.signals, PollFlags::IN));
        // A reader that goes away is told of without being asked for (POLLERR): nothing may be written for days.
        let stdout = io::stdout();
        fds.push(PollFd::new(&stdout, PollFlags::empty()));
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(fds[watched.len()..].iter().any(|fd| !fd.revents().is_empty()))
    }
}
