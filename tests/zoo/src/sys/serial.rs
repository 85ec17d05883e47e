//! Serial lines that carry something else than text.

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};

use super::{check, owned};

/// What reads the line (`N_SLCAN` of include/uapi/linux/tty.h): a CAN adapter at its other end.
const N_SLCAN: libc::c_int = 17;

/// A pseudoterminal whose line carries CAN: the end that keeps it, and the name of the device that the kernel made of the other.
/// The device goes with either end.
pub(crate) fn can_over_serial() -> io::Result<([OwnedFd; 2], String)> {
    // SAFETY: no pointers.
    let keeper = owned(check(unsafe { libc::posix_openpt(libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC) }))?;
    // SAFETY: no pointers.
    check(unsafe { libc::unlockpt(keeper.as_raw_fd()) })?;
    // SAFETY: no pointers; the third number is flags of open.
    let peer =
        unsafe { libc::ioctl(keeper.as_raw_fd(), libc::TIOCGPTPEER, libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC) };
    let line = owned(check(peer))?;
    let discipline = N_SLCAN;
    // SAFETY: the address is that of an int, which is what the call reads.
    check(unsafe { libc::ioctl(line.as_raw_fd(), libc::TIOCSETD, &raw const discipline) })?;
    let mut name = [0_u8; libc::IFNAMSIZ];
    // SAFETY: drivers/net/can/slcan writes the name of a device and its end there, no more than IFNAMSIZ bytes.
    check(unsafe { libc::ioctl(line.as_raw_fd(), libc::SIOCGIFNAME, name.as_mut_ptr()) })?;
    let name = CStr::from_bytes_until_nul(&name).map_err(io::Error::other)?;
    Ok(([keeper, line], name.to_string_lossy().into_owned()))
}
