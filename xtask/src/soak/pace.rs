//! How often something moves, and how long it is waited for: what an emulated machine does in ten seconds, others do in one.

use std::time::Duration;

/// How many times slower a machine is than the usual one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace(u32);

impl Pace {
    /// That of a machine that is so many times slower.
    pub(super) fn of(slowness: u32) -> Self {
        Self(slowness.max(1))
    }

    /// How many times slower it is.
    pub(super) const fn slowness(self) -> u32 {
        self.0
    }

    /// A pause, or a patience, that is as long there as this one is on the usual machine.
    pub(super) fn of_time(self, usual: Duration) -> Duration {
        usual * self.0
    }

    /// So many a second of the usual machine.
    pub(super) fn of_rate(self, usual: f64) -> f64 {
        usual / f64::from(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_machine_is_given_more_time_and_asked_for_less() {
        let (usual, slow) = (Pace::of(1), Pace::of(10));
        let minute = Duration::from_mins(1);
        assert_eq!([usual, slow].map(|pace| pace.of_time(minute).as_secs()), [60, 600]);
        assert!((usual.of_rate(20.0) - 20.0).abs() < f64::EPSILON && (slow.of_rate(20.0) - 2.0).abs() < f64::EPSILON);
        assert_eq!(Pace::of(0).slowness(), 1, "nothing is done in no time");
    }
}
