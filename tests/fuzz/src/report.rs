//! What is printed: a line for each target, and all of them together.

use std::time::Duration;

use crate::supervisor::Outcome;

/// The heads of the columns.
pub(crate) fn head() -> String {
    let head = format!("{:<12} {:>13} {:>11} {:>7}  findings", "target", "inputs", "a second", "deep");
    format!("{head}  may hold beyond four times its input and 64 KiB")
}

/// The line of a target.
pub(crate) fn line(name: &str, outcome: &Outcome, beyond: &str) -> String {
    let Outcome { inputs, deep, took, findings, .. } = outcome;
    let share = percent(*deep, *inputs);
    let (inputs, rate) = (grouped(*inputs), grouped(a_second(*inputs, *took)));
    let line = format!("{name:<12} {inputs:>13} {rate:>11} {share:>5} %  {:<8}  {beyond}", findings.len());
    line.trim_end().to_owned()
}

/// So many of so many, in a hundred, rounded down.
pub(crate) fn percent(some: u64, all: u64) -> u64 {
    (some * 100).checked_div(all).unwrap_or(0)
}

fn a_second(inputs: u64, took: Duration) -> u64 {
    let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX).max(1);
    inputs.saturating_mul(1000) / milliseconds
}

/// A number with a blank between its thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        assert_eq!([0, 999, 1000, 12_345_678].map(grouped), ["0", "999", "1 000", "12 345 678"]);
    }

    #[test]
    fn inputs_a_second_are_those_of_the_time_it_took() {
        assert_eq!(a_second(3000, Duration::from_millis(1500)), 2000);
    }
}
