//! `cargo xtask bench sockets`: time and memory of listings.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::common::{Begun, Common};
use super::contest::{Contest, Outcome, memory_row};
use super::hold::Shape;
use super::load::Load;
use super::page::Page;
use super::program::Program;
use super::report::Row;
use super::target::Target;
use super::{few, namespace};

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/performance.md");
const TEMPLATE: &str = include_str!("performance.template.md");

/// Connections of a run that only shows that everything works.
const CONNECTIONS_SMALL: u64 = 200;

/// What a listing that keeps nothing may hold, however many sockets there are.
const STREAMING_BYTES_MAX: u64 = 16 << 20;
/// What one socket may add where owners are joined.
const OWNED_SOCKET_BYTES_MAX: u64 = 48;
/// What sockeye may take beside the kernel where nothing is shown.
const FILTER_OWN: Duration = Duration::from_millis(5);

pub(super) const TABLE: &str = "sockets tcp all --columns state,recv-q,send-q,local,peer --no-owners";
const TABLE_ONE_THREAD: &str = "sockets tcp all --columns state,recv-q,send-q,local,peer --no-owners --threads 1";
const EVERYTHING: &str = "sockets tcp all --view everything -o ndjson --no-owners";
pub(super) const OWNERS: &str = "sockets tcp all --columns state,recv-q,send-q,local,peer,process,pid";
/// Nothing of the load has this port.
const NOTHING: &str = "sockets tcp all sport = 7 --columns state,recv-q,send-q,local,peer --no-owners";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Connections of the load; each is two sockets
    #[arg(long, value_name = "N", default_value_t = 50_000)]
    connections: u64,
    #[command(flatten)]
    common: Common,
    /// End `ss` after this many seconds where it looks for owners
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    ss_limit: u64,
    /// Do not run a program again that takes more seconds than this: `ss -tanp` takes minutes for 500 000 sockets
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    repeat_max: u64,
    /// Show what is asked of the kernel
    #[arg(short, long)]
    verbose: bool,
}

impl Args {
    /// Runs of each program.
    pub(super) fn pairs(&self) -> usize {
        self.common.pairs()
    }

    /// How long a program may take that is run again.
    pub(super) fn repeated_max(&self) -> Duration {
        Duration::from_secs(self.repeat_max)
    }

    fn connections(&self) -> u64 {
        self.common.size(self.connections, CONNECTIONS_SMALL)
    }

    /// Says what a command line of sockeye asks of the kernel, where wanted.
    pub(super) fn say(&self, program: &Program) -> Result<()> {
        if self.verbose {
            eprintln!("{program}\n{}", String::from_utf8_lossy(&program.planning().text()?));
        }
        Ok(())
    }
}

/// Runs the benchmark.
pub(crate) fn run(args: &Args) -> Result<()> {
    let Begun { sockeye, busy } = args.common.begin()?;
    if Program::ss("-V").is_none() {
        eprintln!("ss is not installed: nothing is compared with it");
    }
    let mut rows = few::rows(&sockeye, args)?;
    for shape in [Shape::Spread, Shape::OnePort] {
        namespace::enter()?;
        let begin = Instant::now();
        let load = Load::start(shape, args.connections())?;
        eprintln!(
            "{} sockets, {}, held by {} processes, made in {:.1} s",
            load.sockets,
            name(shape),
            load.processes,
            begin.elapsed().as_secs_f64()
        );
        Measuring::new(args, &sockeye, &load)?.measure(&mut rows)?;
    }
    let sockets = (args.connections() * 2).to_string();
    let (pairs, connections) = (args.pairs().to_string(), args.connections().to_string());
    let values =
        &[("{busy}", busy.as_str()), ("{sockets}", &sockets), ("{connections}", &connections), ("{pairs}", &pairs)];
    Page { document: Some(DOCUMENT), template: TEMPLATE, values, common: &args.common }.conclude(rows)
}

fn name(shape: Shape) -> &'static str {
    match shape {
        Shape::Spread => "ports spread",
        Shape::OnePort => "one server port",
        Shape::Mixed => "few",
    }
}

/// The measurements on one load.
struct Measuring<'m> {
    args: &'m Args,
    sockeye: &'m Path,
    load: &'m Load,
    bare: Program,
    bare_everything: Program,
}

impl<'m> Measuring<'m> {
    fn new(args: &'m Args, sockeye: &'m Path, load: &'m Load) -> Result<Self> {
        let bare = Program::bare(&[])?;
        let bare_everything = Program::bare(&["--extensions=255"])?;
        // The first dump gives every socket its cookie, which no later one has to: it is not measured.
        let counted = String::from_utf8(bare.text()?).ok();
        let counted = counted.and_then(|text| text.split(' ').next()?.parse().ok());
        if counted != Some(load.sockets) {
            bail!("the load has {} sockets, and the kernel shows {counted:?}", load.sockets);
        }
        Ok(Self { args, sockeye, load, bare, bare_everything })
    }

    fn measure(&self, rows: &mut Vec<Row>) -> Result<()> {
        let bare = (&self.bare, "bare");
        let all = (&self.bare_everything, "bare, all attributes");
        let table = self.compare(rows, "table", TABLE, bare, Target::Ratio(0.85))?;
        let one = self.compare(rows, "table, one thread", TABLE_ONE_THREAD, bare, Target::Ratio(1.15))?;
        let everything = self.compare(rows, "NDJSON of everything", EVERYTHING, all, Target::Ratio(1.25))?;
        self.contest(rows, "the same into `cat`", &self.ours(EVERYTHING).into_cat(), all, None, Target::None)?;
        let nothing = Program::bare(&["--source-port=7"])?;
        let target = Target::RatioPlus(1.1, FILTER_OWN);
        let filter = self.compare(rows, "filter without a match", NOTHING, (&nothing, "bare, same program"), target)?;
        let peak_bytes = [table, one, everything, filter].iter().map(Outcome::peak_bytes).max().unwrap_or(0);
        rows.push(memory_row("peak memory, streaming", self.load_name(), peak_bytes, STREAMING_BYTES_MAX));
        self.owners(rows)?;
        if self.load.shape == Shape::Spread {
            self.like_ss(rows)?;
        }
        Ok(())
    }

    /// With owners: `ss` is slow enough to be asked on one load only.
    fn owners(&self, rows: &mut Vec<Row>) -> Result<()> {
        let ss = Program::ss("-tanp").filter(|_| self.load.shape == Shape::Spread);
        let outcome = match &ss {
            Some(ss) => {
                let limit = Some(Duration::from_secs(self.args.ss_limit));
                let ss = (ss, "ss -tanp");
                self.contest(rows, "table with owners", &self.ours(OWNERS), ss, limit, Target::Faster(80.0))?
            }
            None => self.compare(rows, "table with owners", OWNERS, (&self.bare, "bare"), Target::None)?,
        };
        let bound = STREAMING_BYTES_MAX + OWNED_SOCKET_BYTES_MAX * self.load.sockets;
        rows.push(memory_row("peak memory, with owners", self.load_name(), outcome.peak_bytes(), bound));
        Ok(())
    }

    /// What `ss` takes for the table without owners.
    fn like_ss(&self, rows: &mut Vec<Row>) -> Result<()> {
        if let Some(ss) = Program::ss("-tan") {
            self.compare(rows, "table", TABLE, (&ss, "ss -tan"), Target::None)?;
        }
        Ok(())
    }

    fn compare(
        &self,
        rows: &mut Vec<Row>,
        what: &str,
        arguments: &str,
        reference: (&Program, &str),
        target: Target,
    ) -> Result<Outcome> {
        let ours = self.ours(arguments);
        self.args.say(&ours)?;
        self.contest(rows, what, &ours, reference, None, target)
    }

    fn contest(
        &self,
        rows: &mut Vec<Row>,
        what: &str,
        ours: &Program,
        (reference, reference_name): (&Program, &str),
        limit: Option<Duration>,
        target: Target,
    ) -> Result<Outcome> {
        let (pairs, repeated_max) = (self.args.pairs(), self.args.repeated_max());
        let contest = Contest { what, ours, reference, reference_name, pairs, limit, repeated_max, target };
        eprintln!("  {what}, against {reference_name} …");
        let outcome = contest.run()?;
        rows.push(contest.row(self.load_name(), self.load.sockets, &outcome));
        Ok(outcome)
    }

    fn load_name(&self) -> &'static str {
        name(self.load.shape)
    }

    fn ours(&self, arguments: &str) -> Program {
        Program::sockeye(self.sockeye, arguments)
    }
}
