//! The test programs under one privilege, some at a time.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use super::container;
use super::place::{self, Room};
use super::privilege::{NOBODY, Privilege};
use super::programs;
use crate::suite::build::{Program, REPOSITORY};
use crate::suite::outcome::Outcome;

/// Several times what the longest takes: reaching it means that it hangs.
const SECONDS_MAX: &str = "1800";

/// The suite under one privilege.
pub(super) struct Run {
    pub(super) privilege: Privilege,
    pub(super) outcomes: Vec<Outcome>,
    pub(super) seconds: u64,
    /// Where the output of every program is.
    pub(super) results: PathBuf,
}

impl Run {
    /// What the last one left, if there was one.
    pub(super) fn last(privilege: Privilege, programs: &[&Program]) -> Result<Option<Self>> {
        let results = results(privilege, &[])?;
        if !results.exists() {
            return Ok(None);
        }
        let last = |program: &&Program| {
            let changed = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
            let end = results.join(format!("{}.end", program.name.replace('/', ".")));
            // What an earlier build of it did says nothing of this one.
            match changed(&end).zip(program.built()) {
                Some((ended, built)) if ended >= built => outcome(&results, &program.name),
                _ => Ok(Outcome::unknown(&program.name, "it was not run since it was built")),
            }
        };
        let outcomes: Vec<Outcome> = programs.iter().map(last).collect::<Result<_>>()?;
        let seconds = outcomes.iter().map(|outcome| u64::from(outcome.seconds)).sum();
        Ok(Some(Self { privilege, outcomes, seconds, results }))
    }
}

/// Where the output of every program is kept; of programs that were told to run a part, somewhere else.
fn results(privilege: Privilege, told: &[String]) -> Result<PathBuf> {
    let part = if told.is_empty() { "" } else { "part" };
    Ok(Path::new(REPOSITORY).canonicalize()?.join("target/privileges").join(part).join(privilege.to_string()))
}

/// Reads what is kept of a program.
fn outcome(results: &Path, name: &str) -> Result<Outcome> {
    let read = |kind: &str| {
        let path = results.join(format!("{}.{kind}", name.replace('/', ".")));
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        anyhow::Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    let Ok(end) = read("end") else { return Ok(Outcome::unknown(name, "it was not run to its end")) };
    let mut outcome = Outcome::of(name, &read("out")?, &read("err")?, &end);
    if outcome.is_empty {
        // A program whose tests need a feature, or that has none.
        outcome.trouble = None;
    }
    Ok(outcome)
}

/// How programs are run.
pub(super) struct Runner<'r> {
    pub(super) room: &'r Room,
    pub(super) is_root: bool,
    /// Where `cargo test` has what is temporary (`CARGO_TARGET_TMPDIR`), if it is not the user's.
    pub(super) written: Option<PathBuf>,
    /// Programs at a time.
    pub(super) jobs: usize,
    /// What each of them is told.
    pub(super) told: &'r [String],
}

impl Runner<'_> {
    /// Runs all of them.
    pub(super) fn run(&self, privilege: Privilege, programs: &[&Program]) -> Result<Run> {
        let results = results(privilege, self.told)?;
        fs::create_dir_all(&results).with_context(|| format!("cannot make {}", results.display()))?;
        self.written.as_deref().map_or(Ok(()), place::empty)?;
        let started = Instant::now();
        let outcomes = Mutex::new(Vec::new());
        for part in programs::parts(programs) {
            self.at_once(privilege, &part, &results, &outcomes)?;
        }
        let mut outcomes = outcomes.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.again(privilege, programs, &results, &mut outcomes)?;
        outcomes.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(Run { privilege, outcomes, seconds: started.elapsed().as_secs(), results })
    }

    /// Some tests measure, which beside other programs fails by chance: what failed is run once more, alone. What it lacks a
    /// privilege for fails again.
    fn again(
        &self,
        privilege: Privilege,
        programs: &[&Program],
        results: &Path,
        outcomes: &mut [Outcome],
    ) -> Result<()> {
        for outcome in outcomes.iter_mut().filter(|outcome| !outcome.is_good()) {
            let Some(program) = programs.iter().find(|program| program.name == outcome.name) else { continue };
            let what = outcome.failed.iter().cloned().chain(outcome.trouble.clone()).collect::<Vec<_>>().join(", ");
            println!("FAILED beside others, and run again alone: as {}: {}: {what}", privilege.title(), outcome.name);
            let name = program.name.replace('/', ".");
            for kind in ["out", "err"] {
                let kept = results.join(format!("{name}.{kind}"));
                fs::rename(&kept, results.join(format!("{name}.first.{kind}")))
                    .with_context(|| format!("cannot keep {}", kept.display()))?;
            }
            *outcome = self.one(privilege, program, results)?;
        }
        Ok(())
    }

    /// Runs some programs, as many at a time as may be.
    fn at_once(
        &self,
        privilege: Privilege,
        programs: &[&Program],
        results: &Path,
        outcomes: &Mutex<Vec<Outcome>>,
    ) -> Result<()> {
        let next = AtomicUsize::new(0);
        let work = || -> Result<()> {
            while let Some(program) = programs.get(next.fetch_add(1, Ordering::Relaxed)) {
                let outcome = self.one(privilege, program, results)?;
                outcomes.lock().unwrap_or_else(PoisonError::into_inner).push(outcome);
            }
            Ok(())
        };
        thread::scope(|scope| {
            let threads: Vec<_> = (0..self.jobs).map(|_| scope.spawn(work)).collect();
            let ended = threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| bail!("a thread died")));
            ended.collect::<Vec<Result<()>>>().into_iter().collect::<Result<()>>()
        })
    }

    fn one(&self, privilege: Privilege, program: &Program, results: &Path) -> Result<Outcome> {
        let name = program.name.replace('/', ".");
        let (out, err) = (results.join(format!("{name}.out")), results.join(format!("{name}.err")));
        let file = |path: &Path| File::create(path).with_context(|| format!("cannot write {}", path.display()));
        let end = results.join(format!("{name}.end"));
        // What an earlier run left of the program is not what this one did.
        if end.exists() {
            fs::remove_file(&end).with_context(|| format!("cannot remove {}", end.display()))?;
        }
        let part = self.room.part()?;
        let mut command = Command::new("timeout");
        command.args(["-k", "10", SECONDS_MAX]).args(self.words(privilege)?).arg(&program.path).args(self.told);
        command.current_dir(&program.folder).stdin(Stdio::null()).stdout(file(&out)?).stderr(file(&err)?);
        command.env("TMPDIR", &part).env("HOME", &part).env("RUST_BACKTRACE", "0");
        // What a test cannot do is said, and judged here.
        for variable in ["SOCKEYE_SKIP", "SOCKEYE_BLESS", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"] {
            command.env_remove(variable);
        }
        let started = Instant::now();
        let child = match privilege {
            Privilege::Container => container::fill(&mut command),
            _ => command.spawn().context("it cannot be started"),
        };
        let status = match child {
            Ok(mut child) => child.wait().context("a child of ours")?,
            Err(error) => return Ok(Outcome::unknown(&program.name, &format!("{error:#}"))),
        };
        let ended =
            status.code().map_or_else(String::new, |code| format!("{code} 0 {}", started.elapsed().as_secs_f64()));
        fs::write(&end, ended).with_context(|| format!("cannot write {}", end.display()))?;
        outcome(results, &program.name)
    }

    /// What a program is started by.
    fn words(&self, privilege: Privilege) -> Result<Vec<String>> {
        let words = match privilege {
            Privilege::Root => vec![],
            Privilege::User if !self.is_root => vec![],
            Privilege::User => vec![
                "setpriv",
                "--reuid",
                NOBODY,
                "--regid",
                NOBODY,
                "--clear-groups",
                "--inh-caps",
                "-all",
                "--ambient-caps",
                "-all",
                "--bounding-set",
                "-all",
                "--",
            ],
            Privilege::Container => container::of_many_users(),
            Privilege::OneUserContainer => container::of_one_user(self.is_root),
            Privilege::Without(_) | Privilege::WithoutOthers => {
                let names: Vec<String> = privilege.lacking()?.iter().map(|name| format!("-{name}")).collect();
                let names = names.join(",");
                let words = ["setpriv", "--inh-caps", &names, "--ambient-caps", &names, "--bounding-set", &names, "--"];
                return Ok(words.map(str::to_owned).to_vec());
            }
        };
        Ok(words.into_iter().map(str::to_owned).collect())
    }
}
