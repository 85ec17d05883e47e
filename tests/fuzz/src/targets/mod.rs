//! Everything that is attacked, a file each.

mod rtnetlink;
pub mod sockets;

use crate::target::Entry;

/// Every target.
pub const ALL: &[Entry] = &[
    Entry { name: "sockets", about: "rows of every table of sockets, each field", make: sockets::make },
    Entry { name: "rtnetlink", about: "records of every table of rtnetlink, each field", make: rtnetlink::make },
];
