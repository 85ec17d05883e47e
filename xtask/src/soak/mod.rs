//! `cargo xtask soak`: sockeye while everything moves, for as long as one likes.
//!
//! Network namespaces of its own in which what every table has comes and goes at a bounded rate, and sockets do. Followed are
//! they by watches of tables and sockets and by `top`, and listed over
//! and over. What runs long has to hold as much memory and as many descriptors in the end as after a while; what is listed
//! has to have the exit status that its verdict deserves; and once nothing moves any more, what was told has to be what is
//! listed. No time is asserted.

mod agree;
mod anycast;
mod churn;
mod commands;
mod flat;
mod follower;
mod gauge;
mod listing;
mod listings;
mod moved;
mod mover;
mod multicast_router;
mod optional;
mod pace;
mod page;
mod place;
mod random;
mod replica;
mod report;
mod socket_churner;
mod stage;
mod tables;
mod terminal;

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail};

use crate::bench::binary;

/// Less shows nothing: a third of it is the warm-up.
const TIME_MIN: Duration = Duration::from_secs(15);

/// Run sockeye while everything moves: its memory stays flat, and in the end it knows what the kernel has
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How long everything moves
    #[arg(long = "for", value_name = "DURATION", value_parser = humantime::parse_duration, default_value = "10m")]
    time: Duration,
    /// What decides the sequence of changes (default: the time)
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Write docs/soak.md with what came of it
    #[arg(long)]
    page: bool,
    /// How many times slower this machine is: that many times as seldom something moves, and as long is waited for it
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100), conflicts_with = "page")]
    slowness: u32,
    /// Run this program instead of building sockeye
    #[arg(long, value_name = "PATH")]
    sockeye: Option<PathBuf>,
}

/// The processes that a soak consists of.
#[derive(clap::Subcommand)]
pub(crate) enum Part {
    /// The soak itself, in a place of its own
    #[command(hide = true)]
    SoakStage(stage::Args),
    /// Opens and closes sockets until its input says a line
    #[command(hide = true)]
    SocketChurner(socket_churner::Args),
}

/// Whether something can be seen in this time.
///
/// # Errors
///
/// If it is too short.
pub(crate) fn check(time: Duration) -> Result<()> {
    if time < TIME_MIN {
        bail!("that is too short to see anything: at least {} s", TIME_MIN.as_secs());
    }
    Ok(())
}

/// Builds what is needed, and goes where it is done.
pub(crate) fn run(args: &Args) -> Result<()> {
    check(args.time)?;
    let sockeye = binary::sockeye(args.sockeye.as_ref())?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).context("a clock before 1970")?;
    let seed = args.seed.unwrap_or(now.as_secs());
    place::isolate(&stage::Args::line(&sockeye, args.time, seed, args.slowness, args.page))
}

/// Runs a part.
pub(crate) fn run_part(part: Part) -> Result<()> {
    match part {
        Part::SoakStage(args) => stage::run(&args),
        Part::SocketChurner(args) => socket_churner::run(&args),
    }
}
