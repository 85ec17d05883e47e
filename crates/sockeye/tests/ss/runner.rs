//! A harness that takes an argument of our own.
//!
//! It answers what cargo and people ask of the usual one: names to select tests by, `--exact`, `--skip`, `--list`.

use std::any::Any;
use std::num::NonZero;
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::oracle;

/// A test and the path by which it is known.
pub(crate) type Test = (&'static str, fn());

/// Options of the usual harness with a value, which mean nothing here.
const WITH_VALUE: [&str; 6] = ["--test-threads", "--format", "--color", "--logfile", "--shuffle-seed", "-Z"];

/// What was asked for.
#[derive(Debug, Default)]
struct Asked {
    oracle: Option<String>,
    names: Vec<String>,
    skipped: Vec<String>,
    exact: bool,
    list: bool,
    ignored: bool,
}

impl Asked {
    fn parse(mut words: impl Iterator<Item = String>) -> Self {
        let mut asked = Self::default();
        while let Some(word) = words.next() {
            let (name, joined) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (word.as_str(), None),
            };
            match name {
                "--oracle" => asked.oracle = joined.or_else(|| words.next()),
                "--skip" => asked.skipped.extend(joined.or_else(|| words.next())),
                "--exact" => asked.exact = true,
                "--list" => asked.list = true,
                "--ignored" => asked.ignored = true,
                name if WITH_VALUE.contains(&name) => drop(joined.or_else(|| words.next())),
                name if name.starts_with('-') => {}
                _ => asked.names.push(word),
            }
        }
        asked
    }

    fn wants(&self, test: &str) -> bool {
        let meets = |name: &String| if self.exact { test == name } else { test.contains(name.as_str()) };
        // No test here is ignored.
        !self.ignored && (self.names.is_empty() || self.names.iter().any(meets)) && !self.skipped.iter().any(meets)
    }
}

/// Runs the tests that the command line names.
pub(crate) fn run(tests: &[Test]) -> ExitCode {
    let asked = Asked::parse(std::env::args().skip(1));
    if let Some(path) = &asked.oracle {
        return again_with(path);
    }
    let wanted: Vec<&Test> = tests.iter().filter(|(name, _)| asked.wants(name)).collect();
    if asked.list {
        for (name, _) in wanted {
            println!("{name}: test");
        }
        return ExitCode::SUCCESS;
    }
    println!("\nrunning {} tests", wanted.len());
    let failed = failed(&wanted);
    if failed.is_empty() {
        println!("\ntest result: ok. {} passed\n", wanted.len());
        return ExitCode::SUCCESS;
    }
    println!("\ntest result: FAILED. {} passed; failed: {}\n", wanted.len() - failed.len(), failed.join(", "));
    ExitCode::from(101)
}

/// Runs as many tests at once as there are processors, and tells which of them failed.
fn failed(wanted: &[&Test]) -> Vec<&'static str> {
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some((name, test)) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) {
            if !passes(name, *test) {
                failed.lock().expect("nobody has died").push(*name);
            }
        }
    };
    let workers = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| (0..workers).for_each(|_| drop(scope.spawn(work))));
    failed.into_inner().expect("nobody has died")
}

/// Runs one test on a thread of its name, by which a child in a namespace finds it again.
fn passes(name: &str, test: fn()) -> bool {
    let thread = thread::Builder::new().name(name.to_owned()).spawn(test).expect("a thread can be had");
    let ended: Result<(), Box<dyn Any + Send>> = thread.join();
    println!("test {name} ... {}", if ended.is_ok() { "ok" } else { "FAILED" });
    ended.is_ok()
}

/// Starts this program once more with the oracle in its environment, where children in namespaces find it as well.
fn again_with(path: &str) -> ExitCode {
    let path = std::path::absolute(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let program = std::env::current_exe().expect("a test has a path");
    let mut words = std::env::args().skip(1);
    let mut left = Vec::new();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--oracle" => drop(words.next()),
            joined if joined.starts_with("--oracle=") => {}
            _ => left.push(word),
        }
    }
    let status = Command::new(program).args(left).env(oracle::ORACLE_VARIABLE, path).status();
    let status = status.expect("this program can be run again");
    ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(101))
}
