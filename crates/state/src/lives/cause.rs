//! Why a connection is not faster, and why a listener turns connections away: the causes over one interval.
//!
//! The rule is written for people in `docs/why.md`. It is a pure function of two [`Counters`] of one socket and of the time
//! between them: what it cannot see in those, it does not say.

mod evidence;
#[cfg(test)]
mod page;
mod reader;
mod rule;
mod thresholds;

use core::fmt;
use core::time::Duration;

use super::counters::Counters;

pub use evidence::{Number, Quantity, evidence};
pub(super) use reader::Reader;
pub(super) use thresholds::INTERVAL_MIN;
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

    /// Its bit in [`Causes::bits`].
    pub const fn bit(self) -> u8 {
        1 << self as u8
    }

    /// What usually helps.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::AcceptQueueFull => {
                "the program accepts too slowly: it is busy or stuck, or its backlog (and net.core.somaxconn) is too small"
            }
            Self::Loss => "packets are lost on the way: see `sockeye why ADDRESS`, errors of links, and firewall rules",
            Self::ReceiverDoesNotRead => {
                "the program that holds the socket is busy, stuck, or waits for something else"
            }
            Self::ReceiverWindow => "the peer reads too slowly, or its receive buffer is too small for this path",
            Self::SendBuffer => "the program's send buffer (SO_SNDBUF, net.ipv4.tcp_wmem) is too small for this path",
            Self::CongestionWindow => {
                "the path carries no more: it is full, or shaped (`sockeye qdiscs`); another congestion control may do better"
            }
            Self::Application => "the network waits for the program: nothing here to mend",
        }
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

    /// One bit for each of them ([`Cause::bit`]).
    pub fn bits(&self) -> u8 {
        Cause::ALL.into_iter().filter(|cause| self.contains(*cause)).fold(0, |bits, cause| bits | cause.bit())
    }

    /// With one more that weighs so many thousandths, or the least there is.
    pub(super) fn put(&mut self, cause: Cause, thousandths: u16) {
        self.weights[cause.place()] = thousandths.max(1);
    }

    /// With one more. A cause that was found weighs something.
    fn set(&mut self, cause: Cause, weight: Option<f64>) {
        let Some(weight) = weight else { return };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and 1000")]
        let thousandths = (weight * 1000.0).clamp(1.0, 1000.0) as u16;
        self.weights[cause.place()] = thousandths;
    }
}

impl fmt::Display for Causes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, cause) in self.iter().enumerate() {
            f.write_str(if at > 0 { "," } else { "" })?;
            f.write_str(cause.word())?;
        }
        Ok(())
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
mod tests;
