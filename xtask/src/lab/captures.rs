//! Captures of what other kernels send, made in them and brought into the repository.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::guest::Guest;
use super::image::Image;
use super::lane::{self, Task};
use super::offered::Kernel;
use super::run::{at_once, outcome};
use crate::suite::build;

/// Where the guest writes them, in the folder that it shares.
const INSIDE: &str = "captures";

/// Where they are committed, in a folder for each line of kernels.
const COMMITTED: &str = "crates/sockeye/tests/captures";

/// Makes those of some kernels.
///
/// # Errors
///
/// If one could not be made: what is committed stays as it was.
pub(super) fn make(kernels: &[&Kernel]) -> Result<()> {
    let tasks = lane::captures(&build::programs()?)?;
    at_once(kernels, |kernel| by(kernel, &tasks)).map(drop)
}

fn by(kernel: &Kernel, tasks: &[Task]) -> Result<()> {
    let image = Image::of(kernel)?;
    let folder = format!("/run/lab/{INSIDE}");
    let variables = [("SOCKEYE_BLESS", "captures"), ("SOCKEYE_CAPTURES", folder.as_str())];
    let guest = Guest::with_variables(&image, "captures", tasks, &variables)?;
    fs::create_dir(guest.results.join(INSIDE)).context("cannot make the folder of captures")?;
    guest.run(tasks)?;
    for task in tasks {
        let outcome = outcome(&guest.results, task)?;
        if !outcome.is_good() {
            bail!("{}: {outcome:?}; its output is in {}", kernel.release, guest.results.display());
        }
    }
    bring(&guest.results.join(INSIDE).join(&kernel.line), &kernel.line)
}

fn bring(from: &Path, line: &str) -> Result<()> {
    let to = Path::new(build::REPOSITORY).join(COMMITTED).join(line);
    fs::create_dir_all(&to).with_context(|| format!("cannot make {}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("no captures in {}", from.display()))? {
        let entry = entry?;
        let place = to.join(entry.file_name());
        fs::copy(entry.path(), &place).with_context(|| format!("cannot write {}", place.display()))?;
    }
    Ok(())
}
