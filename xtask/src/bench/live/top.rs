//! `sockeye top` with many sockets: what a refresh a second takes, and how soon keys are answered meanwhile.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::super::hold::Shape;
use super::super::load::Load;
use super::super::namespace;
use super::super::report::{self, Row};
use super::super::statistics::{Sample, to_f64};
use super::super::target::Verdict;
use super::Measuring;
use super::screen::Screen;
use super::terminal::Terminal;

/// Each has two ends.
const CONNECTIONS: u64 = 50_000;
const CONNECTIONS_SMALL: u64 = 500;
/// How long the first look at all may take, owners included.
const PATIENCE: Duration = Duration::from_secs(30);
/// Until rates and owners of everything are known.
const SETTLES: Duration = Duration::from_secs(5);
const SETTLES_SMALL: Duration = Duration::from_secs(2);
/// How long it is looked at without a key.
const SPAN: Duration = Duration::from_secs(30);
const SPAN_SMALL: Duration = Duration::from_secs(1);
/// Between two keys: no part of the second between two refreshes, so that keys come at all times of one.
const PAUSE: Duration = Duration::from_millis(137);
/// Other panes and the first again, the cursor down and up between them.
const KEYS: [u8; 12] = *b"2jk13jk51541";
/// How often all of these.
const TIMES: usize = 10;
const TIMES_SMALL: usize = 1;

const CPU_MAX: f64 = 0.30;
const BYTES_MAX: u64 = 100 << 20;
const KEY_MAX: Duration = Duration::from_millis(50);

/// Keys: Esc, and Ctrl-U, which clears what is written.
const ESCAPE: u8 = 0x1b;
const CLEAR: u8 = 0x15;

/// Lines of the screen: all of them, the names of the panes, and the first row of one.
const LINES: usize = 40;
const TABS: usize = 1;
const FIRST: usize = 3;

/// Measures in a namespace of its own.
pub(super) fn measure(measuring: &Measuring<'_>, rows: &mut Vec<Row>) -> Result<()> {
    let common = measuring.common;
    namespace::enter()?;
    let load = Load::start(Shape::Spread, common.size(CONNECTIONS, CONNECTIONS_SMALL))?;
    let name = format!("{} sockets in {} processes", load.sockets, load.processes);
    eprintln!("  sockeye top, {name} …");
    let mut terminal = Terminal::start(measuring.sockeye, &["top", "--interval", "1s"])?;
    let connections = load.ends.to_string();
    // The title says how many connections there are.
    let shows_all = |screen: &Screen| screen.line(0).contains(&format!(" {connections} conns,"));
    let first = terminal.until(PATIENCE, |screen| shows(screen, b'1') && shows_all(screen))?;
    terminal.rest(common.size(SETTLES, SETTLES_SMALL))?;

    let (begin, before) = (Instant::now(), cpu(terminal.pid())?);
    terminal.rest(common.size(SPAN, SPAN_SMALL))?;
    let used = cpu(terminal.pid())?.saturating_sub(before).as_secs_f64() / begin.elapsed().as_secs_f64();

    let (mut cursor_waits, mut pane_waits) = (Vec::new(), Vec::new());
    for key in KEYS.repeat(common.size(TIMES, TIMES_SMALL)) {
        terminal.rest(PAUSE)?;
        let cursor = terminal.screen.reverse;
        let is_pane = key.is_ascii_digit();
        let wanted = |screen: &Screen| if is_pane { shows(screen, key) } else { screen.reverse != cursor };
        let wait = terminal.press(key, PATIENCE, wanted)?;
        if wait > KEY_MAX {
            eprintln!("  the key {} took {}", char::from(key), report::seconds(wait.as_secs_f64()));
        }
        if is_pane { pane_waits.push(wait) } else { cursor_waits.push(wait) }
    }
    let (mut detail_waits, mut filter_waits) = (Vec::new(), Vec::new());
    for _ in 0..common.size(TIMES, TIMES_SMALL) {
        terminal.rest(PAUSE)?;
        detail_waits.push(terminal.press(b'\r', PATIENCE, |screen| has_line(screen, "cookie"))?);
        terminal.rest(PAUSE)?;
        detail_waits
            .push(terminal.press(ESCAPE, PATIENCE, |screen| shows(screen, b'1') && !has_line(screen, "cookie"))?);
        terminal.rest(PAUSE)?;
        filter_waits.push(filter(&mut terminal, "listening", |screen| screen.line(0).contains(" 0 conns,"))?);
        terminal.rest(PAUSE)?;
        filter_waits.push(filter(&mut terminal, "", shows_all)?);
    }
    let peak_bytes = peak_bytes(terminal.pid())?;
    let is_whole = shows_all(&terminal.screen);
    terminal.quit(PATIENCE)?;

    rows.push(Row {
        what: "top, every connection on the screen".to_owned(),
        load: name.clone(),
        ours: format!("{connections} connections, the first screen after {}", report::seconds(first.as_secs_f64())),
        target: "all".to_owned(),
        verdict: Verdict::of_count(is_whole),
        ..Row::default()
    });
    rows.push(Row {
        what: "top, a refresh a second".to_owned(),
        load: name.clone(),
        ours: format!("{:.0} % of a processor", 100.0 * used),
        target: format!("≤ {:.0} %", 100.0 * CPU_MAX),
        verdict: Verdict::of(used <= CPU_MAX),
        ..Row::default()
    });
    rows.push(super::super::contest::memory_row("top, peak memory", &name, peak_bytes, BYTES_MAX));
    rows.push(keys("the cursor moves", &name, &cursor_waits));
    rows.push(keys("another pane has its rows", &name, &pane_waits));
    rows.push(keys("all of a socket is shown, or no longer", &name, &detail_waits));
    rows.push(keys("a filter holds of all rows, or none does", &name, &filter_waits));
    Ok(())
}

/// Writes another filter. How long it takes from its Enter until the screen is as wanted.
fn filter(terminal: &mut Terminal, text: &str, wanted: impl Fn(&Screen) -> bool) -> Result<Duration> {
    terminal.press(b'/', PATIENCE, |_| true)?;
    for key in std::iter::once(CLEAR).chain(text.bytes()) {
        terminal.press(key, PATIENCE, |_| true)?;
    }
    terminal.rest(PAUSE)?;
    terminal.press(b'\r', PATIENCE, wanted)
}

/// The row of the keys: what was asked for is on the screen, not only a sign that it was.
fn keys(what: &str, load: &str, waits: &[Duration]) -> Row {
    let sample = Sample::of_times(waits.iter().copied());
    let [median, most, all] = [0.5, 0.9, 1.0].map(|part| report::seconds(sample.quantile(part)));
    Row {
        what: format!("top, from a key until {what}"),
        load: load.to_owned(),
        ours: format!("median {median}, nine of ten in {most}, all of {} in {all}", waits.len()),
        target: format!("≤ {} ms", KEY_MAX.as_millis()),
        verdict: Verdict::of(waits.iter().all(|wait| *wait <= KEY_MAX)),
        ..Row::default()
    }
}

/// Whether a line begins with this word.
fn has_line(screen: &Screen, word: &str) -> bool {
    (0..LINES).any(|line| screen.line(line).trim_start().starts_with(word))
}

/// Whether this pane is shown with its rows.
fn shows(screen: &Screen, pane: u8) -> bool {
    let first = screen.line(FIRST);
    screen.line(TABS).contains(&format!("[{} ", char::from(pane)))
        && !first.trim().is_empty()
        && first.trim() != "one moment"
}

/// Time that a process has spent on processors.
fn cpu(pid: u32) -> Result<Duration> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).context("sockeye top has ended")?;
    // proc_pid_stat(5): utime and stime are the 14th and the 15th field; the second one is a name in brackets.
    let fields = text.rsplit_once(')').map(|(_, rest)| rest.split_whitespace()).context("no stat of a process")?;
    let ticks = fields.skip(11).take(2).map(|ticks| ticks.parse::<u64>().context("no number of ticks"));
    let ticks: u64 = ticks.sum::<Result<u64>>()?;
    Ok(Duration::from_secs_f64(to_f64(ticks) / to_f64(super::super::sys::ticks_a_second())))
}

/// The most memory that a process has held at once.
fn peak_bytes(pid: u32) -> Result<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).context("sockeye top has ended")?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no peak of memory")?;
    let kib: u64 = line.trim().trim_end_matches(" kB").parse().context("no number of KiB")?;
    Ok(kib * 1024)
}
