//! CAKE (include/uapi/linux/pkt_sched.h, net/sched/sch_cake.c).

crate::space! {
    /// What CAKE adds to a qdisc.
    pub static CAKE = "cake"; {
        /// Rate; 0 for no limit.
        TCA_CAKE_BASE_RATE64 = 2 => "base_rate64": Number(U64, BytesPerSecond), (4, 19);
        /// How packets are put into tins.
        TCA_CAKE_DIFFSERV_MODE = 3 => "diffserv_mode": Number(U32, OneOf(crate::names![(0, "diffserv3"),
            (1, "diffserv4"), (2, "diffserv8"), (3, "besteffort"), (4, "precedence")])), (4, 19);
        /// Link layer that is reckoned with.
        TCA_CAKE_ATM = 4 => "atm": Number(U32, OneOf(crate::names![(0, "none"), (1, "atm"), (2, "ptm")])), (4, 19);
        /// What is shared fairly among what.
        TCA_CAKE_FLOW_MODE = 5 => "flow_mode": Number(U32, OneOf(crate::names![(0, "none"), (1, "src-ip"),
            (2, "dst-ip"), (3, "hosts"), (4, "flows"), (5, "dual-src"), (6, "dual-dst"), (7, "triple")])), (4, 19);
        /// Bytes that are added to each packet.
        TCA_CAKE_OVERHEAD = 6 => "overhead": Number(I32, Bytes), (4, 19);
        /// Round trip time that is reckoned with.
        TCA_CAKE_RTT = 7 => "rtt": Number(U32, Microseconds), (4, 19);
        /// Delay that is aimed at.
        TCA_CAKE_TARGET = 8 => "target": Number(U32, Microseconds), (4, 19);
        /// Whether the rate is found out by itself.
        TCA_CAKE_AUTORATE = 9 => "autorate": Number(U32, Truth), (4, 19);
        /// Most memory; 0 for as much as the rate needs.
        TCA_CAKE_MEMORY = 10 => "memory": Number(U32, Bytes), (4, 19);
        /// Whether addresses are looked up behind NAT.
        TCA_CAKE_NAT = 11 => "nat": Number(U32, Truth), (4, 19);
        /// Sizes of packets are left as they are.
        TCA_CAKE_RAW = 12 => "raw": Flag, (4, 19);
        /// Whether differentiated services are cleared.
        TCA_CAKE_WASH = 13 => "wash": Number(U32, Truth), (4, 19);
        /// Least size of a packet.
        TCA_CAKE_MPU = 14 => "mpu": Number(U32, Bytes), (4, 19);
        /// Whether this is for packets that come in.
        TCA_CAKE_INGRESS = 15 => "ingress": Number(U32, Truth), (4, 19);
        /// Which confirmations are dropped.
        TCA_CAKE_ACK_FILTER = 16 => "ack_filter": Number(U32, OneOf(crate::names![(0, "none"), (1, "filter"),
            (2, "aggressive")])), (4, 19);
        /// Whether large packets are split.
        TCA_CAKE_SPLIT_GSO = 17 => "split_gso": Number(U32, Truth), (4, 19);
        /// Bits of the mark that choose the tin.
        TCA_CAKE_FWMARK = 18 => "fwmark": Number(U32, Hexadecimal), (5, 1);
    }
}

crate::space! {
    /// Counters of CAKE.
    pub static CAKE_STATISTICS = "cake_statistics"; {
        /// Rate as it was found out.
        TCA_CAKE_STATS_CAPACITY_ESTIMATE64 = 2 => "capacity_estimate64": Number(U64, BytesPerSecond), (4, 19);
        /// Most memory.
        TCA_CAKE_STATS_MEMORY_LIMIT = 3 => "memory_limit": Number(U32, Bytes), (4, 19);
        /// Most memory that was in use.
        TCA_CAKE_STATS_MEMORY_USED = 4 => "memory_used": Number(U32, Bytes), (4, 19);
        /// Average place of the network header.
        TCA_CAKE_STATS_AVG_NETOFF = 5 => "avg_netoff": Number(U32, Bytes), (4, 19);
        /// Least length from the network header.
        TCA_CAKE_STATS_MIN_NETLEN = 6 => "min_netlen": Number(U32, Bytes), (4, 19);
        /// Greatest length from the network header.
        TCA_CAKE_STATS_MAX_NETLEN = 7 => "max_netlen": Number(U32, Bytes), (4, 19);
        /// Least size after it was corrected.
        TCA_CAKE_STATS_MIN_ADJLEN = 8 => "min_adjlen": Number(U32, Bytes), (4, 19);
        /// Greatest size after it was corrected.
        TCA_CAKE_STATS_MAX_ADJLEN = 9 => "max_adjlen": Number(U32, Bytes), (4, 19);
        /// Counters of the tins.
        TCA_CAKE_STATS_TIN_STATS = 10 => "tin_stats": Listed(&Nest(&CAKE_TIN)), (4, 19);
        /// Bytes that the flow may still send in its turn.
        TCA_CAKE_STATS_DEFICIT = 11 => "deficit": Number(I32, Bytes), (4, 19);
        /// Packets dropped in this stretch of dropping.
        TCA_CAKE_STATS_COBALT_COUNT = 12 => "cobalt_count": Number(U32, Count), (4, 19);
        /// Whether packets are being dropped.
        TCA_CAKE_STATS_DROPPING = 13 => "dropping": Number(U32, Truth), (4, 19);
        /// Time until the next drop; below zero where it is due.
        TCA_CAKE_STATS_DROP_NEXT_US = 14 => "drop_next": Number(I32, Microseconds), (4, 19);
        /// Share of packets that are dropped.
        TCA_CAKE_STATS_P_DROP = 15 => "p_drop": Number(U32, Share), (4, 19);
        /// Time until that share may change.
        TCA_CAKE_STATS_BLUE_TIMER_US = 16 => "blue_timer": Number(I32, Microseconds), (4, 19);
        /// Queues with packets.
        TCA_CAKE_STATS_ACTIVE_QUEUES = 17 => "active_queues": Number(U32, Count), (7, 0);
    }
}

crate::space! {
    /// Counters of a tin.
    pub static CAKE_TIN = "cake_tin"; {
        /// Packets sent.
        TCA_CAKE_TIN_STATS_SENT_PACKETS = 2 => "sent_packets": Number(U32, Count), (4, 19);
        /// Bytes sent.
        TCA_CAKE_TIN_STATS_SENT_BYTES64 = 3 => "sent_bytes64": Number(U64, Bytes), (4, 19);
        /// Packets dropped.
        TCA_CAKE_TIN_STATS_DROPPED_PACKETS = 4 => "dropped_packets": Number(U32, Count), (4, 19);
        /// Bytes dropped.
        TCA_CAKE_TIN_STATS_DROPPED_BYTES64 = 5 => "dropped_bytes64": Number(U64, Bytes), (4, 19);
        /// Confirmations dropped.
        TCA_CAKE_TIN_STATS_ACKS_DROPPED_PACKETS = 6 => "acks_dropped_packets": Number(U32, Count), (4, 19);
        /// Bytes of confirmations dropped.
        TCA_CAKE_TIN_STATS_ACKS_DROPPED_BYTES64 = 7 => "acks_dropped_bytes64": Number(U64, Bytes), (4, 19);
        /// Packets marked.
        TCA_CAKE_TIN_STATS_ECN_MARKED_PACKETS = 8 => "ecn_marked_packets": Number(U32, Count), (4, 19);
        /// Bytes marked.
        TCA_CAKE_TIN_STATS_ECN_MARKED_BYTES64 = 9 => "ecn_marked_bytes64": Number(U64, Bytes), (4, 19);
        /// Packets that wait.
        TCA_CAKE_TIN_STATS_BACKLOG_PACKETS = 10 => "backlog_packets": Number(U32, Count), (4, 19);
        /// Bytes that wait.
        TCA_CAKE_TIN_STATS_BACKLOG_BYTES = 11 => "backlog_bytes": Number(U32, Bytes), (4, 19);
        /// Rate above which the tin is last.
        TCA_CAKE_TIN_STATS_THRESHOLD_RATE64 = 12 => "threshold_rate64": Number(U64, BytesPerSecond), (4, 19);
        /// Delay that is aimed at.
        TCA_CAKE_TIN_STATS_TARGET_US = 13 => "target": Number(U32, Microseconds), (4, 19);
        /// Time in which the delay has to come down.
        TCA_CAKE_TIN_STATS_INTERVAL_US = 14 => "interval": Number(U32, Microseconds), (4, 19);
        /// Flows that found another place in their set.
        TCA_CAKE_TIN_STATS_WAY_INDIRECT_HITS = 15 => "way_indirect_hits": Number(U32, Count), (4, 19);
        /// Flows that were new.
        TCA_CAKE_TIN_STATS_WAY_MISSES = 16 => "way_misses": Number(U32, Count), (4, 19);
        /// Flows that had to share a place.
        TCA_CAKE_TIN_STATS_WAY_COLLISIONS = 17 => "way_collisions": Number(U32, Count), (4, 19);
        /// Delay at its peaks.
        TCA_CAKE_TIN_STATS_PEAK_DELAY_US = 18 => "peak_delay": Number(U32, Microseconds), (4, 19);
        /// Delay on the average.
        TCA_CAKE_TIN_STATS_AVG_DELAY_US = 19 => "avg_delay": Number(U32, Microseconds), (4, 19);
        /// Delay at its least.
        TCA_CAKE_TIN_STATS_BASE_DELAY_US = 20 => "base_delay": Number(U32, Microseconds), (4, 19);
        /// Flows with few packets.
        TCA_CAKE_TIN_STATS_SPARSE_FLOWS = 21 => "sparse_flows": Number(U32, Count), (4, 19);
        /// Flows with many packets.
        TCA_CAKE_TIN_STATS_BULK_FLOWS = 22 => "bulk_flows": Number(U32, Count), (4, 19);
        /// Flows that do not slow down.
        TCA_CAKE_TIN_STATS_UNRESPONSIVE_FLOWS = 23 => "unresponsive_flows": Number(U32, Count), (4, 19);
        /// Largest packet so far.
        TCA_CAKE_TIN_STATS_MAX_SKBLEN = 24 => "max_skblen": Number(U32, Bytes), (4, 19);
        /// Bytes that a flow sends in its turn.
        TCA_CAKE_TIN_STATS_FLOW_QUANTUM = 25 => "flow_quantum": Number(U32, Bytes), (4, 19);
    }
}
