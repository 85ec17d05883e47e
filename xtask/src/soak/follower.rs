//! A sockeye that runs from beginning to end: what it says, and what it holds meanwhile.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use super::flat::Series;
use super::gauge::{self, Held};
use super::replica::Replica;
use super::report::count;

/// What a machine that is busy with other things may take for what is done at once elsewhere.
pub(super) const PATIENCE: Duration = Duration::from_mins(1);
/// Time between two looks at something that is waited for.
const LOOK: Duration = Duration::from_millis(50);
/// Lines of standard error that are kept.
const COMPLAINTS_MAX: usize = 100;

/// A running sockeye.
pub(super) struct Follower {
    /// What it is called in the table.
    pub(super) name: &'static str,
    /// What it said.
    replica: Arc<Mutex<Replica>>,
    complaints: Arc<Mutex<Vec<String>>>,
    child: Child,
    /// The process that is measured: not the one that put it into a namespace.
    pid: u32,
    readers: Vec<JoinHandle<()>>,
    /// How long it is waited for.
    patience: Duration,
    /// Memory, in bytes.
    pub(super) memory: Series,
    /// Descriptors.
    pub(super) descriptors: Series,
    /// Threads.
    pub(super) threads: Series,
}

impl Follower {
    /// Starts a watch that writes objects, and waits until it is in sync.
    pub(super) fn watch(name: &'static str, mut command: Command, is_alone: bool, patience: Duration) -> Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("cannot start {name}"))?;
        let output = child.stdout.take().context("it has an output")?;
        let replica = Arc::new(Mutex::new(Replica::default()));
        let copy = Arc::clone(&replica);
        let reader = thread::spawn(move || apply(output, &copy));
        let mut follower = Self::new(name, child, replica, vec![reader], patience)?;
        follower.wait("in sync", |follower| lock(&follower.complaints).iter().any(|line| line.contains("synced")))?;
        if is_alone {
            follower.pid = gauge::child_of(follower.pid)?.context("unshare has made no process")?;
        }
        Ok(follower)
    }

    /// Starts a program on a terminal, whose screen is read and not looked at.
    pub(super) fn screen(
        name: &'static str,
        mut command: Command,
        terminal: super::terminal::Terminal,
        patience: Duration,
    ) -> Result<Self> {
        command.stderr(Stdio::piped());
        let child = command.spawn().with_context(|| format!("cannot start {name}"))?;
        // Its ends of the terminal are its own now.
        drop(command);
        let replica = Arc::new(Mutex::new(Replica::default()));
        let shown = Arc::clone(&replica);
        let reader = thread::spawn(move || terminal.read(|| lock(&shown).changes += 1));
        let mut follower = Self::new(name, child, replica, vec![reader], patience)?;
        follower.wait("on the screen", |follower| follower.replica().changes > 0)?;
        Ok(follower)
    }

    fn new(
        name: &'static str,
        mut child: Child,
        replica: Arc<Mutex<Replica>>,
        mut readers: Vec<JoinHandle<()>>,
        patience: Duration,
    ) -> Result<Self> {
        let complaints = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&complaints);
        let errors = child.stderr.take().context("it has errors")?;
        readers.push(thread::spawn(move || keep(errors, &kept)));
        let pid = child.id();
        Ok(Self {
            name,
            replica,
            complaints,
            child,
            pid,
            readers,
            patience,
            memory: Series::default(),
            descriptors: Series::default(),
            threads: Series::default(),
        })
    }

    /// What it has said up to now.
    pub(super) fn replica(&self) -> MutexGuard<'_, Replica> {
        lock(&self.replica)
    }

    /// What it complained of.
    pub(super) fn complaints(&self) -> Vec<String> {
        lock(&self.complaints).clone()
    }

    /// Looks at what it holds.
    pub(super) fn held(&self) -> Result<Held> {
        Held::of(self.pid).with_context(|| format!("cannot measure {}", self.name))
    }

    /// Looks at what it holds, and keeps that.
    pub(super) fn sample(&mut self, at: Duration) -> Result<()> {
        let (held, at) = (self.held()?, at.as_secs_f64());
        self.memory.push(at, count(held.memory_bytes));
        self.descriptors.push(at, count(held.descriptors));
        self.threads.push(at, count(held.threads));
        Ok(())
    }

    /// Sends it a signal.
    pub(super) fn signal(&self, signal: Signal) -> Result<()> {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw).context("no number of a process")?;
        kill_process(pid, signal).with_context(|| format!("cannot signal {}", self.name))
    }

    /// Waits for its end: its exit status.
    pub(super) fn ended(&mut self) -> Result<Option<i32>> {
        let mut status = None;
        let name = self.name;
        self.wait("at its end", |follower| {
            status = follower.child.try_wait().ok().flatten();
            status.is_some()
        })?;
        for reader in self.readers.drain(..) {
            reader.join().ok().with_context(|| format!("the reader of {name} has died"))?;
        }
        Ok(status.and_then(|status| status.code()))
    }

    fn wait(&mut self, what: &str, mut is_so: impl FnMut(&mut Self) -> bool) -> Result<()> {
        let until = Instant::now() + self.patience;
        while !is_so(self) {
            if Instant::now() > until {
                bail!("{} is not {what}; it said: {}", self.name, self.complaints().join("; "));
            }
            thread::sleep(LOOK);
        }
        Ok(())
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        // It has ended already where everything went well.
        if self.child.try_wait().ok().flatten().is_none() {
            let _ = self.signal(Signal::KILL);
            let _ = self.child.wait();
        }
    }
}

/// Applies the objects of a stream.
fn apply(output: impl Read, replica: &Mutex<Replica>) {
    for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
        match serde_json::from_slice(&line) {
            Ok(mut object) => lock(replica).take(&mut object),
            Err(error) => {
                let mut replica = lock(replica);
                replica.wrong += 1;
                replica.examples.push(format!("no JSON, {error}: {}", String::from_utf8_lossy(&line)));
            }
        }
    }
}

fn keep(errors: impl Read, complaints: &Mutex<Vec<String>>) {
    for line in BufReader::new(errors).split(b'\n').map_while(Result::ok) {
        let mut complaints = lock(complaints);
        if complaints.len() < COMPLAINTS_MAX {
            complaints.push(String::from_utf8_lossy(&line).into_owned());
        }
    }
}

/// What a thread that panicked left behind is as good as any other count.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
