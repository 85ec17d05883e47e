//! What happened in network namespaces that nobody has met yet.
//!
//! Nothing tells that a process has made a namespace for itself, but the first event of a socket in it does. What happens there waits
//! until a look through the processes has found it, and is told then; if none does, there is a gap.

use std::collections::HashSet;
use std::time::Duration;

use sockeye_state::lives::{Incident, Time, Transition};

use crate::live::now;
use crate::live::trace::Heard;

/// Events that wait, of all of them.
const WAITING_MAX: usize = 20_000;
/// How long the first event of a namespace waits at most for it to be found; looks are apart by twenty times what one takes.
const PATIENCE: Duration = Duration::from_secs(3);
/// Namespaces that are remembered as not to be found: the kernel's own, those that were gone too soon, those behind what this process
/// may see.
const UNFOUND_MAX: usize = 4096;

/// Something that happened there.
enum Kept {
    Transition(Transition),
    Incident(Incident),
}

/// Events by their namespaces, each by its inode, in order.
#[derive(Default)]
pub(super) struct Strangers {
    waiting: Vec<(u32, Kept)>,
    /// When the first of each came, and how many there was no room for.
    since: Vec<(u32, Time, u64)>,
    unfound: HashSet<u32>,
}

/// Events of a namespace that was not found.
pub(super) struct Unfound {
    pub(super) events: u64,
    pub(super) since: Time,
}

impl Strangers {
    /// Keeps what happened in a namespace that is not known.
    pub(super) fn take(&mut self, netns: u32, heard: &Heard<'_>) {
        if self.unfound.contains(&netns) {
            return;
        }
        let is_full = self.waiting.len() >= WAITING_MAX;
        match self.since.iter_mut().find(|(known, ..)| *known == netns) {
            Some((.., more)) => *more += u64::from(is_full),
            None => self.since.push((netns, now(), is_full.into())),
        }
        if is_full {
            return;
        }
        let kept = match heard {
            Heard::Transition(change) => Kept::Transition(**change),
            Heard::Incident(incident) => Kept::Incident((*incident).clone()),
        };
        self.waiting.push((netns, kept));
    }

    /// Whether a look may find somebody.
    pub(super) fn are_waiting(&self) -> bool {
        !self.since.is_empty()
    }

    /// Gives what waited of namespaces that are known by now, in order.
    pub(super) fn meet(&mut self, is_known: impl Fn(u32) -> bool, mut each: impl FnMut(u32, Heard<'_>)) {
        if !self.since.iter().any(|(netns, ..)| is_known(*netns)) {
            return;
        }
        self.since.retain(|(netns, ..)| !is_known(*netns));
        for (netns, kept) in self.waiting.extract_if(.., |(netns, _)| is_known(*netns)) {
            match &kept {
                Kept::Transition(change) => each(netns, Heard::Transition(change)),
                Kept::Incident(incident) => each(netns, Heard::Incident(incident)),
            }
        }
    }

    /// What is not waited for any longer; all of it, if this is the end.
    pub(super) fn give_up(&mut self, is_last: bool) -> Vec<Unfound> {
        let oldest = now().saturating_sub(PATIENCE);
        let is_full = self.waiting.len() >= WAITING_MAX;
        let late: Vec<_> = self.since.extract_if(.., |(_, since, _)| is_last || is_full || *since < oldest).collect();
        let mut unfound = Vec::new();
        for (netns, since, more) in late {
            if self.unfound.len() >= UNFOUND_MAX {
                self.unfound.clear();
            }
            self.unfound.insert(netns);
            let events = self.waiting.extract_if(.., |(of, _)| *of == netns).count() as u64 + more;
            unfound.push(Unfound { events, since });
        }
        unfound
    }
}
