//! The numbers by which a cause was found.

use core::time::Duration;

use super::Cause;
use super::rule::Interval;
use crate::lives::Counters;

/// What is measured, with its unit.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Quantity {
    /// A part of a whole, from 0 to 1.
    Share(f64),
    /// Bytes.
    Bytes(u64),
    /// Bytes a second.
    BytesPerSecond(f64),
    /// A time; [`Duration::MAX`] where it has no end, because nothing moves.
    Time(Duration),
    /// A number of things, named by the number.
    Count(u64),
}

/// One number that speaks for a cause.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Number {
    /// Its name, without a unit: a stable word.
    pub name: &'static str,
    /// How much.
    pub value: Quantity,
}

/// The numbers of `cause` between `before` and `now`, the most telling first, whether or not it is a cause. Those that the
/// kernel does not tell are left out.
pub fn evidence(cause: Cause, before: &Counters, now: &Counters, elapsed: Duration) -> Vec<Number> {
    let Some(interval) = Interval::new(before, now, elapsed) else { return Vec::new() };
    let mut numbers = Numbers(Vec::new());
    let (delta, now) = (&interval.delta, interval.now);
    match cause {
        Cause::AcceptQueueFull => {
            numbers.count("accept_queue", now.rqueue());
            numbers.count("accept_queue_limit", now.wqueue());
            numbers.count("drops", delta.drops);
        }
        Cause::ReceiverDoesNotRead => {
            numbers.bytes("unread", interval.fuller().rqueue());
            numbers.time("unread_wait", interval.unread_wait());
            numbers.rate("read_rate", delta.rate(delta.bytes_read));
            numbers.bytes("window", interval.fuller().rcv_wnd());
            numbers.bytes("receive_buffer", now.rcvbuf());
        }
        Cause::Loss => {
            numbers.share("lost_share", interval.lost_share());
            numbers.count("retransmitted", delta.retransmitted);
            numbers.count("needless", delta.needless);
            numbers.count("dropped_here", delta.dropped_here());
            numbers.count("sent", delta.data_segs_out.or(delta.segs_out));
            numbers.count("unanswered_timeouts", now.retransmits());
            numbers.count("unanswered_attempts", now.probes());
        }
        Cause::ReceiverWindow => {
            numbers.share("window_limited_share", delta.share(delta.rwnd_limited));
            numbers.share("buffer_limited_share", delta.share(delta.sndbuf_limited));
            numbers.bytes("window", now.snd_wnd());
            numbers.bytes("not_sent", now.notsent_bytes());
            numbers.rate("acked_rate", delta.rate(delta.bytes_acked));
            numbers.count("unanswered_probes", now.probes());
        }
        Cause::SendBuffer => {
            numbers.share("buffer_limited_share", delta.share(delta.sndbuf_limited));
            numbers.share("window_limited_share", delta.share(delta.rwnd_limited));
            numbers.share("busy_share", delta.share(delta.busy));
            numbers.bytes("send_buffer", now.sndbuf());
            numbers.bytes("send_memory", now.wmem_queued());
            numbers.time("wait", now.wqueue().and_then(|bytes| interval.time_for(bytes)));
            numbers.rate("acked_rate", delta.rate(delta.bytes_acked));
        }
        Cause::CongestionWindow => {
            numbers.share("busy_share", delta.share(delta.busy));
            numbers.bytes("not_sent", interval.waiting(Counters::notsent_bytes));
            numbers.time("wait", interval.waiting(Counters::wqueue).and_then(|bytes| interval.time_for(bytes)));
            numbers.count("congestion_window", now.cwnd());
            numbers.count("in_flight", now.unacked());
            numbers.time("queue_delay", interval.queue_delay());
            numbers.rate("acked_rate", delta.rate(delta.bytes_acked));
        }
        Cause::Application => {
            numbers.share("idle_share", delta.share(delta.busy).map(|busy| 1.0 - busy));
            numbers.count("sent", delta.data_segs_out);
            numbers.rate("acked_rate", delta.rate(delta.bytes_acked));
            numbers.share("window_use", interval.window_use());
            numbers.time("since_sent", now.last_data_sent_ms().map(|age| Duration::from_millis(age.into())));
        }
    }
    numbers.0
}

struct Numbers(Vec<Number>);

impl Numbers {
    fn add(&mut self, name: &'static str, value: Option<Quantity>) {
        self.0.extend(value.map(|value| Number { name, value }));
    }

    fn count(&mut self, name: &'static str, count: Option<impl Into<u64>>) {
        self.add(name, count.map(|count| Quantity::Count(count.into())));
    }

    fn bytes(&mut self, name: &'static str, bytes: Option<u32>) {
        self.add(name, bytes.map(|bytes| Quantity::Bytes(bytes.into())));
    }

    fn share(&mut self, name: &'static str, share: Option<f64>) {
        self.add(name, share.map(Quantity::Share));
    }

    fn rate(&mut self, name: &'static str, rate: Option<f64>) {
        self.add(name, rate.map(Quantity::BytesPerSecond));
    }

    fn time(&mut self, name: &'static str, time: Option<Duration>) {
        self.add(name, time.map(Quantity::Time));
    }
}
