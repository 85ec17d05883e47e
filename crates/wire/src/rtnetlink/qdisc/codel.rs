//! CoDel and FQ-CoDel (include/uapi/linux/pkt_sched.h, net/sched/sch_codel.c, sch_fq_codel.c).

crate::space! {
    /// What CoDel adds to a qdisc.
    pub static CODEL = "codel"; {
        /// Delay that is aimed at.
        TCA_CODEL_TARGET = 1 => "target": Number(U32, Microseconds), (3, 5);
        /// Most packets.
        TCA_CODEL_LIMIT = 2 => "limit": Number(U32, Count), (3, 5);
        /// Time in which the delay has to come down.
        TCA_CODEL_INTERVAL = 3 => "interval": Number(U32, Microseconds), (3, 5);
        /// Whether packets are marked in place of being dropped.
        TCA_CODEL_ECN = 4 => "ecn": Number(U32, Truth), (3, 5);
        /// Delay above which packets are marked.
        TCA_CODEL_CE_THRESHOLD = 5 => "ce_threshold": Number(U32, Microseconds), (4, 2);
    }
}

crate::layout! {
    /// Counters of CoDel.
    pub struct CodelCounters = tc_codel_xstats {
        /// Largest packet so far.
        maxpacket => maxpacket: u32 @ 0, Bytes, (3, 5);
        /// Packets dropped in this stretch of dropping.
        count => count: u32 @ 4, Count, (3, 5);
        /// Packets dropped in the one before.
        lastcount => lastcount: u32 @ 8, Count, (3, 5);
        /// Delay of the last packet.
        ldelay => ldelay: u32 @ 12, Microseconds, (3, 5);
        /// Time until the next drop; below zero where it is due.
        drop_next => drop_next: i32 @ 16, Microseconds, (3, 5);
        /// Packets dropped because of the limit.
        drop_overlimit => drop_overlimit: u32 @ 20, Count, (3, 5);
        /// Packets marked in place of being dropped.
        ecn_mark => ecn_mark: u32 @ 24, Count, (3, 5);
        /// Whether packets are being dropped.
        dropping => dropping: u32 @ 28, Truth, (3, 5);
        /// Packets marked because of the threshold.
        ce_mark => ce_mark: u32 @ 32, Count, (4, 2);
    }
}

crate::space! {
    /// What FQ-CoDel adds to a qdisc.
    pub static FQ_CODEL = "fq_codel"; {
        /// Delay that is aimed at.
        TCA_FQ_CODEL_TARGET = 1 => "target": Number(U32, Microseconds), (3, 5);
        /// Most packets.
        TCA_FQ_CODEL_LIMIT = 2 => "limit": Number(U32, Count), (3, 5);
        /// Time in which the delay has to come down.
        TCA_FQ_CODEL_INTERVAL = 3 => "interval": Number(U32, Microseconds), (3, 5);
        /// Whether packets are marked in place of being dropped.
        TCA_FQ_CODEL_ECN = 4 => "ecn": Number(U32, Truth), (3, 5);
        /// Queues that flows are spread over.
        TCA_FQ_CODEL_FLOWS = 5 => "flows": Number(U32, Count), (3, 5);
        /// Bytes that a flow sends in its turn.
        TCA_FQ_CODEL_QUANTUM = 6 => "quantum": Number(U32, Bytes), (3, 5);
        /// Delay above which packets are marked.
        TCA_FQ_CODEL_CE_THRESHOLD = 7 => "ce_threshold": Number(U32, Microseconds), (4, 2);
        /// Packets that are dropped at once.
        TCA_FQ_CODEL_DROP_BATCH_SIZE = 8 => "drop_batch_size": Number(U32, Count), (4, 7);
        /// Most memory.
        TCA_FQ_CODEL_MEMORY_LIMIT = 9 => "memory_limit": Number(U32, Bytes), (4, 7);
        /// Differentiated services and ECN of packets that the threshold is for.
        TCA_FQ_CODEL_CE_THRESHOLD_SELECTOR = 10 => "ce_threshold_selector": Number(U8, Hexadecimal), (5, 16);
        /// Bits of these that count.
        TCA_FQ_CODEL_CE_THRESHOLD_MASK = 11 => "ce_threshold_mask": Number(U8, Hexadecimal), (5, 16);
    }
}

crate::layout! {
    /// Counters of FQ-CoDel.
    pub struct FqCodelCounters = tc_fq_codel_xstats {
        /// Whose counters these are.
        type => r#type: u32 @ 0, OneOf(crate::names![(0, "qdisc"), (1, "class")]), (3, 5);
        /// Largest packet so far.
        maxpacket => maxpacket: u32 @ 4, Bytes, (3, 5);
        /// Packets dropped because of the limit.
        drop_overlimit => drop_overlimit: u32 @ 8, Count, (3, 5);
        /// Packets marked in place of being dropped.
        ecn_mark => ecn_mark: u32 @ 12, Count, (3, 5);
        /// Flows that were new.
        new_flow_count => new_flow_count: u32 @ 16, Count, (3, 5);
        /// Flows that are new.
        new_flows_len => new_flows_len: u32 @ 20, Count, (3, 5);
        /// Flows that are not new.
        old_flows_len => old_flows_len: u32 @ 24, Count, (3, 5);
        /// Packets marked because of the threshold.
        ce_mark => ce_mark: u32 @ 28, Count, (4, 2);
        /// Memory in use.
        memory_usage => memory_usage: u32 @ 32, Bytes, (4, 7);
        /// Packets dropped because of the memory.
        drop_overmemory => drop_overmemory: u32 @ 36, Count, (4, 7);
    }
}

crate::layout! {
    /// Counters of a flow of FQ-CoDel.
    pub struct FqCodelFlow = tc_fq_codel_xstats {
        /// Whose counters these are.
        type => r#type: u32 @ 0, OneOf(crate::names![(0, "qdisc"), (1, "class")]), (3, 5);
        /// Bytes that the flow may still send in its turn.
        deficit => deficit: i32 @ 4, Bytes, (3, 5);
        /// Delay of the last packet.
        ldelay => ldelay: u32 @ 8, Microseconds, (3, 5);
        /// Packets dropped in this stretch of dropping.
        count => count: u32 @ 12, Count, (3, 5);
        /// Packets dropped in the one before.
        lastcount => lastcount: u32 @ 16, Count, (3, 5);
        /// Whether packets are being dropped.
        dropping => dropping: u32 @ 20, Truth, (3, 5);
        /// Time until the next drop; below zero where it is due.
        drop_next => drop_next: i32 @ 24, Microseconds, (3, 5);
    }
}
