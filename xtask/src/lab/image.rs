//! A kernel and its modules, downloaded once and kept outside the repository.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, fs::File};

use anyhow::{Context, Result, bail};

use super::offered::Kernel;
use crate::packages;

/// An unpacked kernel.
pub(super) struct Image {
    /// What `uname -r` says in it.
    pub(super) release: String,
    /// The folder with `boot` and `lib/modules`, as `modprobe -d` wants it.
    pub(super) folder: PathBuf,
    /// Locked for others as long as it is used.
    _used: File,
}

impl Image {
    /// Takes it from the cache, or downloads and unpacks it.
    pub(super) fn of(kernel: &Kernel) -> Result<Self> {
        let cache = cache()?;
        let folder = cache.join(&kernel.release);
        if !folder.exists() {
            eprintln!("lab: downloading {}", kernel.package());
            fetch(&cache, &folder, kernel)?;
        }
        let used = File::open(&folder).with_context(|| format!("cannot open {}", folder.display()))?;
        used.lock_shared().with_context(|| format!("cannot lock {}", folder.display()))?;
        forget_older(&cache, kernel)?;
        Ok(Self { release: kernel.release.clone(), folder, _used: used })
    }

    /// The kernel itself.
    pub(super) fn vmlinuz(&self) -> PathBuf {
        self.folder.join("boot").join(format!("vmlinuz-{}", self.release))
    }

    /// The files of a module and of all that it needs, in the order of loading. What is built in has none.
    pub(super) fn files_of(&self, module: &str) -> Result<Vec<PathBuf>> {
        let modprobe = packages::find("modprobe").context("there is no modprobe")?;
        let mut command = Command::new(modprobe);
        command.arg("-d").arg(&self.folder).args(["-S", &self.release, "--show-depends", module]);
        let output = command.output().context("cannot run modprobe")?;
        if !output.status.success() {
            bail!("{} has no module {module}: {}", self.release, String::from_utf8_lossy(&output.stderr).trim());
        }
        let text = String::from_utf8_lossy(&output.stdout);
        Ok(text.lines().filter_map(|line| line.strip_prefix("insmod ")).map(|path| path.trim().into()).collect())
    }
}

/// Whether all of them are in the cache.
pub(super) fn are_kept(kernels: &[&Kernel]) -> Result<bool> {
    let cache = cache()?;
    Ok(kernels.iter().all(|kernel| cache.join(&kernel.release).exists()))
}

/// Downloads a kernel into this folder of the cache.
fn fetch(cache: &Path, folder: &Path, kernel: &Kernel) -> Result<()> {
    // Only a whole image gets its name, whatever ends this program in between.
    let partial = cache.join(format!("{}.partial.{}", kernel.release, std::process::id()));
    fs::create_dir_all(&partial).with_context(|| format!("cannot make {}", partial.display()))?;
    let unpacked = unpack(&partial, kernel);
    let result = unpacked.and_then(|()| fs::rename(&partial, folder).context("cannot name the image"));
    if result.is_err() {
        let _ = fs::remove_dir_all(&partial);
    }
    result
}

fn unpack(folder: &Path, kernel: &Kernel) -> Result<()> {
    // As root, apt-get would download as a user that may not write here, and warn that it doesn't.
    let mut command = Command::new("apt-get");
    command.args(["-qq", "-o", "APT::Sandbox::User=root", "download", &kernel.package()]);
    run(command.current_dir(folder).stdout(std::io::stderr()))?;
    let package = fs::read_dir(folder)?.next().context("apt-get downloaded nothing")??.path();
    run(Command::new("dpkg-deb").arg("-x").arg(&package).arg(folder))?;
    fs::remove_file(&package)?;
    let depmod = packages::find("depmod").context("there is no depmod")?;
    run(Command::new(depmod).arg("-b").arg(folder).arg(&kernel.release))
}

/// Where images are kept: `$XDG_CACHE_HOME/sockeye-lab`, else `~/.cache/sockeye-lab`.
fn cache() -> Result<PathBuf> {
    let base = env::var_os("XDG_CACHE_HOME").filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = base.or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
    Ok(base.context("neither XDG_CACHE_HOME nor HOME says where kernels can be kept")?.join("sockeye-lab"))
}

/// Removes other kernels of a line and flavour that nobody uses: the cache holds one of each, some 500 MB.
fn forget_older(cache: &Path, kernel: &Kernel) -> Result<()> {
    for entry in fs::read_dir(cache)? {
        let entry = entry?;
        if !is_other(&entry.file_name().to_string_lossy(), kernel) {
            continue;
        }
        // Whoever came first may have removed it.
        let is_unused = File::open(entry.path()).is_ok_and(|folder| folder.try_lock().is_ok());
        if is_unused {
            fs::remove_dir_all(entry.path()).with_context(|| format!("cannot remove {}", entry.path().display()))?;
        }
    }
    Ok(())
}

/// Whether a folder of the cache is another kernel of the same line and flavour.
fn is_other(folder: &str, kernel: &Kernel) -> bool {
    Kernel::of_package(&format!("linux-image-{folder}")).is_some_and(|other| other.is_other_of(kernel))
}

fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot run {}", command.get_program().display()))?;
    if status.success() { Ok(()) } else { bail!("{command:?}: {status}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_another_of_the_same_line_and_flavour_gives_way() {
        let kernel = |release: &str| Kernel::of_package(&format!("linux-image-{release}")).expect("a release");
        let usual = kernel("6.1.0-56-amd64");
        assert!(is_other("6.1.0-49-amd64", &usual) && !is_other("6.1.0-56-amd64", &usual));
        for other in ["6.1.0-49-rt-amd64", "6.12.9-amd64", "6.1.0-49-amd64.partial.77"] {
            assert!(!is_other(other, &usual), "{other}");
        }
        assert!(is_other("6.12.9+deb12-amd64", &kernel("6.12.117+deb12-amd64")));
    }
}
