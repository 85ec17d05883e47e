//! The end that somebody asks for, and the wait for it or for anything else.

use std::io;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use signal_hook::consts::{SIGINT, SIGTERM};

/// The end that somebody asks for.
pub(super) struct Stop {
    signals: UnixStream,
    asked: Arc<AtomicBool>,
    stdout: io::Stdout,
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
        Ok(Self { signals, asked, stdout: io::stdout() })
    }

    /// Whether a signal has come: set at once, whatever else is being done.
    pub(super) fn asked(&self) -> &Arc<AtomicBool> {
        &self.asked
    }

    /// Waits for one of these, or until then.
    pub(super) fn wait<'f>(
        &'f self,
        watched: impl Iterator<Item = PollFd<'f>>,
        hints: impl Iterator<Item = PollFd<'f>>,
        until: Option<Instant>,
    ) -> io::Result<Woken> {
        let timeout = until.map(|at| at.saturating_duration_since(Instant::now()));
        let timeout = timeout.map(|left| Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: left.subsec_nanos().into(),
        });
        // A reader that goes away is told of without being asked for (POLLERR): nothing may be written for days.
        let mut fds = vec![PollFd::new(&self.signals, PollFlags::IN), PollFd::new(&self.stdout, PollFlags::empty())];
        let own = fds.len();
        fds.extend(hints);
        let hinted = fds.len();
        fds.extend(watched);
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let is_any = |fds: &[PollFd<'_>]| fds.iter().any(|fd| !fd.revents().is_empty());
        Ok(Woken { ends: is_any(&fds[..own]), hinted: is_any(&fds[own..hinted]) })
    }
}

/// What ended a wait, beside what is watched and the time.
pub(super) struct Woken {
    /// It is time to end, by a signal or because nobody reads any more.
    pub(super) ends: bool,
    /// There may be other namespaces than before.
    pub(super) hinted: bool,
}
