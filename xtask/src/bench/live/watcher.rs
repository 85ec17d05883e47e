//! `sockeye watch sockets` while a load runs.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};

use super::super::sys::{self, Usage};
use super::tally::Tally;

/// How long the next end is waited for. Those that are not told by then are missing.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two looks whether they were told.
const LOOK: Duration = Duration::from_millis(20);

/// A watch that has begun.
pub(super) struct Watcher {
    /// Until its end was waited for: then its number may be another's.
    child: Option<Child>,
    /// Open until it ends, so that its complaints do not end it.
    errors: BufReader<ChildStderr>,
    tally: Option<JoinHandle<std::io::Result<Tally>>>,
    ended: Arc<AtomicU64>,
}

/// What becomes of what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// It is counted.
    Counted,
    /// Nobody hears it.
    Nowhere,
}

/// A watch that has ended.
pub(super) struct Watched {
    /// What it said, where that was counted.
    pub(super) tally: Tally,
    /// What it took.
    pub(super) usage: Usage,
    /// Whether something was lost.
    pub(super) has_lost: bool,
}

impl Watcher {
    /// Starts it, on one processor only where wanted, and waits until it is in sync.
    pub(super) fn start(sockeye: &Path, arguments: &str, heard: Heard, core: Option<usize>) -> Result<Self> {
        let mut command = Command::new(sockeye);
        command.args(["watch", "sockets", "-o", "ndjson"]).args(arguments.split(' ')).stdin(Stdio::null());
        command.stdout(if heard == Heard::Counted { Stdio::piped() } else { Stdio::null() }).stderr(Stdio::piped());
        let mut child = command.spawn().context("cannot start sockeye")?;
        if let Some(core) = core {
            sys::pin(child.id(), core).context("cannot keep sockeye on one processor")?;
        }
        let ended = Arc::new(AtomicU64::new(0));
        let counts = Arc::clone(&ended);
        let tally = child.stdout.take().map(|output| thread::spawn(move || Tally::of(output, &counts)));
        let errors = BufReader::new(child.stderr.take().context("sockeye without standard error")?);
        let mut watcher = Self { child: Some(child), errors, tally, ended };
        let mut said = String::new();
        // Where that takes long, something is said before.
        while !said.contains(" synced") {
            let bytes = watcher.errors.read_line(&mut said).context("cannot hear sockeye")?;
            ensure!(bytes > 0, "`sockeye watch sockets {arguments}` says {said:?}");
        }
        Ok(watcher)
    }

    /// Waits until so many ends were told, or for a while: the kernel tells of one somewhat after it is none of the sockets
    /// any more (`net/core/sock.c`, `__sk_free` leaves it to a worker).
    pub(super) fn await_ends(&self, count: u64) {
        let (mut told, mut since) = (0, Instant::now());
        while told < count && since.elapsed() < PATIENCE {
            thread::sleep(LOOK);
            let before = std::mem::replace(&mut told, self.ended.load(Ordering::Relaxed));
            if told > before {
                since = Instant::now();
            }
        }
    }

    /// Ends it: it tells all that happened before.
    pub(super) fn end(mut self) -> Result<Watched> {
        let pid = self.child.as_ref().map(Child::id).context("sockeye has ended")?;
        sys::interrupt(pid).context("cannot end sockeye")?;
        let mut complaints = String::new();
        self.errors.read_to_string(&mut complaints).context("cannot hear sockeye")?;
        let usage = sys::wait(pid).context("cannot wait for sockeye")?;
        self.child = None;
        ensure!(usage.status.success(), "sockeye: {}: {complaints}", usage.status);
        let tally = match self.tally.take() {
            Some(tally) => tally.join().map_err(|_| anyhow!("whoever counts died"))?.context("cannot count")?,
            None => Tally::default(),
        };
        Ok(Watched { tally, usage, has_lost: complaints.contains("something was lost") })
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        // Something failed that is told already.
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
