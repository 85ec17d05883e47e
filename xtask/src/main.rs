//! Developer commands of sockeye: `cargo xtask --help`.

#![deny(unsafe_code)]

mod bench;
mod kernel_names;

use anyhow::Result;
use clap::Parser;

/// Developer commands of sockeye
#[derive(Parser)]
#[command(name = "cargo xtask")]
enum Command {
    KernelNames(kernel_names::Args),
    #[command(subcommand)]
    Bench(bench::Command),
    #[command(flatten)]
    Part(bench::Part),
}

fn main() -> Result<()> {
    match Command::parse() {
        Command::KernelNames(args) => kernel_names::run(&args),
        Command::Bench(command) => bench::run(&command),
        Command::Part(part) => bench::run_part(&part),
    }
}
