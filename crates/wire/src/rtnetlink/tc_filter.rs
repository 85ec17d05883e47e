//! Filters of traffic control: `struct tcmsg` and the attributes behind it (net/sched/cls_api.c).

pub mod flower;
pub mod simple;
pub mod u32;

use crate::rtnetlink::link::FAMILIES;
use crate::rtnetlink::tc::Counters;
use crate::rtnetlink::tc_action::ACTION_STATISTICS;
use crate::rtnetlink::tc_filter::flower::FLOWER;
use crate::rtnetlink::tc_filter::simple::{BASIC, CGROUP, FILTER_BPF, FILTER_ROUTE, FLOW, FW, MATCHALL};
use crate::rtnetlink::tc_filter::u32::U32_FILTER;
use crate::{Choice, Name, choices, names};

crate::layout! {
    /// One filter (`struct tcmsg`).
    pub struct FilterMessage = tcmsg {
        /// Address family: unspec.
        tcm_family => family: u8 @ 0, OneOf(FAMILIES), (2, 12);
        /// Link of the filter; 0xffffffff where it is part of a block.
        tcm_ifindex => ifindex: i32 @ 4, Interface, (2, 12);
        /// Its number among those of its priority, as the kind counts them.
        tcm_handle => handle: u32 @ 8, Hexadecimal, (2, 12);
        /// Class or qdisc that it is at; of a block, its number.
        tcm_parent => parent: u32 @ 12, Handle, (2, 12);
        /// Protocol that packets have to have.
        tcm_info => protocol: be16low @ 16, OneOf(ETHERNET_PROTOCOLS), (2, 12);
        /// Priority; less is first.
        tcm_info => priority: u32[16; 16] @ 16, Identifier, (2, 12);
    }
}

/// Protocols that a packet may have (`ETH_P_*`).
pub(crate) const ETHERNET_PROTOCOLS: &[Name] = names![
    (0x0003, "all"),
    (0x0800, "ip"),
    (0x0806, "arp"),
    (0x8100, "802.1q"),
    (0x86dd, "ipv6"),
    (0x8847, "mpls-uc"),
    (0x8848, "mpls-mc"),
    (0x8863, "ppp-disc"),
    (0x8864, "ppp-ses"),
    (0x88a8, "802.1ad"),
    (0x88cc, "lldp"),
    (0x88e5, "macsec"),
    (0x88f7, "1588"),
];

crate::space! {
    /// Attributes of a filter.
    pub static TC_FILTER = "tc_filter", header &FilterMessage::LAYOUT, 20; {
        /// Kind of the filter.
        TCA_KIND = 1 => "kind": Text, (2, 12);
        /// What the kind adds.
        TCA_OPTIONS = 2 => "": Selected(Selector::Text(1), FILTER_OPTIONS), (2, 12);
        /// Counters, as old kernels told them.
        TCA_STATS = 3 => "stats": Structure(&Counters::LAYOUT), (2, 12);
        /// Counters that the kind adds, as old kernels told them.
        TCA_XSTATS = 4 => "xstats": Opaque, (2, 12);
        /// Counters.
        TCA_STATS2 = 7 => "stats2": Nest(&ACTION_STATISTICS), (2, 12);
        /// Chain that the filter is part of.
        TCA_CHAIN = 11 => "chain": Number(U32, Identifier), (4, 13);
        /// A warning of the kernel.
        TCA_EXT_WARN_MSG = 16 => "ext_warn_msg": Text, (6, 3);
    }
}

/// What each kind of filter adds.
pub(crate) static FILTER_OPTIONS: &[Choice] = choices![
    ("basic", 0, "basic", Nest(&BASIC)),
    ("bpf", 0, "bpf", Nest(&FILTER_BPF)),
    ("cgroup", 0, "cgroup", Nest(&CGROUP)),
    ("flow", 0, "flow", Nest(&FLOW)),
    ("flower", 0, "flower", Nest(&FLOWER)),
    ("fw", 0, "fw", Nest(&FW)),
    ("matchall", 0, "matchall", Nest(&MATCHALL)),
    ("route", 0, "route", Nest(&FILTER_ROUTE)),
    ("u32", 0, "u32", Nest(&U32_FILTER)),
];

/// Where a filter works (`TCA_CLS_FLAGS_*`).
pub(crate) const FILTER_FLAGS: &[Name] =
    names![(1, "skip-hw"), (2, "skip-sw"), (4, "in-hw"), (8, "not-in-hw"), (16, "verbose"),];
