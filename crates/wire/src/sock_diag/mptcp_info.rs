//! `struct mptcp_info`: what the kernel knows about one MPTCP connection (include/uapi/linux/mptcp.h,
//! `mptcp_diag_fill_info` in net/mptcp/sockopt.c).
//!
//! A listener fills the first three counts and `local_addr_used` only. The fields ending in `_max` are set by the
//! kernel's own path manager; with one in user space they stay zero.

crate::layout! {
    /// State of one MPTCP connection (`struct mptcp_info`).
    pub struct MptcpInfo = mptcp_info {
        /// Subflows beside the first one.
        mptcpi_subflows => subflows: u8 @ 0, Count, (5, 9);
        /// Own addresses announced to the peer.
        mptcpi_add_addr_signal => add_addr_signal: u8 @ 1, Count, (5, 9);
        /// Addresses of the peer that were announced and taken.
        mptcpi_add_addr_accepted => add_addr_accepted: u8 @ 2, Count, (5, 9);
        /// Limit of subflows beside the first one.
        mptcpi_subflows_max => subflows_max: u8 @ 3, Count, (5, 9);
        /// Endpoints set up to be announced.
        mptcpi_add_addr_signal_max => add_addr_signal_max: u8 @ 4, Count, (5, 9);
        /// Limit of announced addresses that are taken.
        mptcpi_add_addr_accepted_max => add_addr_accepted_max: u8 @ 5, Count, (5, 9);
        /// Whether the connection fell back to plain TCP, and whether the peer's key came.
        mptcpi_flags => flags: u32 @ 8, SetOf(crate::names![(1, "fallback"), (2, "remote-key-received")]), (5, 9);
        /// Name of the connection here, by which its subflows refer to it; none before it is established.
        mptcpi_token => token: u32 @ 12, Hexadecimal, (5, 9), unset 0;
        /// Sequence number of the next byte that the program writes.
        mptcpi_write_seq => write_seq: u64 @ 16, Identifier, (5, 9);
        /// Sequence number of the first byte that the peer has not acknowledged.
        mptcpi_snd_una => snd_una: u64 @ 24, Identifier, (5, 9);
        /// Sequence number of the next byte expected from the peer.
        mptcpi_rcv_nxt => rcv_nxt: u64 @ 32, Identifier, (5, 9);
        /// Own endpoints that carry subflows.
        mptcpi_local_addr_used => local_addr_used: u8 @ 40, Count, (5, 12);
        /// Own endpoints set up for subflows.
        mptcpi_local_addr_max => local_addr_max: u8 @ 41, Count, (5, 12);
        /// The data carries checksums.
        mptcpi_csum_enabled => csum_enabled: u8 @ 42, Truth, (5, 14);
        /// Times in a row that the peer was told again that no more data follows.
        mptcpi_retransmits => retransmits: u32 @ 44, Count, (6, 5), within 56;
        /// Bytes sent again on another subflow.
        mptcpi_bytes_retrans => bytes_retrans: u64 @ 48, Bytes, (6, 5);
        /// Bytes sent, each counted once.
        mptcpi_bytes_sent => bytes_sent: u64 @ 56, Bytes, (6, 5);
        /// Bytes received in order.
        mptcpi_bytes_received => bytes_received: u64 @ 64, Bytes, (6, 5);
        /// Bytes that the peer acknowledged.
        mptcpi_bytes_acked => bytes_acked: u64 @ 72, Bytes, (6, 5);
        /// Subflows, the first one among them.
        mptcpi_subflows_total => subflows_total: u8 @ 80, Count, (6, 8);
        /// Endpoints set up as laminar; absent where there are none, as a kernel that does not know them says the same.
        mptcpi_endp_laminar_max => endp_laminar_max: u8 @ 81, Count, (6, 18), unset 0;
        /// Endpoints set up to reach every address of the peer; absent where there are none.
        mptcpi_endp_fullmesh_max => endp_fullmesh_max: u8 @ 82, Count, (6, 19), unset 0;
        /// Time since data was sent last.
        mptcpi_last_data_sent => last_data_sent: u32 @ 84, Milliseconds, (6, 10);
        /// Time since data was received last.
        mptcpi_last_data_recv => last_data_recv: u32 @ 88, Milliseconds, (6, 10);
        /// Time since an acknowledgement was received last.
        mptcpi_last_ack_recv => last_ack_recv: u32 @ 92, Milliseconds, (6, 10);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_reads_its_own_bytes() {
        let bytes: Vec<u8> = (1..=96).collect();
        let info = MptcpInfo(&bytes);
        assert_eq!(
            (info.subflows(), info.add_addr_accepted_max(), info.local_addr_max()),
            (Some(1), Some(6), Some(42))
        );
        assert_eq!(info.token(), Some(u64::from(u32::from_ne_bytes([13, 14, 15, 16]))));
        assert_eq!(info.rcv_nxt(), Some(u64::from_ne_bytes([33, 34, 35, 36, 37, 38, 39, 40])));
        assert_eq!(info.bytes_acked(), Some(u64::from_ne_bytes([73, 74, 75, 76, 77, 78, 79, 80])));
        assert_eq!(
            (info.subflows_total(), info.endp_laminar_max(), info.endp_fullmesh_max()),
            (Some(81), Some(82), Some(83))
        );
        assert_eq!(info.last_ack_recv(), Some(u64::from(u32::from_ne_bytes([93, 94, 95, 96]))));
    }

    #[test]
    fn an_old_kernel_says_less_and_a_zero_token_is_none() {
        let bytes = [0; 48];
        let info = MptcpInfo(&bytes);
        assert_eq!((info.token(), info.flags(), info.retransmits()), (None, Some(0), None));
        assert_eq!((info.bytes_sent(), info.subflows_total(), info.last_data_sent()), (None, None, None));
        // From 6.5 on the first is no padding any more; of the others nobody knows.
        let bytes = [0; 96];
        let info = MptcpInfo(&bytes);
        assert_eq!((info.retransmits(), info.subflows_total()), (Some(0), Some(0)));
        assert_eq!((info.endp_laminar_max(), info.endp_fullmesh_max()), (None, None));
    }
}
