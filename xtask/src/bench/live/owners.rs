//! Who holds 200 000 sockets: by BPF and through /proc, which have to say the same.

use std::path::PathBuf;

use anyhow::Result;

use super::super::hold::Shape;
use super::super::load::Load;
use super::super::program::Program;
use super::super::report::{self, Row};
use super::super::statistics::Sample;
use super::super::target::Verdict;
use super::super::{binary, namespace, same};
use super::Measuring;

const PROCESSES: u16 = 200;
const PROCESSES_SMALL: u16 = 20;
/// Each has two ends.
const CONNECTIONS: u64 = 100_000;
const CONNECTIONS_SMALL: u64 = 200;

/// Each way to look, with its arguments, and the seconds it may take.
const WAYS: [(&str, &[&str], f64); 2] =
    [("by BPF", &["bpf"], 0.2), ("through /proc, two threads", &["proc", "2"], 0.5)];

/// Columns of a table that says for each socket who holds it, by either source.
const TABLES: [&str; 2] = [
    "sockets tcp all --columns inode,process,pid,fd --owner-source bpf",
    "sockets tcp all --columns inode,process,pid,fd --owner-source proc",
];

/// Builds what scans.
pub(super) fn scanner() -> Result<PathBuf> {
    binary::example("sockeye-owners", "scan_once")
}

/// Measures both ways by turns, in a namespace of its own; the first to look finds nothing prepared.
pub(super) fn measure(measuring: &Measuring<'_>, scanner: &std::path::Path, rows: &mut Vec<Row>) -> Result<()> {
    let common = measuring.common;
    namespace::enter()?;
    let processes = common.size(PROCESSES, PROCESSES_SMALL);
    let load = Load::start_in(Shape::Spread, processes, common.size(CONNECTIONS, CONNECTIONS_SMALL))?;
    let name = format!("{} sockets in {processes} processes", load.sockets);
    eprintln!("{name}");
    let ways = WAYS.map(|(_, arguments, _)| Program::example(scanner, arguments).by_its_own_clock());
    let mut seconds = [Vec::new(), Vec::new()];
    for _ in 0..common.pairs() {
        for (way, seconds) in ways.iter().zip(&mut seconds) {
            seconds.push(way.run(None)?.wall.as_secs_f64());
        }
    }
    for ((what, _, seconds_max), seconds) in WAYS.into_iter().zip(seconds) {
        let sample = Sample::new(seconds);
        rows.push(Row {
            what: format!("owners {what}"),
            load: name.clone(),
            ours: format!("{} (best {})", report::seconds(sample.median()), report::seconds(sample.best())),
            target: format!("≤ {seconds_max} s"),
            verdict: Verdict::of(sample.median() <= seconds_max),
            ..Row::default()
        });
    }
    let [bpf, proc] = TABLES.map(|arguments| Program::sockeye(measuring.sockeye, arguments));
    let same = same::check(&bpf, &proc, usize::MAX)?;
    rows.push(Row {
        what: "owners, by BPF and through /proc".to_owned(),
        load: name,
        // One line is the heading.
        ours: format!("the same of {} sockets", same.lines.saturating_sub(1)),
        target: "the same of all".to_owned(),
        verdict: Verdict::of_count(same.lines == load.sockets + 1),
        ..Row::default()
    });
    Ok(())
}
