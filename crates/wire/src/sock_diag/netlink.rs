//! Netlink sockets: `struct netlink_diag_req`, `struct netlink_diag_msg` and the attributes behind it
//! (include/uapi/linux/netlink_diag.h, net/netlink/diag.c). The kernel answers dumps only.

use super::SOCK_DIAG_BY_FAMILY;
use super::memory::SocketMemory;
use super::state::State;
use crate::bytes::u32;
use crate::error::WireError;
use crate::message::NLM_F_DUMP;
use crate::{Request, Slots};

/// `AF_NETLINK`.
pub const AF_NETLINK: u8 = 16;
/// `NDIAG_PROTO_ALL`: every Netlink protocol.
pub const PROTOCOL_ALL: u8 = 255;
/// Bytes of `struct netlink_diag_msg`.
pub const MESSAGE_LEN: usize = 28;
/// `NDIAG_SHOW_MEMINFO`.
pub const SHOW_MEMINFO: u32 = 1;
/// `NDIAG_SHOW_GROUPS`.
pub const SHOW_GROUPS: u32 = 1 << 1;
/// `NDIAG_SHOW_RING_CFG`.
pub const SHOW_RING_CFG: u32 = 1 << 2;
/// `NDIAG_SHOW_FLAGS`.
pub const SHOW_FLAGS: u32 = 1 << 3;

crate::layout! {
    /// One Netlink socket (`struct netlink_diag_msg`).
    pub struct NetlinkMessage = netlink_diag_msg {
        /// Address family: 16.
        ndiag_family => family: u8 @ 0, OneOf(crate::names![(16, "netlink")]), (3, 10);
        /// Kind of socket; the kernel treats both alike.
        ndiag_type => socket_type: u8 @ 1, OneOf(super::SOCKET_TYPES), (3, 10);
        /// Part of the kernel that the socket talks to.
        ndiag_protocol => netlink_protocol: u8 @ 2,
            OneOf(crate::names![(0, "route"), (1, "unused"), (2, "usersock"), (3, "firewall"), (4, "sock-diag"), (5, "nflog"),
                (6, "xfrm"), (7, "selinux"), (8, "iscsi"), (9, "audit"), (10, "fib-lookup"), (11, "connector"),
                (12, "netfilter"), (13, "ip6-fw"), (14, "dnrtmsg"), (15, "kobject-uevent"), (16, "generic"),
                (18, "scsitransport"), (19, "ecryptfs"), (20, "rdma"), (21, "crypto"), (22, "smc")]), (3, 10);
        /// Whether the socket has a fixed partner, in Netlink's own numbers; 7 is what every socket begins with.
        ndiag_state => netlink_state: u8 @ 3,
            OneOf(crate::names![(0, "disconnected"), (1, "connected"), (7, "unconnected")]), (3, 10);
        /// Port id of the socket, often the process id of who opened it; 0 is the kernel.
        ndiag_portid => portid: u32 @ 4, Identifier, (3, 10);
        /// Port id that the socket is connected to.
        ndiag_dst_portid => dst_portid: u32 @ 8, Identifier, (3, 10);
        /// Group that the socket is connected to.
        ndiag_dst_group => dst_group: u32 @ 12, Identifier, (3, 10);
        /// Inode of the socket; 0 for the kernel's own.
        ndiag_ino => inode: u32 @ 16, Identifier, (3, 10);
        /// Identity of the socket, never used twice until the next boot.
        ndiag_cookie => cookie: u32pair @ 20, Hexadecimal, (3, 10);
    }
}

impl NetlinkMessage<'_> {
    /// State of the socket in the words of all families: Netlink's "connected" is established.
    #[inline]
    pub fn state(&self) -> Option<State> {
        self.0.get(3).map(|&number| match number {
            // NETLINK_UNCONNECTED is what a socket gets that was connected; before that it keeps TCP_CLOSE of
            // sock_init_data.
            0 | 7 => State::Unconnected,
            1 => State::Established,
            other => State::Unknown(other),
        })
    }
}

crate::layout! {
    /// A ring shared with the program (`struct netlink_diag_ring`); kernels since 4.6 have none.
    pub struct NetlinkRing = netlink_diag_ring {
        /// Size of one block.
        ndr_block_size => block_size: u32 @ 0, Bytes, (3, 10);
        /// Number of blocks.
        ndr_block_nr => block_nr: u32 @ 4, Count, (3, 10);
        /// Size of one frame.
        ndr_frame_size => frame_size: u32 @ 8, Bytes, (3, 10);
        /// Number of frames.
        ndr_frame_nr => frame_nr: u32 @ 12, Count, (3, 10);
    }
}

crate::attributes! {
    /// Attributes behind one `netlink_diag_msg`.
    pub struct NetlinkAttributes = "netlink_diag", header Some(&NetlinkMessage::LAYOUT), MESSAGE_LEN; {
        /// Memory of the socket and the messages it lost.
        NETLINK_DIAG_MEMINFO = 0 => meminfo "skmem":
            Structure(&SocketMemory::LAYOUT), Show(SHOW_MEMINFO), None, (3, 10);
        /// Groups that the socket listens to.
        NETLINK_DIAG_GROUPS = 1 => groups "groups": BitNumbers, Show(SHOW_GROUPS), None, (3, 10);
        /// Ring for receiving; kernels since 4.6 have none.
        NETLINK_DIAG_RX_RING = 2 => rx_ring "rx_ring":
            Structure(&NetlinkRing::LAYOUT), Show(SHOW_RING_CFG), None, (3, 10);
        /// Ring for sending; kernels since 4.6 have none.
        NETLINK_DIAG_TX_RING = 3 => tx_ring "tx_ring":
            Structure(&NetlinkRing::LAYOUT), Show(SHOW_RING_CFG), None, (3, 10);
        /// Whether a dump runs, and the socket's options.
        NETLINK_DIAG_FLAGS = 4 => flags "flags": Number(U32, SetOf(crate::names![(1, "cb-running"), (2, "pktinfo"),
            (4, "broadcast-error"), (8, "no-enobufs"), (16, "listen-all-nsid"), (32, "cap-ack")])), Show(SHOW_FLAGS), None, (4, 12);
    }
}

/// One Netlink socket: its structure and its attributes.
#[derive(Clone, Copy, Debug)]
pub struct NetlinkSocket<'a> {
    /// The fixed part.
    pub message: NetlinkMessage<'a>,
    /// What follows it.
    pub attributes: NetlinkAttributes<'a>,
}

impl<'a> NetlinkSocket<'a> {
    /// Reads the payload of an answer.
    #[inline]
    pub fn read(payload: &'a [u8]) -> Result<Self, WireError> {
        let Some((header, rest)) = payload.split_at_checked(MESSAGE_LEN) else {
            return Err(WireError::Truncated {
                what: "netlink_diag_msg",
                at: 0,
                need: MESSAGE_LEN,
                have: payload.len(),
            });
        };
        Ok(Self { message: NetlinkMessage(header), attributes: NetlinkAttributes(Slots::read(rest)) })
    }

    /// Memory of the socket.
    pub fn memory(&self) -> Option<SocketMemory<'a>> {
        self.attributes.meminfo().map(SocketMemory)
    }

    /// Options of the socket, as the bits of `NDIAG_FLAG_*`.
    pub fn flags(&self) -> Option<u32> {
        self.attributes.flags().and_then(|payload| u32(payload, 0))
    }
}

/// A question about Netlink sockets.
#[derive(Clone, Copy, Debug)]
pub struct NetlinkQuestion {
    /// Netlink protocol, or [`PROTOCOL_ALL`].
    pub protocol: u8,
    /// Attributes to be sent, `SHOW_*`.
    pub show: u32,
}

impl NetlinkQuestion {
    /// The request for every socket of the protocol.
    pub fn dump(&self) -> Request {
        let mut body = [0; 20];
        body[0] = AF_NETLINK;
        body[1] = self.protocol;
        body[8..12].copy_from_slice(&self.show.to_ne_bytes());
        Request::new(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP).body(&body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_ne_bytes()).collect()
    }

    fn message() -> Vec<u8> {
        let mut bytes = vec![16, 3, 12, 1];
        bytes.extend(words(&[4242, 99, 7, 818_181, 0xcafe_0001, 0x5]));
        bytes
    }

    #[test]
    fn every_field_reads_back() {
        let bytes = message();
        let socket = NetlinkSocket::read(&bytes).unwrap();
        let message = socket.message;
        assert_eq!(
            (message.family(), message.socket_type(), message.netlink_protocol()),
            (Some(16), Some(3), Some(12))
        );
        assert_eq!((message.netlink_state(), message.state()), (Some(1), Some(State::Established)));
        assert_eq!((message.portid(), message.dst_portid(), message.dst_group()), (Some(4242), Some(99), Some(7)));
        assert_eq!((message.inode(), message.cookie()), (Some(818_181), Some(0x5_cafe_0001)));
        assert_eq!((socket.flags(), socket.memory().is_none()), (None, true));
    }

    #[test]
    fn a_socket_that_never_connected_is_unconnected() {
        let state = |number: u8| NetlinkMessage(&[16, 3, 0, number]).state();
        assert_eq!(
            (state(7), state(0), state(2)),
            (Some(State::Unconnected), Some(State::Unconnected), Some(State::Unknown(2)))
        );
        assert_eq!(NetlinkMessage(&[16, 3, 0]).state(), None);
    }

    #[test]
    fn every_attribute_reads_back() {
        let request = Request::new(0, 0)
            .body(&message())
            .attribute(0, &words(&[1, 2, 3, 4, 5, 6, 7, 8, 909]))
            .attribute(1, &words(&[0x8000_0001, 0x10]))
            .attribute(3, &words(&[4096, 2, 1024, 8]))
            .attribute(4, &0x19u32.to_ne_bytes());
        let socket = NetlinkSocket::read(&request.as_bytes()[16..]).unwrap();
        assert_eq!(socket.memory().and_then(|memory| memory.drops()), Some(909));
        assert_eq!(socket.attributes.groups().map(<[u8]>::len), Some(8));
        let ring = socket.attributes.tx_ring().map(NetlinkRing).unwrap();
        assert_eq!(
            (ring.block_size(), ring.block_nr(), ring.frame_size(), ring.frame_nr()),
            (Some(4096), Some(2), Some(1024), Some(8))
        );
        assert_eq!((socket.flags(), socket.attributes.rx_ring()), (Some(0x19), None));
    }

    #[test]
    fn a_short_message_is_an_error_not_zeros() {
        let error = NetlinkSocket::read(&message()[..27]).unwrap_err();
        assert_eq!(error, WireError::Truncated { what: "netlink_diag_msg", at: 0, need: 28, have: 27 });
    }

    #[test]
    fn the_request_is_what_the_kernel_wants() {
        let request = NetlinkQuestion { protocol: PROTOCOL_ALL, show: 0xb }.dump();
        let bytes = request.as_bytes();
        assert_eq!((bytes.len(), &bytes[16..20]), (36, &[16, 255, 0, 0][..]));
        assert_eq!((&bytes[20..24], &bytes[24..28]), (&[0; 4][..], &0xbu32.to_ne_bytes()[..]));
        assert_eq!(bytes[28..], [0; 8]);
    }
}
