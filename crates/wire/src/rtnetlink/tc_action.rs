//! Actions of traffic control: `struct tcamsg` and the attributes behind it (net/sched/act_api.c).

pub mod connection;
pub mod edit;
pub mod metadata;
pub mod verdict;

use crate::rtnetlink::link::FAMILIES;
use crate::rtnetlink::tc::{BasicCounters, QueueCounters, Rate, Rate64};
use crate::rtnetlink::tc_action::connection::{CONNMARK, CT, CTINFO};
use crate::rtnetlink::tc_action::edit::{ACTION_MPLS, ACTION_VLAN, CSUM, NAT, PEDIT, SKBMOD};
use crate::rtnetlink::tc_action::metadata::{IFE, SKBEDIT, TUNNEL_KEY};
use crate::rtnetlink::tc_action::verdict::{ACTION_BPF, GACT, GATE, MIRRED, POLICE, SAMPLE, SIMPLE};
use crate::{Choice, Name, choices, names};

crate::layout! {
    /// Actions of one kind (`struct tcamsg`).
    pub struct ActionMessage = tcamsg {
        /// Address family: unspec.
        tca_family => family: u8 @ 0, OneOf(FAMILIES), (2, 12);
    }
}

crate::space! {
    /// Actions; one message has many of them.
    pub static TC_ACTION = "tc_action", header &ActionMessage::LAYOUT, 4; {
        /// Actions.
        TCA_ROOT_TAB = 1 => "": Listed(&Nest(&ACTION)), (4, 14);
        /// Actions in this message.
        TCA_ROOT_COUNT = 3 => "count": Number(U32, Count), (4, 14);
        /// A warning of the kernel.
        TCA_ROOT_EXT_WARN_MSG = 5 => "ext_warn_msg": Text, (6, 3);
    }
}

crate::space! {
    /// One action.
    pub static ACTION = "action"; {
        /// Kind of the action.
        TCA_ACT_KIND = 1 => "kind": Text, (2, 12);
        /// What the kind adds.
        TCA_ACT_OPTIONS = 2 => "": Selected(Selector::Text(1), ACTION_OPTIONS), (2, 12);
        /// Number of the action among those of its kind.
        TCA_ACT_INDEX = 3 => "index": Number(U32, Identifier), (2, 12);
        /// Counters.
        TCA_ACT_STATS = 4 => "stats": Nest(&ACTION_STATISTICS), (2, 12);
        /// What a program noted at the action.
        TCA_ACT_COOKIE = 6 => "cookie": Opaque, (4, 11);
        /// Flags of the action.
        TCA_ACT_FLAGS = 7 => "": Structure(&ActionFlags::LAYOUT), (5, 5);
        /// How the device counts, as it was asked to.
        TCA_ACT_HW_STATS = 8 => "": Structure(&ActionHardware::LAYOUT), (5, 7);
        /// How the device counts.
        TCA_ACT_USED_HW_STATS = 9 => "": Structure(&ActionHardwareUsed::LAYOUT), (5, 7);
        /// Devices that do the action themselves.
        TCA_ACT_IN_HW_COUNT = 10 => "in_hw_count": Number(U32, Count), (5, 17);
    }
}

/// How a device counts (`TCA_ACT_HW_STATS_*`).
pub(crate) const HARDWARE_STATS: &[Name] = names![(1, "immediate"), (2, "delayed")];

crate::layout! {
    /// Flags of an action.
    pub struct ActionFlags = nla_bitfield32 {
        /// Flags that are on.
        value => flags: u32 @ 0, SetOf(crate::names![(1, "no-percpu-stats"), (2, "skip-hw"), (4, "skip-sw")]), (5, 3);
    }
}

crate::layout! {
    /// How a device counts, as it was asked to.
    pub struct ActionHardware = nla_bitfield32 {
        /// Ways that are allowed.
        value => hw_stats: u32 @ 0, SetOf(HARDWARE_STATS), (5, 7);
    }
}

crate::layout! {
    /// How a device counts.
    pub struct ActionHardwareUsed = nla_bitfield32 {
        /// Ways in use.
        value => used_hw_stats: u32 @ 0, SetOf(HARDWARE_STATS), (5, 7);
    }
}

crate::space! {
    /// Counters of an action or a filter.
    pub static ACTION_STATISTICS = "action_statistics"; {
        /// Bytes and packets seen.
        TCA_STATS_BASIC = 1 => "basic": Structure(&BasicCounters::LAYOUT), (2, 12);
        /// Estimated rates in 32 bits.
        TCA_STATS_RATE_EST = 2 => "rate_est": Structure(&Rate::LAYOUT), (2, 12);
        /// Packets dropped, and those that waited.
        TCA_STATS_QUEUE = 3 => "queue": Structure(&QueueCounters::LAYOUT), (2, 12);
        /// Counters that the kind adds.
        TCA_STATS_APP = 4 => "xstats": Opaque, (2, 12);
        /// Estimated rates.
        TCA_STATS_RATE_EST64 = 5 => "rate_est64": Structure(&Rate64::LAYOUT), (3, 11);
        /// Bytes and packets that the device handled.
        TCA_STATS_BASIC_HW = 7 => "basic_hw": Structure(&BasicCounters::LAYOUT), (4, 20);
        /// Packets seen.
        TCA_STATS_PKT64 = 8 => "pkt64": Number(U64, Count), (5, 5);
    }
}

/// What each kind of action adds.
pub(crate) static ACTION_OPTIONS: &[Choice] = choices![
    ("bpf", 0, "bpf", Nest(&ACTION_BPF)),
    ("connmark", 0, "connmark", Nest(&CONNMARK)),
    ("csum", 0, "csum", Nest(&CSUM)),
    ("ct", 0, "ct", Nest(&CT)),
    ("ctinfo", 0, "ctinfo", Nest(&CTINFO)),
    ("gact", 0, "gact", Nest(&GACT)),
    ("gate", 0, "gate", Nest(&GATE)),
    ("ife", 0, "ife", Nest(&IFE)),
    ("mirred", 0, "mirred", Nest(&MIRRED)),
    ("mpls", 0, "mpls", Nest(&ACTION_MPLS)),
    ("nat", 0, "nat", Nest(&NAT)),
    ("pedit", 0, "pedit", Nest(&PEDIT)),
    ("police", 0, "police", Nest(&POLICE)),
    ("sample", 0, "sample", Nest(&SAMPLE)),
    ("simple", 0, "simple", Nest(&SIMPLE)),
    ("skbedit", 0, "skbedit", Nest(&SKBEDIT)),
    ("skbmod", 0, "skbmod", Nest(&SKBMOD)),
    ("tunnel_key", 0, "tunnel_key", Nest(&TUNNEL_KEY)),
    ("vlan", 0, "vlan", Nest(&ACTION_VLAN)),
];

/// What happens to a packet (`TC_ACT_*`); `jump` and `goto-chain` carry a number in their lower 28 bits.
pub(crate) const VERDICTS: &[Name] = names![
    (0xffff_ffff_ffff_ffff, "unspec"),
    (0, "ok"),
    (1, "reclassify"),
    (2, "shot"),
    (3, "pipe"),
    (4, "stolen"),
    (5, "queued"),
    (6, "repeat"),
    (7, "redirect"),
    (8, "trap"),
];

crate::layout! {
    /// What every kind of action has.
    pub struct ActionParameters = tc_gen {
        /// Number of the action among those of its kind.
        index => index: u32 @ 0, Identifier, (2, 12);
        /// Of no meaning any more.
        capab => capab: u32 @ 4, Hexadecimal, (2, 12);
        /// What happens to the packet then.
        action => action: i32 @ 8, OneOf(VERDICTS), (2, 12);
        /// References to the action.
        refcnt => refcnt: i32 @ 12, Count, (2, 12);
        /// Filters that use the action.
        bindcnt => bindcnt: i32 @ 16, Count, (2, 12);
    }
}

crate::layout! {
    /// Times of an action.
    pub struct ActionTimes = tcf_t {
        /// Time since the action was made.
        install => install: u64 @ 0, Centiseconds, (2, 12);
        /// Time since the action was last used.
        lastuse => lastuse: u64 @ 8, Centiseconds, (2, 12);
        /// Time until the action ends; 0 where it does not.
        expires => expires: u64 @ 16, Centiseconds, (2, 12);
        /// Time since the action was first used; 0 where it never was.
        firstuse => firstuse: u64 @ 24, Centiseconds, (4, 7);
    }
}
