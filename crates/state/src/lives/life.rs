//! One socket, from the moment it was first known of to its end.

use core::time::Duration;
use std::sync::Arc;

use sockeye_wire::sock_diag::state::State;
use sockeye_wire::sock_diag::tcp_info::TcpInfo;

use super::cause::Causes;
use super::counters::Counters;
use super::delta::Delta;
use super::ending::End;
use super::pace::Pace;
use super::transition::Transition;

/// A moment, as the time since the machine started (`CLOCK_MONOTONIC`): the clock of the kernel's own events.
pub type Time = Duration;

/// What kind of socket it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Protocol {
    /// `IPPROTO_TCP`.
    Tcp,
    /// `IPPROTO_UDP`.
    Udp,
}

/// When a socket was first known of, and so what a record of it can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Known {
    /// Its beginning was seen.
    Birth,
    /// It was found alive.
    Found,
    /// Nothing was known of it before its end.
    End,
}

impl Known {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Birth => "birth",
            Self::Found => "found",
            Self::End => "end",
        }
    }
}

/// Who began the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// This socket connected.
    Connect,
    /// It came out of a listener.
    Accept,
    /// It listens.
    Listen,
}

impl Side {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Accept => "accept",
            Self::Listen => "listen",
        }
    }
}

/// What a connection has done up to now. What the kernel did not say is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Bytes sent, retransmissions included.
    pub bytes_sent: Option<u64>,
    /// Bytes that the peer has acknowledged.
    pub bytes_acked: Option<u64>,
    /// Bytes received in order.
    pub bytes_received: Option<u64>,
    /// Bytes sent again.
    pub bytes_retrans: Option<u64>,
    /// Segments sent again.
    pub retransmissions: Option<u32>,
    /// Segments received.
    pub segs_in: Option<u32>,
    /// Segments sent.
    pub segs_out: Option<u32>,
    /// Smoothed round-trip time in microseconds.
    pub rtt_us: Option<u32>,
    /// Smallest round-trip time in microseconds.
    pub min_rtt_us: Option<u32>,
}

impl Totals {
    /// What `tcp_info` says.
    pub fn of(info: &TcpInfo<'_>) -> Self {
        // The kernel has no more bits of these, and there are as many as sockets.
        let short = |number: Option<u64>| number.and_then(|number| u32::try_from(number).ok());
        Self {
            bytes_sent: info.bytes_sent(),
            bytes_acked: info.bytes_acked(),
            bytes_received: info.bytes_received(),
            bytes_retrans: info.bytes_retrans(),
            retransmissions: short(info.total_retrans()),
            segs_in: short(info.segs_in()),
            segs_out: short(info.segs_out()),
            rtt_us: short(info.rtt()),
            min_rtt_us: short(info.min_rtt()),
        }
    }

    /// Whether the peer has acknowledged all that was sent, and the FIN behind it; `None` where that is not said, or not clear. The
    /// kernel counts the SYN of the side that connects, and the FIN, as a byte that is acknowledged each, and as none that is sent. A
    /// packet that was dropped on this host may count as sent twice.
    pub(super) fn all_acked(&self, side: Option<Side>) -> Option<bool> {
        let sent = self.bytes_sent?.checked_sub(self.bytes_retrans?)?;
        let more = self.bytes_acked?.checked_sub(sent);
        match (side, more) {
            (Some(Side::Accept), more) => Some(more == Some(1)),
            // One that is not known to have connected may have accepted: then a byte may be the FIN.
            (None, Some(1)) => None,
            (_, more) => Some(more == Some(2)),
        }
    }

    /// These, and of those that are absent the older ones.
    #[must_use]
    pub fn or(self, older: Self) -> Self {
        Self {
            bytes_sent: self.bytes_sent.or(older.bytes_sent),
            bytes_acked: self.bytes_acked.or(older.bytes_acked),
            bytes_received: self.bytes_received.or(older.bytes_received),
            bytes_retrans: self.bytes_retrans.or(older.bytes_retrans),
            retransmissions: self.retransmissions.or(older.retransmissions),
            segs_in: self.segs_in.or(older.segs_in),
            segs_out: self.segs_out.or(older.segs_out),
            rtt_us: self.rtt_us.or(older.rtt_us),
            min_rtt_us: self.min_rtt_us.or(older.min_rtt_us),
        }
    }
}

/// A process as the kernel named it in an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Its id.
    pub pid: u32,
    /// Its name, up to the first NUL.
    pub comm: [u8; 16],
}

impl Actor {
    /// Its name.
    pub fn name(&self) -> &[u8] {
        let end = self.comm.iter().position(|&byte| byte == 0).unwrap_or(self.comm.len());
        &self.comm[..end]
    }
}

/// Where a socket came from that was accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listener {
    /// Who made it listen, as the kernel's event said.
    pub actor: Option<Actor>,
    /// Inode of the listening socket, by which its owners are found; of several, where it may have been any of them
    /// (`SO_REUSEPORT`); of none, where not all of those are known.
    pub inodes: Box<[u32]>,
}

/// What a socket had counted a round ago. Of many sockets most stand still, and those need no second copy.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Before {
    /// It was not there, or not described.
    Unknown,
    /// The same as now, but for the ages of what it sent and received last. That was so long ago.
    Still(Duration),
    /// The same of one of which the kernel does not count what it does. A flag beside the time would make every life larger.
    Uncounted(Duration),
    /// Something else.
    Moved(Box<Moved>),
}

/// What a socket that moves had counted a round ago.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Moved {
    before: Counters,
    /// So long ago.
    elapsed: Duration,
    pace: Option<Pace>,
}

impl Before {
    pub(super) fn of(before: Counters, now: &Counters, elapsed: Duration) -> Self {
        if before.is_still(now) {
            let is_counted = now.bytes_received().or(now.bytes_acked()).is_some();
            return if is_counted { Self::Still(elapsed) } else { Self::Uncounted(elapsed) };
        }
        Self::Moved(Box::new(Moved { before, elapsed, pace: Pace::between(&before, now, elapsed) }))
    }

    /// These counters and how long before those of the `last` message they were.
    pub(super) fn since(&self, last: Counters) -> Option<(Counters, Duration)> {
        match self {
            Self::Unknown => None,
            Self::Still(elapsed) | Self::Uncounted(elapsed) => Some((last, *elapsed)),
            Self::Moved(moved) => Some((moved.before, moved.elapsed)),
        }
    }
}

/// One socket.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Life {
    /// Its identity until the next boot.
    pub cookie: u64,
    /// TCP or UDP.
    pub protocol: Protocol,
    /// Its state, or at its end the last one that it had.
    pub state: State,
    /// When it was first known of.
    pub known: Known,
    /// Who began.
    pub side: Option<Side>,
    /// When it was first seen; of one that was seen at its birth this is its birth.
    pub since: Time,
    /// When it was established, where that was seen.
    pub established: Option<Time>,
    /// When it ended.
    pub ended: Option<Time>,
    /// Why it ended.
    pub end: Option<End>,
    /// The side that said first that it will send no more: `true`, this one.
    pub closed_here: Option<bool>,
    /// Who opened it, as the kernel's event said, or closed it, where nobody was known to have opened it.
    pub actor: Option<Actor>,
    /// The same was the one who closed it, or half of it.
    pub is_closed_by_actor: bool,
    /// The listener that it came out of, where it was seen to. Whoever holds that mostly holds it too.
    pub listener: Option<Arc<Listener>>,
    /// The control group, as the kernel's event said.
    pub cgroup: Option<u64>,
    /// What it has done.
    pub totals: Totals,
    /// When that was so.
    pub totals_at: Time,
    /// What it had counted a round ago.
    pub(super) before: Before,
    /// What held it up between the last two rounds that it was in; empty where nothing did, or it is not known.
    pub causes: Causes,
    /// Whether that is known.
    pub(super) judged: bool,
    /// The kernel described it in a message, which has its uid, inode and queues; otherwise there is no more than addresses.
    pub described: bool,
}

impl Life {
    pub(super) fn new(cookie: u64, protocol: Protocol, state: State, known: Known, at: Time) -> Self {
        let mut life = Self {
            cookie,
            protocol,
            state,
            known,
            side: None,
            since: at,
            established: None,
            ended: None,
            end: None,
            closed_here: None,
            actor: None,
            is_closed_by_actor: false,
            listener: None,
            cgroup: None,
            totals: Totals::default(),
            totals_at: at,
            before: Before::Unknown,
            causes: Causes::NONE,
            judged: false,
            described: false,
        };
        life.enter(state);
        life
    }

    /// How long it lived, or lives by now. Of one that was not seen at its birth this is the least that is known, and of
    /// one that was only seen at its end nothing is known.
    pub fn duration(&self, now: Time) -> Option<Duration> {
        (self.known != Known::End).then(|| self.ended.unwrap_or(now).saturating_sub(self.since))
    }

    /// What came to it between the last two rounds, where it is in both; `message` is the last one about it.
    pub fn delta(&self, message: &[u8]) -> Option<Delta> {
        let now = || Counters::read(message);
        match &self.before {
            Before::Unknown => None,
            // Most sockets, most of the time: read once, not twice.
            Before::Still(elapsed) | Before::Uncounted(elapsed) => {
                now().map(|now| Delta::between(&now, &now, *elapsed))
            }
            Before::Moved(moved) => Some(Delta::between(&moved.before, &now()?, moved.elapsed)),
        }
    }

    /// How fast it moved between the last two rounds, where it is in both and the kernel counts what it does.
    pub fn pace(&self) -> Option<Pace> {
        match &self.before {
            Before::Unknown | Before::Uncounted(_) => None,
            Before::Still(_) => Some(Pace::default()),
            Before::Moved(moved) => moved.pace,
        }
    }

    /// What it had counted a round ago and has counted now, and how long that is, where it is in the last two rounds; `message` is
    /// the last one about it.
    pub fn interval(&self, message: &[u8]) -> Option<(Counters, Counters, Duration)> {
        let (before, elapsed) = match &self.before {
            Before::Unknown => return None,
            Before::Still(elapsed) | Before::Uncounted(elapsed) => (None, *elapsed),
            Before::Moved(moved) => (Some(moved.before), moved.elapsed),
        };
        let now = Counters::read(message)?;
        Some((before.unwrap_or(now), now, elapsed))
    }

    /// Whether [`Life::causes`] says something: it was in two rounds, and is in the last one or has ended since.
    pub fn is_judged(&self) -> bool {
        self.judged
    }

    /// Takes what a transition says of it beside its state.
    pub(super) fn hear(&mut self, told: &Transition) {
        self.cgroup = told.cgroup.or(self.cgroup);
        // A listener sends and receives nothing: zeros would say that it could.
        if self.side != Some(Side::Listen) {
            self.totals = told.totals.or(self.totals);
            self.totals_at = told.at;
        }
    }

    /// It came out of this listener, if of any that is known.
    pub(super) fn comes_from(&mut self, listener: Option<Arc<Listener>>) {
        if listener.is_some() {
            self.listener = listener;
            self.side = Some(Side::Accept);
        }
    }

    /// Takes a new state, and what it tells of who closed first.
    pub(super) fn enter(&mut self, state: State) {
        // Each of these can only be entered from one side; in the last of the first three both closed at once.
        let here = match state {
            State::FinWait1 | State::FinWait2 | State::Closing => Some(true),
            State::CloseWait | State::LastAck => Some(false),
            _ => None,
        };
        self.closed_here = self.closed_here.or(here);
        if state == State::Listening {
            self.side = Some(Side::Listen);
        }
        self.state = state;
    }
}
