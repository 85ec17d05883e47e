//! What the kernel tells of sockets while it happens, where BPF is allowed: TCP's changes of state, and what goes wrong.

use std::time::Duration;

use sockeye_bpf::events::{Counters, Event, EventKind, EventOptions, Missing, SocketEvents, SocketId, StateChange};
use sockeye_bpf::{Btf, Error};
use sockeye_state::lives::{Actor, Incident, Time, Totals, Transition};
use sockeye_wire::sock_diag::inet::IPPROTO_TCP;
use sockeye_wire::sock_diag::state::State;

use super::answered::Answered;
use super::incident::Reader;
use super::kinds::{Kinds, of_trouble};
use super::now;

/// Time between two reads: nobody is woken by an event, as that would cost the kernel more than all the rest.
pub(crate) const INTERVAL: Duration = Duration::from_millis(20);
/// Bytes of events that may wait, for whoever shall lose none: a second and a half of the fastest machine.
pub(crate) const RING_BYTES: u32 = 32 << 20;

/// Births and ends: without what lies between them a life is whole, and the last state before its end says who closed first.
pub(crate) const BIRTHS_AND_ENDS: u32 =
    State::SynSent.mask() | State::Established.mask() | State::Listening.mask() | State::Unconnected.mask();

/// Which network namespace something happened in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Netns {
    /// The inode of its file. The kernel takes the lowest that is free (fs/proc/generic.c, `proc_alloc_inum`): that of one that is gone
    /// is the next one's.
    pub(crate) inode: u64,
    /// Its cookie, which no other ever has, where the kernel says it.
    pub(crate) cookie: Option<u64>,
}

impl Netns {
    fn of(socket: &SocketId) -> Self {
        Self { inode: socket.netns.into(), cookie: socket.netns_cookie }
    }

    /// Whether both are the same one, as far as is known.
    pub(crate) fn is(self, other: Self) -> bool {
        let cookies = self.cookie.zip(other.cookie);
        self.inode == other.inode && cookies.is_none_or(|(one, other)| one == other)
    }
}

/// Something that the kernel told.
pub(crate) enum Heard<'h> {
    /// A TCP socket changed its state.
    Transition(&'h Transition),
    /// Something went wrong.
    Incident(&'h Incident),
}

impl Heard<'_> {
    /// The kind of event that it is.
    pub(crate) fn kind(&self) -> Option<EventKind> {
        match self {
            Self::Transition(_) => Some(EventKind::State),
            Self::Incident(incident) => of_trouble(incident.trouble),
        }
    }
}

/// What was lost of each kind since some moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lost {
    pub(crate) since: Time,
    counts: [u64; EventKind::ALL.len()],
}

impl Lost {
    /// Nothing yet.
    pub(crate) fn since(since: Time) -> Self {
        Self { since, counts: [0; EventKind::ALL.len()] }
    }

    /// One more.
    pub(crate) fn count(&mut self, kind: EventKind) {
        self.counts[kind as usize] += 1;
    }

    /// Events of all kinds.
    pub(crate) fn sum(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Events of a kind.
    pub(crate) fn of(&self, kind: EventKind) -> u64 {
        self.counts[kind as usize]
    }

    /// Each kind of which some were lost, but for changes of state.
    pub(crate) fn incidents(&self) -> impl Iterator<Item = (EventKind, u64)> {
        let others = Kinds::ALL.without(Kinds::STATE).iter();
        others.map(|kind| (kind, self.of(kind))).filter(|&(_, lost)| lost > 0)
    }
}

/// The kernel's own events, of one network namespace or of all.
pub(crate) struct Trace {
    events: SocketEvents,
    kinds: Kinds,
    reader: Reader,
    answered: Answered,
    lost: [u64; EventKind::ALL.len()],
    /// When was looked last for what has happened.
    looked: Time,
    /// All that happened before this was read.
    read: Time,
}

impl Trace {
    /// Begins to hear these kinds, as far as the kernel has them; `netns`: of one namespace, by its inode.
    pub(crate) fn open(kinds: Kinds, netns: Option<u64>, ring_bytes: u32) -> Result<Self, Error> {
        Self::open_states(kinds, netns, ring_bytes, u32::MAX)
    }

    /// The same with changes to some states alone, a bit for each.
    pub(crate) fn open_states(kinds: Kinds, netns: Option<u64>, ring_bytes: u32, states: u32) -> Result<Self, Error> {
        let options = EventOptions {
            ring_bytes,
            netns: netns.and_then(|inode| u32::try_from(inode).ok()),
            new_states: if kinds.contains(EventKind::State) { states } else { 0 },
            retransmits: kinds.contains(EventKind::Retransmit),
            resets: kinds.contains(EventKind::Reset),
            drops: kinds.contains(EventKind::Drop),
            errors: kinds.contains(EventKind::Error),
        };
        let events = SocketEvents::open(&Btf::open()?, &options)?;
        let kinds: Kinds = kinds.iter().filter(|&kind| events.tells(kind)).collect();
        let began = now();
        Ok(Self {
            events,
            kinds,
            reader: Reader::default(),
            answered: Answered::new(kinds.contains(EventKind::Reset)),
            lost: [0; EventKind::ALL.len()],
            looked: began,
            read: began,
        })
    }

    /// What of it is told, at least in part.
    pub(crate) fn kinds(&self) -> Kinds {
        self.kinds
    }

    /// What was wanted and is not there.
    pub(crate) fn missing(&self) -> &[Missing] {
        self.events.missing()
    }

    /// What was lost since the last time. Looked at before what happened is read: what is lost while we read is told the next time,
    /// and whoever reads knows that something is missing.
    pub(crate) fn lost(&mut self) -> Option<Lost> {
        let lost = EventKind::ALL.map(|kind| self.events.lost(kind));
        let mut counts = lost;
        counts.iter_mut().zip(self.lost).for_each(|(now, before)| *now = now.saturating_sub(before));
        self.lost = lost;
        counts.iter().any(|&count| count > 0).then_some(Lost { since: self.looked, counts })
    }

    /// Reads what happened, each with its network namespace.
    pub(crate) fn read(&mut self, each: &mut dyn FnMut(Netns, Heard<'_>)) {
        self.looked = now();
        let (reader, answered) = (&mut self.reader, &mut self.answered);
        let is_all = self.events.read(&mut |event| match event {
            Event::State(change) if change.socket.protocol.is_some_and(|protocol| protocol != IPPROTO_TCP) => {}
            Event::State(change) => answered.transition(Netns::of(&change.socket), &transition(change), each),
            other => {
                if let Some(incident) = reader.read(other) {
                    answered.incident(Netns::of(other.socket()), incident, each);
                }
            }
        });
        self.answered.end(each);
        if is_all {
            self.read = self.looked;
        }
    }

    /// All that happened before this has been told.
    pub(crate) fn read_at(&self) -> Time {
        self.read
    }

    /// When to read again.
    pub(crate) fn due(&self) -> Time {
        self.looked + INTERVAL
    }
}

fn transition(change: &StateChange) -> Transition {
    let socket = &change.socket;
    Transition {
        at: Duration::from_nanos(socket.time_ns),
        cookie: socket.cookie,
        old: State::from_number(change.old_state),
        new: State::from_number(change.new_state),
        local: socket.local.address,
        local_port: socket.local.port,
        peer: socket.peer.address,
        peer_port: socket.peer.port,
        actor: change.process.map(|process| Actor { pid: process.pid, comm: process.comm }),
        inode: change.inode.and_then(|inode| u32::try_from(inode).ok()),
        is_orphaned: change.is_orphaned,
        is_done: change.is_done,
        is_all_acked: change.is_all_acked,
        cgroup: socket.cgroup_id,
        error: Some(change.error.and_then(|error| u16::try_from(error).ok()).unwrap_or(0)),
        totals: totals(&change.counters.unwrap_or_default()),
    }
}

/// What the kernel counted, as of any source.
pub(super) fn totals(counters: &Counters) -> Totals {
    Totals {
        bytes_sent: counters.bytes_sent,
        bytes_acked: counters.bytes_acked,
        bytes_received: counters.bytes_received,
        bytes_retrans: counters.bytes_retrans,
        retransmissions: counters.total_retrans,
        segs_in: counters.segs_in,
        segs_out: counters.segs_out,
        rtt_us: counters.rtt_us,
        min_rtt_us: counters.min_rtt_us,
    }
}
