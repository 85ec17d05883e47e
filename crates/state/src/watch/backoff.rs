//! How long to wait before the next dump.

use core::time::Duration;

/// The first pause. Before it, one dump at once: most disturbances are over when they are noticed.
const FIRST: Duration = Duration::from_millis(50);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(10);
/// After this time without a failure the pauses begin anew.
const FORGOTTEN: Duration = Duration::from_mins(1);

/// Pauses that double: none, 50 ms, 100 ms … 10 s, each a quarter longer or shorter at random.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
    last: Duration,
}

impl Backoff {
    /// The pause after one more failure.
    pub(super) fn next(&mut self, now: Duration, random: &mut Random) -> Duration {
        if now.saturating_sub(self.last) > FORGOTTEN {
            self.failures = 0;
        }
        self.last = now;
        self.failures = self.failures.saturating_add(1);
        match self.failures {
            1 => Duration::ZERO,
            failures => random.jitter((FIRST * (1 << (failures - 2).min(16))).min(LONGEST)),
        }
    }

    /// Failures in a row.
    pub(super) fn failures(&self) -> u32 {
        self.failures
    }

    /// It worked.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }
}

/// Numbers that spread pauses, so that many machines do not dump at once: splitmix64 over a seed of the driver.
#[derive(Clone, Copy, Debug)]
pub(super) struct Random(pub(super) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// A time of which a quarter more or less is taken.
    pub(super) fn jitter(&mut self, time: Duration) -> Duration {
        /// Steps from three quarters to five quarters.
        const STEPS: u32 = 1024;
        let step = u32::try_from(self.next() % u64::from(STEPS + 1)).unwrap_or(STEPS);
        time * 3 / 4 + time / 2 * step / STEPS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_between_their_bounds() {
        let (mut backoff, mut random) = (Backoff::default(), Random(7));
        let mut pauses = (0..12).map(|_| backoff.next(Duration::ZERO, &mut random).as_millis());
        assert_eq!(pauses.next(), Some(0));
        for middle in [50, 100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000] {
            let pause = pauses.next().unwrap();
            assert!(pause >= middle * 3 / 4 && pause <= middle * 5 / 4, "{pause} for {middle}");
        }
    }

    #[test]
    fn a_minute_without_failures_is_forgiven() {
        let (mut backoff, mut random) = (Backoff::default(), Random(8));
        for _ in 0..5 {
            backoff.next(Duration::from_secs(100), &mut random);
        }
        assert_eq!(backoff.next(Duration::from_secs(161), &mut random), Duration::ZERO);
    }
}
