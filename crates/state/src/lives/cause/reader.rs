//! How long data waits for the program, over several intervals.

use core::time::Duration;

use super::rule::{Interval, is_half_full};
use super::thresholds::{UNREAD_WAIT_MIN, UNREAD_WAIT_SHORTEST};
use crate::lives::Counters;

/// What stood in the receive queue at the ends of several intervals. The kernel opens a window again only when a good part of the queue
/// is read, so that of a slow reader with a small buffer it is nearly empty now and then; the mean of many looks knows better than two.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reader {
    /// Looks at which what was unread took the shortest unread wait at least.
    stood: u32,
    was_half_full: bool,
    /// Bytes that were unread, of all looks together.
    unread: u64,
}

impl Reader {
    /// Takes one more interval.
    pub(crate) fn take(&mut self, before: &Counters, now: &Counters, elapsed: Duration) {
        // Of most sockets everything is read.
        let Some(unread) = now.rqueue().filter(|&bytes| bytes > 0) else { return };
        let Some(interval) = Interval::new(before, now, elapsed) else { return };
        let stands = interval.unread_wait_of(unread).is_some_and(|wait| wait >= UNREAD_WAIT_SHORTEST);
        self.stood += u32::from(stands);
        self.was_half_full |= interval.may_receive() && (is_half_full(before) || is_half_full(now));
        self.unread += u64::from(unread);
    }

    /// Whether data waited long in the mean of so many intervals, which together go from `first` to `now`, and most of the time for some
    /// while at least: what comes in at once, with a lost segment that arrived after all, does not.
    pub(crate) fn is_slow(&self, intervals: u32, first: &Counters, now: &Counters, elapsed: Duration) -> bool {
        let Some(whole) = Interval::new(first, now, elapsed) else { return false };
        let mean = u32::try_from(self.unread / u64::from(intervals.max(1))).unwrap_or(u32::MAX);
        let waits = whole.unread_wait_of(mean).is_some_and(|wait| wait >= UNREAD_WAIT_MIN);
        self.was_half_full && self.stood * 2 > intervals && waits
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lives::sample::Sample;

    /// A reader of 35 000 bytes a second, by what is unread at each look, a second apart; the window is what is left of 24 576.
    fn is_slow(unread: &[u64]) -> bool {
        let look = |(at, &unread): (usize, &u64)| {
            let socket = Sample::healthy().message("rqueue", unread).info("rcv_wnd", 24_576_u64.saturating_sub(unread));
            socket.info("bytes_received", 9_000_000 + 35_000 * at as u64 + unread).counters()
        };
        let looks: Vec<Counters> = unread.iter().enumerate().map(look).collect();
        let mut reader = Reader::default();
        looks.windows(2).for_each(|pair| reader.take(&pair[0], &pair[1], Duration::from_secs(1)));
        let intervals = u32::try_from(looks.len() - 1).expect("few");
        reader.is_slow(intervals, &looks[0], &looks[looks.len() - 1], Duration::from_secs(intervals.into()))
    }

    #[test]
    fn a_queue_that_is_nearly_empty_now_and_then_is_that_of_a_slow_reader() {
        assert!(is_slow(&[24_576, 576, 20_576, 4_576, 24_576, 576]));
        // 7 000 bytes in the mean are 200 ms.
        assert!(is_slow(&[24_576, 576, 24_576, 4_576, 4_700, 576]));
        assert!(!is_slow(&[24_576, 576, 24_576, 4_576, 4_600, 576]));
    }

    #[test]
    fn what_comes_at_once_and_goes_at_once_is_not() {
        assert!(!is_slow(&[0, 0, 24_576, 0, 24_576, 0]));
        assert!(!is_slow(&[1_000, 1_000, 24_576, 1_000, 24_576, 1_000]), "most of the time it was read soon");
    }

    #[test]
    fn a_queue_with_room_holds_nobody_up() {
        assert!(!is_slow(&[12_000, 12_000, 12_000, 12_000]));
        assert!(is_slow(&[12_288, 12_000, 12_000, 12_000]));
    }
}
