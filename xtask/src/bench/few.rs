//! A machine with few sockets: what a listing costs when there is nearly nothing to list.

use std::time::Duration;

use anyhow::Result;

use super::contest::Contest;
use super::hold::Shape;
use super::load::Load;
use super::program::Program;
use super::report::Row;
use super::target::Target;
use super::{namespace, sockets};

/// Connections of the load: with its listening and its UDP sockets some sixty sockets.
pub(super) const CONNECTIONS: u64 = 20;
/// Runs are short here, so there are more of them.
pub(super) const PAIRS_TIMES: usize = 5;
/// What sockeye may take beside the kernel's own walk: start, owners, output.
const OWN: Duration = Duration::from_millis(6);

/// Measures in a namespace of its own. Comes first: the kernel has one hash table for all namespaces, and walks all of it.
pub(super) fn rows(sockeye: &std::path::Path, args: &sockets::Args) -> Result<Vec<Row>> {
    namespace::enter()?;
    let load = Load::start(Shape::Mixed, CONNECTIONS)?;
    let ours = Program::sockeye(sockeye, "sockets tcp udp all");
    args.say(&ours)?;
    let walk = Program::bare(&["--udp"])?.by_its_own_clock();
    let name = format!("{} sockets", load.sockets);
    let mut rows = Vec::new();
    let mut compare = |reference: &Program, reference_name, target| -> Result<()> {
        let contest = Contest {
            what: "few sockets, with owners, whole process",
            ours: &ours,
            reference,
            reference_name,
            pairs: args.pairs() * PAIRS_TIMES,
            limit: None,
            repeated_max: args.repeated_max(),
            target,
        };
        rows.push(contest.row(&name, load.sockets, &contest.run()?));
        Ok(())
    };
    compare(&walk, "kernel's walk", Target::RatioPlus(1.0, OWN))?;
    if let Some(ss) = Program::ss("-tuanp") {
        compare(&ss, "ss -tuanp", Target::Ratio(1.3))?;
    }
    Ok(rows)
}
