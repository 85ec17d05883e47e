//! Everything that is attacked, a file each.

pub mod sockets;

use crate::target::Entry;

/// Every target.
pub const ALL: &[Entry] =
    &[Entry { name: "sockets", about: "rows of every table of sockets, each field", make: sockets::make }];
