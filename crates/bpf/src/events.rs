//! What happens to sockets, as it happens: changes of state, retransmissions, resets, errors, dropped packets.
//!
//! Programs at the kernel's tracepoints write one record each into one ring, in all network namespaces or in one. Nobody
//! is woken: [`SocketEvents::read`] gives what is there, and [`SocketEvents::lost`] counts what had no room, exactly.

mod code;
mod dropped;
mod event;
mod kinds;
mod record;
mod socket;

use std::os::fd::OwnedFd;

pub use event::{
    Counters, Dropped, Endpoint, Event, Process, Reset, ResetDirection, Retransmit, SocketError, SocketId, StateChange,
};

use crate::{
    btf::Btf,
    error::{Error, Operation},
    program,
    ring::Ring,
};
use kinds::Kind;
use record::Decoder;

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
];

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
    /// closed.
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
    decoder: Decoder,
    /// Keep the programs attached.
    _links: Vec<OwnedFd>,
}

impl SocketEvents {
    /// Assembles, loads and attaches the programs. A tracepoint that this kernel lacks is an error that names it.
    pub fn open(btf: &Btf, options: &EventOptions) -> Result<Self, Error> {
        let ring = Ring::new(options.ring_bytes)?;
        let mut links = Vec::new();
        for kind in Kind::wanted(options) {
            let name = kind.name();
            let typedef = btf.tracepoint(kind.typedef());
            let typedef =
                typedef.ok_or_else(|| Error::missing(Operation::Attach(name), format!("tracepoint {name}")))?;
            links.push(program::attach_tracepoint(name, typedef, &kind.assemble(btf, &ring, options)?)?);
        }
        Ok(Self { ring, decoder: Decoder::new(btf), _links: links })
    }

    /// Gives the events that are there now, in the order in which their records were begun.
    pub fn read(&mut self, taker: &mut impl FnMut(&Event<'_>)) {
        let decoder = &self.decoder;
        self.ring.read(&mut |bytes| {
            if let Some(event) = decoder.event(bytes) {
                taker(&event);
            }
        });
    }

    /// How many events there was no room for, since it was made.
    pub fn lost(&self) -> u64 {
        self.ring.lost()
    }
}

impl std::fmt::Debug for SocketEvents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SocketEvents").field("lost", &self.lost()).finish_non_exhaustive()
    }
}
