//! What sends a socket another way than others: options that neither std nor rustix has.

use std::io;
use std::os::fd::AsFd;

use crate::sys;

/// `SO_BINDTODEVICE`: it sees packets of this device alone, and sends by no other.
pub fn bind_to_device(socket: impl AsFd, name: &str) -> io::Result<()> {
    sys::set_bytes(socket, libc::SOL_SOCKET, libc::SO_BINDTODEVICE, name.as_bytes())
}

/// `SO_MARK`: what rules ask for.
pub fn mark(socket: impl AsFd, mark: u32) -> io::Result<()> {
    sys::set(socket, libc::SOL_SOCKET, libc::SO_MARK, mark.cast_signed())
}
