//! `cargo xtask lab`: sockeye and its tests on the kernels that Debian packages.
//!
//! A kernel is booted under QEMU in software emulation, because hardware virtualisation is not to be had everywhere. The
//! guest sees the root of this machine, of which nothing that it writes reaches the disk, so that what was built here
//! runs there: programs, libraries, sources. Results come back through a folder that both can write.
//!
//! Not here: what the tests need to be made. They make it themselves, in namespaces, as they do on any machine.

mod allowed;
mod budget;
mod captures;
mod guest;
mod image;
mod initramfs;
mod lane;
mod last;
mod offered;
mod page;
mod run;
mod smoke;
mod soak;

use std::time::Duration;

use anyhow::{Result, bail};

use crate::packages;

/// Run sockeye's tests on other kernels
///
/// Boots stock kernels of Debian under QEMU, with sockeye and its tests inside, and fails where a test fails or is
/// skipped for a reason that tests/lab-skips.txt does not know. Programs that are missing are installed if this is root.
/// Kernels are kept in $XDG_CACHE_HOME/sockeye-lab or ~/.cache/sockeye-lab.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line")]
#[command(after_long_help = budget::TABLE)]
pub(crate) struct Args {
    /// A line of kernels (6.1), or a part of a release's name (6.12.107, rt): the newest that matches. May be repeated
    #[arg(long, value_name = "PATTERN", conflicts_with = "all")]
    kernel: Vec<String>,
    /// Only this test program (watch) or this one of a package (conn/kernel), as --all runs it unless it is told something.
    /// May be repeated
    #[arg(long, value_name = "NAME", conflicts_with_all = ["all", "smoke"])]
    test: Vec<String>,
    /// Every test that asks a kernel, on the newest of every line of kernels; writes docs/kernels.md
    #[arg(long, conflicts_with = "smoke")]
    all: bool,
    /// Run nothing, and write docs/kernels.md from what the last run of each program left, by --all or alone by --test, on
    /// the newest of every line of kernels, if that is everything
    #[arg(long, conflicts_with_all = ["kernel", "test", "all", "smoke", "captures", "shell", "run", "soak"])]
    page: bool,
    /// The tests of sockets, watch and live that take least time; fails where the guests take longer than six minutes
    #[arg(long)]
    smoke: bool,
    /// Make the captures of these kernels anew, in crates/sockeye/tests/captures; then SOCKEYE_BLESS=golden makes the rest
    #[arg(long, conflicts_with_all = ["all", "smoke", "test"])]
    captures: bool,
    /// Let everything move in the guests for so long, as `cargo xtask soak` does here; VLANs of bridges among it, which not every
    /// machine has
    #[arg(long, value_name = "DURATION", num_args = 0..=1, default_missing_value = "5m", value_parser = humantime::parse_duration,
        conflicts_with_all = ["all", "smoke", "test", "captures", "shell", "run"])]
    soak: Option<Duration>,
    /// A shell in the guest, which finds `sockeye`, instead of tests
    #[arg(long, conflicts_with_all = ["all", "smoke", "test", "captures"])]
    shell: bool,
    /// A command of that shell instead of tests; what it says is printed
    #[arg(long, value_name = "COMMAND", conflicts_with_all = ["all", "smoke", "test", "captures", "shell"])]
    run: Option<String>,
    /// Which kernels the package sources offer
    #[arg(long, exclusive = true)]
    list: bool,
    /// What the test programs are told: a part of a test's name, or options of the harness
    #[arg(last = true, requires = "test")]
    told: Vec<String>,
}

/// What has to be there, and the Debian package that has it: what makes guests, and what the tests in them run, which see the programs
/// of this machine.
const NEEDED: [(&str, &str); 15] = [
    ("qemu-system-x86_64", "qemu-system-x86"),
    ("busybox", "busybox-static"),
    ("modprobe", "kmod"),
    ("xz", "xz-utils"),
    ("ss", "iproute2"),
    ("ip", "iproute2"),
    ("tc", "iproute2"),
    ("bridge", "iproute2"),
    ("nft", "nftables"),
    ("tmux", "tmux"),
    ("perl", "perl-base"),
    ("setpriv", "util-linux"),
    ("unshare", "util-linux"),
    ("mount", "mount"),
    ("/etc/services", "netbase"),
];

/// The kernel of a shell, which is one: nobody sits before several. Without `--kernel` it is the first of the usual ones.
fn only<T: Copy>(kernels: &[T], asked: usize) -> Result<T> {
    match kernels {
        [first, ..] if asked <= 1 => Ok(*first),
        _ => bail!("--shell is in one kernel, and --kernel names {asked}: give one of them"),
    }
}

/// Reads the package lists anew, so that "every line" and "the newest" are those of today, where that may be done.
fn know_the_newest() {
    let updated = match packages::is_root() {
        Ok(true) => packages::update(),
        Ok(false) => Err(anyhow::anyhow!("this is not root")),
        Err(error) => Err(error),
    };
    if let Err(error) = updated {
        eprintln!("lab: the package lists may be old, and newer kernels unknown: {error:#}");
    }
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<()> {
    if !cfg!(target_arch = "x86_64") {
        bail!("the lab's guests are x86-64, and run programs that were built for this machine, which is not");
    }
    if args.page {
        let offered = offered::kernels()?;
        return run::write_page(&offered::chosen(&offered, &[], true)?, &lane::Lane::of(args));
    }
    packages::install("lab", &NEEDED)?;
    if args.list || args.all {
        know_the_newest();
    }
    let mut offered = offered::kernels()?;
    if args.list {
        return offered::print(&offered);
    }
    let mut kernels = offered::chosen(&offered, &args.kernel, args.all)?;
    if !image::are_kept(&kernels)? && packages::is_root()? {
        // Lists that are old name packages that are gone.
        packages::update()?;
        offered = offered::kernels()?;
        kernels = offered::chosen(&offered, &args.kernel, args.all)?;
    }
    if args.shell {
        return run::shell(only(&kernels, args.kernel.len())?);
    }
    if let Some(command) = &args.run {
        return kernels.iter().try_for_each(|kernel| run::command(kernel, command));
    }
    if let Some(time) = args.soak {
        return soak::run(&kernels, time);
    }
    if args.captures {
        return captures::make(&kernels);
    }
    run::tests(&kernels, &lane::Lane::of(args))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What .ci/run has installed for the compiler and for itself.
    const OF_THE_HOST: [&str; 4] = ["gcc", "objcopy", "/usr/include/stdio.h", "git"];

    #[test]
    fn what_the_tests_run_is_installed_for_guests_too() {
        let script = include_str!("../../../.ci/run");
        let (_, rest) = script.split_once("requirements=(").expect("what the tests compare with");
        let (list, _) = rest.split_once("\n)").expect("its end");
        let wanted: Vec<_> = list.split_whitespace().filter_map(|word| word.split_once('=')).collect();
        let of_tests: Vec<_> = wanted.iter().filter(|(what, _)| !OF_THE_HOST.contains(what)).collect();
        assert_eq!(of_tests.len() + OF_THE_HOST.len(), wanted.len(), "{wanted:?}");
        assert!(of_tests.contains(&&("nft", "nftables")), "{wanted:?}");
        for pair in of_tests {
            assert!(NEEDED.contains(pair), "{pair:?} is not installed for the lab");
        }
    }

    #[test]
    fn a_shell_is_in_one_kernel() {
        assert_eq!(only(&["6.1", "6.12"], 0).expect("the first of the usual ones"), "6.1");
        assert_eq!(only(&["6.12"], 1).expect("the one that was named"), "6.12");
        let said = only(&["6.1", "6.12"], 2).expect_err("which of them?").to_string();
        assert_eq!(said, "--shell is in one kernel, and --kernel names 2: give one of them");
    }
}
