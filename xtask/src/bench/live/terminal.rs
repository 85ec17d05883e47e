//! A program on a terminal of its own.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::super::sys;
use super::screen::Screen;

const COLUMNS: u16 = 120;
const LINES: u16 = 40;

/// The program, its terminal and what is on it.
pub(super) struct Terminal {
    child: Child,
    master: File,
    pub(super) screen: Screen,
}

impl Terminal {
    /// Starts it.
    pub(super) fn start(path: &Path, arguments: &[&str]) -> Result<Self> {
        let (master, terminal) = sys::terminal(COLUMNS, LINES).context("cannot make a terminal")?;
        let copy = || terminal.try_clone().context("cannot hand a terminal on");
        let child = Command::new(path)
            .args(arguments)
            .env("TERM", "xterm")
            .env_remove("NO_COLOR")
            .stdin(copy()?)
            .stdout(copy()?)
            .stderr(copy()?)
            .spawn()
            .context("cannot start sockeye")?;
        Ok(Self { child, master: master.into(), screen: Screen::new(COLUMNS, LINES) })
    }

    /// The number of the process.
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Reads for so long.
    pub(super) fn rest(&mut self, span: Duration) -> Result<()> {
        let end = Instant::now() + span;
        while self.read(end)? {}
        Ok(())
    }

    /// Reads until the screen is as wanted. How long that took.
    pub(super) fn until(&mut self, limit: Duration, wanted: impl Fn(&Screen) -> bool) -> Result<Duration> {
        let begin = Instant::now();
        while !wanted(&self.screen) {
            if !self.read(begin + limit)? {
                let lines: Vec<_> = (0..usize::from(LINES)).map(|line| self.screen.line(line)).collect();
                bail!("after {} s the screen is still\n{}", limit.as_secs(), lines.join("\n"));
            }
        }
        Ok(begin.elapsed())
    }

    /// Presses a key, and reads until the screen is as wanted. How long that took from the key on.
    pub(super) fn press(&mut self, key: u8, limit: Duration, wanted: impl Fn(&Screen) -> bool) -> Result<Duration> {
        let begin = Instant::now();
        self.master.write_all(&[key]).context("cannot press a key")?;
        self.until(limit, wanted)?;
        Ok(begin.elapsed())
    }

    /// Presses `q`, and waits for the end.
    pub(super) fn quit(&mut self, limit: Duration) -> Result<()> {
        self.master.write_all(b"q").context("cannot press a key")?;
        ensure!(sys::ends_within(self.child.id(), limit)?, "sockeye top does not end");
        let status = self.child.wait().context("cannot wait for sockeye")?;
        ensure!(status.success(), "sockeye top: {status}");
        Ok(())
    }

    /// Reads once, if something is written before that time.
    fn read(&mut self, until: Instant) -> Result<bool> {
        if !sys::readable(&self.master, until.saturating_duration_since(Instant::now()))? {
            return Ok(false);
        }
        let mut bytes = [0; 4096];
        let length = self.master.read(&mut bytes).context("sockeye top has ended")?;
        self.screen.take(&bytes[..length]);
        Ok(true)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Nothing can be done about a child that has ended already, or cannot be waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
