//! Short connections, as many as the machine can make: all of them told, nothing lost, and what that costs the load.

use std::time::Duration;

use anyhow::Result;

use super::super::namespace;
use super::super::report::{self, Row};
use super::super::short::{Made, SENT, Short};
use super::super::statistics::{Sample, to_f64};
use super::super::target::Verdict;
use super::Measuring;
use super::tally::{Tally, Totals};
use super::watcher::{Heard, Watched, Watcher};

const LASTS: Duration = Duration::from_secs(10);
const LASTS_SMALL: Duration = Duration::from_millis(500);
/// Of a run with or without a watcher: short, because what else runs on the machine comes and goes.
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
/// What anybody may hear.
const DUMPS: &str = "--source dumps tcp and closed";

/// Where load and watcher run.
struct Place {
    name: &'static str,
    threads: u16,
    load: Option<usize>,
    watcher: Option<usize>,
}

/// Beside each other as far as two processors allow; and a load that takes both.
const PLACES: [Place; 2] = [
    Place { name: "load on one processor, sockeye on the other", threads: 1, load: Some(0), watcher: Some(1) },
    Place { name: "load on both processors", threads: 2, load: None, watcher: None },
];

/// Measures in namespaces of its own.
pub(super) fn measure(measuring: &Measuring<'_>, rows: &mut Vec<Row>) -> Result<()> {
    let lasts = measuring.common.size(LASTS, LASTS_SMALL);
    for place in &PLACES {
        let load = Short { threads: place.threads, rate: 0, lasts, core: place.load };
        traced(measuring, &load, place, rows)?;
        let load = Short { lasts: lasts.min(TURN), ..load };
        for (arguments, what) in [(TRACED, "all events"), (TRACED_ENDS, "births and ends")] {
            cost(measuring, &load, place, (arguments, what), rows)?;
        }
    }
    let load = Short { threads: 1, rate: RATE_ENDS, lasts, core: None };
    ends(measuring, &load, rows)
}

/// All are told of from birth to end.
fn traced(measuring: &Measuring<'_>, load: &Short, place: &Place, rows: &mut Vec<Row>) -> Result<()> {
    eprintln!("  short connections, counted; {} …", place.name);
    namespace::enter()?;
    let watcher = Watcher::start(measuring.sockeye, TRACED_ENDS, Heard::Counted, place.watcher)?;
    let made = load.run()?;
    watcher.await_ends(2 * made.connections);
    let Watched { tally, usage } = watcher.end()?;
    tally.each_once()?;
    let (endless, unborn) = tally.halves();
    let connections = made.connections;
    let opened = tally.came.len() as u64 - tally.accepted;
    let is_whole = opened == connections && tally.accepted == connections && endless + unborn == 0;
    let is_right = is_whole && tally.ended.len() as u64 == 2 * connections && tally.totals == totals(connections);
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
    let (mut with, mut without, mut cpu, mut cpu_ratios) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..measuring.common.pairs() * measuring.common.size(TURNS_TIMES, 1) {
        // New each time: a namespace that is full of TIME-WAIT is slower.
        namespace::enter()?;
        let alone = load.run()?;
        without.push(alone.per_second());
        namespace::enter()?;
        let watcher = Watcher::start(measuring.sockeye, arguments, Heard::Nowhere, place.watcher)?;
        let made = load.run()?;
        with.push(made.per_second());
        cpu_ratios.push(made.cpu_each() / alone.cpu_each());
        cpu.push(watcher.end()?.usage.cpu.as_secs_f64() / made.took.as_secs_f64());
    }
    let ratio = Sample::new(with.iter().zip(&without).map(|(with, without)| with / without)).median();
    let best = |rates: &[f64]| rates.iter().copied().fold(f64::NAN, f64::max);
    let best = best(&with) / best(&without);
    let (with, without) = (Sample::new(with).median(), Sample::new(without).median());
    rows.push(Row {
        what: format!("speed of a load that is watched, {what}"),
        load: format!("short connections, {}", place.name),
        ours: format!("{with:.0} a second (CPU {:.0} %)", 100.0 * Sample::new(cpu).median()),
        reference: format!("not watched: {without:.0} a second"),
        ratio: report::ratio(ratio),
        best: report::ratio(best),
        target: format!("≥ {:.2}", 1.0 - COST_MAX),
        verdict: Verdict::of(ratio >= 1.0 - COST_MAX),
    });
    // What else runs on the machine takes from the speed, and not from this.
    rows.push(Row {
        what: format!("processor time of a load that is watched, {what}"),
        load: format!("short connections, {}", place.name),
        reference: "not watched".to_owned(),
        ratio: format!("{:.3}", Sample::new(cpu_ratios).median()),
        ..Row::default()
    });
    Ok(())
}

/// Without BPF: all ends with what they did, and whatever is not known said to be so.
fn ends(measuring: &Measuring<'_>, load: &Short, rows: &mut Vec<Row>) -> Result<()> {
    eprintln!("  short connections without BPF …");
    namespace::enter()?;
    let watcher = Watcher::start(measuring.sockeye, DUMPS, Heard::Counted, None)?;
    let made = load.run()?;
    watcher.await_ends(2 * made.connections);
    let Watched { tally, usage } = watcher.end()?;
    tally.each_once()?;
    let is_right = tally.ended.len() as u64 == 2 * made.connections && tally.totals == totals(made.connections);
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

/// What the ends of so many connections have to say together.
fn totals(connections: u64) -> Totals {
    let sent = SENT as u64;
    // The client's FIN is a byte that the server received, and the other way round.
    Totals { sent: sent * connections, sent_again: 0, received: (sent + 2) * connections, retransmissions: 0 }
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
