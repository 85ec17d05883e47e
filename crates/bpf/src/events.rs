//! What happens to sockets, as it happens: changes of state, retransmissions, resets, errors, dropped packets.
//!
//! Programs at the kernel's tracepoints write one record each into one ring, in all network namespaces or in one. Nobody
//! is woken: [`SocketEvents::read`] gives what is there, and [`SocketEvents::lost`] counts what had no room, exactly and by kind.
//! A kernel that lacks a tracepoint, or has it otherwise than is known here, tells the rest; [`SocketEvents::missing`] says what.

mod code;
mod dropped;
mod event;
mod kinds;
mod nested;
mod record;
mod records;
mod socket;

pub use event::{
    Counters, Direction, Dropped, Endpoint, Event, Process, Reset, Retransmit, SocketError, SocketId, StateChange,
};

pub use records::Records;

use std::{cell::Cell, time::Duration};

use crate::{btf::Btf, error::Error, ring::Ring};
use kinds::{Around, Kind};
use nested::{Marks, Pair};

/// The names of types that the programs need.
pub(crate) const NAMES: &[&str] = &[
    "btf_trace_inet_sock_set_state",
    "btf_trace_tcp_retransmit_skb",
    "btf_trace_tcp_retransmit_synack",
    "btf_trace_tcp_send_reset",
    "btf_trace_tcp_receive_reset",
    "btf_trace_inet_sk_error_report",
    "btf_trace_kfree_skb",
    "sock",
    "sock_common",
    "tcp_sock",
    "tcp_skb_cb",
    "minmax_sample",
    "net",
    "net_device",
    "sk_buff",
    "skb_drop_reason",
    "sk_rst_reason",
    "cgroup",
    "kernfs_node",
    "socket",
    "file",
    "inode",
    "task_struct",
    code::HANDS_OUT_THE_THREAD,
];

/// A kind of events. Each needs CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN, and a kernel with BTF, from the release on that stands
/// with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum EventKind {
    /// Changes of state: from Linux 5.12 on.
    State,
    /// Segments that are sent again: from Linux 5.12 on.
    Retransmit,
    /// Resets: from Linux 5.12 on; those that the kernel sends for no socket, and why one is sent, from 6.10 on.
    Reset,
    /// Packets that are dropped: from Linux 5.17 on, when the kernel began to give a reason.
    Drop,
    /// Errors that sockets report: from Linux 5.15 on.
    Error,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::State, Self::Retransmit, Self::Reset, Self::Drop, Self::Error];
}

const _: () = assert!(EventKind::ALL.len() == crate::ring::KINDS as usize);

/// A tracepoint that could not be had, of those that what was wanted needs.
#[derive(Debug)]
#[non_exhaustive]
pub struct Missing {
    /// What is not told. Of a kind that has several tracepoints the others may be there.
    pub kind: EventKind,
    /// The tracepoint's name.
    pub tracepoint: &'static str,
    /// Why not.
    pub error: Error,
}

/// How often is looked whether the second program of a tracepoint has counted: at once, for a microsecond or so, and then at times,
/// as the processor that is about to count may be a virtual one that does not run.
const LOOKS: [u32; 2] = [64, 20];
const LOOK_EVERY: Duration = Duration::from_millis(1);

/// What is wanted of the kernel.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "a set of kinds")]
pub struct EventOptions {
    /// Bytes of the ring; rounded up to a power of two. A record takes 184 bytes.
    pub ring_bytes: u32,
    /// Only this network namespace, by its inode.
    pub netns: Option<u32>,
    /// Changes of state: a bit for each new state that is wanted, `1 << state`; 0 for none.
    pub new_states: u32,
    /// Segments that are sent again.
    pub retransmits: bool,
    /// Resets that are sent and received.
    pub resets: bool,
    /// Packets of IPv4 and IPv6 that are dropped, by the kernel's reason; not those that a socket had not read when it was
    /// closed, nor those that a connection in TIME-WAIT answered for, nor copies of packets for a packet socket that does not read
    /// (before Linux 6.8 the kernel gives no reason for these).
    pub drops: bool,
    /// Errors that sockets report.
    pub errors: bool,
}

impl Default for EventOptions {
    fn default() -> Self {
        let ring_bytes = 4 << 20;
        let (retransmits, resets, drops, errors) = (false, false, false, false);
        Self { ring_bytes, netns: None, new_states: u32::MAX, retransmits, resets, drops, errors }
    }
}

/// The events that were asked for, from the moment it is made until it is dropped.
pub struct SocketEvents {
    ring: Ring,
    records: Records,
    told: Vec<EventKind>,
    missing: Vec<Missing>,
    /// What no program was run for while they were being attached.
    missed_before: [u64; EventKind::ALL.len()],
    /// What was missed for certain when it was looked at last.
    missed: [Cell<u64>; EventKind::ALL.len()],
    programs: Vec<Pair>,
    _marks: Marks,
}

impl SocketEvents {
    /// Assembles, loads and attaches the programs. What this kernel lacks, or has otherwise than is known here, is
    /// [`missing`](Self::missing); it is an error only if nothing of what is wanted could be had: the one of the first.
    ///
    /// It needs CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN, and Linux 5.12, from which on a program at a tracepoint may ask for the
    /// cookie of a socket (`bpf_get_socket_cookie`); errors and drops need a later one ([`EventKind`]).
    pub fn open(btf: &Btf, options: &EventOptions) -> Result<Self, Error> {
        let (ring, marks) = (Ring::new(options.ring_bytes)?, Marks::new()?);
        let around = Around { btf, ring: &ring, marks: &marks, options };
        let (mut programs, mut told, mut missing) = (Vec::new(), Vec::new(), Vec::new());
        for kind in Kind::wanted(options) {
            match kind.attach(&around) {
                Ok(both) => {
                    programs.push(both);
                    told.push(kind.tells());
                }
                Err(error) => missing.push(Missing { kind: kind.tells(), tracepoint: kind.name(), error }),
            }
        }
        if programs.is_empty() && !missing.is_empty() {
            return Err(missing.swap_remove(0).error);
        }
        let missed_before = [0; EventKind::ALL.len()];
        let (records, missed) = (Records::new(btf), std::array::from_fn(|_| Cell::new(0)));
        let mut events = Self { ring, records, told, missing, missed_before, missed, programs, _marks: marks };
        events.missed_before = EventKind::ALL.map(|kind| events.missed(kind));
        Ok(events)
    }

    /// Whether a kind is told of, at least in part.
    pub fn tells(&self, kind: EventKind) -> bool {
        self.told.contains(&kind)
    }

    /// What was wanted and could not be had.
    pub fn missing(&self) -> &[Missing] {
        &self.missing
    }

    /// Gives the events that are there now, in the order in which their records were begun. `true`: all of them; one whose record is
    /// still being written keeps back those behind it.
    pub fn read(&mut self, taker: &mut impl FnMut(&Event<'_>)) -> bool {
        let Self { records, ring, programs, .. } = self;
        let mut counts = [0; EventKind::ALL.len()];
        let is_all = ring.read(&mut |bytes| {
            if let Some((kind, event)) = records.take(bytes) {
                counts[kind as usize] += 1;
                taker(&event);
            }
        });
        for pair in programs {
            pair.attend(counts[pair.kind as usize]);
        }
        is_all
    }

    /// How many events of a kind there was no room for, or that the kernel ran no program for, since it was made; of the latter
    /// some may be of what is not wanted. All but changes of state have half of the ring.
    pub fn lost(&self, kind: EventKind) -> u64 {
        self.ring.count(Ring::without_room(kind as usize))
            + self.missed(kind).saturating_sub(self.missed_before[kind as usize])
    }

    /// How many events of a kind no program was run for.
    fn missed(&self, kind: EventKind) -> u64 {
        let missed = self.programs.iter().filter(|pair| pair.kind == kind).map(Pair::missed).sum::<u64>();
        // Looked at afterwards, and more than once: the second program may be about to count what was missed by now.
        let certain = &self.missed[kind as usize];
        let is_new = || missed.saturating_sub(self.caught(kind)) > certain.get();
        let [at_once, later] = LOOKS;
        let mut looks = 0..at_once + later;
        while let Some(look) = looks.next().filter(|_| is_new()) {
            if look < at_once { std::hint::spin_loop() } else { std::thread::sleep(LOOK_EVERY) }
        }
        certain.set(certain.get().max(missed.saturating_sub(self.caught(kind))));
        certain.get()
    }

    /// How many events of a kind reached a tracepoint in the middle of its program, and were told nevertheless.
    pub fn caught(&self, kind: EventKind) -> u64 {
        self.ring.count(Ring::alone(kind as usize)).saturating_sub(self.records.twice(kind))
    }

    /// The same of all kinds.
    pub fn lost_in_all(&self) -> u64 {
        EventKind::ALL.into_iter().map(|kind| self.lost(kind)).sum()
    }
}

impl std::fmt::Debug for SocketEvents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SocketEvents").field("lost", &self.lost_in_all()).finish_non_exhaustive()
    }
}
