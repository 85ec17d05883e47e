//! Sockets that were left to somebody else: a daemon parts from whoever made it listen, a shell from the program that it started.
//!
//! The kernel's events name whoever connected or listened. Where nobody of those lives any more while the socket does, others hold it,
//! and a look through the processes finds them.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};
use sockeye_query::filter::Record as _;
use sockeye_query::sockets::Surroundings;
use sockeye_query::sockets::live::live_catalog;
use sockeye_query::{FieldId, Value};
use sockeye_state::lives::{End, Event, Happening, Told};
use sockeye_wire::sock_diag::state::State;

use crate::live::row;

/// Processes that are remembered as gone.
const GONE_MAX: usize = 4096;

/// Which processes live.
#[derive(Default)]
pub(super) struct Living {
    /// Those that were asked after, for as long as what happened at once is told.
    known: HashMap<u64, bool>,
    /// Those that were found gone since all processes were looked through.
    gone: HashSet<u64>,
    /// Those that were gone already when all processes were looked through: whoever has taken over from them is known, or cannot be.
    looked_past: HashSet<u64>,
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

    /// Whether all are gone who would be named as those who hold this socket, and somebody held it when this happened.
    pub(super) fn is_left(&mut self, told: &Told<'_>, surroundings: &dyn Surroundings) -> bool {
        static PID: LazyLock<Option<FieldId>> = LazyLock::new(|| live_catalog().find("pid"));
        let Told::Event(event) = told else { return false };
        let Some(pid) = PID.filter(|_| is_held(event)) else { return false };
        let Some(row) = row::of(event, surroundings) else { return false };
        match row.value(pid) {
            Some(Value::List(pids)) if !pids.is_empty() => !pids.iter().any(|pid| self.is_settled(pid)),
            _ => false,
        }
    }

    /// Whether it lives, or was looked past.
    fn is_settled(&mut self, pid: &Value<'_>) -> bool {
        let Value::Unsigned(pid) = *pid else { return true };
        if self.looked_past.contains(&pid) {
            return true;
        }
        let lives = *self.known.entry(pid).or_insert_with(|| {
            let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
            pid.is_none_or(|pid| test_kill_process(pid) != Err(Errno::SRCH))
        });
        if !lives {
            self.gone.insert(pid);
        }
        lives
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
        let (own, nobody) = (Value::Unsigned(std::process::id().into()), Value::Unsigned(4_194_305));
        assert!(living.is_settled(&own) && !living.is_settled(&nobody));
        living.forget();
        assert!(!living.is_settled(&nobody), "nobody has looked yet");
        living.forget();
        living.have_looked();
        assert!(living.is_settled(&nobody) && living.is_settled(&own));
    }
}
