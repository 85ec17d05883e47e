//! `NETLINK_SOCK_DIAG` (protocol 4): every socket table of the kernel.
//!
//! One file for each family or structure, named as in the kernel's headers (include/uapi/linux).

pub mod bare;
pub mod bpf_storage;
pub mod bytecode;
pub mod congestion;
pub mod inet;
pub mod md5;
pub mod memory;
pub mod mptcp_info;
pub mod netlink;
pub mod packet;
pub mod sctp_info;
pub mod smc;
pub mod socket_address;
pub mod spaces;
pub mod state;
pub mod tcp_info;
pub mod tipc;
pub mod ulp;
pub mod unix;
pub mod vsock;
pub mod xdp;

/// Kinds of sockets (`SOCK_*`, include/linux/net.h), the same numbers in every family.
pub const SOCKET_TYPES: &[crate::Name] =
    crate::names![(1, "stream"), (2, "dgram"), (3, "raw"), (4, "rdm"), (5, "seqpacket"), (10, "packet")];
/// `SOCK_DIAG_BY_FAMILY`: the message type of requests and answers.
pub const SOCK_DIAG_BY_FAMILY: u16 = 20;
/// `SOCK_DESTROY`: close sockets.
pub const SOCK_DESTROY: u16 = 21;
/// `TCPDIAG_GETSOCK`: the old request for TCP, which walks both address families in one pass.
pub const TCPDIAG_GETSOCK: u16 = 18;
