//! The namespace in which specimens are made.

use std::fmt;
use std::io;
use std::net::Ipv6Addr;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};

use crate::patience::patience;
use crate::skip::Skip;
use crate::{address, sys};

/// How long a specimen may take to reach its state. A first retransmission takes a fifth of a second; the rest is for
/// a machine that is busy.
const SETTLE_MAX: Duration = Duration::from_secs(10);

/// How long to wait between two looks at a state that has no event.
const LOOK_AGAIN: Timespec = Timespec { tv_sec: 0, tv_nsec: 1_000_000 };

/// The first device of every network namespace.
pub(crate) const LOOPBACK: u32 = 1;

/// IPv6 addresses of the loopback device, beside `::1`.
pub(crate) const V6: [Ipv6Addr; 2] =
    [Ipv6Addr::new(0xfd00, 0x5eed, 0, 0, 0, 0, 0, 0xa), Ipv6Addr::new(0xfd00, 0x5eed, 0, 0, 0, 0, 0, 0xb)];

/// A network namespace of our own, with its loopback device up. Its methods make sockets, one method for each kind.
#[derive(Debug)]
pub struct Zoo {
    directory: PathBuf,
}

/// A kind of socket that this kernel, or this user, cannot make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unavailable {
    /// The constructor's name.
    pub kind: &'static str,
    /// What the kernel said.
    pub errno: i32,
}

impl Zoo {
    /// Brings up the loopback device of the namespace we are in.
    pub(crate) fn open() -> io::Result<Self> {
        let control = sys::socket(libc::AF_INET, libc::SOCK_DGRAM, 0)?;
        sys::interface_up(&control, c"lo")?;
        // Where the kernel has no IPv6, its specimens say so themselves.
        if let Ok(control) = sys::socket(libc::AF_INET6, libc::SOCK_DGRAM, 0) {
            for address in V6 {
                if sys::add_address(&control, address.octets(), 128, LOOPBACK).is_ok() {
                    await_address(address)?;
                }
            }
        }
        let directory = std::env::temp_dir().join(format!("sockeye-zoo-{}", std::process::id()));
        std::fs::create_dir_all(&directory)?;
        Ok(Self { directory })
    }

    /// A directory for files of specimens, removed at the end.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Sets a sysctl of this namespace, given by its path below `/proc/sys/net`.
    pub fn set_sysctl(&self, path: &str, value: &str) -> io::Result<()> {
        std::fs::write(Path::new("/proc/sys/net").join(path), value)
    }
}

impl Drop for Zoo {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// Waits until an address is no longer tentative: even where no duplicate can be, the kernel says so later, from a
/// work queue (kernel `addrconf_dad_work`).
pub(crate) fn await_address(address: Ipv6Addr) -> io::Result<()> {
    let probe = sys::socket(libc::AF_INET6, libc::SOCK_DGRAM, 0)?;
    let to = address::encode((address, 0).into());
    settle(&probe, || match sys::bind(&probe, &to) {
        Err(error) if error.raw_os_error() == Some(libc::EADDRNOTAVAIL) => Ok(false),
        other => other.map(|()| true),
    })?;
    // The queue announces the address after it may be used, under the lock that whoever sets a device up waits for.
    sys::interface_up(&probe, c"lo")
}

/// Makes a specimen: an error that means "not in this kernel, or not for this user" is [`Unavailable`], any other is a
/// mistake of the specimen.
pub(crate) fn make<T>(kind: &'static str, build: impl FnOnce() -> io::Result<T>) -> Result<T, Unavailable> {
    build().map_err(|error| match error.raw_os_error() {
        Some(errno) if is_missing(errno) => Unavailable { kind, errno },
        _ => panic!("{kind}: {error}"),
    })
}

/// Whether an error means that the kernel lacks something or does not let us have it.
fn is_missing(errno: i32) -> bool {
    matches!(
        errno,
        libc::EPERM
            | libc::EACCES
            | libc::EROFS
            | libc::ENOENT
            | libc::ENODEV
            | libc::ENOSYS
            | libc::ENOPROTOOPT
            | libc::EPROTONOSUPPORT
            | libc::ESOCKTNOSUPPORT
            | libc::EOPNOTSUPP
            | libc::EAFNOSUPPORT
            | libc::EADDRNOTAVAIL
    )
}

/// Looks again until `reached`, with a bound.
pub(crate) fn settle(fd: impl AsFd, mut reached: impl FnMut() -> io::Result<bool>) -> io::Result<()> {
    let start = Instant::now();
    while !reached()? {
        if start.elapsed() > patience(SETTLE_MAX) {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "the socket did not reach its state"));
        }
        // TCP announces few of its state changes to poll, so the wait is bounded by time as well.
        rustix::event::poll(&mut [PollFd::new(&fd, PollFlags::empty())], Some(&LOOK_AGAIN))?;
    }
    Ok(())
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot make {}: {}", self.kind, io::Error::from_raw_os_error(self.errno))
    }
}

impl std::error::Error for Unavailable {}

impl From<Unavailable> for Skip {
    fn from(missing: Unavailable) -> Self {
        Self::new(missing.kind, missing.to_string())
    }
}
