//! Classes of queueing disciplines: `struct tcmsg` and the attributes behind it (net/sched/sch_api.c).

use crate::rtnetlink::link::FAMILIES;
use crate::rtnetlink::qdisc::cake::CAKE_STATISTICS;
use crate::rtnetlink::qdisc::codel::FqCodelFlow;
use crate::rtnetlink::qdisc::hfsc::{HFSC, HfscCounters};
use crate::rtnetlink::qdisc::htb::{HTB, HtbCounters};
use crate::rtnetlink::qdisc::sfq::{DRR, DrrCounters, ETS, QFQ, QfqCounters, SfqCounters};
use crate::rtnetlink::tc::{BasicCounters, Counters, Estimator, QueueCounters, Rate, Rate64};
use crate::{Choice, choices};

crate::layout! {
    /// One class (`struct tcmsg`).
    pub struct ClassMessage = tcmsg {
        /// Address family: unspec.
        tcm_family => family: u8 @ 0, OneOf(FAMILIES), (2, 12);
        /// Link of the class.
        tcm_ifindex => ifindex: i32 @ 4, Interface, (2, 12);
        /// Its handle.
        tcm_handle => handle: u32 @ 8, Handle, (2, 12);
        /// Class or qdisc that it hangs from; ffff:ffff for the root.
        tcm_parent => parent: u32 @ 12, Handle, (2, 12);
        /// Queueing discipline that hangs from it.
        tcm_info => leaf: u32 @ 16, Handle, (2, 12);
    }
}

crate::space! {
    /// Attributes of a class.
    pub static TC_CLASS = "tc_class", header &ClassMessage::LAYOUT, 20; {
        /// Kind of the qdisc that the class is part of.
        TCA_KIND = 1 => "kind": Text, (2, 12);
        /// What the kind adds.
        TCA_OPTIONS = 2 => "": Selected(Selector::Text(1), CLASS_OPTIONS), (2, 12);
        /// Counters, as old kernels told them.
        TCA_STATS = 3 => "stats": Structure(&Counters::LAYOUT), (2, 12);
        /// Counters that the kind adds, as old kernels told them.
        TCA_XSTATS = 4 => "xstats": Selected(Selector::Text(1), CLASS_XSTATS), (2, 12);
        /// How the rate is estimated.
        TCA_RATE = 5 => "rate": Structure(&Estimator::LAYOUT), (2, 12);
        /// Counters.
        TCA_STATS2 = 7 => "stats2": Nest(&CLASS_STATISTICS), (2, 12);
        /// A warning of the kernel.
        TCA_EXT_WARN_MSG = 16 => "ext_warn_msg": Text, (6, 3);
    }
}

crate::space! {
    /// Counters of a class.
    pub static CLASS_STATISTICS = "class_statistics"; {
        /// Bytes and packets sent.
        TCA_STATS_BASIC = 1 => "basic": Structure(&BasicCounters::LAYOUT), (2, 12);
        /// Estimated rates in 32 bits.
        TCA_STATS_RATE_EST = 2 => "rate_est": Structure(&Rate::LAYOUT), (2, 12);
        /// Counters of the queue.
        TCA_STATS_QUEUE = 3 => "queue": Structure(&QueueCounters::LAYOUT), (2, 12);
        /// Counters that the kind adds.
        TCA_STATS_APP = 4 => "xstats": Selected(Selector::OuterText(1), CLASS_XSTATS), (2, 12);
        /// Estimated rates.
        TCA_STATS_RATE_EST64 = 5 => "rate_est64": Structure(&Rate64::LAYOUT), (3, 11);
        /// Bytes and packets that the device handled.
        TCA_STATS_BASIC_HW = 7 => "basic_hw": Structure(&BasicCounters::LAYOUT), (4, 20);
        /// Packets sent.
        TCA_STATS_PKT64 = 8 => "pkt64": Number(U64, Count), (5, 5);
    }
}

/// What a class of each kind of qdisc has.
pub(crate) static CLASS_OPTIONS: &[Choice] = choices![
    ("drr", 0, "drr", Nest(&DRR)),
    ("ets", 0, "ets", Nest(&ETS)),
    ("hfsc", 0, "hfsc", Nest(&HFSC)),
    ("htb", 0, "htb", Nest(&HTB)),
    ("qfq", 0, "qfq", Nest(&QFQ)),
];

/// Counters that classes of each kind of qdisc have.
pub(crate) static CLASS_XSTATS: &[Choice] = choices![
    ("cake", 0, "cake", Nest(&CAKE_STATISTICS)),
    ("drr", 0, "drr", Structure(&DrrCounters::LAYOUT)),
    ("fq_codel", 0, "fq_codel", Structure(&FqCodelFlow::LAYOUT)),
    ("hfsc", 0, "hfsc", Structure(&HfscCounters::LAYOUT)),
    ("htb", 0, "htb", Structure(&HtbCounters::LAYOUT)),
    ("qfq", 0, "qfq", Structure(&QfqCounters::LAYOUT)),
    ("sfq", 0, "sfq", Structure(&SfqCounters::LAYOUT)),
];
