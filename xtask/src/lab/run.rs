//! The order of things: build, boot each kernel, read what came back, judge it, write it down.

use std::io::{self, Write as _};
use std::num::NonZero;
use std::path::Path;
use std::time::Instant;
use std::{fs, slice, thread};

use anyhow::{Context, Result, bail};

use super::allowed;
use super::guest::{self, Guest};
use super::image::Image;
use super::lane::{self, Lane, Task, Which};
use super::offered::Kernel;
use super::smoke::{self, Span};
use super::{last, page};
use crate::bench::binary;
use crate::suite::allowed::{Judged, idle_everywhere, judge};
use crate::suite::build;
use crate::suite::outcome::Outcome;

/// The file of a command in the folder of results.
const COMMAND: &str = "command";

/// What was run on one kernel, and how it went.
pub(super) struct Run {
    pub(super) release: String,
    pub(super) line: String,
    pub(super) outcomes: Vec<Outcome>,
    pub(super) judged: Judged,
    pub(super) span: Span,
}

impl Run {
    /// What came of the programs of a kernel.
    pub(super) fn of(kernel: &Kernel, outcomes: Vec<Outcome>, span: Span) -> Result<Self> {
        let judged = judge(&allowed::list()?, &kernel.line, &outcomes);
        Ok(Self { release: kernel.release.clone(), line: kernel.line.clone(), outcomes, judged, span })
    }

    fn is_good(&self, lane: &Lane) -> bool {
        // Only a run of everything can say that an entry of the list is not needed.
        let is_idle = lane.which == Which::All && !self.judged.idle.is_empty();
        self.outcomes.iter().all(Outcome::is_good) && self.judged.unknown.is_empty() && !is_idle
    }
}

/// Runs a lane on some kernels.
///
/// # Errors
///
/// If a test fails, or is skipped for a reason that the committed list does not have; if a run of everything skips nothing for
/// a reason that it does have; if the lane of CI takes longer than it may.
pub(super) fn tests(kernels: &[&Kernel], lane: &Lane) -> Result<()> {
    let tasks = lane.tasks(&build::programs()?)?;
    conclude(&at_once(kernels, |kernel| on(kernel, lane, &tasks))?, lane)
}

/// Writes the page of what the last run of each program of a lane left, and runs nothing.
///
/// # Errors
///
/// If that is not everything, and like a run.
pub(super) fn write_page(kernels: &[&Kernel], lane: &Lane) -> Result<()> {
    let tasks = lane.tasks(&build::programs()?)?;
    conclude(&last::runs(kernels, lane, &tasks)?, lane)
}

/// Says how runs went, and writes them down if they are of everything.
fn conclude(runs: &[Run], lane: &Lane) -> Result<()> {
    for run in runs {
        report(run, lane);
    }
    let mut idle = Vec::new();
    if lane.which == Which::All {
        page::write(runs)?;
        let outcomes = runs.iter().flat_map(|run| &run.outcomes);
        idle = idle_everywhere(&allowed::list()?, outcomes);
        for key in &idle {
            println!("in tests/lab-skips.txt for every line, but nothing was skipped for it on any: {key}");
        }
    }
    let bad: Vec<&str> = runs.iter().filter(|run| !run.is_good(lane)).map(|run| run.release.as_str()).collect();
    if !bad.is_empty() {
        bail!("not everything passed on {}", bad.join(", "));
    }
    if !idle.is_empty() {
        bail!("tests/lab-skips.txt allows what is no longer skipped: {}", idle.join(", "));
    }
    match smoke::too_long(runs, smoke::MAX).filter(|_| lane.which == Which::Smoke) {
        Some(said) => bail!("{said}"),
        None => Ok(()),
    }
}

/// A guest whose shell finds sockeye.
fn with_sockeye<'i>(image: &'i Image, purpose: &str, tasks: &[Task]) -> Result<Guest<'i>> {
    let sockeye = binary::sockeye(None)?;
    let programs = sockeye.parent().and_then(Path::to_str).context("the path of sockeye is no UTF-8")?;
    Guest::with_variables(image, purpose, tasks, &[("PROGRAMS", programs)])
}

/// Boots a kernel for somebody to look around in.
pub(super) fn shell(kernel: &Kernel) -> Result<()> {
    with_sockeye(&Image::of(kernel)?, "shell", &[])?.shell()
}

/// Runs one command of the shell in a kernel, and prints what it says.
///
/// # Errors
///
/// If it fails.
pub(super) fn command(kernel: &Kernel, command: &str) -> Result<()> {
    let image = Image::of(kernel)?;
    let task = Task::script(COMMAND);
    let guest = with_sockeye(&image, "run", slice::from_ref(&task))?;
    fs::write(guest.results.join(COMMAND), command).context("cannot write the command")?;
    guest.run(slice::from_ref(&task))?;
    let said = |kind: &str| fs::read(guest::left(&guest.results, COMMAND, kind)).unwrap_or_default();
    io::stdout().write_all(&said(guest::OUT))?;
    io::stderr().write_all(&said(guest::ERR))?;
    let end = said(guest::END);
    if end.starts_with(b"0 ") { Ok(()) } else { bail!("it failed on {}", kernel.release) }
}

/// Does something with each kernel, with as many at a time as there are processors: a guest keeps one busy.
pub(super) fn at_once<T: Send>(kernels: &[&Kernel], work: impl Fn(&Kernel) -> Result<T> + Sync) -> Result<Vec<T>> {
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let mut results = Vec::new();
    for some in kernels.chunks(processors) {
        let done: Vec<Result<T>> = thread::scope(|scope| {
            let started: Vec<_> = some.iter().map(|kernel| scope.spawn(|| work(kernel))).collect();
            let ended =
                started.into_iter().map(|thread| thread.join().unwrap_or_else(|_| bail!("a guest's thread died")));
            ended.collect()
        });
        for result in done {
            results.push(result?);
        }
    }
    Ok(results)
}

fn on(kernel: &Kernel, lane: &Lane, tasks: &[Task]) -> Result<Run> {
    let image = Image::of(kernel)?;
    let guest = Guest::prepare(&image, lane.purpose(), tasks)?;
    let boot = Instant::now();
    guest.run(tasks)?;
    let span = Span { boot, end: Instant::now() };
    let outcomes: Vec<Outcome> = tasks.iter().map(|task| outcome(&guest.results, task)).collect::<Result<_>>()?;
    Run::of(kernel, outcomes, span)
}

/// Reads what a guest left of a task.
pub(super) fn outcome(results: &Path, task: &Task) -> Result<Outcome> {
    let name = &task.program.name;
    let read = |kind: &str| {
        let path = guest::left(results, name, kind);
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        anyhow::Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    let Ok(end) = read(guest::END) else { return Ok(Outcome::unknown(name, "the guest ended before it did")) };
    let mut outcome = Outcome::of(name, &read(guest::OUT)?, &read(guest::ERR)?, &end);
    if outcome.is_good()
        && let Some(word) = lane::chooses_nothing(&task.told, &outcome.names)
    {
        outcome.trouble = Some(format!("no test of it has {word} in its name"));
    }
    Ok(outcome)
}

fn report(run: &Run, lane: &Lane) {
    println!("Linux {}", run.release);
    for outcome in &run.outcomes {
        let (passed, skipped, seconds) = (outcome.passed, outcome.skipped.len(), outcome.seconds);
        println!("  {:24} {passed:4} passed {skipped:4} skips {seconds:5} s", outcome.name);
        for name in &outcome.failed {
            println!("    failed: {name}");
        }
        if let Some(trouble) = &outcome.trouble {
            println!("    {trouble}");
        }
    }
    for skipped in &run.judged.unknown {
        println!(
            "  not in tests/lab-skips.txt for {}: {}: {}: {}",
            run.line, skipped.test, skipped.key, skipped.reason
        );
    }
    if lane.which == Which::All {
        for key in &run.judged.idle {
            println!("  in tests/lab-skips.txt for {}, but nothing was skipped for it: {key}", run.line);
        }
    }
    println!("  output of all in target/lab/{}.{}", run.release, lane.purpose());
}
