//! Everything that is attacked, a file each.

mod btf;
mod capture;
mod dump;
mod extack;
mod filter;
mod lives;
mod mirror;
mod proc;
mod records;
mod rtnetlink;
pub mod sockets;
mod ss_filter;
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
    Entry { name: "lives", about: "the engine of the lives of sockets", make: lives::make },
    Entry { name: "filter", about: "the filter language, over every catalog", make: filter::make },
    Entry { name: "ss-filter", about: "filters and options of ss", make: ss_filter::make },
    Entry { name: "btf", about: "types of the kernel, and values written by them", make: btf::make },
    Entry { name: "records", about: "what programs in the kernel write into their ring", make: records::make },
    Entry { name: "proc", about: "texts of /proc, and what they say of processes", make: proc::make },
    Entry { name: "capture", about: "the reader of captures and the requests in them", make: capture::make },
];
