//! `cargo xtask bench tables`: listings and live copies of many routes.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::common::{Begun, Common};
use super::contest::{Contest, Outcome, memory_row};
use super::copies::{Copies, Size, routes_of};
use super::page::Page;
use super::program::Program;
use super::report::Row;
use super::target::Target;
use super::{namespace, routes};

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/performance-tables.md");
const TEMPLATE: &str = include_str!("performance-tables.template.md");

/// Routes of a run that only shows that everything works.
const ROUTES_SMALL: u32 = 2_000;

/// Routes of a copy whose memory is measured, events of a churn, seconds without events.
const COPIED: u32 = 1_000_000;
const EVENTS: u32 = 500_000;
const EVENTS_SMALL: u32 = 20_000;
const IDLE: u32 = 30;
const IDLE_SMALL: u32 = 2;

/// What a listing that keeps nothing may hold, however many routes there are.
const STREAMING_BYTES_MAX: u64 = 16 << 20;

const MAIN: &str = "routes inet table = main";
const EVERY: &str = "routes";
const EVERY_NDJSON: &str = "routes -o ndjson";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Routes of IPv4
    #[arg(long, value_name = "N", default_value_t = 500_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    routes: u32,
    #[command(flatten)]
    common: Common,
}

impl Args {
    fn routes(&self) -> u32 {
        self.common.size(self.routes, ROUTES_SMALL)
    }

    fn size(&self) -> Size {
        let (pairs, routes) = (self.common.pairs(), self.routes());
        let [small, full] = [(ROUTES_SMALL, EVENTS_SMALL, IDLE_SMALL), (COPIED, EVENTS, IDLE)];
        let (copied, events, idle) = self.common.size(full, small);
        Size { pairs, routes, copied, events, idle }
    }
}

/// Runs the benchmark.
pub(crate) fn run(args: &Args) -> Result<()> {
    let Begun { sockeye, busy } = args.common.begin()?;
    let copies = Copies::build(args.size())?;
    if Program::ip("-V").is_none() {
        eprintln!("ip is not installed: nothing is compared with it");
    }
    let mut rows = Vec::new();
    namespace::enter()?;
    routes::links()?;
    let begin = Instant::now();
    routes::make4(args.routes())?;
    eprintln!("{} routes of IPv4, made in {:.1} s", args.routes(), begin.elapsed().as_secs_f64());
    Listings { args, sockeye: &sockeye }.measure(&mut rows)?;
    copies.beside_routes(&mut rows)?;
    copies.alone(&mut rows)?;
    let (pairs, routes) = (args.common.pairs().to_string(), args.routes().to_string());
    let values = &[("{busy}", busy.as_str()), ("{routes}", &routes), ("{pairs}", &pairs)];
    Page { document: Some(DOCUMENT), template: TEMPLATE, values, common: &args.common }.conclude(rows)
}

/// Listings of the routes.
struct Listings<'l> {
    args: &'l Args,
    sockeye: &'l Path,
}

impl Listings<'_> {
    fn measure(&self, rows: &mut Vec<Row>) -> Result<()> {
        let (every, main) = (Program::bare_routes(false)?, Program::bare_routes(true)?);
        let counted = String::from_utf8(main.text()?).ok();
        let counted = counted.and_then(|text| text.split(' ').next()?.parse::<u32>().ok());
        // One more: the network of the link's own address.
        if counted != Some(self.args.routes() + 1) {
            bail!("{} routes were made, and the kernel shows {counted:?}", self.args.routes());
        }
        let all = self.contest(rows, "table", EVERY, (&every, "bare"), Target::Ratio(1.15))?;
        let one = self.contest(rows, "main table of IPv4", MAIN, (&main, "bare"), Target::Ratio(1.15))?;
        let json = self.contest(rows, "NDJSON", EVERY_NDJSON, (&every, "bare"), Target::None)?;
        let peak_bytes = [all, one, json].iter().map(Outcome::peak_bytes).max().unwrap_or(0);
        rows.push(memory_row("peak memory, streaming", &self.load(), peak_bytes, STREAMING_BYTES_MAX));
        for (what, ours, ip) in
            [("table", EVERY, "-4 route show table all"), ("main table of IPv4", MAIN, "-4 route show")]
        {
            if let Some(program) = Program::ip(ip) {
                self.contest(rows, what, ours, (&program, &format!("ip {ip}")), Target::Faster(2.5))?;
            }
        }
        Ok(())
    }

    fn contest(
        &self,
        rows: &mut Vec<Row>,
        what: &str,
        ours: &str,
        (reference, reference_name): (&Program, &str),
        target: Target,
    ) -> Result<Outcome> {
        let ours = Program::sockeye(self.sockeye, ours);
        let contest = Contest {
            what,
            ours: &ours,
            reference,
            reference_name,
            pairs: self.args.common.pairs(),
            limit: None,
            repeated_max: Duration::MAX,
            target,
        };
        eprintln!("  {what}, against {reference_name} …");
        let outcome = contest.run()?;
        rows.push(contest.row(&self.load(), self.args.routes().into(), &outcome));
        Ok(outcome)
    }

    fn load(&self) -> String {
        routes_of(self.args.routes(), 4)
    }
}
