//! Captures of what other kernels send, made in them and brought into the repository.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::allowed;
use super::guest::Guest;
use super::image::Image;
use super::lane::{self, Task};
use super::offered::Kernel;
use super::run::{at_once, outcome};
use crate::suite::allowed::judge;
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
        // What was not made is not captured either: it has to be known that this kernel lacks it.
        let unknown = judge(&allowed::list()?, &kernel.line, &[outcome]).unknown;
        if !unknown.is_empty() {
            bail!("{}: skipped, and not in tests/lab-skips.txt: {unknown:?}", kernel.release);
        }
    }
    let to = Path::new(build::REPOSITORY).join(COMMITTED).join(&kernel.line);
    bring(&guest.results.join(INSIDE).join(&kernel.line), &to)
}

/// Copies what was made, and takes away what is no longer made, with what was derived from it under the same name: the folder is of
/// one line, and a run makes all of them.
fn bring(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("cannot make {}", to.display()))?;
    let mut made = Vec::new();
    for entry in fs::read_dir(from).with_context(|| format!("no captures in {}", from.display()))? {
        let entry = entry?;
        let place = to.join(entry.file_name());
        // Its content alone: in the guest it is for root.
        fs::read(entry.path())
            .and_then(|capture| fs::write(&place, capture))
            .with_context(|| format!("cannot write {}", place.display()))?;
        made.extend(place.file_stem().map(ToOwned::to_owned));
    }
    if made.is_empty() {
        bail!("no captures in {}", from.display());
    }
    for entry in fs::read_dir(to)? {
        let path = entry?.path();
        if path.file_stem().is_some_and(|name| made.iter().all(|made| made != name)) {
            fs::remove_file(&path).with_context(|| format!("cannot take {} away", path.display()))?;
            println!("{} is no longer made, and was taken away", path.display());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder");
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("letters")).collect();
        names.sort();
        names
    }

    #[test]
    fn what_is_no_longer_made_goes_with_what_was_derived_from_it() {
        let folder = std::env::temp_dir().join(format!("sockeye-captures-{}", std::process::id()));
        let (from, to) = (folder.join("from"), folder.join("to"));
        for (at, name) in [
            (&from, "tcp.cap"),
            (&from, "raw.cap"),
            (&to, "tcp.cap"),
            (&to, "tcp.ndjson"),
            (&to, "dccp.cap"),
            (&to, "dccp.ndjson"),
        ] {
            fs::create_dir_all(at).expect("a folder");
            fs::write(at.join(name), at.as_os_str().as_encoded_bytes()).expect("a file");
        }
        bring(&from, &to).expect("they are brought");
        assert_eq!(names(&to), ["raw.cap", "tcp.cap", "tcp.ndjson"]);
        assert_eq!(fs::read(to.join("tcp.cap")).expect("a file"), from.as_os_str().as_encoded_bytes());
        // A guest that made nothing takes nothing away.
        let none = folder.join("none");
        fs::create_dir_all(&none).expect("a folder");
        assert!(bring(&none, &to).is_err());
        assert_eq!(names(&to).len(), 3);
        fs::remove_dir_all(folder).expect("it is ours");
    }
}
