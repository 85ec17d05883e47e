//! `cargo xtask architectures`: the tests of `sockeye-wire` on machines of the other byte order and of another word size.
//!
//! Netlink is in the order of the machine, and structures have its sizes: what is right on the machine at hand may be wrong by luck. The
//! tests are built for an s390x (big-endian, 64 bits) and an i686 (little-endian, 32 bits) with the compiler and the standard
//! libraries that Debian packages for them, and run under QEMU's emulation of their instructions.

mod toolchain;

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::packages;
use toolchain::Toolchain;

/// Run the tests of sockeye-wire for other byte orders and word sizes
///
/// Needs a Debian. Programs that are missing are installed if this is root; compilers and libraries are kept in
/// $XDG_CACHE_HOME/sockeye-architectures or ~/.cache/sockeye-architectures. Where the package sources do not offer them, this
/// says so loudly and ends well.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What the test programs are told: a part of a test's name, or options of the harness
    #[arg(last = true)]
    told: Vec<String>,
}

/// A machine that is emulated.
struct Architecture {
    /// What it stands for.
    what: &'static str,
    /// As Rust names it.
    target: &'static str,
    /// As Debian names it.
    debian: &'static str,
    /// What links for it, and the package that has it.
    linker: (&'static str, &'static str),
    /// What its libraries are in, one of them, and the package that has them.
    libraries: &'static str,
    library: (&'static str, &'static str),
    emulator: &'static str,
}

const ALL: [Architecture; 2] = [
    Architecture {
        what: "big-endian, 64 bits",
        target: "s390x-unknown-linux-gnu",
        debian: "s390x",
        linker: ("s390x-linux-gnu-gcc", "gcc-s390x-linux-gnu"),
        libraries: "/usr/s390x-linux-gnu",
        library: ("/usr/s390x-linux-gnu/lib/libc.so.6", "libc6-dev-s390x-cross"),
        emulator: "qemu-s390x",
    },
    Architecture {
        what: "little-endian, 32 bits",
        target: "i686-unknown-linux-gnu",
        debian: "i386",
        linker: ("i686-linux-gnu-gcc", "gcc-i686-linux-gnu"),
        libraries: "/usr/i686-linux-gnu",
        library: ("/usr/i686-linux-gnu/lib/libc.so.6", "libc6-dev-i386-cross"),
        emulator: "qemu-i386",
    },
];

/// What the crate uses that the compiler has as a feature only (stable since 1.87).
const SINCE: &str = "integer_sign_cast";

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<()> {
    if !cfg!(target_arch = "x86_64") {
        bail!("the compiler that is used here is one for x86-64, which this machine is not");
    }
    let Some(toolchain) = Toolchain::get()? else {
        let lacking = format!("the package sources offer no Rust for {}", ALL.map(|one| one.debian).join(", "));
        // As for a test: what is skipped in CI has failed.
        if std::env::var_os("SOCKEYE_SKIP").is_some_and(|value| value == "fail") {
            bail!("{lacking}; `apt-get update` said: {}", toolchain::said_of_lists()?);
        }
        eprintln!("SKIPPED: architectures: {lacking}");
        return Ok(());
    };
    packages::install("architectures", &needed())?;
    for architecture in &ALL {
        println!("{} ({}), Rust {}", architecture.target, architecture.what, toolchain.version);
        test(architecture, &toolchain, &args.told)?;
    }
    Ok(())
}

/// What has to be there, and the Debian package that has it.
fn needed() -> Vec<(&'static str, &'static str)> {
    let of = |one: &Architecture| [one.linker, one.library, (one.emulator, "qemu-user")];
    ALL.iter().flat_map(of).chain([("dpkg-deb", "dpkg")]).collect()
}

fn test(architecture: &Architecture, toolchain: &Toolchain, told: &[String]) -> Result<()> {
    let variable = |end: &str| format!("CARGO_TARGET_{}_{end}", architecture.target.replace('-', "_").to_uppercase());
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // The workspace asks for a newer compiler than Debian has; this crate needs no more than that one.
    command.args(["test", "--locked", "--ignore-rust-version", "-p", "sockeye-wire", "--target", architecture.target]);
    command.args(["--lib", "--tests", "--target-dir"]).arg(toolchain.folder.join("built"));
    command.arg("--").args(told);
    command.env("RUSTC", toolchain.compiler()).env("LD_LIBRARY_PATH", toolchain.libraries());
    // Lints are those of the compiler at hand, and what has become stable since was there already under a name.
    let sysroot = toolchain.sysroot();
    let flags = format!("--cap-lints allow --sysroot {} -Zcrate-attr=feature({SINCE})", sysroot.display());
    command.env("RUSTFLAGS", flags).env("RUSTC_BOOTSTRAP", "1");
    command.env(variable("LINKER"), architecture.linker.0);
    command.env(variable("RUNNER"), format!("{} -L {}", architecture.emulator, architecture.libraries));
    command.env_remove("RUSTUP_TOOLCHAIN");
    let status = command.status().context("cannot run cargo")?;
    if status.success() { Ok(()) } else { bail!("the tests of sockeye-wire for {}: {status}", architecture.target) }
}
