//! Why a socket ended, as far as it can be told.

use sockeye_wire::sock_diag::state::State;

use super::life::{Life, Protocol, Side, Totals};
use super::transition::Transition;

/// Why a socket ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum End {
    /// This side closed first, in order; or it was no connection.
    ClosedHere,
    /// The peer closed first, in order.
    ClosedByPeer,
    /// The peer reset it.
    Reset,
    /// This side broke it off: it closed with unread data, or with `SO_LINGER` 0, or was killed.
    Aborted,
    /// The peer refused it.
    Refused,
    /// The peer did not answer in time.
    TimedOut,
    /// The network said that there is no way.
    Unreachable,
    /// This side gave up connecting.
    GaveUp,
    /// It was broken off here or never came about: after either the kernel says the same.
    AbortedOrRefused,
    /// Another error, by its number.
    Error(u16),
    /// Not told.
    Unknown,
}

/// Error numbers that end connections (include/uapi/asm-generic/errno.h).
const ECONNABORTED: u16 = 103;
const ECONNRESET: u16 = 104;
const EPIPE: u16 = 32;
const ETIMEDOUT: u16 = 110;
const ECONNREFUSED: u16 = 111;
const EHOSTUNREACH: u16 = 113;
const ENETUNREACH: u16 = 101;

/// What is known of a socket whose destruction alone was told.
pub(super) struct Last {
    /// The last state that it was seen in.
    pub(super) state: State,
    /// Nobody held it any more when it was seen last.
    pub(super) is_orphaned: bool,
    /// It was taken apart before.
    pub(super) is_disconnected: bool,
    /// It was connected, or was to be.
    pub(super) had_peer: bool,
    /// What it has done in all.
    pub(super) totals: Totals,
}

impl Last {
    /// Whether no more came to it since it was seen last than the FIN of the peer, which counts as a byte.
    fn got_a_fin(&self, life: &Life) -> bool {
        let received = self.totals.bytes_received.zip(life.totals.bytes_received);
        received.is_some_and(|(now, before)| now.checked_sub(before) == Some(1))
    }
}

impl End {
    /// Every one that has a word of its own.
    pub const ALL: [Self; 10] = [
        Self::ClosedHere,
        Self::ClosedByPeer,
        Self::Reset,
        Self::Aborted,
        Self::Refused,
        Self::TimedOut,
        Self::Unreachable,
        Self::GaveUp,
        Self::AbortedOrRefused,
        Self::Unknown,
    ];

    /// The word for it; errors without one have their number beside it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::ClosedHere => "closed-here",
            Self::ClosedByPeer => "closed-by-peer",
            Self::Reset => "reset",
            Self::Aborted => "aborted",
            Self::Refused => "refused",
            Self::TimedOut => "timed-out",
            Self::Unreachable => "unreachable",
            Self::GaveUp => "gave-up",
            Self::AbortedOrRefused => "aborted-or-refused",
            Self::Error(_) => "error",
            Self::Unknown => "unknown",
        }
    }

    /// Why a socket ended whose last change the kernel told, with the error that the socket had then.
    pub(super) fn of_transition(life: &Life, told: &Transition) -> Self {
        match told.error {
            Some(ECONNREFUSED) => return Self::Refused,
            // EPIPE is what a reset leaves behind once the peer had closed (net/ipv4/tcp_input.c, tcp_reset).
            Some(ECONNRESET | EPIPE) => return Self::Reset,
            Some(ETIMEDOUT) => return Self::TimedOut,
            Some(EHOSTUNREACH | ENETUNREACH) => return Self::Unreachable,
            Some(ECONNABORTED) => return Self::Aborted,
            Some(0) | None => {}
            Some(other) => return Self::Error(other),
        }
        match (life.state, life.closed_here) {
            _ if life.protocol == Protocol::Udp || life.side == Some(Side::Listen) => Self::ClosedHere,
            (State::SynSent, _) => Self::GaveUp,
            // From here there is no way to the end in order.
            (State::Established | State::CloseWait | State::SynReceived | State::FinWait1, _) => Self::Aborted,
            // In order either the program has closed it, or the peer too has said that it sends no more.
            (State::FinWait2, _) if !told.is_orphaned && !told.is_done => Self::Aborted,
            (State::LastAck, _) if told.is_all_acked == Some(false) => Self::Aborted,
            (_, Some(true)) => Self::ClosedHere,
            (_, Some(false)) => Self::ClosedByPeer,
            _ => Self::Unknown,
        }
    }

    /// Why a socket ended of which the kernel told no more than that.
    pub(super) fn of_destruction(life: &Life, last: &Last) -> Self {
        let is_finished = last.totals.all_acked(life.side) == Some(true);
        match last.state {
            _ if life.protocol == Protocol::Udp || life.side == Some(Side::Listen) || !last.had_peer => {
                Self::ClosedHere
            }
            State::SynSent | State::BoundInactive | State::Unknown(_) if last.is_disconnected => Self::AbortedOrRefused,
            _ if last.is_disconnected => Self::Aborted,
            // A half of it was closed. That the other half was too, and no reset came, shows where all is acknowledged and no more
            // than a FIN was missing, or nobody held it any more: then what is left of it waits elsewhere for that.
            State::CloseWait | State::LastAck if is_finished => Self::ClosedByPeer,
            State::Closing | State::TimeWait if is_finished => Self::ClosedHere,
            State::FinWait1 | State::FinWait2 if is_finished && (last.is_orphaned || last.got_a_fin(life)) => {
                Self::ClosedHere
            }
            _ => Self::Unknown,
        }
    }
}
