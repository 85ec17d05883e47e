//! The events, as they are read. What a kernel cannot tell is `None`, never zero.

use std::net::IpAddr;

/// Something that happened to a socket.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event<'e> {
    /// It changed its state (`inet_sock_set_state`).
    State(StateChange),
    /// It sent a segment again (`tcp_retransmit_skb`, `tcp_retransmit_synack`).
    Retransmit(Retransmit),
    /// It sent or received a reset (`tcp_send_reset`, `tcp_receive_reset`).
    Reset(Reset<'e>),
    /// A packet was dropped (`kfree_skb`).
    Dropped(Dropped<'e>),
    /// It reports an error (`inet_sk_error_report`).
    Error(SocketError),
}

impl Event<'_> {
    /// The socket that it happened to, or the ends of the packet.
    pub const fn socket(&self) -> &SocketId {
        match self {
            Self::State(change) => &change.socket,
            Self::Retransmit(again) => &again.socket,
            Self::Reset(reset) => &reset.socket,
            Self::Dropped(packet) => &packet.socket,
            Self::Error(error) => &error.socket,
        }
    }
}

/// Address and port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// The address; unspecified where the socket has none.
    pub address: IpAddr,
    /// The port; 0 where it has none, or has none any more.
    pub port: u16,
}

/// Which socket it was, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SocketId {
    /// `CLOCK_MONOTONIC`, in nanoseconds.
    pub time_ns: u64,
    /// The socket's cookie, as sock_diag gives it; it names one socket until the next boot.
    pub cookie: u64,
    /// The network namespace: the inode of its file.
    pub netns: u32,
    /// The cookie of the network namespace, which is never used again.
    pub netns_cookie: Option<u64>,
    /// The control group that the socket was made in, by its number.
    pub cgroup_id: Option<u64>,
    /// `AF_INET` or `AF_INET6`.
    pub family: u16,
    /// `IPPROTO_TCP` and others.
    pub protocol: Option<u16>,
    /// This end. A TCP socket that is closed has the port that it had; others have 0 then.
    pub local: Endpoint,
    /// The other end.
    pub peer: Endpoint,
}

/// Who made it happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Process {
    /// The process, in the pid namespace of the reader.
    pub pid: u32,
    /// Its name, which is that of its first thread, filled up with NUL.
    pub comm: [u8; 16],
}

impl Process {
    /// The same name: any bytes but NUL.
    pub fn name(&self) -> &[u8] {
        self.comm.split(|byte| *byte == 0).next().unwrap_or_default()
    }
}

/// A change of state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StateChange {
    /// The socket.
    pub socket: SocketId,
    /// The state that it was in (include/net/tcp_states.h). An accepted socket begins as a copy of its listener, with
    /// LISTEN; kernels up to 6.12 tell that first step with the cookie of the listener (net/ipv4/inet_connection_sock.c,
    /// inet_csk_clone_lock).
    pub old_state: u8,
    /// The state that it is in now. A TCP socket that ends in TIME-WAIT goes from FIN-WAIT-2 to closed: the rest is done
    /// by another, smaller one.
    pub new_state: u8,
    /// The process that did it, where it is certain that one did and not a packet: connect, listen, and the first half
    /// of a close. A thread of the kernel (MPTCP closes by one) is none.
    pub process: Option<Process>,
    /// The inode of its file, where a process did it.
    pub inode: Option<u64>,
    /// Its file was closed before (`SOCK_DEAD`).
    pub is_orphaned: bool,
    /// The peer has said that it sends no more (`SOCK_DONE`).
    pub is_done: bool,
    /// Where it is closed: the peer has acknowledged all that was to be sent, the FIN too.
    pub is_all_acked: Option<bool>,
    /// Why the socket ended, an error number; `None` if it has none.
    pub error: Option<u32>,
    /// What it has counted; `None` if it is not TCP.
    pub counters: Option<Counters>,
}

/// What a TCP socket has counted until now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Bytes that the peer has acknowledged. SYN and FIN count as one each.
    pub bytes_acked: Option<u64>,
    /// Bytes received in order.
    pub bytes_received: Option<u64>,
    /// Bytes sent, those sent again included.
    pub bytes_sent: Option<u64>,
    /// Bytes sent again.
    pub bytes_retrans: Option<u64>,
    /// Segments sent again.
    pub total_retrans: Option<u32>,
    /// Smoothed round-trip time; none before the first sample.
    pub rtt_us: Option<u32>,
    /// Smallest round-trip time of the last minutes; none before the first sample.
    pub min_rtt_us: Option<u32>,
    /// Segments received.
    pub segs_in: Option<u32>,
    /// Segments sent.
    pub segs_out: Option<u32>,
}

/// A segment that was sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retransmit {
    /// The socket. A SYN-ACK is sent again for a request that is no socket yet; the socket will have its cookie.
    pub socket: SocketId,
    /// The state of the socket; for a request 12, NEW-SYN-RECV.
    pub state: u8,
    /// How many segments: what the kernel adds to `TcpRetransSegs` for it.
    pub segments: Option<u16>,
    /// Segments that the socket has sent again until now.
    pub total_retrans: Option<u32>,
    /// What the socket has counted; `None` of a request, which counts nothing yet.
    pub counters: Option<Counters>,
}

/// Which way a packet went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// This namespace made it.
    Sent,
    /// It came in, also from the namespace itself over its loopback device.
    Received,
}

/// A reset. Before Linux 6.10 the kernel does not tell of those that it sends for no socket, nor why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reset<'e> {
    /// The socket. Where a packet is answered that no socket is meant by, it has the addresses of that packet, and no
    /// cookie.
    pub socket: SocketId,
    /// Which way it went.
    pub direction: Direction,
    /// The state of the socket; `None` if there is none.
    pub state: Option<u8>,
    /// Why it was sent: the kernel's number and name for it, from `enum sk_rst_reason`, without the prefix.
    pub reason: Option<(u32, &'e str)>,
}

/// A packet that was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dropped<'e> {
    /// The socket that it was for, where the kernel says so (since 6.11), or that sent it. Without one it has no cookie (0). Ends and
    /// protocol are the packet's: the local end is where it was going, or where it came from if it was made here.
    pub socket: SocketId,
    /// Which way it went; `None` where the kernel does not say. One that is only passed on counts as received.
    pub direction: Option<Direction>,
    /// Why: the kernel's number and name for it, from `enum skb_drop_reason`, without the prefix. NOT_SPECIFIED is no proof of a
    /// loss: up to Linux 6.12, TCP also gives back segments with it that it has worked through.
    pub reason: Option<(u32, &'e str)>,
    /// The address of the kernel's instruction behind the drop, as `/proc/kallsyms` counts them.
    pub location: Option<u64>,
}

/// An error that a socket reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SocketError {
    /// The socket.
    pub socket: SocketId,
    /// Its state.
    pub state: u8,
    /// The error number: 111 is a refused connection.
    pub error: u32,
}
