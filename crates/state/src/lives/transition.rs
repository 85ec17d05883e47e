//! One change of state, as the kernel tells of it while it happens.

use core::net::IpAddr;

use sockeye_wire::sock_diag::inet::{AF_INET, AF_INET6};
use sockeye_wire::sock_diag::state::State;

use super::life::{Actor, Time, Totals};

/// One change of state of a TCP socket (tracepoint `sock:inet_sock_set_state`).
#[derive(Clone, Copy, Debug)]
pub struct Transition {
    /// When.
    pub at: Time,
    /// The socket.
    pub cookie: u64,
    /// Its state before.
    pub old: State,
    /// Its state from now on.
    pub new: State,
    /// Its own address.
    pub local: IpAddr,
    /// Its own port; 0 where it has none yet or no more.
    pub local_port: u16,
    /// The address of the peer.
    pub peer: IpAddr,
    /// The port of the peer.
    pub peer_port: u16,
    /// Who was running, where that is who did it.
    pub actor: Option<Actor>,
    /// The inode of its file, where a process did it.
    pub inode: Option<u32>,
    /// Its file was closed before (`SOCK_DEAD`).
    pub is_orphaned: bool,
    /// The peer has said that it sends no more (`SOCK_DONE`).
    pub is_done: bool,
    /// Where it is closed: the peer has acknowledged all that was to be sent, the FIN too.
    pub is_all_acked: Option<bool>,
    /// The control group of the socket.
    pub cgroup: Option<u64>,
    /// The error that the socket has (`sk_err`), 0 for none.
    pub error: Option<u16>,
    /// What it has done up to now.
    pub totals: Totals,
}

impl Transition {
    /// The address family.
    pub fn family(&self) -> u8 {
        if self.local.is_ipv4() { AF_INET } else { AF_INET6 }
    }
}
