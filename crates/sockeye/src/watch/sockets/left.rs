//! Sockets that were left to somebody else: a daemon parts from whoever made it listen, a shell from the program that it started.
//!
//! The kernel's events name whoever connected or listened. Where nobody of those lives any more while the socket does, others hold it,
//! and a look through the processes finds them.

use std::collections::HashMap;
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

/// Processes that were asked after, for as long as what happened at once is told.
#[derive(Default)]
pub(super) struct Living(HashMap<u64, bool>);

impl Living {
    /// Whether all are gone who would be named as those who hold this socket, and somebody held it when this happened.
    pub(super) fn is_left(&mut self, told: &Told<'_>, surroundings: &dyn Surroundings) -> bool {
        static PID: LazyLock<Option<FieldId>> = LazyLock::new(|| live_catalog().find("pid"));
        let Told::Event(event) = told else { return false };
        let Some(pid) = PID.filter(|_| is_held(event)) else { return false };
        let Some(row) = row::of(event, surroundings) else { return false };
        match row.value(pid) {
            Some(Value::List(pids)) if !pids.is_empty() => !pids.iter().any(|pid| self.lives(pid)),
            _ => false,
        }
    }

    fn lives(&mut self, pid: &Value<'_>) -> bool {
        let Value::Unsigned(pid) = *pid else { return true };
        *self.0.entry(pid).or_insert_with(|| {
            let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
            pid.is_none_or(|pid| test_kill_process(pid) != Err(Errno::SRCH))
        })
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
