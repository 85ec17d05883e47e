//! Namespaces that are mounted: `mountinfo` of the calling thread, or of somebody else.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};
use std::{fs, io, str};

use super::Identity;
use super::processes::Holder;

/// The mounts that the calling thread sees.
const FILE: &str = "/proc/thread-self/mountinfo";

/// What a mount table says about network namespaces.
#[derive(Debug, Default)]
pub(super) struct Mounts {
    /// Mounted namespaces and where.
    pub(super) namespaces: Vec<(Identity, PathBuf)>,
    /// `/proc` is mounted so that processes of other users are not even listed (`hidepid`).
    pub(super) processes_hidden: bool,
}

impl Mounts {
    /// Reads the mounts of the calling thread.
    pub(super) fn read() -> io::Result<Self> {
        fs::read(FILE).map(|table| Self::parse(&table))
    }

    /// Reads the mounts that somebody else sees, from the root that he has.
    pub(super) fn of(holder: Holder) -> io::Result<Self> {
        fs::read(holder.mounts()).map(|table| Self::parse(&table))
    }

    /// Understands `ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [TAG…] - TYPE SOURCE SUPEROPTIONS`; other lines are left out.
    fn parse(table: &[u8]) -> Self {
        let mut mounts = Self::default();
        for line in table.split(|byte| *byte == b'\n') {
            mounts.add(line);
        }
        mounts
    }

    fn add(&mut self, line: &[u8]) -> Option<()> {
        let mut words = line.split(|byte| *byte == b' ');
        let device = words.nth(2)?;
        let (root, point) = (words.next()?, unescape(words.next()?));
        words.find(|word| *word == b"-")?;
        match words.next()? {
            b"nsfs" => {
                let inode = root.strip_prefix(b"net:[")?.strip_suffix(b"]")?;
                let (major, minor) = str::from_utf8(device).ok()?.split_once(':')?;
                let device = rustix::fs::makedev(major.parse().ok()?, minor.parse().ok()?);
                let inode = str::from_utf8(inode).ok()?.parse().ok()?;
                self.namespaces.push((Identity { device, inode }, point));
            }
            // Each mount of /proc may hide or not; a later one covers the earlier.
            b"proc" if point == Path::new("/proc") => self.processes_hidden = hides(words.nth(1)?),
            _ => {}
        }
        Some(())
    }
}

/// `hidepid=invisible` and `hidepid=ptraceable` take processes out of the list; older kernels write 2 and 4
/// (fs/proc/root.c, `proc_show_options`). `noaccess` leaves them in.
fn hides(options: &[u8]) -> bool {
    options
        .split(|byte| *byte == b',')
        .filter_map(|option| option.strip_prefix(b"hidepid="))
        .any(|value| matches!(value, b"invisible" | b"ptraceable" | b"2" | b"4"))
}

/// Blank, tab, line end and backslash are written as `\` and three octal digits (fs/proc_namespace.c, `mangle`).
fn unescape(word: &[u8]) -> PathBuf {
    let mut plain = Vec::with_capacity(word.len());
    let mut rest = word;
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        match (first, tail) {
            (b'\\', [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', tail @ ..]) => {
                plain.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
                rest = tail;
            }
            _ => plain.push(first),
        }
    }
    OsString::from_vec(plain).into()
}

/// The name of a namespace at `path`: its file name, where the directory says that its files are names.
///
/// `/run/netns` is the convention of `ip`; container runtimes have their own, such as `/run/docker/netns`.
pub(super) fn name_at(path: &Path) -> Option<&OsStr> {
    let directory = path.parent()?.file_name()?;
    path.file_name().filter(|_| directory.as_bytes() == b"netns")
}

#[cfg(test)]
mod tests {
    use sockeye_fuzz::{Random, damage::damage};

    use super::*;

    #[test]
    fn only_network_namespaces_are_found() {
        let mounts = Mounts::parse(
            b"51 30 0:4 net:[4026532211] /run/netns/a\\040b rw shared:7 - nsfs nsfs rw\n\
              52 30 0:4 mnt:[4026532212] /run/mnt rw - nsfs nsfs rw\n\
              53 30 0:29 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n\
              54 30 0:4 net:[x] /y rw - nsfs nsfs rw\nshort",
        );
        let device = rustix::fs::makedev(0, 4);
        let found = (Identity { device, inode: 4026532211 }, PathBuf::from("/run/netns/a b"));
        assert_eq!(mounts.namespaces, [found]);
        assert!(!mounts.processes_hidden);
    }

    #[test]
    fn damaged_lines_take_nothing_from_whole_ones() {
        let table = b"51 30 0:4 net:[4026532211] /run/netns/a\\040b\\134 rw shared:7 - nsfs nsfs rw\n\
              22 27 0:21 / /proc rw,nosuid - proc proc rw,gid=4,hidepid=invisible\n\
              54 30 7:1048575 net:[9] /y\\011 rw - nsfs nsfs rw\n";
        let whole = b"\n60 30 3:9 net:[4026531833] /run/netns/c rw - nsfs nsfs rw\n";
        let wanted = (Identity { device: rustix::fs::makedev(3, 9), inode: 4026531833 }, PathBuf::from("/run/netns/c"));
        let mut random = Random(47);
        let mut found = 0;
        for _ in 0..20_000 {
            let mut bytes = damage(table, &mut random);
            bytes.extend(whole);
            let mounts = Mounts::parse(&bytes).namespaces;
            assert_eq!(mounts.last(), Some(&wanted), "{}", bytes.escape_ascii());
            let lines = bytes.split(|byte| *byte == b'\n').count();
            assert!(mounts.len() <= lines, "{} in {lines} lines", mounts.len());
            // A path is never longer than what it was written as.
            let written = mounts.iter().map(|(_, point)| point.as_os_str().len()).sum::<usize>();
            assert!(written < bytes.len(), "{}", bytes.escape_ascii());
            found += mounts.len() - 1;
        }
        assert!((5_000..40_000).contains(&found), "{found} were read: the damage is too strong or too weak");
    }

    #[test]
    fn a_proc_that_hides_processes_is_noticed() {
        let line = |options: &str| format!("22 27 0:21 / /proc rw - proc proc {options}\n").into_bytes();
        assert!(Mounts::parse(&line("rw,hidepid=invisible")).processes_hidden);
        assert!(Mounts::parse(&line("rw,gid=4,hidepid=2")).processes_hidden);
        assert!(!Mounts::parse(&line("rw,hidepid=noaccess")).processes_hidden);
    }

    #[test]
    fn a_name_is_a_file_in_a_directory_for_names() {
        assert_eq!(name_at(Path::new("/run/docker/netns/5f")), Some(OsStr::new("5f")));
        assert_eq!(name_at(Path::new("/proc/7/ns/net")), None);
        assert_eq!(name_at(Path::new("/")), None);
    }
}
