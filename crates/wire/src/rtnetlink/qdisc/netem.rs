//! A network that is emulated (include/uapi/linux/pkt_sched.h, net/sched/sch_netem.c).

crate::layout! {
    /// A qdisc of netem.
    pub struct NetemOptions = tc_netem_qopt {
        /// Delay.
        latency => latency: u32 @ 0, Ticks, (2, 12);
        /// Most packets.
        limit => limit: u32 @ 4, Count, (2, 12);
        /// Share of packets that are lost.
        loss => loss: u32 @ 8, Share, (2, 12);
        /// Packets between those that go first.
        gap => gap: u32 @ 12, Count, (2, 12);
        /// Share of packets that come twice.
        duplicate => duplicate: u32 @ 16, Share, (2, 12);
        /// Variation of the delay.
        jitter => jitter: u32 @ 20, Ticks, (2, 12);
    }
}

crate::layout! {
    /// How much each packet follows the one before.
    pub struct NetemCorrelations = tc_netem_corr {
        /// In its delay.
        delay_corr => delay_corr: u32 @ 0, Share, (2, 12);
        /// In being lost.
        loss_corr => loss_corr: u32 @ 4, Share, (2, 12);
        /// In coming twice.
        dup_corr => dup_corr: u32 @ 8, Share, (2, 12);
    }
}

crate::layout! {
    /// Packets that go first.
    pub struct NetemReorder = tc_netem_reorder {
        /// Share of them.
        probability => probability: u32 @ 0, Share, (2, 12);
        /// How much each follows the one before.
        correlation => correlation: u32 @ 4, Share, (2, 12);
    }
}

crate::layout! {
    /// Packets that are damaged.
    pub struct NetemCorrupt = tc_netem_corrupt {
        /// Share of them.
        probability => probability: u32 @ 0, Share, (2, 12);
        /// How much each follows the one before.
        correlation => correlation: u32 @ 4, Share, (2, 12);
    }
}

crate::layout! {
    /// A rate.
    pub struct NetemRate = tc_netem_rate {
        /// Rate; absent where it needs 64 bits.
        rate => rate: u32 @ 0, BytesPerSecond, (3, 3), unset 0xffffffff;
        /// Bytes that are added to each packet.
        packet_overhead => packet_overhead: i32 @ 4, Bytes, (3, 3);
        /// Size of a cell; 0 for none.
        cell_size => cell_size: u32 @ 8, Bytes, (3, 3);
        /// Bytes that are added to each cell.
        cell_overhead => cell_overhead: i32 @ 12, Bytes, (3, 3);
    }
}

crate::layout! {
    /// Slots in which packets are sent.
    pub struct NetemSlot = tc_netem_slot {
        /// Shortest time between slots.
        min_delay => min_delay: i64 @ 0, Nanoseconds, (4, 15);
        /// Longest time between slots.
        max_delay => max_delay: i64 @ 8, Nanoseconds, (4, 15);
        /// Most packets of a slot; 0 for no limit.
        max_packets => max_packets: i32 @ 16, Count, (4, 15);
        /// Most bytes of a slot; 0 for no limit.
        max_bytes => max_bytes: i32 @ 20, Bytes, (4, 15);
        /// Time between slots, where it follows a distribution.
        dist_delay => dist_delay: i64 @ 24, Nanoseconds, (4, 19);
        /// Variation of that time.
        dist_jitter => dist_jitter: i64 @ 32, Nanoseconds, (4, 19);
    }
}

crate::layout! {
    /// Loss in four states.
    pub struct NetemFourStates = tc_netem_gimodel {
        /// From good to burst of losses.
        p13 => p13: u32 @ 0, Share, (2, 39);
        /// From burst of losses to good.
        p31 => p31: u32 @ 4, Share, (2, 39);
        /// From burst of losses to good within.
        p32 => p32: u32 @ 8, Share, (2, 39);
        /// From good to single loss.
        p14 => p14: u32 @ 12, Share, (2, 39);
        /// From good within to burst of losses.
        p23 => p23: u32 @ 16, Share, (2, 39);
    }
}

crate::layout! {
    /// Loss in two states.
    pub struct NetemTwoStates = tc_netem_gemodel {
        /// From good to bad.
        p => p: u32 @ 0, Share, (2, 39);
        /// From bad to good.
        r => r: u32 @ 4, Share, (2, 39);
        /// Share of packets that are lost in the bad state, counted from all.
        h => h: u32 @ 8, Share, (2, 39);
        /// Share of packets that are lost in the good state.
        k1 => k1: u32 @ 12, Share, (2, 39);
    }
}

crate::layout! {
    /// Counters of netem.
    pub struct NetemCounters = tc_netem_xstats {
        /// Packets delayed.
        delayed => delayed: u64 @ 0, Count, (7, 2);
        /// Packets lost.
        dropped => dropped: u64 @ 8, Count, (3, 14);
        /// Packets damaged.
        corrupted => corrupted: u64 @ 16, Count, (7, 2);
        /// Packets that came twice.
        duplicated => duplicated: u64 @ 24, Count, (7, 2);
        /// Packets that went first.
        reordered => reordered: u64 @ 32, Count, (7, 2);
        /// Packets marked in place of being lost.
        ecn_marked => ecn_marked: u64 @ 40, Count, (7, 2);
        /// Packets that could not be copied.
        allocation_errors => allocation_errors: u64 @ 48, Count, (3, 12);
    }
}

crate::space! {
    /// What netem adds to a qdisc.
    pub static NETEM = "netem", header &NetemOptions::LAYOUT, 24; {
        /// How much each packet follows the one before.
        TCA_NETEM_CORR = 1 => "corr": Structure(&NetemCorrelations::LAYOUT), (2, 12);
        /// Packets that go first.
        TCA_NETEM_REORDER = 3 => "reorder": Structure(&NetemReorder::LAYOUT), (2, 12);
        /// Packets that are damaged.
        TCA_NETEM_CORRUPT = 4 => "corrupt": Structure(&NetemCorrupt::LAYOUT), (2, 12);
        /// How packets are lost, if not by chance.
        TCA_NETEM_LOSS = 5 => "loss_model": Nest(&NETEM_LOSS), (2, 39);
        /// Rate.
        TCA_NETEM_RATE = 6 => "rate": Structure(&NetemRate::LAYOUT), (3, 3);
        /// Whether packets are marked in place of being lost.
        TCA_NETEM_ECN = 7 => "ecn": Number(U32, Truth), (3, 5);
        /// Rate, where 32 bits are not enough.
        TCA_NETEM_RATE64 = 8 => "rate64": Number(U64, BytesPerSecond), (3, 14);
        /// Delay.
        TCA_NETEM_LATENCY64 = 10 => "latency64": Number(I64, Nanoseconds), (4, 15);
        /// Variation of the delay.
        TCA_NETEM_JITTER64 = 11 => "jitter64": Number(I64, Nanoseconds), (4, 15);
        /// Slots in which packets are sent.
        TCA_NETEM_SLOT = 12 => "slot": Structure(&NetemSlot::LAYOUT), (4, 15);
        /// Seed of chance.
        TCA_NETEM_PRNG_SEED = 14 => "prng_seed": Number(U64, Hexadecimal), (6, 6);
    }
}

crate::space! {
    /// How packets are lost.
    pub static NETEM_LOSS = "netem_loss"; {
        /// In four states.
        NETEM_LOSS_GI = 1 => "gi": Structure(&NetemFourStates::LAYOUT), (2, 39);
        /// In two states.
        NETEM_LOSS_GE = 2 => "ge": Structure(&NetemTwoStates::LAYOUT), (2, 39);
    }
}
