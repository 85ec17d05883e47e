//! What a row itself does not say: names behind numbers, owners behind inodes, the other end.

use sockeye_wire::{Privilege, Version};

use super::row::SocketRow;
use crate::Value;

/// One thing to know of an owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OwnerPart {
    /// Process name.
    Process,
    /// Process id.
    Pid,
    /// File descriptor.
    Fd,
    /// User name of the process, or its number.
    User,
    /// Command line.
    Cmdline,
    /// systemd unit.
    Unit,
    /// Container id.
    Container,
    /// Kubernetes pod uid.
    Pod,
}

/// The other end of a socket on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its inode.
    pub inode: u32,
    /// Its name, for a unix socket that has one: the bytes of `UNIX_DIAG_NAME`.
    pub name: Option<Vec<u8>>,
}

/// Answers what a row itself does not say. `None`: not known here; the verdict says why.
///
/// The tool implements it with what it loaded beforehand, so that reading a row makes no system call; tests answer
/// from a table.
pub trait Surroundings: Sync {
    /// Name of an interface in the row's network namespace.
    fn interface(&self, ifindex: u32) -> Option<Vec<u8>>;
    /// Whether an interface without a name is one that is gone, and not one that nobody has asked for.
    fn knows_interfaces(&self) -> bool {
        false
    }
    /// Name of a user.
    fn user(&self, uid: u32) -> Option<&[u8]>;
    /// Path of a control group.
    fn cgroup(&self, id: u64) -> Option<&[u8]>;
    /// This part of every owner of the socket with this inode: a list, empty where nobody holds it, `None` where that is not known.
    fn owners(&self, inode: u32, part: OwnerPart) -> Option<Value<'_>>;
    /// Why owners that were looked for can be unknown, in one sentence; `None`: every owner is known, or none was looked for.
    fn owners_unknown(&self) -> Option<&str> {
        None
    }
    /// The same of the owners that a filter depends on: of others it need not be known whether they hold the socket.
    fn deciding_owners(&self, inode: u32, part: OwnerPart) -> Option<Value<'_>> {
        self.owners(inode, part)
    }
    /// Why there can be more owners that a filter depends on; `None`: there are none.
    fn deciding_owners_unknown(&self) -> Option<&str> {
        self.owners_unknown()
    }
    /// The other end of a socket.
    fn peer(&self, row: &SocketRow<'_>) -> Option<Peer>;
    /// Release of the kernel that sent the row: some structures changed without growing.
    fn kernel(&self) -> Version;
    /// Whether the keys of MD5 signatures may be shown. They are secrets: only whoever asked for them by name sees them.
    fn shows_keys(&self) -> bool {
        false
    }
    /// Whether the kernel keeps back what it only tells to who has this privilege: then a value that is absent says nothing.
    fn keeps_back(&self, _privilege: Privilege) -> bool {
        false
    }
    /// Which of several surroundings this is, for whoever keeps rows of many: they are read again with the same.
    fn index(&self) -> usize {
        0
    }
    /// The network namespace that the row comes from.
    fn namespace(&self) -> Option<&[u8]>;
}

/// Nothing is known.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nothing;

impl Surroundings for Nothing {
    fn interface(&self, _: u32) -> Option<Vec<u8>> {
        None
    }
    fn user(&self, _: u32) -> Option<&[u8]> {
        None
    }
    fn cgroup(&self, _: u64) -> Option<&[u8]> {
        None
    }
    fn owners(&self, _: u32, _: OwnerPart) -> Option<Value<'_>> {
        None
    }
    fn peer(&self, _: &SocketRow<'_>) -> Option<Peer> {
        None
    }
    fn kernel(&self) -> Version {
        Version(6, 18)
    }
    fn namespace(&self) -> Option<&[u8]> {
        None
    }
}
