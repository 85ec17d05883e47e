//! `sockeye watch` as a child process, line by line, each wait with an end.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::LazyLock;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use sockeye_zoo::patience;

/// Time after which what has not come does not come: for a machine that is busy with other tests.
pub(crate) static PATIENCE: LazyLock<Duration> = LazyLock::new(|| patience(Duration::from_secs(30)));

/// The program, and what it has said so far.
pub(crate) struct Watching {
    child: Child,
    stdout: Lines,
    stderr: Lines,
    /// Standard output, as long as nobody reads it.
    unread: Option<ChildStdout>,
}

impl Watching {
    /// Starts it, and waits until it is in sync.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::of(&mut program(arguments))
    }

    /// The same with a command that was prepared.
    pub(crate) fn of(command: &mut Command) -> Self {
        let mut watching = Self::begin(command);
        watching.read();
        watching.is_synced();
        watching
    }

    /// The same, and nobody reads what it says.
    pub(crate) fn unread(arguments: &[&str]) -> Self {
        let mut watching = Self::begin(&mut program(arguments));
        watching.is_synced();
        watching
    }

    /// Starts it, and waits for nothing.
    pub(crate) fn begin(command: &mut Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).env("NO_COLOR", "1");
        let mut child = command.spawn().unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
        let unread = child.stdout.take();
        let stderr = Lines::of(child.stderr.take().expect("piped"));
        Self { child, stdout: Lines::none(), stderr, unread }
    }

    /// Waits until it says that it is in sync.
    pub(crate) fn is_synced(&mut self) {
        self.complaint("synced");
    }

    /// Begins to read what it says.
    pub(crate) fn read(&mut self) {
        if let Some(unread) = self.unread.take() {
            self.stdout = Lines::of(unread);
        }
    }

    /// Nobody will ever read what it says.
    pub(crate) fn close(&mut self) {
        self.unread = None;
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The next line that is as it should be.
    #[track_caller]
    pub(crate) fn line(&mut self, wanted: &str) -> String {
        self.line_where(wanted, |line| line.contains(wanted))
    }

    /// The same by more than one word.
    #[track_caller]
    pub(crate) fn line_where(&mut self, what: &str, is_wanted: impl Fn(&str) -> bool) -> String {
        self.stdout.find(is_wanted).unwrap_or_else(|| {
            panic!("no {what:?} in\n{}\n{}", self.stdout.said.join("\n"), self.stderr.said.join("\n"))
        })
    }

    /// The next object that is as it should be.
    #[track_caller]
    pub(crate) fn object(&mut self, what: &str, is_wanted: impl Fn(&Value) -> bool) -> Value {
        let is_wanted = |line: &str| is_wanted(&parse(line));
        parse(&self.line_where(what, is_wanted))
    }

    /// The next line on stderr that has this in it.
    #[track_caller]
    pub(crate) fn complaint(&mut self, wanted: &str) -> String {
        self.stderr
            .find(|line| line.contains(wanted))
            .unwrap_or_else(|| panic!("no {wanted:?} on stderr in\n{}", self.stderr.said.join("\n")))
    }

    /// Everything it said on stdout up to now, of what was waited for.
    pub(crate) fn said(&self) -> &[String] {
        &self.stdout.said
    }

    /// Everything on stderr up to now, of what was waited for.
    pub(crate) fn complaints(&self) -> &[String] {
        &self.stderr.said
    }

    /// How it ended, if it has.
    pub(crate) fn try_ended(&mut self) -> Option<Ended> {
        let status = self.child.try_wait().expect("a child of ours")?;
        let until = Instant::now() + *PATIENCE;
        self.stdout.rest(until);
        self.stderr.rest(until);
        let status = status.code().unwrap_or_else(|| panic!("{status}: {}", self.stderr.all()));
        Some(Ended { status, stdout: self.stdout.all(), stderr: self.stderr.all() })
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).expect("a number of a process")).expect("not 0");
        kill_process(pid, signal).expect("a child of ours");
    }

    /// Makes it stand still: from here on it reads nothing.
    pub(crate) fn stop(&self) {
        self.signal(Signal::STOP);
        let stat = || std::fs::read_to_string(format!("/proc/{}/stat", self.pid())).expect("it is there");
        while !stat().contains(") T ") {
            thread::yield_now();
        }
    }

    /// Asks it to end, and waits until it has: its exit status and all that it said.
    pub(crate) fn interrupt(self) -> Ended {
        self.signal(Signal::INT);
        self.ended()
    }

    /// Waits until it has ended by itself.
    pub(crate) fn ended(mut self) -> Ended {
        let until = Instant::now() + *PATIENCE;
        loop {
            if let Some(ended) = self.try_ended() {
                return ended;
            }
            if Instant::now() > until {
                let _ = self.child.kill();
                panic!("it does not end; it said\n{}\n{}", self.stdout.all(), self.stderr.all());
            }
            thread::yield_now();
        }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// The same, if it ended so.
    #[track_caller]
    pub(crate) fn with(self, status: i32) -> Self {
        assert_eq!(self.status, status, "{}\n{}", self.stdout, self.stderr);
        self
    }

    /// What it said as objects.
    pub(crate) fn objects(&self) -> Vec<Value> {
        self.stdout.lines().map(parse).collect()
    }
}

/// `sockeye watch` with these arguments.
pub(crate) fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sockeye"));
    command.arg("watch").args(arguments);
    command
}

fn parse(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in\n{line}"))
}

/// Lines as they come.
struct Lines {
    incoming: Receiver<String>,
    said: Vec<String>,
}

impl Lines {
    fn of(from: impl Read + Send + 'static) -> Self {
        let (sender, incoming) = channel();
        thread::spawn(move || {
            for line in BufReader::new(from).lines() {
                let Ok(line) = line else { return };
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { incoming, said: Vec::new() }
    }

    fn none() -> Self {
        Self { incoming: channel().1, said: Vec::new() }
    }

    /// The next line that is wanted; `None` if it does not come.
    fn find(&mut self, is_wanted: impl Fn(&str) -> bool) -> Option<String> {
        let until = Instant::now() + *PATIENCE;
        loop {
            // One who never stops talking says something at every moment.
            let left = until.checked_duration_since(Instant::now())?;
            let line = self.incoming.recv_timeout(left).ok()?;
            self.said.push(line);
            let line = self.said.last()?;
            if is_wanted(line) {
                return Some(line.clone());
            }
        }
    }

    /// Everything up to the end.
    fn rest(&mut self, until: Instant) {
        loop {
            match self.incoming.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(line) => self.said.push(line),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn all(&self) -> String {
        self.said.join("\n")
    }
}
