//! XDP sockets: `struct xdp_diag_req`, `struct xdp_diag_msg` and the attributes behind it
//! (include/uapi/linux/xdp_diag.h, net/xdp/xsk_diag.c). The kernel answers dumps only.

use super::SOCK_DIAG_BY_FAMILY;
use super::memory::SocketMemory;
use crate::error::WireError;
use crate::message::NLM_F_DUMP;
use crate::{Request, Slots};

/// `AF_XDP`.
pub const AF_XDP: u8 = 44;
/// Bytes of `struct xdp_diag_msg`.
pub const MESSAGE_LEN: usize = 16;
/// `XDP_SHOW_INFO`.
pub const SHOW_INFO: u32 = 1;
/// `XDP_SHOW_RING_CFG`.
pub const SHOW_RING_CFG: u32 = 1 << 1;
/// `XDP_SHOW_UMEM`.
pub const SHOW_UMEM: u32 = 1 << 2;
/// `XDP_SHOW_MEMINFO`.
pub const SHOW_MEMINFO: u32 = 1 << 3;
/// `XDP_SHOW_STATS`.
pub const SHOW_STATS: u32 = 1 << 4;

crate::layout! {
    /// One XDP socket (`struct xdp_diag_msg`).
    pub struct XdpMessage = xdp_diag_msg {
        /// Address family: 44.
        xdiag_family => family: u8 @ 0, OneOf(crate::names![(44, "xdp")]), (5, 1);
        /// Kind of socket.
        xdiag_type => socket_type: u8 @ 1, OneOf(super::SOCKET_TYPES), (5, 1);
        /// Inode of the socket.
        xdiag_ino => inode: u32 @ 4, Identifier, (5, 1);
        /// Identity of the socket, never used twice until the next boot.
        xdiag_cookie => cookie: u32pair @ 8, Hexadecimal, (5, 1);
    }
}

crate::layout! {
    /// Where an XDP socket takes its packets from (`struct xdp_diag_info`).
    pub struct XdpInfo = xdp_diag_info {
        /// Interface that the socket is bound to.
        ifindex => ifindex: u32 @ 0, Identifier, (5, 1);
        /// Queue of the interface that the socket is bound to.
        queue_id => queue_id: u32 @ 4, Identifier, (5, 1);
    }
}

crate::layout! {
    /// A ring shared with the program (`struct xdp_diag_ring`).
    pub struct XdpRing = xdp_diag_ring {
        /// Descriptors that the ring holds.
        entries => entries: u32 @ 0, Count, (5, 1);
    }
}

crate::layout! {
    /// Packet memory shared with the program (`struct xdp_diag_umem`).
    pub struct XdpMemory = xdp_diag_umem {
        /// Size of the memory.
        size => size: u64 @ 0, Bytes, (5, 1);
        /// Number of the memory; sockets that share it show the same.
        id => id: u32 @ 8, Identifier, (5, 1);
        /// Pages of the memory.
        num_pages => num_pages: u32 @ 12, Count, (5, 1);
        /// Size of the room for one packet.
        chunk_size => chunk_size: u32 @ 16, Bytes, (5, 1);
        /// Room kept before each packet.
        headroom => headroom: u32 @ 20, Bytes, (5, 1);
        /// Interface that the memory serves.
        ifindex => ifindex: u32 @ 24, Identifier, (5, 1);
        /// Queue of the interface that the memory serves.
        queue_id => queue_id: u32 @ 28, Identifier, (5, 1);
        /// How packets get into the memory.
        flags => flags: u32 @ 32, SetOf(crate::names![(1, "zerocopy")]), (5, 1);
        /// Sockets that use the memory.
        refs => refs: u32 @ 36, Count, (5, 1);
    }
}

crate::layout! {
    /// What went wrong on an XDP socket (`struct xdp_diag_stats`).
    pub struct XdpStatistics = xdp_diag_stats {
        /// Packets dropped.
        n_rx_dropped => n_rx_dropped: u64 @ 0, Count, (5, 9);
        /// Descriptors in the receive ring that made no sense; always 0, the kernel writes them itself.
        n_rx_invalid => n_rx_invalid: u64 @ 8, Count, (5, 9);
        /// Packets dropped because the receive ring was full.
        n_rx_full => n_rx_full: u64 @ 16, Count, (5, 9);
        /// Times the kernel found no room in the fill ring.
        n_fill_ring_empty => n_fill_ring_empty: u64 @ 24, Count, (5, 9);
        /// Descriptors in the send ring that made no sense.
        n_tx_invalid => n_tx_invalid: u64 @ 32, Count, (5, 9);
        /// Times the kernel found nothing to send, on a device that copies nothing.
        n_tx_ring_empty => n_tx_ring_empty: u64 @ 40, Count, (5, 9);
    }
}

crate::attributes! {
    /// Attributes behind one `xdp_diag_msg`.
    pub struct XdpAttributes = "xdp_diag", header Some(&XdpMessage::LAYOUT), MESSAGE_LEN; {
        /// Interface and queue of the socket.
        XDP_DIAG_INFO = 1 => info "xdp_info": Structure(&XdpInfo::LAYOUT), Show(SHOW_INFO), None, (5, 1);
        /// User the socket belongs to.
        XDP_DIAG_UID = 2 => uid "uid": Number(U32, Identifier), Show(SHOW_INFO), None, (5, 1);
        /// Ring for receiving.
        XDP_DIAG_RX_RING = 3 => rx_ring "rx_ring": Structure(&XdpRing::LAYOUT), Show(SHOW_RING_CFG), None, (5, 1);
        /// Ring for sending.
        XDP_DIAG_TX_RING = 4 => tx_ring "tx_ring": Structure(&XdpRing::LAYOUT), Show(SHOW_RING_CFG), None, (5, 1);
        /// Packet memory shared with the program.
        XDP_DIAG_UMEM = 5 => umem "umem": Structure(&XdpMemory::LAYOUT), Show(SHOW_UMEM), None, (5, 1);
        /// Ring by which the program gives room for packets.
        XDP_DIAG_UMEM_FILL_RING = 6 => fill_ring "umem_fill_ring":
            Structure(&XdpRing::LAYOUT), Show(SHOW_UMEM), None, (5, 1);
        /// Ring by which the kernel gives back packets that it sent.
        XDP_DIAG_UMEM_COMPLETION_RING = 7 => completion_ring "umem_completion_ring":
            Structure(&XdpRing::LAYOUT), Show(SHOW_UMEM), None, (5, 1);
        /// Memory of the socket and the packets it dropped.
        XDP_DIAG_MEMINFO = 8 => meminfo "skmem": Structure(&SocketMemory::LAYOUT), Show(SHOW_MEMINFO), None, (5, 1);
        /// What went wrong on the socket.
        XDP_DIAG_STATS = 9 => stats "xdp_stats": Structure(&XdpStatistics::LAYOUT), Show(SHOW_STATS), None, (5, 9);
    }
}

/// One XDP socket: its structure and its attributes.
#[derive(Clone, Copy, Debug)]
pub struct XdpSocket<'a> {
    /// The fixed part.
    pub message: XdpMessage<'a>,
    /// What follows it.
    pub attributes: XdpAttributes<'a>,
}

impl<'a> XdpSocket<'a> {
    /// Reads the payload of an answer.
    #[inline]
    pub fn read(payload: &'a [u8]) -> Result<Self, WireError> {
        let Some((header, rest)) = payload.split_at_checked(MESSAGE_LEN) else {
            return Err(WireError::Truncated { what: "xdp_diag_msg", at: 0, need: MESSAGE_LEN, have: payload.len() });
        };
        Ok(Self { message: XdpMessage(header), attributes: XdpAttributes(Slots::read(rest)) })
    }

    /// Interface and queue of the socket.
    pub fn info(&self) -> Option<XdpInfo<'a>> {
        self.attributes.info().map(XdpInfo)
    }

    /// Memory of the socket.
    pub fn memory(&self) -> Option<SocketMemory<'a>> {
        self.attributes.meminfo().map(SocketMemory)
    }

    /// What went wrong on the socket.
    pub fn statistics(&self) -> Option<XdpStatistics<'a>> {
        self.attributes.stats().map(XdpStatistics)
    }
}

/// A question about XDP sockets.
#[derive(Clone, Copy, Debug)]
pub struct XdpQuestion {
    /// Attributes to be sent, `SHOW_*`.
    pub show: u32,
}

impl XdpQuestion {
    /// The request for every XDP socket.
    pub fn dump(&self) -> Request {
        let mut body = [0; 20];
        body[0] = AF_XDP;
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
        let mut bytes = vec![44, 3, 0, 0];
        bytes.extend(words(&[515_151, 0xbead_0003, 0x7]));
        bytes
    }

    #[test]
    fn every_field_reads_back() {
        let bytes = message();
        let socket = XdpSocket::read(&bytes).unwrap();
        assert_eq!((socket.message.family(), socket.message.socket_type()), (Some(44), Some(3)));
        assert_eq!((socket.message.inode(), socket.message.cookie()), (Some(515_151), Some(0x7_bead_0003)));
        assert!(socket.info().is_none() && socket.memory().is_none() && socket.statistics().is_none());
    }

    #[test]
    fn every_attribute_reads_back() {
        let mut umem = 16_777_216u64.to_ne_bytes().to_vec();
        umem.extend(words(&[11, 4096, 2048, 256, 5, 3, 1, 2]));
        let stats: Vec<u8> = (101u64..107).flat_map(u64::to_ne_bytes).collect();
        let request = Request::new(0, 0)
            .body(&message())
            .attribute(1, &words(&[5, 3]))
            .attribute(2, &1003u32.to_ne_bytes())
            .attribute(3, &2048u32.to_ne_bytes())
            .attribute(5, &umem)
            .attribute(6, &512u32.to_ne_bytes())
            .attribute(7, &1024u32.to_ne_bytes())
            .attribute(9, &stats);
        let socket = XdpSocket::read(&request.as_bytes()[16..]).unwrap();
        assert_eq!(socket.info().map(|info| (info.ifindex(), info.queue_id())), Some((Some(5), Some(3))));
        assert_eq!(socket.attributes.rx_ring().and_then(|ring| XdpRing(ring).entries()), Some(2048));
        assert_eq!(socket.attributes.tx_ring(), None);
        let umem = socket.attributes.umem().map(XdpMemory).unwrap();
        assert_eq!(
            (umem.size(), umem.id(), umem.num_pages(), umem.chunk_size()),
            (Some(16_777_216), Some(11), Some(4096), Some(2048))
        );
        assert_eq!(
            (umem.headroom(), umem.ifindex(), umem.queue_id(), umem.flags(), umem.refs()),
            (Some(256), Some(5), Some(3), Some(1), Some(2))
        );
        assert_eq!(socket.attributes.fill_ring().and_then(|ring| XdpRing(ring).entries()), Some(512));
        assert_eq!(socket.attributes.completion_ring().and_then(|ring| XdpRing(ring).entries()), Some(1024));
        let stats = socket.statistics().unwrap();
        let read: Vec<_> = XdpStatistics::LAYOUT.fields.iter().map(|field| field.number(stats.0)).collect();
        assert_eq!(read, (101..107).map(Some).collect::<Vec<_>>());
    }

    #[test]
    fn a_short_message_is_an_error_not_zeros() {
        assert!(XdpSocket::read(&message()[..15]).is_err());
        assert_eq!(XdpStatistics(&[1; 40]).n_tx_ring_empty(), None);
    }

    #[test]
    fn the_request_is_what_the_kernel_wants() {
        let request = XdpQuestion { show: 0x1f }.dump();
        let bytes = request.as_bytes();
        assert_eq!((bytes.len(), &bytes[16..20]), (36, &[44, 0, 0, 0][..]));
        assert_eq!((&bytes[20..24], &bytes[24..28]), (&[0; 4][..], &0x1fu32.to_ne_bytes()[..]));
        assert_eq!(bytes[28..], [0; 8]);
    }
}
