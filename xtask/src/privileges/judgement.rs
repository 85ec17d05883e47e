//! What a run is worth: whether everything passed that ran, and what did not run for which reason.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::run::Run;
use crate::suite::allowed::{self, Allowed, Judged};
use crate::suite::outcome::Outcome;

/// One line for each: privileges or `*`, a key, the reason, divided by tabs.
const OF_PRIVILEGES: &str = include_str!("../../../tests/privilege-skips.txt");
/// What a kernel may lack, whoever asks.
const OF_KERNELS: &str = include_str!("../../../tests/allowed-skips.txt");

/// The reasons that count.
pub(super) struct Reasons {
    of_privileges: Vec<Allowed>,
    /// These, and what a kernel may lack.
    all: Vec<Allowed>,
}

impl Reasons {
    pub(super) fn read() -> Result<Self> {
        let of_privileges = allowed::read(OF_PRIVILEGES)?;
        // What is known of privileges is normal only under those that are named.
        let of_kernels = allowed::everywhere(OF_KERNELS)?;
        let of_kernels =
            of_kernels.into_iter().filter(|kernel| !of_privileges.iter().any(|other| other.key == kernel.key));
        let all = allowed::read(OF_PRIVILEGES)?.into_iter().chain(of_kernels).collect();
        Ok(Self { of_privileges, all })
    }

    /// Compares a run with them.
    pub(super) fn judge(&self, run: &Run) -> Judged {
        allowed::judge(&self.all, &run.privilege.to_string(), &run.outcomes)
    }

    /// A run in numbers.
    pub(super) fn count(&self, run: &Run) -> Numbers {
        Numbers::of(&run.outcomes, |key| self.of_privilege(run, key).is_some())
    }

    /// Why a test is skipped under a privilege, where that is because of it.
    pub(super) fn of_privilege(&self, run: &Run, key: &str) -> Option<&'static str> {
        allowed::find(&self.of_privileges, &run.privilege.to_string(), key).map(|known| known.reason)
    }
}

/// A run in numbers.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Numbers {
    /// Tests that ran and passed.
    pub(super) ran: u32,
    pub(super) failed: u32,
    /// Tests that did not run at all for want of a privilege, by the key of the first reason.
    pub(super) skipped: BTreeMap<String, u32>,
    /// Tests that ran but for a part that wants a privilege, by key.
    pub(super) in_part: BTreeMap<String, u32>,
    /// Tests that did not run because the kernel lacks what they ask for.
    pub(super) lacking: u32,
}

impl Numbers {
    /// `is_privilege`: whether a key is about privileges, and not about the kernel.
    fn of(outcomes: &[Outcome], is_privilege: impl Fn(&str) -> bool) -> Self {
        let mut numbers = Self::default();
        for outcome in outcomes {
            numbers.ran += outcome.ran();
            numbers.failed +=
                u32::try_from(outcome.failed.len()).unwrap_or(u32::MAX) + u32::from(outcome.trouble.is_some());
            let whole = outcome.skipped_whole();
            let mut counted = BTreeSet::new();
            for skipped in &outcome.skipped {
                let (is_whole, is_privilege) = (whole.contains(skipped.test.as_str()), is_privilege(&skipped.key));
                if is_whole && !counted.insert((skipped.test.as_str(), "")) {
                    continue;
                }
                match (is_whole, is_privilege) {
                    (true, true) => *numbers.skipped.entry(skipped.key.clone()).or_default() += 1,
                    (true, false) => numbers.lacking += 1,
                    (false, true) if counted.insert((skipped.test.as_str(), skipped.key.as_str())) => {
                        *numbers.in_part.entry(skipped.key.clone()).or_default() += 1;
                    }
                    (false, _) => {}
                }
            }
        }
        numbers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_list_can_be_read_and_says_nothing_twice() {
        let reasons = Reasons::read().expect("three parts a line");
        allowed::says_nothing_twice(&reasons.of_privileges);
        allowed::says_nothing_twice(&reasons.all);
    }

    #[test]
    fn a_test_is_counted_once_whatever_it_lacks() {
        let out = "test a ... ok\ntest b ... ok\ntest c ... ok\ntest d ... ok\ntest result: ok. 4 passed; 0 failed\n";
        let err = "SKIPPED: a: bpf: x\nSKIPPED: a: user: x\nSKIPPED: b in part: tun: y\nSKIPPED: b in part: tun: y\n\
            SKIPPED: c: dccp: z\nSKIPPED: d in part: dccp: z\n";
        let outcomes = [Outcome::of("p/q", out, err, "0 1 2")];
        let numbers = Numbers::of(&outcomes, |key| key != "dccp");
        let one = |key: &str| BTreeMap::from([(key.to_owned(), 1)]);
        assert_eq!(numbers, Numbers { ran: 2, failed: 0, skipped: one("bpf"), in_part: one("tun"), lacking: 1 });
    }
}
