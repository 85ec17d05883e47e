//! `cargo xtask privileges`: the suite as an ordinary user, as root of a container, and as root without each capability.
//!
//! The test programs are those that `cargo test` builds. A test that lacks a privilege says so and is skipped; which of
//! these skips are normal is a committed list, so that a test that stops running is found out.
//!
//! Not here: what each command of `sockeye` says under each privilege, which is `crates/sockeye/tests/privileges`.

mod capability;
mod container;
mod judgement;
mod page;
mod place;
mod privilege;
mod programs;
mod run;

use std::num::NonZero;
use std::path::Path;
use std::thread;

use anyhow::{Context, Result, bail};

use crate::packages;
use crate::suite::build::{self, Program, REPOSITORY};
use crate::suite::outcome::Outcome;
use judgement::{Numbers, Reasons};
use place::Room;
use privilege::Privilege;
use programs::Breadth;
use run::{Run, Runner};

/// Run sockeye's tests as an ordinary user, as root of a container, and as root without a capability
///
/// Fails where a test fails, hangs, or is skipped for a reason that tests/privilege-skips.txt does not name for the
/// privilege. Whoever is not root can be neither root of the machine nor give a container many users: what is not run is
/// said. sockeye/causes is left out, because it measures what holds connections up and needs a machine without other work;
/// programs that ask the kernel nothing run as root and as an ordinary user alone. With nothing left out, it then writes
/// docs/privileges-suite.md.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Each other capability of the kernel by itself too
    #[arg(long, conflicts_with_all = ["under", "test"])]
    all: bool,
    /// Run nothing, and write docs/privileges-suite.md from what the last run of each program under each privilege left, if
    /// that is everything and as it should be
    #[arg(long, conflicts_with_all = ["all", "smoke", "under", "test"])]
    page: bool,
    /// Some minutes: what asks the kernel as an ordinary user and in a container, and what is soon done without four
    /// capabilities
    #[arg(long, conflicts_with_all = ["all", "under", "test"])]
    smoke: bool,
    /// Only under this one: root, user, container, one-user-container, or -CAP_NET_ADMIN and the like. May be repeated
    #[arg(long, value_name = "PRIVILEGE", allow_hyphen_values = true)]
    under: Vec<String>,
    /// Only this test program: sockeye/tool, conn/kernel. May be repeated
    #[arg(long, value_name = "NAME")]
    test: Vec<String>,
    /// Test programs that run at a time; three for two processors, if it is not said, because most of them wait
    #[arg(long, value_name = "NUMBER")]
    jobs: Option<NonZero<usize>>,
    /// What the test programs are told: a part of a test's name, or options of the harness
    #[arg(last = true, requires = "test")]
    told: Vec<String>,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<()> {
    if args.page {
        return write_page(&programs::chosen(build::programs()?, &[])?);
    }
    let is_everything = !args.smoke && args.under.is_empty() && args.test.is_empty();
    let is_root = packages::is_root()?;
    let privileges = match &args.under[..] {
        _ if args.all => Privilege::all()?,
        [] if args.smoke => Privilege::smoke(is_root),
        [] => Privilege::telling(),
        names => names.iter().map(|name| Privilege::named(name)).collect::<Result<_>>()?,
    };
    let (privileges, beyond): (Vec<_>, Vec<_>) =
        privileges.into_iter().partition(|privilege| is_root || !privilege.needs_root());
    for privilege in beyond {
        eprintln!("SKIPPED: privileges: {}: only root can give that", privilege.title());
    }
    if args.all && !is_root {
        bail!("docs/privileges-suite.md is about all privileges, and only root can give them");
    }
    if is_root {
        place::enter()?;
    }
    let built = build::programs()?;
    let room = Room::new()?;
    let mut written = None;
    if is_root {
        let of = |package: &str| -> Result<&Path> {
            let program = built.iter().find(|program| program.name.starts_with(package));
            Ok(&program.with_context(|| format!("no test program of {package}"))?.path)
        };
        // …/target/debug/deps/PROGRAM, wherever that is.
        let target = of("sockeye/")?.ancestors().nth(3).context("no target folder")?.to_owned();
        let repository = Path::new(REPOSITORY).canonicalize()?;
        let paths: Vec<&Path> = built.iter().map(|program| program.path.as_path()).collect();
        place::show(&[&repository, &target], &paths, &target.join("tmp"))?;
        place::hide_names()?;
        written = Some(target.join("tmp"));
    }
    let programs = programs::chosen(built, &args.test)?;
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let jobs = args.jobs.map_or(processors + processors.div_ceil(2), NonZero::get);
    let runner = Runner { room: &room, is_root, written, jobs, told: &args.told };
    let breadth = if args.smoke { Breadth::Smoke } else { Breadth::Whole };
    tell(&runner, &privileges, &programs, &Wanted { breadth, is_every_test: is_everything && is_root })?;
    if is_everything && is_root { write_page(&programs) } else { Ok(()) }
}

/// Writes docs/privileges-suite.md of what the last run of each program left, if that is everything and as it should be.
fn write_page(programs: &[Program]) -> Result<()> {
    let reasons = Reasons::read()?;
    let (mut runs, mut bad) = (Vec::new(), Vec::new());
    for privilege in Privilege::all()? {
        let is_needed = Privilege::telling().contains(&privilege);
        let Some(run) = Run::last(privilege, &programs::under(programs, privilege, Breadth::Whole))? else {
            if is_needed {
                bad.push(format!("{privilege}, as which nothing was run"));
            }
            continue;
        };
        let numbers = reasons.count(&run);
        match report(&run, &numbers, &reasons, true) {
            true => runs.push((run, numbers)),
            false if is_needed => bad.push(privilege.to_string()),
            // Of an earlier build, perhaps.
            false => eprintln!("privileges: {} is left out of the page", privilege.title()),
        }
    }
    if !bad.is_empty() {
        bail!("docs/privileges-suite.md is not written: not everything is as it should be under {}", bad.join(", "));
    }
    page::write(&runs, &reasons)
}

/// What of it is wanted.
struct Wanted {
    breadth: Breadth,
    /// Only then a reason for which nothing was skipped is one too many.
    is_every_test: bool,
}

/// Runs them, and says how it went.
fn tell(runner: &Runner<'_>, privileges: &[Privilege], programs: &[Program], wanted: &Wanted) -> Result<()> {
    let reasons = Reasons::read()?;
    let mut bad = Vec::new();
    for &privilege in privileges {
        let run = runner.run(privilege, &programs::under(programs, privilege, wanted.breadth))?;
        let numbers = reasons.count(&run);
        if !report(&run, &numbers, &reasons, wanted.is_every_test) {
            bad.push(privilege.to_string());
        }
    }
    if bad.is_empty() { Ok(()) } else { bail!("not everything is as it should be under {}", bad.join(", ")) }
}

/// Says how a run went, and whether well.
fn report(run: &Run, numbers: &Numbers, reasons: &Reasons, is_whole: bool) -> bool {
    let sum = |keys: &std::collections::BTreeMap<String, u32>| keys.values().sum::<u32>();
    println!(
        "{}: {} ran and passed, {} not run, {} in part, {} of what the kernel lacks, {} s",
        run.privilege.title(),
        numbers.ran,
        sum(&numbers.skipped),
        sum(&numbers.in_part),
        numbers.lacking,
        run.seconds
    );
    for (key, count) in numbers.skipped.iter().chain(&numbers.in_part) {
        println!("  {count:4} {key}: {}", reasons.of_privilege(run, key).unwrap_or_default());
    }
    for outcome in run.outcomes.iter().filter(|outcome| !outcome.is_good()) {
        for name in &outcome.failed {
            println!("  failed: {} {name}", outcome.name);
        }
        if let Some(trouble) = &outcome.trouble {
            println!("  {}: {trouble}", outcome.name);
        }
    }
    let judged = reasons.judge(run);
    for skipped in &judged.unknown {
        let (test, key, reason) = (&skipped.test, &skipped.key, &skipped.reason);
        println!("  not in tests/privilege-skips.txt for {}: {test}: {key}: {reason}", run.privilege);
    }
    if is_whole {
        for key in &judged.idle {
            println!("  in tests/privilege-skips.txt for {}, but nothing was skipped for it: {key}", run.privilege);
        }
    }
    let is_needed = !is_whole || judged.idle.is_empty();
    let is_good = run.outcomes.iter().all(Outcome::is_good) && judged.unknown.is_empty() && is_needed;
    if !is_good {
        println!("  output of all in {}", run.results.display());
    }
    is_good
}
