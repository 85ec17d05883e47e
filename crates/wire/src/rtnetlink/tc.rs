//! What qdiscs, classes, filters and actions have in common: `struct tcmsg`, statistics, rates
//! (include/uapi/linux/rtnetlink.h, gen_stats.h, pkt_sched.h).

use crate::{Name, names};

crate::layout! {
    /// Counters of traffic control, as old kernels told them.
    pub struct Counters = tc_stats {
        /// Bytes sent.
        bytes => bytes: u64 @ 0, Bytes, (2, 12);
        /// Packets sent.
        packets => packets: u32 @ 8, Count, (2, 12);
        /// Packets dropped.
        drops => drops: u32 @ 12, Count, (2, 12);
        /// Times a packet was over a limit.
        overlimits => overlimits: u32 @ 16, Count, (2, 12);
        /// Estimated rate.
        bps => bps: u32 @ 20, BytesPerSecond, (2, 12);
        /// Estimated packets a second.
        pps => pps: u32 @ 24, Count, (2, 12);
        /// Packets that wait.
        qlen => qlen: u32 @ 28, Count, (2, 12);
        /// Bytes that wait.
        backlog => backlog: u32 @ 32, Bytes, (2, 12);
    }
}

crate::layout! {
    /// How a rate is estimated.
    pub struct Estimator = tc_estimator {
        /// Time between two looks, as a power of two of a quarter of a second, less two.
        interval => interval: i8 @ 0, Identifier, (2, 12);
        /// Weight of the past, as a power of two.
        ewma_log => ewma_log: u8 @ 1, Identifier, (2, 12);
    }
}

crate::layout! {
    /// Counters of bytes and packets.
    pub struct BasicCounters = gnet_stats_basic {
        /// Bytes.
        bytes => bytes: u64 @ 0, Bytes, (2, 12);
        /// Packets, in 32 bits.
        packets => packets: u32 @ 8, Count, (2, 12);
    }
}

crate::layout! {
    /// Estimated rates in 32 bits.
    pub struct Rate = gnet_stats_rate_est {
        /// Bytes a second.
        bps => bps: u32 @ 0, BytesPerSecond, (2, 12);
        /// Packets a second.
        pps => pps: u32 @ 4, Count, (2, 12);
    }
}

crate::layout! {
    /// Estimated rates.
    pub struct Rate64 = gnet_stats_rate_est64 {
        /// Bytes a second.
        bps => bps: u64 @ 0, BytesPerSecond, (3, 11);
        /// Packets a second.
        pps => pps: u64 @ 8, Count, (3, 11);
    }
}

crate::layout! {
    /// Counters of a queue.
    pub struct QueueCounters = gnet_stats_queue {
        /// Packets that wait.
        qlen => qlen: u32 @ 0, Count, (2, 12);
        /// Bytes that wait.
        backlog => backlog: u32 @ 4, Bytes, (2, 12);
        /// Packets dropped.
        drops => drops: u32 @ 8, Count, (2, 12);
        /// Packets that the device gave back.
        requeues => requeues: u32 @ 12, Count, (2, 12);
        /// Times a packet was over a limit.
        overlimits => overlimits: u32 @ 16, Count, (2, 12);
    }
}

crate::layout! {
    /// How the size of packets is corrected.
    pub struct SizeTable = tc_sizespec {
        /// Size of a cell of the table, as a power of two.
        cell_log => cell_log: u8 @ 0, Identifier, (2, 27);
        /// Unit of the table, as a power of two.
        size_log => size_log: u8 @ 1, Identifier, (2, 27);
        /// Bytes by which cells are moved.
        cell_align => cell_align: i16 @ 2, Count, (2, 27);
        /// Bytes that are added to each packet.
        overhead => overhead: i32 @ 4, Bytes, (2, 27);
        /// Link layer that is reckoned with.
        linklayer => linklayer: u32 @ 8, OneOf(crate::names![(0, "unaware"), (1, "ethernet"), (2, "atm")]), (2, 27);
        /// Least size of a packet.
        mpu => mpu: u32 @ 12, Bytes, (2, 27);
        /// Largest size in the table.
        mtu => mtu: u32 @ 16, Bytes, (2, 27);
        /// Numbers in the table.
        tsize => tsize: u32 @ 20, Count, (2, 27);
    }
}

crate::space! {
    /// Correction of the size of packets.
    pub static SIZE_TABLE = "size_table"; {
        /// How the size is corrected.
        TCA_STAB_BASE = 1 => "": Structure(&SizeTable::LAYOUT), (2, 27);
    }
}

/// Link layers that a rate is reckoned with (`TC_LINKLAYER_*`).
pub(crate) const LINK_LAYERS: &[Name] = names![(0, "unaware"), (1, "ethernet"), (2, "atm")];
