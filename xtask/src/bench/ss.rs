//! `cargo xtask bench ss`: time and memory of `sockeye ss`, beside the `ss` whose words it takes.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::common::{Begun, Common};
use super::contest::{Contest, memory_row};
use super::hold::Shape;
use super::load::Load;
use super::page::Page;
use super::program::Program;
use super::report::Row;
use super::same::{self, Same};
use super::target::Target;
use super::{few, namespace};

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/performance-ss.md");
const TEMPLATE: &str = include_str!("performance-ss.template.md");

/// Connections of a run that only shows that everything works.
const CONNECTIONS_SMALL: u64 = 200;

/// What a listing that keeps nothing may hold, however many sockets there are.
const STREAMING_BYTES_MAX: u64 = 16 << 20;
/// What one socket may add where owners are joined.
const OWNED_SOCKET_BYTES_MAX: u64 = 48;

/// A command line, word for word that of both programs.
struct Words {
    what: &'static str,
    arguments: &'static str,
    /// Words at the beginning of a line in which both have to agree: state, queues, addresses, and who holds it.
    agreed: usize,
    target: Target,
}

/// What is listed without owners, on many sockets.
const LISTINGS: [Words; 3] = [
    Words { what: "table", arguments: "-tan", agreed: 5, target: Target::Ratio(0.4) },
    Words { what: "with TCP information", arguments: "-tain", agreed: 5, target: Target::Ratio(0.3) },
    Words { what: "with all details", arguments: "-tainmeO", agreed: 5, target: Target::Ratio(0.25) },
];
const OWNERS: Words = Words { what: "with owners", arguments: "-tanp", agreed: 6, target: Target::Faster(80.0) };
/// Its counts are of the whole machine; only what is counted is the same a moment later.
const SUMMARY: Words = Words { what: "summary", arguments: "-s", agreed: 1, target: Target::Ratio(1.0) };
/// Every socket of every load, once.
const EVERY: Words = Words { what: "all", arguments: "-tuan", agreed: 6, target: Target::None };
/// What is listed of few sockets, where most of the time is that of starting and ending.
const FEW: [Words; 2] = [
    Words { what: "with owners, whole process", arguments: "-tuanp", agreed: 7, target: Target::Ratio(1.5) },
    Words { what: "table, whole process", arguments: "-tan", agreed: 5, target: Target::Ratio(1.5) },
];

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Connections of the load; each is two sockets
    #[arg(long, value_name = "N", default_value_t = 50_000)]
    connections: u64,
    #[command(flatten)]
    common: Common,
    /// Compare with this `ss`
    #[arg(long, value_name = "PATH", default_value = "ss")]
    ss: PathBuf,
    /// End `ss` after this many seconds where it looks for owners among many sockets
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    ss_limit: u64,
    /// Do not run `ss` again where it takes more seconds than this: `ss -tanp` takes minutes for 500 000 sockets
    #[arg(long, value_name = "SECONDS", default_value_t = 20)]
    repeat_max: u64,
}

impl Args {
    fn connections(&self) -> u64 {
        self.common.size(self.connections, CONNECTIONS_SMALL)
    }
}

/// Runs the benchmark.
pub(crate) fn run(args: &Args) -> Result<()> {
    let Begun { sockeye, busy } = args.common.begin()?;
    let version = Program::ss_at(&args.ss, "-V").text().context("there is nothing to compare with")?;
    let version = String::from_utf8_lossy(&version).trim().to_owned();
    let mut rows = Vec::new();
    // Comes first: the kernel has one hash table for all namespaces, and walks all of it.
    Measuring::new(args, &sockeye, Shape::Mixed, few::CONNECTIONS)?.measure_few(&mut rows)?;
    for shape in [Shape::Spread, Shape::OnePort] {
        Measuring::new(args, &sockeye, shape, args.connections())?.measure(&mut rows)?;
    }

    let (sockets, connections) = ((args.connections() * 2).to_string(), args.connections().to_string());
    let pairs = args.common.pairs().to_string();
    let values = &[
        ("{ss}", version.as_str()),
        ("{busy}", &busy),
        ("{sockets}", &sockets),
        ("{connections}", &connections),
        ("{pairs}", &pairs),
    ];
    Page { document: Some(DOCUMENT), template: TEMPLATE, values, common: &args.common }.conclude(rows)
}

/// The measurements on one load.
struct Measuring<'m> {
    args: &'m Args,
    sockeye: &'m Path,
    load: Load,
    name: String,
}

impl<'m> Measuring<'m> {
    /// Makes the load in a network namespace of its own, and in no other mount namespace: where there is no cgroup2 in
    /// /sys, as below `ip netns exec`, `ss -e` looks for it in vain once a socket.
    fn new(args: &'m Args, sockeye: &'m Path, shape: Shape, connections: u64) -> Result<Self> {
        namespace::enter()?;
        let begin = Instant::now();
        let load = Load::start(shape, connections)?;
        let name = match shape {
            Shape::Spread => "ports spread".to_owned(),
            Shape::OnePort => "one server port".to_owned(),
            Shape::Mixed => format!("{} sockets", load.sockets),
        };
        let (sockets, took) = (load.sockets, begin.elapsed().as_secs_f64());
        eprintln!("{sockets} sockets, {shape:?}, held by {} processes, made in {took:.1} s", load.processes);
        let measuring = Self { args, sockeye, load, name };
        // Not measured: the first dump gives every socket its cookie, which no later one has to.
        let lines = measuring.agree(&EVERY)?.lines;
        ensure!(lines == sockets + 1, "the load has {sockets} sockets, which are {lines} lines with the heading");
        Ok(measuring)
    }

    /// What costs little on few sockets, where all command lines have to agree.
    fn measure_few(&self, rows: &mut Vec<Row>) -> Result<()> {
        for words in LISTINGS.iter().chain([&SUMMARY, &OWNERS]).chain(&FEW) {
            self.agree(words)?;
        }
        for words in &FEW {
            self.contest(rows, words, few::PAIRS_TIMES, None)?;
        }
        Ok(())
    }

    fn measure(&self, rows: &mut Vec<Row>) -> Result<()> {
        let mut peak_bytes = 0;
        for words in &LISTINGS {
            let target = self.target(words)?;
            peak_bytes = peak_bytes.max(self.contest(rows, &Words { target, ..*words }, 1, None)?);
        }
        if self.load.shape == Shape::Spread {
            peak_bytes = peak_bytes.max(self.contest(rows, &SUMMARY, few::PAIRS_TIMES, None)?);
        }
        rows.push(memory_row("peak memory, streaming", &self.name, peak_bytes, STREAMING_BYTES_MAX));
        if self.load.shape == Shape::Spread {
            self.measure_owners(rows)?;
        }
        Ok(())
    }

    /// Here nobody looks whether both say the same: `ss` takes minutes for each answer.
    fn measure_owners(&self, rows: &mut Vec<Row>) -> Result<()> {
        let peak_bytes = self.contest(rows, &OWNERS, 1, Some(Duration::from_secs(self.args.ss_limit)))?;
        let bound_bytes = STREAMING_BYTES_MAX + OWNED_SOCKET_BYTES_MAX * self.load.sockets;
        rows.push(memory_row("peak memory, with owners", &self.name, peak_bytes, bound_bytes));
        Ok(())
    }

    /// What has to be reached on this load, once both have said the same.
    fn target(&self, words: &Words) -> Result<Target> {
        if let Some(complaint) = self.agree(words)?.complaint {
            let said = format!("ss {} says \"{complaint}\": what it takes is no measure", words.arguments);
            ensure!(!self.args.common.check, "{said}");
            eprintln!("{said}");
            return Ok(Target::None);
        }
        // The targets are those of spread ports.
        Ok(if self.load.shape == Shape::Spread { words.target } else { Target::None })
    }

    fn agree(&self, words: &Words) -> Result<Same> {
        let (ours, reference) = self.both(words);
        same::check(&ours, &reference, words.agreed)
    }

    /// Runs both by turns, and returns the most memory that sockeye held.
    fn contest(&self, rows: &mut Vec<Row>, words: &Words, pairs_times: usize, limit: Option<Duration>) -> Result<u64> {
        let (ours, reference) = self.both(words);
        let reference_name = format!("ss {}", words.arguments);
        let contest = Contest {
            what: words.what,
            ours: &ours,
            reference: &reference,
            reference_name: &reference_name,
            pairs: self.args.common.pairs() * pairs_times,
            limit,
            repeated_max: Duration::from_secs(self.args.repeat_max),
            target: words.target,
        };
        eprintln!("  {reference_name} …");
        let outcome = contest.run()?;
        rows.push(contest.row(&self.name, self.load.sockets, &outcome));
        Ok(outcome.peak_bytes())
    }

    fn both(&self, words: &Words) -> (Program, Program) {
        (Program::ss_of(self.sockeye, words.arguments), Program::ss_at(&self.args.ss, words.arguments))
    }
}
