//! Sockets in control groups of their own, and processes in groups that are named as a service manager or a container
//! runtime names them.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use libc::IPPROTO_TCP;

use crate::expected::Expected;
use crate::specimen::Specimen;
use crate::sys::{self, Holder};
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

/// Groups so far: several tests may be in one process.
static MADE: AtomicU32 = AtomicU32::new(0);

impl ControlGroup {
    fn create() -> io::Result<Self> {
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        Self::at(own_directory()?.join(format!("sockeye-zoo-{}-{number}", std::process::id())))
    }

    fn at(directory: PathBuf) -> io::Result<Self> {
        fs::create_dir(&directory)?;
        Ok(Self { directory })
    }

    /// Puts a process into it.
    fn take(&self, pid: u32) -> io::Result<()> {
        fs::write(self.directory.join("cgroup.procs"), pid.to_string())
    }

    /// Runs something with the whole process in the group: a socket belongs to the group of who made it.
    fn within<T>(&self, action: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let home = own_directory()?;
        let pid = std::process::id();
        self.take(pid)?;
        let result = action();
        fs::write(home.join("cgroup.procs"), pid.to_string())?;
        result
    }
}

impl Drop for ControlGroup {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.directory);
    }
}

/// A process that alone holds a listener, in a control group of its own. It ends with the value.
#[derive(Debug)]
pub struct Resident {
    /// Before the groups, which go once nobody is in them.
    holders: Vec<Holder>,
    /// The innermost first.
    _groups: Vec<ControlGroup>,
    /// The port it listens on, on 127.0.0.1.
    pub port: u16,
}

impl Resident {
    /// The process.
    pub fn pid(&self) -> u32 {
        self.holders[0].pid.cast_unsigned()
    }
}

impl Zoo {
    /// A process in a group with this path, below one of our own.
    pub fn resident(&self, path: &str) -> Result<Resident, Unavailable> {
        self.residents(path, 1)
    }

    /// So many processes there that share the listener.
    pub fn residents(&self, path: &str, count: usize) -> Result<Resident, Unavailable> {
        make("tcp_in_cgroup", || {
            let mut groups = vec![ControlGroup::create()?];
            for name in path.split('/') {
                groups.insert(0, ControlGroup::at(groups[0].directory.join(name))?);
            }
            let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
            let mut holders = Vec::new();
            for _ in 0..count {
                let holder = Holder::fork(&socket, c"resident")?;
                groups[0].take(holder.pid.cast_unsigned())?;
                holders.push(holder);
            }
            Ok(Resident { holders, _groups: groups, port: socket.local_addr()?.port() })
        })
    }

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
