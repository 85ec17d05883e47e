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
mod typed;
mod watch;

use crate::target::Entry;

/// Every target. What one may hold beyond the rule of all has its reason in ARCHITECTURE.md ("Hostile bytes").
pub const ALL: &[Entry] = &[
    Entry {
        name: "sockets",
        about: "rows of every table of sockets, each field, of two kernels, and by type",
        beyond: "",
        make: sockets::make,
    },
    Entry {
        name: "rtnetlink",
        about: "records of every table of rtnetlink, each field",
        beyond: "",
        make: rtnetlink::make,
    },
    Entry {
        name: "extack",
        about: "ends and errors, and what the kernel adds to them",
        beyond: "",
        make: extack::make,
    },
    Entry { name: "dump", about: "the engine of one dump", beyond: "", make: dump::make },
    Entry {
        name: "mirror",
        about: "the copy of a table",
        beyond: "3 x VLANs in ranges, 2 x keys of routes from 4 KiB",
        make: mirror::make,
    },
    Entry {
        name: "watch",
        about: "the engine of watch: events, dumps, losses, times",
        beyond: "3 x VLANs in ranges, 2 x keys of routes from 4 KiB",
        make: watch::make,
    },
    Entry {
        name: "lives",
        about: "the engine of the lives of sockets",
        beyond: "1 KiB a row, end or transition of a socket",
        make: lives::make,
    },
    Entry {
        name: "filter",
        about: "the filter language, over every catalog",
        beyond: "docs/filter.md",
        make: filter::make,
    },
    Entry {
        name: "ss-filter",
        about: "filters of ss, and hints where its options were typed",
        beyond: "docs/filter.md",
        make: ss_filter::make,
    },
    Entry {
        name: "btf",
        about: "types of the kernel, and values written by them",
        beyond: "1 MiB of text",
        make: btf::make,
    },
    Entry {
        name: "records",
        about: "what programs in the kernel write into their ring",
        beyond: "",
        make: records::make,
    },
    Entry { name: "proc", about: "texts of /proc, and what they say of processes", beyond: "", make: proc::make },
    Entry {
        name: "capture",
        about: "the reader of captures and the requests in them",
        beyond: "",
        make: capture::make,
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;
    use crate::target::SLACK;

    /// Inputs of each target: more than enough for one that the larger room is for.
    const INPUTS: u64 = 2000;

    #[test]
    fn what_a_target_may_hold_beyond_the_rule_is_said_and_has_a_reason() {
        let architecture = include_str!("../../../../ARCHITECTURE.md");
        for entry in ALL {
            let target = (entry.make)();
            let has_more = (0..INPUTS).any(|seed| target.slack(&target.input(&mut Random(seed))) > SLACK);
            assert_eq!(has_more, !entry.beyond.is_empty(), "{}: {:?}", entry.name, entry.beyond);
            assert!(!has_more || architecture.contains(&format!("`{}`", entry.name)), "{} has no reason", entry.name);
        }
    }
}
