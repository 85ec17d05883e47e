//! What came back from a guest, program by program.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::guest;
use super::lane::Task;

/// How a line about a test that did not run begins; see `zoo::skip`.
const SKIP_PREFIX: &str = "SKIPPED: ";

/// How `timeout` ends where it had to end a program.
const STATUS_OF_TIMEOUT: i32 = 124;

/// What one program said in a guest.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    /// The program.
    pub(super) name: String,
    /// Tests that passed. One that was skipped counts as passed for the harness.
    pub(super) passed: u32,
    /// Tests that failed, by name.
    pub(super) failed: Vec<String>,
    /// Tests that did not run.
    pub(super) skipped: Vec<Skipped>,
    /// How the program itself ended, where that was not as the tests say.
    pub(super) trouble: Option<String>,
    /// What it took.
    pub(super) seconds: u32,
}

/// A test that said that it cannot run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Skipped {
    /// Under which the committed list knows the reason.
    pub(super) key: String,
    /// The test, and what the kernel said.
    pub(super) text: String,
}

impl Outcome {
    /// Reads what the guest left of a task.
    pub(super) fn read(results: &Path, task: &Task) -> Result<Self> {
        let file = guest::file_name(&task.program.name);
        let read = |kind: &str| {
            let path = results.join(format!("{file}.{kind}"));
            let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            anyhow::Ok(String::from_utf8_lossy(&bytes).into_owned())
        };
        let Ok(end) = read("end") else {
            let trouble = Some("the guest ended before it did".to_owned());
            return Ok(Self { name: task.program.name.clone(), trouble, ..Self::default() });
        };
        let mut outcome = Self::of(&read("out")?, &read("err")?, &end);
        outcome.name.clone_from(&task.program.name);
        Ok(outcome)
    }

    /// Whether everything passed that ran.
    pub(super) fn is_good(&self) -> bool {
        self.failed.is_empty() && self.trouble.is_none()
    }

    fn of(out: &str, err: &str, end: &str) -> Self {
        let mut outcome = Self::default();
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
            let named = rest.split_once("; failed: ").map_or("", |(_, names)| names);
            named.split(", ").filter(|name| !name.is_empty()).for_each(|name| self.fail(name));
        }
        if let Some(name) = line.strip_prefix("test ").and_then(|rest| rest.strip_suffix(" ... FAILED")) {
            self.fail(name);
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
    let mut parts = line.splitn(3, ": ");
    let (test, key, reason) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""), parts.next().unwrap_or(""));
    Skipped { key: key.to_owned(), text: format!("{test}: {reason}") }
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
        let outcome = Outcome::of(out, err, "101 12.25 20.5\n");
        assert_eq!((outcome.passed, outcome.failed.as_slice(), outcome.seconds), (2, &["a::c".to_owned()][..], 8));
        assert_eq!(outcome.skipped[0].key, "link:netkit");
        assert_eq!(outcome.skipped[0].text, "a::b: `ip link add`: not supported");
        assert_eq!(outcome.trouble, None, "a test that failed explains the status");
    }

    #[test]
    fn a_harness_of_its_own_names_what_failed_at_the_end() {
        let out = "test a ... said\nFAILED\ntest result: FAILED. 24 passed; failed: events::a, kill::b\n";
        let outcome = Outcome::of(out, "", "101 1 2");
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
            let outcome = Outcome::of(out, "", end);
            assert!(outcome.trouble.as_ref().is_some_and(|said| said.contains(trouble)), "{end}: {outcome:?}");
            assert!(!outcome.is_good());
        }
        assert!(Outcome::of(good, "", "0 1 2").is_good());
    }
}
