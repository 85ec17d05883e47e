//! The command line: which targets, how long, from which seed.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail};
use clap::Parser;

use crate::child::{self, Orders, feed};
use crate::finding::target_of;
use crate::random::Random;
use crate::report;
use crate::supervisor::{self, Outcome, Plan};
use crate::target::Entry;

/// What `--at-least` may take, times the time that was asked for: the slowest machine on which a full run is waited for.
const TIMES_MAX: u32 = 10;
/// Rounds of `--at-least`, whatever they took: each is to make up for all that is missing.
const ROUNDS_MAX: u64 = 20;
/// Time of a round at least.
const ROUND_MIN: Duration = Duration::from_secs(5);
/// A target that is given so long has to be fed something: what is made for it once is made in a tenth of that.
const INPUTS_FROM: Duration = Duration::from_secs(1);
/// Of so many inputs of a target some have to be understood: of the hardest one it is every sixth.
const DEEP_FROM: u64 = 1000;

/// Attacks the decoders, engines and parsers of sockeye with mutated bytes, on all cores. Ends with 1 where something
/// panicked, died, was not done after five seconds, or held more than four times its input and 64 KiB; and where fewer
/// inputs were tried than were to be, or a target was given up, fed nothing, or understood less than one input in a hundred
///
/// Some targets may hold more, which the report says in its last column: for records that a range of VLANs only names
/// three times their bytes and twice the long keys of routes, 1 KiB for a row, end or transition of a socket, 1 MiB for
/// a value that is written by its types, and for filters what docs/filter.md ("Limits") says. The reasons are in
/// ARCHITECTURE.md ("Hostile bytes").
#[derive(Debug, Parser)]
#[command(name = "cargo xtask fuzz")]
struct Arguments {
    /// How long, all targets together: 60s, 10m
    #[arg(long = "for", value_name = "TIME", value_parser = time, default_value = "60s")]
    time: Duration,
    /// Goes on until so many inputs were tried, for at most ten times as long; fails where they were not
    #[arg(long, value_name = "NUMBER", value_parser = number, default_value = "0")]
    at_least: u64,
    /// Only this target; again for several
    #[arg(long = "target", value_name = "NAME")]
    targets: Vec<String>,
    /// Where the numbers begin that inputs follow from [default: another one each time]
    #[arg(long, value_name = "NUMBER", value_parser = number)]
    seed: Option<u64>,
    /// Threads [default: as many as there are cores]
    #[arg(long, value_name = "NUMBER")]
    threads: Option<usize>,
    /// The targets, and what each of them reads
    #[arg(long)]
    list: bool,
    /// Feed a kept input again, with whatever it does in plain sight
    #[arg(long, value_name = "FILE")]
    replay: Option<PathBuf>,
    /// Where inputs that did something are kept [default: `findings` beside the program]
    #[arg(long, value_name = "DIRECTORY")]
    findings: Option<PathBuf>,

    /// Attack this target in this process, as told by the one that watches
    #[arg(long, hide = true)]
    inside: Option<String>,
    /// The board that goes with it
    #[arg(long, hide = true)]
    board: Option<PathBuf>,
    /// Feed this target the one input of the seed
    #[arg(long, hide = true)]
    once: Option<String>,
}

/// Runs a program with these targets.
pub fn run(targets: &[Entry]) -> ExitCode {
    match obey(&Arguments::parse(), targets) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::from(2)
        }
    }
}

fn obey(arguments: &Arguments, targets: &[Entry]) -> Result<ExitCode> {
    if arguments.list {
        for entry in targets {
            println!("{:<12} {}", entry.name, entry.about);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let find = |name: &str| {
        let found = targets.iter().find(|entry| entry.name == name);
        found.with_context(|| format!("no target is called {name}: see --list"))
    };
    if let Some(path) = &arguments.replay {
        return replay(find(target_of(path).context("the name of the file begins with that of a target")?)?, path);
    }
    let seed = arguments.seed.unwrap_or_else(seed_of_now);
    if let (Some(name), Some(board)) = (&arguments.once, &arguments.board) {
        child::once(find(name)?, seed, board)?;
        return Ok(ExitCode::SUCCESS);
    }
    let program = std::env::current_exe()?;
    let beside = || program.parent().unwrap_or(Path::new(".")).join("findings");
    let findings = arguments.findings.clone().unwrap_or_else(beside);
    let threads = arguments.threads.or_else(|| thread::available_parallelism().ok().map(Into::into)).unwrap_or(1);
    if let (Some(name), Some(board)) = (&arguments.inside, &arguments.board) {
        let orders = Orders { seed, time: arguments.time, threads, board: board.clone(), findings };
        child::attack(find(name)?, &orders)?;
        return Ok(ExitCode::SUCCESS);
    }
    let chosen = if arguments.targets.is_empty() {
        targets.iter().collect()
    } else {
        arguments.targets.iter().map(|name| find(name)).collect::<Result<Vec<_>>>()?
    };
    let plan = Plan { seed, time: arguments.time, threads, findings };
    let outcomes = rounds(&chosen, &plan, arguments.at_least)?;
    let all = Outcome::of_all(&outcomes);
    if !all.findings.is_empty() {
        println!("\nEach can be fed again with `cargo xtask fuzz --replay FILE`:");
        all.findings.iter().for_each(|finding| println!("{finding}"));
    }
    let mut lacking = Vec::new();
    for (entry, outcome) in chosen.iter().zip(&outcomes) {
        lacking.extend(lacks(outcome, share(plan.time, chosen.len())).map(|what| format!("{}: {what}", entry.name)));
    }
    if all.inputs < arguments.at_least {
        let (wanted, seconds) = (arguments.at_least, all.took.as_secs());
        lacking.push(format!("{wanted} inputs were to be tried, and in {seconds} s were not"));
    }
    if !lacking.is_empty() {
        println!("\nNot everything was attacked as it was to be:");
        println!("{}", lacking.join("\n"));
    }
    Ok(if all.findings.is_empty() && lacking.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What the attack of a target lacks to prove anything, if it was to be attacked for so long.
fn lacks(outcome: &Outcome, asked: Duration) -> Option<String> {
    let Outcome { inputs, deep, given_up, .. } = *outcome;
    if !given_up.is_zero() {
        let left = given_up.as_millis();
        return Some(format!("given up with {left} ms left, because its process died or stood still again and again"));
    }
    if inputs == 0 && asked >= INPUTS_FROM {
        return Some("no input was tried".to_owned());
    }
    if inputs >= DEEP_FROM && report::percent(deep, inputs) == 0 {
        return Some(format!("of {inputs} inputs {deep} were understood, less than one in a hundred"));
    }
    None
}

/// Time of each target.
fn share(time: Duration, targets: usize) -> Duration {
    time / u32::try_from(targets).unwrap_or(1).max(1)
}

/// Attacks each target for its share of the time, and all of them again until enough was tried, something was found, or
/// they took [`TIMES_MAX`] times as long.
fn rounds(chosen: &[&Entry], plan: &Plan, at_least: u64) -> Result<Vec<Outcome>> {
    let mut outcomes: Vec<Outcome> = chosen.iter().map(|_| Outcome::default()).collect();
    let (mut time, mut round) = (plan.time, 0);
    loop {
        let share = share(time, chosen.len());
        println!("seed {:#x}, {} threads, {} ms for each target", plan.seed, plan.threads, share.as_millis());
        println!("{}", report::head());
        for (entry, outcome) in chosen.iter().zip(&mut outcomes) {
            // Inputs of a later round are others.
            let seed = plan.seed.wrapping_add(round << 40);
            let share = Plan { seed, time: share, findings: plan.findings.clone(), ..*plan };
            outcome.add(supervisor::attack(entry, &share).with_context(|| entry.name)?);
            println!("{}", report::line(entry.name, outcome, entry.beyond));
            if outcome.stalls > 0 {
                println!(
                    "{:<12} ({} inputs took long, and did not when they were fed again alone)",
                    "", outcome.stalls
                );
            }
        }
        let all = Outcome::of_all(&outcomes);
        println!("{}", report::line("all", &all, ""));
        time = more(at_least.saturating_sub(all.inputs), &all, plan.time);
        round += 1;
        if time.is_zero() || !all.findings.is_empty() || !all.given_up.is_zero() || round == ROUNDS_MAX {
            return Ok(outcomes);
        }
        println!("\n{} more inputs are to be tried, which takes some {} s", at_least - all.inputs, time.as_secs());
    }
}

/// Time for so many more inputs, and a little more than that: none where there are none, or no time is left for any.
fn more(inputs: u64, tried: &Outcome, asked: Duration) -> Duration {
    let left = (asked * TIMES_MAX).saturating_sub(tried.took);
    // In a rest that is a hundredth of what was asked for, hardly anything is tried, and less of it counted.
    if inputs == 0 || left * 100 < asked {
        return Duration::ZERO;
    }
    let wanted = tried.took.as_millis() * u128::from(inputs) / u128::from(tried.inputs.max(1));
    let wanted = Duration::from_millis(u64::try_from(wanted).unwrap_or(u64::MAX));
    // A round that takes less only starts processes.
    (wanted + wanted / 10).max(ROUND_MIN).min(left)
}

/// Feeds a kept input. What it does is not caught, so that a panic shows its way here.
fn replay(entry: &Entry, path: &Path) -> Result<ExitCode> {
    let input = std::fs::read(path).with_context(|| path.display().to_string())?;
    let target = (entry.make)();
    println!("{} bytes for {}", input.len(), entry.name);
    let mut reader = target.reader();
    reader(&input);
    match feed(&*target, &mut reader, &input) {
        Ok(is_deep) => {
            println!("nothing happened; {}", if is_deep { "it was understood" } else { "it was turned away" });
            Ok(ExitCode::SUCCESS)
        }
        Err(what) => {
            println!("{what}");
            Ok(ExitCode::FAILURE)
        }
    }
}

/// A number that is another one each time.
fn seed_of_now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Random(u64::try_from(since.as_nanos() & u128::from(u64::MAX)).unwrap_or(0)).draw()
}

/// A time: a number and `ms`, `s`, `m` or `h`.
fn time(text: &str) -> Result<Duration> {
    let unit = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(unit);
    let number: u64 = number.parse().context("a time is a number and a unit: 60s, 10m")?;
    Ok(match unit {
        "ms" => Duration::from_millis(number),
        "s" => Duration::from_secs(number),
        "m" => Duration::from_secs(number.saturating_mul(60)),
        "h" => Duration::from_secs(number.saturating_mul(3600)),
        _ => bail!("a time is a number and a unit: 60s, 10m"),
    })
}

/// A number, decimal or with `0x`.
fn number(text: &str) -> Result<u64> {
    Ok(match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16)?,
        None => text.parse()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_on_for_as_long_as_what_is_missing_takes_and_not_for_ever() {
        let tried = |inputs, seconds| Outcome { inputs, took: Duration::from_secs(seconds), ..Outcome::default() };
        let asked = Duration::from_mins(1);
        assert_eq!(more(0, &tried(9_000_000, 60), asked), Duration::ZERO);
        // A third of what was tried is missing: a third of the time, and a tenth of that more.
        assert_eq!(more(3_000_000, &tried(9_000_000, 60), asked).as_secs(), 22);
        assert_eq!(more(7, &tried(9_000_000, 60), asked), ROUND_MIN);
        assert_eq!(more(3_000_000, &tried(90_000, 590), asked), Duration::from_secs(10), "no more than is left");
        assert_eq!(more(3_000_000, &tried(90_000, 600), asked), Duration::ZERO);
        let almost = Outcome { took: Duration::from_micros(599_999_900), ..tried(90_000, 0) };
        assert_eq!(more(3_000_000, &almost, asked), Duration::ZERO);
    }

    #[test]
    fn times_have_units_and_numbers_may_be_hexadecimal() {
        assert_eq!(time("90s").ok(), time("90000ms").ok());
        assert_eq!(time("2m").ok(), Some(Duration::from_mins(2)));
        assert!(time("60").is_err() && time("s").is_err() && time("6d").is_err());
        assert_eq!((number("0x1f").ok(), number("31").ok(), number("x").ok()), (Some(31), Some(31), None));
    }
}
