//! The sockeye that is measured.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");

/// Where sockeye is: where the caller says, or built from this workspace.
pub(crate) fn sockeye(given: Option<&PathBuf>) -> Result<PathBuf> {
    if let Some(path) = given {
        return path.canonicalize().with_context(|| format!("there is no {}", path.display()));
    }
    build(&["sockeye"])?;
    // Both are built with the same profile into the same folder.
    let path = std::env::current_exe().context("cannot find this program")?.with_file_name("sockeye");
    path.canonicalize().with_context(|| format!("cargo built sockeye, but not as {}", path.display()))
}

/// An example of one of the workspace's libraries, built.
pub(super) fn example(package: &str, name: &str) -> Result<PathBuf> {
    build(&[package, "--example", name])?;
    let path = std::env::current_exe().context("cannot find this program")?.with_file_name("examples").join(name);
    path.canonicalize().with_context(|| format!("cargo built {name}, but not as {}", path.display()))
}

fn build(package: &[&str]) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = ["build", "--quiet", "--release", "--locked", "--manifest-path", WORKSPACE, "--package"];
    let status = Command::new(cargo).args(arguments).args(package).status().context("cannot run cargo")?;
    if status.success() { Ok(()) } else { bail!("{} does not build", package.join(" ")) }
}
