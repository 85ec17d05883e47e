//! What held a socket back over several intervals in a row.

use core::time::Duration;

use super::cause::{Cause, Causes, INTERVAL_MIN, Number, Reader, causes, evidence};
use super::counters::Counters;

/// What held a socket back over several intervals: each cause that did in most of them. Of loss, which comes in bursts, of a program
/// that sends rarely, and of one that reads slowly, where all of them together show it. What is seen in one interval alone may be a
/// pause of the machine.
#[derive(Clone, Debug)]
pub struct Judgement {
    first: Counters,
    elapsed: Duration,
    intervals: u32,
    held: [u32; Cause::ALL.len()],
    reader: Reader,
    /// The last interval of each set of causes that was found, the latest at the end.
    found_in: Vec<Interval>,
}

/// One interval in which something was found.
#[derive(Clone, Copy, Debug)]
struct Interval {
    causes: Causes,
    before: Counters,
    now: Counters,
    elapsed: Duration,
}

/// Sets of causes of which an interval is kept; of more the earliest are forgotten.
const INTERVALS_MAX: usize = 8;

impl Judgement {
    /// Begins with what the socket had counted before the first interval.
    pub fn new(first: Counters) -> Self {
        Self {
            first,
            elapsed: Duration::ZERO,
            intervals: 0,
            held: [0; Cause::ALL.len()],
            reader: Reader::default(),
            found_in: Vec::new(),
        }
    }

    /// Takes one more interval, and what held the socket back in it. One that is too short to be judged is a part of the next.
    pub fn take(&mut self, causes: &Causes, before: &Counters, now: &Counters, elapsed: Duration) {
        if elapsed < INTERVAL_MIN {
            return;
        }
        self.elapsed += elapsed;
        self.intervals += 1;
        for cause in causes.iter() {
            self.held[cause as usize] += 1;
        }
        self.reader.take(before, now, elapsed);
        if causes.is_empty() {
            return;
        }
        let bits = causes.bits();
        if let Some(at) = self.found_in.iter().position(|interval| interval.causes.bits() == bits) {
            self.found_in.remove(at);
        } else if self.found_in.len() == INTERVALS_MAX {
            self.found_in.remove(0);
        } else {
            // Nearly always it is the only one, and there may be one for each of a million sockets.
            self.found_in.reserve_exact(1);
        }
        self.found_in.push(Interval { causes: *causes, before: *before, now: *now, elapsed });
    }

    /// What the socket had counted before the first interval.
    pub fn first(&self) -> &Counters {
        &self.first
    }

    /// All intervals together.
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// What held the socket back, as it stands `now`.
    pub fn causes(&self, now: &Counters) -> Causes {
        let whole = causes(&self.first, now, self.elapsed);
        let mut judged = Causes::NONE;
        for cause in Cause::ALL {
            let held = self.held[cause as usize];
            let holds = match cause {
                Cause::Loss => whole.contains(cause),
                Cause::Application => held * 2 > self.intervals || whole.contains(cause),
                // One interval in which connections were turned away is one too many.
                Cause::AcceptQueueFull => held > 0,
                // Its queue may be at a low point at every other look.
                Cause::ReceiverDoesNotRead => {
                    let is_slow = || self.reader.is_slow(self.intervals, &self.first, now, self.elapsed);
                    held * 2 > self.intervals || held > 0 && is_slow()
                }
                _ => held * 2 > self.intervals,
            };
            if holds {
                judged.put(cause, whole.weight(cause));
            }
        }
        judged
    }

    /// The numbers by which these causes were found, those of the first cause first: of the last interval in which all of them were,
    /// or each of the last in which it was. Of all intervals together where those show it. No name comes twice.
    pub fn evidence(&self, judged: &Causes, now: &Counters) -> Vec<Number> {
        let whole = causes(&self.first, now, self.elapsed);
        let of_intervals = Causes::bits(judged) & !Cause::Loss.bit();
        let mut numbers: Vec<Number> = Vec::new();
        for cause in judged.iter() {
            let latest = |bits: u8| self.found_in.iter().rev().find(|interval| interval.causes.bits() & bits == bits);
            let found_in = match cause {
                Cause::Loss => None,
                Cause::Application if whole.contains(cause) => None,
                _ => latest(of_intervals).or_else(|| latest(cause.bit())),
            };
            let more = match found_in {
                Some(interval) => evidence(cause, &interval.before, &interval.now, interval.elapsed),
                None => evidence(cause, &self.first, now, self.elapsed),
            };
            for number in more {
                if numbers.iter().all(|known| known.name != number.name) {
                    numbers.push(number);
                }
            }
        }
        numbers
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lives::cause::Quantity;
    use crate::lives::sample::Sample;

    #[test]
    fn who_sends_once_an_interval_is_seen_over_all_of_them() {
        let after = |sends: u64| {
            let (segments, bytes) = (4_000_000 + sends, 7_000_000_000 + 100 * sends);
            Sample::healthy().info("data_segs_out", segments).info("bytes_acked", bytes).counters()
        };
        let mut judgement = Judgement::new(after(0));
        for sends in 1..=3 {
            let found = causes(&after(sends - 1), &after(sends), Duration::from_secs(1));
            assert!(found.is_empty(), "{found}");
            judgement.take(&found, &after(sends - 1), &after(sends), Duration::from_secs(1));
        }
        assert_eq!(judgement.causes(&after(3)).first(), Some(Cause::Application));
        assert!(judgement.causes(&after(1)).is_empty(), "one is a sign of life");
    }
    #[test]
    fn evidence_is_of_an_interval_in_which_the_cause_was_found() {
        let second = Duration::from_secs(1);
        // A reader of a hundred bytes a second, whose queue has nearly been emptied at the last look.
        let after = |seconds: u64, unread: u64| {
            let received = 7_000_000_000 + unread + 100 * seconds;
            Sample::healthy().message("rqueue", unread).info("rcv_wnd", 0).info("bytes_received", received).counters()
        };
        let looks = [after(0, 1_500), after(1, 1_501), after(2, 1_503), after(3, 0)];
        let mut judgement = Judgement::new(looks[0]);
        for pair in looks.windows(2) {
            judgement.take(&causes(&pair[0], &pair[1], second), &pair[0], &pair[1], second);
        }
        let judged = judgement.causes(&looks[3]);
        assert_eq!(judged.first(), Some(Cause::ReceiverDoesNotRead));
        let numbers = judgement.evidence(&judged, &looks[3]);
        let named = |name| numbers.iter().find(|number| number.name == name).map(|number| number.value);
        assert_eq!(named("unread"), Some(Quantity::Bytes(1_503)), "{numbers:?}");
        assert_eq!(named("read_rate"), Some(Quantity::BytesPerSecond(100.0)), "{numbers:?}");
        assert_eq!(named("unread_wait"), Some(Quantity::Time(Duration::from_millis(15_020))), "{numbers:?}");
    }

    #[test]
    fn evidence_of_two_causes_is_of_one_interval_where_both_were_found() {
        let second = Duration::from_secs(1);
        let set = |found: &[Cause]| {
            let mut causes = Causes::NONE;
            for &cause in found {
                causes.put(cause, 900);
            }
            causes
        };
        let both = set(&[Cause::ReceiverWindow, Cause::CongestionWindow]);
        let after = |seconds: u64, busy: u64| {
            Sample::healthy().info("bytes_acked", 7_000_000_000 + 1_000 * seconds).info("busy_time", busy).counters()
        };
        let (start, one, two) = (after(0, 0), after(7, 910_000), after(20, 1_730_000));
        let mut judgement = Judgement::new(start);
        judgement.take(&both, &start, &one, second);
        judgement.take(&set(&[Cause::CongestionWindow]), &one, &two, second);
        let named = |judged: &Causes, name| {
            let numbers = judgement.evidence(judged, &two);
            assert_eq!(numbers.iter().filter(|number| number.name == name).count(), 1, "{numbers:?}");
            numbers.iter().find(|number| number.name == name).map(|number| number.value)
        };
        assert_eq!(named(&both, "acked_rate"), Some(Quantity::BytesPerSecond(7_000.0)));
        assert_eq!(named(&both, "busy_share"), Some(Quantity::Share(0.91)));
        let one_alone = set(&[Cause::CongestionWindow]);
        assert_eq!(named(&one_alone, "acked_rate"), Some(Quantity::BytesPerSecond(13_000.0)), "the latest");
        // Loss is judged of all together.
        assert_eq!(named(&set(&[Cause::Loss]), "sent"), Some(Quantity::Count(0)));
    }

    #[test]
    fn few_intervals_are_kept_and_the_latest_of_each_set() {
        let counters = Sample::healthy().counters();
        let mut judgement = Judgement::new(counters);
        for bits in (1..128_u8).chain([3, 3]) {
            let mut causes = Causes::NONE;
            Cause::ALL.into_iter().filter(|cause| cause.bit() & bits != 0).for_each(|cause| causes.put(cause, 1));
            judgement.take(&causes, &counters, &counters, Duration::from_secs(1));
        }
        let kept: Vec<u8> = judgement.found_in.iter().map(|interval| interval.causes.bits()).collect();
        assert_eq!(kept, [121, 122, 123, 124, 125, 126, 127, 3]);
    }
}
