//! A kernel and its modules, downloaded once and kept outside the repository.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context, Result, bail};

use super::offered::Kernel;
use crate::packages;

/// An unpacked kernel.
pub(super) struct Image {
    /// What `uname -r` says in it.
    pub(super) release: String,
    /// The folder with `boot` and `lib/modules`, as `modprobe -d` wants it.
    pub(super) folder: PathBuf,
}

impl Image {
    /// Takes it from the cache, or downloads and unpacks it.
    pub(super) fn of(kernel: &Kernel) -> Result<Self> {
        let cache = cache()?;
        let image = Self { release: kernel.release.clone(), folder: cache.join(&kernel.release) };
        if !image.folder.exists() {
            eprintln!("lab: downloading {}", kernel.package());
            image.fetch(&cache, kernel)?;
        }
        Ok(image)
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

    fn fetch(&self, cache: &Path, kernel: &Kernel) -> Result<()> {
        // Only a whole image gets its name, whatever ends this program in between.
        let partial = cache.join(format!("{}.partial.{}", self.release, std::process::id()));
        fs::create_dir_all(&partial).with_context(|| format!("cannot make {}", partial.display()))?;
        let unpacked = self.unpack(&partial, kernel);
        let result = unpacked.and_then(|()| fs::rename(&partial, &self.folder).context("cannot name the image"));
        if result.is_err() {
            let _ = fs::remove_dir_all(&partial);
        }
        result?;
        forget_older(cache, kernel)
    }

    fn unpack(&self, folder: &Path, kernel: &Kernel) -> Result<()> {
        let download = || {
            // As root, apt-get would download as a user that may not write here, and warn that it doesn't.
            let mut command = Command::new("apt-get");
            command.args(["-qq", "-o", "APT::Sandbox::User=root", "download", &kernel.package()]);
            run(command.current_dir(folder).stdout(std::io::stderr()))
        };
        if let Err(error) = download() {
            // Lists that are old name packages that are gone.
            if !packages::is_root()? {
                return Err(error);
            }
            packages::update()?;
            download()?;
        }
        let package = fs::read_dir(folder)?.next().context("apt-get downloaded nothing")??.path();
        run(Command::new("dpkg-deb").arg("-x").arg(&package).arg(folder))?;
        fs::remove_file(&package)?;
        let depmod = packages::find("depmod").context("there is no depmod")?;
        run(Command::new(depmod).arg("-b").arg(folder).arg(&self.release))
    }
}

/// Where images are kept: `$XDG_CACHE_HOME/sockeye-lab`, else `~/.cache/sockeye-lab`.
fn cache() -> Result<PathBuf> {
    let base = env::var_os("XDG_CACHE_HOME").filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = base.or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
    Ok(base.context("neither XDG_CACHE_HOME nor HOME says where kernels can be kept")?.join("sockeye-lab"))
}

/// Removes other kernels of a line: the cache holds one of each, some 500 MB.
fn forget_older(cache: &Path, kernel: &Kernel) -> Result<()> {
    for entry in fs::read_dir(cache)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let of_line = name.strip_prefix(&kernel.line).is_some_and(|rest| rest.starts_with('.'));
        if of_line && name != kernel.release && !name.contains(".partial.") {
            fs::remove_dir_all(entry.path()).with_context(|| format!("cannot remove {}", entry.path().display()))?;
        }
    }
    Ok(())
}

fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot run {}", command.get_program().display()))?;
    if status.success() { Ok(()) } else { bail!("{command:?}: {status}") }
}
