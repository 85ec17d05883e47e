//! TCP's changes as the kernel makes them, where BPF is allowed.

use std::time::Duration;

use sockeye_bpf::events::{Event, EventOptions, SocketEvents, StateChange};
use sockeye_bpf::{Btf, Error};
use sockeye_state::lives::{Actor, Time, Totals, Transition};
use sockeye_wire::sock_diag::inet::IPPROTO_TCP;
use sockeye_wire::sock_diag::state::State;

use super::now;

/// Time between two reads: nobody is woken by an event, as that would cost the kernel more than all the rest.
pub(crate) const INTERVAL: Duration = Duration::from_millis(20);
/// Bytes of events that may wait: a second and a half of the fastest machine.
const RING_BYTES: u32 = 32 << 20;

/// Changes of the TCP sockets of all network namespaces.
pub(crate) struct Trace {
    events: SocketEvents,
    lost: u64,
    read: Time,
}

impl Trace {
    /// Begins to hear.
    pub(crate) fn open() -> Result<Self, Error> {
        let options = EventOptions { ring_bytes: RING_BYTES, ..EventOptions::default() };
        Ok(Self { events: SocketEvents::open(&Btf::open()?, &options)?, lost: 0, read: now() })
    }

    /// Reads what happened, each change with the inode of its network namespace. What was lost since the last time, and
    /// since when, is the answer.
    pub(crate) fn read(&mut self, each: &mut dyn FnMut(u32, &Transition)) -> Option<(u64, Time)> {
        let since = self.read;
        // Looked at before, so that what is lost while we read is told the next time.
        let lost = self.events.lost_in_all();
        self.read = now();
        self.events.read(&mut |event| {
            if let Event::State(change) = event
                && change.socket.protocol.is_none_or(|protocol| protocol == IPPROTO_TCP)
            {
                each(change.socket.netns, &transition(change));
            }
        });
        let new = lost.saturating_sub(self.lost);
        self.lost = lost;
        (new > 0).then_some((new, since))
    }

    /// When to read again.
    pub(crate) fn due(&self) -> Time {
        self.read + INTERVAL
    }
}

fn transition(change: &StateChange) -> Transition {
    let (socket, counters) = (&change.socket, change.counters.unwrap_or_default());
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
        cgroup: socket.cgroup_id,
        error: Some(change.error.and_then(|error| u16::try_from(error).ok()).unwrap_or(0)),
        totals: Totals {
            bytes_sent: counters.bytes_sent,
            bytes_acked: counters.bytes_acked,
            bytes_received: counters.bytes_received,
            bytes_retrans: counters.bytes_retrans,
            retransmissions: counters.total_retrans.map(u64::from),
            segs_in: counters.segs_in.map(u64::from),
            segs_out: counters.segs_out.map(u64::from),
            rtt_us: counters.rtt_us.map(u64::from),
            min_rtt_us: counters.min_rtt_us.map(u64::from),
        },
    }
}
