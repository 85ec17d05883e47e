//! What the kernel tells of TCP's changes as they happen, where BPF is allowed: read on a thread of its own, since a dump of a table
//! that is full of TIME-WAIT takes the kernel long without a word.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use sockeye_bpf::events::EventKind;
use sockeye_state::lives::{Reason, Time, Transition};

use super::desk::Desk;
use super::losses;
use super::place::Place;
use crate::live::calendar;
use crate::live::kinds::Kinds;
use crate::live::trace::{Heard, Trace};

/// Bytes of events that may wait for the thread: 11 400 changes, of which ten thousand connections a second make 2 000 in the
/// longest time between two reads, and what is left is for machines that let the thread wait. The kernel's memory for them counts as
/// ours, however little waits.
const RING_BYTES: u32 = 2 << 20;
/// Time between two reads, and while there is much to read.
const READ_EVERY: [Duration; 2] = [Duration::from_millis(20), Duration::from_millis(4)];
/// Changes of one read that are many.
const MANY: usize = 500;
/// Changes that wait to be taken; of more the number is told as lost.
const KEPT_MAX: usize = 100_000;

/// What was read and not taken yet.
#[derive(Default)]
struct Told {
    /// Each change with the inode of its namespace.
    changes: Vec<(u64, Transition)>,
    /// What there was no room for, and since when.
    lost: Option<(u64, Time)>,
    /// All that happened before this was read.
    until: Time,
}

/// The kernel's own events.
pub(super) struct Hearing {
    told: Arc<Mutex<Told>>,
    is_over: Arc<AtomicBool>,
}

impl Hearing {
    /// Begins to hear; `netns`: of one namespace alone, by its inode.
    pub(super) fn open(netns: Option<u64>) -> Result<Self> {
        let trace = Trace::open(Kinds::STATE, netns, RING_BYTES)?;
        let hearing = Self { told: Arc::default(), is_over: Arc::default() };
        let (told, is_over) = (Arc::clone(&hearing.told), Arc::clone(&hearing.is_over));
        let run = move || listen(trace, &told, &is_over);
        std::thread::Builder::new().name("events".to_owned()).spawn(run).context("cannot start a thread")?;
        Ok(hearing)
    }

    /// Gives what was told to the places that it is of.
    pub(super) fn give(&self, places: &mut [Place], desk: &mut Desk) {
        let (changes, lost, until) = {
            let mut told = lock(&self.told);
            (std::mem::take(&mut told.changes), told.lost.take(), told.until)
        };
        for place in &mut *places {
            place.feed.heard_until(until);
        }
        if changes.is_empty() && lost.is_none() {
            return;
        }
        let by_inode: HashMap<u64, usize> = places.iter().enumerate().map(|(at, place)| (place.inode, at)).collect();
        let number = |at| u16::try_from(at).unwrap_or(u16::MAX);
        // Whose they were is not known: each place may lack all of it, and it is one loss.
        if let Some((lost, since)) = lost {
            desk.losses.add(losses::Kind::Sockets(Reason::Ring), Some(lost), calendar(since));
            for place in &mut *places {
                place.feed.lost(Reason::Ring, Some(lost), since, &mut |_| ());
            }
        }
        for (netns, change) in changes {
            let Some(&at) = by_inode.get(&netns) else { continue };
            let feed = &mut places[at].feed;
            let was_synced = feed.lives.is_synced();
            feed.transition(&change, &mut |told| desk.told(number(at), &told, was_synced));
        }
    }
}

impl Drop for Hearing {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

/// Reads, until it is over.
fn listen(mut trace: Trace, told: &Mutex<Told>, is_over: &AtomicBool) {
    // How much there is to read is not known yet.
    let [_, mut wait] = READ_EVERY;
    while !is_over.load(Ordering::Relaxed) {
        std::thread::sleep(wait);
        let mut told = lock(told);
        let (before, mut more) = (told.changes.len(), 0);
        let lost = trace.lost();
        trace.read(&mut |netns, heard| {
            let Heard::Transition(change) = heard else { return };
            if told.changes.len() < KEPT_MAX {
                told.changes.push((netns.inode, *change));
            } else {
                more += 1;
            }
        });
        let lost = lost.map(|lost| (lost.of(EventKind::State), lost.since));
        let (lost, since) = lost.unwrap_or_else(|| (0, crate::live::now()));
        if lost + more > 0 {
            told.lost.get_or_insert((0, since)).0 += lost + more;
        }
        told.until = trace.read_at();
        wait = READ_EVERY[usize::from(told.changes.len() - before > MANY)];
    }
}

fn lock(told: &Mutex<Told>) -> MutexGuard<'_, Told> {
    told.lock().unwrap_or_else(PoisonError::into_inner)
}
