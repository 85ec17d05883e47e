//! Two programs by turns: sockeye, and what it is compared with.

use std::time::Duration;

use anyhow::Result;

use super::program::{Program, Run};
use super::report::{self, Row};
use super::statistics::Sample;
use super::target::{Target, Verdict, ratios};

/// A comparison.
pub(super) struct Contest<'c> {
    /// What is compared, for people.
    pub(super) what: &'c str,
    /// Sockeye.
    pub(super) ours: &'c Program,
    /// What it is compared with.
    pub(super) reference: &'c Program,
    /// The name of that.
    pub(super) reference_name: &'c str,
    /// How often.
    pub(super) pairs: usize,
    /// How long the reference may take.
    pub(super) limit: Option<Duration>,
    /// A reference that takes longer is not run again.
    pub(super) repeated_max: Duration,
    /// What must be reached.
    pub(super) target: Target,
}

/// The runs of a comparison.
pub(super) struct Outcome {
    ours: Vec<Run>,
    reference: Vec<Run>,
}

impl Contest<'_> {
    /// Runs both by turns.
    pub(super) fn run(&self) -> Result<Outcome> {
        let mut outcome = Outcome { ours: Vec::new(), reference: Vec::new() };
        for _ in 0..self.pairs {
            outcome.ours.push(self.ours.run(None)?);
            if outcome.reference.last().is_none_or(|run| run.wall <= self.repeated_max) {
                outcome.reference.push(self.reference.run(self.limit)?);
            }
        }
        Ok(outcome)
    }

    /// The row of the table.
    pub(super) fn row(&self, load: &str, sockets: u64, outcome: &Outcome) -> Row {
        let (ours, reference) = (seconds(&outcome.ours), seconds(&outcome.reference));
        let cut = outcome.reference.iter().any(|run| run.cut);
        let ratio = ratios(&ours, &reference, 0.0).median();
        let best = Sample::new(ours.iter().copied()).best() / Sample::new(reference.iter().copied()).best();
        let bound = if cut { "less than " } else { "" };
        let verdict = match self.target.judge_times(&ours, &reference, sockets) {
            // The reference takes longer than we know, so the ratio is smaller than we know.
            Verdict::Missed if cut => Verdict::Undecided,
            verdict => verdict,
        };
        Row {
            what: self.what.to_owned(),
            load: load.to_owned(),
            ours: time(&outcome.ours),
            reference: format!(
                "{}: {}{}",
                self.reference_name,
                if cut { "over " } else { "" },
                time(&outcome.reference)
            ),
            ratio: format!("{bound}{}", report::ratio(ratio)),
            best: format!("{bound}{}", report::ratio(best)),
            target: self.target.to_string(),
            verdict,
        }
    }
}

impl Outcome {
    /// The most memory that sockeye held in any of these runs, in bytes.
    pub(super) fn peak_bytes(&self) -> u64 {
        self.ours.iter().map(|run| run.peak_bytes).max().unwrap_or(0)
    }
}

/// The row of a peak of memory, over the runs of several comparisons.
pub(super) fn memory_row(what: &str, load: &str, peak_bytes: u64, bound_bytes: u64) -> Row {
    let target = Target::Memory(bound_bytes);
    let verdict: Verdict = target.judge_memory(peak_bytes);
    let (what, load) = (what.to_owned(), load.to_owned());
    let ours = report::mebibytes(peak_bytes);
    Row { what, load, ours, target: target.to_string(), verdict, ..Row::default() }
}

fn seconds(runs: &[Run]) -> Vec<f64> {
    runs.iter().map(|run| run.wall.as_secs_f64()).collect()
}

/// Median time, and median processor time, for people.
fn time(runs: &[Run]) -> String {
    let wall = Sample::of_times(runs.iter().map(|run| run.wall)).median();
    let cpu = Sample::of_times(runs.iter().map(|run| run.cpu)).median();
    format!("{} (CPU {})", report::seconds(wall), report::seconds(cpu))
}
