//! A program that is measured: how it is started, and what a run took.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::sys;
use super::{bare, bare_routes, sys::Usage};

/// Where the output goes, and what is taken as the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Output {
    /// Nowhere; the time from start to end of the process.
    Null,
    /// Through a pipe into `cat`; until both have ended.
    Cat,
    /// It says its own time, as [`bare`] does.
    Said,
}

/// A command line that is measured.
#[derive(Clone)]
pub(super) struct Program {
    path: PathBuf,
    arguments: Vec<String>,
    output: Output,
    /// Exit statuses that are as good as 0.
    tolerated: &'static [i32],
}

/// One run of a program.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    /// From start to end.
    pub(super) wall: Duration,
    /// On a processor, the kernel's time for it too.
    pub(super) cpu: Duration,
    /// The most memory at once, in bytes.
    pub(super) peak_bytes: u64,
    /// It was ended at the limit.
    pub(super) cut: bool,
}

impl Program {
    /// Sockeye with these arguments.
    pub(super) fn sockeye(path: &Path, arguments: &str) -> Self {
        // Exit status 3: all is shown, but something that was asked for could not be had, such as owners without root.
        Self::new(path.to_owned(), arguments.split(' ').map(str::to_owned).collect(), &[3])
    }

    /// The bare loop with these arguments.
    pub(super) fn bare(arguments: &[&str]) -> Result<Self> {
        let path = std::env::current_exe().context("cannot find this program")?;
        Ok(Self::new(path, bare::Args::line(arguments), &[]))
    }

    /// The bare loop for routes.
    pub(super) fn bare_routes(main4: bool) -> Result<Self> {
        let path = std::env::current_exe().context("cannot find this program")?;
        Ok(Self::new(path, bare_routes::Args::line(main4), &[]))
    }

    /// An example with these arguments.
    pub(super) fn example(path: &Path, arguments: &[&str]) -> Self {
        Self::new(path.to_owned(), arguments.iter().map(|&argument| argument.to_owned()).collect(), &[])
    }

    /// `ip` with these arguments, where it is installed.
    pub(super) fn ip(arguments: &str) -> Option<Self> {
        let installed = Command::new("ip").arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status();
        installed.is_ok().then(|| Self::new("ip".into(), arguments.split(' ').map(str::to_owned).collect(), &[]))
    }

    /// `ss` with these arguments, where it is installed.
    pub(super) fn ss(arguments: &str) -> Option<Self> {
        let installed = Command::new("ss").arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status();
        installed.is_ok().then(|| Self::ss_at(Path::new("ss"), arguments))
    }

    /// This `ss` with these arguments.
    pub(super) fn ss_at(path: &Path, arguments: &str) -> Self {
        Self::new(path.to_owned(), vec![arguments.to_owned()], &[])
    }

    /// The `ss` of this sockeye with these arguments.
    pub(super) fn ss_of(sockeye: &Path, arguments: &str) -> Self {
        Self::new(sockeye.to_owned(), vec!["ss".to_owned(), arguments.to_owned()], &[])
    }

    fn new(path: PathBuf, arguments: Vec<String>, tolerated: &'static [i32]) -> Self {
        Self { path, arguments, output: Output::Null, tolerated }
    }

    /// The same through a pipe into `cat`.
    pub(super) fn into_cat(mut self) -> Self {
        self.output = Output::Cat;
        self
    }

    /// The same with the time that it says itself, which leaves the start of the process out.
    pub(super) fn by_its_own_clock(mut self) -> Self {
        self.output = Output::Said;
        self
    }

    /// Runs it once, at most as long as `limit`.
    pub(super) fn run(&self, limit: Option<Duration>) -> Result<Run> {
        let begin = Instant::now();
        let (mut child, cat) = self.spawn().with_context(|| format!("cannot start {self}"))?;
        let mut said = String::new();
        if let Some(output) = child.stdout.as_mut() {
            output.read_to_string(&mut said).context("cannot read what it says")?;
        }
        let cut = match limit {
            Some(limit) if !sys::ends_within(child.id(), limit)? => {
                child.kill().context("cannot end it")?;
                true
            }
            _ => false,
        };
        let mut usage = self.end(&child)?;
        if let Some(cat) = cat {
            usage.cpu += sys::wait(cat.id()).context("cannot wait for cat")?.cpu;
        }
        let mut wall = begin.elapsed();
        if !cut {
            self.judge(usage.status)?;
        }
        if self.output == Output::Said {
            wall = said_time(&said).with_context(|| format!("{self} says {said:?}"))?;
        }
        Ok(Run { wall, cpu: usage.cpu, peak_bytes: usage.peak_bytes, cut })
    }

    /// Runs it once and returns what it prints.
    pub(super) fn text(&self) -> Result<Vec<u8>> {
        let output = Command::new(&self.path).args(&self.arguments).stderr(Stdio::null()).output();
        let output = output.with_context(|| format!("cannot start {self}"))?;
        self.judge(output.status).map(|()| output.stdout)
    }

    /// Runs it once; returns what is made of its output while it comes, and the first line of its standard error.
    pub(super) fn heard<T>(&self, listen: impl FnOnce(ChildStdout) -> io::Result<T>) -> Result<(T, Option<String>)> {
        let mut command = Command::new(&self.path);
        command.args(&self.arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("cannot start {self}"))?;
        let (output, errors) = (child.stdout.take(), child.stderr.take());
        let (output, errors) = output.zip(errors).context("a program without output")?;
        // Beside the output: whoever writes much to both must not wait.
        let complaint = thread::spawn(move || first_line(errors));
        let heard = listen(output).with_context(|| format!("cannot read what {self} says"))?;
        let complaint = complaint.join().ok().context("nobody reads what it complains of")??;
        self.judge(child.wait().with_context(|| format!("cannot wait for {self}"))?)?;
        Ok((heard, complaint))
    }

    /// Runs it once and returns the numbers of the first line that it prints.
    pub(super) fn numbers<const N: usize>(&self) -> Result<[u64; N]> {
        let text = String::from_utf8(self.text()?).with_context(|| format!("{self} prints no text"))?;
        let numbers = text.lines().next().unwrap_or_default().split(' ').map(str::parse).collect::<Result<Vec<_>, _>>();
        let numbers = numbers.ok().and_then(|numbers| numbers.try_into().ok());
        numbers.with_context(|| format!("{self} says {text:?}"))
    }

    /// The same, which then only says what it would ask; that is a text, whatever the format of its listing.
    pub(super) fn planning(&self) -> Self {
        let mut planning = self.clone();
        if let Some(at) = planning.arguments.iter().position(|argument| argument == "-o") {
            planning.arguments.drain(at..(at + 2).min(planning.arguments.len()));
        }
        planning.arguments.push("--plan".to_owned());
        planning
    }

    /// A failure of the program is one of the benchmark.
    fn judge(&self, status: ExitStatus) -> Result<()> {
        let fine = status.success() || status.code().is_some_and(|code| self.tolerated.contains(&code));
        if fine { Ok(()) } else { bail!("{self}: {status}; run it by hand to see why") }
    }

    /// The memory of a process is taken by `wait4`. It includes what this program held when it started the other
    /// (`exec_mmap`), so this one has to stay small.
    fn end(&self, child: &Child) -> Result<Usage> {
        sys::wait(child.id()).with_context(|| format!("cannot wait for {self}"))
    }

    fn spawn(&self) -> Result<(Child, Option<Child>)> {
        let mut command = Command::new(&self.path);
        command.args(&self.arguments).stdin(Stdio::null()).stderr(Stdio::null());
        let mut cat = None;
        command.stdout(match self.output {
            Output::Null => Stdio::null(),
            Output::Said => Stdio::piped(),
            Output::Cat => {
                let child = cat.insert(Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?);
                child.stdin.take().context("cat without input")?.into()
            }
        });
        let child = command.spawn()?;
        Ok((child, cat))
    }
}

/// The first line of what is read to its end, if there is any.
fn first_line(from: impl Read) -> io::Result<Option<String>> {
    let (mut from, mut line) = (BufReader::new(from), Vec::new());
    from.read_until(b'\n', &mut line)?;
    io::copy(&mut from, &mut io::sink())?;
    Ok((!line.is_empty()).then(|| String::from_utf8_lossy(&line).trim().to_owned()))
}

/// The second number of what the bare loop prints, in microseconds.
fn said_time(said: &str) -> Option<Duration> {
    Some(Duration::from_micros(said.split_whitespace().nth(1)?.parse().ok()?))
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.path.file_name().unwrap_or_default().display();
        write!(f, "{name} {}", self.arguments.join(" "))?;
        if self.output == Output::Cat { f.write_str(" | cat") } else { Ok(()) }
    }
}
