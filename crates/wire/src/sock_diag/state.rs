//! Socket states: the numbers of include/net/tcp_states.h, which the datagram families share.

/// State of a socket, as the kernel numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum State {
    /// `TCP_ESTABLISHED`; for datagram sockets: connected.
    Established,
    /// `TCP_SYN_SENT`.
    SynSent,
    /// `TCP_SYN_RECV` (and `TCP_NEW_SYN_RECV`).
    SynReceived,
    /// `TCP_FIN_WAIT1`.
    FinWait1,
    /// `TCP_FIN_WAIT2`.
    FinWait2,
    /// `TCP_TIME_WAIT`.
    TimeWait,
    /// `TCP_CLOSE`: not connected.
    Unconnected,
    /// `TCP_CLOSE_WAIT`: the peer has closed, this side has not.
    CloseWait,
    /// `TCP_LAST_ACK`.
    LastAck,
    /// `TCP_LISTEN`.
    Listening,
    /// `TCP_CLOSING`.
    Closing,
    /// `TCP_BOUND_INACTIVE`: a TCP socket that is bound and neither connects nor listens; only in dumps (6.8).
    BoundInactive,
    /// A number that this version does not know.
    Unknown(u8),
}

impl State {
    /// Every known state.
    pub const ALL: [Self; 12] = [
        Self::Established,
        Self::SynSent,
        Self::SynReceived,
        Self::FinWait1,
        Self::FinWait2,
        Self::TimeWait,
        Self::Unconnected,
        Self::CloseWait,
        Self::LastAck,
        Self::Listening,
        Self::Closing,
        Self::BoundInactive,
    ];

    /// The state with the kernel's number.
    pub const fn from_number(number: u8) -> Self {
        match number {
            1 => Self::Established,
            2 => Self::SynSent,
            3 | 12 => Self::SynReceived,
            4 => Self::FinWait1,
            5 => Self::FinWait2,
            6 => Self::TimeWait,
            7 => Self::Unconnected,
            8 => Self::CloseWait,
            9 => Self::LastAck,
            10 => Self::Listening,
            11 => Self::Closing,
            13 => Self::BoundInactive,
            other => Self::Unknown(other),
        }
    }

    /// The kernel's number.
    pub const fn number(self) -> u8 {
        match self {
            Self::Established => 1,
            Self::SynSent => 2,
            Self::SynReceived => 3,
            Self::FinWait1 => 4,
            Self::FinWait2 => 5,
            Self::TimeWait => 6,
            Self::Unconnected => 7,
            Self::CloseWait => 8,
            Self::LastAck => 9,
            Self::Listening => 10,
            Self::Closing => 11,
            Self::BoundInactive => 13,
            Self::Unknown(number) => number,
        }
    }

    /// The bits that a request's state mask needs for this state. SYN-RECV is two numbers inside the kernel.
    pub const fn mask(self) -> u32 {
        match self {
            Self::SynReceived => 1 << 3 | 1 << 12,
            other if other.number() < 32 => 1 << other.number(),
            _ => 0,
        }
    }

    /// The name: `established`, `syn-sent` … `unknown` for a number that is not in the list.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Established => "established",
            Self::SynSent => "syn-sent",
            Self::SynReceived => "syn-recv",
            Self::FinWait1 => "fin-wait-1",
            Self::FinWait2 => "fin-wait-2",
            Self::TimeWait => "time-wait",
            Self::Unconnected => "unconnected",
            Self::CloseWait => "close-wait",
            Self::LastAck => "last-ack",
            Self::Listening => "listening",
            Self::Closing => "closing",
            Self::BoundInactive => "bound-inactive",
            Self::Unknown(_) => "unknown",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_comes_back() {
        for number in 0..=u8::MAX {
            let state = State::from_number(number);
            assert_eq!(State::from_number(state.number()), state);
        }
        assert!(State::ALL.iter().all(|state| State::from_number(state.number()) == *state));
    }

    #[test]
    fn a_request_for_syn_recv_asks_for_request_sockets_too() {
        assert_eq!(State::SynReceived.mask(), 0x1008);
    }
}
