//! The programs that the lab needs, installed where that may be done.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// What has to be there, and the Debian package that has it.
const NEEDED: [(&str, &str); 4] = [
    ("qemu-system-x86_64", "qemu-system-x86"),
    ("busybox", "busybox-static"),
    ("modprobe", "kmod"),
    ("xz", "xz-utils"),
];

/// Folders of programs; some are only in root's `PATH`.
const FOLDERS: [&str; 6] = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// Installs what is missing.
///
/// # Errors
///
/// If this is not root, or no Debian, or the package manager fails.
pub(super) fn install() -> Result<()> {
    if !cfg!(target_arch = "x86_64") {
        bail!("the lab's guests are x86-64, and run programs that were built for this machine, which is not");
    }
    if find("apt-get").is_none() {
        bail!("there is no apt-get: the lab boots Debian's kernels and needs a Debian or one of its children");
    }
    let missing: Vec<&str> =
        NEEDED.iter().filter(|(program, _)| find(program).is_none()).map(|(_, package)| *package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !is_root()? {
        bail!("these packages have to be installed first, and this is not root: {}", missing.join(" "));
    }
    eprintln!("lab: installing {}", missing.join(" "));
    update()?;
    let options = ["install", "-y", "-qq", "-o", "Dpkg::Use-Pty=0", "--no-install-recommends"];
    apt_get(&[&options[..], &missing].concat())
}

/// Reads the package lists anew; only root can.
pub(super) fn update() -> Result<()> {
    apt_get(&["update", "-qq"])
}

/// Whether this process is root.
pub(super) fn is_root() -> Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let own = std::fs::metadata("/proc/self").context("cannot look at /proc/self")?;
    Ok(own.uid() == 0)
}

/// The path of a program.
pub(super) fn find(program: &str) -> Option<String> {
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
