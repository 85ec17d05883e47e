//! Which namespaces are followed: those that come are, those that only we still hold are let go.
//!
//! A look walks all processes, so it is taken when there may be something to see: the table of mounts changed, where
//! `ip netns` and most runtimes of containers keep namespaces, or a process ended by which one is known. What neither
//! tells of, a process that makes a namespace for itself or leaves one, a symbolic link among the names, is found by a look
//! now and then.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use anyhow::Result;
use rustix::event::{PollFd, PollFlags};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use sockeye_conn::Namespace;
use sockeye_conn::namespace::{Identity, Inventory, inventory};

use super::complain;

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
    /// Those that could not be followed, which was said.
    refused: HashSet<Identity>,
}

impl Lookout {
    /// To be made before the namespaces are opened, so that no change of them goes unnoticed. `None`: nothing is looked
    /// for, because there is only our own namespace, in which we are ourselves.
    pub(super) fn new(netns: Option<&OsStr>) -> Option<Self> {
        let whose = if netns? == "all" { Whose::All } else { Whose::One };
        let now = Instant::now();
        // Without it, what it tells of is found by a look now and then.
        let mounts = File::open("/proc/thread-self/mountinfo").ok();
        Some(Self { whose, mounts, next: now + INTERVAL, rested: now, refused: HashSet::new() })
    }

    /// Whether namespaces that are not known yet are looked for.
    pub(super) fn seeks_others(&self) -> bool {
        self.whose == Whose::All
    }

    /// Says why a namespace cannot be followed, the first time.
    pub(super) fn refuse(&mut self, which: Identity, error: &sockeye_conn::Error) {
        if self.refused.insert(which) {
            complain(&error.to_string());
        }
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
    pub(super) fn look<F: Follow>(&mut self, followed: &mut Vec<F::One>, follow: &mut F) -> Result<()> {
        let began = Instant::now();
        if began < self.next {
            return Ok(());
        }
        if self.whose == Whose::All || !followed.iter().all(|one| is_reachable(F::namespace(one))) {
            self.look_now(followed, follow)?;
        }
        let ended = Instant::now();
        let [least, longest] = RESTS;
        self.rested = ended + ((ended - began) * REST).clamp(least, longest);
        self.next = ended + INTERVAL;
        Ok(())
    }

    fn look_now<F: Follow>(&mut self, followed: &mut Vec<F::One>, follow: &mut F) -> Result<()> {
        let Ok(Inventory { namespaces, .. }) = inventory() else { return Ok(()) };
        let known = |one: &F::One| F::namespace(one).map(Namespace::identity);
        let mut at = 0;
        while let Some(one) = followed.get_mut(at) {
            let same = namespaces.iter().find(|namespace| Some(namespace.identity()) == known(one));
            if same.is_some() || is_reachable(F::namespace(one)) {
                *F::holder(one) = Holder::of(same);
                at += 1;
                continue;
            }
            follow.end(one)?;
            followed.remove(at);
        }
        // The kernel uses the number of one that is gone again.
        self.refused.retain(|which| namespaces.iter().any(|namespace| namespace.identity() == *which));
        for namespace in namespaces {
            let which = namespace.identity();
            if self.whose == Whose::One || followed.iter().any(|one| known(one) == Some(which)) {
                continue;
            }
            match follow.begin(namespace) {
                Ok(one) => followed.push(one),
                Err(error) => self.refuse(which, &error),
            }
        }
        Ok(())
    }
}

/// What begins with a namespace that comes, and ends with one that is gone.
pub(super) trait Follow {
    /// A namespace that is followed.
    type One;

    /// Which it is.
    fn namespace(one: &Self::One) -> Option<&Namespace>;

    /// By whom it is known.
    fn holder(one: &mut Self::One) -> &mut Holder;

    /// Begins to follow a namespace.
    fn begin(&mut self, namespace: Namespace) -> Result<Self::One, sockeye_conn::Error>;

    /// Tells what came before, and that the namespace is gone.
    fn end(&mut self, one: &mut Self::One) -> Result<()>;
}

/// A process by which a namespace is known, where nothing else would tell of its end.
pub(super) struct Holder(Option<OwnedFd>);

impl Holder {
    /// Whoever it is known by that has no mount, which would tell of its end.
    pub(super) fn of(namespace: Option<&Namespace>) -> Self {
        let process = |namespace: &Namespace| {
            let pid = namespace.pids().first().filter(|_| namespace.paths().is_empty() && !namespace.is_own())?;
            // Without it, a look now and then finds that it has ended.
            pidfd_open(Pid::from_raw(i32::try_from(*pid).ok()?)?, PidfdFlags::empty()).ok()
        };
        Self(namespace.and_then(process))
    }

    /// The process, to be polled for its end.
    pub(super) fn poll(&self) -> Option<PollFd<'_>> {
        self.0.as_ref().map(|holder| PollFd::new(holder, PollFlags::IN))
    }

    /// A process has ended: until it is known which, none is waited for.
    pub(super) fn forget(&mut self) {
        self.0 = None;
    }
}

/// Whether it can be seen without a walk that a namespace is there.
fn is_reachable(namespace: Option<&Namespace>) -> bool {
    namespace.is_none_or(|namespace| namespace.is_own() || namespace.is_reachable())
}
