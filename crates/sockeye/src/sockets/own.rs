//! The sockets of this program: the search for owners looks at its descriptors before the last of them are open.

use std::collections::HashMap;
use std::os::fd::{AsFd, AsRawFd};
use std::sync::{Mutex, PoisonError};

use sockeye_conn::Socket;

/// Sockets of this program by inode, with their descriptors.
#[derive(Debug)]
pub(crate) struct OwnSockets(Mutex<Option<HashMap<u32, u32>>>);

/// All sockets that a listing opened.
pub(crate) static OWN: OwnSockets = OwnSockets(Mutex::new(None));

impl OwnSockets {
    /// Remembers a socket. One that is closed again is in no table, and its inode is not given again soon.
    pub(crate) fn add(&self, socket: &Socket) {
        let inode = rustix::fs::fstat(socket.as_fd()).ok().and_then(|known| u32::try_from(known.st_ino).ok());
        let fd = u32::try_from(socket.as_fd().as_raw_fd()).ok();
        if let (Some(inode), Some(fd)) = (inode, fd) {
            let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            known.get_or_insert_default().insert(inode, fd);
        }
    }

    /// The descriptor of the socket with this inode, if it is one of ours.
    pub(crate) fn fd(&self, inode: u32) -> Option<u32> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref()?.get(&inode).copied()
    }
}
