//! Random early detection in its forms: RED, GRED, CHOKe, SFB (include/uapi/linux/pkt_sched.h, net/sched/sch_red.c,
//! sch_gred.c, sch_choke.c, sch_sfb.c).

use crate::{Name, names};

/// How RED drops (`TC_RED_*`).
pub(crate) const RED_FLAGS: &[Name] = names![(1, "ecn"), (2, "harddrop"), (4, "adaptative"), (8, "nodrop")];

crate::layout! {
    /// A qdisc of RED.
    pub struct RedOptions = tc_red_qopt {
        /// Most bytes.
        limit => limit: u32 @ 0, Bytes, (2, 12);
        /// Average length from which packets may be dropped.
        qth_min => qth_min: u32 @ 4, Bytes, (2, 12);
        /// Average length from which all packets are dropped.
        qth_max => qth_max: u32 @ 8, Bytes, (2, 12);
        /// Weight of the past, as a power of two.
        Wlog => wlog: u8 @ 12, Identifier, (2, 12);
        /// Share of packets that are dropped at `qth_max`, as a power of two.
        Plog => plog: u8 @ 13, Identifier, (2, 12);
        /// Unit of idle time, as a power of two.
        Scell_log => scell_log: u8 @ 14, Identifier, (2, 12);
        /// How packets are dropped.
        flags => flags: u8 @ 15, SetOf(RED_FLAGS), (2, 12);
    }
}

crate::layout! {
    /// Flags of RED.
    pub struct RedFlags = nla_bitfield32 {
        /// Flags that are on.
        value => all_flags: u32 @ 0, SetOf(RED_FLAGS), (5, 7);
        /// Flags that are meant.
        selector => known_flags: u32 @ 4, SetOf(RED_FLAGS), (5, 7);
    }
}

crate::layout! {
    /// Counters of RED.
    pub struct RedCounters = tc_red_xstats {
        /// Packets dropped early.
        early => early: u32 @ 0, Count, (2, 12);
        /// Packets dropped because of the limit.
        pdrop => pdrop: u32 @ 4, Count, (2, 12);
        /// Packets dropped for other reasons.
        other => other: u32 @ 8, Count, (2, 12);
        /// Packets marked in place of being dropped.
        marked => marked: u32 @ 12, Count, (2, 12);
    }
}

crate::space! {
    /// What RED adds to a qdisc.
    pub static RED = "red"; {
        /// The qdisc.
        TCA_RED_PARMS = 1 => "": Structure(&RedOptions::LAYOUT), (2, 12);
        /// Share of packets that are dropped at `qth_max`.
        TCA_RED_MAX_P = 3 => "max_p": Number(U32, Share), (3, 3);
        /// All flags of how packets are dropped.
        TCA_RED_FLAGS = 4 => "": Structure(&RedFlags::LAYOUT), (5, 7);
        /// Block of filters for packets that are dropped early.
        TCA_RED_EARLY_DROP_BLOCK = 5 => "early_drop_block": Number(U32, Identifier), (5, 9);
        /// Block of filters for packets that are marked.
        TCA_RED_MARK_BLOCK = 6 => "mark_block": Number(U32, Identifier), (5, 9);
    }
}

crate::layout! {
    /// A qdisc of CHOKe.
    pub struct ChokeOptions = tc_choke_qopt {
        /// Most packets.
        limit => limit: u32 @ 0, Count, (2, 39);
        /// Average length from which packets may be dropped.
        qth_min => qth_min: u32 @ 4, Count, (2, 39);
        /// Average length from which all packets are dropped.
        qth_max => qth_max: u32 @ 8, Count, (2, 39);
        /// Weight of the past, as a power of two.
        Wlog => wlog: u8 @ 12, Identifier, (2, 39);
        /// Share of packets that are dropped at `qth_max`, as a power of two.
        Plog => plog: u8 @ 13, Identifier, (2, 39);
        /// Unit of idle time, as a power of two.
        Scell_log => scell_log: u8 @ 14, Identifier, (2, 39);
        /// How packets are dropped.
        flags => flags: u8 @ 15, SetOf(RED_FLAGS), (2, 39);
    }
}

crate::layout! {
    /// Counters of CHOKe.
    pub struct ChokeCounters = tc_choke_xstats {
        /// Packets dropped early.
        early => early: u32 @ 0, Count, (2, 39);
        /// Packets dropped because of the limit.
        pdrop => pdrop: u32 @ 4, Count, (2, 39);
        /// Packets dropped for other reasons.
        other => other: u32 @ 8, Count, (2, 39);
        /// Packets marked in place of being dropped.
        marked => marked: u32 @ 12, Count, (2, 39);
        /// Packets dropped with another of their flow.
        matched => matched: u32 @ 16, Count, (2, 39);
    }
}

crate::space! {
    /// What CHOKe adds to a qdisc.
    pub static CHOKE = "choke"; {
        /// The qdisc.
        TCA_CHOKE_PARMS = 1 => "": Structure(&ChokeOptions::LAYOUT), (2, 39);
        /// Share of packets that are dropped at `qth_max`.
        TCA_CHOKE_MAX_P = 3 => "max_p": Number(U32, Share), (3, 3);
    }
}

crate::layout! {
    /// A qdisc of GRED.
    pub struct GredOptions = tc_gred_sopt {
        /// Virtual queues.
        DPs => dps: u32 @ 0, Count, (2, 12);
        /// Virtual queue of packets that name none.
        def_DP => def_dp: u32 @ 4, Identifier, (2, 12);
        /// Whether virtual queues have priorities.
        grio => grio: u8 @ 8, Truth, (2, 12);
        /// How packets are dropped.
        flags => flags: u8 @ 9, SetOf(RED_FLAGS), (2, 12);
    }
}

crate::layout! {
    /// A virtual queue of GRED.
    pub struct GredQueue = tc_gred_qopt {
        /// Most bytes.
        limit => limit: u32 @ 0, Bytes, (2, 12);
        /// Average length from which packets may be dropped.
        qth_min => qth_min: u32 @ 4, Bytes, (2, 12);
        /// Average length from which all packets are dropped.
        qth_max => qth_max: u32 @ 8, Bytes, (2, 12);
        /// Number of the virtual queue; absent where there is none in this place.
        DP => dp: u32 @ 12, Identifier, (2, 12), unset 0xffffffff;
        /// Bytes that wait.
        backlog => backlog: u32 @ 16, Bytes, (2, 12);
        /// Average length.
        qave => qave: u32 @ 20, Bytes, (2, 12);
        /// Packets dropped because of `qth_max`.
        forced => forced: u32 @ 24, Count, (2, 12);
        /// Packets dropped early.
        early => early: u32 @ 28, Count, (2, 12);
        /// Packets dropped for other reasons.
        other => other: u32 @ 32, Count, (2, 12);
        /// Packets dropped because of the limit.
        pdrop => pdrop: u32 @ 36, Count, (2, 12);
        /// Weight of the past, as a power of two.
        Wlog => wlog: u8 @ 40, Identifier, (2, 12);
        /// Share of packets that are dropped at `qth_max`, as a power of two.
        Plog => plog: u8 @ 41, Identifier, (2, 12);
        /// Unit of idle time, as a power of two.
        Scell_log => scell_log: u8 @ 42, Identifier, (2, 12);
        /// Priority.
        prio => prio: u8 @ 43, Identifier, (2, 12);
        /// Packets taken.
        packets => packets: u32 @ 44, Count, (2, 12);
        /// Bytes taken.
        bytesin => bytesin: u32 @ 48, Bytes, (2, 12);
    }
}

crate::space! {
    /// What GRED adds to a qdisc.
    pub static GRED = "gred"; {
        /// Virtual queues, in the old form.
        TCA_GRED_PARMS = 1 => "parms": Structures(&GredQueue::LAYOUT, 52), (2, 12);
        /// The qdisc.
        TCA_GRED_DPS = 3 => "": Structure(&GredOptions::LAYOUT), (2, 12);
        /// Shares of packets that are dropped at `qth_max`.
        TCA_GRED_MAX_P = 4 => "max_p": Numbers(U32, Share), (3, 3);
        /// Most bytes.
        TCA_GRED_LIMIT = 5 => "limit": Number(U32, Bytes), (4, 2);
        /// Virtual queues.
        TCA_GRED_VQ_LIST = 6 => "vq_list": Listed(&Nest(&GRED_QUEUE)), (5, 0);
    }
}

crate::space! {
    /// A virtual queue of GRED.
    pub static GRED_QUEUE = "gred_queue"; {
        /// Number of the virtual queue.
        TCA_GRED_VQ_DP = 2 => "dp": Number(U32, Identifier), (5, 0);
        /// Bytes taken.
        TCA_GRED_VQ_STAT_BYTES = 3 => "stat_bytes": Number(U64, Bytes), (5, 0);
        /// Packets taken.
        TCA_GRED_VQ_STAT_PACKETS = 4 => "stat_packets": Number(U32, Count), (5, 0);
        /// Bytes that wait.
        TCA_GRED_VQ_STAT_BACKLOG = 5 => "stat_backlog": Number(U32, Bytes), (5, 0);
        /// Packets dropped early.
        TCA_GRED_VQ_STAT_PROB_DROP = 6 => "stat_prob_drop": Number(U32, Count), (5, 0);
        /// Packets marked early.
        TCA_GRED_VQ_STAT_PROB_MARK = 7 => "stat_prob_mark": Number(U32, Count), (5, 0);
        /// Packets dropped because of `qth_max`.
        TCA_GRED_VQ_STAT_FORCED_DROP = 8 => "stat_forced_drop": Number(U32, Count), (5, 0);
        /// Packets marked because of `qth_max`.
        TCA_GRED_VQ_STAT_FORCED_MARK = 9 => "stat_forced_mark": Number(U32, Count), (5, 0);
        /// Packets dropped because of the limit.
        TCA_GRED_VQ_STAT_PDROP = 10 => "stat_pdrop": Number(U32, Count), (5, 0);
        /// Packets dropped for other reasons.
        TCA_GRED_VQ_STAT_OTHER = 11 => "stat_other": Number(U32, Count), (5, 0);
        /// How packets are dropped.
        TCA_GRED_VQ_FLAGS = 12 => "flags": Number(U32, SetOf(RED_FLAGS)), (5, 0);
    }
}

crate::layout! {
    /// A qdisc of SFB.
    pub struct SfbOptions = tc_sfb_qopt {
        /// Time between two ways to spread flows.
        rehash_interval => rehash_interval: u32 @ 0, Milliseconds, (2, 39);
        /// Time for which the next way is tried.
        warmup_time => warmup_time: u32 @ 4, Milliseconds, (2, 39);
        /// Most packets of a place.
        max => max: u32 @ 8, Count, (2, 39);
        /// Packets from which a place drops more.
        bin_size => bin_size: u32 @ 12, Count, (2, 39);
        /// By how much more, of 65536.
        increment => increment: u32 @ 16, Count, (2, 39);
        /// By how much less, of 65536.
        decrement => decrement: u32 @ 20, Count, (2, 39);
        /// Most packets.
        limit => limit: u32 @ 24, Count, (2, 39);
        /// Packets a second of flows that do not slow down.
        penalty_rate => penalty_rate: u32 @ 28, Count, (2, 39);
        /// Packets at once of flows that do not slow down.
        penalty_burst => penalty_burst: u32 @ 32, Count, (2, 39);
    }
}

crate::layout! {
    /// Counters of SFB.
    pub struct SfbCounters = tc_sfb_xstats {
        /// Packets dropped early.
        earlydrop => earlydrop: u32 @ 0, Count, (2, 39);
        /// Packets dropped of flows that do not slow down.
        penaltydrop => penaltydrop: u32 @ 4, Count, (2, 39);
        /// Packets dropped because of the limit of a place.
        bucketdrop => bucketdrop: u32 @ 8, Count, (2, 39);
        /// Packets dropped because of the limit.
        queuedrop => queuedrop: u32 @ 12, Count, (2, 39);
        /// Packets dropped by the qdisc below.
        childdrop => childdrop: u32 @ 16, Count, (2, 39);
        /// Packets marked in place of being dropped.
        marked => marked: u32 @ 20, Count, (2, 39);
        /// Most packets of a place.
        maxqlen => maxqlen: u32 @ 24, Count, (2, 39);
        /// Greatest share of packets that are dropped, of 65536.
        maxprob => maxprob: u32 @ 28, Count, (2, 39);
        /// Average share of packets that are dropped, of 65536.
        avgprob => avgprob: u32 @ 32, Count, (2, 39);
    }
}

crate::space! {
    /// What SFB adds to a qdisc.
    pub static SFB = "sfb"; {
        /// The qdisc.
        TCA_SFB_PARMS = 1 => "": Structure(&SfbOptions::LAYOUT), (2, 39);
    }
}
