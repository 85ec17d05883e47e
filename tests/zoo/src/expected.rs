//! What the kernel must say of a socket.

use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd};
use std::{fmt, io};

use crate::{address, sys};

/// The kernel's numbers of socket states (`include/net/tcp_states.h`), as sock_diag reports them for every family.
pub mod state {
    /// `TCP_ESTABLISHED`
    pub const ESTABLISHED: u8 = 1;
    /// `TCP_SYN_SENT`
    pub const SYN_SENT: u8 = 2;
    /// `TCP_SYN_RECV`
    pub const SYN_RECV: u8 = 3;
    /// `TCP_FIN_WAIT1`
    pub const FIN_WAIT1: u8 = 4;
    /// `TCP_FIN_WAIT2`
    pub const FIN_WAIT2: u8 = 5;
    /// `TCP_TIME_WAIT`
    pub const TIME_WAIT: u8 = 6;
    /// `TCP_CLOSE`
    pub const CLOSE: u8 = 7;
    /// `TCP_CLOSE_WAIT`
    pub const CLOSE_WAIT: u8 = 8;
    /// `TCP_LAST_ACK`
    pub const LAST_ACK: u8 = 9;
    /// `TCP_LISTEN`
    pub const LISTEN: u8 = 10;
    /// `TCP_CLOSING`
    pub const CLOSING: u8 = 11;
    /// `TCP_BOUND_INACTIVE` (Linux 6.8): only the bit of a request has this number, the reply says [`CLOSE`].
    pub const BOUND_INACTIVE: u8 = 13;
}

/// What the kernel must say of one socket. `None` means that this specimen promises nothing about it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Expected {
    /// The part the socket plays in its specimen, for instance `client`.
    pub role: &'static str,
    /// Address family, `AF_…`.
    pub family: i32,
    /// Protocol within the family, `IPPROTO_…`; for packet sockets the ethertype.
    pub protocol: i32,
    /// `SOCK_…`
    pub socket_type: i32,
    /// One of [`state`].
    pub state: u8,
    /// Own address of an internet socket.
    pub local: Option<SocketAddr>,
    /// The other end of an internet socket.
    pub peer: Option<SocketAddr>,
    /// Name of a unix socket; an abstract one starts with a zero byte.
    pub unix_name: Option<Vec<u8>>,
    /// Number in the socket file system; sockets without a file (TIME-WAIT, SYN-RECV) have none.
    pub inode: Option<u64>,
    /// The kernel's own identity of the socket.
    pub cookie: Option<u64>,
    /// Owner.
    pub uid: u32,
    /// Bytes, or for a listener nothing: see `accept_queue`.
    pub unread: Option<Unread>,
    /// Bytes not yet acknowledged by the peer.
    pub send_queue_bytes: Option<u32>,
    /// Bytes of these that were never sent.
    pub unsent_bytes: Option<u32>,
    /// Connections waiting in `accept`.
    pub accept_queue: Option<u32>,
    /// The backlog.
    pub accept_queue_limit: Option<u32>,
    /// Exactly this many drops.
    pub drops: Option<u32>,
    /// At least this many drops: the number may grow while the socket lives.
    pub drops_min: Option<u32>,
    /// `SO_MARK`
    pub mark: Option<u32>,
    /// `IP_TOS`
    pub tos: Option<u8>,
    /// `IPV6_TCLASS`
    pub tclass: Option<u8>,
    /// `SO_PRIORITY`, which sock_diag reports as the class.
    pub class_id: Option<u32>,
    /// `SO_RCVBUF` as the kernel keeps it, twice what was asked for.
    pub receive_buffer_bytes: Option<u32>,
    /// `SO_SNDBUF` as the kernel keeps it, twice what was asked for.
    pub send_buffer_bytes: Option<u32>,
    /// Congestion control algorithm.
    pub congestion: Option<&'static str>,
    /// The device the socket is bound to.
    pub ifindex: Option<u32>,
    /// The name of that device.
    pub interface: Option<Vec<u8>>,
    /// `IPV6_V6ONLY`
    pub v6only: Option<bool>,
    /// Closed directions: 1 receiving, 2 sending.
    pub shutdown: Option<u8>,
    /// `idiag_timer`: 0 none, 1 retransmission, 2 keepalive, 3 TIME-WAIT, 4 zero window probe.
    pub timer: Option<u8>,
    /// At least this many segments were sent again.
    pub total_retrans_min: Option<u32>,
    /// `TCPI_OPT_…` bits that must be set.
    pub tcp_options: Option<u8>,
    /// `tcpi_snd_mss` is at most this, by `TCP_MAXSEG`.
    pub snd_mss_max: Option<u32>,
    /// `TCP_MD5SIG` keys in no order.
    pub md5: Vec<Md5Key>,
    /// Names of `inet_diag_sockopt` bits that must be set.
    pub sockopts_set: &'static [&'static str],
    /// Names of `inet_diag_sockopt` bits that must not be set.
    pub sockopts_clear: &'static [&'static str],
    /// Upper layer protocol of a subflow or TLS socket.
    pub ulp: Option<&'static str>,
    /// Subflows of a multipath connection beside the first.
    pub mptcp_subflows: Option<u8>,
    /// The cgroup's id: the inode of its directory.
    pub cgroup_id: Option<u64>,
    /// BPF socket storage: map id and value size.
    pub bpf_storage: Option<(u32, u32)>,
    /// Inode of the other end of a unix socket.
    pub peer_inode: Option<u64>,
    /// Inodes of unix sockets waiting to be accepted.
    pub pending_inodes: Vec<u64>,
    /// Device and inode of the file of a named unix socket.
    pub file: Option<(u64, u64)>,
    /// Processes that hold the socket, beside this one.
    pub other_owners: Vec<Owner>,
    /// Only for packet sockets.
    pub packet: Option<PacketExpected>,
    /// Only for netlink sockets.
    pub netlink: Option<NetlinkExpected>,
    /// The row is that of an association of the socket, beside the socket's own.
    pub is_association: bool,
    /// What else stands in the row, by its place there (a JSON pointer).
    pub says: &'static [(&'static str, Says)],
}

/// A value of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// This number.
    Number(u64),
    /// This number or a greater one: it grows while the socket lives.
    AtLeast(u64),
    /// This word.
    Word(&'static str),
    /// That it is so.
    Yes,
}

/// Bytes waiting to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// The kernel reports the payload.
    Bytes(u32),
    /// The kernel reports memory including its own overhead (UDP, datagram netlink): at least the payload.
    AtLeastBytes(u32),
}

/// One key of `TCP_MD5SIG`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Md5Key {
    /// Peers it is for.
    pub address: IpAddr,
    /// Leading bits of the address that must be equal.
    pub prefix_len: u8,
    /// The secret.
    pub key: Vec<u8>,
}

/// A process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Its number.
    pub pid: u32,
    /// Its name (`comm`).
    pub name: Vec<u8>,
}

/// What packet_diag must say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PacketExpected {
    /// Device, 0 for all.
    pub ifindex: u32,
    /// `TPACKET_V1` is 0, `TPACKET_V2` 1, `TPACKET_V3` 2.
    pub version: u32,
    /// `PACKET_RESERVE`, in bytes.
    pub reserve_bytes: u32,
    /// `PACKET_COPY_THRESH`
    pub copy_threshold: u32,
    /// `PACKET_TIMESTAMP`
    pub timestamp: u32,
    /// `PDI_…` bits.
    pub flags: u32,
    /// `PACKET_RX_RING`
    pub rx_ring: Option<Ring>,
    /// `PACKET_TX_RING`
    pub tx_ring: Option<Ring>,
    /// Id in the low half, type and flags in the high half.
    pub fanout: Option<u32>,
    /// Joined groups and modes.
    pub memberships: Vec<Membership>,
    /// Instructions of the attached classic BPF program.
    pub filter_len: Option<u32>,
}

/// Size of a packet ring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ring {
    /// `tp_block_size`
    pub block_bytes: u32,
    /// `tp_block_nr`
    pub blocks: u32,
    /// `tp_frame_size`
    pub frame_bytes: u32,
    /// `tp_frame_nr`
    pub frames: u32,
    /// `tp_retire_blk_tov`
    pub retire_ms: u32,
    /// `tp_sizeof_priv`
    pub private_bytes: u32,
    /// `tp_feature_req_word`
    pub features: u32,
}

/// One `PACKET_ADD_MEMBERSHIP`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// Device.
    pub ifindex: u32,
    /// `PACKET_MR_…`
    pub kind: u16,
    /// Link-layer group, empty for modes.
    pub address: Vec<u8>,
}

/// What netlink_diag must say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetlinkExpected {
    /// Own port.
    pub portid: u32,
    /// Connected port.
    pub dst_portid: u32,
    /// Number of the connected group.
    pub dst_group: u32,
    /// Numbers of joined groups.
    pub groups: Vec<u32>,
    /// `NDIAG_FLAG_…` bits that must be set.
    pub flags: u32,
}

impl Expected {
    /// What every open socket tells of itself: identity, owner, buffers and the given state.
    pub(crate) fn of(role: &'static str, fd: impl AsFd, state: u8) -> io::Result<Self> {
        let fd = fd.as_fd();
        let stat = rustix::fs::fstat(fd)?;
        Ok(Self {
            role,
            family: sys::option(fd, libc::SOL_SOCKET, libc::SO_DOMAIN)?,
            protocol: sys::option(fd, libc::SOL_SOCKET, libc::SO_PROTOCOL)?,
            socket_type: sys::option(fd, libc::SOL_SOCKET, libc::SO_TYPE)?,
            state,
            inode: Some(stat.st_ino),
            cookie: Some(sys::cookie(fd)?),
            uid: stat.st_uid,
            ..Self::default()
        })
    }

    /// The same with the addresses of an internet socket.
    pub(crate) fn inet(role: &'static str, fd: impl AsFd, state: u8) -> io::Result<Self> {
        let fd = fd.as_fd();
        let local = address::decode(&sys::local_name(fd)?);
        let peer = peer(fd);
        Ok(Self { local, peer, ..Self::of(role, fd, state)? })
    }

    /// The `/proc/net` file that has a line for this socket, if one does.
    pub fn proc_file(&self) -> Option<&'static str> {
        let v6 = self.family == libc::AF_INET6;
        Some(match (self.family, self.protocol, self.socket_type) {
            (libc::AF_UNIX, ..) => "unix",
            (libc::AF_PACKET, ..) => "packet",
            (libc::AF_NETLINK, ..) => "netlink",
            // Sockets that are only bound are in no hash table that /proc walks (kernel tcp_seq_next).
            (_, libc::IPPROTO_TCP, _) if self.state == state::CLOSE => return None,
            (libc::AF_INET | libc::AF_INET6, _, libc::SOCK_RAW) => ["raw", "raw6"][usize::from(v6)],
            (_, libc::IPPROTO_TCP, _) => ["tcp", "tcp6"][usize::from(v6)],
            (_, libc::IPPROTO_UDP, _) => ["udp", "udp6"][usize::from(v6)],
            (_, libc::IPPROTO_UDPLITE, _) => ["udplite", "udplite6"][usize::from(v6)],
            (_, libc::IPPROTO_ICMP, _) => "icmp",
            (_, libc::IPPROTO_ICMPV6, _) => "icmp6",
            _ => return None,
        })
    }
}

/// The connected address, if there is one.
fn peer(fd: BorrowedFd<'_>) -> Option<SocketAddr> {
    sys::peer_name(fd).ok().and_then(|bytes| address::decode(&bytes))
}

/// Prints what is promised and leaves out the rest: most of the fields are about other kinds.
macro_rules! debug_of_promises {
    ($($field:ident)*) => {
        impl fmt::Debug for Expected {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                // Names all fields, so that a new one cannot be forgotten here.
                let Self { $($field),* } = self;
                let nothing = Self::default();
                let mut shown = f.debug_struct("Expected");
                $(if *$field != nothing.$field {
                    shown.field(stringify!($field), $field);
                })*
                shown.finish()
            }
        }
    };
}

debug_of_promises! {
    role family protocol socket_type state local peer unix_name inode cookie uid unread send_queue_bytes unsent_bytes accept_queue accept_queue_limit drops drops_min mark tos tclass class_id receive_buffer_bytes send_buffer_bytes congestion ifindex interface v6only shutdown timer total_retrans_min tcp_options snd_mss_max md5 sockopts_set sockopts_clear ulp mptcp_subflows cgroup_id bpf_storage peer_inode pending_inodes file other_owners packet netlink is_association says
}
