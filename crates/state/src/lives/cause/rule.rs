//! When each cause is one.

use core::time::Duration;

use sockeye_wire::sock_diag::state::State;

use super::Cause;
use super::thresholds::*;
use crate::lives::{Counters, Delta};

/// The timer of a retransmission (`idiag_timer`, net/ipv4/inet_diag.c).
const RETRANSMISSION: u8 = 1;
/// The timer of a closed window.
const CLOSED_WINDOW: u8 = 4;

/// One interval of one socket.
pub(super) struct Interval<'c> {
    pub(super) before: &'c Counters,
    pub(super) now: &'c Counters,
    pub(super) delta: Delta,
}

impl<'c> Interval<'c> {
    /// `None` where it is too short to tell anything.
    pub(super) fn new(before: &'c Counters, now: &'c Counters, elapsed: Duration) -> Option<Self> {
        (elapsed >= INTERVAL_MIN).then(|| Self { before, now, delta: Delta::between(before, now, elapsed) })
    }

    /// How much `cause` explains, from 0 to 1; `None` where it is no cause.
    pub(super) fn weight(&self, cause: Cause) -> Option<f64> {
        match cause {
            Cause::AcceptQueueFull => self.accept_queue_full(),
            Cause::ReceiverDoesNotRead => self.receiver_does_not_read(),
            Cause::Loss => self.loss(),
            Cause::ReceiverWindow => self.receiver_window(),
            Cause::SendBuffer => self.send_buffer(),
            Cause::CongestionWindow => self.congestion_window(),
            Cause::Application => self.application(),
        }
    }

    /// Full is what the kernel calls so (`sk_acceptq_is_full`): one more than the limit.
    fn accept_queue_full(&self) -> Option<f64> {
        let full = |counters: &Counters| {
            counters.state() == State::Listening
                && counters.rqueue().zip(counters.wqueue()).is_some_and(|(waiting, limit)| waiting > limit)
        };
        let dropped = self.delta.drops.is_some_and(|drops| drops > 0);
        (full(self.now) || full(self.before) && dropped).then_some(1.0)
    }

    /// The queue has taken at least half of what we can take, and what comes in waits long. One look is enough for the half: the
    /// kernel opens the window again only when a good part of the queue is read, and then it is full again at once.
    fn receiver_does_not_read(&self) -> Option<f64> {
        if !self.may_receive() || !is_half_full(self.before) && !is_half_full(self.now) {
            return None;
        }
        let (wait, shortest) =
            (self.unread_wait()?, self.unread_wait_of(self.before.rqueue()?.min(self.now.rqueue()?))?);
        // What has just come in, as it does at once when a lost segment arrives after all, has not waited.
        let waits = wait >= UNREAD_WAIT_MIN && shortest >= UNREAD_WAIT_SHORTEST;
        waits.then(|| wait.as_secs_f64() / self.delta.elapsed.as_secs_f64())
    }

    /// Whether the peer may send still.
    pub(super) fn may_receive(&self) -> bool {
        matches!(self.now.state(), State::Established | State::FinWait1 | State::FinWait2)
    }

    fn loss(&self) -> Option<f64> {
        if self.is_silent() {
            return Some(1.0);
        }
        let lost = self.lost_segments()?;
        let share = self.lost_share()?;
        (lost >= LOSS_SEGMENTS_MIN && share >= LOSS_SHARE).then_some(share * 10.0)
    }

    /// The kernel counts only from the moment in which it tries to send and may not (`tcp_write_xmit`); what paces, as BBR does,
    /// tries later and is counted less: therefore the second half. Kernels before 4.10 count nothing; there, only a window is
    /// seen that was closed all the time.
    fn receiver_window(&self) -> Option<f64> {
        let closed = |counters: &Counters| counters.timer() == Some(CLOSED_WINDOW);
        let closed = closed(self.before) && closed(self.now) && self.delta.bytes_acked == Some(0);
        let share = self.delta.share(self.delta.rwnd_limited).or(closed.then_some(1.0))?;
        let window = self.window()?;
        let is_small = window <= SMALL;
        if self.time_for(window)? < if is_small { SMALL_WAIT_MIN } else { WAIT_MIN } {
            return None;
        }
        let is_used_up = is_small || is_used_up(self.before) && is_used_up(self.now);
        let is_busy = self.delta.share(self.delta.busy).is_some_and(|busy| busy >= HELD_SHARE);
        let is_part = share >= PART_SHARE || self.is_longer_part(share, self.delta.sndbuf_limited);
        (share >= HELD_SHARE || is_used_up && is_busy && is_part).then_some(share)
    }

    /// The kernel counts only from the moment in which it sends and the program waits already (`tcp_cwnd_validate`). A
    /// program that fills its buffer by one write is not seen by that: therefore the second half.
    fn send_buffer(&self) -> Option<f64> {
        let share = self.delta.share(self.delta.sndbuf_limited)?;
        if share >= PART_SHARE || self.is_longer_part(share, self.delta.rwnd_limited) {
            return Some(share);
        }
        let busy = self.delta.share(Some(self.delta.busy?.saturating_sub(self.delta.rwnd_limited?)))?;
        let moves = self.delta.bytes_acked.is_some_and(|bytes| bytes > 0);
        let wait = self.time_for(self.now.wqueue()?)?;
        // Of what stands in a queue on the way a larger buffer would only put more there.
        let is_short = self.buffer_is_used_up()? && !self.is_queued_on_the_way();
        (is_short && moves && busy >= HELD_SHARE && wait >= WAIT_MIN).then_some(busy)
    }

    /// Where window and buffer are both small the kernel counts one or the other, as it happens to look: whether the two times
    /// together are the part share, and this is not the shorter one.
    fn is_longer_part(&self, share: f64, other: Option<Duration>) -> bool {
        let other = self.delta.share(other).unwrap_or(0.0);
        self.window_is_small() && self.buffer_is_small() && share >= other && share + other >= PART_SHARE
    }

    /// Whether everything that fits into the send buffer is on its way, at both looks; a small one is caught while it is refilled now
    /// and then.
    fn buffer_is_used_up(&self) -> Option<bool> {
        self.now.sndbuf()?;
        let (was, is) = (is_exhausted(self.before), is_exhausted(self.now));
        Some(if self.buffer_is_small() { was || is } else { was && is })
    }

    /// Whole segments wait to be sent, and neither window of the peer nor send buffer is why. Less than a segment waits for more
    /// of it, or for the acknowledgement of the one before (Nagle).
    fn congestion_window(&self) -> Option<f64> {
        if self.is_silent() {
            return None;
        }
        let segments_wait = self.segments_wait();
        // Of a send buffer that stands in the queue as a whole more would wait here, had it room.
        if (segments_wait || self.buffer_is_used_up().unwrap_or(false)) && self.is_queued_on_the_way() {
            return self.busy_in_a_queue().filter(|&share| share >= HELD_SHARE);
        }
        // Where segments are lost, their loss is why the window is small, unless a queue is seen beside it.
        let share = self.busy_by_itself()?;
        let enough = if self.buffer_is_small() { WAIT_MIN } else { BACKLOG_WAIT_MIN };
        let is_late = self.time_for(self.waiting(Counters::wqueue)?)? >= enough;
        (segments_wait && is_late && share >= HELD_SHARE && self.loss().is_none()).then_some(share)
    }

    /// Whether whole segments waited all the time to be sent. A small buffer is seen empty of them now and then; of it one look is
    /// enough, where the kernel does not say that the program had nothing to send.
    fn segments_wait(&self) -> bool {
        let (was, is) = (whole_segments_wait(self.before), whole_segments_wait(self.now));
        was && is || (was || is) && self.buffer_is_small() && self.now.app_limited() == Some(0)
    }

    /// What waits of something; of a small buffer, which is empty now and then, the more of the two looks.
    pub(super) fn waiting(&self, of: fn(&Counters) -> Option<u32>) -> Option<u32> {
        if self.buffer_is_small() { of(self.before).max(of(self.now)) } else { of(self.now) }
    }

    /// Of a queue on the way, how long data was in it, as a share of the interval. What stands in it as a whole because window or
    /// buffer is small would be in it too were they larger.
    fn busy_in_a_queue(&self) -> Option<f64> {
        if self.is_small() { self.delta.share(self.delta.busy) } else { self.busy_by_itself() }
    }

    /// Whether window or buffer is small.
    fn is_small(&self) -> bool {
        self.window_is_small() || self.buffer_is_small()
    }

    /// Whether the peer's window is known to be small, at both looks: a large one is nearly closed now and then.
    fn window_is_small(&self) -> bool {
        let windows = self.before.snd_wnd().zip(self.now.snd_wnd());
        windows.is_some_and(|(was, is)| was.max(is) <= SMALL)
    }

    /// Whether the send buffer is known to be small.
    fn buffer_is_small(&self) -> bool {
        self.now.sndbuf().is_some_and(|limit| limit <= SMALL)
    }

    /// There was nothing to send, or no more than went away at once.
    fn application(&self) -> Option<f64> {
        let sends = self.delta.data_segs_out? >= SENDS_MIN;
        let something_waits = whole_segments_wait(self.before) || whole_segments_wait(self.now);
        let may_send = matches!(self.now.state(), State::Established | State::CloseWait);
        if !sends || something_waits || !may_send || !self.has_the_word() || self.loss().is_some() {
            return None;
        }
        let idle = 1.0 - self.delta.share(self.delta.busy)?;
        // Half, so that it is named last: it is nobody's fault but may be what is meant.
        if idle >= IDLE_SHARE {
            return Some(idle / 2.0);
        }
        let unused = 1.0 - self.window_use()?;
        let held_by_program = self.now.app_limited() == Some(1) && self.send_buffer().is_none();
        let far = self.now.rtt_us().is_some_and(|rtt| Duration::from_micros(rtt.into()) >= WAIT_MIN);
        (far && held_by_program && unused >= 1.0 - WINDOW_USE_MAX).then_some(unused / 2.0)
    }

    /// Where both sides speak, whether it is our turn: the peer's data came last, at both ends of the interval.
    fn has_the_word(&self) -> bool {
        let ours = |counters: &Counters| {
            let times = counters.last_data_recv_ms().zip(counters.last_data_sent_ms());
            times.is_some_and(|(received, sent)| received < sent)
        };
        self.delta.bytes_received == Some(0) || ours(self.before) && ours(self.now)
    }

    /// Timeouts in a row without an answer.
    fn is_silent(&self) -> bool {
        self.now.timer() == Some(RETRANSMISSION)
            && self.now.retransmits().is_some_and(|timeouts| timeouts >= SILENT_TIMEOUTS)
            || self.unanswered_attempts().is_some_and(|attempts| attempts >= SILENT_TIMEOUTS)
    }

    /// Attempts in a row to send something that did not even leave this machine: the timer of a closed window runs, though the
    /// window has room for it, nothing is on its way, and something waits, be it a request of a few bytes.
    fn unanswered_attempts(&self) -> Option<u8> {
        let next = self.now.notsent_bytes()?.min(self.now.snd_mss()?);
        let stands = self.now.unacked()? == 0 && next > 0 && self.now.snd_wnd()? >= next;
        (stands && self.now.timer()? == CLOSED_WINDOW).then(|| self.now.probes())?
    }

    /// Data that the congestion control, pacing or a queue on the way held back, as a share of the interval.
    fn busy_by_itself(&self) -> Option<f64> {
        let other = self.delta.rwnd_limited? + self.delta.sndbuf_limited?;
        self.delta.share(Some(self.delta.busy?.saturating_sub(other)))
    }

    /// Whether several segments at once are later than the path is long. What is small makes no long queue: of it a shorter delay
    /// is enough, where it is nearly the whole round trip and no loss makes that long.
    fn is_queued_on_the_way(&self) -> bool {
        self.queue_delay().zip(self.now.rtt_us()).is_some_and(|(delay, rtt)| {
            let is_nearly_all = delay.as_secs_f64() >= HELD_SHARE * f64::from(rtt) / 1e6;
            let may_be_short = is_nearly_all && self.is_small() && self.loss().is_none();
            let enough = if may_be_short { SMALL_WAIT_MIN } else { WAIT_MIN };
            let queued = self.delta.rate(self.delta.bytes_acked).unwrap_or(0.0) * delay.as_secs_f64();
            let segments = queued / self.now.snd_mss().map_or(f64::INFINITY, f64::from);
            // No queue holds more than is on its way: behind a loss a round trip is long without one.
            let on_the_way = self.before.unacked().max(self.now.unacked()).map_or(0.0, f64::from);
            let segments = segments.min(on_the_way);
            delay >= enough && segments >= QUEUED_SEGMENTS_MIN
        })
    }

    /// What the path takes longer than at its best.
    pub(super) fn queue_delay(&self) -> Option<Duration> {
        let delay = self.now.rtt_us()?.saturating_sub(self.now.min_rtt_us()?);
        Some(Duration::from_micros(delay.into()))
    }

    /// Which part of what network and receiver would take is used.
    pub(super) fn window_use(&self) -> Option<f64> {
        let rtt = f64::from(self.now.rtt_us()?) / 1e6;
        let network = f64::from(self.now.cwnd()?) * f64::from(self.now.snd_mss()?);
        let window = network.min(self.now.snd_wnd().map_or(network, f64::from));
        Some(self.delta.rate(self.delta.bytes_acked)? * rtt / window.max(1.0))
    }

    /// Segments that were really lost: sent again because they did not arrive, or dropped before they left this machine.
    fn lost_segments(&self) -> Option<u64> {
        Some(self.delta.needed_retransmissions()? + self.delta.dropped_here().unwrap_or(0))
    }

    /// The same, of those with data that were sent.
    #[expect(clippy::cast_precision_loss, reason = "segments of one interval")]
    pub(super) fn lost_share(&self) -> Option<f64> {
        let sent = self.delta.data_segs_out.or(self.delta.segs_out).filter(|&sent| sent > 0)?;
        Some((self.lost_segments()? as f64 / sent as f64).min(1.0))
    }

    /// The peer's window. A closed one opens by a segment at least: a receiver waits until it can.
    fn window(&self) -> Option<u32> {
        let window = match (self.before.snd_wnd(), self.now.snd_wnd()) {
            (Some(before), Some(now)) => before.min(now),
            _ => 0,
        };
        Some(window.max(self.now.snd_mss()?))
    }

    /// How long `bytes` take at the rate at which the peer acknowledges.
    pub(super) fn time_for(&self, bytes: u32) -> Option<Duration> {
        Some(time_at(bytes, self.delta.rate(self.delta.bytes_acked)?))
    }

    /// How long a byte waits to be read, at the rate at which the program reads, in the mean of both looks.
    pub(super) fn unread_wait(&self) -> Option<Duration> {
        self.unread_wait_of(self.before.rqueue()?.midpoint(self.now.rqueue()?))
    }

    /// The look at which more was unread.
    pub(super) fn fuller(&self) -> &'c Counters {
        if self.before.rqueue() > self.now.rqueue() { self.before } else { self.now }
    }

    pub(super) fn unread_wait_of(&self, bytes: u32) -> Option<Duration> {
        Some(time_at(bytes, self.delta.rate(self.delta.bytes_read)?))
    }
}

/// Time that `bytes` take at a rate; the longest there is where nothing moves.
fn time_at(bytes: u32, rate: f64) -> Duration {
    match bytes {
        0 => Duration::ZERO,
        bytes => Duration::try_from_secs_f64(f64::from(bytes) / rate).unwrap_or(Duration::MAX),
    }
}

/// Whether as much is unread as we still offer to take, or, of kernels that do not say (before 6.2), half of the memory is used.
pub(super) fn is_half_full(counters: &Counters) -> bool {
    let unread = counters.rqueue().filter(|&bytes| bytes > 0);
    let memory = counters.rmem_alloc().zip(counters.rcvbuf());
    match (unread, counters.rcv_wnd(), memory) {
        (Some(unread), Some(window), _) => unread >= window,
        (Some(_), None, Some((used, limit))) => used >= limit / 2,
        _ => false,
    }
}

fn whole_segments_wait(counters: &Counters) -> bool {
    counters.notsent_bytes().zip(counters.snd_mss()).is_some_and(|(bytes, segment)| bytes >= segment)
}

/// Whether something waits to be sent while most of the peer's window is used: what is on its way and one more segment take
/// more than half of it.
fn is_used_up(counters: &Counters) -> bool {
    let (Some(queued), Some(not_sent)) = (counters.wqueue(), counters.notsent_bytes()) else { return false };
    let taken = queued.saturating_sub(not_sent) + not_sent.min(counters.snd_mss().unwrap_or(0));
    counters.snd_wnd().is_some_and(|window| not_sent > 0 && taken > window / 2)
}

/// Whether everything is sent, and the buffer so full that the program cannot write (`sk_stream_is_writeable`: a third of what
/// is queued has to be free).
fn is_exhausted(counters: &Counters) -> bool {
    let all_sent = counters.notsent_bytes() == Some(0) && counters.unacked().is_some_and(|segments| segments > 0);
    let memory = counters.wmem_queued().zip(counters.sndbuf());
    all_sent && memory.is_some_and(|(queued, limit)| queued >= limit - limit / 3)
}
