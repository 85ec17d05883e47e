//! How fast a connection moves.

use core::time::Duration;

use super::counters::Counters;
use super::delta::Delta;

/// What a connection did a second between the last two rounds that it was in: worked out once, when its row comes, so that
/// whoever sorts a hundred thousand by it reads no message again.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Pace {
    /// Bytes received in order.
    pub bytes_received: f64,
    /// Bytes that the peer acknowledged.
    pub bytes_acked: f64,
    /// Segments received.
    pub segs_in: f64,
    /// Segments sent.
    pub segs_out: f64,
    /// Segments sent again.
    pub retransmitted: f64,
}

impl Pace {
    /// `None` where the kernel does not count: it is no connection of TCP, or began to count anew.
    pub(super) fn between(before: &Counters, now: &Counters, elapsed: Duration) -> Option<Self> {
        let delta = Delta::between(before, now, elapsed);
        let rate = |count| delta.rate(count);
        if delta.bytes_received.or(delta.bytes_acked).is_none() || elapsed.is_zero() {
            return None;
        }
        Some(Self {
            bytes_received: rate(delta.bytes_received).unwrap_or_default(),
            bytes_acked: rate(delta.bytes_acked).unwrap_or_default(),
            segs_in: rate(delta.segs_in).unwrap_or_default(),
            segs_out: rate(delta.segs_out).unwrap_or_default(),
            retransmitted: rate(delta.retransmitted).unwrap_or_default(),
        })
    }
}
