//! Token bucket filter (include/uapi/linux/pkt_sched.h, net/sched/sch_tbf.c).

use crate::rtnetlink::tc::LINK_LAYERS;

crate::layout! {
    /// A qdisc of TBF.
    pub struct TbfOptions = tc_tbf_qopt {
        /// Size of a cell of the rate's table, as a power of two.
        cell_log => rate_cell_log: u8 @ 0, Identifier, (2, 12);
        /// Link layer that the rate is reckoned with.
        linklayer => rate_linklayer: u8 @ 1, OneOf(LINK_LAYERS), (2, 12);
        /// Bytes that are added to each packet for the rate.
        overhead => rate_overhead: u16 @ 2, Bytes, (2, 12);
        /// Bytes by which cells of the rate's table are moved.
        cell_align => rate_cell_align: i16 @ 4, Count, (2, 12);
        /// Least size of a packet for the rate.
        mpu => rate_mpu: u16 @ 6, Bytes, (2, 12);
        /// Rate; absent where it needs 64 bits.
        rate => rate: u32 @ 8, BytesPerSecond, (2, 12), unset 0xffffffff;
        /// Size of a cell of the peak rate's table, as a power of two.
        cell_log => peakrate_cell_log: u8 @ 12, Identifier, (2, 12);
        /// Link layer that the peak rate is reckoned with.
        linklayer => peakrate_linklayer: u8 @ 13, OneOf(LINK_LAYERS), (2, 12);
        /// Bytes that are added to each packet for the peak rate.
        overhead => peakrate_overhead: u16 @ 14, Bytes, (2, 12);
        /// Bytes by which cells of the peak rate's table are moved.
        cell_align => peakrate_cell_align: i16 @ 16, Count, (2, 12);
        /// Least size of a packet for the peak rate.
        mpu => peakrate_mpu: u16 @ 18, Bytes, (2, 12);
        /// Peak rate, 0 for none; absent where it needs 64 bits.
        rate => peakrate: u32 @ 20, BytesPerSecond, (2, 12), unset 0xffffffff;
        /// Bytes that may wait.
        limit => limit: u32 @ 24, Bytes, (2, 12);
        /// Time for which may be sent at once at the rate.
        buffer => buffer: u32 @ 28, Ticks, (2, 12);
        /// Time for which may be sent at once at the peak rate.
        mtu => mtu: u32 @ 32, Ticks, (2, 12);
    }
}

crate::space! {
    /// What TBF adds to a qdisc.
    pub static TBF = "tbf"; {
        /// The qdisc.
        TCA_TBF_PARMS = 1 => "": Structure(&TbfOptions::LAYOUT), (2, 12);
        /// Rate, where 32 bits are not enough.
        TCA_TBF_RATE64 = 4 => "rate64": Number(U64, BytesPerSecond), (3, 14);
        /// Peak rate, where 32 bits are not enough.
        TCA_TBF_PRATE64 = 5 => "prate64": Number(U64, BytesPerSecond), (3, 14);
    }
}
