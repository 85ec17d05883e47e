//! Which kernels the configured package sources offer.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::packages;

/// The lines that are run where nobody says which.
const USUAL: [&str; 2] = ["6.1", "6.12"];

/// The architecture that packages and guests have.
const ARCHITECTURE: &str = "amd64";

/// A kernel that can be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kernel {
    /// What `uname -r` says in it: `6.1.0-56-amd64`.
    pub(super) release: String,
    /// The first two numbers: `6.1`.
    pub(super) line: String,
    /// `cloud`, `rt`, or nothing for the usual one.
    flavour: String,
    /// All numbers of the release, in order: of two of a line the larger is the newer.
    numbers: Vec<u32>,
}

impl Kernel {
    /// Reads the name of a package: `linux-image-6.12.107+deb12-cloud-amd64`. Meta-packages, debugging symbols and
    /// unsigned images are none.
    pub(super) fn of_package(package: &str) -> Option<Self> {
        let release = package.strip_prefix("linux-image-")?;
        let rest = release.strip_suffix(ARCHITECTURE)?.strip_suffix('-')?;
        let (rest, flavour) = match rest.rsplit_once('-') {
            Some((rest, flavour)) if flavour.starts_with(|first: char| first.is_ascii_alphabetic()) => (rest, flavour),
            _ => (rest, ""),
        };
        if !rest.starts_with(|first: char| first.is_ascii_digit()) {
            return None;
        }
        let numbers: Vec<u32> = rest.split(|byte: char| !byte.is_ascii_digit()).flat_map(str::parse).collect();
        let [major, minor, _, ..] = numbers[..] else { return None };
        let (release, flavour) = (release.to_owned(), flavour.to_owned());
        Some(Self { release, line: format!("{major}.{minor}"), flavour, numbers })
    }

    /// Whether it is another one of the same line and flavour.
    pub(super) fn is_other_of(&self, kernel: &Self) -> bool {
        self.release != kernel.release && self.line == kernel.line && self.flavour == kernel.flavour
    }

    /// The package that has it.
    pub(super) fn package(&self) -> String {
        format!("linux-image-{}", self.release)
    }
}

/// All that the sources offer, oldest line first, newest of a line first.
///
/// # Errors
///
/// If there are none, also after the lists were read anew.
pub(super) fn kernels() -> Result<Vec<Kernel>> {
    let mut kernels = searched()?;
    if kernels.is_empty() && packages::is_root()? {
        packages::update()?;
        kernels = searched()?;
    }
    if kernels.is_empty() {
        bail!(
            "the package sources offer no kernel (apt-cache search linux-image); are the lists there (apt-get update)?"
        );
    }
    kernels.sort_by(|one, other| {
        let lines = one.numbers[..2].cmp(&other.numbers[..2]);
        lines.then_with(|| other.numbers.cmp(&one.numbers)).then_with(|| one.flavour.cmp(&other.flavour))
    });
    Ok(kernels)
}

/// Those of a command line: by patterns, the newest of each line, or the usual lines.
pub(super) fn chosen<'k>(offered: &'k [Kernel], patterns: &[String], all: bool) -> Result<Vec<&'k Kernel>> {
    if all {
        return Ok(newest_of_lines(offered));
    }
    let usual = USUAL.map(str::to_owned);
    let patterns = if patterns.is_empty() { &usual[..] } else { patterns };
    let mut chosen: Vec<&Kernel> = Vec::new();
    for pattern in patterns {
        let kernel = matching(offered, pattern)?;
        // Two guests of one kernel would write into the same folder.
        if !chosen.iter().any(|other| other.release == kernel.release) {
            chosen.push(kernel);
        }
    }
    Ok(chosen)
}

/// Prints the lines and what there is of each.
#[expect(clippy::unnecessary_wraps, reason = "one of the endings of the command")]
pub(super) fn print(offered: &[Kernel]) -> Result<()> {
    let newest = newest_of_lines(offered);
    for kernel in offered {
        let mark = if newest.contains(&kernel) { "newest" } else { "" };
        println!("{:6} {:34} {mark}", kernel.line, kernel.release);
    }
    Ok(())
}

/// The newest usual kernel of each line.
fn newest_of_lines(offered: &[Kernel]) -> Vec<&Kernel> {
    let mut newest: Vec<&Kernel> = Vec::new();
    for kernel in offered.iter().filter(|kernel| kernel.flavour.is_empty()) {
        if newest.last().is_none_or(|last| last.line != kernel.line) {
            newest.push(kernel);
        }
    }
    newest
}

fn matching<'k>(offered: &'k [Kernel], pattern: &str) -> Result<&'k Kernel> {
    let of_line = newest_of_lines(offered).into_iter().find(|kernel| kernel.line == pattern);
    let found = of_line.or_else(|| offered.iter().find(|kernel| kernel.release.contains(pattern)));
    found.with_context(|| {
        let lines: Vec<&str> = newest_of_lines(offered).iter().map(|kernel| kernel.line.as_str()).collect();
        format!("the package sources offer no kernel {pattern}, but of the lines {}", lines.join(", "))
    })
}

fn searched() -> Result<Vec<Kernel>> {
    let arguments = ["search", "--names-only", "^linux-image-[0-9]"];
    let output = Command::new("apt-cache").args(arguments).output().context("cannot run apt-cache")?;
    if !output.status.success() {
        bail!("apt-cache failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().filter_map(|line| Kernel::of_package(line.split(' ').next()?)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kernels(packages: &[&str]) -> Vec<Kernel> {
        packages.iter().map(|package| Kernel::of_package(package).expect("a kernel's package")).collect()
    }

    #[test]
    fn names_of_packages_say_line_flavour_and_age() {
        let [old, new, cloud, rt] = &kernels(&[
            "linux-image-6.1.0-9-amd64",
            "linux-image-6.1.0-56-amd64",
            "linux-image-6.12.107+deb12-cloud-amd64",
            "linux-image-6.1.0-56-rt-amd64",
        ])[..] else {
            panic!("four packages")
        };
        assert_eq!((old.line.as_str(), new.release.as_str()), ("6.1", "6.1.0-56-amd64"));
        assert_eq!((cloud.line.as_str(), cloud.flavour.as_str(), rt.flavour.as_str()), ("6.12", "cloud", "rt"));
        assert!(new.numbers > old.numbers, "nine is older than fifty-six");
    }

    #[test]
    fn what_is_no_image_is_passed_over() {
        for package in [
            "linux-image-amd64",
            "linux-image-6.12-amd64",
            "linux-image-6.12-cloud-amd64",
            "linux-image-6.1.0-56-amd64-dbg",
            "linux-image-6.1.0-56-amd64-unsigned",
            "linux-image-6.1.0-56-arm64",
            "linux-headers-6.1.0-56-amd64",
        ] {
            assert_eq!(Kernel::of_package(package), None, "{package}");
        }
    }

    #[test]
    fn a_pattern_means_a_line_before_it_means_a_part_of_a_name() {
        let offered = kernels(&[
            "linux-image-6.1.0-56-amd64",
            "linux-image-6.1.0-56-rt-amd64",
            "linux-image-6.12.117+deb12-amd64",
            "linux-image-6.12.107+deb12-amd64",
        ]);
        let release = |pattern: &str| matching(&offered, pattern).map(|kernel| kernel.release.as_str());
        assert_eq!(release("6.1").unwrap(), "6.1.0-56-amd64");
        assert_eq!(release("6.12").unwrap(), "6.12.117+deb12-amd64");
        assert_eq!(release("6.12.107").unwrap(), "6.12.107+deb12-amd64");
        assert_eq!(release("rt").unwrap(), "6.1.0-56-rt-amd64");
        assert!(release("5.10").unwrap_err().to_string().contains("6.1, 6.12"));
    }
}
