//! What the last runs of programs left, where that is everything: a page is made of it without running anything.

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Result, bail};

use super::guest;
use super::lane::{Lane, Task};
use super::offered::Kernel;
use super::run::{self, Run};
use super::smoke::Span;

/// Why what is there of a program does not count.
const NOT_RUN: &str = "not run to the end";
const OTHERWISE: &str = "last run of another build, with other words or another limit of time";
const REBUILT: &str = "not run since it was built";

/// Reads what the last run of each program of a lane left on each kernel.
///
/// # Errors
///
/// If that is not everything.
pub(super) fn runs(kernels: &[&Kernel], lane: &Lane, tasks: &[Task]) -> Result<Vec<Run>> {
    let folder = |kernel: &Kernel| guest::folder(&kernel.release, lane.purpose());
    let missing: Vec<String> =
        kernels.iter().flat_map(|kernel| missing(&folder(kernel), &kernel.release, tasks)).collect();
    if !missing.is_empty() {
        bail!(
            "docs/kernels.md is not written, because not everything was run: {}; \
            `cargo xtask lab --kernel RELEASE --test NAME` runs a program again",
            missing.join("; ")
        );
    }
    kernels.iter().map(|kernel| last(kernel, &folder(kernel), tasks)).collect()
}

fn last(kernel: &Kernel, results: &Path, tasks: &[Task]) -> Result<Run> {
    let outcomes = tasks.iter().map(|task| run::outcome(results, task)).collect::<Result<Vec<_>>>()?;
    // No guest was there for it.
    let now = Instant::now();
    Run::of(kernel, outcomes, Span { boot: now, end: now })
}

/// Which programs are missing on a kernel, a part of a sentence for each reason.
fn missing(results: &Path, release: &str, tasks: &[Task]) -> Vec<String> {
    let of = |why: &str| {
        let is_so = |task: &&Task| lacking(results, task) == Some(why);
        let names: Vec<&str> = tasks.iter().filter(is_so).map(|task| task.program.name.as_str()).collect();
        let names = if names.len() == tasks.len() { "everything".to_owned() } else { names.join(", ") };
        (!names.is_empty()).then(|| format!("on {release} {names} ({why})"))
    };
    [NOT_RUN, OTHERWISE, REBUILT].into_iter().filter_map(of).collect()
}

/// Why what is there of a program is not what a run of it now would have left, if it is not.
fn lacking(results: &Path, task: &Task) -> Option<&'static str> {
    let left = |kind: &str| guest::left(results, &task.program.name, kind);
    let changed = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    let plan = left(guest::PLAN);
    let (Ok(line), true) = (fs::read_to_string(&plan), left(guest::END).exists()) else { return Some(NOT_RUN) };
    if line != guest::line(task) {
        return Some(OTHERWISE);
    }
    // The plan is there before the program begins: what was built while it ran is not what ran.
    match changed(&plan).zip(task.program.built()) {
        Some((planned, built)) if planned >= built => None,
        _ => Some(REBUILT),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::path::PathBuf;
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::suite::build::Program;

    /// When programs were built.
    const BUILT: Duration = Duration::from_secs(1_700_000_000);

    /// A folder with results, and programs that were built.
    struct Lab {
        folder: PathBuf,
        tasks: Vec<Task>,
    }

    impl Lab {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("sockeye-lab-last-{name}-{}", std::process::id()));
            fs::create_dir_all(&folder).expect("a folder");
            let binary = folder.join("sockeye");
            fs::write(&binary, "the program that tests run").expect("a file");
            at(&binary, BUILT);
            let task = |name: &str| {
                let path = folder.join(name);
                fs::write(&path, "a program").expect("a file");
                let program = Program {
                    name: format!("sockeye/{name}"),
                    path,
                    folder: "/src/sockeye".into(),
                    binaries: vec![binary.clone()],
                };
                Task { program, told: vec!["--skip".to_owned(), "causes::".to_owned()], seconds_max: 900 }
            };
            let tasks = ["kinds", "watch"].map(task).into();
            let lab = Self { folder, tasks };
            lab.tasks.iter().for_each(|task| at(&task.program.path, BUILT));
            lab
        }

        /// Runs a task so many seconds after it was built.
        fn run(&self, task: &Task, seconds: u64) {
            for (kind, text) in [
                (guest::PLAN, guest::line(task)),
                (guest::OUT, "test a ... ok\ntest result: ok. 1 passed; 0 failed\n".to_owned()),
                (guest::ERR, String::new()),
                (guest::END, "0 1.5 4.5\n".to_owned()),
            ] {
                let path = guest::left(&self.folder, &task.program.name, kind);
                fs::write(&path, text).expect("a file");
                at(&path, BUILT + Duration::from_secs(seconds));
            }
        }

        fn lacking(&self, task: usize) -> Option<&'static str> {
            lacking(&self.folder, &self.tasks[task])
        }
    }

    impl Drop for Lab {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }

    /// Gives a file its age.
    fn at(path: &Path, time: Duration) {
        let file = File::options().write(true).open(path).expect("a file");
        file.set_modified(SystemTime::UNIX_EPOCH + time).expect("it is ours");
    }

    #[test]
    fn what_was_run_as_it_would_be_now_counts() {
        let lab = Lab::new("counts");
        lab.run(&lab.tasks[0], 0);
        lab.run(&lab.tasks[1], 70);
        assert_eq!(missing(&lab.folder, "6.1", &lab.tasks), Vec::<String>::new());
        let kernel = Kernel::of_package("linux-image-6.1.0-56-amd64").expect("a package");
        let run = last(&kernel, &lab.folder, &lab.tasks).expect("it can be read");
        let outcomes: Vec<(&str, u32, u32)> =
            run.outcomes.iter().map(|outcome| (outcome.name.as_str(), outcome.passed, outcome.seconds)).collect();
        assert_eq!((run.line.as_str(), outcomes), ("6.1", vec![("sockeye/kinds", 1, 3), ("sockeye/watch", 1, 3)]));
    }

    #[test]
    fn what_was_not_run_to_its_end_is_missing() {
        let lab = Lab::new("end");
        assert_eq!(lab.lacking(0), Some(NOT_RUN), "it was never run");
        lab.run(&lab.tasks[0], 70);
        assert_eq!(lab.lacking(0), None);
        fs::remove_file(guest::left(&lab.folder, "sockeye/kinds", guest::END)).expect("it is there");
        assert_eq!(lab.lacking(0), Some(NOT_RUN), "the guest ended before it");
    }

    #[test]
    fn what_was_run_in_another_way_is_missing() {
        let lab = Lab::new("way");
        let task = &lab.tasks[1];
        lab.run(&Task { told: vec!["facts".to_owned()], ..task.clone() }, 70);
        assert_eq!(lab.lacking(1), Some(OTHERWISE), "it was told something else");
        let program = Program { path: lab.folder.join("watch-of-other-flags"), ..task.program.clone() };
        lab.run(&Task { program, ..task.clone() }, 70);
        assert_eq!(lab.lacking(1), Some(OTHERWISE), "it was another program");
    }

    #[test]
    fn what_an_earlier_build_did_says_nothing_of_this_one() {
        let lab = Lab::new("build");
        lab.run(&lab.tasks[0], 70);
        at(&lab.tasks[0].program.path, BUILT + Duration::from_secs(71));
        assert_eq!(lab.lacking(0), Some(REBUILT));
        lab.run(&lab.tasks[0], 72);
        assert_eq!(lab.lacking(0), None);
        // The end of a run that had begun before.
        at(&guest::left(&lab.folder, "sockeye/kinds", guest::PLAN), BUILT + Duration::from_secs(70));
        assert_eq!(lab.lacking(0), Some(REBUILT));
        // The test is as it was, and what it runs is another.
        lab.run(&lab.tasks[1], 72);
        at(&lab.folder.join("sockeye"), BUILT + Duration::from_secs(73));
        assert_eq!(lab.lacking(1), Some(REBUILT));
    }

    #[test]
    fn what_is_missing_is_said_by_kernel_and_reason() {
        let lab = Lab::new("said");
        assert_eq!(missing(&lab.folder, "6.1", &lab.tasks), ["on 6.1 everything (not run to the end)"]);
        lab.run(&lab.tasks[0], 70);
        at(&lab.tasks[0].program.path, BUILT + Duration::from_secs(71));
        assert_eq!(
            missing(&lab.folder, "6.1", &lab.tasks),
            ["on 6.1 sockeye/watch (not run to the end)", "on 6.1 sockeye/kinds (not run since it was built)"]
        );
    }
}
