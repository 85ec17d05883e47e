//! `cargo xtask bench live`: sockets from birth to death, who holds them, and the screen that shows them.

mod counters;
mod lives;
mod owners;
mod screen;
mod tally;
mod terminal;
mod top;
mod watcher;
mod whole;

use std::path::Path;

use anyhow::Result;

use super::common::{Begun, Common};
use super::machine::Others;
use super::page::Page;

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/performance-live.md");
const TEMPLATE: &str = include_str!("../performance-live.template.md");

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    common: Common,
    /// Only this part, and no document
    #[arg(long)]
    only: Option<Part>,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// Who holds many sockets
    Owners,
    /// Whole listings with owners
    Whole,
    /// Short connections
    Lives,
    /// Counters where packets are lost
    Counters,
    /// The screen
    Top,
}

/// What every part needs.
struct Measuring<'m> {
    common: &'m Common,
    sockeye: &'m Path,
}

/// Runs the benchmark.
pub(crate) fn run(args: &Args) -> Result<()> {
    let Begun { sockeye, .. } = args.common.begin()?;
    let scanner = owners::scanner()?;
    let measuring = Measuring { common: &args.common, sockeye: &sockeye };
    let wanted = |part| args.only.is_none_or(|only| only == part);
    let mut rows = Vec::new();
    let others = Others::begin()?;
    if wanted(Part::Owners) {
        owners::measure(&measuring, &scanner, &mut rows)?;
    }
    if wanted(Part::Whole) {
        whole::measure(&measuring, &mut rows)?;
    }
    if wanted(Part::Lives) {
        lives::measure(&measuring, &mut rows)?;
    }
    if wanted(Part::Counters) {
        counters::measure(&measuring, &mut rows)?;
    }
    if wanted(Part::Top) {
        top::measure(&measuring, &mut rows)?;
    }
    let pairs = args.common.pairs().to_string();
    let others = format!("{:.2}", others.processors()?);
    eprintln!("others kept {others} processors busy meanwhile");
    let values = &[("{others}", others.as_str()), ("{pairs}", &pairs)];
    let is_whole = args.only.is_none();
    Page { document: is_whole.then_some(DOCUMENT), template: TEMPLATE, values, common: &args.common }.conclude(rows)
}
