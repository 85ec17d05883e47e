//! The internet families: `struct inet_diag_req_v2`, `struct inet_diag_msg` and the attributes behind it
//! (include/uapi/linux/inet_diag.h, net/ipv4/inet_diag.c).

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::bpf_storage::BpfStorages;
use super::congestion::{BbrInfo, DctcpInfo, VegasInfo};
use super::memory::{MemoryInfo, SocketMemory};
use super::mptcp_info::MptcpInfo;
use super::sctp_info::SctpInfo;
use super::state::State;
use super::tcp_info::TcpInfo;
use super::ulp::UlpInfo;
use super::{SOCK_DESTROY, SOCK_DIAG_BY_FAMILY, TCPDIAG_GETSOCK};
use crate::bytes::array;
use crate::error::WireError;
use crate::message::{NLM_F_ACK, NLM_F_DUMP};
use crate::{Request, Slots};

/// `AF_INET`.
pub const AF_INET: u8 = 2;
/// `AF_INET6`.
pub const AF_INET6: u8 = 10;
/// `IPPROTO_TCP`.
pub const IPPROTO_TCP: u16 = 6;
/// `IPPROTO_UDP`.
pub const IPPROTO_UDP: u16 = 17;
/// `IPPROTO_DCCP`.
pub const IPPROTO_DCCP: u16 = 33;
/// `IPPROTO_SCTP`.
pub const IPPROTO_SCTP: u16 = 132;
/// `IPPROTO_UDPLITE`.
pub const IPPROTO_UDPLITE: u16 = 136;
/// `IPPROTO_RAW`.
pub const IPPROTO_RAW: u16 = 255;
/// `IPPROTO_MPTCP`, which does not fit the request's protocol byte and goes into an attribute.
pub const IPPROTO_MPTCP: u16 = 262;

/// Bytes of `struct inet_diag_msg`.
pub const MESSAGE_LEN: usize = 72;
/// `INET_DIAG_REQ_BYTECODE`: the filter program of a request.
pub const INET_DIAG_REQ_BYTECODE: u16 = 1;
/// `INET_DIAG_REQ_SK_BPF_STORAGES`: ask for BPF socket storage.
pub const INET_DIAG_REQ_SK_BPF_STORAGES: u16 = 2;
/// `INET_DIAG_REQ_PROTOCOL`: the protocol, where a byte is too small for it.
pub const INET_DIAG_REQ_PROTOCOL: u16 = 3;

crate::layout! {
    /// One internet socket (`struct inet_diag_msg`).
    pub struct InetMessage = inet_diag_msg {
        /// Address family: 2 IPv4, 10 IPv6.
        idiag_family => family: u8 @ 0, OneOf(crate::names![(2, "inet"), (10, "inet6")]), (2, 12);
        /// State of the socket.
        idiag_state => state_number: u8 @ 1, Identifier, (2, 12);
        /// The timer that runs.
        idiag_timer => timer: u8 @ 2,
            OneOf(crate::names![(0, "off"), (1, "on"), (2, "keepalive"), (3, "timewait"), (4, "persist"), (5, "delack")]), (2, 12);
        /// Retransmissions or probes of the segment the timer is for.
        idiag_retrans => timer_retrans: u8 @ 3, Count, (2, 12);
        /// Local port, or the protocol of a raw socket.
        idiag_sport => sport: be16 @ 4, Identifier, (2, 12);
        /// Peer port.
        idiag_dport => dport: be16 @ 6, Identifier, (2, 12);
        /// Interface the socket is bound to.
        idiag_if => ifindex: u32 @ 40, Identifier, (2, 12);
        /// Identity of the socket, never used twice until the next boot.
        idiag_cookie => cookie: u32pair @ 44, Hexadecimal, (2, 12);
        /// Time until the timer fires.
        idiag_expires => expires: u32 @ 52, Milliseconds, (2, 12);
        /// Receive queue; of a listening socket the connections that wait to be accepted.
        idiag_rqueue => rqueue: u32 @ 56, Bytes, (2, 12);
        /// Send queue; of a listening socket the limit of its accept queue.
        idiag_wqueue => wqueue: u32 @ 60, Bytes, (2, 12);
        /// User the socket belongs to.
        idiag_uid => uid: u32 @ 64, Identifier, (2, 12);
        /// Inode of the socket, 0 where it has none (TIME-WAIT, not yet accepted).
        idiag_inode => inode: u32 @ 68, Identifier, (2, 12);
    }
}

impl InetMessage<'_> {
    /// State of the socket.
    #[inline]
    pub fn state(&self) -> Option<State> {
        self.0.get(1).map(|&number| State::from_number(number))
    }

    /// Local address, as the kernel has it: a mapped IPv4 address of an IPv6 socket stays mapped.
    #[inline]
    pub fn source(&self) -> Option<IpAddr> {
        self.address(8)
    }

    /// Peer address.
    #[inline]
    pub fn destination(&self) -> Option<IpAddr> {
        self.address(24)
    }

    fn address(&self, at: usize) -> Option<IpAddr> {
        match self.0.first().copied()? {
            AF_INET => array::<4>(self.0, at).map(|octets| IpAddr::V4(Ipv4Addr::from(octets))),
            AF_INET6 => array::<16>(self.0, at).map(|octets| IpAddr::V6(Ipv6Addr::from(octets))),
            _ => None,
        }
    }
}

crate::layout! {
    /// Options of an internet socket as single bits (`struct inet_diag_sockopt`).
    pub struct SocketOptions = inet_diag_sockopt {
        /// `IP_RECVERR`: errors are queued for the program.
        recverr => recverr: u8[0; 1] @ 0, Truth, (5, 10);
        /// The socket can hold connections (it has the state of a connection-oriented protocol).
        is_icsk => is_icsk: u8[1; 1] @ 0, Truth, (5, 10);
        /// `IP_FREEBIND`: binds to addresses that do not exist yet.
        freebind => freebind: u8[2; 1] @ 0, Truth, (5, 10);
        /// `IP_HDRINCL`: the program writes the IP header.
        hdrincl => hdrincl: u8[3; 1] @ 0, Truth, (5, 10);
        /// `IP_MULTICAST_LOOP`: own multicasts come back.
        mc_loop => mc_loop: u8[4; 1] @ 0, Truth, (5, 10);
        /// `IP_TRANSPARENT`: speaks for foreign addresses.
        transparent => transparent: u8[5; 1] @ 0, Truth, (5, 10);
        /// `IP_MULTICAST_ALL`: takes multicasts of groups that others joined.
        mc_all => mc_all: u8[6; 1] @ 0, Truth, (5, 10);
        /// `IP_NODEFRAG`: takes fragments as they come.
        nodefrag => nodefrag: u8[7; 1] @ 0, Truth, (5, 10);
        /// `IP_BIND_ADDRESS_NO_PORT`: the port is chosen at connect.
        bind_address_no_port => bind_address_no_port: u8[0; 1] @ 1, Truth, (5, 10);
        /// `IP_RECVERR_RFC4884`: errors carry ICMP extensions.
        recverr_rfc4884 => recverr_rfc4884: u8[1; 1] @ 1, Truth, (5, 10);
        /// TCP fast open: connect waits for the first data.
        defer_connect => defer_connect: u8[2; 1] @ 1, Truth, (5, 10);
    }
}

crate::attributes! {
    /// Attributes behind one `inet_diag_msg`.
    pub struct InetAttributes = "inet_diag", header Some(&InetMessage::LAYOUT), MESSAGE_LEN; {
        /// Memory of the socket, the short form of old kernels.
        INET_DIAG_MEMINFO = 1 => meminfo "meminfo": Structure(&MemoryInfo::LAYOUT), Extension(1), None, (2, 12);
        /// State of one TCP connection.
        INET_DIAG_INFO = 2 => tcp_info "tcp_info": Structure(&TcpInfo::LAYOUT), Extension(2), None, (2, 12), only IPPROTO_TCP;
        /// State of one MPTCP connection.
        INET_DIAG_INFO = 2 => mptcp_info "mptcp_info": Structure(&MptcpInfo::LAYOUT), Extension(2), None, (5, 9), only IPPROTO_MPTCP;
        /// State of one SCTP association.
        INET_DIAG_INFO = 2 => sctp_info "sctp_info": Structure(&SctpInfo::LAYOUT), Extension(2), None, (4, 7), only IPPROTO_SCTP;
        /// Details of the congestion control algorithms vegas, veno, yeah and others.
        INET_DIAG_VEGASINFO = 3 => vegas_info "congestion.vegas": Structure(&VegasInfo::LAYOUT), Extension(3), None, (2, 12), only IPPROTO_TCP;
        /// Congestion control algorithm.
        INET_DIAG_CONG = 4 => congestion "congestion.algorithm": Text, Extension(4), None, (2, 12), only IPPROTO_TCP;
        /// Type of service of IPv4 packets.
        INET_DIAG_TOS = 5 => tos "tos": Number(U8, Hexadecimal), Extension(5), None, (3, 2);
        /// Traffic class of IPv6 packets.
        INET_DIAG_TCLASS = 6 => tclass "tclass": Number(U8, Hexadecimal), Extension(6), None, (3, 2);
        /// Memory of the socket and the packets it dropped.
        INET_DIAG_SKMEMINFO = 7 => skmem "skmem": Structure(&SocketMemory::LAYOUT), Extension(7), None, (3, 3);
        /// Directions that are shut down.
        INET_DIAG_SHUTDOWN = 8 => shutdown "shutdown": Number(U8, SetOf(crate::names![(1, "receive"), (2, "send")])), Always, None, (3, 8);
        /// Details of the congestion control algorithm dctcp.
        INET_DIAG_DCTCPINFO = 9 => dctcp_info "congestion.dctcp": Structure(&DctcpInfo::LAYOUT), Extension(3), None, (3, 18), only IPPROTO_TCP;
        /// Protocol given when the socket was made.
        INET_DIAG_PROTOCOL = 10 => protocol "inet_protocol": Number(U8, Identifier), Always, None, (4, 9);
        /// The IPv6 socket takes no IPv4 connections.
        INET_DIAG_SKV6ONLY = 11 => v6only "v6only": Number(U8, Truth), Always, None, (4, 3);
        /// Local addresses of an SCTP endpoint.
        INET_DIAG_LOCALS = 12 => local_addresses "local_addresses": SocketAddresses, Always, None, (4, 7), only IPPROTO_SCTP;
        /// Peer addresses of an SCTP association.
        INET_DIAG_PEERS = 13 => peer_addresses "peer_addresses": SocketAddresses, Always, None, (4, 7), only IPPROTO_SCTP;
        /// Filler that aligns the attribute behind it.
        INET_DIAG_PAD = 14 => pad "pad": Padding, Always, None, (4, 7);
        /// Firewall mark (`SO_MARK`).
        INET_DIAG_MARK = 15 => mark "mark": Number(U32, Hexadecimal), Always, NetAdmin, (4, 9);
        /// Details of the congestion control algorithm bbr.
        INET_DIAG_BBRINFO = 16 => bbr_info "congestion.bbr": Structure(&BbrInfo::LAYOUT), Extension(3), None, (4, 9), only IPPROTO_TCP;
        /// Class of the cgroup network classifier, or the priority where it has none.
        INET_DIAG_CLASS_ID = 17 => class_id "class_id": Number(U32, Hexadecimal), Extension(6), None, (4, 14);
        /// Addresses and keys of TCP MD5 signatures.
        INET_DIAG_MD5SIG = 18 => md5_signatures "md5_signatures": Md5Signatures, Extension(2), NetAdmin, (4, 14), only IPPROTO_TCP;
        /// The protocol above TCP, as the kernel does it.
        INET_DIAG_ULP_INFO = 19 => ulp "ulp": Nest(&UlpInfo::SPACE), Extension(2),
            NET_ADMIN_BEFORE_6_15, (5, 4), only IPPROTO_TCP;
        /// BPF storage attached to the socket.
        INET_DIAG_SK_BPF_STORAGES = 20 => bpf_storages "bpf_storages": Nests(1, &BpfStorages::SPACE), Attribute(INET_DIAG_REQ_SK_BPF_STORAGES), Bpf, (5, 7);
        /// Id of the control group that the socket was made in.
        INET_DIAG_CGROUP_ID = 21 => cgroup_id "cgroup_id": Number(U64, Identifier), Always, None, (5, 8);
        /// Options of the socket as single bits.
        INET_DIAG_SOCKOPT = 22 => socket_options "sockopt": Structure(&SocketOptions::LAYOUT), Always, None, (5, 10);
    }
}

/// One socket of an internet family: its structure and its attributes.
#[derive(Clone, Copy, Debug)]
pub struct InetSocket<'a> {
    /// The fixed part.
    pub message: InetMessage<'a>,
    /// What follows it.
    pub attributes: InetAttributes<'a>,
}

impl<'a> InetSocket<'a> {
    /// Reads the payload of an answer.
    #[inline]
    pub fn read(payload: &'a [u8]) -> Result<Self, WireError> {
        let Some((header, rest)) = payload.split_at_checked(MESSAGE_LEN) else {
            return Err(WireError::Truncated { what: "inet_diag_msg", at: 0, need: MESSAGE_LEN, have: payload.len() });
        };
        Ok(Self { message: InetMessage(header), attributes: InetAttributes(Slots::read(rest)) })
    }

    /// State of the TCP connection, where the request asked for it.
    pub fn tcp_info(&self) -> Option<TcpInfo<'a>> {
        self.attributes.tcp_info().map(TcpInfo)
    }

    /// Memory of the socket, where the request asked for it.
    pub fn memory(&self) -> Option<SocketMemory<'a>> {
        self.attributes.skmem().map(SocketMemory)
    }
}

/// The identity of one socket in an exact request (`struct inet_diag_sockid`), copied from an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SocketId(pub [u8; 48]);

impl SocketId {
    /// No socket in particular, as dumps need it.
    pub const ANY: Self = Self([0; 48]);

    /// The identity of the socket that `message` describes.
    pub fn of(message: &InetMessage<'_>) -> Option<Self> {
        array(message.0, 4).map(Self)
    }

    /// The same with the ends in each other's place.
    fn swapped(self) -> Self {
        let Self(mut bytes) = self;
        // Two ports, two addresses of 16 bytes, then interface and cookie.
        let (ports, addresses) = bytes.split_at_mut(4);
        let (source, destination) = ports.split_at_mut(2);
        source.swap_with_slice(destination);
        let (source, destination) = addresses[..32].split_at_mut(16);
        source.swap_with_slice(destination);
        Self(bytes)
    }
}

/// A question about internet sockets.
#[derive(Clone, Copy, Debug)]
pub struct InetQuestion<'q> {
    /// `AF_INET` or `AF_INET6`; 0 for both, which only the old TCP request can ask.
    pub family: u8,
    /// `IPPROTO_*`.
    pub protocol: u16,
    /// Extensions, bit `n - 1` for extension `n`.
    pub extensions: u8,
    /// States, bit `n` for state `n`.
    pub states: u32,
    /// Filter program, empty for none.
    pub bytecode: &'q [u8],
    /// Also ask for BPF socket storage (needs `CAP_BPF`).
    pub bpf_storages: bool,
}

impl InetQuestion<'_> {
    /// The request for every socket that fits.
    pub fn dump(&self) -> Request {
        let request = if self.family == 0 {
            self.old_request()
        } else {
            Request::new(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP).body(&self.body(SocketId::ANY))
        };
        self.attach(request)
    }

    /// The request for one socket: the kernel answers with it or with `ENOENT`. Of UDP sockets that share their ends it may find
    /// another than the one with this cookie, which is `ENOENT` too.
    pub fn exact(&self, id: SocketId) -> Request {
        // Of UDP the kernel looks for the receiver of what comes from the first end to the second (net/ipv4/udp_diag.c,
        // udp_dump_one).
        let is_swapped = matches!(self.protocol, IPPROTO_UDP | IPPROTO_UDPLITE);
        let id = if is_swapped { id.swapped() } else { id };
        self.attach(Request::new(SOCK_DIAG_BY_FAMILY, 0).body(&self.body(id)))
    }

    /// The request to close one socket (needs `CAP_NET_ADMIN` in its network namespace); the kernel acknowledges it, or
    /// answers with `EOPNOTSUPP` where it closes no such sockets. A raw socket is known by its own protocol too
    /// (`struct inet_diag_req_raw`); for others that is 0.
    pub fn destroy(&self, id: SocketId, raw_protocol: u8) -> Request {
        let mut body = self.body(id);
        body[3] = raw_protocol;
        self.attach(Request::new(SOCK_DESTROY, NLM_F_ACK).body(&body))
    }

    /// `struct inet_diag_req_v2`.
    fn body(&self, id: SocketId) -> [u8; 56] {
        let mut body = [0; 56];
        body[0] = self.family;
        body[1] = u8::try_from(self.protocol).unwrap_or(0);
        body[2] = self.extensions;
        body[4..8].copy_from_slice(&self.states.to_ne_bytes());
        body[8..].copy_from_slice(&id.0);
        body
    }

    /// `struct inet_diag_req`, which has no protocol: its message type says TCP.
    fn old_request(&self) -> Request {
        let mut body = [0; 60];
        body[3] = self.extensions;
        body[52..56].copy_from_slice(&self.states.to_ne_bytes());
        Request::new(TCPDIAG_GETSOCK, NLM_F_DUMP).body(&body)
    }

    fn attach(&self, mut request: Request) -> Request {
        if !self.bytecode.is_empty() {
            request = request.attribute(INET_DIAG_REQ_BYTECODE, self.bytecode);
        }
        if self.bpf_storages {
            request = request.attribute(INET_DIAG_REQ_SK_BPF_STORAGES, &[]);
        }
        if self.protocol > u16::from(u8::MAX) {
            request = request.attribute(INET_DIAG_REQ_PROTOCOL, &u32::from(self.protocol).to_ne_bytes());
        }
        request
    }
}
