//! `cargo xtask fuzz`: hostile bytes for every decoder, engine and parser.
//!
//! The program is a package of its own (`tests/fuzz`), because this one depends on none of sockeye's crates; here it is
//! built with overflow checks and run.

use std::ffi::OsString;
use std::process::{Command, exit};

use anyhow::{Context, Result};
use clap::Parser;

/// Attack decoders, engines and parsers with mutated bytes: `cargo xtask fuzz --for 60s`, `--help` for the rest
#[derive(Debug, Parser)]
#[command(disable_help_flag = true)]
pub(crate) struct Args {
    /// What the program is given.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["run", "--quiet", "--locked", "--profile", "fuzz", "--package", "sockeye-fuzz", "--"])
        .args(&args.arguments)
        .status()
        .context("cannot run cargo")?;
    // Its exit status is ours.
    exit(status.code().unwrap_or(2))
}
