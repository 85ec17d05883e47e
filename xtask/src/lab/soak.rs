//! `cargo xtask soak` in guests: what a kernel lacks that is at hand moves there, and is held against what those kernels have.

use std::fs;
use std::slice;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::guest::{self, Guest, SLOWNESS};
use super::image::Image;
use super::lane::Task;
use super::offered::Kernel;
use super::run::at_once;
use crate::bench::binary;
use crate::soak;
use crate::suite::build::{self, Program};

/// What it is called in the folder of results.
const NAME: &str = "soak";
/// What a guest may take beside the time in which everything moves: it begins, settles and ends.
const AROUND_MAX: Duration = Duration::from_mins(20);

/// Runs it on some kernels, and prints what came of it on each.
///
/// # Errors
///
/// If something was wrong on one of them.
pub(super) fn run(kernels: &[&Kernel], time: Duration) -> Result<()> {
    soak::check(time)?;
    let sockeye = binary::sockeye(None)?;
    let path = sockeye.to_str().context("the path of sockeye is no UTF-8")?;
    let time_words = format!("{}ms", time.as_millis());
    let slowness = SLOWNESS.to_string();
    let told = [NAME, "--for", &time_words, "--slowness", &slowness, "--sockeye", path].map(str::to_owned);
    let program = Program {
        name: NAME.to_owned(),
        path: std::env::current_exe().context("cannot find this program")?,
        folder: build::REPOSITORY.into(),
        binaries: Vec::new(),
    };
    let seconds_max = u32::try_from((time + AROUND_MAX).as_secs()).context("that is too long")?;
    let task = Task { program, told: told.into(), seconds_max };
    let mut bad = Vec::new();
    for (release, said, end) in at_once(kernels, |kernel| on(kernel, &task))? {
        println!("Linux {release}\n\n{said}");
        if !end.starts_with("0 ") {
            bad.push(release);
        }
    }
    if bad.is_empty() { Ok(()) } else { bail!("something was wrong on {}", bad.join(", ")) }
}

/// Runs it on one kernel: the release, what it said, and how it ended.
fn on(kernel: &Kernel, task: &Task) -> Result<(String, String, String)> {
    let image = Image::of(kernel)?;
    let guest = Guest::prepare(&image, NAME, slice::from_ref(task))?;
    guest.run(slice::from_ref(task))?;
    let left = |kind: &str| fs::read(guest::left(&guest.results, NAME, kind)).unwrap_or_default();
    let text = |kind: &str| String::from_utf8_lossy(&left(kind)).into_owned();
    Ok((kernel.release.clone(), text(guest::OUT) + &text(guest::ERR), text(guest::END)))
}
