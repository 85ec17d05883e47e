//! Packet sockets: `struct packet_diag_req`, `struct packet_diag_msg` and the attributes behind it
//! (include/uapi/linux/packet_diag.h, net/packet/diag.c). The kernel answers dumps only.

use super::SOCK_DIAG_BY_FAMILY;
use super::memory::SocketMemory;
use crate::error::WireError;
use crate::message::NLM_F_DUMP;
use crate::{Request, Slots};

/// `AF_PACKET`.
pub const AF_PACKET: u8 = 17;
/// Bytes of `struct packet_diag_msg`.
pub const MESSAGE_LEN: usize = 16;
/// Bytes of `struct packet_diag_mclist`.
pub const MEMBERSHIP_LEN: usize = 44;
/// `PACKET_SHOW_INFO`.
pub const SHOW_INFO: u32 = 1;
/// `PACKET_SHOW_MCLIST`.
pub const SHOW_MCLIST: u32 = 1 << 1;
/// `PACKET_SHOW_RING_CFG`.
pub const SHOW_RING_CFG: u32 = 1 << 2;
/// `PACKET_SHOW_FANOUT`.
pub const SHOW_FANOUT: u32 = 1 << 3;
/// `PACKET_SHOW_MEMINFO`.
pub const SHOW_MEMINFO: u32 = 1 << 4;
/// `PACKET_SHOW_FILTER`.
pub const SHOW_FILTER: u32 = 1 << 5;

crate::layout! {
    /// One packet socket (`struct packet_diag_msg`).
    pub struct PacketMessage = packet_diag_msg {
        /// Address family: 17.
        pdiag_family => family: u8 @ 0, OneOf(crate::names![(17, "packet")]), (3, 7);
        /// Kind of socket: with link-layer header (raw), without (dgram), or the old kind (packet).
        pdiag_type => socket_type: u8 @ 1, OneOf(super::SOCKET_TYPES), (3, 7);
        /// Ethernet protocol that the socket receives, 3 for every one.
        pdiag_num => num: u16 @ 2, Hexadecimal, (3, 7);
        /// Inode of the socket.
        pdiag_ino => inode: u32 @ 4, Identifier, (3, 7);
        /// Identity of the socket, never used twice until the next boot.
        pdiag_cookie => cookie: u32pair @ 8, Hexadecimal, (3, 7);
    }
}

crate::layout! {
    /// What a packet socket listens to, and how (`struct packet_diag_info`).
    pub struct PacketInfo = packet_diag_info {
        /// Interface that the socket listens on, 0 for every one.
        pdi_index => index: u32 @ 0, Identifier, (3, 7);
        /// Version of the ring's format.
        pdi_version => version: u32 @ 4, OneOf(crate::names![(0, "v1"), (1, "v2"), (2, "v3")]), (3, 7);
        /// Room kept before the packet in each frame of the ring.
        pdi_reserve => reserve: u32 @ 8, Bytes, (3, 7);
        /// Frame size above which a packet is queued whole beside the ring; 0 where none is.
        pdi_copy_thresh => copy_thresh: u32 @ 12, Bytes, (3, 7);
        /// Clock that stamps the frames of the ring (`SOF_TIMESTAMPING_*`).
        pdi_tstamp => tstamp: u32 @ 16,
            SetOf(crate::names![(1, "tx-hardware"), (2, "tx-software"), (4, "rx-hardware"), (8, "rx-software"), (16, "software"),
                (32, "sys-hardware"), (64, "raw-hardware")]), (3, 7);
        /// Whether the socket receives, and its options.
        pdi_flags => flags: u32 @ 20,
            SetOf(crate::names![(1, "running"), (2, "auxdata"), (4, "origdev"), (8, "vnethdr"), (16, "loss")]), (3, 7);
    }
}

crate::layout! {
    /// One membership of a packet socket (`struct packet_diag_mclist`).
    pub struct PacketMembership = packet_diag_mclist {
        /// Interface of the membership.
        pdmc_index => index: u32 @ 0, Identifier, (3, 7);
        /// How often the socket asked for it.
        pdmc_count => count: u32 @ 4, Count, (3, 7);
        /// What the interface is to let through.
        pdmc_type => kind: u16 @ 8,
            OneOf(crate::names![(0, "multicast"), (1, "promisc"), (2, "allmulti"), (3, "unicast")]), (3, 7);
        /// Bytes of the address.
        pdmc_alen => alen: u16 @ 10, Bytes, (3, 7);
    }
}

/// The memberships in the payload of `PACKET_DIAG_MCLIST`; a rest too short to be one is passed over.
pub fn memberships(payload: &[u8]) -> impl Iterator<Item = PacketMembership<'_>> {
    payload.chunks_exact(MEMBERSHIP_LEN).map(PacketMembership)
}

impl<'a> PacketMembership<'a> {
    /// Link-layer address of the membership, empty where it needs none.
    pub fn address(&self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.alen()?).ok()?;
        self.0.get(12..MEMBERSHIP_LEN)?.get(..length)
    }
}

crate::layout! {
    /// A ring shared with the program (`struct packet_diag_ring`).
    pub struct PacketRing = packet_diag_ring {
        /// Size of one block.
        pdr_block_size => block_size: u32 @ 0, Bytes, (3, 7);
        /// Number of blocks.
        pdr_block_nr => block_nr: u32 @ 4, Count, (3, 7);
        /// Size of one frame.
        pdr_frame_size => frame_size: u32 @ 8, Bytes, (3, 7);
        /// Number of frames.
        pdr_frame_nr => frame_nr: u32 @ 12, Count, (3, 7);
        /// Time after which a block is handed over half full; the format v3 has it.
        pdr_retire_tmo => retire_tmo: u32 @ 16, Milliseconds, (3, 7);
        /// Room for the program in each block; the format v3 has it.
        pdr_sizeof_priv => sizeof_priv: u32 @ 20, Bytes, (3, 7);
        /// What the program wants to know of each frame; the format v3 has it.
        pdr_features => features: u32 @ 24, SetOf(crate::names![(1, "rxhash")]), (3, 7);
    }
}

crate::layout! {
    /// The group of sockets that share the packets among them (`PACKET_DIAG_FANOUT`). Its flags are not told.
    pub struct PacketFanout = packet_diag_fanout {
        /// Number of the group.
        id => id: u32[0; 16] @ 0, Identifier, (3, 7);
        /// How packets are shared out.
        type => kind: u32[16; 8] @ 0,
            OneOf(crate::names![(0, "hash"), (1, "lb"), (2, "cpu"), (3, "rollover"), (4, "rnd"), (5, "qm"), (6, "cbpf"),
                (7, "ebpf")]), (3, 7);
    }
}

crate::attributes! {
    /// Attributes behind one `packet_diag_msg`.
    pub struct PacketAttributes = "packet_diag", header Some(&PacketMessage::LAYOUT), MESSAGE_LEN; {
        /// What the socket listens to, and how.
        PACKET_DIAG_INFO = 0 => info "packet_info": Structure(&PacketInfo::LAYOUT), Show(SHOW_INFO), None, (3, 7);
        /// Memberships: what interfaces let through for this socket.
        PACKET_DIAG_MCLIST = 1 => mclist "mclist":
            Memberships, Show(SHOW_MCLIST), None, (3, 7);
        /// Ring for receiving.
        PACKET_DIAG_RX_RING = 2 => rx_ring "rx_ring": Structure(&PacketRing::LAYOUT), Show(SHOW_RING_CFG), None, (3, 7);
        /// Ring for sending.
        PACKET_DIAG_TX_RING = 3 => tx_ring "tx_ring": Structure(&PacketRing::LAYOUT), Show(SHOW_RING_CFG), None, (3, 7);
        /// Group of sockets that share the packets among them.
        PACKET_DIAG_FANOUT = 4 => fanout "fanout": Structure(&PacketFanout::LAYOUT), Show(SHOW_FANOUT), None, (3, 7);
        /// User the socket belongs to.
        PACKET_DIAG_UID = 5 => uid "uid": Number(U32, Identifier), Show(SHOW_INFO), None, (3, 10);
        /// Memory of the socket and the packets it dropped.
        PACKET_DIAG_MEMINFO = 6 => meminfo "skmem": Structure(&SocketMemory::LAYOUT), Show(SHOW_MEMINFO), None, (3, 10);
        /// Filter program; empty where the kernel does not show it to us, absent where there is none.
        PACKET_DIAG_FILTER = 7 => filter "filter": ClassicBpf, Show(SHOW_FILTER), NetAdmin, (3, 10);
    }
}

/// One packet socket: its structure and its attributes.
#[derive(Clone, Copy, Debug)]
pub struct PacketSocket<'a> {
    /// The fixed part.
    pub message: PacketMessage<'a>,
    /// What follows it.
    pub attributes: PacketAttributes<'a>,
}

impl<'a> PacketSocket<'a> {
    /// Reads the payload of an answer.
    #[inline]
    pub fn read(payload: &'a [u8]) -> Result<Self, WireError> {
        let Some((header, rest)) = payload.split_at_checked(MESSAGE_LEN) else {
            return Err(WireError::Truncated {
                what: "packet_diag_msg",
                at: 0,
                need: MESSAGE_LEN,
                have: payload.len(),
            });
        };
        Ok(Self { message: PacketMessage(header), attributes: PacketAttributes(Slots::read(rest)) })
    }

    /// What the socket listens to.
    pub fn info(&self) -> Option<PacketInfo<'a>> {
        self.attributes.info().map(PacketInfo)
    }

    /// What interfaces let through for this socket.
    pub fn memberships(&self) -> impl Iterator<Item = PacketMembership<'a>> + use<'a> {
        memberships(self.attributes.mclist().unwrap_or_default())
    }

    /// The group of sockets that share the packets among them.
    pub fn fanout(&self) -> Option<PacketFanout<'a>> {
        self.attributes.fanout().map(PacketFanout)
    }

    /// Memory of the socket.
    pub fn memory(&self) -> Option<SocketMemory<'a>> {
        self.attributes.meminfo().map(SocketMemory)
    }
}

/// A question about packet sockets.
#[derive(Clone, Copy, Debug)]
pub struct PacketQuestion {
    /// Attributes to be sent, `SHOW_*`.
    pub show: u32,
}

impl PacketQuestion {
    /// The request for every packet socket.
    pub fn dump(&self) -> Request {
        let mut body = [0; 20];
        body[0] = AF_PACKET;
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
        let mut bytes = vec![17, 3];
        bytes.extend_from_slice(&0x88ccu16.to_ne_bytes());
        bytes.extend(words(&[70_707, 0x2000_0001, 0x3]));
        bytes
    }

    fn membership(kind: u16, address: &[u8]) -> Vec<u8> {
        let mut bytes = words(&[4, 2]);
        bytes.extend_from_slice(&kind.to_ne_bytes());
        bytes.extend_from_slice(&u16::try_from(address.len()).unwrap().to_ne_bytes());
        bytes.extend_from_slice(address);
        bytes.resize(MEMBERSHIP_LEN, 0xee);
        bytes
    }

    #[test]
    fn every_field_reads_back() {
        let bytes = message();
        let socket = PacketSocket::read(&bytes).unwrap();
        assert_eq!((socket.message.family(), socket.message.socket_type()), (Some(17), Some(3)));
        assert_eq!((socket.message.num(), socket.message.inode()), (Some(0x88cc), Some(70_707)));
        assert_eq!(socket.message.cookie(), Some(0x3_2000_0001));
        assert!(socket.info().is_none() && socket.fanout().is_none() && socket.memberships().next().is_none());
    }

    #[test]
    fn every_attribute_reads_back() {
        let list = [membership(0, &[1, 0x80, 0xc2, 0, 0, 0xe]), membership(1, &[])].concat();
        let request = Request::new(0, 0)
            .body(&message())
            .attribute(0, &words(&[6, 2, 48, 96, 64, 0b1_0011]))
            .attribute(1, &list)
            .attribute(2, &words(&[4096, 64, 2048, 128, 60, 16, 1]))
            .attribute(4, &0x0006_a1b2u32.to_ne_bytes())
            .attribute(5, &1002u32.to_ne_bytes())
            .attribute(7, &[]);
        let socket = PacketSocket::read(&request.as_bytes()[16..]).unwrap();
        let info = socket.info().unwrap();
        assert_eq!((info.index(), info.version(), info.reserve()), (Some(6), Some(2), Some(48)));
        assert_eq!((info.copy_thresh(), info.tstamp(), info.flags()), (Some(96), Some(64), Some(19)));
        let memberships: Vec<_> =
            socket.memberships().map(|one| (one.index(), one.count(), one.kind(), one.address())).collect();
        assert_eq!(memberships[0], (Some(4), Some(2), Some(0), Some(&[1, 0x80, 0xc2, 0, 0, 0xe][..])));
        assert_eq!(memberships[1], (Some(4), Some(2), Some(1), Some(&[][..])));
        let ring = socket.attributes.rx_ring().map(PacketRing).unwrap();
        assert_eq!(
            (ring.block_size(), ring.block_nr(), ring.frame_size(), ring.frame_nr()),
            (Some(4096), Some(64), Some(2048), Some(128))
        );
        assert_eq!((ring.retire_tmo(), ring.sizeof_priv(), ring.features()), (Some(60), Some(16), Some(1)));
        assert_eq!(socket.attributes.tx_ring(), None);
        assert_eq!(socket.fanout().map(|group| (group.id(), group.kind())), Some((Some(0xa1b2), Some(6))));
        assert_eq!(socket.attributes.filter(), Some(&[][..]));
        assert!(socket.memory().is_none());
    }

    #[test]
    fn an_address_longer_than_its_room_is_absent() {
        let mut bytes = membership(0, &[1; 6]);
        bytes[10..12].copy_from_slice(&33u16.to_ne_bytes());
        assert_eq!(PacketMembership(&bytes).address(), None);
    }

    #[test]
    fn a_short_message_is_an_error_not_zeros() {
        let error = PacketSocket::read(&message()[..3]).unwrap_err();
        assert_eq!(error, WireError::Truncated { what: "packet_diag_msg", at: 0, need: 16, have: 3 });
        assert_eq!(PacketInfo(&[0; 20]).flags(), None);
    }

    #[test]
    fn the_request_is_what_the_kernel_wants() {
        let request = PacketQuestion { show: 0x3f }.dump();
        let bytes = request.as_bytes();
        assert_eq!((bytes.len(), &bytes[16..20]), (36, &[17, 0, 0, 0][..]));
        assert_eq!((&bytes[20..24], &bytes[24..28]), (&[0; 4][..], &0x3fu32.to_ne_bytes()[..]));
        assert_eq!(bytes[28..], [0; 8]);
    }
}
