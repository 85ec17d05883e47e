//! `struct sctp_info`: what the kernel knows about one SCTP association or endpoint (include/uapi/linux/sctp.h,
//! `sctp_get_sctp_info` in net/sctp/socket.c).
//!
//! An association fills everything but the fields that begin with `s_`, an endpoint fills nothing but those. The
//! structure does not tell which of the two it is; the row does, since only an association has a peer.

crate::layout! {
    /// State of one SCTP association, or settings of one endpoint (`struct sctp_info`).
    pub struct SctpInfo = sctp_info {
        /// Tag that packets to us carry; none of an endpoint.
        sctpi_tag => tag: u32 @ 0, Hexadecimal, (4, 7), unset 0;
        /// State of the association.
        sctpi_state => state: u32 @ 4,
            OneOf(crate::names![(0, "closed"), (1, "cookie-wait"), (2, "cookie-echoed"), (3, "established"), (4, "shutdown-pending"),
                (5, "shutdown-sent"), (6, "shutdown-received"), (7, "shutdown-ack-sent")]), (4, 7);
        /// Receive window that we advertised last.
        sctpi_rwnd => rwnd: u32 @ 8, Bytes, (4, 7);
        /// Data chunks sent and not yet acknowledged.
        sctpi_unackdata => unackdata: u16 @ 12, Count, (4, 7);
        /// Data chunks received for which earlier ones are missing.
        sctpi_penddata => penddata: u16 @ 14, Count, (4, 7);
        /// Streams from the peer.
        sctpi_instrms => instrms: u16 @ 16, Count, (4, 7);
        /// Streams to the peer.
        sctpi_outstrms => outstrms: u16 @ 18, Count, (4, 7);
        /// Size above which messages are cut; no kernel has told it here yet, see `maxseg`.
        sctpi_fragmentation_point => fragmentation_point: u32 @ 20, Bytes, (4, 7), unset 0;
        /// Chunks received that wait to be worked on.
        sctpi_inqueue => inqueue: u32 @ 24, Count, (4, 7);
        /// Chunks that wait to be sent.
        sctpi_outqueue => outqueue: u32 @ 28, Count, (4, 7);
        /// Errors in a row since the peer was heard last.
        sctpi_overall_error => overall_error: u32 @ 32, Count, (4, 7);
        /// Packets that may be sent in one burst.
        sctpi_max_burst => max_burst: u32 @ 36, Count, (4, 7);
        /// Size above which messages are cut.
        sctpi_maxseg => maxseg: u32 @ 40, Bytes, (4, 7);
        /// Receive window of the peer.
        sctpi_peer_rwnd => peer_rwnd: u32 @ 44, Bytes, (4, 7);
        /// Tag that packets to the peer carry; none of an endpoint.
        sctpi_peer_tag => peer_tag: u32 @ 48, Hexadecimal, (4, 7), unset 0;
        /// What the peer is able to do, a set of bits whose places differ between kernels.
        sctpi_peer_capable => peer_capable: u8 @ 52, Hexadecimal, (4, 7);
        /// What the next acknowledgement has to tell the peer.
        sctpi_peer_sack => peer_sack: u8 @ 53,
            SetOf(crate::names![(1, "zero-window-announced"), (2, "sack-generation"), (4, "sack-needed")]), (4, 7);
        /// Selective acknowledgements received.
        sctpi_isacks => isacks: u64 @ 56, Count, (4, 7);
        /// Selective acknowledgements sent.
        sctpi_osacks => osacks: u64 @ 64, Count, (4, 7);
        /// Packets sent.
        sctpi_opackets => opackets: u64 @ 72, Count, (4, 7);
        /// Packets received.
        sctpi_ipackets => ipackets: u64 @ 80, Count, (4, 7);
        /// Data chunks sent again.
        sctpi_rtxchunks => rtxchunks: u64 @ 88, Count, (4, 7);
        /// Data chunks dropped because they came too far beyond one that is missing.
        sctpi_outofseqtsns => outofseqtsns: u64 @ 96, Count, (4, 7);
        /// Data chunks received that were there already.
        sctpi_idupchunks => idupchunks: u64 @ 104, Count, (4, 7);
        /// Gaps that the peer's acknowledgements reported.
        sctpi_gapcnt => gapcnt: u64 @ 112, Count, (4, 7);
        /// Unordered data chunks sent.
        sctpi_ouodchunks => ouodchunks: u64 @ 120, Count, (4, 7);
        /// Unordered data chunks received.
        sctpi_iuodchunks => iuodchunks: u64 @ 128, Count, (4, 7);
        /// Ordered data chunks sent.
        sctpi_oodchunks => oodchunks: u64 @ 136, Count, (4, 7);
        /// Ordered data chunks received.
        sctpi_iodchunks => iodchunks: u64 @ 144, Count, (4, 7);
        /// Control chunks sent.
        sctpi_octrlchunks => octrlchunks: u64 @ 152, Count, (4, 7);
        /// Control chunks received.
        sctpi_ictrlchunks => ictrlchunks: u64 @ 160, Count, (4, 7);
        /// Address of the primary path; none of an endpoint.
        sctpi_p_address => p_address: [socket_address; 128] @ 168, (4, 7);
        /// State of the primary path.
        sctpi_p_state => p_state: u32 @ 296,
            OneOf(crate::names![(0, "inactive"), (1, "pf"), (2, "active"), (3, "unconfirmed"), (0xffff, "unknown")]), (4, 7);
        /// Congestion window of the primary path.
        sctpi_p_cwnd => p_cwnd: u32 @ 300, Bytes, (4, 7);
        /// Smoothed round-trip time of the primary path in ticks of the kernel's clock; none before the first sample.
        sctpi_p_srtt => p_srtt: u32 @ 304, Count, (4, 7), unset 0;
        /// Retransmission timeout of the primary path.
        sctpi_p_rto => p_rto: u32 @ 308, Milliseconds, (4, 7);
        /// Time between heartbeats on the primary path in ticks of the kernel's clock.
        sctpi_p_hbinterval => p_hbinterval: u32 @ 312, Count, (4, 7);
        /// Retransmissions after which the primary path is given up.
        sctpi_p_pathmaxrxt => p_pathmaxrxt: u32 @ 316, Count, (4, 7);
        /// Time an acknowledgement may be delayed on the primary path.
        sctpi_p_sackdelay => p_sackdelay: u32 @ 320, Milliseconds, (4, 7);
        /// Packets after which an acknowledgement is not delayed; no kernel has told it yet.
        sctpi_p_sackfreq => p_sackfreq: u32 @ 324, Count, (4, 7), unset 0;
        /// Congestion window of the primary path at which slow start ends.
        sctpi_p_ssthresh => p_ssthresh: u32 @ 328, Bytes, (4, 7);
        /// Bytes acknowledged since the window of the primary path last grew.
        sctpi_p_partial_bytes_acked => p_partial_bytes_acked: u32 @ 332, Bytes, (4, 7);
        /// Bytes in flight on the primary path.
        sctpi_p_flight_size => p_flight_size: u32 @ 336, Bytes, (4, 7);
        /// Errors in a row on the primary path.
        sctpi_p_error => p_error: u16 @ 340, Count, (4, 7);
        /// Idle time after which the endpoint closes associations; 0 where it does not.
        sctpi_s_autoclose => s_autoclose: u32 @ 344, Seconds, (4, 7);
        /// What the endpoint tells its peers about the layer above.
        sctpi_s_adaptation_ind => s_adaptation_ind: u32 @ 348, Hexadecimal, (4, 7);
        /// Bytes of a message after which the program gets them before the message is whole.
        sctpi_s_pd_point => s_pd_point: u32 @ 352, Bytes, (4, 7);
        /// Small messages are sent at once.
        sctpi_s_nodelay => s_nodelay: u8 @ 356, Truth, (4, 7);
        /// Messages are never cut.
        sctpi_s_disable_fragments => s_disable_fragments: u8 @ 357, Truth, (4, 7);
        /// The program sees IPv4 addresses as mapped IPv6 ones.
        sctpi_s_v4mapped => s_v4mapped: u8 @ 358, Truth, (4, 7);
        /// Pieces of several messages may reach the program in turns.
        sctpi_s_frag_interleave => s_frag_interleave: u8 @ 359, Count, (4, 7);
        /// Style of the endpoint.
        sctpi_s_type => s_type: u32 @ 360,
            OneOf(crate::names![(0, "udp"), (1, "udp-high-bandwidth"), (2, "tcp")]), (4, 7);
    }
}

#[cfg(test)]
mod tests {
    use core::net::SocketAddr;

    use super::*;

    #[test]
    fn every_field_reads_its_own_bytes() {
        let mut bytes: Vec<u8> = (0..368u16).map(|at| at.to_le_bytes()[0]).collect();
        bytes[168..176].copy_from_slice(&[&2u16.to_ne_bytes()[..], &[0x0b, 0xb8, 203, 0, 113, 5]].concat());
        let info = SctpInfo(&bytes);
        assert_eq!(info.tag(), Some(u64::from(u32::from_ne_bytes([0, 1, 2, 3]))));
        assert_eq!((info.peer_capable(), info.peer_sack()), (Some(52), Some(53)));
        assert_eq!(info.ictrlchunks(), Some(u64::from_ne_bytes([160, 161, 162, 163, 164, 165, 166, 167])));
        assert_eq!(info.p_address(), Some(SocketAddr::from(([203, 0, 113, 5], 3000))));
        assert_eq!(info.p_error(), Some(u64::from(u16::from_ne_bytes([84, 85]))));
        assert_eq!((info.s_nodelay(), info.s_v4mapped()), (Some(100), Some(102)));
        assert_eq!(info.s_type(), Some(u64::from(u32::from_ne_bytes([104, 105, 106, 107]))));
    }

    #[test]
    fn an_endpoint_has_no_tag_and_no_path() {
        let info = SctpInfo(&[0; 368]);
        assert_eq!((info.tag(), info.p_srtt(), info.p_address()), (None, None, None));
        assert_eq!((info.s_autoclose(), info.inqueue()), (Some(0), Some(0)));
        assert_eq!(SctpInfo(&[1; 172]).p_address(), None);
    }
}
