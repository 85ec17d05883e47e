//! Nexthop objects: `struct nhmsg` and the attributes behind it (include/uapi/linux/nexthop.h, net/ipv4/nexthop.c).

use crate::rtnetlink::address::SCOPES;
use crate::rtnetlink::link::FAMILIES;
use crate::rtnetlink::route::encap::{ENCAP, ENCAPSULATIONS_OF_ROUTES};
use crate::rtnetlink::route::{NEXTHOP_FLAGS, PROTOCOLS};

crate::layout! {
    /// One nexthop or group (`struct nhmsg`).
    pub struct NexthopMessage = nhmsg {
        /// Address family of the gateway; 0 for a group.
        nh_family => family: u8 @ 0, OneOf(FAMILIES), (5, 3);
        /// How far the gateway is.
        nh_scope => scope: u8 @ 1, OneOf(SCOPES), (5, 3);
        /// Who made the nexthop.
        nh_protocol => protocol: u8 @ 2, OneOf(PROTOCOLS), (5, 3);
        /// What is to say of the nexthop.
        nh_flags => flags: u32 @ 4, SetOf(NEXTHOP_FLAGS), (5, 3);
    }
}

crate::layout! {
    /// One member of a group.
    pub struct NexthopMember = nexthop_grp {
        /// Nexthop.
        id => id: u32 @ 0, Identifier, (5, 3);
        /// Weight less one, its lower eight bits.
        weight => weight: u8 @ 4, Count, (5, 3);
        /// Weight less one, its upper eight bits; absent where they are zero, as in a kernel that has none.
        weight_high => weight_high: u8 @ 5, Count, (6, 12), unset 0;
    }
}

crate::space! {
    /// Attributes of a nexthop or group.
    pub static NEXTHOP = "nexthop", header &NexthopMessage::LAYOUT, 8; {
        /// Number of the nexthop.
        NHA_ID = 1 => "id": Number(U32, Identifier), (5, 3);
        /// Members of the group.
        NHA_GROUP = 2 => "group": Structures(&NexthopMember::LAYOUT, 8), (5, 3);
        /// How the group spreads packets: by hash threshold, or resilient.
        NHA_GROUP_TYPE = 3 => "group_type": Number(U16, OneOf(crate::names![(0, "mpath"), (1, "res")])), (5, 3);
        /// Packets are dropped.
        NHA_BLACKHOLE = 4 => "blackhole": Flag, (5, 3);
        /// Link that packets leave by.
        NHA_OIF = 5 => "oif": Number(U32, Interface), (5, 3);
        /// Gateway.
        NHA_GATEWAY = 6 => "gateway": Address, (5, 3);
        /// What packets are wrapped in.
        NHA_ENCAP_TYPE = 7 => "encap_type": Number(U16, OneOf(ENCAPSULATIONS_OF_ROUTES)), (5, 3);
        /// How packets are wrapped.
        NHA_ENCAP = 8 => "encap": Selected(Selector::Number(7, U16), ENCAP), (5, 3);
        /// The nexthop is for forwarding entries.
        NHA_FDB = 11 => "fdb": Flag, (5, 8);
        /// What a resilient group adds.
        NHA_RES_GROUP = 12 => "res_group": Nest(&RESILIENT_GROUP), (5, 13);
        /// One bucket of a resilient group.
        NHA_RES_BUCKET = 13 => "res_bucket": Nest(&RESILIENT_BUCKET), (5, 13);
        /// What a request wants beside the usual, and that unused bytes are zero.
        NHA_OP_FLAGS = 14 => "op_flags": Number(U32, SetOf(crate::names![(1, "dump-stats"), (2, "dump-hw-stats"),
            (0x80000000, "resp-grp-resvd-0")])), (6, 9);
        /// Counters of the members, if they were asked for.
        NHA_GROUP_STATS = 15 => "group_stats": Listed(&Nest(&NEXTHOP_STATISTICS)), (6, 9);
        /// Whether devices are to count.
        NHA_HW_STATS_ENABLE = 16 => "hw_stats_enable": Number(U32, Truth), (6, 9);
        /// Whether a device counts.
        NHA_HW_STATS_USED = 17 => "hw_stats_used": Number(U32, Truth), (6, 9);
    }
}

crate::space! {
    /// What a resilient group adds.
    pub static RESILIENT_GROUP = "resilient_group"; {
        /// Buckets.
        NHA_RES_GROUP_BUCKETS = 1 => "buckets": Number(U16, Count), (5, 13);
        /// Time without packets after which a bucket may be moved.
        NHA_RES_GROUP_IDLE_TIMER = 2 => "idle_timer": Number(U32, Centiseconds), (5, 13);
        /// Time out of balance after which buckets are moved in any case; 0 for never.
        NHA_RES_GROUP_UNBALANCED_TIMER = 3 => "unbalanced_timer": Number(U32, Centiseconds), (5, 13);
        /// Time for which the group has been out of balance.
        NHA_RES_GROUP_UNBALANCED_TIME = 4 => "unbalanced_time": Number(U64, Centiseconds), (5, 13);
    }
}

crate::space! {
    /// One bucket of a resilient group.
    pub static RESILIENT_BUCKET = "resilient_bucket"; {
        /// Number of the bucket.
        NHA_RES_BUCKET_INDEX = 1 => "index": Number(U16, Identifier), (5, 13);
        /// Time without packets.
        NHA_RES_BUCKET_IDLE_TIME = 2 => "idle_time": Number(U64, Centiseconds), (5, 13);
        /// Nexthop of the bucket.
        NHA_RES_BUCKET_NH_ID = 3 => "nh_id": Number(U32, Identifier), (5, 13);
    }
}

crate::space! {
    /// Counters of one member of a group.
    pub static NEXTHOP_STATISTICS = "nexthop_statistics"; {
        /// Nexthop.
        NHA_GROUP_STATS_ENTRY_ID = 1 => "id": Number(U32, Identifier), (6, 9);
        /// Packets sent by it.
        NHA_GROUP_STATS_ENTRY_PACKETS = 2 => "packets": Unsigned(Count), (6, 9);
        /// Packets sent by it in hardware.
        NHA_GROUP_STATS_ENTRY_PACKETS_HW = 3 => "packets_hw": Unsigned(Count), (6, 9);
    }
}
