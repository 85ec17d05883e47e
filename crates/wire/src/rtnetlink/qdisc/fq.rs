//! Fair queueing with pacing (include/uapi/linux/pkt_sched.h, net/sched/sch_fq.c).

use crate::rtnetlink::qdisc::fifo::PrioOptions;

crate::space! {
    /// What FQ adds to a qdisc.
    pub static FQ = "fq"; {
        /// Most packets.
        TCA_FQ_PLIMIT = 1 => "plimit": Number(U32, Count), (3, 12);
        /// Most packets of a flow.
        TCA_FQ_FLOW_PLIMIT = 2 => "flow_plimit": Number(U32, Count), (3, 12);
        /// Bytes that a flow sends in its turn.
        TCA_FQ_QUANTUM = 3 => "quantum": Number(U32, Bytes), (3, 12);
        /// Bytes that a new flow sends in its first turn.
        TCA_FQ_INITIAL_QUANTUM = 4 => "initial_quantum": Number(U32, Bytes), (3, 12);
        /// Whether flows are paced.
        TCA_FQ_RATE_ENABLE = 5 => "rate_enable": Number(U32, Truth), (3, 12);
        /// Rate of a flow that says none; not used any more.
        TCA_FQ_FLOW_DEFAULT_RATE = 6 => "flow_default_rate": Number(U32, BytesPerSecond), (3, 12);
        /// Most that a flow sends; 0xffffffff for no limit.
        TCA_FQ_FLOW_MAX_RATE = 7 => "flow_max_rate": Number(U32, BytesPerSecond), (3, 12);
        /// Places in the table of flows, as a power of two.
        TCA_FQ_BUCKETS_LOG = 8 => "buckets_log": Number(U32, Identifier), (3, 12);
        /// Time without packets after which a flow is new again.
        TCA_FQ_FLOW_REFILL_DELAY = 9 => "flow_refill_delay": Number(U32, Microseconds), (3, 14);
        /// Mask by which packets without a socket become flows.
        TCA_FQ_ORPHAN_MASK = 10 => "orphan_mask": Number(U32, Hexadecimal), (4, 0);
        /// Rate below which a flow sends packet by packet.
        TCA_FQ_LOW_RATE_THRESHOLD = 11 => "low_rate_threshold": Number(U32, BytesPerSecond), (4, 9);
        /// Delay above which packets are marked.
        TCA_FQ_CE_THRESHOLD = 12 => "ce_threshold": Number(U32, Microseconds), (5, 0);
        /// Time by which a timer may be late.
        TCA_FQ_TIMER_SLACK = 13 => "timer_slack": Number(U32, Nanoseconds), (5, 7);
        /// How far ahead packets may be to be sent.
        TCA_FQ_HORIZON = 14 => "horizon": Number(U32, Microseconds), (5, 8);
        /// Whether packets beyond that are dropped.
        TCA_FQ_HORIZON_DROP = 15 => "horizon_drop": Number(U8, Truth), (5, 8);
        /// Band of each priority of packets.
        TCA_FQ_PRIOMAP = 16 => "priomap": Structure(&PrioOptions::LAYOUT), (6, 7);
        /// Weights of the bands.
        TCA_FQ_WEIGHTS = 17 => "weights": Numbers(I32, Count), (6, 7);
        /// How far ahead packets are handed to the device.
        TCA_FQ_OFFLOAD_HORIZON = 18 => "offload_horizon": Number(U32, Microseconds), (6, 13);
    }
}

crate::layout! {
    /// Counters of FQ.
    pub struct FqCounters = tc_fq_qd_stats {
        /// Flows forgotten.
        gc_flows => gc_flows: u64 @ 0, Count, (3, 12);
        /// Packets of the kernel's own, which go first.
        highprio_packets => highprio_packets: u64 @ 8, Count, (3, 12);
        /// Segments sent again; not counted any more.
        tcp_retrans => tcp_retrans: u64 @ 16, Count, (3, 12);
        /// Times a flow had to wait.
        throttled => throttled: u64 @ 24, Count, (3, 12);
        /// Packets dropped because of the limit of a flow.
        flows_plimit => flows_plimit: u64 @ 32, Count, (3, 12);
        /// Packets longer than the quantum allows.
        pkts_too_long => pkts_too_long: u64 @ 40, Count, (3, 12);
        /// Flows that could not be made.
        allocation_errors => allocation_errors: u64 @ 48, Count, (3, 12);
        /// Time until the next flow that waits.
        time_next_delayed_flow => time_next_delayed_flow: i64 @ 56, Nanoseconds, (3, 12);
        /// Flows.
        flows => flows: u32 @ 64, Count, (3, 12);
        /// Flows without packets.
        inactive_flows => inactive_flows: u32 @ 68, Count, (3, 12);
        /// Flows that wait.
        throttled_flows => throttled_flows: u32 @ 72, Count, (3, 12);
        /// Time by which flows are late, on the average.
        unthrottle_latency_ns => unthrottle_latency: u32 @ 76, Nanoseconds, (3, 12);
        /// Packets marked because of the threshold.
        ce_mark => ce_mark: u64 @ 80, Count, (4, 20);
        /// Packets dropped because they were too far ahead.
        horizon_drops => horizon_drops: u64 @ 88, Count, (5, 8);
        /// Packets whose time was cut.
        horizon_caps => horizon_caps: u64 @ 96, Count, (5, 8);
        /// Packets that did not have to be queued.
        fastpath_packets => fastpath_packets: u64 @ 104, Count, (6, 7);
        /// Packets dropped, of each band.
        band_drops => band_drops: [u64; 3] @ 112, (6, 7);
        /// Packets that wait, of each band.
        band_pkt_count => band_pkt_count: [u32; 3] @ 136, (6, 7);
    }
}
