//! How long data waits for the program, over several intervals.

use core::time::Duration;

use super::rule::{Interval, is_half_full, time_at};
use super::thresholds::{UNREAD_WAIT_MIN, UNREAD_WAIT_SHORTEST};
use crate::lives::Counters;

/// What stood in the receive queue at several looks. The kernel opens a window again only when a good part of the queue is read, so
/// that of a slow reader with a small buffer it is nearly empty now and then; the mean of many looks knows better than two.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reader {
    intervals: u32,
    /// Intervals at whose end what was unread took the shortest unread wait at least.
    stood: u32,
    was_half_full: bool,
    /// Bytes that were unread, of all looks together.
    unread: u64,
    /// Bytes that were read.
    read: u64,
    elapsed: Duration,
}

impl Reader {
    /// Takes one more interval.
    pub(crate) fn take(&mut self, before: &Counters, now: &Counters, elapsed: Duration) {
        let Some(interval) = Interval::new(before, now, elapsed) else { return };
        let (Some(unread), Some(read)) = (now.rqueue(), interval.delta.bytes_read) else { return };
        self.intervals += 1;
        self.was_half_full |= interval.may_receive() && (is_half_full(before) || is_half_full(now));
        let stands = interval.unread_wait_of(unread).is_some_and(|wait| wait >= UNREAD_WAIT_SHORTEST);
        self.stood += u32::from(stands);
        self.unread += u64::from(unread);
        self.read += read;
        self.elapsed += elapsed;
    }

    /// Whether data waited long in the mean, and most of the time for some while at least: what comes in at once, with a lost segment
    /// that arrived after all, does not.
    #[expect(clippy::cast_precision_loss, reason = "bytes of some seconds")]
    pub(crate) fn is_slow(&self) -> bool {
        let mean = u32::try_from(self.unread / u64::from(self.intervals.max(1))).unwrap_or(u32::MAX);
        let rate = self.read as f64 / self.elapsed.as_secs_f64();
        self.was_half_full && self.stood * 2 > self.intervals && time_at(mean, rate) >= UNREAD_WAIT_MIN
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lives::sample::Sample;

    /// A reader of 35 000 bytes a second, by what is unread at each look, a second apart; the window is what is left of 24 576.
    fn reader(unread: &[u64]) -> Reader {
        let look = |(at, &unread): (usize, &u64)| {
            let socket = Sample::healthy().message("rqueue", unread).info("rcv_wnd", 24_576_u64.saturating_sub(unread));
            socket.info("bytes_received", 9_000_000 + 35_000 * at as u64 + unread).counters()
        };
        let looks: Vec<Counters> = unread.iter().enumerate().map(look).collect();
        let mut reader = Reader::default();
        looks.windows(2).for_each(|pair| reader.take(&pair[0], &pair[1], Duration::from_secs(1)));
        reader
    }

    #[test]
    fn a_queue_that_is_nearly_empty_now_and_then_is_that_of_a_slow_reader() {
        assert!(reader(&[24_576, 576, 20_576, 4_576, 24_576, 576]).is_slow());
        // 7 000 bytes in the mean are 200 ms.
        assert!(reader(&[24_576, 576, 24_576, 4_576, 4_700, 576]).is_slow());
        assert!(!reader(&[24_576, 576, 24_576, 4_576, 4_600, 576]).is_slow());
    }

    #[test]
    fn what_comes_at_once_and_goes_at_once_is_not() {
        assert!(!reader(&[0, 0, 24_576, 0, 24_576, 0]).is_slow());
        assert!(!reader(&[1_000, 1_000, 24_576, 1_000, 24_576, 1_000]).is_slow(), "most of the time it was read soon");
    }

    #[test]
    fn a_queue_with_room_holds_nobody_up() {
        assert!(!reader(&[12_000, 12_000, 12_000, 12_000]).is_slow());
        assert!(reader(&[12_288, 12_000, 12_000, 12_000]).is_slow());
    }
}
