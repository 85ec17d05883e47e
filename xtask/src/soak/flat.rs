//! Whether a quantity stays flat, by an estimate that a few odd samples do not move.

/// Samples that pairs are made of: half a million pairs. Of more samples, every other one is left out.
const SAMPLES_MAX: usize = 1000;

/// Samples, each with its time.
#[derive(Default)]
pub(super) struct Series(Vec<(f64, f64)>);

impl Series {
    /// Adds a sample; times ascend.
    pub(super) fn push(&mut self, at_seconds: f64, value: f64) {
        self.0.push((at_seconds, value));
    }

    /// Whether there are no samples.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The middle value.
    pub(super) fn median(&self) -> f64 {
        median(self.0.iter().map(|(_, value)| *value).collect())
    }

    /// The largest value.
    pub(super) fn largest(&self) -> f64 {
        self.0.iter().map(|(_, value)| *value).fold(f64::NEG_INFINITY, f64::max)
    }

    /// What it grows by from the first sample to the last: the median of the slopes of all pairs (Theil and Sen), times
    /// the time between them. Up to a quarter of the samples may be anything.
    pub(super) fn growth(&self) -> f64 {
        let step = self.0.len().div_ceil(SAMPLES_MAX).max(1);
        let samples: Vec<_> = self.0.iter().copied().step_by(step).collect();
        let mut slopes = Vec::with_capacity(samples.len() * samples.len() / 2);
        for (index, (then, before)) in samples.iter().enumerate() {
            let later = samples[index + 1..].iter().filter(|(now, _)| now > then);
            slopes.extend(later.map(|(now, after)| (after - before) / (now - then)));
        }
        let (Some((first, _)), Some((last, _))) = (self.0.first(), self.0.last()) else { return 0.0 };
        if slopes.is_empty() { 0.0 } else { median(slopes) * (last - first) }
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(value: impl Fn(u32) -> f64) -> Series {
        let mut series = Series::default();
        (0..400).for_each(|at| series.push(f64::from(at) / 4.0, value(at)));
        series
    }

    /// Something that goes up and down by up to 50.
    fn wave(at: u32) -> f64 {
        f64::from(at * 37 % 101) - 50.0
    }

    #[test]
    fn what_goes_up_and_down_is_flat() {
        let series = series(|at| 1000.0 + wave(at));
        assert!(series.growth().abs() < 10.0, "{}", series.growth());
    }

    #[test]
    fn a_leak_below_its_noise_is_found() {
        let series = series(|at| 1000.0 + wave(at) + f64::from(at));
        assert!((series.growth() - 399.0).abs() < 20.0, "{}", series.growth());
    }

    #[test]
    fn a_fifth_of_wild_samples_does_not_matter() {
        let series = series(|at| if at % 5 == 0 { f64::from(at * at) } else { 1000.0 + f64::from(at) / 4.0 });
        assert!((series.growth() - 99.75).abs() < 20.0, "{}", series.growth());
        assert!(series.largest() > 100_000.0);
    }

    #[test]
    fn nothing_measured_grows_by_nothing() {
        assert!(Series::default().growth().abs() < f64::EPSILON);
        assert!(Series::default().is_empty());
    }
}
