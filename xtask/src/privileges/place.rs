//! Where it happens: among mounts that nobody else sees, in which everybody can reach the test programs and has room to
//! write. Nothing of the repository is changed.

use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, bail};

use super::privilege::NOBODY;

/// Says that this process is among mounts of its own.
const INSIDE: &str = "SOCKEYE_PRIVILEGES_INSIDE";

/// Who passes folders by is neither their owner nor of their group.
const OTHERS_ENTER: u32 = 0o001;
const OTHERS_READ_AND_ENTER: u32 = 0o005;

/// Replaces this process by the same command among mounts of its own, if it is not there already.
///
/// # Errors
///
/// If `unshare` cannot be run.
pub(super) fn enter() -> Result<()> {
    if std::env::var_os(INSIDE).is_some() {
        return Ok(());
    }
    let own = std::env::current_exe().context("cannot find this program")?;
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let mut command = Command::new("unshare");
    command.args(["--mount", "--"]).arg(own).args(arguments).env(INSIDE, "1");
    // It returns only where it fails.
    Err(command.exec()).context("cannot run unshare of util-linux")
}

/// A folder for what tests write; gone with this value.
pub(super) struct Room {
    path: PathBuf,
    parts: AtomicUsize,
}

impl Room {
    pub(super) fn new() -> Result<Self> {
        let usual = std::env::temp_dir();
        let above = if hiding(&usual).is_none() { usual } else { PathBuf::from("/var/tmp") };
        let path = above.join(format!("sockeye-suite-{}", std::process::id()));
        fs::create_dir(&path).with_context(|| format!("cannot make {}", path.display()))?;
        let room = Self { path, parts: AtomicUsize::new(0) };
        open(&room.path, 0o755)?;
        Ok(room)
    }

    /// A part of it to which everybody can write. Its name is short: sockets are below it, whose names have 108 bytes.
    pub(super) fn part(&self) -> Result<PathBuf> {
        let path = self.path.join(self.parts.fetch_add(1, Ordering::Relaxed).to_string());
        fs::create_dir(&path).with_context(|| format!("cannot make {}", path.display()))?;
        open(&path, 0o1777)?;
        Ok(path)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        // What is left of it is in the way of nobody. What a test has mounted there is not ours.
        let _ = Command::new("rm").args(["-rf", "--one-file-system", "--"]).arg(&self.path).status();
    }
}

/// Lets everybody reach these folders and programs, of which nothing is changed, and makes a folder.
///
/// # Errors
///
/// If mounts are not allowed, or what is in the folders cannot be read by everybody.
pub(super) fn show(folders: &[&Path], programs: &[&Path], written: &Path) -> Result<()> {
    if folders.iter().any(|folder| hiding(folder).is_some()) {
        uncover(folders)?;
    }
    for program in programs {
        let mode = fs::metadata(program).with_context(|| format!("no {}", program.display()))?.permissions().mode();
        if mode & OTHERS_READ_AND_ENTER != OTHERS_READ_AND_ENTER {
            bail!(
                "user {NOBODY} may not run {}: it was built with a umask that keeps it from others",
                program.display()
            );
        }
    }
    fs::create_dir_all(written).with_context(|| format!("cannot make {}", written.display()))
}

/// Hides the network namespaces that others of this machine have named: some tests ask all that have a name.
pub(super) fn hide_names() -> Result<()> {
    let names = Path::new("/run/netns");
    if names.exists() { mount(&["-t", "tmpfs", "-o", "mode=755", "names", text(names)?]) } else { Ok(()) }
}

/// Puts an empty folder to which everybody can write over another: what one user has made there is in the way of the next.
pub(super) fn empty(folder: &Path) -> Result<()> {
    mount(&["-t", "tmpfs", "-o", "mode=1777", "written", text(folder)?])
}

/// Puts empty folders over those that hide some folders, and the folders into these.
fn uncover(folders: &[&Path]) -> Result<()> {
    // Never to be removed with what is in it: that is the repository.
    let aside = |at: usize| Path::new("/var/tmp").join(format!("sockeye-aside-{}-{at}", std::process::id()));
    for (at, folder) in folders.iter().enumerate() {
        fs::create_dir(aside(at)).context("cannot make a folder in /var/tmp")?;
        mount(&["--bind", text(folder)?, text(&aside(at))?])?;
    }
    while let Some(hidden) = folders.iter().find_map(|folder| hiding(folder)) {
        mount(&["-t", "tmpfs", "-o", "mode=755", "shown", text(&hidden)?])?;
        for (at, folder) in folders.iter().enumerate().filter(|(_, folder)| folder.starts_with(&hidden)) {
            if *folder == hidden {
                // It would bring its own mode with it.
                show_entries(&aside(at), folder)?;
            } else {
                fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
                mount(&["--bind", text(&aside(at))?, text(folder)?])?;
            }
        }
    }
    for at in 0..folders.len() {
        run("umount", &[text(&aside(at))?])?;
        fs::remove_dir(aside(at)).context("cannot remove a folder of /var/tmp")?;
    }
    Ok(())
}

/// Makes everything that is in one folder to be seen in another one, which is empty.
fn show_entries(from: &Path, to: &Path) -> Result<()> {
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let place = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            fs::create_dir(&place)?;
        } else {
            fs::write(&place, "")?;
        }
        mount(&["--bind", text(&entry.path())?, text(&place)?])?;
    }
    Ok(())
}

/// The first folder on the way to a path that others may not enter.
fn hiding(path: &Path) -> Option<PathBuf> {
    let mut above: Vec<&Path> = path.ancestors().collect();
    above.reverse();
    let is_closed = |folder: &&Path| {
        fs::metadata(folder).is_ok_and(|found| found.is_dir() && found.permissions().mode() & OTHERS_ENTER == 0)
    };
    above.into_iter().find(is_closed).map(Path::to_owned)
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().with_context(|| format!("{} is no UTF-8", path.display()))
}

fn open(path: &Path, mode: u32) -> Result<()> {
    fs::set_permissions(path, Permissions::from_mode(mode)).with_context(|| format!("cannot open {}", path.display()))
}

fn mount(words: &[&str]) -> Result<()> {
    run("mount", words)
}

fn run(program: &str, words: &[&str]) -> Result<()> {
    let output = Command::new(program).args(words).output().with_context(|| format!("cannot run {program}"))?;
    if !output.status.success() {
        bail!("{program} {}: {}", words.join(" "), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_folder_that_others_may_not_enter_hides_what_is_below() {
        let above = std::env::temp_dir().join(format!("sockeye-hiding-{}", std::process::id()));
        let closed = above.join("closed");
        let below = closed.join("open/below");
        fs::create_dir_all(&below).expect("a folder of ours");
        for (folder, mode) in [(&above, 0o755), (&closed, 0o750)] {
            open(folder, mode).expect("a folder of ours");
        }
        let found = (hiding(&above), hiding(&below));
        fs::remove_dir_all(&above).expect("a folder of ours");
        let outside = hiding(&std::env::temp_dir());
        assert_eq!(found, (outside.clone(), outside.or(Some(closed))));
    }
}
