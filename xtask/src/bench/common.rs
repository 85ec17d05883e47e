//! What the benchmarks that write a page are told alike, and what they all begin with.

use std::path::PathBuf;

use anyhow::Result;

use super::{binary, machine};

/// Pairs of a run that only shows that everything works.
const PAIRS_SMALL: usize = 2;

#[derive(clap::Args)]
pub(super) struct Common {
    /// Runs of each program, by turns with what it is compared with
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..))]
    pairs: u16,
    /// Exit with 1 where a target is missed
    #[arg(long, conflicts_with = "small")]
    pub(super) check: bool,
    /// A small load and two pairs, and no document: shows that everything works
    #[arg(long)]
    pub(super) small: bool,
    /// Measure this program instead of building sockeye
    #[arg(long, value_name = "PATH")]
    sockeye: Option<PathBuf>,
}

/// What is known before the first load is made.
pub(super) struct Begun {
    /// The sockeye that is measured.
    pub(super) sockeye: PathBuf,
    /// A sentence for the page where other programs keep the machine busy, with a space before it; else nothing.
    pub(super) busy: String,
}

impl Common {
    /// Finds or builds sockeye, and looks whether the machine has time. Comes before the first namespace: cargo may need
    /// the network.
    pub(super) fn begin(&self) -> Result<Begun> {
        let sockeye = binary::sockeye(self.sockeye.as_ref())?;
        let busy = machine::busy();
        if let Some(busy) = &busy {
            eprintln!("{busy}");
        }
        let busy = busy.map(|busy| format!(" While it was measured, {busy}.")).unwrap_or_default();
        Ok(Begun { sockeye, busy })
    }

    /// Runs of each program.
    pub(super) fn pairs(&self) -> usize {
        if self.small { PAIRS_SMALL } else { self.pairs.into() }
    }

    /// One of two sizes.
    pub(super) fn size<T>(&self, full: T, small: T) -> T {
        if self.small { small } else { full }
    }
}
