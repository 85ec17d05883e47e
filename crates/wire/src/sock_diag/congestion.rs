//! Details that a congestion control algorithm tells of a connection (include/uapi/linux/inet_diag.h,
//! `union tcp_cc_info`): the kernel chooses which of these structures is sent.

crate::layout! {
    /// Details of the delay-based algorithms: vegas, westwood, illinois, nv, yeah (`struct tcpvegas_info`).
    pub struct VegasInfo = tcpvegas_info {
        /// The algorithm is at work; all but vegas always say so.
        tcpv_enabled => enabled: u32 @ 0, Truth, (2, 12);
        /// Samples of the round-trip time in this round; westwood takes none.
        tcpv_rttcnt => rttcnt: u32 @ 4, Count, (2, 12);
        /// Round-trip time that the algorithm works with; none before vegas has a sample.
        tcpv_rtt => rtt: u32 @ 8, Microseconds, (2, 12), unset 0x7fff_ffff;
        /// Smallest round-trip time that the algorithm saw; none before vegas has a sample.
        tcpv_minrtt => minrtt: u32 @ 12, Microseconds, (2, 12), unset 0x7fff_ffff;
    }
}

crate::layout! {
    /// Details of dctcp (`struct tcp_dctcp_info`). Where it is not enabled it fell back to reno, and the rest is zero.
    pub struct DctcpInfo = tcp_dctcp_info {
        /// The algorithm is at work, because both sides agreed on ECN.
        dctcp_enabled => enabled: u16 @ 0, Truth, (3, 18);
        /// The last packet received carried a congestion mark.
        dctcp_ce_state => ce_state: u16 @ 2, Truth, (3, 18);
        /// Share of marked bytes as estimated, in parts of 1024.
        dctcp_alpha => alpha: u32 @ 4, Count, (3, 18);
        /// Bytes acknowledged in this window that were marked.
        dctcp_ab_ecn => ab_ecn: u32 @ 8, Bytes, (3, 18);
        /// Bytes acknowledged in this window.
        dctcp_ab_tot => ab_tot: u32 @ 12, Bytes, (3, 18);
    }
}

crate::layout! {
    /// Details of bbr (`struct tcp_bbr_info`).
    pub struct BbrInfo = tcp_bbr_info {
        /// Bandwidth of the narrowest link as estimated (`bbr_bw_lo` and `bbr_bw_hi` together).
        bbr_bw_lo => bw: u32pair @ 0, BytesPerSecond, (4, 9);
        /// Smallest round-trip time that the algorithm saw; none before the first sample.
        bbr_min_rtt => min_rtt: u32 @ 8, Microseconds, (4, 9), unset 0xffff_ffff;
        /// Factor on the pacing rate, in parts of 256: 739 is 2.89 times.
        bbr_pacing_gain => pacing_gain: u32 @ 12, Count, (4, 9);
        /// Factor on the congestion window, in parts of 256: 512 is twice.
        bbr_cwnd_gain => cwnd_gain: u32 @ 16, Count, (4, 9);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_ne_bytes()).collect()
    }

    #[test]
    fn vegas_before_a_sample_has_no_times() {
        let bytes = words(&[1, 17, 0x7fff_ffff, 4242]);
        let info = VegasInfo(&bytes);
        assert_eq!((info.enabled(), info.rttcnt(), info.rtt(), info.minrtt()), (Some(1), Some(17), None, Some(4242)));
    }

    #[test]
    fn dctcp_reads_back() {
        let mut bytes = [1u16.to_ne_bytes(), 0u16.to_ne_bytes()].concat();
        bytes.extend(words(&[1023, 70_001, 90_002]));
        let info = DctcpInfo(&bytes);
        assert_eq!((info.enabled(), info.ce_state()), (Some(1), Some(0)));
        assert_eq!((info.alpha(), info.ab_ecn(), info.ab_tot()), (Some(1023), Some(70_001), Some(90_002)));
    }

    #[test]
    fn bbr_bandwidth_is_put_together_from_its_halves() {
        let bytes = words(&[0x89ab_cdef, 0x12, 151, 739, 512]);
        let info = BbrInfo(&bytes);
        assert_eq!(info.bw(), Some(0x12_89ab_cdef));
        assert_eq!((info.min_rtt(), info.pacing_gain(), info.cwnd_gain()), (Some(151), Some(739), Some(512)));
        assert_eq!(BbrInfo(&bytes[..4]).bw(), None);
        assert_eq!(BbrInfo(&bytes[..16]).cwnd_gain(), None);
    }
}
