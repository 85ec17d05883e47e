//! A whole listing with owners, beside the same without, and beside `ss`.

use std::time::Duration;

use anyhow::Result;

use super::super::contest::Contest;
use super::super::hold::Shape;
use super::super::load::Load;
use super::super::namespace;
use super::super::program::Program;
use super::super::report::Row;
use super::super::sockets::{OWNERS, TABLE};
use super::super::target::Target;
use super::Measuring;

/// Each has two ends.
const CONNECTIONS: u64 = 250_000;
const CONNECTIONS_SMALL: u64 = 500;
/// What takes longer is run once: `ss -tanp` takes minutes.
const REPEATED_MAX: Duration = Duration::from_secs(20);
/// How long `ss` may take.
const LIMIT: Duration = Duration::from_mins(10);

/// Measures in a namespace of its own.
pub(super) fn measure(measuring: &Measuring<'_>, rows: &mut Vec<Row>) -> Result<()> {
    let common = measuring.common;
    namespace::enter()?;
    let load = Load::start(Shape::Spread, common.size(CONNECTIONS, CONNECTIONS_SMALL))?;
    let name = format!("{} sockets in {} processes", load.sockets, load.processes);
    eprintln!("{name}");
    let [owners, table] = [OWNERS, TABLE].map(|arguments| Program::sockeye(measuring.sockeye, arguments));
    // Not measured: the first dump gives every socket its cookie, which no later one has to.
    table.run(None)?;
    let ss = Program::ss("-tanp");
    let ss = ss.as_ref().map(|ss| (ss, "ss -tanp", Target::Faster(200.0)));
    for (reference, reference_name, target) in [(&table, "without owners", Target::Ratio(2.0))].into_iter().chain(ss) {
        eprintln!("  table with owners, against {reference_name} …");
        let contest = Contest {
            what: "table with owners",
            ours: &owners,
            reference,
            reference_name,
            pairs: common.pairs(),
            limit: Some(LIMIT),
            repeated_max: REPEATED_MAX,
            target,
        };
        rows.push(contest.row(&name, load.sockets, &contest.run()?));
    }
    Ok(())
}
