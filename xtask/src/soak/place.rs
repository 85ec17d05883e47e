//! Where it happens: network namespaces with names of their own, among mounts that nobody else sees.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::commands::FIXED;

/// Network namespaces that stay, by name.
pub(super) const PLACES: [&str; 4] = ["soak0", "soak1", "soak2", "soak3"];
/// Names of namespaces, below a file system of memory that is ours.
const NAMES: &str = "/run/netns";
/// TIME-WAIT at most: they are no lives of sockets, and would grow for a minute.
const TIME_WAIT_MAX: u32 = 64;

/// The number by which each of them knows the next one.
const NEXT: &str = "77";

/// Replaces this process by the same command among mounts of its own, where nothing is to be seen of other namespaces'
/// names, and nothing has to be cleaned up. As an ordinary user it becomes root of a user namespace.
pub(super) fn isolate(arguments: &[OsString]) -> Result<()> {
    let mut command = Command::new("unshare");
    if !rustix::process::geteuid().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    command.args(["--mount", "--net", "--"]).arg(std::env::current_exe().context("cannot find this program")?);
    // It returns only where it fails.
    Err(command.args(arguments).exec()).context("cannot run unshare of util-linux")
}

/// Makes the namespaces, with what is there from beginning to end.
pub(super) fn make() -> Result<()> {
    run("mount", &["-t", "tmpfs", "-o", "mode=755", "soak", "/run"])?;
    for place in PLACES {
        run("ip", &["netns", "add", place])?;
        for line in FIXED {
            let words: Vec<_> = ["-n", place].into_iter().chain(line.split(' ')).collect();
            run("ip", &words)?;
        }
        let setting = format!("echo {TIME_WAIT_MAX} > /proc/sys/net/ipv4/tcp_max_tw_buckets");
        run("ip", &["netns", "exec", place, "sh", "-c", &setting])?;
    }
    for (place, next) in PLACES.iter().zip(PLACES.iter().cycle().skip(1)) {
        run("ip", &["-n", place, "netns", "set", next, NEXT])?;
    }
    Ok(())
}

/// The file of a namespace with this name.
pub(super) fn file(place: &str) -> PathBuf {
    Path::new(NAMES).join(place)
}

/// Runs a program to its end, which has to be a good one.
fn run(program: &str, words: &[&str]) -> Result<()> {
    let output = Command::new(program).args(words).output().with_context(|| format!("cannot run {program}"))?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        bail!("{program} {}: {}", words.join(" "), errors.trim());
    }
    Ok(())
}

/// A program that sees no process but itself, so that "all network namespaces" are those with a name, and its own. Names
/// that come and go reach it.
pub(super) fn alone(program: &Path) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "slave", "--"]).arg(program);
    command
}
