//! Actions that say what happens to a packet: gact, police, mirred, sample, gate, bpf, simple
//! (include/uapi/linux/tc_act/, net/sched/act_gact.c and others).

use crate::rtnetlink::qdisc::time::CLOCKS;
use crate::rtnetlink::tc::LINK_LAYERS;
use crate::rtnetlink::tc_action::{ActionParameters, ActionTimes, VERDICTS};

crate::layout! {
    /// Another verdict for some packets.
    pub struct GactChance = tc_gact_p {
        /// Whether packets are chosen by chance or in turn.
        ptype => ptype: u16 @ 0, OneOf(crate::names![(0, "none"), (1, "netrand"), (2, "determ")]), (2, 12);
        /// One of how many packets.
        pval => pval: u16 @ 2, Count, (2, 12);
        /// What happens to it.
        paction => paction: i32 @ 4, OneOf(VERDICTS), (2, 12);
    }
}

crate::space! {
    /// What a plain verdict adds.
    pub static GACT = "gact"; {
        /// Times.
        TCA_GACT_TM = 1 => "tm": Structure(&ActionTimes::LAYOUT), (2, 12);
        /// The action.
        TCA_GACT_PARMS = 2 => "": Structure(&ActionParameters::LAYOUT), (2, 12);
        /// Another verdict for some packets.
        TCA_GACT_PROB = 3 => "prob": Structure(&GactChance::LAYOUT), (2, 12);
    }
}

crate::layout! {
    /// A limit.
    pub struct PoliceOptions = tc_police {
        /// Number of the action among those of its kind.
        index => index: u32 @ 0, Identifier, (2, 12);
        /// What happens to packets over the limit.
        action => action: i32 @ 4, OneOf(VERDICTS), (2, 12);
        /// Of no meaning any more.
        limit => limit: u32 @ 8, Bytes, (2, 12);
        /// Time for which may be sent at once at the rate.
        burst => burst: u32 @ 12, Ticks, (2, 12);
        /// Largest packet.
        mtu => mtu: u32 @ 16, Bytes, (2, 12);
        /// Size of a cell of the rate's table, as a power of two.
        cell_log => rate_cell_log: u8 @ 20, Identifier, (2, 12);
        /// Link layer that the rate is reckoned with.
        linklayer => rate_linklayer: u8 @ 21, OneOf(LINK_LAYERS), (2, 12);
        /// Bytes that are added to each packet for the rate.
        overhead => rate_overhead: u16 @ 22, Bytes, (2, 12);
        /// Bytes by which cells of the rate's table are moved.
        cell_align => rate_cell_align: i16 @ 24, Count, (2, 12);
        /// Least size of a packet for the rate.
        mpu => rate_mpu: u16 @ 26, Bytes, (2, 12);
        /// Rate; absent where it needs 64 bits.
        rate => rate: u32 @ 28, BytesPerSecond, (2, 12), unset 0xffffffff;
        /// Size of a cell of the peak rate's table, as a power of two.
        cell_log => peakrate_cell_log: u8 @ 32, Identifier, (2, 12);
        /// Link layer that the peak rate is reckoned with.
        linklayer => peakrate_linklayer: u8 @ 33, OneOf(LINK_LAYERS), (2, 12);
        /// Bytes that are added to each packet for the peak rate.
        overhead => peakrate_overhead: u16 @ 34, Bytes, (2, 12);
        /// Bytes by which cells of the peak rate's table are moved.
        cell_align => peakrate_cell_align: i16 @ 36, Count, (2, 12);
        /// Least size of a packet for the peak rate.
        mpu => peakrate_mpu: u16 @ 38, Bytes, (2, 12);
        /// Peak rate, 0 for none; absent where it needs 64 bits.
        rate => peakrate: u32 @ 40, BytesPerSecond, (2, 12), unset 0xffffffff;
        /// References to the action.
        refcnt => refcnt: i32 @ 44, Count, (2, 12);
        /// Filters that use the action.
        bindcnt => bindcnt: i32 @ 48, Count, (2, 12);
        /// Of no meaning any more.
        capab => capab: u32 @ 52, Hexadecimal, (2, 12);
    }
}

crate::space! {
    /// What a limit adds.
    pub static POLICE = "police"; {
        /// The limit.
        TCA_POLICE_TBF = 1 => "": Structure(&PoliceOptions::LAYOUT), (2, 12);
        /// Average rate above which packets are over the limit.
        TCA_POLICE_AVRATE = 4 => "avrate": Number(U32, BytesPerSecond), (2, 12);
        /// What happens to packets within the limit.
        TCA_POLICE_RESULT = 5 => "result": Number(I32, OneOf(VERDICTS)), (2, 12);
        /// Times.
        TCA_POLICE_TM = 6 => "tm": Structure(&ActionTimes::LAYOUT), (4, 7);
        /// Rate, where 32 bits are not enough.
        TCA_POLICE_RATE64 = 8 => "rate64": Number(U64, BytesPerSecond), (5, 4);
        /// Peak rate, where 32 bits are not enough.
        TCA_POLICE_PEAKRATE64 = 9 => "peakrate64": Number(U64, BytesPerSecond), (5, 4);
        /// Packets a second.
        TCA_POLICE_PKTRATE64 = 10 => "pktrate64": Number(U64, Count), (5, 13);
        /// Time for which may be sent at once at that rate.
        TCA_POLICE_PKTBURST64 = 11 => "pktburst64": Number(U64, Ticks), (5, 13);
    }
}

crate::layout! {
    /// Where packets are sent or copied.
    pub struct MirredOptions = tc_mirred {
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
        /// Whether packets are sent or copied, and whether they go out or come in there.
        eaction => eaction: i32 @ 20, OneOf(crate::names![(1, "egress-redir"), (2, "egress-mirror"),
            (3, "ingress-redir"), (4, "ingress-mirror")]), (2, 12);
        /// Link that they go to.
        ifindex => ifindex: u32 @ 24, Interface, (2, 12);
    }
}

crate::space! {
    /// What sending or copying adds.
    pub static MIRRED = "mirred"; {
        /// Times.
        TCA_MIRRED_TM = 1 => "tm": Structure(&ActionTimes::LAYOUT), (2, 12);
        /// The action.
        TCA_MIRRED_PARMS = 2 => "": Structure(&MirredOptions::LAYOUT), (2, 12);
        /// Block of links that they go to.
        TCA_MIRRED_BLOCKID = 4 => "blockid": Number(U32, Identifier), (6, 8);
    }
}

crate::space! {
    /// What sampling adds.
    pub static SAMPLE = "sample"; {
        /// Times.
        TCA_SAMPLE_TM = 1 => "tm": Structure(&ActionTimes::LAYOUT), (4, 11);
        /// The action.
        TCA_SAMPLE_PARMS = 2 => "": Structure(&ActionParameters::LAYOUT), (4, 11);
        /// One of how many packets.
        TCA_SAMPLE_RATE = 3 => "rate": Number(U32, Count), (4, 11);
        /// Bytes of a packet that are kept.
        TCA_SAMPLE_TRUNC_SIZE = 4 => "trunc_size": Number(U32, Bytes), (4, 11);
        /// Group that samples go to.
        TCA_SAMPLE_PSAMPLE_GROUP = 5 => "psample_group": Number(U32, Identifier), (4, 11);
    }
}

crate::space! {
    /// What a gate adds.
    pub static GATE = "gate"; {
        /// Times.
        TCA_GATE_TM = 1 => "tm": Structure(&ActionTimes::LAYOUT), (5, 8);
        /// The action.
        TCA_GATE_PARMS = 2 => "": Structure(&ActionParameters::LAYOUT), (5, 8);
        /// Internal priority of packets; -1 for any.
        TCA_GATE_PRIORITY = 4 => "priority": Number(I32, Identifier), (5, 8);
        /// Schedule.
        TCA_GATE_ENTRY_LIST = 5 => "entry_list": Listed(&Nest(&GATE_ENTRY)), (5, 8);
        /// Time at which the schedule begins.
        TCA_GATE_BASE_TIME = 6 => "base_time": Number(U64, Nanoseconds), (5, 8);
        /// Length of a cycle.
        TCA_GATE_CYCLE_TIME = 7 => "cycle_time": Number(U64, Nanoseconds), (5, 8);
        /// By how much the last cycle may be longer.
        TCA_GATE_CYCLE_TIME_EXT = 8 => "cycle_time_ext": Number(U64, Nanoseconds), (5, 8);
        /// Of no meaning yet.
        TCA_GATE_FLAGS = 9 => "flags": Number(U32, Hexadecimal), (5, 8);
        /// Clock of the schedule.
        TCA_GATE_CLOCKID = 10 => "clockid": Number(I32, OneOf(CLOCKS)), (5, 8);
    }
}

crate::space! {
    /// One step of a gate's schedule.
    pub static GATE_ENTRY = "gate_entry"; {
        /// Number of the step.
        TCA_GATE_ENTRY_INDEX = 1 => "index": Number(U32, Identifier), (5, 8);
        /// The gate is open.
        TCA_GATE_ENTRY_GATE = 2 => "gate": Flag, (5, 8);
        /// Length of the step.
        TCA_GATE_ENTRY_INTERVAL = 3 => "interval": Number(U32, Nanoseconds), (5, 8);
        /// Internal priority that packets get; -1 for none.
        TCA_GATE_ENTRY_IPV = 4 => "ipv": Number(I32, Identifier), (5, 8);
        /// Most bytes of the step; -1 for no limit.
        TCA_GATE_ENTRY_MAX_OCTETS = 5 => "max_octets": Number(I32, Bytes), (5, 8);
    }
}

crate::space! {
    /// What a program adds.
    pub static ACTION_BPF = "bpf_action"; {
        /// Times.
        TCA_ACT_BPF_TM = 1 => "tm": Structure(&ActionTimes::LAYOUT), (4, 0);
        /// The action.
        TCA_ACT_BPF_PARMS = 2 => "": Structure(&ActionParameters::LAYOUT), (4, 0);
        /// Instructions of a classic program.
        TCA_ACT_BPF_OPS_LEN = 3 => "ops_len": Number(U16, Count), (4, 0);
        /// Instructions of a classic program.
        TCA_ACT_BPF_OPS = 4 => "ops": ClassicBpf, (4, 0);
        /// Name that was given with the program.
        TCA_ACT_BPF_NAME = 6 => "name": Text, (4, 1);
        /// Digest of the program.
        TCA_ACT_BPF_TAG = 8 => "tag": Opaque, (4, 10);
        /// Number of the program.
        TCA_ACT_BPF_ID = 9 => "id": Number(U32, Identifier), (4, 13);
    }
}

crate::space! {
    /// What the example of an action adds.
    pub static SIMPLE = "simple"; {
        /// Times.
        TCA_DEF_TM = 1 => "tm": Structure(&ActionTimes::LAYOUT), (2, 12);
        /// The action.
        TCA_DEF_PARMS = 2 => "": Structure(&ActionParameters::LAYOUT), (2, 12);
        /// Text that is logged.
        TCA_DEF_DATA = 3 => "data": Text, (2, 12);
    }
}
