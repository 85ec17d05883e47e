//! Control groups by number: the id that sock_diag gives with a socket (`INET_DIAG_CGROUP_ID`), and the path it means.
//!
//! The id of a cgroup2 group is the inode number of its directory. There is no call that turns one into a path, so the
//! tree is walked; the other way is one look at the directory. A group that has been removed keeps its sockets, and its
//! id then leads to no path. Groups of cgroup version 1 have no such id.

use std::{
    ffi::{CStr, CString, OsStr},
    fmt, io,
    mem::MaybeUninit,
    os::{
        fd::{AsFd, AsRawFd, OwnedFd},
        unix::ffi::OsStrExt,
    },
};

use rustix::{
    fs::{CWD, FileType, Mode, OFlags, RawDir},
    io::Errno,
};

use crate::{
    mounts::{MOUNTINFO_BYTES_MAX, mounts},
    procfs::{open_directory, read_bounded},
};

/// Groups that a walk remembers. Thirty times the groups of a machine full of containers, in some 10 MB.
pub const CGROUPS_MAX: usize = 65_536;

/// `f_type` of a cgroup2 file system (include/uapi/linux/magic.h).
const CGROUP2_SUPER_MAGIC: u64 = 0x6367_7270;

/// Bytes of a buffer for directory entries.
const BUFFER_BYTES: usize = 16 * 1024;

/// Why a control group has no number here.
#[derive(Debug)]
#[non_exhaustive]
pub enum CgroupError {
    /// No cgroup2 file system is mounted where this process can see it.
    NotMounted,
    /// The path is not a directory of cgroup2; it may be one of cgroup version 1.
    NotCgroup2 {
        /// The path asked for.
        path: Box<[u8]>,
    },
    /// The path could not be opened.
    Unreadable {
        /// The path asked for.
        path: Box<[u8]>,
        /// The kernel's answer.
        source: io::Error,
    },
}

impl fmt::Display for CgroupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotMounted => f.write_str("no cgroup2 file system is mounted"),
            Self::NotCgroup2 { path } => {
                write!(f, "{} is not a group of cgroup2", path.escape_ascii())
            }
            Self::Unreadable { path, source } => {
                write!(f, "cannot open control group {}: {source}", path.escape_ascii())
            }
        }
    }
}

impl std::error::Error for CgroupError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            // The sentence says what the kernel answered; only what lies behind that is left.
            Self::Unreadable { source, .. } => source.source(),
            Self::NotMounted | Self::NotCgroup2 { .. } => None,
        }
    }
}

/// One group.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Group {
    /// Its id.
    pub id: u64,
    /// Its path from the root of the groups.
    pub path: Box<[u8]>,
}

/// The group with this path: from the root of the groups (`/system.slice/nginx.service`), of its directory wherever
/// cgroup2 is mounted (`/sys/fs/cgroup/unified/system.slice`), or from the working directory, if that leads into cgroup2.
pub fn cgroup(path: &[u8]) -> Result<Group, CgroupError> {
    Mount::find()?.group(path)
}

/// The paths of all groups by their ids, as they were when the tree was walked.
#[derive(Clone, Debug, Default)]
pub struct CgroupTree {
    /// By id.
    groups: Vec<(u64, Box<[u8]>)>,
    cut: bool,
    unreadable: usize,
}

impl CgroupTree {
    /// Walks the cgroup2 file system.
    pub fn load() -> Result<Self, CgroupError> {
        Mount::find()?.walk(CGROUPS_MAX)
    }

    /// The path of a group from the root of the groups; `None` if there was no such group, or it was not reached.
    pub fn path(&self, id: u64) -> Option<&[u8]> {
        let place = self.groups.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        self.groups.get(place).map(|(_, path)| &**path)
    }

    /// The path of every group.
    pub fn paths(&self) -> impl Iterator<Item = &[u8]> {
        self.groups.iter().map(|(_, path)| &**path)
    }

    /// How many groups there are.
    pub fn len(&self) -> usize {
        self.groups.len()
    }

    /// Whether there are none; there is always the root.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// Whether the walk has reached everything: no directory was unreadable, and [`CGROUPS_MAX`] was not met.
    pub fn is_whole(&self) -> bool {
        !self.cut && self.unreadable == 0
    }
}

/// A mounted cgroup2 file system.
struct Mount {
    point: Vec<u8>,
    /// The group that is mounted there.
    root: Vec<u8>,
    directory: OwnedFd,
    /// Every other place of cgroup2, with the group that is mounted there.
    others: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Mount {
    fn find() -> Result<Self, CgroupError> {
        let unreadable =
            |path: &[u8], errno: Errno| CgroupError::Unreadable { path: path.into(), source: errno.into() };
        let mountinfo = "/proc/self/mountinfo";
        let (file, _) = read_bounded(CWD, mountinfo, MOUNTINFO_BYTES_MAX)
            .map_err(|errno| unreadable(mountinfo.as_bytes(), errno))?;
        let mut found: Vec<_> = mounts(&file).filter(|mount| mount.kind == b"cgroup2").collect();
        // The whole tree rather than a part of it that is mounted elsewhere.
        found.sort_by_key(|mount| mount.root.len());
        let mut found = found.into_iter();
        let mount = found.next().ok_or(CgroupError::NotMounted)?;
        let others = found.map(|mount| (mount.point, top(mount.root))).collect();
        let directory =
            open_directory(CWD, OsStr::from_bytes(&mount.point)).map_err(|errno| unreadable(&mount.point, errno))?;
        Ok(Self { point: mount.point, root: top(mount.root), directory, others })
    }

    fn group(&self, path: &[u8]) -> Result<Group, CgroupError> {
        let inner = inside(path, &self.point).or_else(|| inside(path, &self.root)).unwrap_or(path);
        let relative: Vec<u8> = [b"./", inner].concat();
        let unreadable = |errno: Errno| CgroupError::Unreadable { path: path.into(), source: errno.into() };
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        // No group is called `.` or `..`: whoever begins like that speaks of the working directory.
        let is_dotted = matches!(path.split(|byte| *byte == b'/').next(), Some(b"." | b".."));
        let plain = || rustix::fs::openat(&self.directory, OsStr::from_bytes(&relative), flags, Mode::empty());
        // A directory of another kind, for one of cgroup version 1, deserves the better message.
        let elsewhere =
            || rustix::fs::openat(CWD, OsStr::from_bytes(path), flags, Mode::empty()).map_err(|_| Errno::NOENT);
        let opened = match if is_dotted { Err(Errno::NOENT) } else { plain() } {
            Err(Errno::NOENT) => elsewhere(),
            opened => opened,
        };
        let group = opened.map_err(unreadable)?;
        let kind = rustix::fs::fstatfs(&group).map_err(unreadable)?.f_type;
        if u64::try_from(kind).ok() != Some(CGROUP2_SUPER_MAGIC) {
            return Err(CgroupError::NotCgroup2 { path: path.into() });
        }
        let id = rustix::fs::fstat(&group).map_err(unreadable)?.st_ino;
        Ok(Group { id, path: self.path_of(&group).unwrap_or_else(|| inner.into()) })
    }

    /// The path of an open group from the root of the groups.
    fn path_of(&self, group: &OwnedFd) -> Option<Box<[u8]>> {
        let link = format!("/proc/self/fd/{}", group.as_raw_fd());
        let place = rustix::fs::readlink(link, Vec::new()).ok()?.into_bytes();
        let mounts = std::iter::once((&self.point, &self.root)).chain(self.others.iter().map(|(p, r)| (p, r)));
        // Where one is mounted below another, the longer place is the one that is seen.
        let below = mounts.filter_map(|(point, root)| Some((point.len(), root, inside(&place, point)?)));
        let (_, root, rest) = below.max_by_key(|(len, ..)| *len)?;
        let path = [root.as_slice(), rest].concat();
        Some(if path.is_empty() { b"/".as_slice().into() } else { path.into() })
    }

    fn walk(&self, limit: usize) -> Result<CgroupTree, CgroupError> {
        let top = if self.root.is_empty() { b"/".to_vec() } else { self.root.clone() };
        let mut tree = CgroupTree { groups: vec![(self.group(b"/")?.id, top.into())], cut: false, unreadable: 0 };
        let mut buffer = vec![MaybeUninit::uninit(); BUFFER_BYTES];
        // Group by group in the order of finding; a group removed meanwhile is no trouble.
        let mut next = 0;
        while let Some((_, path)) = tree.groups.get(next) {
            let parent = if &**path == b"/" { Vec::new() } else { path.to_vec() };
            let relative = parent.strip_prefix(&*self.root).unwrap_or(&parent);
            let result = CString::new([b"./", relative].concat())
                .map_err(|_| Errno::INVAL)
                .and_then(|relative| list(&self.directory, &relative, &mut buffer, &parent, limit, &mut tree));
            if !matches!(result, Ok(()) | Err(Errno::NOENT | Errno::NODEV)) {
                tree.unreadable += 1;
            }
            next += 1;
        }
        tree.groups.sort_unstable_by_key(|(id, _)| *id);
        Ok(tree)
    }
}

/// The group that is mounted, as the beginning of other paths: nothing for the root of all.
fn top(root: Vec<u8>) -> Vec<u8> {
    if root == b"/" { Vec::new() } else { root }
}

/// What is left of a path inside of a directory.
fn inside<'p>(path: &'p [u8], directory: &[u8]) -> Option<&'p [u8]> {
    path.strip_prefix(directory).filter(|rest| rest.is_empty() || rest.starts_with(b"/") || directory == b"/")
}

/// Adds the groups directly below `parent`. The inode numbers in the listing are the ids (fs/kernfs/dir.c,
/// kernfs_fop_readdir).
fn list(
    mount: &OwnedFd,
    relative: &CStr,
    buffer: &mut [MaybeUninit<u8>],
    parent: &[u8],
    limit: usize,
    tree: &mut CgroupTree,
) -> Result<(), Errno> {
    let directory = open_directory(mount.as_fd(), relative)?;
    let mut entries = RawDir::new(&directory, buffer);
    while let Some(entry) = entries.next() {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if entry.file_type() != FileType::Directory || name == b"." || name == b".." {
            continue;
        }
        if tree.groups.len() == limit {
            tree.cut = true;
            return Ok(());
        }
        tree.groups.push((entry.ino(), [parent, b"/", name].concat().into()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::{fs, os::linux::fs::MetadataExt};

    use sockeye_zoo::{Skip, skip};

    use super::*;

    /// The cgroup2 file system, or a loud word that this machine shows none.
    fn mount() -> Option<Mount> {
        match Mount::find() {
            Ok(mount) => Some(mount),
            Err(error) => {
                let test = std::thread::current().name().unwrap_or_default().to_owned();
                skip::skip(&test, &Skip::new("cgroup2", error.to_string()));
                None
            }
        }
    }

    #[test]
    fn ids_and_paths_lead_to_each_other() {
        let Some(mount) = mount() else { return };
        let tree = mount.walk(CGROUPS_MAX).expect("the tree can be walked");
        assert!(tree.is_whole() && !tree.is_empty());
        for (id, path) in tree.groups.iter().take(100) {
            assert_eq!(tree.path(*id), Some(&**path));
            match mount.group(path) {
                Ok(found) => {
                    assert_eq!((found.id, &found.path), (*id, path), "{}", path.escape_ascii());
                    // By its directory, in whatever place that is mounted.
                    let below = path.strip_prefix(&*mount.root).expect("a tree is below its root");
                    let directory = [&mount.point, below].concat();
                    let by_directory = mount.group(&directory).ok();
                    // Groups of others go when they like.
                    if mount.group(path).is_ok() {
                        assert_eq!(by_directory, Some(found), "{}", directory.escape_ascii());
                    }
                }
                Err(error) => assert!(matches!(error, CgroupError::Unreadable { .. }), "{error}"),
            }
        }
        let point = OsStr::from_bytes(&mount.point);
        let inode = fs::metadata(point).expect("the mount point").st_ino();
        assert_eq!(mount.group(&mount.point).expect("by directory").id, inode);
        assert_eq!(mount.group(b"/").expect("by path").id, inode);
        assert_eq!(tree.path(u64::MAX), None);
    }

    #[test]
    fn a_path_elsewhere_is_refused_with_a_reason() {
        let Some(mount) = mount() else { return };
        for path in [b"/no such group".as_slice(), b"no such group", b"./no such group"] {
            assert!(matches!(mount.group(path), Err(CgroupError::Unreadable { .. })));
        }
        // Tests run in the directory of their package.
        for path in [b"/proc".as_slice(), b"src", b"./src", b".."] {
            assert!(matches!(mount.group(path), Err(CgroupError::NotCgroup2 { .. })), "{}", path.escape_ascii());
        }
    }

    #[test]
    fn a_walk_past_its_limit_says_so() {
        let Some(mount) = mount() else { return };
        let whole = mount.walk(CGROUPS_MAX).expect("the tree can be walked");
        if whole.len() > 1 {
            let cut = mount.walk(1).expect("the tree can be walked");
            assert!(cut.len() == 1 && !cut.is_whole());
        }
    }
}
