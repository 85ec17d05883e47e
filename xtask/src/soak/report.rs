//! What was done and measured, and what is wrong with it.

use std::time::Duration;

use super::agree::Agreement;
use super::churn::Happened;
use super::follower::Follower;
use super::gauge::Held;
use super::listings::Kind;
use super::moved;
use super::optional::Lacking;
use super::pace::Pace;
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

/// Below these nothing has moved, whatever was asserted of it: a machine that is busy does several times as much. Changes by
/// iproute2, sockets, and namespaces that pass, a second.
const CHANGES_MIN: f64 = 10.0;
const SOCKETS_MIN: f64 = 20.0;
const PASSING_MIN: f64 = 0.05;
/// What each follower says a second at least, beside what was there at the beginning; `top` draws.
const TOLD_MIN: f64 = 0.5;
/// What is no loss of a watch: that a namespace is gone, or was before it was found, and what an audit tells of.
const NO_LOSSES: [&str; 3] = ["namespace-gone", "namespace-unfound", "drift"];
/// Other gaps of whoever was not stopped, a second at most: a machine has other work.
const GAPS_MAX: f64 = 0.05;
/// Listings of each kind.
const LISTINGS_MIN: u64 = 2;

/// What became of a follower.
pub(super) struct Outcome<'f> {
    pub(super) follower: &'f Follower,
    /// Whether there is something to hold it against.
    pub(super) is_compared: bool,
    /// It stood still now and then, so that it has to lose something.
    pub(super) is_stopped: bool,
    pub(super) agreement: Agreement,
    /// What it held when nothing moved any more.
    pub(super) at_last: Held,
    pub(super) status: Option<i32>,
}

/// How long it went on, and how fast.
#[derive(Clone, Copy)]
pub(super) struct Times {
    pub(super) whole: Duration,
    /// For how long memory and descriptors were looked at.
    pub(super) measured: Duration,
    pub(super) pace: Pace,
}

/// What came of a soak.
pub(super) struct Report {
    /// What was done, a sentence.
    pub(super) happened: String,
    /// Tables.
    pub(super) listings: String,
    pub(super) followers: String,
    pub(super) tables: String,
    /// What audits found, a sentence for each program.
    pub(super) drift: Vec<String>,
    /// What is wrong.
    pub(super) complaints: Vec<String>,
    /// For how long memory and descriptors were looked at.
    pub(super) measured: Duration,
}

impl Report {
    pub(super) fn of(
        happened: &Happened,
        kinds: &[Kind],
        outcomes: &[Outcome<'_>],
        lacking: &Lacking,
        times: Times,
    ) -> Self {
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
        let of_listings = kinds.iter().flat_map(Kind::complaints);
        let moved = [
            ("changes by iproute2", done, CHANGES_MIN),
            ("sockets", sockets, SOCKETS_MIN),
            ("namespaces that passed", passed, PASSING_MIN),
        ];
        let too_few = moved.into_iter().filter_map(|(what, number, least)| too_few(what, number, least, times));
        Self {
            happened: format!(
                "{done} changes by iproute2 ({refused} more were refused), {sockets} sockets or pairs, {passed} namespaces that \
                came and went."
            ),
            listings: listings(kinds),
            followers: followers(outcomes),
            tables: moved::table(outcomes, lacking),
            drift: outcomes.iter().filter_map(drift).collect(),
            complaints: too_few
                .chain(of_listings)
                .chain(outcomes.iter().flat_map(|outcome| complaints(outcome, times)))
                .chain(outcomes.iter().flat_map(|outcome| moved::complaints(outcome, lacking)))
                .collect(),
            measured: times.measured,
        }
    }

    /// Prints everything but the complaints.
    pub(super) fn print(&self) {
        println!("{}\n", self.happened);
        print!("{}", self.listings);
        println!("\nMeasured for {} s, after a warm-up:\n", self.measured.as_secs());
        print!("{}", self.followers);
        println!();
        print!("{}", self.tables);
        self.drift.iter().for_each(|sentence| println!("\n{sentence}"));
    }
}

fn listings(kinds: &[Kind]) -> String {
    let heading = ["listing", "times", "whole", "disturbed, and said so", "wrong", "rows, the last time"];
    let line = |kind: &Kind| {
        let wrong = kind.wrong.len() as u64;
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

/// That a follower lost something without a reason, or nothing although it had to, so that nobody tried whether it finds back.
fn amiss(losses: u64, is_stopped: bool, time: Duration) -> Option<String> {
    if is_stopped {
        return (losses == 0).then(|| "it was stopped again and again, and lost nothing".to_owned());
    }
    let most = GAPS_MAX * time.as_secs_f64();
    (count(losses) > most).then(|| format!("{losses} gaps, and nobody stopped it"))
}

/// That there was less than so many a second.
fn too_few(what: &str, number: u64, least: f64, times: Times) -> Option<String> {
    let seconds = times.whole.as_secs_f64();
    (count(number) < times.pace.of_rate(least) * seconds)
        .then(|| format!("only {number} {what} in {seconds:.0} s: too little moved"))
}

impl Kind {
    /// What must not be.
    fn complaints(&self) -> Vec<String> {
        let mut complaints = self.wrong.clone();
        if self.times < LISTINGS_MIN {
            complaints.push(format!("{self}: listed {} times", self.times));
        } else if self.excused * 2 > self.times {
            complaints.push(format!("{self}: whole only {} of {} times", self.times - self.excused, self.times));
        }
        complaints
    }
}

/// What must not be.
fn complaints(outcome: &Outcome<'_>, times: Times) -> Vec<String> {
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
    let losses = replica.gaps.iter().filter(|(reason, _)| !NO_LOSSES.contains(&reason.as_str()));
    let losses = losses.map(|(_, loss)| loss.gaps).sum();
    if let Some(sentence) = amiss(losses, outcome.is_stopped, times.whole) {
        complain(sentence);
    }
    if replica.wrong > 0 {
        complain(format!("{} changes do not fit what was told before: {}", replica.wrong, replica.examples.join("; ")));
    }
    if let Some(sentence) = too_few("changes", replica.changes, TOLD_MIN, times) {
        complain(sentence);
    }
    if outcome.is_compared && outcome.agreement.compared == 0 {
        complain("nothing was there to be compared".to_owned());
    }
    if replica.missed > 0 {
        let what = replica.differences.join("; ");
        complain(format!("audits found {} records that changed without a word of it: {what}", replica.missed));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_stopped_has_to_lose_something_and_others_may_not_again_and_again() {
        let minute = Duration::from_mins(1);
        let is_amiss = |losses, is_stopped| amiss(losses, is_stopped, minute).is_some();
        assert!(is_amiss(0, true) && !is_amiss(1, true) && !is_amiss(100, true));
        assert!(!is_amiss(0, false) && !is_amiss(3, false) && is_amiss(4, false));
    }
}
