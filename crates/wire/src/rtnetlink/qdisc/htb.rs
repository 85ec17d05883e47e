//! Hierarchical token bucket (include/uapi/linux/pkt_sched.h, net/sched/sch_htb.c).

use crate::rtnetlink::tc::LINK_LAYERS;

crate::layout! {
    /// A qdisc of HTB.
    pub struct HtbOptions = tc_htb_glob {
        /// Version, of 16 bits each.
        version => version: u32 @ 0, Hexadecimal, (2, 12);
        /// Bytes of a rate that make a byte of quantum.
        rate2quantum => rate2quantum: u32 @ 4, Count, (2, 12);
        /// Minor number of the class for packets that no filter takes.
        defcls => defcls: u32 @ 8, Hexadecimal, (2, 12);
        /// Of no meaning any more.
        debug => debug: u32 @ 12, Hexadecimal, (2, 12);
        /// Packets that went out without a class.
        direct_pkts => direct_pkts: u32 @ 16, Count, (2, 12);
    }
}

crate::layout! {
    /// A class of HTB.
    pub struct HtbClass = tc_htb_opt {
        /// Size of a cell of the rate's table, as a power of two.
        cell_log => rate_cell_log: u8 @ 0, Identifier, (2, 12);
        /// Link layer that the rate is reckoned with.
        linklayer => rate_linklayer: u8 @ 1, OneOf(LINK_LAYERS), (2, 12);
        /// Bytes that are added to each packet for the rate.
        overhead => rate_overhead: u16 @ 2, Bytes, (2, 12);
        /// Bytes by which cells of the rate's table are moved.
        cell_align => rate_cell_align: i16 @ 4, Count, (2, 12);
        /// Least size of a packet for the rate.
        mpu => rate_mpu: u16 @ 6, Bytes, (2, 12);
        /// Rate that the class may always have; absent where it needs 64 bits.
        rate => rate: u32 @ 8, BytesPerSecond, (2, 12), unset 0xffffffff;
        /// Size of a cell of the ceiling's table, as a power of two.
        cell_log => ceil_cell_log: u8 @ 12, Identifier, (2, 12);
        /// Link layer that the ceiling is reckoned with.
        linklayer => ceil_linklayer: u8 @ 13, OneOf(LINK_LAYERS), (2, 12);
        /// Bytes that are added to each packet for the ceiling.
        overhead => ceil_overhead: u16 @ 14, Bytes, (2, 12);
        /// Bytes by which cells of the ceiling's table are moved.
        cell_align => ceil_cell_align: i16 @ 16, Count, (2, 12);
        /// Least size of a packet for the ceiling.
        mpu => ceil_mpu: u16 @ 18, Bytes, (2, 12);
        /// Rate that the class may borrow up to; absent where it needs 64 bits.
        rate => ceil: u32 @ 20, BytesPerSecond, (2, 12), unset 0xffffffff;
        /// Time for which the class may send at once at its rate.
        buffer => buffer: u32 @ 24, Ticks, (2, 12);
        /// Time for which the class may send at once at its ceiling.
        cbuffer => cbuffer: u32 @ 28, Ticks, (2, 12);
        /// Bytes that the class sends in its turn.
        quantum => quantum: u32 @ 32, Bytes, (2, 12);
        /// Height in the tree; 0 for a leaf.
        level => level: u32 @ 36, Count, (2, 12);
        /// Priority; less is first.
        prio => prio: u32 @ 40, Identifier, (2, 12);
    }
}

crate::layout! {
    /// Counters of a class of HTB.
    pub struct HtbCounters = tc_htb_xstats {
        /// Packets sent at its own rate.
        lends => lends: u32 @ 0, Count, (2, 12);
        /// Packets sent at a rate that was borrowed.
        borrows => borrows: u32 @ 4, Count, (2, 12);
        /// Packets larger than its table; not counted any more.
        giants => giants: u32 @ 8, Count, (2, 12);
        /// Time that the class has left at its rate; below zero where it is in debt.
        tokens => tokens: i32 @ 12, Ticks, (2, 12);
        /// Time that the class has left at its ceiling; below zero where it is in debt.
        ctokens => ctokens: i32 @ 16, Ticks, (2, 12);
    }
}

crate::space! {
    /// What HTB adds to a qdisc or class.
    pub static HTB = "htb"; {
        /// The class.
        TCA_HTB_PARMS = 1 => "": Structure(&HtbClass::LAYOUT), (2, 12);
        /// The qdisc.
        TCA_HTB_INIT = 2 => "": Structure(&HtbOptions::LAYOUT), (2, 12);
        /// Packets without a class that may wait.
        TCA_HTB_DIRECT_QLEN = 5 => "direct_qlen": Number(U32, Count), (3, 10);
        /// Rate that the class may always have, where 32 bits are not enough.
        TCA_HTB_RATE64 = 6 => "rate64": Number(U64, BytesPerSecond), (3, 14);
        /// Rate that the class may borrow up to, where 32 bits are not enough.
        TCA_HTB_CEIL64 = 7 => "ceil64": Number(U64, BytesPerSecond), (3, 14);
        /// The device does the work.
        TCA_HTB_OFFLOAD = 9 => "offload": Flag, (5, 12);
    }
}
