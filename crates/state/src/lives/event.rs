//! What is told of sockets as they live.

use core::fmt;

use sockeye_wire::sock_diag::state::State;

use super::incident::Met;
use super::life::{Life, Time};

/// What happened to a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Happening {
    /// It was there when the watch began.
    Present,
    /// It began to connect.
    Opened,
    /// It began to listen.
    Listening,
    /// It came out of a listener, established.
    Accepted,
    /// Its connection was established, or was found so.
    Established,
    /// It entered another state, from this one.
    State(State),
    /// It is gone.
    Closed,
}

impl Happening {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::Opened => "opened",
            Self::Listening => "listening",
            Self::Accepted => "accepted",
            Self::Established => "established",
            Self::State(_) => "state",
            Self::Closed => "closed",
        }
    }
}

/// Something that happened to one socket.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Event<'a> {
    /// What.
    pub happening: Happening,
    /// When, as far as it is known: when the kernel says so, or when it was found.
    pub at: Time,
    /// The socket, as it is now or was last.
    pub life: &'a Life,
    /// The last message of the kernel about it (`inet_diag_msg` and attributes), or one with no more than its addresses.
    pub message: &'a [u8],
    /// It was found by asking again, after something was lost.
    pub resync: bool,
}

impl Event<'_> {
    /// The same, to be told later.
    pub fn keep(&self) -> Kept {
        let Self { happening, at, life, message, resync } = *self;
        Kept { happening, at, life: life.clone(), message: message.into(), resync }
    }
}

/// An event that waits to be told.
#[derive(Clone, Debug)]
pub struct Kept {
    happening: Happening,
    at: Time,
    life: Life,
    message: Box<[u8]>,
    resync: bool,
}

impl Kept {
    /// The event.
    pub fn event(&self) -> Event<'_> {
        let Self { happening, at, ref life, ref message, resync } = *self;
        Event { happening, at, life, message, resync }
    }
}

/// Why what is known may be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The kernel dropped notifications.
    Overrun,
    /// The ring of the kernel's events was full.
    Ring,
    /// A transition began in another state than the one before it had led to: the kernel told nobody of what was in between.
    Untold,
    /// A dump was interrupted, cut or refused.
    Dump,
    /// There are more sockets than can be followed.
    TooMany,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Overrun => "overrun",
            Self::Ring => "ring-full",
            Self::Untold => "untold",
            Self::Dump => "dump-failed",
            Self::TooMany => "too-many-sockets",
        })
    }
}

/// From here on what is known may be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Why.
    pub reason: Reason,
    /// Since when.
    pub since: Time,
    /// How many events were lost, where that is known.
    pub lost: Option<u64>,
}

/// What the engine tells.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Told<'a> {
    /// Something happened.
    Event(Event<'a>),
    /// Something went wrong with a socket, or with a packet.
    Incident(Met<'a>),
    /// Something was lost.
    Gap(Gap),
    /// What is known is what there is: nothing unread, and the last dumps were whole.
    Synced(Time),
}
