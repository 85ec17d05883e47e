//! What held a socket back over several intervals in a row.

use core::time::Duration;

use super::cause::{Cause, Causes, causes};
use super::counters::Counters;

/// What held a socket back over several intervals: each cause that did in most of them. Of loss, which comes in bursts, and of a
/// program that sends rarely, where all of them together show it. What is seen in one interval alone may be a pause of the machine.
#[derive(Clone, Copy, Debug)]
pub struct Judgement {
    first: Counters,
    elapsed: Duration,
    intervals: u32,
    held: [u32; Cause::ALL.len()],
}

impl Judgement {
    /// Begins with what the socket had counted before the first interval.
    pub fn new(first: Counters) -> Self {
        Self { first, elapsed: Duration::ZERO, intervals: 0, held: [0; Cause::ALL.len()] }
    }

    /// Takes one more interval.
    pub fn take(&mut self, causes: &Causes, elapsed: Duration) {
        self.elapsed += elapsed;
        self.intervals += 1;
        for cause in causes.iter() {
            self.held[cause as usize] += 1;
        }
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
                _ => held * 2 > self.intervals,
            };
            if holds {
                judged.put(cause, whole.weight(cause));
            }
        }
        judged
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
            judgement.take(&found, Duration::from_secs(1));
        }
        assert_eq!(judgement.causes(&after(3)).first(), Some(Cause::Application));
        assert!(judgement.causes(&after(1)).is_empty(), "one is a sign of life");
    }
}
