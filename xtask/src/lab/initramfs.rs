//! What a guest has in memory when it starts: a busybox, an init, and the modules without which it sees no files.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::image::Image;
use super::packages;

/// What mounts the shared folders and starts the rest.
const INIT: &str = include_str!("init.sh");

/// What has to be loaded before a file of this machine can be read. The rest is loaded by modprobe, from there.
const MODULES: [&str; 4] = ["virtio_pci", "9pnet_virtio", "9p", "overlay"];

/// Folders that init needs.
const FOLDERS: [&str; 7] = ["bin", "dev", "host", "lower", "modules", "proc", "ram"];

/// A regular file that may be executed, as `st_mode` says it.
const PROGRAM: u32 = 0o100_755;
/// A folder.
const FOLDER: u32 = 0o040_755;

/// An archive that the kernel unpacks into its first file system
/// (`Documentation/driver-api/early-userspace/buffer-format.rst`, "newc").
struct Archive {
    bytes: Vec<u8>,
    files: u32,
}

impl Archive {
    fn add(&mut self, name: &str, mode: u32, content: &[u8]) -> Result<()> {
        let size = u32::try_from(content.len()).with_context(|| format!("{name} is too large"))?;
        self.files += 1;
        let links = 1;
        let name_size = u32::try_from(name.len() + 1)?;
        // Inode, mode, owner, group, links, time, size, four numbers of devices, size of the name, checksum.
        let fields = [self.files, mode, 0, 0, links, 0, size, 0, 0, 0, 0, name_size, 0];
        self.bytes.extend(b"070701");
        for field in fields {
            self.bytes.extend(format!("{field:08x}").bytes());
        }
        self.bytes.extend(name.bytes().chain([0]));
        self.pad();
        self.bytes.extend(content);
        self.pad();
        Ok(())
    }

    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}

/// Writes the archive of a kernel to `path`.
pub(super) fn write(image: &Image, path: &Path) -> Result<()> {
    let mut archive = Archive { bytes: Vec::new(), files: 0 };
    for folder in FOLDERS {
        archive.add(folder, FOLDER, &[])?;
    }
    let busybox = packages::find("busybox").context("there is no busybox")?;
    archive.add("bin/busybox", PROGRAM, &fs::read(&busybox).with_context(|| format!("cannot read {busybox}"))?)?;
    archive.add("init", PROGRAM, INIT.as_bytes())?;

    let mut order: Vec<String> = Vec::new();
    for module in MODULES {
        for file in image.files_of(module)? {
            let name = file.file_name().context("a module without name")?.to_string_lossy();
            let name = name.trim_end_matches(".xz").to_owned();
            if !order.contains(&name) {
                archive.add(&format!("modules/{name}"), PROGRAM, &decompressed(&file)?)?;
                order.push(name);
            }
        }
    }
    archive.add("modules/order", PROGRAM, (order.join("\n") + "\n").as_bytes())?;
    archive.add("TRAILER!!!", 0, &[])?;
    fs::write(path, archive.bytes).with_context(|| format!("cannot write {}", path.display()))
}

/// A module's bytes. Some kernels come with compressed modules, which busybox cannot load.
fn decompressed(file: &Path) -> Result<Vec<u8>> {
    if file.extension().is_none_or(|extension| extension != "xz") {
        return fs::read(file).with_context(|| format!("cannot read {}", file.display()));
    }
    let output = Command::new("xz").arg("-dc").arg(file).output().context("cannot run xz")?;
    if !output.status.success() {
        bail!("cannot decompress {}: {}", file.display(), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(output.stdout)
}
