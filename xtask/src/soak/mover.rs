//! Programs of iproute2 that read what they shall do line by line, and go on where the kernel refuses.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread::{self, JoinHandle};

use anyhow::{Context, Result, bail};

use super::commands::Tool;

/// How often a program may end early and be started again: some mistakes of a line are the end of `ip`, such as a link
/// that has just gone.
const STARTS_MAX: u64 = 10_000;

/// A program that is told what to do.
pub(super) struct Mover {
    tool: Tool,
    netns: Option<String>,
    running: Option<Running>,
    /// Lines that it was told.
    pub(super) told: u64,
    /// Lines that the kernel, or the program, refused: what was to be deleted was not there, and the like.
    pub(super) refused: u64,
    starts: u64,
}

/// The process, and who counts what it complains of.
struct Running {
    child: Child,
    input: Option<ChildStdin>,
    complaints: Option<JoinHandle<u64>>,
}

impl Mover {
    /// A program that works in a network namespace by this name, or in ours.
    pub(super) fn new(tool: Tool, netns: Option<&str>) -> Self {
        Self { tool, netns: netns.map(str::to_owned), running: None, told: 0, refused: 0, starts: 0 }
    }

    /// Tells it a line.
    pub(super) fn tell(&mut self, line: &str) -> Result<()> {
        self.told += 1;
        if let Some(running) = &mut self.running {
            let input = running.input.as_mut().context("it has an input until its end")?;
            if writeln!(input, "{line}").is_ok() {
                return Ok(());
            }
            // It has ended: what it had not read yet is lost, and counts as told.
            self.end();
        }
        let mut running = self.start()?;
        let written = running.input.as_mut().map(|input| writeln!(input, "{line}"));
        self.running = Some(running);
        written.context("it has an input")?.with_context(|| format!("{} does not listen", self.tool.name()))
    }

    /// Lets it finish what it was told.
    pub(super) fn end(&mut self) {
        if let Some(mut running) = self.running.take() {
            self.refused += running.end();
        }
    }

    fn start(&mut self) -> Result<Running> {
        if self.starts == STARTS_MAX {
            bail!("{} ended {STARTS_MAX} times", self.tool.name());
        }
        self.starts += 1;
        let mut command = Command::new(self.tool.name());
        if let Some(netns) = &self.netns {
            command.args(["-n", netns]);
        }
        command.args(["-force", "-batch", "-"]);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("cannot run {}", self.tool.name()))?;
        let input = child.stdin.take();
        let errors = child.stderr.take().context("it has errors")?;
        let complaints = thread::spawn(move || {
            let lines = BufReader::new(errors).split(b'\n').map_while(Result::ok);
            // "Command failed -:12" after each line of which nothing became.
            lines.filter(|line| line.starts_with(b"Command failed")).count() as u64
        });
        Ok(Running { child, input, complaints: Some(complaints) })
    }
}

impl Running {
    fn end(&mut self) -> u64 {
        self.input = None;
        let refused = self.complaints.take().and_then(|complaints| complaints.join().ok()).unwrap_or(0);
        // A child that cannot be waited for is no matter of the soak.
        let _ = self.child.wait();
        refused
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}
