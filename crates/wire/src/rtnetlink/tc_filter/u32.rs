//! Filters by any bits of a packet (include/uapi/linux/pkt_cls.h, net/sched/cls_u32.c).

use crate::Counted;
use crate::rtnetlink::tc_action::ACTION;
use crate::rtnetlink::tc_action::verdict::POLICE;
use crate::rtnetlink::tc_filter::FILTER_FLAGS;

crate::layout! {
    /// What bits a packet has to have, and where the next header is.
    pub struct U32Selector = tc_u32_sel {
        /// What happens when the bits are there.
        flags => flags: u8 @ 0, SetOf(crate::names![(1, "terminal"), (2, "offset"), (4, "varoffset"), (8, "eat")]),
            (2, 12);
        /// Bits by which the offset in the packet is moved.
        offshift => offshift: u8 @ 1, Count, (2, 12);
        /// Keys that follow.
        nkeys => nkeys: u8 @ 2, Count, (2, 12);
        /// Bits of the packet that are the offset.
        offmask => offmask: be16 @ 4, Hexadecimal, (2, 12);
        /// Offset of the next header.
        off => off: u16 @ 6, Bytes, (2, 12);
        /// Place of the offset in the packet.
        offoff => offoff: i16 @ 8, Bytes, (2, 12);
        /// Place of the key of the hash table in the packet.
        hoff => hoff: i16 @ 10, Bytes, (2, 12);
        /// Bits of the packet that are the key of the hash table.
        hmask => hmask: be32 @ 12, Hexadecimal, (2, 12);
    }
}

crate::layout! {
    /// One key: bits of 4 bytes of a packet.
    pub struct U32Key = tc_u32_key {
        /// Bits that count.
        mask => mask: be32 @ 0, Hexadecimal, (2, 12);
        /// Bits that they have to be.
        val => val: be32 @ 4, Hexadecimal, (2, 12);
        /// Place in the packet.
        off => off: i32 @ 8, Bytes, (2, 12);
        /// Whether the place is reckoned from the next header.
        offmask => offmask: i32 @ 12, Hexadecimal, (2, 12);
    }
}

/// A selector and its keys.
pub(crate) static U32_SELECTOR: Counted = Counted {
    head: &U32Selector::LAYOUT,
    head_len: 16,
    count_at: 2,
    more: 0,
    name: "keys",
    item: &U32Key::LAYOUT,
    item_len: 16,
};

crate::layout! {
    /// Mark that packets have to have.
    pub struct U32Mark = tc_u32_mark {
        /// Mark.
        val => val: u32 @ 0, Hexadecimal, (2, 12);
        /// Bits of it that count.
        mask => mask: u32 @ 4, Hexadecimal, (2, 12);
        /// Packets that had it.
        success => success: u32 @ 8, Count, (2, 12);
    }
}

crate::layout! {
    /// Counters of a filter.
    pub struct U32Counters = tc_u32_pcnt {
        /// Packets seen.
        rcnt => rcnt: u64 @ 0, Count, (2, 12);
        /// Packets that had all bits.
        rhit => rhit: u64 @ 8, Count, (2, 12);
    }
}

crate::space! {
    /// What a filter by bits adds.
    pub static U32_FILTER = "u32"; {
        /// Class that packets go to.
        TCA_U32_CLASSID = 1 => "classid": Number(U32, Handle), (2, 12);
        /// Hash table that the filter is part of.
        TCA_U32_HASH = 2 => "hash": Number(U32, Hexadecimal), (2, 12);
        /// Hash table to go on with.
        TCA_U32_LINK = 3 => "link": Number(U32, Hexadecimal), (2, 12);
        /// Places in the hash table, where this is one.
        TCA_U32_DIVISOR = 4 => "divisor": Number(U32, Count), (2, 12);
        /// What bits packets have to have.
        TCA_U32_SEL = 5 => "": Counted(&U32_SELECTOR), (2, 12);
        /// Limit in the old form.
        TCA_U32_POLICE = 6 => "police": Nest(&POLICE), (2, 12);
        /// Actions.
        TCA_U32_ACT = 7 => "act": Listed(&Nest(&ACTION)), (2, 12);
        /// Link that packets have to come from.
        TCA_U32_INDEV = 8 => "indev": Text, (2, 12);
        /// Counters, where the kernel keeps them.
        TCA_U32_PCNT = 9 => "pcnt": Structure(&U32Counters::LAYOUT), (2, 12);
        /// Mark that packets have to have.
        TCA_U32_MARK = 10 => "mark": Structure(&U32Mark::LAYOUT), (2, 12);
        /// Where the filter works.
        TCA_U32_FLAGS = 11 => "filter_flags": Number(U32, SetOf(FILTER_FLAGS)), (4, 6);
    }
}
