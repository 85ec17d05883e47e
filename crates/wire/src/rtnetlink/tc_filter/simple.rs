//! Filters that look at one thing: all packets, marks, realms, control groups, hashes, programs
//! (include/uapi/linux/pkt_cls.h, net/sched/cls_matchall.c, cls_basic.c, cls_fw.c, cls_route.c, cls_cgroup.c,
//! cls_flow.c, cls_bpf.c).

use crate::rtnetlink::tc_action::ACTION;
use crate::rtnetlink::tc_action::verdict::POLICE;
use crate::rtnetlink::tc_filter::FILTER_FLAGS;

crate::layout! {
    /// Counters of a filter.
    pub struct MatchallCounters = tc_matchall_pcnt {
        /// Packets seen.
        rhit => rhit: u64 @ 0, Count, (5, 1);
    }
}

crate::space! {
    /// What a filter for all packets adds.
    pub static MATCHALL = "matchall"; {
        /// Class that packets go to.
        TCA_MATCHALL_CLASSID = 1 => "classid": Number(U32, Handle), (4, 8);
        /// Actions.
        TCA_MATCHALL_ACT = 2 => "act": Listed(&Nest(&ACTION)), (4, 8);
        /// Where the filter works.
        TCA_MATCHALL_FLAGS = 3 => "flags": Number(U32, SetOf(FILTER_FLAGS)), (4, 8);
        /// Counters.
        TCA_MATCHALL_PCNT = 4 => "pcnt": Structure(&MatchallCounters::LAYOUT), (5, 1);
    }
}

crate::layout! {
    /// Counters of a filter.
    pub struct BasicFilterCounters = tc_basic_pcnt {
        /// Packets seen.
        rcnt => rcnt: u64 @ 0, Count, (5, 1);
        /// Packets that fit.
        rhit => rhit: u64 @ 8, Count, (5, 1);
    }
}

crate::space! {
    /// What a filter by extended matches adds.
    pub static BASIC = "basic"; {
        /// Class that packets go to.
        TCA_BASIC_CLASSID = 1 => "classid": Number(U32, Handle), (2, 12);
        /// Extended matches.
        TCA_BASIC_EMATCHES = 2 => "ematches": Opaque, (2, 12);
        /// Actions.
        TCA_BASIC_ACT = 3 => "act": Listed(&Nest(&ACTION)), (2, 12);
        /// Limit in the old form.
        TCA_BASIC_POLICE = 4 => "police": Nest(&POLICE), (2, 12);
        /// Counters.
        TCA_BASIC_PCNT = 5 => "pcnt": Structure(&BasicFilterCounters::LAYOUT), (5, 1);
    }
}

crate::space! {
    /// What a filter by marks adds; the handle is the mark.
    pub static FW = "fw"; {
        /// Class that packets go to.
        TCA_FW_CLASSID = 1 => "classid": Number(U32, Handle), (2, 12);
        /// Limit in the old form.
        TCA_FW_POLICE = 2 => "police": Nest(&POLICE), (2, 12);
        /// Link that packets have to come from.
        TCA_FW_INDEV = 3 => "indev": Text, (2, 12);
        /// Actions.
        TCA_FW_ACT = 4 => "act": Listed(&Nest(&ACTION)), (2, 12);
        /// Bits of the mark that count.
        TCA_FW_MASK = 5 => "mask": Number(U32, Hexadecimal), (2, 19);
    }
}

crate::space! {
    /// What a filter by realms adds.
    pub static FILTER_ROUTE = "route_filter"; {
        /// Class that packets go to.
        TCA_ROUTE4_CLASSID = 1 => "classid": Number(U32, Handle), (2, 12);
        /// Realm of the destination.
        TCA_ROUTE4_TO = 2 => "to": Number(U32, Identifier), (2, 12);
        /// Realm of the source.
        TCA_ROUTE4_FROM = 3 => "from": Number(U32, Identifier), (2, 12);
        /// Link that packets have to come from.
        TCA_ROUTE4_IIF = 4 => "iif": Number(U32, Interface), (2, 12);
        /// Limit in the old form.
        TCA_ROUTE4_POLICE = 5 => "police": Nest(&POLICE), (2, 12);
        /// Actions.
        TCA_ROUTE4_ACT = 6 => "act": Listed(&Nest(&ACTION)), (2, 12);
    }
}

crate::space! {
    /// What a filter by control groups adds.
    pub static CGROUP = "cgroup"; {
        /// Actions.
        TCA_CGROUP_ACT = 1 => "act": Listed(&Nest(&ACTION)), (2, 29);
        /// Limit in the old form.
        TCA_CGROUP_POLICE = 2 => "police": Nest(&POLICE), (2, 29);
        /// Extended matches.
        TCA_CGROUP_EMATCHES = 3 => "ematches": Opaque, (2, 29);
    }
}

crate::space! {
    /// What a filter by flows adds.
    pub static FLOW = "flow"; {
        /// What of a packet makes its flow.
        TCA_FLOW_KEYS = 1 => "keys": Number(U32, SetOf(crate::names![(0x1, "src"), (0x2, "dst"), (0x4, "proto"),
            (0x8, "proto-src"), (0x10, "proto-dst"), (0x20, "iif"), (0x40, "priority"), (0x80, "mark"), (0x100, "nfct"),
            (0x200, "nfct-src"), (0x400, "nfct-dst"), (0x800, "nfct-proto-src"), (0x1000, "nfct-proto-dst"),
            (0x2000, "rtclassid"), (0x4000, "skuid"), (0x8000, "skgid"), (0x10000, "vlan-tag"), (0x20000, "rxhash")])),
            (2, 25);
        /// Whether one thing is mapped to a class, or many are hashed.
        TCA_FLOW_MODE = 2 => "mode": Number(U32, OneOf(crate::names![(0, "map"), (1, "hash")])), (2, 25);
        /// First class.
        TCA_FLOW_BASECLASS = 3 => "baseclass": Number(U32, Handle), (2, 25);
        /// Bits by which the thing is moved.
        TCA_FLOW_RSHIFT = 4 => "rshift": Number(U32, Count), (2, 25);
        /// Number that is added to it.
        TCA_FLOW_ADDEND = 5 => "addend": Number(U32, Hexadecimal), (2, 25);
        /// Bits of it that count.
        TCA_FLOW_MASK = 6 => "mask": Number(U32, Hexadecimal), (2, 25);
        /// Bits of it that are turned over.
        TCA_FLOW_XOR = 7 => "xor": Number(U32, Hexadecimal), (2, 25);
        /// Classes.
        TCA_FLOW_DIVISOR = 8 => "divisor": Number(U32, Count), (2, 25);
        /// Actions.
        TCA_FLOW_ACT = 9 => "act": Listed(&Nest(&ACTION)), (2, 25);
        /// Limit in the old form.
        TCA_FLOW_POLICE = 10 => "police": Nest(&POLICE), (2, 25);
        /// Extended matches.
        TCA_FLOW_EMATCHES = 11 => "ematches": Opaque, (2, 25);
        /// Time between two ways to hash.
        TCA_FLOW_PERTURB = 12 => "perturb": Number(U32, Seconds), (2, 27);
    }
}

crate::space! {
    /// What a filter by a program adds.
    pub static FILTER_BPF = "bpf_filter"; {
        /// Actions.
        TCA_BPF_ACT = 1 => "act": Listed(&Nest(&ACTION)), (3, 14);
        /// Limit in the old form.
        TCA_BPF_POLICE = 2 => "police": Nest(&POLICE), (3, 14);
        /// Class that packets go to.
        TCA_BPF_CLASSID = 3 => "classid": Number(U32, Handle), (3, 14);
        /// Instructions of a classic program.
        TCA_BPF_OPS_LEN = 4 => "ops_len": Number(U16, Count), (3, 14);
        /// Instructions of a classic program.
        TCA_BPF_OPS = 5 => "ops": ClassicBpf, (3, 14);
        /// Name that was given with the program.
        TCA_BPF_NAME = 7 => "name": Text, (4, 1);
        /// Whether the program says itself what happens.
        TCA_BPF_FLAGS = 8 => "flags": Number(U32, SetOf(crate::names![(1, "act-direct")])), (4, 4);
        /// Where the filter works.
        TCA_BPF_FLAGS_GEN = 9 => "flags_gen": Number(U32, SetOf(FILTER_FLAGS)), (4, 9);
        /// Digest of the program.
        TCA_BPF_TAG = 10 => "tag": Opaque, (4, 10);
        /// Number of the program.
        TCA_BPF_ID = 11 => "id": Number(U32, Identifier), (4, 13);
    }
}
