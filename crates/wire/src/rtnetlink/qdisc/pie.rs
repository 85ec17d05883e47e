//! PIE, FQ-PIE and DualPI2 (include/uapi/linux/pkt_sched.h, net/sched/sch_pie.c, sch_fq_pie.c, sch_dualpi2.c).

crate::space! {
    /// What PIE adds to a qdisc.
    pub static PIE = "pie"; {
        /// Delay that is aimed at.
        TCA_PIE_TARGET = 1 => "target": Number(U32, Microseconds), (3, 14);
        /// Most packets.
        TCA_PIE_LIMIT = 2 => "limit": Number(U32, Count), (3, 14);
        /// Time between two reckonings.
        TCA_PIE_TUPDATE = 3 => "tupdate": Number(U32, Microseconds), (3, 14);
        /// Weight of how far the delay is off.
        TCA_PIE_ALPHA = 4 => "alpha": Number(U32, Count), (3, 14);
        /// Weight of how the delay changes.
        TCA_PIE_BETA = 5 => "beta": Number(U32, Count), (3, 14);
        /// Whether packets are marked in place of being dropped.
        TCA_PIE_ECN = 6 => "ecn": Number(U32, Truth), (3, 14);
        /// Whether large packets are dropped more often.
        TCA_PIE_BYTEMODE = 7 => "bytemode": Number(U32, Truth), (3, 14);
        /// Whether the delay is reckoned from the rate.
        TCA_PIE_DQ_RATE_ESTIMATOR = 8 => "dq_rate_estimator": Number(U32, Truth), (5, 5);
    }
}

crate::layout! {
    /// Counters of PIE.
    pub struct PieCounters = tc_pie_xstats {
        /// Share of packets that are dropped, of 2⁶⁴.
        prob => prob: u64 @ 0, Count, (3, 14);
        /// Delay.
        delay => delay: u32 @ 8, Microseconds, (3, 14);
        /// Rate of sending, if it is reckoned.
        avg_dq_rate => avg_dq_rate: u32 @ 12, BytesPerSecond, (3, 14);
        /// Whether it is reckoned.
        dq_rate_estimating => dq_rate_estimating: u32 @ 16, Truth, (5, 5);
        /// Packets taken.
        packets_in => packets_in: u32 @ 20, Count, (3, 14);
        /// Packets dropped.
        dropped => dropped: u32 @ 24, Count, (3, 14);
        /// Packets dropped because of the limit.
        overlimit => overlimit: u32 @ 28, Count, (3, 14);
        /// Most packets that waited.
        maxq => maxq: u32 @ 32, Count, (3, 14);
        /// Packets marked in place of being dropped.
        ecn_mark => ecn_mark: u32 @ 36, Count, (3, 14);
    }
}

crate::space! {
    /// What FQ-PIE adds to a qdisc.
    pub static FQ_PIE = "fq_pie"; {
        /// Most packets.
        TCA_FQ_PIE_LIMIT = 1 => "limit": Number(U32, Count), (5, 6);
        /// Queues that flows are spread over.
        TCA_FQ_PIE_FLOWS = 2 => "flows": Number(U32, Count), (5, 6);
        /// Delay that is aimed at.
        TCA_FQ_PIE_TARGET = 3 => "target": Number(U32, Microseconds), (5, 6);
        /// Time between two reckonings.
        TCA_FQ_PIE_TUPDATE = 4 => "tupdate": Number(U32, Microseconds), (5, 6);
        /// Weight of how far the delay is off.
        TCA_FQ_PIE_ALPHA = 5 => "alpha": Number(U32, Count), (5, 6);
        /// Weight of how the delay changes.
        TCA_FQ_PIE_BETA = 6 => "beta": Number(U32, Count), (5, 6);
        /// Bytes that a flow sends in its turn.
        TCA_FQ_PIE_QUANTUM = 7 => "quantum": Number(U32, Bytes), (5, 6);
        /// Most memory.
        TCA_FQ_PIE_MEMORY_LIMIT = 8 => "memory_limit": Number(U32, Bytes), (5, 6);
        /// Share above which packets are dropped even so, in hundredths.
        TCA_FQ_PIE_ECN_PROB = 9 => "ecn_prob": Number(U32, Count), (5, 6);
        /// Whether packets are marked in place of being dropped.
        TCA_FQ_PIE_ECN = 10 => "ecn": Number(U32, Truth), (5, 6);
        /// Whether large packets are dropped more often.
        TCA_FQ_PIE_BYTEMODE = 11 => "bytemode": Number(U32, Truth), (5, 6);
        /// Whether the delay is reckoned from the rate.
        TCA_FQ_PIE_DQ_RATE_ESTIMATOR = 12 => "dq_rate_estimator": Number(U32, Truth), (5, 6);
    }
}

crate::layout! {
    /// Counters of FQ-PIE.
    pub struct FqPieCounters = tc_fq_pie_xstats {
        /// Packets taken.
        packets_in => packets_in: u32 @ 0, Count, (5, 6);
        /// Packets dropped.
        dropped => dropped: u32 @ 4, Count, (5, 6);
        /// Packets dropped because of the limit.
        overlimit => overlimit: u32 @ 8, Count, (5, 6);
        /// Packets dropped because of the memory.
        overmemory => overmemory: u32 @ 12, Count, (5, 6);
        /// Packets marked in place of being dropped.
        ecn_mark => ecn_mark: u32 @ 16, Count, (5, 6);
        /// Flows that were new.
        new_flow_count => new_flow_count: u32 @ 20, Count, (5, 6);
        /// Flows that are new.
        new_flows_len => new_flows_len: u32 @ 24, Count, (5, 6);
        /// Flows that are not new.
        old_flows_len => old_flows_len: u32 @ 28, Count, (5, 6);
        /// Memory in use.
        memory_usage => memory_usage: u32 @ 32, Bytes, (5, 6);
    }
}

crate::space! {
    /// What DualPI2 adds to a qdisc.
    pub static DUALPI2 = "dualpi2"; {
        /// Most packets.
        TCA_DUALPI2_LIMIT = 1 => "limit": Number(U32, Count), (6, 17);
        /// Most memory.
        TCA_DUALPI2_MEMORY_LIMIT = 2 => "memory_limit": Number(U32, Bytes), (6, 17);
        /// Delay that is aimed at.
        TCA_DUALPI2_TARGET = 3 => "target": Number(U32, Microseconds), (6, 17);
        /// Time between two reckonings.
        TCA_DUALPI2_TUPDATE = 4 => "tupdate": Number(U32, Microseconds), (6, 17);
        /// Weight of how far the delay is off, in 1/256 Hz.
        TCA_DUALPI2_ALPHA = 5 => "alpha": Number(U32, Count), (6, 17);
        /// Weight of how the delay changes, in 1/256 Hz.
        TCA_DUALPI2_BETA = 6 => "beta": Number(U32, Count), (6, 17);
        /// Packets above which those of L4S are marked.
        TCA_DUALPI2_STEP_THRESH_PKTS = 7 => "step_thresh_pkts": Number(U32, Count), (6, 17);
        /// Delay above which packets of L4S are marked.
        TCA_DUALPI2_STEP_THRESH_US = 8 => "step_thresh": Number(U32, Microseconds), (6, 17);
        /// Packets above which this holds.
        TCA_DUALPI2_MIN_QLEN_STEP = 9 => "min_qlen_step": Number(U32, Count), (6, 17);
        /// How much more packets of L4S are marked than others are dropped.
        TCA_DUALPI2_COUPLING = 10 => "coupling": Number(U8, Count), (6, 17);
        /// What happens when there is too much.
        TCA_DUALPI2_DROP_OVERLOAD = 11 => "drop_overload": Number(U8, OneOf(crate::names![(0, "overflow"),
            (1, "drop")])), (6, 17);
        /// When packets are dropped.
        TCA_DUALPI2_DROP_EARLY = 12 => "drop_early": Number(U8, OneOf(crate::names![(0, "drop-dequeue"),
            (1, "drop-enqueue")])), (6, 17);
        /// Share of the classic queue, in hundredths.
        TCA_DUALPI2_C_PROTECTION = 13 => "c_protection": Number(U8, Count), (6, 17);
        /// Which packets go to the queue of L4S.
        TCA_DUALPI2_ECN_MASK = 14 => "ecn_mask": Number(U8, OneOf(crate::names![(1, "l4s-ect"), (2, "cla-ect"),
            (3, "any-ect")])), (6, 17);
        /// Whether large packets are split.
        TCA_DUALPI2_SPLIT_GSO = 15 => "split_gso": Number(U8, Truth), (6, 17);
    }
}

crate::layout! {
    /// Counters of DualPI2.
    pub struct Dualpi2Counters = tc_dualpi2_xstats {
        /// Share of packets that are marked or dropped.
        prob => prob: u32 @ 0, Share, (6, 17);
        /// Delay of the classic queue.
        delay_c => delay_c: u32 @ 4, Microseconds, (6, 17);
        /// Delay of the queue of L4S.
        delay_l => delay_l: u32 @ 8, Microseconds, (6, 17);
        /// Packets taken into the classic queue.
        packets_in_c => packets_in_c: u32 @ 12, Count, (6, 17);
        /// Packets taken into the queue of L4S.
        packets_in_l => packets_in_l: u32 @ 16, Count, (6, 17);
        /// Most packets that waited.
        maxq => maxq: u32 @ 20, Count, (6, 17);
        /// Packets marked.
        ecn_mark => ecn_mark: u32 @ 24, Count, (6, 17);
        /// Packets marked because of the threshold.
        step_marks => step_marks: u32 @ 28, Count, (6, 17);
        /// Credit of the classic queue.
        credit => credit: i32 @ 32, Bytes, (6, 17);
        /// Memory in use.
        memory_used => memory_used: u32 @ 36, Bytes, (6, 17);
        /// Most memory that was in use.
        max_memory_used => max_memory_used: u32 @ 40, Bytes, (6, 17);
        /// Most memory.
        memory_limit => memory_limit: u32 @ 44, Bytes, (6, 17);
    }
}
