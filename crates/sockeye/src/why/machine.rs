//! The machine as a whole: what is lost or runs short, by two looks at it.

#[cfg(test)]
mod attacked;
mod counters;
mod dropped;
mod links;
mod look;
mod memory;
mod ports;
mod queues;
mod reuse;

pub(super) use look::Look;

use std::time::Duration;

use super::finding::Finding;

/// Who holds a socket, by its inode: `nginx[4711]`, or nothing where that is not known.
pub(super) type Who<'w> = &'w dyn Fn(u32) -> Option<String>;

/// Whether there are so many hundredths of what there may be. Files hold numbers that a product of 64 bits has no room for.
fn is_near(count: u64, limit: u64, hundredths: u64) -> bool {
    u128::from(count) * 100 >= u128::from(limit) * u128::from(hundredths)
}

/// What two looks at a namespace say, the worst first within each kind.
pub(super) fn findings(before: &Look, now: &Look, elapsed: Duration, who: Who<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    queues::findings(before, now, &|_| true, who, &mut findings);
    dropped::findings(before, now, who, &mut findings);
    ports::findings(before, now, who, &mut findings);
    memory::findings(now, &mut findings);
    links::findings(before, now, &mut findings);
    counters::findings(before, now, elapsed, &mut findings);
    findings
}

/// The same of listeners and of what a program has not closed alone, of those that fit, by their cookies.
pub(super) fn of_those(before: &Look, now: &Look, fits: &dyn Fn(u64) -> bool, who: Who<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    queues::findings(before, now, fits, who, &mut findings);
    ports::close_wait(before, now, fits, who, &mut findings);
    findings
}

/// What one link and its queues lost between two looks.
pub(super) fn lost_on(before: &Look, now: &Look, link: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    links::lost(before, now, |name| name == link || name.ends_with(&format!(" on {link}")), &mut findings);
    findings
}
