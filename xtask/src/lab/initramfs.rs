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
    let program = fs::read(&busybox).with_context(|| format!("cannot read {busybox}"))?;
    if needs_a_loader(&program) {
        bail!(
            "{busybox} needs the libraries of this machine, which no guest has: apt-get install busybox-static replaces it"
        );
    }
    archive.add("bin/busybox", PROGRAM, &program)?;
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

/// Whether an ELF program is started by another (`PT_INTERP`; System V ABI, chapter 5).
fn needs_a_loader(program: &[u8]) -> bool {
    const INTERPRETER: [u8; 4] = 3_u32.to_le_bytes();
    let number = |at: usize, len: usize| {
        let bytes = program.get(at..at + len)?;
        Some(bytes.iter().rev().fold(0, |number, &byte| number << 8 | usize::from(byte)))
    };
    // `e_phoff`, `e_phentsize` and `e_phnum` of 64 bits.
    let (Some(table), Some(size), Some(count)) = (number(0x20, 8), number(0x36, 2), number(0x38, 2)) else {
        return false;
    };
    (0..count).any(|header| program.get(table + header * size..).is_some_and(|header| header.starts_with(&INTERPRETER)))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_with_libraries_is_told_from_one_without() {
        // This test is a program of the first kind.
        let own = fs::read("/proc/self/exe").expect("it runs");
        assert!(needs_a_loader(&own));
        let mut header = own[..64].to_vec();
        header[0x38..0x3a].fill(0);
        assert!(!needs_a_loader(&header) && !needs_a_loader(b"#!/bin/sh"));
    }
}
