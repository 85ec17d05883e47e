//! Why a connection is not faster, and why a listener turns connections away: the causes over one interval.
//!
//! The rule is written for people in `docs/why.md`. It is a pure function of two [`Counters`] of one socket and of the time
//! between them: what it cannot see in those, it does not say.

mod evidence;
mod rule;
mod thresholds;

use core::fmt;
use core::time::Duration;

use super::counters::Counters;

pub use evidence::{Number, Quantity, evidence};
pub use thresholds::{THRESHOLDS, Threshold};

/// What holds a connection or a listener back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cause {
    /// A listener: connections wait to be accepted, and no more fit.
    AcceptQueueFull,
    /// Our program does not read what has arrived, and the peer may send no more.
    ReceiverDoesNotRead,
    /// Segments are lost, or nobody answers.
    Loss,
    /// The peer's window is closed or too small.
    ReceiverWindow,
    /// The send buffer is too small for what is on its way.
    SendBuffer,
    /// The network takes no more: congestion window, pacing or a queue on the way.
    CongestionWindow,
    /// Our program has little to send.
    Application,
}

impl Cause {
    /// Every cause. Of two that weigh the same the first here comes first.
    pub const ALL: [Self; 7] = [
        Self::AcceptQueueFull,
        Self::ReceiverDoesNotRead,
        Self::Loss,
        Self::ReceiverWindow,
        Self::SendBuffer,
        Self::CongestionWindow,
        Self::Application,
    ];

    /// The word for it, in every output and in filters.
    pub const fn word(self) -> &'static str {
        match self {
            Self::AcceptQueueFull => "accept-queue-full",
            Self::ReceiverDoesNotRead => "receiver-does-not-read",
            Self::Loss => "loss",
            Self::ReceiverWindow => "receiver-window",
            Self::SendBuffer => "send-buffer",
            Self::CongestionWindow => "congestion-window",
            Self::Application => "application",
        }
    }

    /// The cause of this word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.word() == word)
    }

    const fn place(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A set of causes, each with its weight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Causes {
    /// In thousandths, by the place of the cause; 0 where it is none.
    weights: [u16; Cause::ALL.len()],
}

impl Causes {
    /// No cause.
    pub const NONE: Self = Self { weights: [0; Cause::ALL.len()] };

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        *self == Self::NONE
    }

    /// Whether `cause` is one of them.
    pub fn contains(&self, cause: Cause) -> bool {
        self.weights[cause.place()] > 0
    }

    /// How much of it `cause` explains, in thousandths; 0 where it is none. For times it is a share of the interval, for losses
    /// ten times the share of the segments. Made to put causes in order, not to be shown.
    pub fn weight(&self, cause: Cause) -> u16 {
        self.weights[cause.place()]
    }

    /// The one that explains most.
    pub fn first(&self) -> Option<Cause> {
        self.iter().next()
    }

    /// All of them, the one that explains most first.
    pub fn iter(&self) -> impl Iterator<Item = Cause> + use<> {
        let mut found = Cause::ALL;
        found.sort_by_key(|cause| core::cmp::Reverse(self.weight(*cause)));
        let count = self.weights.iter().filter(|&&weight| weight > 0).count();
        found.into_iter().take(count)
    }

    /// With one more. A cause that was found weighs something.
    fn set(&mut self, cause: Cause, weight: Option<f64>) {
        let Some(weight) = weight else { return };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and 1000")]
        let thousandths = (weight * 1000.0).clamp(1.0, 1000.0) as u16;
        self.weights[cause.place()] = thousandths;
    }
}

/// What held the socket back between `before` and `now`, which are `elapsed` apart. Both must be of the same socket. A healthy
/// bulk transfer and an idle connection have no causes; nor has an interval that is too short to tell (see [`THRESHOLDS`]).
pub fn causes(before: &Counters, now: &Counters, elapsed: Duration) -> Causes {
    let mut causes = Causes::NONE;
    let Some(interval) = rule::Interval::new(before, now, elapsed) else { return causes };
    for cause in Cause::ALL {
        causes.set(cause, interval.weight(cause));
    }
    causes
}

#[cfg(test)]
#[path = "cause/tests.rs"]
mod tests;
