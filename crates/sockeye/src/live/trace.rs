//! TCP's changes as the kernel makes them, where BPF is allowed.

use std::os::unix::fs::MetadataExt as _;
use std::time::Duration;

use sockeye_bpf::socket_state::{SocketState, SocketStates};
use sockeye_bpf::{Btf, Error};
use sockeye_state::lives::{Actor, Time, Totals, Transition};
use sockeye_wire::sock_diag::state::State;

use super::now;

/// Time between two reads: nobody is woken by an event, as that would cost the kernel more than all the rest.
pub(crate) const INTERVAL: Duration = Duration::from_millis(20);
/// Bytes of events that may wait: a second and a half of the fastest machine.
const RING_BYTES: u32 = 32 << 20;
/// Every state.
const STATES: u32 = 0xffff;
/// Inode of the first pid namespace (include/uapi/linux/nsfs.h, `PROC_PID_INIT_INO`).
const FIRST_PID_NAMESPACE: u64 = 0xEFFF_FFFC;

/// Changes of the TCP sockets of all network namespaces.
pub(crate) struct Trace {
    states: SocketStates,
    lost: u64,
    read: Time,
    /// Processes are called as the kernel's events call them.
    knows_processes: bool,
}

impl Trace {
    /// Begins to hear.
    pub(crate) fn open() -> Result<Self, Error> {
        let states = SocketStates::open(&Btf::load()?, RING_BYTES, STATES)?;
        let is_first = std::fs::metadata("/proc/self/ns/pid").is_ok_and(|file| file.ino() == FIRST_PID_NAMESPACE);
        Ok(Self { states, lost: 0, read: now(), knows_processes: is_first })
    }

    /// Reads what happened, each change with the inode of its network namespace. What was lost since the last time, and
    /// since when, is the answer.
    pub(crate) fn read(&mut self, each: &mut dyn FnMut(u32, &Transition)) -> Result<Option<(u64, Time)>, Error> {
        let since = self.read;
        // Looked at before, so that what is lost while we read is told the next time.
        let lost = self.states.lost()?;
        self.read = now();
        let knows_processes = self.knows_processes;
        self.states.read(&mut |state| each(state.netns, &transition(state, knows_processes)));
        let new = lost.saturating_sub(self.lost);
        self.lost = lost;
        Ok((new > 0).then_some((new, since)))
    }

    /// When to read again.
    pub(crate) fn due(&self) -> Time {
        self.read + INTERVAL
    }
}

fn transition(state: &SocketState, knows_processes: bool) -> Transition {
    let totals = &state.totals;
    let actor = state.is_of_process() && knows_processes && state.pid != 0;
    Transition {
        at: Duration::from_nanos(state.at_ns),
        cookie: state.cookie,
        old: State::from_number(state.old),
        new: State::from_number(state.new),
        local: state.local,
        local_port: state.local_port,
        peer: state.peer,
        peer_port: state.peer_port,
        actor: actor.then_some(Actor { pid: state.pid, comm: state.comm }),
        cgroup: Some(state.cgroup).filter(|&id| id != 0),
        error: Some(state.error),
        totals: Totals {
            bytes_sent: totals.bytes_sent,
            bytes_acked: totals.bytes_acked,
            bytes_received: totals.bytes_received,
            bytes_retrans: totals.bytes_retrans,
            retransmissions: totals.total_retrans.map(u64::from),
            segs_in: totals.segs_in.map(u64::from),
            segs_out: totals.segs_out.map(u64::from),
            rtt_us: totals.rtt_us.map(u64::from),
            min_rtt_us: totals.min_rtt_us.map(u64::from),
        },
    }
}
