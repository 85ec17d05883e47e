//! Qdiscs of time-sensitive networks: mqprio, taprio, cbs, etf (include/uapi/linux/pkt_sched.h).

use crate::{Name, names};

crate::layout! {
    /// Traffic classes and their queues.
    pub struct MqprioOptions = tc_mqprio_qopt {
        /// Traffic classes.
        num_tc => num_tc: u8 @ 0, Count, (2, 39);
        /// Traffic class of each priority of packets.
        prio_tc_map => prio_tc_map: [u8; 16] @ 1, (2, 39);
        /// Whether the device does the work.
        hw => hw: u8 @ 17, OneOf(crate::names![(0, "none"), (1, "tcs")]), (2, 39);
        /// Queues of each traffic class.
        count => count: [u16; 16] @ 18, (2, 39);
        /// First queue of each traffic class.
        offset => offset: [u16; 16] @ 50, (2, 39);
    }
}

crate::space! {
    /// What mqprio adds to a qdisc.
    pub static MQPRIO = "mqprio", header &MqprioOptions::LAYOUT, 82; {
        /// Who knows the traffic classes.
        TCA_MQPRIO_MODE = 1 => "mode": Number(U16, OneOf(crate::names![(0, "dcb"), (1, "channel")])), (4, 15);
        /// How traffic classes are limited.
        TCA_MQPRIO_SHAPER = 2 => "shaper": Number(U16, OneOf(crate::names![(0, "dcb"), (1, "bw-rate")])), (4, 15);
        /// Least rate of each traffic class.
        TCA_MQPRIO_MIN_RATE64 = 3 => "min_rate64": Listed(&Number(U64, BytesPerSecond)), (4, 15);
        /// Most rate of each traffic class.
        TCA_MQPRIO_MAX_RATE64 = 4 => "max_rate64": Listed(&Number(U64, BytesPerSecond)), (4, 15);
        /// Traffic classes.
        TCA_MQPRIO_TC_ENTRY = 5 => "tc_entry": Repeated(&Nest(&MQPRIO_CLASS)), (6, 4);
    }
}

crate::space! {
    /// A traffic class.
    pub static MQPRIO_CLASS = "mqprio_class"; {
        /// Number of the traffic class.
        TCA_MQPRIO_TC_ENTRY_INDEX = 1 => "index": Number(U32, Identifier), (6, 4);
        /// Whether frames may be interrupted.
        TCA_MQPRIO_TC_ENTRY_FP = 2 => "fp": Number(U32, OneOf(crate::names![(1, "express"), (2, "preemptible")])),
            (6, 4);
    }
}

/// Clocks (`CLOCK_*`).
pub(crate) const CLOCKS: &[Name] = names![(0, "realtime"), (1, "monotonic"), (7, "boottime"), (11, "tai")];

crate::space! {
    /// What taprio adds to a qdisc.
    pub static TAPRIO = "taprio"; {
        /// Traffic classes and their queues.
        TCA_TAPRIO_ATTR_PRIOMAP = 1 => "priomap": Structure(&MqprioOptions::LAYOUT), (4, 20);
        /// Schedule.
        TCA_TAPRIO_ATTR_SCHED_ENTRY_LIST = 2 => "sched_entry_list": Listed(&Nest(&TAPRIO_ENTRY)), (4, 20);
        /// Time at which the schedule begins.
        TCA_TAPRIO_ATTR_SCHED_BASE_TIME = 3 => "sched_base_time": Number(I64, Nanoseconds), (4, 20);
        /// Clock of the schedule.
        TCA_TAPRIO_ATTR_SCHED_CLOCKID = 5 => "sched_clockid": Number(I32, OneOf(CLOCKS)), (4, 20);
        /// Schedule that comes next.
        TCA_TAPRIO_ATTR_ADMIN_SCHED = 7 => "admin_sched": Nest(&TAPRIO_SCHEDULE), (5, 2);
        /// Length of a cycle.
        TCA_TAPRIO_ATTR_SCHED_CYCLE_TIME = 8 => "sched_cycle_time": Number(I64, Nanoseconds), (5, 2);
        /// By how much the last cycle may be longer.
        TCA_TAPRIO_ATTR_SCHED_CYCLE_TIME_EXTENSION = 9 => "sched_cycle_time_extension": Number(I64, Nanoseconds),
            (5, 2);
        /// Who keeps the schedule.
        TCA_TAPRIO_ATTR_FLAGS = 10 => "flags": Number(U32, SetOf(crate::names![(1, "txtime-assist"),
            (2, "full-offload")])), (5, 3);
        /// Time by which packets are handed over early.
        TCA_TAPRIO_ATTR_TXTIME_DELAY = 11 => "txtime_delay": Number(U32, Nanoseconds), (5, 3);
        /// Traffic classes.
        TCA_TAPRIO_ATTR_TC_ENTRY = 12 => "tc_entry": Repeated(&Nest(&TAPRIO_CLASS)), (6, 1);
    }
}

crate::space! {
    /// A schedule that comes next.
    pub static TAPRIO_SCHEDULE = "taprio_schedule"; {
        /// Schedule.
        TCA_TAPRIO_ATTR_SCHED_ENTRY_LIST = 2 => "sched_entry_list": Listed(&Nest(&TAPRIO_ENTRY)), (4, 20);
        /// Time at which the schedule begins.
        TCA_TAPRIO_ATTR_SCHED_BASE_TIME = 3 => "sched_base_time": Number(I64, Nanoseconds), (4, 20);
        /// Length of a cycle.
        TCA_TAPRIO_ATTR_SCHED_CYCLE_TIME = 8 => "sched_cycle_time": Number(I64, Nanoseconds), (5, 2);
        /// By how much the last cycle may be longer.
        TCA_TAPRIO_ATTR_SCHED_CYCLE_TIME_EXTENSION = 9 => "sched_cycle_time_extension": Number(I64, Nanoseconds),
            (5, 2);
    }
}

crate::space! {
    /// One step of a schedule.
    pub static TAPRIO_ENTRY = "taprio_entry"; {
        /// Number of the step.
        TCA_TAPRIO_SCHED_ENTRY_INDEX = 1 => "index": Number(U32, Identifier), (4, 20);
        /// What happens.
        TCA_TAPRIO_SCHED_ENTRY_CMD = 2 => "cmd": Number(U8, OneOf(crate::names![(0, "set-gates"), (1, "set-and-hold"),
            (2, "set-and-release")])), (4, 20);
        /// Traffic classes that may send.
        TCA_TAPRIO_SCHED_ENTRY_GATE_MASK = 3 => "gate_mask": Number(U32, Hexadecimal), (4, 20);
        /// Length of the step.
        TCA_TAPRIO_SCHED_ENTRY_INTERVAL = 4 => "interval": Number(U32, Nanoseconds), (4, 20);
    }
}

crate::space! {
    /// A traffic class.
    pub static TAPRIO_CLASS = "taprio_class"; {
        /// Number of the traffic class.
        TCA_TAPRIO_TC_ENTRY_INDEX = 1 => "index": Number(U32, Identifier), (6, 1);
        /// Largest packet; 0 for no limit.
        TCA_TAPRIO_TC_ENTRY_MAX_SDU = 2 => "max_sdu": Number(U32, Bytes), (6, 1);
        /// Whether frames may be interrupted.
        TCA_TAPRIO_TC_ENTRY_FP = 3 => "fp": Number(U32, OneOf(crate::names![(1, "express"), (2, "preemptible")])),
            (6, 4);
    }
}

crate::space! {
    /// Counters of taprio.
    pub static TAPRIO_STATISTICS = "taprio_statistics"; {
        /// Frames dropped because their gate did not open.
        TCA_TAPRIO_OFFLOAD_STATS_WINDOW_DROPS = 2 => "window_drops": Number(U64, Count), (6, 5);
        /// Frames that were sent past their gate.
        TCA_TAPRIO_OFFLOAD_STATS_TX_OVERRUNS = 3 => "tx_overruns": Number(U64, Count), (6, 5);
    }
}

crate::layout! {
    /// A shaper by credit.
    pub struct CbsOptions = tc_cbs_qopt {
        /// Whether the device does the work.
        offload => offload: u8 @ 0, Truth, (4, 15);
        /// Most credit.
        hicredit => hicredit: i32 @ 4, Bytes, (4, 15);
        /// Least credit.
        locredit => locredit: i32 @ 8, Bytes, (4, 15);
        /// Rate at which credit grows.
        idleslope => idleslope: i32 @ 12, KilobitsPerSecond, (4, 15);
        /// Rate at which credit is spent; below zero.
        sendslope => sendslope: i32 @ 16, KilobitsPerSecond, (4, 15);
    }
}

crate::space! {
    /// What CBS adds to a qdisc.
    pub static CBS = "cbs"; {
        /// The qdisc.
        TCA_CBS_PARMS = 1 => "": Structure(&CbsOptions::LAYOUT), (4, 15);
    }
}

crate::layout! {
    /// A queue in the order of times to be sent.
    pub struct EtfOptions = tc_etf_qopt {
        /// Time by which packets are handed over early.
        delta => delta: i32 @ 0, Nanoseconds, (4, 19);
        /// Clock of the times.
        clockid => clockid: i32 @ 4, OneOf(CLOCKS), (4, 19);
        /// How times are meant, and who keeps them.
        flags => flags: u32 @ 8, SetOf(crate::names![(1, "deadline-mode"), (2, "offload"), (4, "skip-sock-check")]),
            (4, 19);
    }
}

crate::space! {
    /// What ETF adds to a qdisc.
    pub static ETF = "etf"; {
        /// The qdisc.
        TCA_ETF_PARMS = 1 => "": Structure(&EtfOptions::LAYOUT), (4, 19);
    }
}
