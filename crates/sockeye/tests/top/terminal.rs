//! A terminal of our own with the program on it.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus};
use std::sync::LazyLock;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, Termios, Winsize, tcgetattr, tcsetattr, tcsetwinsize};
use sockeye_zoo::patience;

/// How long something is waited for that has to come.
pub(crate) static PATIENCE: LazyLock<Duration> = LazyLock::new(|| patience(Duration::from_mins(1)));

/// A terminal of our own: the end of whoever shows it, and the end of programs.
pub(crate) fn open() -> (OwnedFd, OwnedFd) {
    // A program that had the other end too would never see it go.
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("/dev/ptmx is there");
    grantpt(&master).and_then(|()| unlockpt(&master)).expect("a terminal of our own");
    let path = ptsname(&master, Vec::new()).expect("it has a name");
    let path = path.to_str().expect("the kernel's own name");
    let terminal: OwnedFd = OpenOptions::new().read(true).write(true).open(path).expect("its other end").into();
    tcsetwinsize(&terminal, Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 }).expect("a size");
    (master, terminal)
}

/// The program on a terminal.
pub(crate) struct OnTerminal {
    child: Child,
    terminal: OwnedFd,
    /// Where the keys are.
    keys: File,
    before: Termios,
    written: Receiver<Vec<u8>>,
    text: String,
}

impl OnTerminal {
    pub(crate) fn start(words: &[&str]) -> Self {
        Self::start_by(&[], words)
    }

    /// The same, run by another program with these words before its own.
    pub(crate) fn start_by(runner: &[&str], words: &[&str]) -> Self {
        let (master, terminal) = open();
        let before = tcgetattr(&terminal).expect("a terminal");
        let copy = || terminal.try_clone().expect("descriptors are left");
        let line = [runner, &[env!("CARGO_BIN_EXE_sockeye")], words].concat();
        let child = Command::new(line[0])
            .args(&line[1..])
            .env("TERM", "xterm")
            .env_remove("NO_COLOR")
            // One of its tests stops it, and nobody else is to be hung up for that.
            .process_group(0)
            .stdin(copy())
            .stdout(copy())
            .stderr(copy())
            .spawn()
            .expect("it can be run");
        let keys = File::from(master.try_clone().expect("descriptors are left"));
        let (told, written) = mpsc::channel();
        std::thread::spawn(move || {
            let mut master = File::from(master);
            let mut block = [0; 4096];
            while let Ok(length @ 1..) = master.read(&mut block) {
                if told.send(block[..length].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self { child, terminal, keys, before, written, text: String::new() }
    }

    /// Waits until this was written.
    pub(crate) fn await_text(&mut self, what: &str) {
        let deadline = Instant::now() + *PATIENCE;
        while !self.text.contains(what) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.written.recv_timeout(left) {
                Ok(bytes) => self.text.push_str(&String::from_utf8_lossy(&bytes)),
                Err(error) => panic!("{what:?} was never written ({error}): {:?}", self.text),
            }
        }
    }

    /// Forgets what was written so far.
    pub(crate) fn forget(&mut self) {
        self.text.clear();
    }

    /// Waits until the process is in this state (`T`: stopped).
    pub(crate) fn await_state(&self, wanted: char) {
        let deadline = Instant::now() + *PATIENCE;
        loop {
            let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).expect("it runs");
            let state = stat.rsplit(") ").next().and_then(|rest| rest.chars().next());
            if state == Some(wanted) {
                return;
            }
            assert!(Instant::now() < deadline, "it is never {wanted}, but {state:?}");
        }
    }

    /// As a shell does once what it waited for has stopped.
    pub(crate) fn give_back(&self) {
        tcsetattr(&self.terminal, OptionalActions::Now, &self.before).expect("a terminal");
    }

    pub(crate) fn terminal(&self) -> &OwnedFd {
        &self.terminal
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it runs");
    }

    /// To it and all that were begun with it.
    pub(crate) fn signal_job(&self, signal: Signal) {
        kill_process_group(Pid::from_child(&self.child), signal).expect("it runs");
    }

    pub(crate) fn type_letters(&mut self, letters: &str) {
        self.keys.write_all(letters.as_bytes()).expect("it has room for some keys");
    }

    /// How it ended, whether the terminal is as it was, and all that was written.
    pub(crate) fn ended(mut self) -> (ExitStatus, bool, String) {
        let status = self.child.wait().expect("a child of ours");
        let after = tcgetattr(&self.terminal).expect("a terminal");
        let is_same = (after.local_modes, after.input_modes, after.output_modes)
            == (self.before.local_modes, self.before.input_modes, self.before.output_modes);
        drop(self.terminal);
        // Nobody writes any more: what is left comes, then the end.
        while let Ok(bytes) = self.written.recv_timeout(*PATIENCE) {
            self.text.push_str(&String::from_utf8_lossy(&bytes));
        }
        (status, is_same, self.text)
    }
}
