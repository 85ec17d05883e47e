//! What a measurement must reach.

use std::time::Duration;

use super::statistics::Sample;

/// From this many sockets on the targets that depend on the size hold.
const SOCKETS_LARGE: u64 = 500_000;

/// A bound for sockeye, mostly by a reference that was measured beside it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Target {
    /// At most this many times the reference.
    Ratio(f64),
    /// At most this many times the reference, and this time on top.
    RatioPlus(f64, Duration),
    /// At least this many times faster. Holds for a large load: the reference is quadratic.
    Faster(f64),
    /// At most this much memory, in bytes.
    Memory(u64),
    /// Only reported.
    None,
}

/// What became of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Reached.
    Reached,
    /// Missed.
    Missed,
    /// What was counted is wrong, which no slow machine excuses.
    Wrong,
    /// The reference was ended before it could show whether it is reached.
    Undecided,
    /// Nothing was asked, or not of this load.
    Reported,
}

impl Verdict {
    /// Of a target that was asked for.
    pub(super) fn of(reached: bool) -> Self {
        if reached { Self::Reached } else { Self::Missed }
    }

    /// Of a count that has to be right on any machine and for any load.
    pub(super) fn of_count(right: bool) -> Self {
        if right { Self::Reached } else { Self::Wrong }
    }
}

impl Target {
    /// Judges times, in seconds and in pairs. Of a reference that was too slow to repeat there is only one.
    pub(super) fn judge_times(self, ours: &[f64], reference: &[f64], sockets: u64) -> Verdict {
        match self {
            Self::Ratio(bound) => Verdict::of(ratios(ours, reference, 0.0).median() <= bound),
            Self::RatioPlus(bound, slack) => {
                Verdict::of(ratios(ours, reference, slack.as_secs_f64()).median() <= bound)
            }
            Self::Faster(times) if sockets >= SOCKETS_LARGE => {
                Verdict::of(ratios(ours, reference, 0.0).median() <= 1.0 / times)
            }
            Self::Faster(_) | Self::Memory(_) | Self::None => Verdict::Reported,
        }
    }

    /// Judges a peak of memory.
    pub(super) fn judge_memory(self, peak_bytes: u64) -> Verdict {
        match self {
            Self::Memory(bound) => Verdict::of(peak_bytes <= bound),
            _ => Verdict::Reported,
        }
    }
}

/// Ratios of pairs, each of ours less `slack`.
pub(super) fn ratios(ours: &[f64], reference: &[f64], slack: f64) -> Sample {
    let all = Sample::new(reference.iter().copied()).median();
    let paired = reference.len() == ours.len();
    Sample::new(ours.iter().enumerate().map(|(index, ours)| {
        let reference = if paired { reference[index] } else { all };
        (ours - slack) / reference
    }))
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ratio(bound) => write!(f, "≤ {bound}"),
            Self::RatioPlus(bound, slack) => write!(f, "≤ {bound} × reference + {} ms", slack.as_millis()),
            Self::Faster(times) => write!(f, "≥ {times}× faster"),
            Self::Memory(bytes) => write!(f, "≤ {}", super::report::mebibytes(*bytes)),
            Self::None => f.write_str("–"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_the_pairs_decides() {
        // One pair that was disturbed does not.
        let verdict = Target::Ratio(0.85).judge_times(&[0.8, 0.8, 9.0], &[1.0, 1.0, 1.0], 0);
        assert_eq!(verdict, Verdict::Reached);
        assert_eq!(Target::Ratio(0.85).judge_times(&[0.9; 3], &[1.0; 3], 0), Verdict::Missed);
    }

    #[test]
    fn a_slow_reference_is_measured_once() {
        let slow = |sockets| Target::Faster(80.0).judge_times(&[1.0, 2.0, 1.0], &[100.0], sockets);
        assert_eq!(slow(SOCKETS_LARGE), Verdict::Reached);
        assert_eq!(slow(1000), Verdict::Reported);
    }

    #[test]
    fn slack_is_on_top() {
        let target = Target::RatioPlus(1.0, Duration::from_millis(5));
        assert_eq!(target.judge_times(&[0.014], &[0.010], 0), Verdict::Reached);
        assert_eq!(target.judge_times(&[0.016], &[0.010], 0), Verdict::Missed);
    }
}
