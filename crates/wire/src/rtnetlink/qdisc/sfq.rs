//! Stochastic fairness and rounds by deficit: SFQ, DRR, QFQ, ETS, HHF (include/uapi/linux/pkt_sched.h).

use crate::rtnetlink::qdisc::red::RED_FLAGS;

crate::layout! {
    /// A qdisc of SFQ.
    pub struct SfqOptions = tc_sfq_qopt_v1 {
        /// Bytes that a flow sends in its turn.
        quantum => quantum: u32 @ 0, Bytes, (2, 12);
        /// Time between two ways to spread flows; 0 for none.
        perturb_period => perturb_period: i32 @ 4, Seconds, (2, 12);
        /// Most packets.
        limit => limit: u32 @ 8, Count, (2, 12);
        /// Places that flows are spread over.
        divisor => divisor: u32 @ 12, Count, (2, 12);
        /// Most flows.
        flows => flows: u32 @ 16, Count, (2, 12);
        /// Most packets of a flow.
        depth => depth: u32 @ 20, Count, (3, 3);
        /// Whether packets are dropped at the head.
        headdrop => headdrop: u32 @ 24, Truth, (3, 3);
        /// Most bytes of a flow, with RED.
        limit => red_limit: u32 @ 28, Bytes, (3, 3);
        /// Average length from which packets may be dropped.
        qth_min => qth_min: u32 @ 32, Bytes, (3, 3);
        /// Average length from which all packets are dropped.
        qth_max => qth_max: u32 @ 36, Bytes, (3, 3);
        /// Weight of the past, as a power of two.
        Wlog => wlog: u8 @ 40, Identifier, (3, 3);
        /// Share of packets that are dropped at `qth_max`, as a power of two.
        Plog => plog: u8 @ 41, Identifier, (3, 3);
        /// Unit of idle time, as a power of two.
        Scell_log => scell_log: u8 @ 42, Identifier, (3, 3);
        /// How packets are dropped.
        flags => flags: u8 @ 43, SetOf(RED_FLAGS), (3, 3);
        /// Share of packets that are dropped at `qth_max`.
        max_P => max_p: u32 @ 44, Share, (3, 3);
        /// Packets dropped early.
        prob_drop => prob_drop: u32 @ 48, Count, (3, 3);
        /// Packets dropped because of `qth_max`.
        forced_drop => forced_drop: u32 @ 52, Count, (3, 3);
        /// Packets marked early.
        prob_mark => prob_mark: u32 @ 56, Count, (3, 3);
        /// Packets marked because of `qth_max`.
        forced_mark => forced_mark: u32 @ 60, Count, (3, 3);
        /// Packets marked early at the head.
        prob_mark_head => prob_mark_head: u32 @ 64, Count, (3, 3);
        /// Packets marked at the head because of `qth_max`.
        forced_mark_head => forced_mark_head: u32 @ 68, Count, (3, 3);
    }
}

crate::layout! {
    /// Counters of a flow of SFQ.
    pub struct SfqCounters = tc_sfq_xstats {
        /// Bytes that the flow may still send in its turn.
        allot => allot: i32 @ 0, Bytes, (2, 25);
    }
}

crate::space! {
    /// What DRR adds to a class.
    pub static DRR = "drr"; {
        /// Bytes that the class sends in its turn.
        TCA_DRR_QUANTUM = 1 => "quantum": Number(U32, Bytes), (2, 29);
    }
}

crate::layout! {
    /// Counters of a class of DRR.
    pub struct DrrCounters = tc_drr_stats {
        /// Bytes that the class may still send in its turn.
        deficit => deficit: u32 @ 0, Bytes, (2, 29);
    }
}

crate::space! {
    /// What QFQ adds to a class.
    pub static QFQ = "qfq"; {
        /// Weight of the class.
        TCA_QFQ_WEIGHT = 1 => "weight": Number(U32, Count), (3, 0);
        /// Largest packet of the class.
        TCA_QFQ_LMAX = 2 => "lmax": Number(U32, Bytes), (3, 0);
    }
}

crate::layout! {
    /// Counters of a class of QFQ.
    pub struct QfqCounters = tc_qfq_stats {
        /// Weight of the class.
        weight => weight: u32 @ 0, Count, (3, 0);
        /// Largest packet of the class.
        lmax => lmax: u32 @ 4, Bytes, (3, 0);
    }
}

crate::space! {
    /// What ETS adds to a qdisc or class.
    pub static ETS = "ets"; {
        /// Bands.
        TCA_ETS_NBANDS = 1 => "nbands": Number(U8, Count), (5, 6);
        /// Bands that go before all others.
        TCA_ETS_NSTRICT = 2 => "nstrict": Number(U8, Count), (5, 6);
        /// Bytes that each other band sends in its turn.
        TCA_ETS_QUANTA = 3 => "quanta": Listed(&Number(U32, Bytes)), (5, 6);
        /// Bytes that the band of this class sends in its turn.
        TCA_ETS_QUANTA_BAND = 4 => "quanta_band": Number(U32, Bytes), (5, 6);
        /// Band of each priority of packets.
        TCA_ETS_PRIOMAP = 5 => "priomap": Listed(&Number(U8, Identifier)), (5, 6);
    }
}

crate::space! {
    /// What HHF adds to a qdisc.
    pub static HHF = "hhf"; {
        /// Most packets.
        TCA_HHF_BACKLOG_LIMIT = 1 => "backlog_limit": Number(U32, Count), (3, 14);
        /// Bytes that a class sends in its turn.
        TCA_HHF_QUANTUM = 2 => "quantum": Number(U32, Bytes), (3, 14);
        /// Most large flows that are kept.
        TCA_HHF_HH_FLOWS_LIMIT = 3 => "hh_flows_limit": Number(U32, Count), (3, 14);
        /// Time after which counting begins anew.
        TCA_HHF_RESET_TIMEOUT = 4 => "reset_timeout": Number(U32, Microseconds), (3, 14);
        /// Bytes above which a flow is large.
        TCA_HHF_ADMIT_BYTES = 5 => "admit_bytes": Number(U32, Bytes), (3, 14);
        /// Time without packets after which a flow is not large any more.
        TCA_HHF_EVICT_TIMEOUT = 6 => "evict_timeout": Number(U32, Microseconds), (3, 14);
        /// Weight of flows that are not large.
        TCA_HHF_NON_HH_WEIGHT = 7 => "non_hh_weight": Number(U32, Count), (3, 14);
    }
}

crate::layout! {
    /// Counters of HHF.
    pub struct HhfCounters = tc_hhf_xstats {
        /// Packets dropped because of the limit.
        drop_overlimit => drop_overlimit: u32 @ 0, Count, (3, 14);
        /// Large flows that could not be kept.
        hh_overlimit => hh_overlimit: u32 @ 4, Count, (3, 14);
        /// Large flows that there were.
        hh_tot_count => hh_tot_count: u32 @ 8, Count, (3, 14);
        /// Large flows that there are.
        hh_cur_count => hh_cur_count: u32 @ 12, Count, (3, 14);
    }
}
