//! What a process holds.

use std::fs;

use anyhow::{Context, Result};

/// Memory, descriptors and threads of a process at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Held {
    /// Memory of its own, which no file stands behind: what the kernel reads from a file it may drop and read again.
    pub(super) memory_bytes: u64,
    /// Open files.
    pub(super) descriptors: u64,
    /// Threads.
    pub(super) threads: u64,
}

impl Held {
    /// Looks at a process.
    pub(super) fn of(pid: u32) -> Result<Self> {
        let rollup = read(pid, "smaps_rollup")?;
        let status = read(pid, "status")?;
        let memory_kib =
            number(&rollup, "Anonymous").context("smaps_rollup without anonymous memory (before 4.14?)")?;
        let folder = format!("/proc/{pid}/fd");
        let descriptors = fs::read_dir(&folder).with_context(|| format!("cannot read {folder}"))?.count() as u64;
        let threads = number(&status, "Threads").context("a process without threads")?;
        Ok(Self { memory_bytes: memory_kib * 1024, descriptors, threads })
    }
}

/// The process that `unshare --fork` has made, as we see it.
pub(super) fn child_of(pid: u32) -> Result<Option<u32>> {
    let path = format!("/proc/{pid}/task/{pid}/children");
    let children = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    Ok(children.split_whitespace().next().and_then(|first| first.parse().ok()))
}

fn read(pid: u32, name: &str) -> Result<String> {
    let path = format!("/proc/{pid}/{name}");
    fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))
}

/// The number behind a name.
fn number(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.split(':').next() == Some(name))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_holds_something() {
        let held = Held::of(std::process::id()).expect("we are there");
        assert!(held.memory_bytes > 4096 && held.descriptors > 2 && held.threads > 1, "{held:?}");
    }

    #[test]
    fn a_file_that_is_opened_is_counted() {
        let descriptors = || Held::of(std::process::id()).expect("we are there").descriptors;
        let before = descriptors();
        let files: Vec<_> = (0..40).map(|_| fs::File::open("/dev/null").expect("it is there")).collect();
        // Other tests of this process open and close theirs meanwhile.
        assert!(descriptors() > before + 20, "{before}");
        drop(files);
    }
}
