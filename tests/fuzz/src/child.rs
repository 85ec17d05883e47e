//! The process that is attacked: threads that make inputs and feed them, and note on a board which one they are at.
//!
//! An input follows from a number. That number is on the board before it is fed, so whoever watches knows it even if this
//! process dies of it.

use core::hint::black_box;
use std::cell::RefCell;
use std::collections::HashSet;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Resource, Rlimit, setrlimit};

use crate::allocator::most_held_by;
use crate::finding::{What, keep};
use crate::random::Random;
use crate::target::{Entry, Reader, Target};

/// Bytes of address space of the process: what allocates without measure fails here, and not the machine.
const MEMORY_MAX: u64 = 4 << 30;
/// Different findings of one target after which it is left alone.
const FINDINGS_MAX: usize = 20;
/// Inputs between two looks at the clock.
const BATCH: u64 = 16;

/// What one thread is at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// The number that the input follows from.
    pub(crate) seed: u64,
    /// Inputs that were begun.
    pub(crate) begun: u64,
    /// Of those that are done, how many were understood as far as what they are about.
    pub(crate) deep: u64,
    /// Whether the thread has ended.
    pub(crate) is_over: bool,
}

impl Place {
    /// Bytes on the board.
    pub(crate) const LEN: usize = 32;

    fn to_bytes(self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        for (at, number) in [self.seed, self.begun, self.deep, self.is_over.into()].into_iter().enumerate() {
            bytes[at * 8..at * 8 + 8].copy_from_slice(&number.to_ne_bytes());
        }
        bytes
    }

    fn note(self, board: &File, thread: usize) {
        let at = (thread * Self::LEN) as u64;
        // A board that cannot be written is one that nobody reads any more.
        let _ = board.write_all_at(&self.to_bytes(), at);
    }

    pub(crate) fn of_bytes(bytes: &[u8; Self::LEN]) -> Self {
        let number = |at: usize| {
            bytes.get(at * 8..).and_then(|rest| rest.first_chunk()).map_or(0, |number| u64::from_ne_bytes(*number))
        };
        Self { seed: number(0), begun: number(1), deep: number(2), is_over: number(3) != 0 }
    }
}

/// What a child is to do.
#[derive(Debug)]
pub(crate) struct Orders {
    pub(crate) seed: u64,
    pub(crate) time: Duration,
    pub(crate) threads: usize,
    pub(crate) board: PathBuf,
    pub(crate) findings: PathBuf,
}

thread_local! {
    /// Where the last panic of this thread was, and what it said.
    static PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

struct Attack<'a> {
    entry: Entry,
    target: &'a dyn Target,
    board: &'a File,
    findings: &'a Path,
    until: Instant,
    /// Kinds of findings that were told of.
    told: Mutex<HashSet<String>>,
}

/// Attacks one target until the time is over. Findings are told on standard output.
pub(crate) fn attack(entry: &Entry, orders: &Orders) -> Result<()> {
    limit_memory()?;
    panic::set_hook(Box::new(|info| PANIC.with(|said| *said.borrow_mut() = info.to_string().replace('\n', ": "))));
    if panic::catch_unwind(|| black_box(u8::MAX) + black_box(1)).is_ok() {
        bail!("this build does not check for overflows: the profile `fuzz` does");
    }
    let board = File::options().write(true).open(&orders.board).context("the board")?;
    let target = (entry.make)();
    let attack = Attack {
        entry: *entry,
        target: &*target,
        board: &board,
        findings: &orders.findings,
        until: Instant::now() + orders.time,
        told: Mutex::default(),
    };
    thread::scope(|scope| {
        for thread in 0..orders.threads {
            let attack = &attack;
            let seeds = Random(orders.seed.wrapping_add(thread as u64));
            scope.spawn(move || attack.work(thread, seeds));
        }
    });
    Ok(())
}

/// Feeds a target the one input of a seed. What it does is not caught: whoever watches sees how this process ends.
pub(crate) fn once(entry: &Entry, seed: u64, board: &Path) -> Result<()> {
    limit_memory()?;
    let board = File::options().write(true).open(board).context("the board")?;
    let target = (entry.make)();
    let (input, mut reader) = (target.input(&mut Random(seed)), target.reader());
    // The time of the input begins here: a machine may take as long as it likes to come this far.
    let mut place = Place { seed, begun: 1, ..Place::default() };
    place.note(&board, 0);
    reader(&input);
    place.is_over = true;
    place.note(&board, 0);
    Ok(())
}

fn limit_memory() -> Result<()> {
    Ok(setrlimit(Resource::As, Rlimit { current: Some(MEMORY_MAX), maximum: Some(MEMORY_MAX) })?)
}

impl Attack<'_> {
    fn work(&self, thread: usize, mut seeds: Random) {
        let mut place = Place::default();
        let mut reader = self.target.reader();
        while Instant::now() < self.until && !self.has_enough() {
            for _ in 0..BATCH {
                place.seed = seeds.draw();
                place.begun += 1;
                place.note(self.board, thread);
                let input = self.target.input(&mut Random(place.seed));
                match feed(self.target, &mut reader, &input) {
                    Ok(is_deep) => place.deep += u64::from(is_deep),
                    Err(what) => {
                        reader = self.target.reader();
                        self.tell(&what, place.seed, &input);
                    }
                }
            }
        }
        place.is_over = true;
        place.note(self.board, thread);
    }

    fn has_enough(&self) -> bool {
        self.told.lock().is_ok_and(|told| told.len() >= FINDINGS_MAX)
    }

    /// Tells of a finding, once for each place of a panic and once for all allocations.
    fn tell(&self, what: &What, seed: u64, input: &[u8]) {
        let kind = match what {
            What::Panic(text) => text.split(": ").next().unwrap_or(text).to_owned(),
            What::Allocation { .. } => String::from("allocation"),
            other => other.to_string(),
        };
        if !self.told.lock().is_ok_and(|mut told| told.insert(kind)) {
            return;
        }
        match keep(self.findings, self.entry.name, seed, input) {
            Ok(path) => println!("{}\t{seed:#x}\t{what}", path.display()),
            Err(error) => println!("(not kept: {error})\t{seed:#x}\t{what}"),
        }
    }
}

/// Feeds one input. A reader that holds too much of it is made anew and fed again: what is made once for all readers, a table of
/// fields, is there the second time, and what this one keeps is not.
pub(crate) fn feed<'t>(target: &'t dyn Target, reader: &mut Reader<'t>, input: &[u8]) -> Result<bool, What> {
    let bound = 4 * input.len() + target.slack(input);
    let once = |reader: &mut Reader<'t>| {
        let fed = || panic::catch_unwind(AssertUnwindSafe(|| reader(input)));
        let (is_deep, held) = most_held_by(fed);
        match is_deep {
            Ok(is_deep) => Ok((is_deep, held)),
            Err(_) => Err(What::Panic(PANIC.with(RefCell::take))),
        }
    };
    let (is_deep, held) = once(reader)?;
    if held <= bound {
        return Ok(is_deep);
    }
    *reader = target.reader();
    match once(reader)? {
        (_, held) if held > bound => Err(What::Allocation { held, bound }),
        (is_deep, _) => Ok(is_deep),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Holds so many bytes of what it reads, once for all or in every reader.
    struct Holds {
        bytes: usize,
        once_for_all: Mutex<Vec<u8>>,
        in_each: bool,
    }

    impl Target for Holds {
        fn input(&self, _random: &mut Random) -> Vec<u8> {
            Vec::new()
        }

        fn reader(&self) -> Reader<'_> {
            let mut kept: Vec<u8> = Vec::new();
            Box::new(move |_| {
                if self.in_each {
                    kept.resize(self.bytes, 7);
                } else {
                    self.once_for_all.lock().expect("no panic").resize(self.bytes, 7);
                }
                true
            })
        }
    }

    fn fed(bytes: usize, in_each: bool) -> Result<bool, What> {
        let target = Holds { bytes, once_for_all: Mutex::default(), in_each };
        let mut reader = target.reader();
        feed(&target, &mut reader, b"four")
    }

    #[test]
    fn what_a_reader_keeps_counts_and_what_all_share_does_not() {
        const BOUND: usize = 4 * 4 + crate::target::SLACK;
        assert!(matches!(fed(BOUND, true), Ok(true)));
        assert!(matches!(fed(BOUND + 1, true), Err(What::Allocation { held, bound: BOUND }) if held == BOUND + 1));
        assert!(matches!(fed(BOUND + 1, false), Ok(true)));
    }
}
