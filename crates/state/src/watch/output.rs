//! What the engine asks of its driver, and what it tells.

use core::fmt;
use core::time::Duration;

use sockeye_wire::Request;
use sockeye_wire::rtnetlink::Table;

use crate::conclusion::Refusal;
use crate::rtnetlink::Tables;

/// What the driver does next.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Want {
    /// Read the event socket without blocking and hand each result to [`Watch::event`](super::Watch::event), until it
    /// was [`Received::Empty`](crate::Received::Empty) or a batch is full.
    Events,
    /// Read the drop counter of the event socket (`SO_MEMINFO`, the ninth value) for
    /// [`Watch::drops`](super::Watch::drops).
    Drops,
    /// What [`Watch::selection`](super::Watch::selection) says has changed. A filter on the event socket that goes by it is
    /// attached anew; a driver without one has nothing to do.
    Select,
    /// Send this on the dump socket; its sequence number is set. If that fails, the answer is
    /// [`Received::Overrun`](crate::Received::Overrun): the dump is tried again.
    Send(Request),
    /// Receive one datagram from the dump socket for [`Watch::answer`](super::Watch::answer). It may block: the kernel
    /// has the answer ready. An error of the socket is [`Received::Overrun`](crate::Received::Overrun).
    Answer,
    /// Close the dump socket and open another: a dump on it is given up.
    Reopen,
    /// Nothing to do until the event socket is readable, or until then.
    Wait {
        /// `None`: only an event ends the wait.
        until: Option<Duration>,
    },
}

/// What the engine tells. It borrows from the bytes that the driver handed in, or from the mirror.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Output<'a> {
    /// A record was added, changed or removed.
    Change(Change<'a>),
    /// The mirror may be wrong.
    Gap(Gap),
    /// It is right again.
    Synced(Synced),
    /// This kernel does not have the table, or does not give it to us.
    Unsupported {
        /// The table.
        table: Table,
        /// What the kernel said.
        refusal: Refusal,
    },
}

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// It is new.
    Added,
    /// It is another than before.
    Changed,
    /// It is gone.
    Removed,
}

/// How the engine came to know of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// The kernel announced it.
    Event,
    /// The table was not in sync yet: what was there, or changed, before the first `Synced`. Only with
    /// [`Options::snapshot`](super::Options::snapshot).
    Snapshot,
    /// The kernel announced something else of which it follows: a link that goes down takes routes along.
    Consequence,
    /// A dump after a loss found it.
    Resync,
    /// The periodic audit found it.
    Audit,
}

/// One change of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change<'a> {
    /// The table.
    pub table: Table,
    /// What became of the record.
    pub verb: Verb,
    /// The identity of the record: equal as long as it is the same record.
    pub key: &'a [u8],
    /// The record before: the payload of a message. `None` if it is new.
    pub old: Option<&'a [u8]>,
    /// The record now. `None` if it is gone.
    pub new: Option<&'a [u8]>,
    /// How the engine came to know of it.
    pub origin: Origin,
    /// Port id of the socket whose request made the change, as the kernel says in the header; 0: the kernel itself.
    pub port_id: u32,
}

impl Change<'_> {
    /// Whether a dump found it, after a loss or in an audit: it happened at some time in the gap.
    pub fn is_resync(&self) -> bool {
        matches!(self.origin, Origin::Resync | Origin::Audit)
    }
}

/// Why the mirror may be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The kernel dropped events (`ENOBUFS`, or the drop counter moved).
    Overrun,
    /// The driver lost events between the socket and the engine ([`Watch::lost`](super::Watch::lost)).
    Driver,
    /// An event did not fit the buffer.
    Truncated,
    /// A datagram of events is malformed: what came after the defect is lost.
    Malformed,
    /// More records were deleted during one dump than the engine remembers.
    Overlay,
    /// Dump after dump was interrupted by changes.
    Interrupted,
    /// Dump after dump did not fit the buffer.
    DumpTruncated,
    /// Dump after dump was refused or broke off.
    Refused,
    /// Dump after dump saw deletions that may have hidden living records.
    Unsettled,
    /// The audit found differences that no event told of.
    Drift,
}

impl Reason {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Overrun => "overrun",
            Self::Driver => "driver",
            Self::Truncated => "truncated",
            Self::Malformed => "malformed",
            Self::Overlay => "overlay",
            Self::Interrupted => "interrupted",
            Self::DumpTruncated => "dump-truncated",
            Self::Refused => "refused",
            Self::Unsettled => "unsettled",
            Self::Drift => "drift",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The mirror may be wrong since then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Gap {
    /// The tables it may concern.
    pub tables: Tables,
    /// Since when at the earliest.
    pub since: Duration,
    /// Datagrams that the kernel dropped, by its own counter. `None` where it did not count, or where nothing was
    /// dropped.
    pub lost: Option<u64>,
    /// Why.
    pub reason: Reason,
}

/// These tables equal the kernel's: nothing is unread, and the last dump of each was undisturbed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Synced {
    /// When.
    pub at: Duration,
    /// The tables whose gap, or first dump, is over.
    pub tables: Tables,
    /// Those of them whose last dumps were disturbed by deletions and yet agreed twice: as sure as the kernel lets one be
    /// while a table does not rest. They are looked at again soon.
    pub confirmed: Tables,
    /// When every one of them had been compared with the kernel last; `None` if one never was.
    pub last_audit: Option<Duration>,
}
