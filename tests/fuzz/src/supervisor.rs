//! Watches over the process that is attacked: ends one that hangs, and finds out which input ended one that died.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::child::Place;
use crate::finding::{What, keep};
use crate::random::Random;
use crate::target::Entry;

/// An input that takes longer hangs.
pub(crate) const HANG: Duration = Duration::from_secs(5);
/// Time between two looks at the board.
const LOOK: Duration = Duration::from_millis(20);
/// What a process needs at most to begin, before it is fed.
const START_MAX: Duration = Duration::from_secs(5);
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
}

impl Outcome {
    /// Adds what became of it in another round, or what became of another one.
    pub(crate) fn add(&mut self, other: Self) {
        self.inputs += other.inputs;
        self.deep += other.deep;
        self.took += other.took;
        self.findings.extend(other.findings);
        self.stalls += other.stalls;
    }
}

/// Attacks one target until the time is over, in one process after the other where they die.
pub(crate) fn attack(entry: &Entry, plan: &Plan) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    for attempt in 0..DEATHS_MAX {
        let time = plan.time.saturating_sub(outcome.took);
        if attempt > 0 && time.is_zero() {
            break;
        }
        let seed = plan.seed.wrapping_add(attempt << 32);
        if watch(entry, &Plan { seed, time, findings: plan.findings.clone(), ..*plan }, &mut outcome)? {
            break;
        }
    }
    Ok(outcome)
}

/// One process. Whether it came to its end.
fn watch(entry: &Entry, plan: &Plan, outcome: &mut Outcome) -> Result<bool> {
    std::fs::create_dir_all(&plan.findings).context("a place for findings")?;
    let path = plan.findings.join(format!("board-{}", std::process::id()));
    let board = File::options().read(true).write(true).create(true).truncate(true).open(&path)?;
    board.set_len((plan.threads * Place::LEN) as u64)?;
    let mut child = Command::new(std::env::current_exe()?)
        .args(["--inside", entry.name, "--seed", &plan.seed.to_string(), "--threads", &plan.threads.to_string()])
        .args(["--for", &format!("{}ms", plan.time.as_millis())])
        .arg("--board")
        .arg(&path)
        .arg("--findings")
        .arg(&plan.findings)
        .stdout(Stdio::piped())
        // An overflow of the stack, or memory that is not to be had, is told there.
        .stderr(Stdio::piped())
        .spawn()
        .context("a process to attack")?;
    let (said, errors) = (listen(child.stdout.take()), listen(child.stderr.take()));
    let end = wait(&mut child, &board, plan.threads, &mut outcome.took);
    let _ = std::fs::remove_file(&path);
    let end = end?;
    let [said, errors] = [said, errors].map(|reader| reader.join().unwrap_or_default());
    outcome.findings.extend(said.lines().map(str::to_owned));
    let places = places(&board, plan.threads)?;
    outcome.inputs += places.iter().map(|place| place.begun).sum::<u64>();
    outcome.deep += places.iter().map(|place| place.deep).sum::<u64>();
    match end {
        End::Exit(status) if status.success() => return Ok(true),
        End::Exit(status) => {
            let text = errors.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ");
            // Which of the threads it was, the process did not live to tell: each of them is tried again by itself.
            for place in places.iter().filter(|place| place.begun > 0 && !place.is_over) {
                if alone(entry, place.seed)? == Alone::Died {
                    outcome.findings.push(kept(entry, plan, place.seed, &What::Death(format!("{status}; {text}")))?);
                    return Ok(false);
                }
            }
            outcome.findings.push(format!("(no single input)\t-\t{}", What::Death(format!("{status}; {text}"))));
        }
        End::Hang(seeds) => {
            for seed in seeds {
                if alone(entry, seed)? == Alone::Hung {
                    outcome.findings.push(kept(entry, plan, seed, &What::Hang)?);
                } else {
                    outcome.stalls += 1;
                }
            }
        }
    }
    Ok(false)
}

fn kept(entry: &Entry, plan: &Plan, seed: u64, what: &What) -> Result<String> {
    let input = (entry.make)().input(&mut Random(seed));
    let path = keep(&plan.findings, entry.name, seed, &input)?;
    Ok(format!("{}\t{seed:#x}\t{what}", path.display()))
}

/// What became of a process that was fed one input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Alone {
    Ended,
    Died,
    Hung,
}

/// Feeds the input of this seed to a process of its own.
fn alone(entry: &Entry, seed: u64) -> Result<Alone> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(["--once", entry.name, "--seed", &seed.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let until = Instant::now() + HANG + START_MAX;
    while Instant::now() < until {
        if let Some(status) = child.try_wait()? {
            return Ok(if status.code().is_none() { Alone::Died } else { Alone::Ended });
        }
        thread::sleep(LOOK);
    }
    end(&mut child);
    Ok(Alone::Hung)
}

enum End {
    Exit(ExitStatus),
    /// The seeds of the inputs that were not done.
    Hang(Vec<u64>),
}

/// Waits for the end of the process, or ends it where a thread stays at one input.
fn wait(child: &mut Child, board: &File, threads: usize, took: &mut Duration) -> Result<End> {
    let mut seen = vec![(Place::default(), Instant::now()); threads];
    let (mut began, before) = (None, *took);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(End::Exit(status));
        }
        let now = Instant::now();
        let mut stuck = Vec::new();
        for (place, (last, since)) in places(board, threads)?.into_iter().zip(&mut seen) {
            if place != *last {
                (*last, *since) = (place, now);
                let began = *began.get_or_insert(now);
                *took = before + (now - began);
            } else if place.begun > 0 && !place.is_over && now - *since > HANG {
                stuck.push(place.seed);
            }
        }
        if !stuck.is_empty() {
            end(child);
            return Ok(End::Hang(stuck));
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

fn places(board: &File, threads: usize) -> Result<Vec<Place>> {
    let mut bytes = vec![0; threads * Place::LEN];
    board.read_exact_at(&mut bytes, 0).context("the board")?;
    let (places, _) = bytes.as_chunks();
    Ok(places.iter().map(Place::of_bytes).collect())
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
