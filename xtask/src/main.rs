//! Developer commands of sockeye: `cargo xtask --help`.

#![deny(unsafe_code)]

mod architectures;
mod bench;
mod fuzz;
mod kernel_names;
mod lab;
mod packages;
mod privileges;
mod soak;
mod suite;

use anyhow::Result;
use clap::Parser;

/// Developer commands of sockeye
#[derive(Parser)]
#[command(name = "cargo xtask")]
enum Command {
    KernelNames(kernel_names::Args),
    Fuzz(fuzz::Args),
    Lab(lab::Args),
    Privileges(privileges::Args),
    Architectures(architectures::Args),
    #[command(subcommand)]
    Bench(bench::Command),
    Soak(soak::Args),
    #[command(flatten)]
    Part(bench::Part),
    #[command(flatten)]
    SoakPart(soak::Part),
}

fn main() -> Result<()> {
    match Command::parse() {
        Command::KernelNames(args) => kernel_names::run(&args),
        Command::Fuzz(args) => fuzz::run(&args),
        Command::Lab(args) => lab::run(&args),
        Command::Privileges(args) => privileges::run(&args),
        Command::Architectures(args) => architectures::run(&args),
        Command::Bench(command) => bench::run(&command),
        Command::Soak(args) => soak::run(&args),
        Command::Part(part) => bench::run_part(&part),
        Command::SoakPart(part) => soak::run_part(part),
    }
}
