//! What held a connection up over an interval, or keeps a listener from accepting. `docs/why.md` has the rule in words.

use core::fmt;
use core::time::Duration;

use sockeye_wire::sock_diag::state::State;

use super::counters::{Counters, Delta};

/// The time of an interval that a limit must have lasted to be its cause, in hundredths: below that something else is.
pub const LIMITED_SHARE_MIN: u64 = 20;
/// Bytes sent again, in thousandths of those sent, from which loss is a cause. Bulk transfers over a virtual cable lose one
/// in a hundred and are none the slower.
pub const LOSS_SHARE_MIN: u64 = 20;
/// Segments sent again without which there is no loss to speak of: one may be the end of a connection probed early.
pub const LOSS_SEGMENTS_MIN: u64 = 2;
/// The time of an interval in which a connection must have waited for the network to be held up by it, in hundredths.
pub const BUSY_SHARE_MIN: u64 = 50;
/// A round trip that takes so many times the smallest one, and
pub const RTT_TIMES_MIN: u64 = 2;
/// so many microseconds more: a queue holds what is sent. Neither alone says so: on a fast path a small delay is many
/// times the smallest, and on a long one some milliseconds are nothing.
pub const RTT_MORE_MIN_US: u64 = 5_000;
/// The part of its receive buffer that unread bytes must fill at both ends of an interval, in hundredths, where some are
/// read: what the kernel lets the window have of it is about that.
pub const UNREAD_SHARE_MIN: u64 = 50;

/// What held a socket up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Cause {
    /// Connections wait to be accepted, and no more are taken.
    AcceptQueueFull,
    /// Segments had to be sent again.
    Loss,
    /// The program does not read what came.
    ReceiverDoesNotRead,
    /// The peer's window was full.
    ReceiverWindow,
    /// The send buffer was full.
    SendBuffer,
    /// The path was full, and congestion control held back.
    CongestionWindow,
    /// The program had nothing to send.
    Application,
}

impl Cause {
    /// All, those first that weigh most.
    pub const ALL: [Self; 7] = [
        Self::AcceptQueueFull,
        Self::Loss,
        Self::ReceiverDoesNotRead,
        Self::ReceiverWindow,
        Self::SendBuffer,
        Self::CongestionWindow,
        Self::Application,
    ];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::AcceptQueueFull => "accept-queue-full",
            Self::Loss => "loss",
            Self::ReceiverDoesNotRead => "receiver-does-not-read",
            Self::ReceiverWindow => "receiver-window",
            Self::SendBuffer => "send-buffer",
            Self::CongestionWindow => "congestion-window",
            Self::Application => "application",
        }
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
            Self::Loss => "packets are lost on the way: see sockeye why ADDRESS, link errors, and firewall rules",
            Self::ReceiverDoesNotRead => {
                "the program that holds the socket is busy, stuck, or waits for something else"
            }
            Self::ReceiverWindow => "the peer reads too slowly, or its receive buffer is too small for this path",
            Self::SendBuffer => "the program's send buffer (SO_SNDBUF, net.ipv4.tcp_wmem) is too small for this path",
            Self::CongestionWindow => {
                "the path carries no more: it is full, or shaped (sockeye qdiscs); another congestion control may do better"
            }
            Self::Application => "the network waits for the program: nothing here to mend",
        }
    }
}

/// The causes of one interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Causes {
    bits: u8,
}

impl Causes {
    /// One bit for each cause ([`Cause::bit`]).
    pub const fn bits(self) -> u8 {
        self.bits
    }

    /// Whether this is one of them.
    pub const fn has(self, cause: Cause) -> bool {
        self.bits & cause.bit() != 0
    }

    /// Whether nothing held it up.
    pub const fn is_empty(self) -> bool {
        self.bits == 0
    }

    /// The one that weighs most.
    pub fn first(self) -> Option<Cause> {
        self.iter().next()
    }

    /// All, the one that weighs most first.
    pub fn iter(self) -> impl Iterator<Item = Cause> {
        Cause::ALL.into_iter().filter(move |cause| self.has(*cause))
    }

    /// Adds a cause, where it holds.
    pub fn add(&mut self, cause: Cause, holds: bool) {
        if holds {
            self.bits |= cause.bit();
        }
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

/// What held a socket up over several intervals in a row: each cause that held in most of them, and loss where all of them
/// together show it, as it comes in bursts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Judgement {
    intervals: u32,
    held: [u32; Cause::ALL.len()],
    /// What came in all of them.
    pub delta: Delta,
}

impl Judgement {
    /// Takes one more interval.
    pub fn take(&mut self, causes: Causes, delta: &Delta) {
        self.delta = if self.intervals == 0 { *delta } else { self.delta.and(delta) };
        self.intervals += 1;
        for cause in causes.iter() {
            self.held[cause as usize] += 1;
        }
    }

    /// What held the socket up.
    pub fn causes(&self) -> Causes {
        let mut causes = Causes::default();
        for cause in Cause::ALL {
            let holds = match cause {
                Cause::Loss => is_lossy(&self.delta),
                // One interval in which connections were turned away is one too many.
                Cause::AcceptQueueFull => self.held[cause as usize] > 0,
                _ => self.held[cause as usize] * 2 > self.intervals,
            };
            causes.add(cause, holds);
        }
        causes
    }
}

/// What held a socket up between these two moments.
pub fn causes(before: &Counters, now: &Counters, elapsed: Duration) -> Causes {
    let mut causes = Causes::default();
    let delta = Delta::between(before, now, elapsed);
    if now.state == State::Listening {
        // The kernel takes one more than the limit (include/net/sock.h, sk_acceptq_is_full).
        let full = now.receive_queue > now.send_queue;
        causes.add(Cause::AcceptQueueFull, full || delta.drops.is_some_and(|drops| drops > 0));
        return causes;
    }
    // What a socket did before it was established is the past of another state.
    if !is_connected(before.state) || !is_connected(now.state) {
        return causes;
    }
    let elapsed_us = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
    let lasted = |time_us: Option<u64>, share: u64| {
        time_us.is_some_and(|time| time.saturating_mul(100) >= elapsed_us.saturating_mul(share))
    };
    causes.add(Cause::ReceiverWindow, lasted(delta.rwnd_limited_us, LIMITED_SHARE_MIN));
    let buffer_full = is_buffer_full(before) || is_buffer_full(now);
    let buffer_full = buffer_full && is_buffer_small(now) && lasted(delta.busy_us, BUSY_SHARE_MIN);
    causes.add(Cause::SendBuffer, lasted(delta.sndbuf_limited_us, LIMITED_SHARE_MIN) || buffer_full);
    causes.add(Cause::Loss, is_lossy(&delta));
    causes.add(Cause::ReceiverDoesNotRead, is_unread(before, now, &delta));
    // Where packets are lost or the peer's window is full, round trips are long because of that.
    let explained = causes.has(Cause::Loss) || causes.has(Cause::ReceiverWindow);
    let other = delta.rwnd_limited_us.unwrap_or(0).saturating_add(delta.sndbuf_limited_us.unwrap_or(0));
    let network_us = delta.busy_us.map(|busy| busy.saturating_sub(other));
    causes.add(Cause::CongestionWindow, !explained && lasted(network_us, BUSY_SHARE_MIN) && is_queued(now));
    let sends_rarely = delta.bytes_sent.is_some_and(|bytes| bytes > 0)
        && now.app_limited == Some(true)
        && now.notsent_bytes == Some(0)
        && delta.busy_us.is_some()
        && !lasted(delta.busy_us, BUSY_SHARE_MIN);
    causes.add(Cause::Application, sends_rarely && causes.is_empty());
    causes
}

const fn is_connected(state: State) -> bool {
    matches!(
        state,
        State::Established | State::CloseWait | State::FinWait1 | State::FinWait2 | State::LastAck | State::Closing
    )
}

/// Whether so much had to be sent again that loss is a cause.
pub fn is_lossy(delta: &Delta) -> bool {
    let Some(again) = delta.retransmissions.filter(|&segments| segments >= LOSS_SEGMENTS_MIN) else { return false };
    match (delta.bytes_retrans, delta.bytes_sent) {
        (Some(bytes), Some(sent)) => bytes.saturating_mul(1000) >= sent.saturating_mul(LOSS_SHARE_MIN),
        // Before 4.19 the kernel counts segments alone.
        _ => delta.segs_out.is_some_and(|sent| again.saturating_mul(1000) >= sent.saturating_mul(LOSS_SHARE_MIN)),
    }
}

/// Whether something waits to be read at both ends of the interval, and either nothing was read meanwhile or so much is left
/// that the peer is held up by it.
fn is_unread(before: &Counters, now: &Counters, delta: &Delta) -> bool {
    // A FIN counts as one byte that no program reads.
    let unread =
        |counters: &Counters| counters.receive_queue.saturating_sub(u32::from(counters.state == State::CloseWait));
    let (was, is) = (unread(before), unread(now));
    if was == 0 || is == 0 {
        return false;
    }
    let come = delta.bytes_received.unwrap_or(0);
    let nothing_read = u64::from(was) + come <= u64::from(is);
    let fills =
        |bytes: u32| now.rcvbuf.is_some_and(|buffer| u64::from(bytes) * 100 >= u64::from(buffer) * UNREAD_SHARE_MIN);
    nothing_read || fills(was) && fills(is)
}

/// Whether all that the send buffer takes is on its way: the program could give more, and the network could take more. The
/// kernel's own clock (`tcp_chrono_start` with `TCP_CHRONO_SNDBUF_LIMITED`) runs only once all of it is acknowledged.
fn is_buffer_full(counters: &Counters) -> bool {
    let full = counters.wmem_queued.zip(counters.sndbuf).is_some_and(|(queued, buffer)| queued >= buffer);
    full && counters.notsent_bytes == Some(0)
        && counters.unacked.zip(counters.cwnd).is_some_and(|(out, cwnd)| out < cwnd)
}

/// Whether the send buffer takes less than congestion control would let out: the kernel lets it grow to twice that where it
/// may (net/ipv4/tcp_input.c, tcp_sndbuf_expand).
fn is_buffer_small(counters: &Counters) -> bool {
    let window = counters.cwnd.zip(counters.snd_mss).map(|(cwnd, mss)| u64::from(cwnd) * u64::from(mss));
    window.zip(counters.sndbuf).is_some_and(|(window, buffer)| u64::from(buffer) < window)
}

/// Whether there is more to send, and a queue on the path holds what was sent. Without more to send a long round trip is
/// the peer's, who waits with its acknowledgement.
fn is_queued(now: &Counters) -> bool {
    if now.notsent_bytes == Some(0) {
        return false;
    }
    let (Some(rtt), Some(least)) = (now.rtt_us, now.min_rtt_us) else { return false };
    let (rtt, least) = (u64::from(rtt), u64::from(least));
    rtt >= least.saturating_mul(RTT_TIMES_MIN) && rtt >= least.saturating_add(RTT_MORE_MIN_US)
}
