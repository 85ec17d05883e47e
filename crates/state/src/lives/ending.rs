//! Why a socket ended, as far as it can be told.

use sockeye_wire::sock_diag::state::State;

use super::life::{Life, Protocol, Side};

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
    pub(super) fn of_transition(life: &Life, error: Option<u16>) -> Self {
        match error {
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
            (State::Established | State::CloseWait | State::SynReceived, _) => Self::Aborted,
            (_, Some(true)) => Self::ClosedHere,
            (_, Some(false)) => Self::ClosedByPeer,
            _ => Self::Unknown,
        }
    }

    /// Why a socket ended of which the kernel told no more than that, by the last state that it was seen in, and whether it
    /// was taken apart before. `had_peer`: it was connected, or was to be.
    pub(super) fn of_destruction(life: &Life, last: State, disconnected: bool, had_peer: bool) -> Self {
        match (last, life.closed_here) {
            _ if life.protocol == Protocol::Udp || life.side == Some(Side::Listen) || !had_peer => Self::ClosedHere,
            (State::SynSent | State::BoundInactive | State::Unknown(_), _) if disconnected => Self::AbortedOrRefused,
            (State::Established | State::CloseWait, _) if disconnected => Self::Aborted,
            (_, Some(true)) => Self::ClosedHere,
            (_, Some(false)) => Self::ClosedByPeer,
            _ => Self::Unknown,
        }
    }
}
