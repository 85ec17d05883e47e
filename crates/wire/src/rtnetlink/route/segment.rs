//! Segment routing, RPL and IOAM: headers of IPv6 that routes put into packets (include/uapi/linux/seg6_iptunnel.h,
//! seg6_local.h, rpl_iptunnel.h, ioam6_iptunnel.h).

use crate::Counted;
use crate::rtnetlink::route::TABLES;

crate::layout! {
    /// How packets are wrapped, and the header that they get.
    pub struct SegmentEncap = seg6_iptunnel_encap {
        /// How packets are wrapped.
        mode => mode: i32 @ 0, OneOf(crate::names![(0, "inline"), (1, "encap"), (2, "l2encap"), (3, "encap-red"),
            (4, "l2encap-red")]), (4, 12);
        /// Next header.
        nexthdr => nexthdr: u8 @ 4, Identifier, (4, 10);
        /// Length of the header in units of 8 bytes, without the first.
        hdrlen => hdrlen: u8 @ 5, Count, (4, 10);
        /// Type of the routing header: 4.
        type => r#type: u8 @ 6, Identifier, (4, 10);
        /// Segments to go.
        segments_left => segments_left: u8 @ 7, Count, (4, 10);
        /// Place of the segment that comes first, counted from the end.
        first_segment => first_segment: u8 @ 8, Count, (4, 10);
        /// Flags of the header.
        flags => flags: u8 @ 9, SetOf(crate::names![(8, "hmac"), (16, "alert"), (32, "oam"), (64, "protected")]),
            (4, 10);
        /// Tag of the header.
        tag => tag: be16 @ 10, Hexadecimal, (4, 10);
    }
}

crate::layout! {
    /// A routing header of segment routing.
    pub struct SegmentHeader = ipv6_sr_hdr {
        /// Next header.
        nexthdr => nexthdr: u8 @ 0, Identifier, (4, 12);
        /// Length of the header in units of 8 bytes, without the first.
        hdrlen => hdrlen: u8 @ 1, Count, (4, 12);
        /// Type of the routing header: 4.
        type => r#type: u8 @ 2, Identifier, (4, 12);
        /// Segments to go.
        segments_left => segments_left: u8 @ 3, Count, (4, 12);
        /// Place of the segment that comes first, counted from the end.
        first_segment => first_segment: u8 @ 4, Count, (4, 12);
        /// Flags of the header.
        flags => flags: u8 @ 5, SetOf(crate::names![(8, "hmac"), (16, "alert"), (32, "oam"), (64, "protected")]),
            (4, 12);
        /// Tag of the header.
        tag => tag: be16 @ 6, Hexadecimal, (4, 15);
    }
}

crate::layout! {
    /// One address in a routing header.
    pub struct Segment = in6_addr {
        /// Address.
        address => address: [address; 16] @ 0, (4, 10);
    }
}

/// How packets are wrapped, and the segments, the last one first.
pub(crate) static SEGMENT_ENCAP: Counted = Counted {
    head: &SegmentEncap::LAYOUT,
    head_len: 12,
    count_at: 8,
    more: 1,
    name: "segments",
    item: &Segment::LAYOUT,
    item_len: 16,
};

/// A routing header and its segments, the last one first.
pub(crate) static SEGMENTS: Counted = Counted {
    head: &SegmentHeader::LAYOUT,
    head_len: 8,
    count_at: 4,
    more: 1,
    name: "segments",
    item: &Segment::LAYOUT,
    item_len: 16,
};

crate::space! {
    /// A header of segment routing.
    pub static ENCAP_SEG6 = "encap_seg6"; {
        /// How packets are wrapped, and the segments.
        SEG6_IPTUNNEL_SRH = 1 => "srh": Counted(&SEGMENT_ENCAP), (4, 12);
        /// Source address of the outer packet.
        SEG6_IPTUNNEL_SRC = 2 => "src": Address, (7, 1);
    }
}

crate::space! {
    /// What a segment of this host does.
    pub static ENCAP_SEG6_LOCAL = "encap_seg6_local"; {
        /// What happens to packets.
        SEG6_LOCAL_ACTION = 1 => "action": Number(U32, OneOf(crate::names![(1, "end"), (2, "end-x"), (3, "end-t"),
            (4, "end-dx2"), (5, "end-dx6"), (6, "end-dx4"), (7, "end-dt6"), (8, "end-dt4"), (9, "end-b6"),
            (10, "end-b6-encap"), (11, "end-bm"), (12, "end-s"), (13, "end-as"), (14, "end-am"), (15, "end-bpf"),
            (16, "end-dt46")])), (4, 14);
        /// Header that packets get.
        SEG6_LOCAL_SRH = 2 => "srh": Counted(&SEGMENTS), (4, 14);
        /// Routing table in which the next way is looked up.
        SEG6_LOCAL_TABLE = 3 => "table": Number(U32, OneOf(TABLES)), (4, 14);
        /// Nexthop of IPv4.
        SEG6_LOCAL_NH4 = 4 => "nh4": Address, (4, 14);
        /// Nexthop of IPv6.
        SEG6_LOCAL_NH6 = 5 => "nh6": Address, (4, 14);
        /// Link that packets seem to come from.
        SEG6_LOCAL_IIF = 6 => "iif": Number(U32, Interface), (4, 14);
        /// Link that packets leave by.
        SEG6_LOCAL_OIF = 7 => "oif": Number(U32, Interface), (4, 14);
        /// Program of BPF.
        SEG6_LOCAL_BPF = 8 => "bpf": Nest(&SEG6_LOCAL_BPF), (4, 18);
        /// Table of the VRF in which the next way is looked up.
        SEG6_LOCAL_VRFTABLE = 9 => "vrftable": Number(U32, Identifier), (5, 11);
        /// Counters.
        SEG6_LOCAL_COUNTERS = 10 => "counters": Nest(&SEG6_LOCAL_COUNTERS), (5, 13);
        /// Variations of what happens.
        SEG6_LOCAL_FLAVORS = 11 => "flavors": Nest(&SEG6_LOCAL_FLAVORS), (6, 1);
    }
}

crate::space! {
    /// A program of a segment.
    pub static SEG6_LOCAL_BPF = "seg6_local_bpf"; {
        /// Number of the program.
        SEG6_LOCAL_BPF_PROG = 1 => "prog": Number(U32, Identifier), (4, 18);
        /// Name of the program.
        SEG6_LOCAL_BPF_PROG_NAME = 2 => "prog_name": Text, (4, 18);
    }
}

crate::space! {
    /// Counters of a segment.
    pub static SEG6_LOCAL_COUNTERS = "seg6_local_counters"; {
        /// Packets processed.
        SEG6_LOCAL_CNT_PACKETS = 2 => "packets": Number(U64, Count), (5, 13);
        /// Bytes processed.
        SEG6_LOCAL_CNT_BYTES = 3 => "bytes": Number(U64, Bytes), (5, 13);
        /// Packets that could not be processed.
        SEG6_LOCAL_CNT_ERRORS = 4 => "errors": Number(U64, Count), (5, 13);
    }
}

crate::space! {
    /// Variations of what a segment does.
    pub static SEG6_LOCAL_FLAVORS = "seg6_local_flavors"; {
        /// Variations.
        SEG6_LOCAL_FLV_OPERATION = 1 => "operation": Number(U32, SetOf(crate::names![(2, "psp"), (4, "usp"), (8, "usd"),
            (16, "next-csid")])), (6, 1);
        /// Bits of the locator block.
        SEG6_LOCAL_FLV_LCBLOCK_BITS = 2 => "lcblock_bits": Number(U8, Count), (6, 1);
        /// Bits of the node and its function.
        SEG6_LOCAL_FLV_LCNODE_FN_BITS = 3 => "lcnode_fn_bits": Number(U8, Count), (6, 1);
    }
}

crate::layout! {
    /// A source route of RPL.
    pub struct RplHeader = ipv6_rpl_sr_hdr {
        /// Next header.
        nexthdr => nexthdr: u8 @ 0, Identifier, (5, 8);
        /// Length of the header in units of 8 bytes, without the first.
        hdrlen => hdrlen: u8 @ 1, Count, (5, 8);
        /// Type of the routing header: 3.
        type => r#type: u8 @ 2, Identifier, (5, 8);
        /// Segments to go.
        segments_left => segments_left: u8 @ 3, Count, (5, 8);
    }
}

/// A source route and its segments.
pub(crate) static RPL_SEGMENTS: Counted = Counted {
    head: &RplHeader::LAYOUT,
    head_len: 8,
    count_at: 3,
    more: 0,
    name: "segments",
    item: &Segment::LAYOUT,
    item_len: 16,
};

crate::space! {
    /// A source route of RPL.
    pub static ENCAP_RPL = "encap_rpl"; {
        /// The route and its segments.
        RPL_IPTUNNEL_SRH = 1 => "srh": Counted(&RPL_SEGMENTS), (5, 8);
    }
}

crate::layout! {
    /// A trace of IOAM that packets collect.
    pub struct TraceHeader = ioam6_trace_hdr {
        /// Namespace of IOAM.
        namespace_id => namespace_id: be16 @ 0, Identifier, (5, 15);
        /// Data of each node in units of 4 bytes.
        nodelen => nodelen: u8[3; 5] @ 2, Count, (5, 15);
        /// Room that is left in units of 4 bytes.
        remlen => remlen: u8[0; 7] @ 3, Count, (5, 15);
        /// What each node fills in, a bit each.
        type_be32 => trace_type: be32 @ 4, Hexadecimal, (5, 15);
    }
}

crate::space! {
    /// A trace of IOAM.
    pub static ENCAP_IOAM6 = "encap_ioam6"; {
        /// How packets are wrapped.
        IOAM6_IPTUNNEL_MODE = 1 => "mode": Number(U8, OneOf(crate::names![(1, "inline"), (2, "encap"), (3, "auto")])),
            (5, 16);
        /// Where packets are sent, if they are wrapped.
        IOAM6_IPTUNNEL_DST = 2 => "dst": Address, (5, 16);
        /// The trace.
        IOAM6_IPTUNNEL_TRACE = 3 => "trace": Structure(&TraceHeader::LAYOUT), (5, 15);
        /// Packets of each `freq_n` that get a trace.
        IOAM6_IPTUNNEL_FREQ_K = 4 => "freq_k": Number(U32, Count), (5, 18);
        /// Packets out of which `freq_k` get a trace.
        IOAM6_IPTUNNEL_FREQ_N = 5 => "freq_n": Number(U32, Count), (5, 18);
        /// Source address of the outer packet.
        IOAM6_IPTUNNEL_SRC = 6 => "src": Address, (6, 12);
    }
}
