//! What was done and measured, and what is wrong with it.

use std::time::Duration;

use super::agree::Agreement;
use super::churn::Happened;
use super::follower::Follower;
use super::gauge::Held;
use super::listings::Kind;
use crate::bench::report::{aligned, mebibytes};

/// What memory may grow by while it is measured, in bytes: what an allocator does with sizes that vary. The longer the
/// soak, the smaller the leak that is found: in a minute 25 KiB a second, in ten 2.5.
const GROWTH_MAX_BYTES: f64 = 1024.0 * 1024.0;
/// What descriptors and threads may grow by: namespaces that pass are followed for a while.
const GROWTH_MAX_COUNT: f64 = 1.0;
/// Descriptors that a follower opens when it first needs them, and then keeps: the program that reads owners, which is
/// loaded by the first question that it is cheaper for. When that is in the second half of the time, the median is from
/// before.
const OPENED_ON_DEMAND: f64 = 1.0;

/// What became of a follower.
pub(super) struct Outcome<'f> {
    pub(super) follower: &'f Follower,
    pub(super) agreement: Agreement,
    /// What it held when nothing moved any more.
    pub(super) at_last: Held,
    pub(super) status: Option<i32>,
}

/// What came of a soak.
pub(super) struct Report {
    /// What was done, a sentence.
    pub(super) happened: String,
    /// Tables.
    pub(super) listings: String,
    pub(super) followers: String,
    /// What audits found, a sentence for each program.
    pub(super) drift: Vec<String>,
    /// What is wrong.
    pub(super) complaints: Vec<String>,
    /// For how long memory and descriptors were looked at.
    pub(super) measured: Duration,
}

impl Report {
    pub(super) fn of(happened: &Happened, kinds: &[Kind], outcomes: &[Outcome<'_>], measured: Duration) -> Self {
        let Happened { told, refused, passed, sockets } = *happened;
        let done = told - refused.min(told);
        let drift = |Outcome { follower, .. }: &Outcome<'_>| {
            let replica = follower.replica();
            let drifted: Vec<_> = replica.drifted.iter().map(|(table, times)| format!("{table} ({times})")).collect();
            let mut sentence =
                format!("Drift that audits of `{}` found, and told: {}", follower.name, drifted.join(", "));
            for difference in &replica.differences {
                sentence.push_str("; ");
                sentence.push_str(difference);
            }
            (!drifted.is_empty()).then_some(sentence)
        };
        let of_listings = kinds.iter().flat_map(|kind| kind.complaints.iter().cloned());
        Self {
            happened: format!(
                "{done} changes by iproute2 ({refused} more were refused), {sockets} sockets or pairs, {passed} namespaces that \
                came and went."
            ),
            listings: listings(kinds),
            followers: followers(outcomes),
            drift: outcomes.iter().filter_map(drift).collect(),
            complaints: of_listings.chain(outcomes.iter().flat_map(complaints)).collect(),
            measured,
        }
    }

    /// Prints everything but the complaints.
    pub(super) fn print(&self) {
        println!("{}\n", self.happened);
        print!("{}", self.listings);
        println!("\nMeasured for {} s, after a warm-up:\n", self.measured.as_secs());
        print!("{}", self.followers);
        self.drift.iter().for_each(|sentence| println!("\n{sentence}"));
    }
}

fn listings(kinds: &[Kind]) -> String {
    let heading = ["listing", "times", "whole", "disturbed, and said so", "wrong", "rows, the last time"];
    let line = |kind: &Kind| {
        let wrong = kind.complaints.len() as u64;
        [
            kind.to_string(),
            kind.times.to_string(),
            (kind.times - kind.excused - wrong).to_string(),
            kind.excused.to_string(),
            wrong.to_string(),
            kind.rows.to_string(),
        ]
    };
    aligned(&std::iter::once(heading.map(str::to_owned)).chain(kinds.iter().map(line)).collect::<Vec<_>>())
}

fn followers(outcomes: &[Outcome<'_>]) -> String {
    let heading = ["program", "changes", "gaps", "memory", "growth", "descriptors", "threads", "same as listed"];
    let line = |outcome: &Outcome<'_>| {
        let follower = outcome.follower;
        let replica = follower.replica();
        let gaps: Vec<_> =
            replica.gaps.iter().map(|(reason, loss)| format!("{} {reason} ({} lost)", loss.gaps, loss.lost)).collect();
        [
            follower.name.to_owned(),
            replica.changes.to_string(),
            if gaps.is_empty() { "–".to_owned() } else { gaps.join(", ") },
            bytes(follower.memory.median()),
            format!("{:.0} KiB", follower.memory.growth() / 1024.0),
            format!(
                "{:.0}, {:.0} at most, {} at last",
                follower.descriptors.median(),
                follower.descriptors.largest(),
                outcome.at_last.descriptors
            ),
            format!("{:.0} at most", follower.threads.largest()),
            if outcome.agreement.compared == 0 {
                "–".to_owned()
            } else if outcome.agreement.differences.is_empty() {
                format!("all {}", outcome.agreement.compared)
            } else {
                format!("**not all** of {}", outcome.agreement.compared)
            },
        ]
    };
    aligned(&std::iter::once(heading.map(str::to_owned)).chain(outcomes.iter().map(line)).collect::<Vec<_>>())
}

/// What must not be.
fn complaints(outcome: &Outcome<'_>) -> Vec<String> {
    let follower = outcome.follower;
    let mut complaints = Vec::new();
    let mut complain = |sentence: String| complaints.push(format!("{}: {sentence}", follower.name));
    if follower.memory.is_empty() {
        complain("nothing was measured".to_owned());
    }
    let growth = follower.memory.growth();
    if growth > GROWTH_MAX_BYTES {
        complain(format!("its memory grows, by {} while it was measured", bytes(growth)));
    }
    for (what, series) in [("descriptors", &follower.descriptors), ("threads", &follower.threads)] {
        if series.growth() > GROWTH_MAX_COUNT {
            complain(format!("its {what} grow, by {:.1} while it was measured", series.growth()));
        }
    }
    let (usual, at_last) = (follower.descriptors.median(), outcome.at_last.descriptors);
    if count(at_last) > usual + OPENED_ON_DEMAND {
        complain(format!("{usual} descriptors while everything moved, {at_last} when nothing moves"));
    }
    if outcome.status != Some(0) {
        let said = follower.complaints().join("; ");
        complain(format!("ended with {:?}: {said}", outcome.status));
    }
    let replica = follower.replica();
    if replica.wrong > 0 {
        complain(format!("{} changes do not fit what was told before: {}", replica.wrong, replica.examples.join("; ")));
    }
    for difference in &outcome.agreement.differences {
        complain(difference.clone());
    }
    complaints
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
pub(super) fn count(count: u64) -> f64 {
    count as f64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an amount of memory")]
fn bytes(bytes: f64) -> String {
    mebibytes(bytes.max(0.0) as u64)
}
