//! A socket in a cgroup of its own.

use std::fs;
use std::io;
use std::path::PathBuf;

use libc::IPPROTO_TCP;

use crate::expected::Expected;
use crate::specimen::Specimen;
use crate::sys;
use crate::tcp::{SERVER_V4, bound, listener};
use crate::zoo::{Unavailable, Zoo, make};

/// The directory of this process in the unified hierarchy.
fn own_directory() -> io::Result<PathBuf> {
    let missing = || io::Error::from_raw_os_error(libc::ENOENT);
    let mounts = String::from_utf8_lossy(&fs::read("/proc/self/mounts")?).into_owned();
    let mount = mounts.lines().find_map(|line| {
        let mut words = line.split(' ');
        let (_, place, kind) = (words.next()?, words.next()?, words.next()?);
        (kind == "cgroup2").then_some(place)
    });
    let groups = fs::read_to_string("/proc/self/cgroup")?;
    let own = groups.lines().find_map(|line| line.strip_prefix("0::/"));
    Ok(PathBuf::from(mount.ok_or_else(missing)?).join(own.ok_or_else(missing)?))
}

/// A cgroup that is removed at the end.
#[derive(Debug)]
struct ControlGroup {
    directory: PathBuf,
}

impl ControlGroup {
    fn create() -> io::Result<Self> {
        let directory = own_directory()?.join(format!("sockeye-zoo-{}", std::process::id()));
        fs::create_dir(&directory)?;
        Ok(Self { directory })
    }

    /// Runs something with the whole process in the group: a socket belongs to the group of who made it.
    fn within<T>(&self, action: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let home = own_directory()?;
        let pid = std::process::id().to_string();
        fs::write(self.directory.join("cgroup.procs"), &pid)?;
        let result = action();
        fs::write(home.join("cgroup.procs"), &pid)?;
        result
    }
}

impl Drop for ControlGroup {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.directory);
    }
}

impl Zoo {
    /// `listener` made in a cgroup of its own.
    pub fn tcp_in_cgroup(&self) -> Result<Specimen, Unavailable> {
        make("tcp_in_cgroup", || {
            let group = ControlGroup::create()?;
            let socket = group.within(|| bound(IPPROTO_TCP, (SERVER_V4, 0).into(), |_| Ok(())))?;
            sys::listen(&socket, 7)?;
            let id = rustix::fs::stat(&group.directory)?.st_ino;
            let expected = Expected { cgroup_id: Some(id), ..listener(&socket, 7)? };
            Ok(Specimen::default().with(socket, expected).keeping(group))
        })
    }
}
