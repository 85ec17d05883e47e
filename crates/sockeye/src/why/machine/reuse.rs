//! Which sockets in TIME-WAIT give their port to a new connection towards the same place.

use std::net::IpAddr;

use sockeye_wire::sock_diag::inet::InetMessage;

/// How long a socket waits in TIME-WAIT (include/net/tcp.h, `TCP_TIMEWAIT_LEN`), milliseconds.
const TIME_WAIT_MS: u64 = 60_000;
/// How long it keeps its port at most, where no `tcp_tw_reuse_delay` says it (before Linux 6.14): until the next second.
const DELAY_MS: u64 = 1_000;
/// `LOOPBACK_IFINDEX` (include/net/flow.h).
const LOOPBACK_IFINDEX: u64 = 1;

/// What a network namespace lets new connections take (net/ipv4/tcp_ipv4.c, `tcp_twsk_unique`).
#[derive(Clone, Copy, Debug)]
pub(super) enum Reuse {
    Nothing,
    /// What has waited for so many milliseconds, over loopback: what the kernel begins with since 4.19.
    OverLoopback(u64),
    /// The same of everything.
    Everywhere(u64),
}

impl Reuse {
    /// By the numbers in the files of a namespace.
    pub(super) fn of(number: impl Fn(&str) -> Option<u64>) -> Self {
        let delay = number("tcp_tw_reuse_delay").unwrap_or(DELAY_MS);
        match number("tcp_tw_reuse") {
            // By the time in it a segment is known to be of the new connection.
            _ if number("tcp_timestamps") == Some(0) => Self::Nothing,
            Some(1) => Self::Everywhere(delay),
            Some(2) => Self::OverLoopback(delay),
            _ => Self::Nothing,
        }
    }

    /// Whether a new connection gets the port of this socket.
    pub(super) fn gives(self, waiting: &Waiting) -> bool {
        match self {
            Self::Nothing => false,
            Self::OverLoopback(delay) => waiting.is_over_loopback && waiting.since_ms >= delay,
            Self::Everywhere(delay) => waiting.since_ms >= delay,
        }
    }
}

/// A socket in TIME-WAIT.
pub(super) struct Waiting {
    /// As far as the kernel sees it: an end has an address of loopback, or it is bound to that device.
    is_over_loopback: bool,
    since_ms: u64,
}

impl Waiting {
    /// Of what the kernel tells of a socket with these ends.
    pub(super) fn of(message: &InetMessage<'_>, local: IpAddr, peer: IpAddr) -> Self {
        let has_loopback = [local, peer].iter().any(|end| end.to_canonical().is_loopback());
        let is_over_loopback = has_loopback || message.ifindex() == Some(LOOPBACK_IFINDEX);
        let rest = message.expires().unwrap_or(TIME_WAIT_MS);
        Self { is_over_loopback, since_ms: TIME_WAIT_MS.saturating_sub(rest) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reuse(tw_reuse: u64, delay: Option<u64>, timestamps: u64) -> Reuse {
        Reuse::of(|file| match file {
            "tcp_tw_reuse" => Some(tw_reuse),
            "tcp_tw_reuse_delay" => delay,
            "tcp_timestamps" => Some(timestamps),
            _ => None,
        })
    }

    /// Bound to this device, with so many milliseconds to wait.
    fn gives(reuse: Reuse, local: &str, peer: &str, ifindex: u32, rest: u32) -> bool {
        let mut bytes = [0; 72];
        bytes[40..44].copy_from_slice(&ifindex.to_ne_bytes());
        bytes[52..56].copy_from_slice(&rest.to_ne_bytes());
        reuse.gives(&Waiting::of(&InetMessage(&bytes), local.parse().unwrap(), peer.parse().unwrap()))
    }

    #[test]
    fn over_loopback_is_what_has_an_end_there() {
        let over = reuse(2, None, 1);
        for (local, peer, ifindex, is_given) in [
            ("127.0.0.1", "127.0.0.1", 0, true),
            ("127.8.9.7", "10.9.0.1", 0, true),
            ("10.9.0.1", "127.8.9.7", 0, true),
            ("::1", "::1", 0, true),
            ("::ffff:127.0.0.1", "::ffff:127.0.0.1", 0, true),
            // It goes over the device of loopback, and nobody sees that.
            ("10.9.0.1", "10.9.0.1", 0, false),
            ("10.9.0.1", "10.9.0.1", 1, true),
            ("10.9.0.1", "10.9.0.7", 3, false),
            ("fd09::1", "fd09::7", 0, false),
        ] {
            assert_eq!(gives(over, local, peer, ifindex, 37_000), is_given, "{local} {peer} {ifindex}");
            assert!(gives(reuse(1, None, 1), local, peer, ifindex, 37_000), "{local} {peer} {ifindex}");
            assert!(!gives(reuse(0, None, 1), local, peer, ifindex, 37_000), "{local} {peer} {ifindex}");
        }
    }

    #[test]
    fn a_port_is_kept_for_a_while_and_for_good_without_timestamps() {
        let gives = |reuse, rest| gives(reuse, "127.0.0.1", "127.0.0.1", 0, rest);
        for tw_reuse in [1, 2] {
            assert!(gives(reuse(tw_reuse, None, 1), 59_000) && !gives(reuse(tw_reuse, None, 1), 59_001));
            assert!(gives(reuse(tw_reuse, Some(7), 1), 59_993) && !gives(reuse(tw_reuse, Some(7), 1), 59_994));
            assert!(!gives(reuse(tw_reuse, None, 0), 59_000));
        }
        assert!(!gives(Reuse::of(|_| None), 7), "where the files are missing");
    }
}
