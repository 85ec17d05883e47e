//! A connection that this side breaks off because data came after it had closed.
//!
//! The kernel then does as if a reset had come, and answers with one (net/ipv4/tcp_input.c, `tcp_rcv_state_process`, "RFC 793 says we
//! have to send reset"). Nothing answers a reset that came, so that the answer tells them apart.

use sockeye_state::lives::{Direction, Incident, Transition, Trouble};
use sockeye_wire::sock_diag::state::State;

use super::trace::{Heard, Netns};

/// What is kept at most until the answer comes, which is the next that happens on that processor; others go on meanwhile.
const KEPT_MAX: usize = 32;

/// `ECONNABORTED`.
const ABORTED: u16 = 103;

/// Keeps what may be a reset that never came, and all that was told after it, for a moment.
#[derive(Default)]
pub(super) struct Answered {
    /// The socket, while something is kept.
    cookie: Option<u64>,
    kept: Vec<(Netns, Kept)>,
}

enum Kept {
    Transition(Box<Transition>),
    Incident(Box<Incident>),
}

impl Answered {
    pub(super) fn transition(&mut self, netns: Netns, told: &Transition, each: &mut dyn FnMut(Netns, Heard<'_>)) {
        if self.cookie.is_none() {
            return each(netns, Heard::Transition(told));
        }
        self.keep(netns, Kept::Transition(Box::new(*told)), each);
    }

    pub(super) fn incident(&mut self, netns: Netns, told: Incident, each: &mut dyn FnMut(Netns, Heard<'_>)) {
        if self.cookie.is_none() {
            let has_closed = matches!(told.state, Some(State::FinWait1 | State::FinWait2));
            let came = told.trouble == Trouble::Reset && told.direction == Some(Direction::Received);
            self.cookie = told.cookie.filter(|_| came && has_closed);
            if self.cookie.is_none() {
                return each(netns, Heard::Incident(&told));
            }
        }
        let is_answer = told.trouble == Trouble::Reset
            && told.direction == Some(Direction::Sent)
            && told.cookie.is_some_and(|cookie| self.cookie == Some(cookie));
        self.keep(netns, Kept::Incident(Box::new(told)), each);
        if is_answer {
            self.is_ours();
            self.end(each);
        }
    }

    fn keep(&mut self, netns: Netns, kept: Kept, each: &mut dyn FnMut(Netns, Heard<'_>)) {
        self.kept.push((netns, kept));
        if self.kept.len() >= KEPT_MAX {
            self.end(each);
        }
    }

    /// The reset that came first never did.
    fn is_ours(&mut self) {
        if self.kept.is_empty() {
            return;
        }
        self.kept.remove(0);
        for (_, kept) in &mut self.kept {
            if let Kept::Transition(told) = kept
                && self.cookie == Some(told.cookie)
                && told.new == State::Unconnected
            {
                told.error = Some(ABORTED);
            }
        }
    }

    /// Tells all that is kept.
    pub(super) fn end(&mut self, each: &mut dyn FnMut(Netns, Heard<'_>)) {
        self.cookie = None;
        for (netns, kept) in self.kept.drain(..) {
            match kept {
                Kept::Transition(told) => each(netns, Heard::Transition(&told)),
                Kept::Incident(told) => each(netns, Heard::Incident(&told)),
            }
        }
    }
}
