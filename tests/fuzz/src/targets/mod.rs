//! Everything that is attacked, a file each.

mod capture;
mod dump;
mod extack;
mod mirror;
mod rtnetlink;
pub mod sockets;
mod watch;

use crate::target::Entry;

/// Every target.
pub const ALL: &[Entry] = &[
    Entry { name: "sockets", about: "rows of every table of sockets, each field", make: sockets::make },
    Entry { name: "rtnetlink", about: "records of every table of rtnetlink, each field", make: rtnetlink::make },
    Entry { name: "extack", about: "ends and errors, and what the kernel adds to them", make: extack::make },
    Entry { name: "dump", about: "the engine of one dump", make: dump::make },
    Entry { name: "mirror", about: "the copy of a table", make: mirror::make },
    Entry { name: "watch", about: "the engine of watch: events, dumps, losses, times", make: watch::make },
    Entry { name: "capture", about: "the reader of captures and the requests in them", make: capture::make },
];
