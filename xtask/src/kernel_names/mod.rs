//! `cargo xtask kernel-names`: the kernel's names for what sock_diag says, as a committed list.
//!
//! The list is crates/wire/kernel/sock_diag.txt; a test of the attribute tables reads it and finds what
//! they miss. It holds names, numbers and places only, and comes from two sources: the BTF of the running
//! kernel, and headers for what that kernel lacks. `--check` asks the running kernel alone.

mod btf;
mod fact;
mod headers;
mod layout;
mod listing;
mod selection;

use std::path::PathBuf;
use std::{fs, io};

use anyhow::{Context, Result, bail};

use btf::Btf;
use fact::Fact;
use listing::Listing;

/// The committed list, wherever the command is started.
const LIST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/wire/kernel/sock_diag.txt");
/// How the section of the running kernel begins.
const BTF_SOURCE: &str = "BTF of Linux ";

/// Write the list of the kernel's sock_diag names, or compare it with the running kernel.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Compare instead of writing: fail where the kernel has a new name or another place for one.
    #[arg(long, conflicts_with = "headers")]
    check: bool,
    /// Renew what comes from headers too: a folder as include/uapi and its kernel, as "DIR=Linux 7.1".
    /// The first folder that has a header wins. Needs gcc 12 or newer and objcopy.
    #[arg(long, value_name = "DIR=KERNEL")]
    headers: Vec<headers::Folder>,
    /// Where the kernel describes its types.
    #[arg(long, value_name = "FILE", default_value = btf::VMLINUX)]
    btf: PathBuf,
    /// The list.
    #[arg(long, value_name = "FILE", default_value = LIST)]
    list: PathBuf,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<()> {
    let blob = match fs::read(&args.btf) {
        Err(error) if args.check && error.kind() == io::ErrorKind::NotFound => {
            eprintln!("kernel-names: SKIPPED, this kernel has no {}", args.btf.display());
            return Ok(());
        }
        read => read.with_context(|| format!("cannot read {}", args.btf.display()))?,
    };
    let kernel = known_by(&Btf::read(&blob).with_context(|| format!("cannot read {}", args.btf.display()))?)?;
    if args.check { check(args, &kernel) } else { write(args, kernel) }
}

fn check(args: &Args, kernel: &[Vec<Fact>]) -> Result<()> {
    let committed = committed(args)?;
    let kernel: Vec<Fact> = kernel.iter().flatten().cloned().collect();
    let quarrels = committed.quarrels(&kernel);
    if quarrels.is_empty() {
        println!("kernel-names: {} of {} lines compared, all agree", kernel.len(), committed.facts().count());
        return Ok(());
    }
    bail!("{} and this kernel disagree:\n  {}", args.list.display(), quarrels.join("\n  "))
}

fn write(args: &Args, kernel: Vec<Vec<Fact>>) -> Result<()> {
    let mut listing = Listing::default();
    listing.add(format!("{BTF_SOURCE}{}", release()?), kernel);
    if args.headers.is_empty() {
        for section in committed(args)?.sections {
            if !section.source.starts_with(BTF_SOURCE) {
                listing.add(section.source, section.groups);
            }
        }
    }
    for header in selection::HEADERS.iter().filter(|_| !args.headers.is_empty()) {
        match headers::read(&args.headers, header).with_context(|| format!("cannot read {}", header.path))? {
            Some((source, groups)) => listing.add(source, groups),
            None => eprintln!("kernel-names: no folder has {}, its names come from BTF alone", header.path),
        }
    }
    fs::write(&args.list, listing.render()).with_context(|| format!("cannot write {}", args.list.display()))?;
    println!("kernel-names: {} lines in {}", listing.facts().count(), args.list.display());
    Ok(())
}

/// Everything selected that this kernel has types for.
fn known_by(btf: &Btf) -> Result<Vec<Vec<Fact>>> {
    let per_header = selection::HEADERS.iter().map(|header| fact::groups(btf, header));
    Ok(per_header.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
}

fn committed(args: &Args) -> Result<Listing> {
    let text = fs::read_to_string(&args.list).with_context(|| format!("cannot read {}", args.list.display()))?;
    Listing::parse(&text).with_context(|| format!("cannot understand {}", args.list.display()))
}

/// The running kernel's version, as far as a name can depend on it: `6.18` of `6.18.3-distro`.
fn release() -> Result<String> {
    let whole = fs::read_to_string("/proc/sys/kernel/osrelease").context("cannot read the kernel's release")?;
    let numbers: Vec<&str> = whole.trim().splitn(3, '.').take(2).collect();
    Ok(numbers.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_list_is_as_the_command_writes_it() {
        let text = fs::read_to_string(LIST).expect("the list is part of the repository");
        assert_eq!(Listing::parse(&text).expect("own text").render(), text);
    }
}
