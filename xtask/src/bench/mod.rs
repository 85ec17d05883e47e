//! `cargo xtask bench`: what sockeye costs, and what it misses, on loads that the benchmark makes itself.
//!
//! Everything happens in network namespaces of its own, and every figure is compared with one that was measured beside it.
//! What is measured and what serves the measuring are processes of their own; those that serve are hidden commands of
//! this same program ([`Part`]).

mod bare;
mod bare_routes;
pub(crate) mod binary;
mod churn;
mod churner;
mod common;
mod contest;
mod copies;
mod few;
mod hold;
mod listing;
mod live;
mod load;
pub(crate) mod machine;
mod namespace;
mod page;
pub(crate) mod part;
mod program;
pub(crate) mod report;
mod routes;
mod rtnetlink;
mod same;
mod short;
mod sockets;
mod ss;
mod statistics;
#[allow(unsafe_code)] // The one file with system calls that std does not have.
pub(crate) mod sys;
mod tables;
mod target;
mod transfer;

use anyhow::Result;

/// Measure sockeye
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Time and memory of listings, beside the kernel's own cost and `ss`; written to docs/performance.md
    Sockets(sockets::Args),
    /// Time and memory of `sockeye ss`, beside `ss`; written to docs/performance-ss.md
    Ss(ss::Args),
    /// Routes by the hundred thousand: listings, live copies, events; written to docs/performance-tables.md
    Tables(tables::Args),
    /// Sockets from birth to death, who holds them, and the screen that shows them; written to docs/performance-live.md
    Live(live::Args),
    /// Sockets missed and doubled in listings while others open and close as fast as they can
    Churn(churn::Args),
}

/// The processes that a benchmark consists of.
#[derive(clap::Subcommand)]
pub(crate) enum Part {
    /// Asks for sockets and only counts the answer
    #[command(hide = true)]
    Bare(bare::Args),
    /// Asks for routes and only counts the answer
    #[command(hide = true)]
    BareRoutes(bare_routes::Args),
    /// Holds sockets until its input ends
    #[command(hide = true)]
    Hold(hold::Args),
    /// Opens and closes connections until its input ends
    #[command(hide = true)]
    Churner(churner::Args),
    /// Opens and closes short connections, and says how many
    #[command(hide = true)]
    Short(short::Args),
    /// Sends bytes through connections, and says how many arrived
    #[command(hide = true)]
    Transfer(transfer::Args),
}

/// Runs a benchmark.
pub(crate) fn run(command: &Command) -> Result<()> {
    match command {
        Command::Sockets(args) => sockets::run(args),
        Command::Ss(args) => ss::run(args),
        Command::Tables(args) => tables::run(args),
        Command::Live(args) => live::run(args),
        Command::Churn(args) => churn::run(args),
    }
}

/// Runs a part of one.
pub(crate) fn run_part(part: &Part) -> Result<()> {
    match part {
        Part::Bare(args) => bare::run(args),
        Part::BareRoutes(args) => bare_routes::run(args),
        Part::Hold(args) => hold::run(args),
        Part::Churner(args) => churner::run(args),
        Part::Short(args) => short::run(args),
        Part::Transfer(args) => transfer::run(args),
    }
}
