//! What changed between two moments of one socket.

use core::time::Duration;

use sockeye_wire::sock_diag::state::State;

use super::counters::Counters;

/// What one socket did between two [`Counters`]. What either of them does not tell is absent, and so is everything that
/// only grows where it shrank: the connection was reset in between (`tcp_disconnect`), and what it did until then is lost.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Delta {
    /// Time between the two.
    pub elapsed: Duration,
    /// Bytes sent, retransmissions among them.
    pub bytes_sent: Option<u64>,
    /// Bytes that the peer acknowledged.
    pub bytes_acked: Option<u64>,
    /// Bytes received in order.
    pub bytes_received: Option<u64>,
    /// Bytes that the program read.
    pub bytes_read: Option<u64>,
    /// Bytes sent again.
    pub bytes_retrans: Option<u64>,
    /// Bytes that were handed on and came no further than this machine, at least: a firewall here or a full queue dropped them,
    /// which the kernel notices at once and does not take for sent.
    pub bytes_dropped_here: Option<u64>,
    /// Segments sent again.
    pub retransmitted: Option<u64>,
    /// Segments of them that the peer had already, as far as it said so.
    pub needless: Option<u64>,
    /// Segments received.
    pub segs_in: Option<u64>,
    /// Segments sent.
    pub segs_out: Option<u64>,
    /// Segments sent that carried data.
    pub data_segs_out: Option<u64>,
    /// Packets dropped, of a listener connections.
    pub drops: Option<u64>,
    /// Time in which data waited to be sent or acknowledged.
    pub busy: Option<Duration>,
    /// Part of it in which the peer's window was the reason.
    pub rwnd_limited: Option<Duration>,
    /// Part of it in which the send buffer was the reason.
    pub sndbuf_limited: Option<Duration>,
    /// Growth of the receive queue in bytes.
    pub rqueue_growth: Option<i64>,
    /// Growth of the send queue in bytes.
    pub wqueue_growth: Option<i64>,
}

impl Delta {
    /// What happened between `before` and `now`, which are `elapsed` apart.
    pub fn between(before: &Counters, now: &Counters, elapsed: Duration) -> Self {
        let mut delta = Self {
            elapsed,
            drops: small(before.drops(), now.drops()),
            rqueue_growth: growth(before.rqueue(), now.rqueue()),
            wqueue_growth: growth(before.wqueue(), now.wqueue()),
            ..Self::default()
        };
        // Of the counters that wrap a decrease cannot be seen; these do not wrap, and all are reset together.
        if shrank(before.bytes_acked(), now.bytes_acked()) || shrank(before.bytes_received(), now.bytes_received()) {
            return delta;
        }
        delta.bytes_sent = large(before.bytes_sent(), now.bytes_sent());
        delta.bytes_acked = large(before.bytes_acked(), now.bytes_acked());
        delta.bytes_received = large(before.bytes_received(), now.bytes_received());
        delta.bytes_read = bytes_read(before, now, delta.bytes_received);
        delta.bytes_retrans = small(before.bytes_retrans(), now.bytes_retrans());
        delta.bytes_dropped_here = delta.bytes_dropped_here(now);
        delta.retransmitted = small(before.total_retrans(), now.total_retrans());
        delta.needless = small(before.dsack_dups(), now.dsack_dups());
        delta.segs_in = small(before.segs_in(), now.segs_in());
        delta.segs_out = small(before.segs_out(), now.segs_out());
        delta.data_segs_out = small(before.data_segs_out(), now.data_segs_out());
        delta.busy = time(before.busy_us(), now.busy_us());
        delta.rwnd_limited = time(before.rwnd_limited_us(), now.rwnd_limited_us());
        delta.sndbuf_limited = time(before.sndbuf_limited_us(), now.sndbuf_limited_us());
        delta
    }

    /// How many a second; none where no time has passed.
    #[expect(clippy::cast_precision_loss, reason = "a rate is for people, and 2^53 of anything a second are not seen")]
    pub fn rate(&self, count: Option<u64>) -> Option<f64> {
        let seconds = self.elapsed.as_secs_f64();
        count.filter(|_| seconds > 0.0).map(|count| count as f64 / seconds)
    }

    /// Which part of the time; at most 1, though the kernel counts in ticks and may say a little more.
    pub fn share(&self, time: Option<Duration>) -> Option<f64> {
        let seconds = self.elapsed.as_secs_f64();
        time.filter(|_| seconds > 0.0).map(|time| (time.as_secs_f64() / seconds).min(1.0))
    }

    /// `bytes_sent` counts every attempt (`__tcp_transmit_skb`, net/ipv4/tcp_output.c); what became of them are acknowledged bytes
    /// and those on their way, which are no more than so many full segments.
    fn bytes_dropped_here(&self, now: &Counters) -> Option<u64> {
        let on_the_way = u64::from(now.unacked()?) * u64::from(now.snd_mss()?);
        let arrived = self.bytes_acked?.saturating_add(on_the_way);
        Some(self.bytes_sent?.saturating_sub(self.bytes_retrans?).saturating_sub(arrived))
    }

    /// The same in segments, which are as long as those that were sent are on average.
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a mean")]
    pub fn dropped_here(&self) -> Option<u64> {
        let share = self.bytes_dropped_here? as f64 / self.bytes_sent?.max(1) as f64;
        Some((share * self.data_segs_out? as f64).round() as u64)
    }

    /// Segments that were sent again and that the peer did not have yet, as far as it said so.
    pub fn needed_retransmissions(&self) -> Option<u64> {
        self.retransmitted.map(|count| count.saturating_sub(self.needless.unwrap_or(0)))
    }
}

fn large(before: Option<u64>, now: Option<u64>) -> Option<u64> {
    now?.checked_sub(before?)
}

fn small(before: Option<u32>, now: Option<u32>) -> Option<u64> {
    Some(u64::from(now?.wrapping_sub(before?)))
}

fn time(before: Option<u32>, now: Option<u32>) -> Option<Duration> {
    small(before, now).map(Duration::from_micros)
}

fn growth(before: Option<u32>, now: Option<u32>) -> Option<i64> {
    Some(i64::from(now?) - i64::from(before?))
}

fn shrank(before: Option<u64>, now: Option<u64>) -> bool {
    before.zip(now).is_some_and(|(before, now)| now < before)
}

/// What came in and is no longer in the queue. The FIN takes a place in the queue too (`tcp_fin`, net/ipv4/tcp_input.c),
/// which is why nothing is said across the moment in which it came.
fn bytes_read(before: &Counters, now: &Counters, received: Option<u64>) -> Option<u64> {
    let finished = |counters: &Counters| {
        matches!(counters.state(), State::CloseWait | State::LastAck | State::Closing | State::TimeWait)
    };
    if finished(before) != finished(now) {
        return None;
    }
    u64::from(before.rqueue()?).checked_add(received?)?.checked_sub(u64::from(now.rqueue()?))
}

#[cfg(test)]
#[path = "delta/tests.rs"]
mod tests;
