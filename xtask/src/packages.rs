//! Programs that commands need, installed where that may be done.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Folders of programs; some are only in root's `PATH`.
const FOLDERS: [&str; 6] = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// Installs what is missing for a command: programs, or files by their paths, each with the Debian package that has it.
///
/// # Errors
///
/// If this is not root, or no Debian, or the package manager fails.
pub(crate) fn install(whom: &str, needed: &[(&str, &str)]) -> Result<()> {
    if find("apt-get").is_none() {
        bail!("there is no apt-get: {whom} uses packages of Debian, and needs one or one of its children");
    }
    let is_there = |what: &str| find(what).is_some() || what.starts_with('/') && Path::new(what).exists();
    let mut missing: Vec<&str> =
        needed.iter().filter(|(what, _)| !is_there(what)).map(|(_, package)| *package).collect();
    missing.dedup();
    if missing.is_empty() {
        return Ok(());
    }
    if !is_root()? {
        bail!("these packages have to be installed first, and this is not root: {}", missing.join(" "));
    }
    eprintln!("{whom}: installing {}", missing.join(" "));
    update()?;
    let options = ["install", "-y", "-qq", "-o", "Dpkg::Use-Pty=0", "--no-install-recommends"];
    apt_get(&[&options[..], &missing].concat())
}

/// Reads the package lists anew; only root can.
pub(crate) fn update() -> Result<()> {
    apt_get(&["update", "-qq"])
}

/// Whether this process is root.
pub(crate) fn is_root() -> Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let own = std::fs::metadata("/proc/self").context("cannot look at /proc/self")?;
    Ok(own.uid() == 0)
}

/// The path of a program.
pub(crate) fn find(program: &str) -> Option<String> {
    let paths = FOLDERS.iter().map(|folder| format!("{folder}/{program}"));
    paths.into_iter().find(|path| Path::new(path).exists())
}

fn apt_get(arguments: &[&str]) -> Result<()> {
    let mut command = Command::new("apt-get");
    // What it says belongs to this command's diagnostics, not to its output.
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").stdout(std::io::stderr());
    let status = command.status().context("cannot run apt-get")?;
    if status.success() { Ok(()) } else { bail!("apt-get {} failed", arguments.join(" ")) }
}
