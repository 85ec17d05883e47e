//! Sockets that were left to somebody else: a daemon parts from whoever made it listen, a shell from the program that it started.
//!
//! The kernel's events name whoever connected or listened. Where nobody of those lives any more while the socket does, others hold it,
//! and a look through the processes finds them.

use std::collections::{HashMap, HashSet};

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};
use sockeye_state::lives::{Actor, End, Event, Happening, Life, Met, Told};
use sockeye_wire::sock_diag::state::State;

/// Processes that are remembered as gone.
const GONE_MAX: usize = 4096;

/// How it stands with whoever would be named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It lives, nobody would be named, or nobody held the socket any more.
    Lives,
    /// It is gone, and nobody has looked for others since.
    JustGone,
    /// It is gone, and others were looked for.
    Gone,
}

/// Which processes live.
#[derive(Default)]
pub(super) struct Living {
    /// Those that were asked after, for as long as what happened at once is told.
    known: HashMap<u32, bool>,
    /// Those that were found gone since all processes were looked through.
    gone: HashSet<u32>,
    /// Those that were gone already when all processes were looked through: whoever has taken over from them is known, or cannot be.
    looked_past: HashSet<u32>,
}

impl Living {
    /// What follows happened later.
    pub(super) fn forget(&mut self) {
        self.known.clear();
    }

    /// All processes were looked through.
    pub(super) fn have_looked(&mut self) {
        if self.looked_past.len() >= GONE_MAX {
            self.looked_past.clear();
        }
        self.looked_past.extend(self.gone.drain());
    }

    /// Whether whoever would be named as the one who holds this socket lives.
    pub(super) fn standing(&mut self, told: &Told<'_>) -> Standing {
        match named(told) {
            Some(actor) if !self.lives(actor.pid) => {
                if self.looked_past.contains(&actor.pid) {
                    return Standing::Gone;
                }
                self.gone.insert(actor.pid);
                Standing::JustGone
            }
            _ => Standing::Lives,
        }
    }

    fn lives(&mut self, pid: u32) -> bool {
        *self.known.entry(pid).or_insert_with(|| {
            let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
            pid.is_none_or(|pid| test_kill_process(pid) != Err(Errno::SRCH))
        })
    }
}

/// Who would be named as the one who holds the socket, or its listener; `None` where nobody did when it happened.
fn named(told: &Told<'_>) -> Option<Actor> {
    let of_life = |life: &Life| life.actor.or_else(|| life.listener.as_ref()?.actor);
    match told {
        Told::Event(event) if is_held(event) => of_life(event.life),
        // Of one that was closed it is told who closed it.
        Told::Incident(Met { socket: Some((life, _)), .. }) if !life.is_closed_by_actor => of_life(life),
        Told::Incident(Met { listener: Some(listener), .. }) => listener.actor,
        _ => None,
    }
}

/// Whether no process did it, and one held the socket, or its listener, when it happened.
fn is_held(event: &Event<'_>) -> bool {
    match event.happening {
        Happening::Accepted => true,
        Happening::State(State::Established) => event.life.state == State::CloseWait,
        Happening::Closed => {
            matches!(event.life.end, Some(End::Reset | End::TimedOut | End::Unreachable | End::Error(_)))
                && !event.life.is_closed_by_actor
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_gone_is_looked_past_once() {
        let mut living = Living::default();
        // One more than any process can have (include/linux/threads.h, PID_MAX_LIMIT).
        let nobody = 4_194_305;
        assert!(living.lives(std::process::id()) && !living.lives(nobody));
        living.gone.insert(nobody);
        living.forget();
        assert!(living.looked_past.is_empty(), "nobody has looked yet");
        living.have_looked();
        assert!(living.looked_past.contains(&nobody) && living.gone.is_empty());
    }
}
