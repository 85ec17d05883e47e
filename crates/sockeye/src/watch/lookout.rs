//! Which namespaces are followed: those that come are, those that only we still hold are let go.
//!
//! A look walks all processes, so it is taken when there may be something to see: the table of mounts changed, where
//! `ip netns` and most runtimes of containers keep namespaces, or a process ended by which one is known. What neither
//! tells of, a process that makes a namespace for itself or leaves one, a symbolic link among the names, is found by a look
//! now and then.

use std::ffi::OsStr;
use std::fs::File;
use std::time::{Duration, Instant};

use anyhow::Result;
use rustix::event::{PollFd, PollFlags};
use sockeye_conn::Namespace;
use sockeye_conn::namespace::{Inventory, inventory};

use super::complain;
use super::report::Event;
use super::stream::Stream;
use super::watched::Watched;

/// Time between looks that nothing asked for: an idle machine is woken four times a minute.
const INTERVAL: Duration = Duration::from_secs(15);
/// Looks take no more than one part in so many of the time: mounts can change without end.
const REST: u32 = 20;
/// The least and the longest rest after a look.
const RESTS: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(10)];

/// Whose end, or beginning, is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// Of all namespaces that there are.
    All,
    /// Of the one that was named.
    One,
}

/// When to look, and what for.
pub(super) struct Lookout {
    whose: Whose,
    /// The table of mounts, which can be polled for changes.
    mounts: Option<File>,
    next: Instant,
    /// When the last look was long enough ago.
    rested: Instant,
}

impl Lookout {
    /// To be made before the namespaces are opened, so that no change of them goes unnoticed. `None`: nothing is looked
    /// for, because there is only our own namespace, in which we are ourselves.
    pub(super) fn new(netns: Option<&OsStr>) -> Option<Self> {
        let whose = if netns? == "all" { Whose::All } else { Whose::One };
        let now = Instant::now();
        // Without it, what it tells of is found by a look now and then.
        let mounts = File::open("/proc/thread-self/mountinfo").ok();
        Some(Self { whose, mounts, next: now + INTERVAL, rested: now })
    }

    /// When to look next.
    pub(super) fn next_due(&self) -> Instant {
        self.next
    }

    /// The table of mounts, to be polled for changes.
    pub(super) fn mounts(&self) -> Option<PollFd<'_>> {
        // What changed is told as an error and as priority (fs/proc_namespace.c `mounts_poll`), once.
        self.mounts.as_ref().map(|mounts| PollFd::new(mounts, PollFlags::PRI))
    }

    /// There may be something to see.
    pub(super) fn hint(&mut self) {
        self.next = self.next.min(self.rested);
    }

    /// Looks, where it is time to: begins to follow namespaces that are new, and lets go of those that only we still hold.
    pub(super) fn look(&mut self, watched: &mut Vec<Watched>, stream: &mut Stream<'_>) -> Result<()> {
        let began = Instant::now();
        if began < self.next {
            return Ok(());
        }
        if self.whose == Whose::All || !watched.iter().all(is_reachable) {
            look(self.whose, watched, stream)?;
        }
        let ended = Instant::now();
        let [least, longest] = RESTS;
        self.rested = ended + ((ended - began) * REST).clamp(least, longest);
        self.next = ended + INTERVAL;
        Ok(())
    }
}

/// Whether it can be seen without a walk that a namespace is there.
fn is_reachable(one: &Watched) -> bool {
    one.watcher.namespace().is_none_or(|namespace| namespace.is_own() || namespace.is_reachable())
}

fn look(whose: Whose, watched: &mut Vec<Watched>, stream: &mut Stream<'_>) -> Result<()> {
    let Ok(Inventory { namespaces, .. }) = inventory() else { return Ok(()) };
    let known = |one: &Watched| one.watcher.namespace().map(Namespace::identity);
    let mut at = 0;
    while let Some(one) = watched.get_mut(at) {
        let same = namespaces.iter().find(|namespace| Some(namespace.identity()) == known(one));
        if same.is_some() || is_reachable(one) {
            one.known_by(same);
            at += 1;
            continue;
        }
        // What came before is told before.
        one.advance(stream)?;
        stream.tell(&one.place, Event::Gone { tables: stream.subjects.tables() });
        watched.remove(at);
    }
    for namespace in namespaces {
        if whose == Whose::One || watched.iter().any(|one| known(one) == Some(namespace.identity())) {
            continue;
        }
        match Watched::open(Some(namespace), stream) {
            Ok(one) => watched.push(one),
            Err(error) => complain(&error.to_string()),
        }
    }
    Ok(())
}
