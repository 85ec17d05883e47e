//! The soak itself: who runs, what moves, what is measured, and what is held against what in the end.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::Signal;

use super::agree::{self, Agreement};
use super::churn::{Churn, Sockets};
use super::follower::{Follower, PATIENCE};
use super::listings::Listings;
use super::optional::Lacking;
use super::pace::Pace;
use super::page;
use super::place::{self, PLACES};
use super::report::{Outcome, Report, Times};
use super::terminal::Terminal;

/// Time between two samples.
const SAMPLE: Duration = Duration::from_millis(250);
/// Of the time, this part is not measured: tables fill, and the allocator learns.
const WARM_UP: f64 = 1.0 / 3.0;
/// Samples between two stops of the watch that shall lose something, and samples that it stands still.
const STOP_EVERY: u64 = 20;
const STOPPED: u64 = 3;
/// Samples between two keys of `top`.
const KEY_EVERY: u64 = 8;
/// Keys that show another pane, the details of a row, the help, and come back.
const KEYS: [&[u8]; 8] = [b"\t", b"j", b"\r", b"\x1b", b"\t", b"?", b"\x1b", b"s"];
/// Between two comparisons with the kernel's tables: what the kernel changes without a word is found after that.
const AUDIT: Duration = Duration::from_secs(10);
/// On a slow machine this, as many times as it is slower, if that is longer: to compare everything costs more there.
const AUDIT_SLOW: Duration = Duration::from_secs(3);
/// Between two dumps of sockets by the watch that has nothing else.
const INTERVAL: Duration = Duration::from_millis(300);
/// Bytes of events that may wait at the watch that shall lose something.
const BUFFER_SMALL: &str = "20480";

#[derive(clap::Args)]
pub(crate) struct Args {
    #[arg(long)]
    sockeye: PathBuf,
    #[arg(long)]
    milliseconds: u64,
    #[arg(long)]
    seed: u64,
    #[arg(long)]
    slowness: u32,
    #[arg(long)]
    page: bool,
}

impl Args {
    /// These as a command line.
    pub(super) fn line(sockeye: &Path, time: Duration, seed: u64, slowness: u32, page: bool) -> Vec<OsString> {
        let milliseconds = time.as_millis();
        let page = page.then(|| OsString::from("--page"));
        let numbers = [("milliseconds", milliseconds), ("seed", seed.into()), ("slowness", slowness.into())];
        let words =
            numbers.map(|(name, number)| format!("--{name}={number}")).into_iter().chain(["--sockeye".to_owned()]);
        let words = ["soak-stage".to_owned()].into_iter().chain(words).map(OsString::from);
        words.chain([sockeye.as_os_str().to_owned()]).chain(page).collect()
    }
}

/// What a follower is held against in the end.
#[derive(Clone, Copy)]
enum Against {
    Tables(&'static [&'static str]),
    Sockets(&'static [&'static str]),
    Nothing,
}

/// A follower and what it is there for.
struct Role {
    follower: Follower,
    against: Against,
    /// It stands still now and then.
    is_stopped: bool,
}

/// Runs the soak.
pub(super) fn run(args: &Args) -> Result<()> {
    let (time, pace) = (Duration::from_millis(args.milliseconds), Pace::of(args.slowness));
    place::make()?;
    let mut lacking = Lacking::of(PLACES[0])?;
    PLACES.iter().try_for_each(|place| lacking.keep(place))?;
    let mut sockets = Sockets::start(args.seed, pace, &mut lacking)?;
    lacking.sentences().iter().for_each(|sentence| eprintln!("  {sentence}"));
    lacking.judge()?;
    let (mut roles, mut keys) = roles(&args.sockeye, pace)?;
    eprintln!("  {} programs follow {} network namespaces; seed {} …", roles.len(), PLACES.len(), args.seed);
    let churn = Churn::start(args.seed, pace, &lacking);
    let listings = Listings::start(args.sockeye.clone(), &lacking);
    let begin = Instant::now();
    let slowness = u64::from(pace.slowness());
    let mut pressed = KEYS.iter().cycle();
    for sample in 0.. {
        thread::sleep(SAMPLE);
        let at = begin.elapsed();
        if at > time {
            break;
        }
        if sample % KEY_EVERY == 0 {
            keys.write_all(pressed.next().copied().unwrap_or_default()).context("top does not take keys")?;
        }
        for role in &mut roles {
            match sample % (STOP_EVERY * slowness) {
                0 if role.is_stopped => role.follower.signal(Signal::STOP)?,
                at if role.is_stopped && at == STOPPED * slowness => role.follower.signal(Signal::CONT)?,
                _ => {}
            }
            if at > time.mul_f64(WARM_UP) {
                role.follower.sample(at)?;
            }
        }
    }
    for role in roles.iter().filter(|role| role.is_stopped) {
        role.follower.signal(Signal::CONT)?;
    }
    eprintln!("  nothing moves any more …");
    let mut happened = churn.end()?;
    let kinds = listings.end()?;
    happened += sockets.hold()?;
    let mut outcomes = Vec::new();
    for role in &mut roles {
        let agreement = settle(&args.sockeye, pace, role)?;
        let at_last = role.follower.held()?;
        let is_compared = !matches!(role.against, Against::Nothing);
        outcomes.push((agreement, at_last, is_compared, role.is_stopped));
    }
    // Whatever is on the screen: `q` would only leave the help.
    keys.write_all(b"\x03").context("top does not take keys")?;
    let mut outcomes: Vec<_> = roles.into_iter().zip(outcomes).map(|(role, rest)| (role.follower, rest)).collect();
    let mut judged = Vec::new();
    for (follower, (agreement, at_last, is_compared, is_stopped)) in &mut outcomes {
        if follower.name != TOP {
            follower.signal(Signal::INT)?;
        }
        let status = follower.ended()?;
        let (agreement, at_last) = (std::mem::take(agreement), *at_last);
        let (is_compared, is_stopped) = (*is_compared, *is_stopped);
        judged.push(Outcome { follower, is_compared, is_stopped, agreement, at_last, status });
    }
    let report = Report::of(
        &happened,
        &kinds,
        &judged,
        &lacking,
        Times { whole: time, measured: time.mul_f64(1.0 - WARM_UP), pace },
    );
    report.print();
    if args.page {
        page::write(&report, &lacking, time)?;
    }
    if report.complaints.is_empty() {
        return Ok(());
    }
    for complaint in &report.complaints {
        eprintln!("soak: {complaint}");
    }
    bail!("{} complaints; seed {}", report.complaints.len(), args.seed)
}

/// How long it may take until both sides are the same: what ends by a timer takes as long on any machine, some looks longer on a slow one.
const SETTLING: Duration = Duration::from_mins(1);
const LOOKS: Duration = Duration::from_secs(12);

/// Compares until both sides are the same, or for so long that they never will be.
fn settle(sockeye: &Path, pace: Pace, role: &Role) -> Result<Agreement> {
    let until = Instant::now() + SETTLING.max(pace.of_time(LOOKS));
    loop {
        let replica = role.follower.replica();
        let agreement = match role.against {
            Against::Tables(places) => agree::tables(sockeye, &replica, places),
            Against::Sockets(places) => agree::sockets(sockeye, &replica, places)?,
            Against::Nothing => Agreement::default(),
        };
        drop(replica);
        if agreement.differences.is_empty() {
            return Ok(agreement);
        }
        if Instant::now() > until {
            eprintln!("  {}: {} differences that stay", role.follower.name, agreement.differences.len());
            return Ok(agreement);
        }
        thread::sleep(SAMPLE);
    }
}

/// What `top` is called in the table.
const TOP: &str = "top -N soak0";

/// Everybody who follows, and the keys of `top`.
fn roles(sockeye: &Path, pace: Pace) -> Result<(Vec<Role>, std::fs::File)> {
    let command = |words: &str| {
        let mut command = Command::new(sockeye);
        command.args(words.split(' ')).args(["-o", "ndjson", "--snapshot"]);
        command
    };
    let alone = |words: &str| {
        let mut command = place::alone(sockeye);
        command.args(words.split(' ')).args(["-o", "ndjson", "--snapshot"]);
        command
    };
    let all = &PLACES[..];
    let audit = AUDIT.max(pace.of_time(AUDIT_SLOW));
    let [audit, interval] = [audit, pace.of_time(INTERVAL)].map(|time| format!("{}ms", time.as_millis()));
    let patience = pace.of_time(PATIENCE);
    let mut roles = Vec::new();
    let mut role = |follower, against, is_stopped| roles.push(Role { follower, against, is_stopped });
    let name = "watch -N all";
    let watch = alone(&format!("watch -N all --audit {audit}"));
    role(Follower::watch(name, watch, true, patience)?, Against::Tables(all), false);
    let name = "watch -N soak2, stopped now and then";
    let watch = command(&format!("watch -N soak2 --audit {audit} --receive-buffer {BUFFER_SMALL}"));
    role(Follower::watch(name, watch, false, patience)?, Against::Tables(&["soak2"]), true);
    let by_dumps = format!("watch sockets -N soak1 --source dumps --interval {interval}");
    for (name, words, is_alone, places) in [
        ("watch sockets -N all", "watch sockets -N all", true, all),
        ("watch sockets -N soak0", "watch sockets -N soak0", false, &["soak0"][..]),
        ("watch sockets -N soak1, by dumps", &by_dumps, false, &["soak1"][..]),
    ] {
        let watch = if is_alone { alone(words) } else { command(words) };
        role(Follower::watch(name, watch, is_alone, patience)?, Against::Sockets(places), false);
    }
    let mut top = Command::new(sockeye);
    top.args(TOP.split(' '));
    let terminal = Terminal::of(&mut top)?;
    let keys = terminal.keys()?;
    role(Follower::screen(TOP, top, terminal, patience)?, Against::Nothing, false);
    Ok((roles, keys))
}
