//! Queueing disciplines: `struct tcmsg` and the attributes behind it (include/uapi/linux/rtnetlink.h,
//! net/sched/sch_api.c).

pub mod cake;
pub mod codel;
pub mod fifo;
pub mod fq;
pub mod hfsc;
pub mod htb;
pub mod netem;
pub mod pie;
pub mod red;
pub mod sfq;
pub mod tbf;
pub mod time;

use crate::rtnetlink::link::FAMILIES;
use crate::rtnetlink::qdisc::cake::{CAKE, CAKE_STATISTICS};
use crate::rtnetlink::qdisc::codel::{CODEL, CodelCounters, FQ_CODEL, FqCodelCounters};
use crate::rtnetlink::qdisc::fifo::{FifoBytes, FifoPackets, MultiqOptions, PrioOptions, SkbprioOptions};
use crate::rtnetlink::qdisc::fq::{FQ, FqCounters};
use crate::rtnetlink::qdisc::hfsc::HfscOptions;
use crate::rtnetlink::qdisc::htb::HTB;
use crate::rtnetlink::qdisc::netem::{NETEM, NetemCounters};
use crate::rtnetlink::qdisc::pie::{DUALPI2, Dualpi2Counters, FQ_PIE, FqPieCounters, PIE, PieCounters};
use crate::rtnetlink::qdisc::red::{CHOKE, ChokeCounters, GRED, RED, RedCounters, SFB, SfbCounters};
use crate::rtnetlink::qdisc::sfq::{ETS, HHF, HhfCounters, SfqOptions};
use crate::rtnetlink::qdisc::tbf::TBF;
use crate::rtnetlink::qdisc::time::{CBS, ETF, MQPRIO, TAPRIO, TAPRIO_STATISTICS};
use crate::rtnetlink::tc::{BasicCounters, Counters, Estimator, QueueCounters, Rate, Rate64, SIZE_TABLE};
use crate::{Choice, choices};

crate::layout! {
    /// One queueing discipline (`struct tcmsg`).
    pub struct QdiscMessage = tcmsg {
        /// Address family: unspec.
        tcm_family => family: u8 @ 0, OneOf(FAMILIES), (2, 12);
        /// Link of the qdisc.
        tcm_ifindex => ifindex: i32 @ 4, Interface, (2, 12);
        /// Its handle.
        tcm_handle => handle: u32 @ 8, Handle, (2, 12);
        /// Class that it hangs from; ffff:ffff for the root, ffff:fff1 for the way in.
        tcm_parent => parent: u32 @ 12, Handle, (2, 12);
        /// References to it.
        tcm_info => refcnt: u32 @ 16, Count, (2, 12);
    }
}

crate::space! {
    /// Attributes of a queueing discipline.
    pub static QDISC = "qdisc", header &QdiscMessage::LAYOUT, 20; {
        /// Kind of the qdisc.
        TCA_KIND = 1 => "kind": Text, (2, 12);
        /// What the kind adds.
        TCA_OPTIONS = 2 => "": Selected(Selector::Text(1), QDISC_OPTIONS), (2, 12);
        /// Counters, as old kernels told them.
        TCA_STATS = 3 => "stats": Structure(&Counters::LAYOUT), (2, 12);
        /// Counters that the kind adds, as old kernels told them.
        TCA_XSTATS = 4 => "xstats": Selected(Selector::Text(1), QDISC_XSTATS), (2, 12);
        /// How the rate is estimated.
        TCA_RATE = 5 => "rate": Structure(&Estimator::LAYOUT), (2, 12);
        /// Counters.
        TCA_STATS2 = 7 => "stats2": Nest(&QDISC_STATISTICS), (2, 12);
        /// Correction of the size of packets.
        TCA_STAB = 8 => "stab": Nest(&SIZE_TABLE), (2, 27);
        /// Whether the device does the work.
        TCA_HW_OFFLOAD = 12 => "hw_offload": Number(U8, Truth), (4, 15);
        /// Block of filters for packets that come in.
        TCA_INGRESS_BLOCK = 13 => "ingress_block": Number(U32, Identifier), (4, 16);
        /// Block of filters for packets that go out.
        TCA_EGRESS_BLOCK = 14 => "egress_block": Number(U32, Identifier), (4, 16);
        /// A warning of the kernel.
        TCA_EXT_WARN_MSG = 16 => "ext_warn_msg": Text, (6, 3);
    }
}

crate::space! {
    /// Counters of a queueing discipline.
    pub static QDISC_STATISTICS = "qdisc_statistics"; {
        /// Bytes and packets sent.
        TCA_STATS_BASIC = 1 => "basic": Structure(&BasicCounters::LAYOUT), (2, 12);
        /// Estimated rates in 32 bits.
        TCA_STATS_RATE_EST = 2 => "rate_est": Structure(&Rate::LAYOUT), (2, 12);
        /// Counters of the queue.
        TCA_STATS_QUEUE = 3 => "queue": Structure(&QueueCounters::LAYOUT), (2, 12);
        /// Counters that the kind adds.
        TCA_STATS_APP = 4 => "xstats": Selected(Selector::OuterText(1), QDISC_XSTATS), (2, 12);
        /// Estimated rates.
        TCA_STATS_RATE_EST64 = 5 => "rate_est64": Structure(&Rate64::LAYOUT), (3, 11);
        /// Bytes and packets that the device handled.
        TCA_STATS_BASIC_HW = 7 => "basic_hw": Structure(&BasicCounters::LAYOUT), (4, 20);
        /// Packets sent.
        TCA_STATS_PKT64 = 8 => "pkt64": Number(U64, Count), (5, 5);
    }
}

/// What each kind of qdisc adds.
pub(crate) static QDISC_OPTIONS: &[Choice] = choices![
    ("bfifo", 0, "bfifo", Structure(&FifoBytes::LAYOUT)),
    ("cake", 0, "cake", Nest(&CAKE)),
    ("cbs", 0, "cbs", Nest(&CBS)),
    ("choke", 0, "choke", Nest(&CHOKE)),
    ("codel", 0, "codel", Nest(&CODEL)),
    ("dualpi2", 0, "dualpi2", Nest(&DUALPI2)),
    ("etf", 0, "etf", Nest(&ETF)),
    ("ets", 0, "ets", Nest(&ETS)),
    ("fq", 0, "fq", Nest(&FQ)),
    ("fq_codel", 0, "fq_codel", Nest(&FQ_CODEL)),
    ("fq_pie", 0, "fq_pie", Nest(&FQ_PIE)),
    ("gred", 0, "gred", Nest(&GRED)),
    ("hfsc", 0, "hfsc", Structure(&HfscOptions::LAYOUT)),
    ("hhf", 0, "hhf", Nest(&HHF)),
    ("htb", 0, "htb", Nest(&HTB)),
    ("mqprio", 0, "mqprio", Nest(&MQPRIO)),
    ("multiq", 0, "multiq", Structure(&MultiqOptions::LAYOUT)),
    ("netem", 0, "netem", Nest(&NETEM)),
    ("pfifo", 0, "pfifo", Structure(&FifoPackets::LAYOUT)),
    ("pfifo_fast", 0, "pfifo_fast", Structure(&PrioOptions::LAYOUT)),
    ("pfifo_head_drop", 0, "pfifo_head_drop", Structure(&FifoPackets::LAYOUT)),
    ("pie", 0, "pie", Nest(&PIE)),
    ("prio", 0, "prio", Structure(&PrioOptions::LAYOUT)),
    ("red", 0, "red", Nest(&RED)),
    ("sfb", 0, "sfb", Nest(&SFB)),
    ("sfq", 0, "sfq", Structure(&SfqOptions::LAYOUT)),
    ("skbprio", 0, "skbprio", Structure(&SkbprioOptions::LAYOUT)),
    ("taprio", 0, "taprio", Nest(&TAPRIO)),
    ("tbf", 0, "tbf", Nest(&TBF)),
];

/// Counters that kinds of qdiscs add.
pub(crate) static QDISC_XSTATS: &[Choice] = choices![
    ("cake", 0, "cake", Nest(&CAKE_STATISTICS)),
    ("choke", 0, "choke", Structure(&ChokeCounters::LAYOUT)),
    ("codel", 0, "codel", Structure(&CodelCounters::LAYOUT)),
    ("dualpi2", 0, "dualpi2", Structure(&Dualpi2Counters::LAYOUT)),
    ("fq", 0, "fq", Structure(&FqCounters::LAYOUT)),
    ("fq_codel", 0, "fq_codel", Structure(&FqCodelCounters::LAYOUT)),
    ("fq_pie", 0, "fq_pie", Structure(&FqPieCounters::LAYOUT)),
    ("hhf", 0, "hhf", Structure(&HhfCounters::LAYOUT)),
    ("netem", 0, "netem", Structure(&NetemCounters::LAYOUT)),
    ("pie", 0, "pie", Structure(&PieCounters::LAYOUT)),
    ("red", 0, "red", Structure(&RedCounters::LAYOUT)),
    ("sfb", 0, "sfb", Structure(&SfbCounters::LAYOUT)),
    ("taprio", 0, "taprio", Nest(&TAPRIO_STATISTICS)),
];
