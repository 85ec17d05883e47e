//! Medians and bests.

use std::time::Duration;

/// Several measurements of one quantity.
pub(super) struct Sample(Vec<f64>);

impl Sample {
    /// These numbers.
    pub(super) fn new(numbers: impl IntoIterator<Item = f64>) -> Self {
        let mut numbers: Vec<f64> = numbers.into_iter().collect();
        numbers.sort_by(f64::total_cmp);
        Self(numbers)
    }

    /// These times, in seconds.
    pub(super) fn of_times(times: impl IntoIterator<Item = Duration>) -> Self {
        Self::new(times.into_iter().map(|time| time.as_secs_f64()))
    }

    /// The middle one, or between the middle two.
    pub(super) fn median(&self) -> f64 {
        let middle = self.0.len() / 2;
        match (self.0.get(middle.wrapping_sub(1)), self.0.get(middle)) {
            (Some(below), Some(above)) if self.0.len().is_multiple_of(2) => f64::midpoint(*below, *above),
            (_, Some(middle)) => *middle,
            _ => f64::NAN,
        }
    }

    /// The smallest one that so many are not above, as a part of all: 0.9 for nine of ten.
    pub(super) fn quantile(&self, part: f64) -> f64 {
        let below = |number: &&f64| to_f64(self.0.iter().filter(|other| other <= number).count() as u64);
        self.0.iter().find(|number| below(number) >= part * to_f64(self.0.len() as u64)).copied().unwrap_or(f64::NAN)
    }

    /// The smallest one: what is possible where nothing disturbs.
    pub(super) fn best(&self) -> f64 {
        self.0.first().copied().unwrap_or(f64::NAN)
    }
}

/// A count to calculate with.
#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
pub(super) fn to_f64(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(numbers: &[f64], median: f64, best: f64) {
        let sample = Sample::new(numbers.iter().copied());
        assert_eq!((sample.median().to_bits(), sample.best().to_bits()), (median.to_bits(), best.to_bits()));
    }

    #[test]
    fn the_median_is_in_the_middle() {
        check(&[3.0, 1.0, 2.0], 2.0, 1.0);
        check(&[4.0, 1.0, 2.0, 3.0], 2.5, 1.0);
        check(&[7.0], 7.0, 7.0);
    }

    #[test]
    fn nine_of_ten_are_not_above_the_ninth() {
        let sample = Sample::new((1..=10).map(f64::from));
        let quantiles = [0.5, 0.9, 0.91, 1.0].map(|part| sample.quantile(part).to_bits());
        assert_eq!(quantiles, [5.0, 9.0, 10.0, 10.0].map(f64::to_bits));
    }

    #[test]
    fn nothing_measured_is_no_number() {
        let nothing = Sample::new([]);
        assert!(nothing.median().is_nan() && nothing.best().is_nan());
    }
}
