//! Names of network interfaces, without a second Netlink protocol.
//!
//! A Netlink socket answers the ioctls of interfaces for its own network namespace: `netlink_ioctl` declines, and
//! `sock_do_ioctl` asks `dev_ioctl` with the namespace of the socket (net/socket.c, net/core/dev_ioctl.c).

use std::fmt;
use std::os::fd::AsFd as _;

use crate::socket::Socket;
use crate::sys;

/// Bytes of an interface name, without the NUL that ends it in the kernel (`IFNAMSIZ - 1`).
const NAME_LEN_MAX: usize = libc::IFNAMSIZ - 1;

/// The name of a network interface: 1 to 15 bytes. They may be anything but `/`, `:`, white space and NUL, so escape
/// them before a terminal sees them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InterfaceName {
    /// The name, then NULs.
    padded: [u8; libc::IFNAMSIZ],
}

impl InterfaceName {
    /// The bytes of the name.
    pub fn as_bytes(&self) -> &[u8] {
        self.padded.split(|byte| *byte == 0).next().unwrap_or_default()
    }
}

impl fmt::Debug for InterfaceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.as_bytes().escape_ascii())
    }
}

impl Socket {
    /// The present name of the interface with this index in the socket's namespace; `None` where there is none.
    pub fn interface_name(&self, ifindex: u32) -> Option<InterfaceName> {
        let padded = sys::interface_name(self.as_fd(), i32::try_from(ifindex).ok()?).ok()?;
        (padded[0] != 0).then_some(InterfaceName { padded })
    }

    /// The index of the interface with this name in the socket's namespace; `None` where there is none.
    ///
    /// With `CAP_NET_ADMIN` the kernel may try to load a module for a name it does not know (`dev_load`).
    pub fn interface_index(&self, name: &[u8]) -> Option<u32> {
        // The kernel would cut the name at a NUL, and at a colon, which once began the name of an alias.
        if name.is_empty() || name.len() > NAME_LEN_MAX || name.iter().any(|byte| matches!(byte, 0 | b':')) {
            return None;
        }
        let mut padded = [0; libc::IFNAMSIZ];
        padded[..name.len()].copy_from_slice(name);
        u32::try_from(sys::interface_index(self.as_fd(), padded).ok()?).ok()
    }
}
