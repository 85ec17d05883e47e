//! Watches over the process that is attacked: ends one that hangs, and finds out which input ended one that died.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::child::Place;
use crate::finding::{What, keep};
use crate::random::Random;
use crate::target::Entry;

/// An input that takes longer hangs.
pub(crate) const HANG: Duration = Duration::from_secs(5);
/// Time between two looks at the board.
const LOOK: Duration = Duration::from_millis(20);
/// Looks in that time. They are what is counted: where the whole machine stands still nobody looks, and nothing hangs.
const HANG_LOOKS: u128 = HANG.as_millis() / LOOK.as_millis();
/// What a process may need to begin, before it is fed: a machine that does other things takes its time, and inputs are not judged by
/// it.
const START_MAX: Duration = Duration::from_mins(1);
/// Deaths and hangs of one target after which it is left alone.
const DEATHS_MAX: u64 = 3;

/// How a target is attacked.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) time: Duration,
    pub(crate) threads: usize,
    /// Where inputs are kept that did something.
    pub(crate) findings: PathBuf,
}

/// What became of a target.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) inputs: u64,
    pub(crate) deep: u64,
    /// Time in which inputs were fed.
    pub(crate) took: Duration,
    /// Each in a line: its file, its seed, what it did.
    pub(crate) findings: Vec<String>,
    /// Inputs that were not done in time, and were done at once when they were fed again alone: the machine stood still.
    pub(crate) stalls: u64,
    /// Time for which it was to be attacked and was not, because its process had died or hung too often.
    pub(crate) given_up: Duration,
}

impl Outcome {
    /// What became of several together.
    pub(crate) fn of_all(outcomes: &[Self]) -> Self {
        let mut all = Self::default();
        outcomes.iter().cloned().for_each(|outcome| all.add(outcome));
        all
    }

    /// Adds what became of it in another round, or what became of another one.
    pub(crate) fn add(&mut self, other: Self) {
        self.inputs += other.inputs;
        self.deep += other.deep;
        self.took += other.took;
        self.findings.extend(other.findings);
        self.stalls += other.stalls;
        self.given_up += other.given_up;
    }
}

/// Attacks one target until the time is over, in one process after the other where they die.
pub(crate) fn attack(entry: &Entry, plan: &Plan) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    for attempt in 0..DEATHS_MAX {
        let time = plan.time.saturating_sub(outcome.took);
        if attempt > 0 && time.is_zero() {
            return Ok(outcome);
        }
        let seed = plan.seed.wrapping_add(attempt << 32);
        if watch(entry, &Plan { seed, time, findings: plan.findings.clone(), ..*plan }, &mut outcome)? {
            return Ok(outcome);
        }
    }
    outcome.given_up = plan.time.saturating_sub(outcome.took);
    Ok(outcome)
}

/// One process. Whether it came to its end.
fn watch(entry: &Entry, plan: &Plan, outcome: &mut Outcome) -> Result<bool> {
    let board = Board::new(&plan.findings, "board", plan.threads)?;
    let mut command = Command::new(std::env::current_exe()?);
    command
        .args(["--inside", entry.name, "--seed", &plan.seed.to_string(), "--threads", &plan.threads.to_string()])
        .args(["--for", &format!("{}ms", plan.time.as_millis())])
        .arg("--findings")
        .arg(&plan.findings);
    let process = run(command, &board, &mut outcome.took)?;
    outcome.findings.extend(process.said.lines().map(str::to_owned));
    let places = board.places()?;
    outcome.inputs += places.iter().map(|place| place.begun).sum::<u64>();
    outcome.deep += places.iter().map(|place| place.deep).sum::<u64>();
    let death = match process.end {
        End::Exit(status) if status.success() => return Ok(true),
        End::Exit(status) => Some(death(status, &process.errors)),
        End::Hang(_) => None,
    };
    let suspects = match process.end {
        End::Hang(seeds) => seeds,
        // Which of the threads it was, the process did not live to tell: each of them is tried again by itself.
        End::Exit(_) => {
            places.iter().filter(|place| place.begun > 0 && !place.is_over).map(|place| place.seed).collect()
        }
    };
    let mut is_found = false;
    for seed in suspects {
        if let Some(what) = alone(entry, plan, seed)? {
            outcome.findings.push(kept(entry, plan, seed, &what)?);
            is_found = true;
        } else if death.is_none() {
            outcome.stalls += 1;
        }
    }
    if let Some(what) = death.filter(|_| !is_found) {
        outcome.findings.push(format!("(no single input)\t-\t{what}"));
    }
    Ok(false)
}

fn kept(entry: &Entry, plan: &Plan, seed: u64, what: &What) -> Result<String> {
    let input = (entry.make)().input(&mut Random(seed));
    let path = keep(&plan.findings, entry.name, seed, &input)?;
    Ok(format!("{}\t{seed:#x}\t{what}", path.display()))
}

/// Feeds the input of this seed to a process of its own, and tells what it does there: nothing where it was the machine that took
/// long, or the other threads.
fn alone(entry: &Entry, plan: &Plan, seed: u64) -> Result<Option<What>> {
    let board = Board::new(&plan.findings, "alone", 1)?;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--once", entry.name, "--seed", &seed.to_string()]);
    let process = run(command, &board, &mut Duration::default())?;
    Ok(match process.end {
        End::Exit(status) if status.success() => None,
        End::Exit(status) => Some(death(status, &process.errors)),
        End::Hang(_) => Some(What::Hang),
    })
}

fn death(status: ExitStatus, errors: &str) -> What {
    let text = errors.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ");
    What::Death(format!("{status}; {text}"))
}

/// What a process wrote, and how it ended.
struct Process {
    said: String,
    errors: String,
    end: End,
}

#[derive(Debug)]
enum End {
    Exit(ExitStatus),
    /// The seeds of the inputs that were not done.
    Hang(Vec<u64>),
}

/// Runs a process that notes on the board what it is at, until it ends or is ended.
fn run(mut command: Command, board: &Board, took: &mut Duration) -> Result<Process> {
    let mut child = command
        .arg("--board")
        .arg(&board.path)
        .stdout(Stdio::piped())
        // An overflow of the stack, or memory that is not to be had, is told there.
        .stderr(Stdio::piped())
        .spawn()
        .context("a process to attack")?;
    let (said, errors) = (listen(child.stdout.take()), listen(child.stderr.take()));
    let end = wait(&mut child, board, took);
    if end.is_err() {
        self::end(&mut child);
    }
    let [said, errors] = [said, errors].map(|reader| reader.join().unwrap_or_default());
    Ok(Process { said, errors, end: end? })
}

/// Waits for the end of the process, or ends it where a thread stays at one input.
fn wait(child: &mut Child, board: &Board, took: &mut Duration) -> Result<End> {
    let started = Instant::now();
    let mut seen = vec![(Place::default(), 0); board.threads];
    let (mut began, before) = (None, *took);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(End::Exit(status));
        }
        let now = Instant::now();
        let mut stuck = Vec::new();
        for (place, (last, looks)) in board.places()?.into_iter().zip(&mut seen) {
            *looks += 1;
            if place != *last {
                (*last, *looks) = (place, 0);
                let began = *began.get_or_insert(now);
                *took = before + (now - began);
            } else if place.begun > 0 && !place.is_over && *looks > HANG_LOOKS {
                stuck.push(place.seed);
            }
        }
        if !stuck.is_empty() {
            end(child);
            return Ok(End::Hang(stuck));
        }
        if began.is_none() && now - started > START_MAX {
            bail!("a process had not begun to be fed after {} s", START_MAX.as_secs());
        }
        thread::sleep(LOOK);
    }
}

/// Ends a process of ours.
fn end(child: &mut Child) {
    // Where it has ended by itself meanwhile there is nothing to do.
    let _ = child.kill();
    let _ = child.wait();
}

/// The file on which the threads of a process note what they are at.
struct Board {
    file: File,
    path: PathBuf,
    threads: usize,
}

impl Board {
    fn new(directory: &Path, name: &str, threads: usize) -> Result<Self> {
        std::fs::create_dir_all(directory).context("a place for findings")?;
        let path = directory.join(format!("{name}-{}", std::process::id()));
        let file = File::options().read(true).write(true).create(true).truncate(true).open(&path)?;
        file.set_len((threads * Place::LEN) as u64)?;
        Ok(Self { file, path, threads })
    }

    fn places(&self) -> Result<Vec<Place>> {
        let mut bytes = vec![0; self.threads * Place::LEN];
        self.file.read_exact_at(&mut bytes, 0).context("the board")?;
        let (places, _) = bytes.as_chunks();
        Ok(places.iter().map(Place::of_bytes).collect())
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        // One that is left behind is written over by the next process of that number.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Reads what a process writes, on a thread of its own, so that it never waits for us.
fn listen(from: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut text = Vec::new();
        if let Some(mut from) = from {
            let _ = from.read_to_end(&mut text);
        }
        String::from_utf8_lossy(&text).into_owned()
    })
}
