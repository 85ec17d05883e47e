//! One thing that a watch tells, with the time and the namespace it belongs to.

use std::time::SystemTime;

use sockeye_query::rtnetlink::Change;
use sockeye_state::rtnetlink::Tables;
use sockeye_state::watch::{Gap, Origin, Synced};

/// Something to tell.
pub(crate) enum Event<'e> {
    /// A record changed.
    Change {
        change: &'e Change<'e>,
        /// The identity of the record, as the engine has it.
        key: &'e [u8],
        origin: Origin,
        /// Port id of the socket whose request made the change, 0 for the kernel.
        port_id: u32,
        /// Name of the process behind it, where it is still there.
        process: Option<Vec<u8>>,
    },
    /// Messages were lost, or a copy may be wrong for another reason.
    Gap { gap: &'e Gap, since: SystemTime },
    /// The namespace is gone, with these tables of it.
    Gone { tables: Tables },
    /// The copies are right again.
    Synced { synced: &'e Synced, last_audit: Option<SystemTime> },
}

/// Something to tell, where and when.
pub(crate) struct Report<'e> {
    /// When it was received.
    pub(crate) time: SystemTime,
    /// The namespace, where several are watched or one was named.
    pub(crate) netns: Option<&'e [u8]>,
    pub(crate) event: Event<'e>,
}

/// The time as RFC 3339 has it, in UTC, with microseconds.
pub(crate) fn rfc3339(time: SystemTime) -> String {
    humantime::format_rfc3339_micros(time).to_string()
}
