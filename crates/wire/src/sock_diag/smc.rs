//! SMC sockets, which look like TCP to the program and carry the data through shared memory: `struct smc_diag_req`,
//! `struct smc_diag_msg` and the attributes behind it (include/uapi/linux/smc_diag.h, net/smc/smc_diag.c).
//!
//! The kernel answers dumps only. Addresses and ports are those of the TCP connection underneath.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::SOCK_DIAG_BY_FAMILY;
use crate::bytes::array;
use crate::error::WireError;
use crate::layout::Name;
use crate::message::NLM_F_DUMP;
use crate::{Request, Slots};

/// `AF_SMC`.
pub const AF_SMC: u8 = 43;
/// Bytes of `struct smc_diag_msg`.
pub const MESSAGE_LEN: usize = 64;

crate::layout! {
    /// One SMC socket (`struct smc_diag_msg`).
    pub struct SmcMessage = smc_diag_msg {
        /// Address family: 43.
        diag_family => family: u8 @ 0, OneOf(crate::names![(43, "smc")]), (4, 11);
        /// State of the socket, in SMC's own words.
        diag_state => smc_state: u8 @ 1,
            OneOf(crate::names![(1, "active"), (2, "init"), (7, "closed"), (10, "listen"), (20, "peerclosewait1"),
                (21, "peerclosewait2"), (22, "appclosewait1"), (23, "appclosewait2"), (24, "appfinclosewait"),
                (25, "peerfinclosewait"), (26, "peerabortwait"), (27, "processabort")]), (4, 11);
        /// How the data travels: over RDMA, over plain TCP after all, or through an internal shared memory device.
        diag_mode => mode: u8 @ 2, OneOf(crate::names![(0, "smcr"), (1, "fallback-tcp"), (2, "smcd")]), (4, 11);
        /// Local port.
        idiag_sport => sport: be16 @ 4, Identifier, (4, 11);
        /// Peer port.
        idiag_dport => dport: be16 @ 6, Identifier, (4, 11);
        /// Interface the socket is bound to.
        idiag_if => ifindex: u32 @ 40, Identifier, (4, 11);
        /// Identity of the socket, never used twice until the next boot.
        idiag_cookie => cookie: u32pair @ 44, Hexadecimal, (4, 11);
        /// User the socket belongs to.
        diag_uid => uid: u32 @ 52, Identifier, (4, 11);
        /// Inode of the socket.
        diag_inode => inode: u64 @ 56, Identifier, (4, 11);
    }
}

impl SmcMessage<'_> {
    /// Local address.
    pub fn source(&self) -> Option<IpAddr> {
        self.address(8)
    }

    /// Peer address.
    pub fn destination(&self) -> Option<IpAddr> {
        self.address(24)
    }

    /// The message does not tell the address family: an IPv4 socket fills the first of four words and leaves three
    /// zero on both sides (`smc_diag_msg_common_fill`), which no two IPv6 addresses in use do, but `::` and `::`.
    fn address(&self, at: usize) -> Option<IpAddr> {
        let octets = array::<16>(self.0, at)?;
        let ends: [[u8; 12]; 2] = [array(self.0, 12)?, array(self.0, 28)?];
        if ends == [[0; 12]; 2] {
            let [a, b, c, d, ..] = octets;
            return Some(IpAddr::V4(Ipv4Addr::new(a, b, c, d)));
        }
        Some(IpAddr::V6(Ipv6Addr::from(octets)))
    }
}

/// What one side says of its writing (`struct smc_cdc_producer_flags`, the same on machines of both byte orders).
const PRODUCER_FLAGS: &[Name] = crate::names![
    (0x08, "failover-validation"),
    (0x10, "cons-curs-upd-req"),
    (0x20, "urg-data-present"),
    (0x40, "urg-data-pending"),
    (0x80, "write-blocked"),
];
/// What one side says of its end of the connection (`struct smc_cdc_conn_state_flags`).
const STATE_FLAGS: &[Name] =
    crate::names![(0x20, "peer-conn-abort"), (0x40, "peer-conn-closed"), (0x80, "peer-done-writing")];

crate::layout! {
    /// Buffers and positions of an SMC connection (`struct smc_diag_conninfo`). A position is an offset in a ring and
    /// the number of times the ring was gone round.
    pub struct SmcConnection = smc_diag_conninfo {
        /// Name of the connection on this machine.
        token => token: u32 @ 0, Hexadecimal, (4, 11);
        /// Size of the send buffer.
        sndbuf_size => sndbuf_size: u32 @ 4, Bytes, (4, 11);
        /// Size of the receive buffer.
        rmbe_size => rmbe_size: u32 @ 8, Bytes, (4, 11);
        /// Size of the peer's receive buffer.
        peer_rmbe_size => peer_rmbe_size: u32 @ 12, Bytes, (4, 11);
        /// Rounds of the position up to which the peer has written to us.
        rx_prod => rx_prod_wrap: u16 @ 18, Count, (4, 11);
        /// Offset of the position up to which the peer has written to us.
        rx_prod => rx_prod_count: u32 @ 20, Bytes, (4, 11);
        /// Rounds of the position up to which the peer has read from us.
        rx_cons => rx_cons_wrap: u16 @ 26, Count, (4, 11);
        /// Offset of the position up to which the peer has read from us.
        rx_cons => rx_cons_count: u32 @ 28, Bytes, (4, 11);
        /// Rounds of the position up to which we told the peer we have written.
        tx_prod => tx_prod_wrap: u16 @ 34, Count, (4, 11);
        /// Offset of the position up to which we told the peer we have written.
        tx_prod => tx_prod_count: u32 @ 36, Bytes, (4, 11);
        /// Rounds of the position up to which we told the peer we have read.
        tx_cons => tx_cons_wrap: u16 @ 42, Count, (4, 11);
        /// Offset of the position up to which we told the peer we have read.
        tx_cons => tx_cons_count: u32 @ 44, Bytes, (4, 11);
        /// What the peer says of its writing.
        rx_prod_flags => rx_prod_flags: u8 @ 48, SetOf(PRODUCER_FLAGS), (4, 11);
        /// What the peer says of its end of the connection.
        rx_conn_state_flags => rx_conn_state_flags: u8 @ 49, SetOf(STATE_FLAGS), (4, 11);
        /// What we say of our writing.
        tx_prod_flags => tx_prod_flags: u8 @ 50, SetOf(PRODUCER_FLAGS), (4, 11);
        /// What we say of our end of the connection.
        tx_conn_state_flags => tx_conn_state_flags: u8 @ 51, SetOf(STATE_FLAGS), (4, 11);
        /// Rounds of the position up to which the program has written.
        tx_prep => tx_prep_wrap: u16 @ 54, Count, (4, 11);
        /// Offset of the position up to which the program has written.
        tx_prep => tx_prep_count: u32 @ 56, Bytes, (4, 11);
        /// Rounds of the position up to which data was sent.
        tx_sent => tx_sent_wrap: u16 @ 62, Count, (4, 11);
        /// Offset of the position up to which data was sent.
        tx_sent => tx_sent_count: u32 @ 64, Bytes, (4, 11);
        /// Rounds of the position up to which the sending was confirmed.
        tx_fin => tx_fin_wrap: u16 @ 70, Count, (4, 11);
        /// Offset of the position up to which the sending was confirmed.
        tx_fin => tx_fin_count: u32 @ 72, Bytes, (4, 11);
    }
}

crate::layout! {
    /// The RDMA link of an SMC connection (`struct smc_diag_lgrinfo` with its one `struct smc_diag_linkinfo`).
    pub struct SmcLinkGroup = smc_diag_lgrinfo {
        /// Number of the link in its group.
        link_id => link_id: u8 @ 0, Identifier, (4, 11);
        /// Name of the RDMA device.
        ibname => ibname: [text; 64] @ 1, (4, 11);
        /// Port of the RDMA device.
        ibport => ibport: u8 @ 65, Identifier, (4, 11);
        /// Our address on the RDMA network, as the kernel writes it.
        gid => gid: [text; 40] @ 66, (4, 11);
        /// The peer's address on the RDMA network, as the kernel writes it.
        peer_gid => peer_gid: [text; 40] @ 106, (4, 11);
        /// Which side opened the group.
        role => role: u8 @ 146, OneOf(crate::names![(0, "client"), (1, "server")]), (4, 11);
    }
}

crate::layout! {
    /// The shared memory of an SMC connection inside one machine (`struct smcd_diag_dmbinfo`).
    pub struct SmcSharedMemory = smcd_diag_dmbinfo {
        /// Number of the link group.
        linkid => linkid: u32 @ 0, Hexadecimal, (4, 19);
        /// Address of the peer's device.
        peer_gid => peer_gid: u64 @ 8, Hexadecimal, (4, 19);
        /// Address of our device.
        my_gid => my_gid: u64 @ 16, Hexadecimal, (4, 19);
        /// Name of our memory.
        token => token: u64 @ 24, Hexadecimal, (4, 19);
        /// Name of the peer's memory.
        peer_token => peer_token: u64 @ 32, Hexadecimal, (4, 19);
        /// Further part of the address of the peer's device.
        peer_gid_ext => peer_gid_ext: u64 @ 40, Hexadecimal, (6, 8);
        /// Further part of the address of our device.
        my_gid_ext => my_gid_ext: u64 @ 48, Hexadecimal, (6, 8);
    }
}

crate::layout! {
    /// Why an SMC connection fell back to TCP (`struct smc_diag_fallback`).
    pub struct SmcFallback = smc_diag_fallback {
        /// Reason of ours (`SMC_CLC_DECL_*`); none where it did not fall back.
        reason => reason: u32 @ 0, Hexadecimal, (4, 19), unset 0;
        /// Reason that the peer gave; none where it gave none.
        peer_diagnosis => peer_diagnosis: u32 @ 4, Hexadecimal, (4, 19), unset 0;
    }
}

crate::attributes! {
    /// Attributes behind one `smc_diag_msg`.
    pub struct SmcAttributes = "smc_diag", header Some(&SmcMessage::LAYOUT), MESSAGE_LEN; {
        /// Buffers and positions of the connection.
        SMC_DIAG_CONNINFO = 1 => conninfo "conninfo": Structure(&SmcConnection::LAYOUT), Extension(1), None, (4, 11);
        /// RDMA link of the connection.
        SMC_DIAG_LGRINFO = 2 => lgrinfo "lgrinfo": Structure(&SmcLinkGroup::LAYOUT), Extension(2), None, (4, 11);
        /// Directions that are shut down.
        SMC_DIAG_SHUTDOWN = 3 => shutdown "shutdown":
            Number(U8, SetOf(crate::names![(1, "receive"), (2, "send")])), Always, None, (4, 11);
        /// Shared memory of a connection inside one machine.
        SMC_DIAG_DMBINFO = 4 => dmbinfo "dmbinfo": Structure(&SmcSharedMemory::LAYOUT), Extension(4), None, (4, 19);
        /// Why the connection fell back to TCP.
        SMC_DIAG_FALLBACK = 5 => fallback "fallback": Structure(&SmcFallback::LAYOUT), Always, None, (4, 19);
    }
}

/// One SMC socket: its structure and its attributes.
#[derive(Clone, Copy, Debug)]
pub struct SmcSocket<'a> {
    /// The fixed part.
    pub message: SmcMessage<'a>,
    /// What follows it.
    pub attributes: SmcAttributes<'a>,
}

impl<'a> SmcSocket<'a> {
    /// Reads the payload of an answer.
    #[inline]
    pub fn read(payload: &'a [u8]) -> Result<Self, WireError> {
        let Some((header, rest)) = payload.split_at_checked(MESSAGE_LEN) else {
            return Err(WireError::Truncated { what: "smc_diag_msg", at: 0, need: MESSAGE_LEN, have: payload.len() });
        };
        Ok(Self { message: SmcMessage(header), attributes: SmcAttributes(Slots::read(rest)) })
    }

    /// Buffers and positions of the connection.
    pub fn connection(&self) -> Option<SmcConnection<'a>> {
        self.attributes.conninfo().map(SmcConnection)
    }

    /// RDMA link of the connection.
    pub fn link_group(&self) -> Option<SmcLinkGroup<'a>> {
        self.attributes.lgrinfo().map(SmcLinkGroup)
    }

    /// Why the connection fell back to TCP.
    pub fn fallback(&self) -> Option<SmcFallback<'a>> {
        self.attributes.fallback().map(SmcFallback)
    }
}

/// A question about SMC sockets.
#[derive(Clone, Copy, Debug)]
pub struct SmcQuestion {
    /// Extensions, bit `n - 1` for extension `n`.
    pub extensions: u8,
}

impl SmcQuestion {
    /// The request for every SMC socket.
    pub fn dump(&self) -> Request {
        let mut body = [0; 52];
        body[0] = AF_SMC;
        body[3] = self.extensions;
        Request::new(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP).body(&body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(source: [u8; 16], destination: [u8; 16]) -> Vec<u8> {
        let mut bytes = vec![43, 20, 2, 0, 0x1f, 0x90, 0xc3, 0x50];
        bytes.extend_from_slice(&source);
        bytes.extend_from_slice(&destination);
        for word in [3u32, 0xdead_0004, 0xb, 1005] {
            bytes.extend_from_slice(&word.to_ne_bytes());
        }
        bytes.extend_from_slice(&0x1_0000_2222u64.to_ne_bytes());
        bytes
    }

    fn first(octets: [u8; 4]) -> [u8; 16] {
        let mut address = [0; 16];
        address[..4].copy_from_slice(&octets);
        address
    }

    #[test]
    fn every_field_reads_back() {
        let bytes = message(first([192, 0, 2, 1]), first([192, 0, 2, 2]));
        let message = SmcSocket::read(&bytes).unwrap().message;
        assert_eq!((message.family(), message.smc_state(), message.mode()), (Some(43), Some(20), Some(2)));
        assert_eq!((message.sport(), message.dport(), message.ifindex()), (Some(8080), Some(50_000), Some(3)));
        assert_eq!(
            (message.cookie(), message.uid(), message.inode()),
            (Some(0xb_dead_0004), Some(1005), Some(0x1_0000_2222))
        );
        assert_eq!(
            (message.source(), message.destination()),
            (Some(IpAddr::from([192, 0, 2, 1])), Some(IpAddr::from([192, 0, 2, 2])))
        );
    }

    #[test]
    fn one_long_address_makes_both_ipv6() {
        let peer = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 5);
        let bytes = message([0; 16], peer.octets());
        let message = SmcMessage(&bytes);
        assert_eq!(
            (message.source(), message.destination()),
            (Some(IpAddr::V6(Ipv6Addr::UNSPECIFIED)), Some(IpAddr::V6(peer)))
        );
    }

    #[test]
    fn every_attribute_reads_back() {
        // As `smc_gid_be16_convert` writes them (net/smc/smc_ib.h): 39 letters, and NUL in the last byte of the room.
        const GID: &[u8] = b"fe80:0000:0000:0000:9a03:9bff:fe59:3e94";
        const PEER_GID: &[u8] = b"0000:0000:0000:0000:0000:ffff:c633:6409";
        // Every byte tells where it stands, so that no two fields have the same value.
        let connection: Vec<u8> = (0..76).collect();
        let mut link = vec![9];
        for (text, room) in [(&b"mlx5_bond_7"[..], 64), (&[2][..], 1), (GID, 40), (PEER_GID, 40)] {
            let mut field = text.to_vec();
            field.resize(room, 0);
            link.extend(field);
        }
        link.push(1);
        let request = Request::new(0, 0)
            .body(&message([0; 16], [0; 16]))
            .attribute(1, &connection)
            .attribute(2, &link)
            .attribute(3, &[3])
            .attribute(4, &connection[..56])
            .attribute(5, &[0x0302_0000u32.to_ne_bytes(), [0; 4]].concat());
        let socket = SmcSocket::read(&request.as_bytes()[16..]).unwrap();
        let info = socket.connection().unwrap();
        assert_eq!(info.rx_prod_wrap(), Some(u64::from(u16::from_ne_bytes([18, 19]))));
        assert_eq!(info.tx_fin_count(), Some(u64::from(u32::from_ne_bytes([72, 73, 74, 75]))));
        assert_eq!((info.rx_prod_flags(), info.tx_conn_state_flags()), (Some(48), Some(51)));
        let link = socket.link_group().unwrap();
        assert_eq!((link.link_id(), link.ibport(), link.role()), (Some(9), Some(2), Some(1)));
        assert_eq!(
            (link.ibname(), link.gid(), link.peer_gid()),
            (Some(&b"mlx5_bond_7"[..]), Some(GID), Some(PEER_GID))
        );
        let memory = socket.attributes.dmbinfo().map(SmcSharedMemory).unwrap();
        assert_eq!(memory.my_gid_ext(), Some(u64::from_ne_bytes([48, 49, 50, 51, 52, 53, 54, 55])));
        assert_eq!(SmcSharedMemory(&memory.0[..40]).peer_gid_ext(), None);
        let fallback = socket.fallback().unwrap();
        assert_eq!((fallback.reason(), fallback.peer_diagnosis()), (Some(0x0302_0000), None));
    }

    #[test]
    fn a_short_message_is_an_error_not_zeros() {
        assert!(SmcSocket::read(&message([0; 16], [0; 16])[..63]).is_err());
    }

    #[test]
    fn the_request_is_what_the_kernel_wants() {
        let request = SmcQuestion { extensions: 0b1011 }.dump();
        let bytes = request.as_bytes();
        assert_eq!((bytes.len(), &bytes[16..20]), (68, &[43, 0, 0, 0b1011][..]));
        assert_eq!(bytes[20..], [0; 48]);
    }
}
