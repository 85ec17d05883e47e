//! Short connections, as many as the machine can make: all of them told, nothing lost, and what that costs the load.

use std::time::Duration;

use anyhow::Result;

use super::super::namespace;
use super::super::report::{self, Row};
use super::super::short::{Made, SENT, Short};
use super::super::statistics::{Sample, to_f64};
use super::super::target::{Verdict, ratios};
use super::tally::Tally;
use super::watcher::{Heard, Watched, Watcher};
use super::{Measuring, counters};

const LASTS: Duration = Duration::from_secs(10);
const LASTS_SMALL: Duration = Duration::from_millis(500);
/// Of a run with or without a watcher where there is no target: short, because what else runs on the machine comes and goes.
const TURN: Duration = Duration::from_secs(2);
/// There are more of these.
const TURNS_TIMES: usize = 2;
/// Connections a second where the kernel tells of ends only.
const RATE_ENDS: u32 = 5000;
/// What a load may lose of its speed.
const COST_MAX: f64 = 0.05;

/// Everything that happens, by BPF.
const TRACED: &str = "--source bpf";
/// Only births and ends, by BPF. Of TCP: the socket that brought `lo` up may end late.
const TRACED_ENDS: &str = "--source bpf tcp and (opened or accepted or closed)";
const BIRTHS_AND_ENDS: &str = "births and ends";
/// What anybody may hear.
const DUMPS: &str = "--source dumps tcp and closed";

/// Where load and watcher run.
struct Place {
    name: &'static str,
    threads: u16,
    /// Whether a connection has a thread for each of its ends.
    apart: bool,
    load: Option<usize>,
    watcher: Option<usize>,
    /// Whether the load may lose so little of its speed here. What sockeye takes of processors that the load could have used is
    /// missing there, however little it is.
    has_target: bool,
}

impl Place {
    /// The target speaks of births and ends.
    fn has_target_of(&self, what: &str) -> bool {
        self.has_target && what == BIRTHS_AND_ENDS
    }
}

/// Beside each other as far as two processors allow; a client and a server that take turns; and a load that takes both
/// processors whole, so that whatever sockeye takes is missing there.
const PLACES: [Place; 3] = [
    Place {
        name: "load on one processor, sockeye on the other",
        threads: 1,
        apart: false,
        load: Some(0),
        watcher: Some(1),
        has_target: true,
    },
    Place {
        name: "client and server on both processors",
        threads: 1,
        apart: true,
        load: None,
        watcher: None,
        has_target: false,
    },
    Place {
        name: "both processors full of load",
        threads: 2,
        apart: false,
        load: None,
        watcher: None,
        has_target: false,
    },
];

/// Measures in namespaces of its own.
pub(super) fn measure(measuring: &Measuring<'_>, rows: &mut Vec<Row>) -> Result<()> {
    let lasts = measuring.common.size(LASTS, LASTS_SMALL);
    for place in &PLACES {
        let load = Short { threads: place.threads, apart: place.apart, rate: 0, lasts, core: place.load };
        traced(measuring, &load, place, rows)?;
        for (arguments, what) in [(TRACED, "all events"), (TRACED_ENDS, BIRTHS_AND_ENDS)] {
            // What a watch takes while it begins counts for more in a short turn; the target speaks of ten seconds.
            let lasts = if place.has_target_of(what) { lasts } else { lasts.min(TURN) };
            cost(measuring, &Short { lasts, ..load }, place, (arguments, what), rows)?;
        }
    }
    let load = Short { threads: 1, apart: false, rate: RATE_ENDS, lasts, core: None };
    ends(measuring, &load, rows)
}

/// All are told of from birth to end.
fn traced(measuring: &Measuring<'_>, load: &Short, place: &Place, rows: &mut Vec<Row>) -> Result<()> {
    eprintln!("  short connections, counted; {} …", place.name);
    namespace::enter()?;
    let watcher = Watcher::start(measuring.sockeye, TRACED_ENDS, Heard::Counted, place.watcher)?;
    let made = load.run()?;
    watcher.await_ends(2 * made.connections);
    let Watched { tally, usage, .. } = watcher.end()?;
    tally.each_once()?;
    let (endless, unborn) = tally.halves();
    let connections = made.connections;
    let opened = tally.came.len() as u64 - tally.accepted;
    let is_whole = opened == connections && tally.accepted == connections && endless + unborn == 0;
    let is_right = is_whole && is_as_it_was(&tally, connections)?;
    rows.push(Row {
        what: "short connections, every birth and end".to_owned(),
        load: format!("{}, {}", told(&made), place.name),
        ours: format!(
            "{opened} opened, {} accepted, {} ended, {} lost (CPU {})",
            tally.accepted,
            tally.ended.len(),
            lost(&tally),
            report::seconds(usage.cpu.as_secs_f64())
        ),
        target: "all, 0 lost".to_owned(),
        verdict: Verdict::of_count(is_right && tally.gaps == 0 && tally.resynced == 0 && tally.unmarked == 0),
        ..Row::default()
    });
    Ok(())
}

/// What it costs the load that they are watched: by turns with and without, with what it says into /dev/null.
fn cost(
    measuring: &Measuring<'_>,
    load: &Short,
    place: &Place,
    (arguments, what): (&str, &str),
    rows: &mut Vec<Row>,
) -> Result<()> {
    eprintln!("  the cost of watching, {what}; {} …", place.name);
    let (mut with, mut without) = (Speeds::default(), Speeds::default());
    let (mut sockeye, mut lossy) = (Vec::new(), 0);
    let has_target = place.has_target_of(what);
    let times = if has_target { 1 } else { measuring.common.size(TURNS_TIMES, 1) };
    for _ in 0..measuring.common.pairs() * times {
        // New each time: a namespace that is full of TIME-WAIT is slower.
        namespace::enter()?;
        without.take(&load.run()?);
        namespace::enter()?;
        let watcher = Watcher::start(measuring.sockeye, arguments, Heard::Nowhere, place.watcher)?;
        let made = load.run()?;
        with.take(&made);
        let Watched { usage, has_lost, .. } = watcher.end()?;
        sockeye.push(usage.cpu.as_secs_f64() / to_f64(made.connections));
        lossy += u64::from(has_lost);
    }
    let ratio = ratios(&with.a_second, &without.a_second, 0.0).median();
    rows.push(Row {
        what: format!("speed of a load that is watched, {what}"),
        load: format!("short connections, {}", place.name),
        ours: format!("{with} (sockeye {:.1} µs each, {lossy} runs with a loss)", 1e6 * Sample::new(sockeye).median()),
        reference: format!("not watched: {without}"),
        ratio: report::ratio(ratio),
        best: report::ratio(with.best() / without.best()),
        ..Row::default()
    });
    if let Some(row) = rows.last_mut().filter(|_| has_target) {
        row.target = format!("≥ {:.2}", 1.0 - COST_MAX);
        // Who loses what happens has less to do.
        row.verdict = Verdict::of(ratio >= 1.0 - COST_MAX && lossy == 0);
    }
    Ok(())
}

/// Runs of a load.
#[derive(Default)]
struct Speeds {
    a_second: Vec<f64>,
    /// The load's own time on a processor for a connection, with what the kernel does in its place. What else runs on the
    /// machine takes from the speed, and hardly from this.
    cpu_each: Vec<f64>,
}

impl Speeds {
    fn take(&mut self, made: &Made) {
        self.a_second.push(made.per_second());
        self.cpu_each.push(made.cpu_each());
    }

    fn best(&self) -> f64 {
        self.a_second.iter().copied().fold(f64::NAN, f64::max)
    }
}

impl std::fmt::Display for Speeds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [a_second, cpu_each] =
            [&self.a_second, &self.cpu_each].map(|all| Sample::new(all.iter().copied()).median());
        write!(f, "{a_second:.0} a second, {:.1} µs each", 1e6 * cpu_each)
    }
}

/// Without BPF: all ends with what they did, and whatever is not known said to be so.
fn ends(measuring: &Measuring<'_>, load: &Short, rows: &mut Vec<Row>) -> Result<()> {
    eprintln!("  short connections without BPF …");
    namespace::enter()?;
    let watcher = Watcher::start(measuring.sockeye, DUMPS, Heard::Counted, None)?;
    let made = load.run()?;
    watcher.await_ends(2 * made.connections);
    let Watched { tally, usage, .. } = watcher.end()?;
    tally.each_once()?;
    let is_right = is_as_it_was(&tally, made.connections)?;
    let is_marked = tally.unmarked == 0 && tally.known_at_end + tally.known_found == tally.ended.len() as u64;
    rows.push(Row {
        what: "without BPF, every end with its counters".to_owned(),
        load: told(&made),
        ours: format!(
            "{} ended: {} known at their end only, {} found before, {} without counters, {} lost (CPU {})",
            tally.ended.len(),
            tally.known_at_end,
            tally.known_found,
            tally.without_counters,
            lost(&tally),
            report::seconds(usage.cpu.as_secs_f64())
        ),
        target: "all, 0 lost".to_owned(),
        verdict: Verdict::of_count(is_right && is_marked && tally.without_counters == 0 && tally.gaps == 0),
        ..Row::default()
    });
    let rate = made.per_second();
    rows.push(Row {
        what: "without BPF, speed of the load".to_owned(),
        load: told(&made),
        ours: format!("{rate:.0} a second"),
        target: format!("{RATE_ENDS} a second"),
        // It is paced, so it never makes more.
        verdict: Verdict::of(rate >= 0.98 * f64::from(RATE_ENDS)),
        ..Row::default()
    });
    Ok(())
}

/// Whether so many connections have two ends each, which carried what they did and sent again what the kernel counts of this namespace.
fn is_as_it_was(tally: &Tally, connections: u64) -> Result<bool> {
    let totals = tally.totals;
    let is_all = tally.ended.len() as u64 == 2 * connections && totals.carried() == carried(connections);
    Ok(is_all && totals.retransmissions == counters::again()?)
}

/// What so many connections carried together, each byte once: where a machine stood still for a moment some were sent again.
fn carried(connections: u64) -> [u64; 2] {
    let sent = SENT as u64;
    // The client's FIN is a byte that the server received, and the other way round.
    [sent * connections, (sent + 2) * connections]
}

fn told(made: &Made) -> String {
    format!(
        "{} connections in {:.1} s",
        made.connections,
        to_f64(u64::try_from(made.took.as_millis()).unwrap_or(0)) / 1e3
    )
}

fn lost(tally: &Tally) -> String {
    tally.lost.map_or("an unknown number".to_owned(), |lost| lost.to_string())
}
