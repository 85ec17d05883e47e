//! `cargo xtask bench churn`: sockets missed and doubled in listings while others open and close as fast as they can.
//!
//! The kernel resumes a dump by counting: so many sockets of this bucket were given. Where sockets come and go between
//! two datagrams, the count is wrong, and sockets that were there all the time are missed or given twice. How
//! often depends on how many share a bucket, so there are two rounds: with the kernel's own table, where hardly any do, and
//! with one so small that most datagrams end in the middle of a bucket.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::churner;
use super::hold::Shape;
use super::listing::{self, Cookie, Faults};
use super::load::{self, Load};
use super::part::Running;
use super::program::Program;
use super::statistics::{Sample, to_f64};
use super::{binary, namespace, report};

/// Sockets that come and go, at any time: with those that stay, more than sockeye leaves to one thread.
const CHURNING: u64 = 12_000;
/// Listings of a run that only shows that everything works.
const LISTINGS_SMALL: u64 = 3;

const LISTING: &str = "sockets tcp all -o ndjson --columns cookie,state";
const LISTING_ONE_THREAD: &str = "sockets tcp all -o ndjson --columns cookie,state --threads 1";
const LISTING_CONFIRMED: &str = "sockets tcp all -o ndjson --columns cookie,state --confirm";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Sockets that stay
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    staying: u64,
    /// Listings of each kind
    #[arg(long, value_name = "N", default_value_t = 200)]
    listings: u64,
    /// Buckets of the small hash table: a power of two, 16 at least
    #[arg(long, value_name = "N", default_value_t = 512)]
    buckets: u32,
    /// Exit with 1 where a confirmed listing misses or doubles a socket, or two threads are worse than one
    #[arg(long)]
    check: bool,
    /// Few listings: shows that everything works
    #[arg(long)]
    small: bool,
    /// Ask this program instead of building sockeye
    #[arg(long, value_name = "PATH")]
    sockeye: Option<PathBuf>,
}

/// Runs the benchmark.
pub(crate) fn run(args: &Args) -> Result<()> {
    let sockeye = binary::sockeye(args.sockeye.as_ref())?;
    let mut complaints = Vec::new();
    for buckets in [None, Some(args.buckets)] {
        match buckets {
            None => namespace::enter()?,
            Some(buckets) => namespace::enter_with_buckets(buckets)?,
        }
        let round = Round::run(args, &sockeye)?;
        let table =
            buckets.map_or("the kernel's own hash table".into(), |few| format!("a hash table of {few} buckets"));
        println!("\nWith {table}; {:.0} connections opened and closed a second:\n", round.churned_per_second);
        print!("{}", round.table());
        complaints.extend(round.complaints().into_iter().map(|complaint| format!("{complaint} with {table}")));
    }
    if args.check && !complaints.is_empty() {
        bail!("{}", complaints.join("; "));
    }
    Ok(())
}

/// A way to list sockets.
struct Way {
    name: &'static str,
    program: Program,
    bare: bool,
    faults: Faults,
    times: Vec<Duration>,
}

impl Way {
    fn new(name: &'static str, program: Program, bare: bool) -> Self {
        Self { name, program, bare, faults: Faults::default(), times: Vec::new() }
    }

    fn list(&self) -> Result<(Vec<Cookie>, bool)> {
        let text = self.program.text()?;
        if self.bare { Ok((listing::of_bare(&text)?, false)) } else { listing::of_ndjson(&text) }
    }
}

/// The ways, in the order of the table.
const BARE: usize = 0;
const ONE_THREAD: usize = 1;
const PARALLEL: usize = 2;
const CONFIRMED: usize = 3;

/// What one table gave.
struct Round {
    ways: [Way; 4],
    listings: u64,
    staying: usize,
    churned_per_second: f64,
}

impl Round {
    /// All ways by turns while others churn, in the network namespace of this process.
    fn run(args: &Args, sockeye: &Path) -> Result<Self> {
        let listings = if args.small { LISTINGS_SMALL } else { args.listings };
        let mut ways = [
            Way::new("bare loop", Program::bare(&["--cookies"])?, true),
            Way::new("sockeye, one thread", Program::sockeye(sockeye, LISTING_ONE_THREAD), false),
            Way::new("sockeye", Program::sockeye(sockeye, LISTING), false),
            Way::new("sockeye --confirm", Program::sockeye(sockeye, LISTING_CONFIRMED), false),
        ];
        let load = Load::start(Shape::Spread, args.staying / 2)?;
        let staying: HashSet<Cookie> = ways[BARE].list()?.0.into_iter().collect();
        if staying.len() as u64 != load.sockets {
            bail!("the load has {} sockets, and the kernel shows {}", load.sockets, staying.len());
        }
        let begin = Instant::now();
        let mut churners = churners()?;
        for _ in 0..listings {
            for way in &mut ways {
                let begin = Instant::now();
                let (listed, unsure) = way.list().with_context(|| format!("{} gave nothing", way.name))?;
                way.times.push(begin.elapsed());
                way.faults += Faults::of(&listed, unsure, &staying);
            }
        }
        churners.iter_mut().for_each(Running::end);
        let churned = churners.iter_mut().map(Running::number).sum::<Result<u64>>()?;
        let churned_per_second = to_f64(churned) / begin.elapsed().as_secs_f64();
        Ok(Self { ways, listings, staying: staying.len(), churned_per_second })
    }

    fn table(&self) -> String {
        let heading = ["listing", "listings of sockets that stay", "missed", "doubled", "not sure", "time"];
        let rows = self.ways.iter().map(|way| {
            [
                way.name.to_owned(),
                format!("{} × {}", self.listings, self.staying),
                way.faults.missed.to_string(),
                way.faults.doubled.to_string(),
                way.faults.unsure.to_string(),
                report::seconds(Sample::of_times(way.times.iter().copied()).median()),
            ]
        });
        report::aligned(&std::iter::once(heading.map(str::to_owned)).chain(rows).collect::<Vec<_>>())
    }

    /// What must not be.
    fn complaints(&self) -> Vec<String> {
        let [one, parallel, confirmed] = [ONE_THREAD, PARALLEL, CONFIRMED].map(|way| self.ways[way].faults);
        let mut complaints = Vec::new();
        if confirmed.missed + confirmed.doubled > 0 {
            complaints.push("confirmed listings miss or double sockets".to_owned());
        }
        if worse(parallel.missed, one.missed) {
            complaints.push("two threads miss more than one".to_owned());
        }
        if worse(parallel.doubled, one.doubled) {
            complaints.push("two threads double more than one".to_owned());
        }
        complaints
    }
}

/// Whether a count is larger than another by more than chance explains: three deviations of their difference.
fn worse(count: u64, than: u64) -> bool {
    to_f64(count) > to_f64(than) + 3.0 * to_f64(count + than).sqrt()
}

/// Churning processes, all of them at work.
fn churners() -> Result<Vec<Running>> {
    let mut churners = Vec::new();
    for (process, open) in load::shares(CHURNING / 2)? {
        churners.push(Running::start(&churner::Args::line(process, open))?);
    }
    for churner in &mut churners {
        churner.number()?;
    }
    Ok(churners)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_is_not_worse() {
        assert!(!worse(0, 0));
        assert!(!worse(110, 100));
        assert!(worse(200, 100));
        assert!(worse(12, 0));
    }
}
