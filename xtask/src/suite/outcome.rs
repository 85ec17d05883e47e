//! What a test program said, and how it ended.

use std::collections::BTreeSet;

/// How a line about a test that did not run begins; see `zoo::skip`.
const SKIP_PREFIX: &str = "SKIPPED: ";

/// How `timeout` ends where it had to end a program.
const STATUS_OF_TIMEOUT: i32 = 124;

/// What one program said.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// The program.
    pub(crate) name: String,
    /// Tests that passed. One that was skipped counts as passed for the harness.
    pub(crate) passed: u32,
    /// Tests that failed, by name.
    pub(crate) failed: Vec<String>,
    /// Tests that did not run, wholly or in part.
    pub(crate) skipped: Vec<Skipped>,
    /// How the program itself ended, where that was not as the tests say.
    pub(crate) trouble: Option<String>,
    /// What it took.
    pub(crate) seconds: u32,
    /// Tests that passed, by name.
    pub(crate) names: BTreeSet<String>,
    /// It has no test at all, and none was left out.
    pub(crate) is_empty: bool,
}

/// A test that said that it cannot run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Skipped {
    /// Under which the committed list knows the reason.
    pub(crate) key: String,
    /// The test, or the part of it.
    pub(crate) test: String,
    /// What the kernel said.
    pub(crate) reason: String,
}

impl Outcome {
    /// A program of which nothing is known, and why.
    pub(crate) fn unknown(name: &str, trouble: &str) -> Self {
        Self { name: name.to_owned(), trouble: Some(trouble.to_owned()), ..Self::default() }
    }

    /// Whether everything passed that ran.
    pub(crate) fn is_good(&self) -> bool {
        self.failed.is_empty() && self.trouble.is_none()
    }

    /// Tests that passed and were not skipped as a whole: what really ran.
    pub(crate) fn ran(&self) -> u32 {
        self.passed.saturating_sub(u32::try_from(self.skipped_whole().len()).unwrap_or(u32::MAX))
    }

    /// Tests that did not run at all. A skip of a part has the test's name and more.
    pub(crate) fn skipped_whole(&self) -> BTreeSet<&str> {
        self.skipped.iter().map(|skipped| skipped.test.as_str()).filter(|test| self.names.contains(*test)).collect()
    }

    /// Reads what a program wrote to standard output and standard error, and `STATUS START END` of it.
    pub(crate) fn of(name: &str, out: &str, err: &str, end: &str) -> Self {
        let mut outcome = Self { name: name.to_owned(), ..Self::default() };
        let mut numbers = end.split_whitespace();
        let status: Option<i32> = numbers.next().and_then(|status| status.parse().ok());
        let mut seconds = numbers.filter_map(|number| number.parse::<f64>().ok());
        if let (Some(start), Some(end)) = (seconds.next(), seconds.next()) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds of a test's run")]
            let whole = (end - start).max(0.0).round() as u32;
            outcome.seconds = whole;
        }
        for line in out.lines() {
            outcome.read_line(line);
        }
        outcome.skipped = err.lines().filter_map(|line| line.strip_prefix(SKIP_PREFIX)).map(skipped).collect();
        let is_told = out.lines().any(|line| line.starts_with("test result: "));
        outcome.trouble = match status {
            Some(STATUS_OF_TIMEOUT) => Some("it did not end in its time".to_owned()),
            Some(0) if is_told && outcome.passed == 0 => Some("it ran no test".to_owned()),
            Some(0) if is_told => None,
            Some(_) if is_told && !outcome.failed.is_empty() => None,
            Some(status) => Some(format!("it ended with status {status}, which its tests do not explain")),
            None => Some("how it ended is not known".to_owned()),
        };
        outcome
    }

    /// Reads a line of a harness: the usual one, or that of `sockeye/ss`, which names what failed at its end. Tests run
    /// themselves once more in their namespaces, and where they fail print what that said: the last end is that of all.
    fn read_line(&mut self, line: &str) {
        if let Some(rest) = line.strip_prefix("test result: ") {
            let passed = rest.split(". ").nth(1).and_then(|rest| rest.split(' ').next()?.parse().ok());
            self.passed = passed.unwrap_or(0);
            self.is_empty = self.passed == 0 && rest.starts_with("ok. ") && rest.contains("; 0 filtered out");
            let named = rest.split_once("; failed: ").map_or("", |(_, names)| names);
            named.split(", ").filter(|name| !name.is_empty()).for_each(|name| self.fail(name));
        }
        let named = line.strip_prefix("test ").and_then(|rest| rest.split_once(" ... "));
        match named {
            Some((name, "FAILED")) => self.fail(name),
            // What is kept of the output of a test may stand between its name and how it ended.
            Some((name, _)) => drop(self.names.insert(name.to_owned())),
            None => {}
        }
    }

    fn fail(&mut self, name: &str) {
        if !self.failed.iter().any(|failed| failed == name) {
            self.failed.push(name.to_owned());
        }
    }
}

/// `test: key: reason`, of which the test's name may have colons, but none before a blank.
fn skipped(line: &str) -> Skipped {
    let mut parts = line.splitn(3, ": ").map(str::to_owned);
    let mut next = || parts.next().unwrap_or_default();
    Skipped { test: next(), key: next(), reason: next() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_read_from_what_the_harness_says() {
        let out = "running 3 tests\ntest a::b ... ok\ntest a::c ... FAILED\ntest d ... ok\n\
            test a::c ... FAILED\ntest result: FAILED. 0 passed; 1 failed\n\
            test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 4 filtered out; finished in 3.14s\n";
        let err = "noise\nSKIPPED: a::b: link:netkit: `ip link add`: not supported\n";
        let outcome = Outcome::of("p/q", out, err, "101 12.25 20.5\n");
        assert_eq!((outcome.passed, outcome.failed.as_slice(), outcome.seconds), (2, &["a::c".to_owned()][..], 8));
        assert_eq!(outcome.skipped[0].key, "link:netkit");
        assert_eq!(
            (outcome.skipped[0].test.as_str(), outcome.skipped[0].reason.as_str()),
            ("a::b", "`ip link add`: not supported")
        );
        assert_eq!(outcome.trouble, None, "a test that failed explains the status");
    }

    #[test]
    fn a_program_without_tests_is_told_from_one_of_which_none_was_wanted() {
        let is_empty = |left: u32| {
            let out = format!("test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; {left} filtered out\n");
            Outcome::of("p/q", &out, "", "0 1 2").is_empty
        };
        assert_eq!([is_empty(0), is_empty(31)], [true, false]);
    }

    #[test]
    fn what_ran_is_what_was_not_skipped_as_a_whole() {
        let out = "test a::b ... ok\ntest c ... ok\ntest d ... said\nok\ntest e ... ok\n\
            test result: ok. 4 passed; 0 failed\n";
        let err = "SKIPPED: a::b: bpf: x\nSKIPPED: a::b: setpriv: y\nSKIPPED: c in part: link:amt: z\n\
            SKIPPED: tcp beside ss: tcp: w\nSKIPPED: d: bpf: x\n";
        let outcome = Outcome::of("p/q", out, err, "0 1 2");
        assert_eq!(outcome.skipped_whole().into_iter().collect::<Vec<_>>(), ["a::b", "d"]);
        assert_eq!((outcome.passed, outcome.ran(), outcome.skipped.len()), (4, 2, 5));
    }

    #[test]
    fn a_harness_of_its_own_names_what_failed_at_the_end() {
        let out = "test a ... said\nFAILED\ntest result: FAILED. 24 passed; failed: events::a, kill::b\n";
        let outcome = Outcome::of("p/q", out, "", "101 1 2");
        assert_eq!((outcome.passed, outcome.failed), (24, vec!["events::a".to_owned(), "kill::b".to_owned()]));
    }

    #[test]
    fn a_program_that_ends_otherwise_is_no_success() {
        let good = "test result: ok. 3 passed; 0 failed; 0 ignored\n";
        for (out, end, trouble) in [
            (good, "124 1 2", "it did not end in its time"),
            (good, "139 1 2", "status 139"),
            ("", "0 1 2", "status 0"),
            ("test result: ok. 0 passed; 0 failed; 31 filtered out\n", "0 1 2", "no test"),
            (good, "", "not known"),
        ] {
            let outcome = Outcome::of("p/q", out, "", end);
            assert!(outcome.trouble.as_ref().is_some_and(|said| said.contains(trouble)), "{end}: {outcome:?}");
            assert!(!outcome.is_good());
        }
        assert!(Outcome::of("p/q", good, "", "0 1 2").is_good());
    }
}
