//! Sums of counters over all lives, where packets are lost: they have to be those of the namespace and of the load.

use std::fs;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::super::namespace;
use super::super::report::Row;
use super::super::statistics::to_f64;
use super::super::target::Verdict;
use super::super::transfer::{PORT, Transfer, Transferred};
use super::Measuring;
use super::watcher::{Heard, Watched, Watcher};

const LOAD: Transfer = Transfer { threads: 16, connections: 60, blocks: 40 };
const LOAD_SMALL: Transfer = Transfer { threads: 8, connections: 8, blocks: 20 };
/// Packets of a hundred that get lost, of those that the server gets and of those that it sends.
const LOST_PERCENT: u32 = 3;
/// Packets are of the size that they have on other links.
const MTU_BYTES: u32 = 1500;
/// What the sum of bytes may differ by, as a part of it.
const BYTES_APART_MAX: f64 = 0.001;
/// How long sockets may take to end after the last byte: what closes them gets lost too.
const PATIENCE: Duration = Duration::from_mins(5);

/// Where lives come from.
const SOURCES: [(&str, &str); 2] =
    [("by BPF", "--source bpf tcp and closed"), ("without BPF", "--source dumps tcp and closed")];

/// Measures with either source, in namespaces of their own.
pub(super) fn measure(measuring: &Measuring<'_>, rows: &mut Vec<Row>) -> Result<()> {
    for (name, arguments) in SOURCES {
        eprintln!("  counters where packets are lost, {name} …");
        namespace::enter()?;
        lose()?;
        let watcher = Watcher::start(measuring.sockeye, arguments, Heard::Counted, None)?;
        let before = again()?;
        let load = measuring.common.size(&LOAD, &LOAD_SMALL).run()?;
        all_ended(load.listeners)?;
        let counted = again()? - before;
        watcher.await_ends(2 * load.connections);
        judge(name, &load, counted, &watcher.end()?, rows)?;
    }
    Ok(())
}

fn judge(name: &str, load: &Transferred, counted: u64, watched: &Watched, rows: &mut Vec<Row>) -> Result<()> {
    let tally = &watched.tally;
    ensure!(counted > 0, "nothing was sent again: nothing was lost");
    tally.each_once()?;
    let has_all = tally.ended.len() as u64 == 2 * load.connections && tally.gaps == 0;
    let load_name = format!("{} connections, {LOST_PERCENT} % lost", load.connections);
    let told = tally.totals.retransmissions;
    rows.push(Row {
        what: format!("retransmissions of all lives, {name}"),
        load: load_name.clone(),
        ours: format!("{told} in {} lives", tally.ended.len()),
        reference: format!("TcpRetransSegs: {counted}"),
        target: "the same".to_owned(),
        verdict: Verdict::of_count(has_all && told == counted),
        ..Row::default()
    });
    // The FIN of each end is a byte that the other received.
    let [sent, received] = tally.totals.carried();
    let received = received.saturating_sub(2 * load.connections);
    let apart = |bytes: u64| (to_f64(bytes) / to_f64(load.bytes) - 1.0).abs();
    let apart = apart(received).max(apart(sent));
    rows.push(Row {
        what: format!("bytes of all lives, {name}"),
        load: load_name,
        ours: format!("{sent} sent, {received} received"),
        reference: format!("the load: {}", load.bytes),
        ratio: format!("{:.3} % apart", 100.0 * apart),
        target: format!("≤ {:.1} %", 100.0 * BYTES_APART_MAX),
        verdict: Verdict::of_count(has_all && apart <= BYTES_APART_MAX),
        ..Row::default()
    });
    Ok(())
}

/// Lets packets of the load get lost in this namespace.
fn lose() -> Result<()> {
    run("ip", &format!("link set lo mtu {MTU_BYTES}"))?;
    let drop = |end| format!("add rule inet lossy in tcp {end} {PORT} numgen random mod 100 < {LOST_PERCENT} drop");
    let rules = [
        "add table inet lossy".to_owned(),
        "add chain inet lossy in { type filter hook input priority 0; }".to_owned(),
        drop("dport"),
        drop("sport"),
    ];
    rules.iter().try_for_each(|rule| run("nft", rule))
}

fn run(program: &str, words: &str) -> Result<()> {
    let output = Command::new(program).args(words.split(' ')).output();
    let output = output.with_context(|| format!("cannot run {program}"))?;
    ensure!(output.status.success(), "{program} {words}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

/// Segments that were sent again in this namespace.
pub(super) fn again() -> Result<u64> {
    let text = fs::read_to_string("/proc/self/net/snmp").context("cannot read the counters of this namespace")?;
    let mut lines = text.lines().filter_map(|line| line.strip_prefix("Tcp: ").map(|rest| rest.split(' ')));
    let (names, numbers) = lines.next().zip(lines.next()).context("no counters of TCP")?;
    let (_, number) = names.zip(numbers).find(|(name, _)| *name == "RetransSegs").context("no RetransSegs")?;
    number.parse().context("RetransSegs is no number")
}

/// Waits until there are no TCP sockets but these listeners, and nothing is sent again any more.
fn all_ended(listeners: u16) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let text =
            fs::read_to_string("/proc/self/net/sockstat").context("cannot count the sockets of this namespace")?;
        // TCP: inuse 5 orphan 0 tw 4 alloc 6 mem 1. Those in use have a port; orphans may be in use or not.
        let words: Vec<&str> =
            text.lines().find_map(|line| line.strip_prefix("TCP: ")).unwrap_or("").split(' ').collect();
        let of =
            |name| words.iter().position(|word| *word == name).and_then(|at| words.get(at + 1)?.parse::<u16>().ok());
        match of("inuse") {
            Some(left) if left <= listeners => return Ok(()),
            None => bail!("the kernel does not count the sockets of this namespace"),
            Some(left) => ensure!(Instant::now() < deadline, "{left} sockets do not end"),
        }
        thread::sleep(Duration::from_millis(100));
    }
}
