//! Parameters and counters of the neighbour tables: `struct ndtmsg` and the attributes behind it
//! (include/uapi/linux/neighbour.h, net/core/neighbour.c).

use crate::rtnetlink::link::FAMILIES;

crate::layout! {
    /// One table, or its parameters for one link (`struct ndtmsg`).
    pub struct NeighbourTableMessage = ndtmsg {
        /// Address family.
        ndtm_family => family: u8 @ 0, OneOf(FAMILIES), (2, 12);
    }
}

crate::layout! {
    /// How a neighbour table is made.
    pub struct NeighbourTableConfig = ndt_config {
        /// Bytes of an address.
        ndtc_key_len => key_len: u16 @ 0, Bytes, (2, 12);
        /// Bytes of an entry.
        ndtc_entry_size => entry_size: u16 @ 2, Bytes, (2, 12);
        /// Entries.
        ndtc_entries => entries: u32 @ 4, Count, (2, 12);
        /// Time since old entries were last forgotten because of too many.
        ndtc_last_flush => last_flush: u32 @ 8, Milliseconds, (2, 12);
        /// Time since the time of reachability was last drawn.
        ndtc_last_rand => last_rand: u32 @ 12, Milliseconds, (2, 12);
        /// Seed of the table.
        ndtc_hash_rnd => hash_rnd: u32 @ 16, Hexadecimal, (2, 12);
        /// Mask of places in the table.
        ndtc_hash_mask => hash_mask: u32 @ 20, Hexadecimal, (2, 12);
        /// Of no meaning any more.
        ndtc_hash_chain_gc => hash_chain_gc: u32 @ 24, Count, (2, 12);
        /// Questions that wait for an answer in place of another.
        ndtc_proxy_qlen => proxy_qlen: u32 @ 28, Count, (2, 12);
    }
}

crate::layout! {
    /// Counters of a neighbour table.
    pub struct NeighbourTableCounters = ndt_stats {
        /// Entries made.
        ndts_allocs => allocs: u64 @ 0, Count, (2, 12);
        /// Entries forgotten.
        ndts_destroys => destroys: u64 @ 8, Count, (2, 12);
        /// Times the table was made larger.
        ndts_hash_grows => hash_grows: u64 @ 16, Count, (2, 12);
        /// Neighbours that did not answer.
        ndts_res_failed => res_failed: u64 @ 24, Count, (2, 12);
        /// Times an entry was looked for.
        ndts_lookups => lookups: u64 @ 32, Count, (2, 12);
        /// Times an entry was found.
        ndts_hits => hits: u64 @ 40, Count, (2, 12);
        /// Questions by multicast received.
        ndts_rcv_probes_mcast => rcv_probes_mcast: u64 @ 48, Count, (2, 12);
        /// Questions by unicast received.
        ndts_rcv_probes_ucast => rcv_probes_ucast: u64 @ 56, Count, (2, 12);
        /// Times old entries were forgotten as usual.
        ndts_periodic_gc_runs => periodic_gc_runs: u64 @ 64, Count, (2, 12);
        /// Times entries were forgotten because of too many.
        ndts_forced_gc_runs => forced_gc_runs: u64 @ 72, Count, (2, 12);
        /// Times no entry could be made because of too many.
        ndts_table_fulls => table_fulls: u64 @ 80, Count, (4, 3);
    }
}

crate::space! {
    /// Attributes of a neighbour table.
    pub static NEIGHBOUR_TABLE = "neighbour_table", header &NeighbourTableMessage::LAYOUT, 4; {
        /// Name of the table.
        NDTA_NAME = 1 => "name": Text, (2, 12);
        /// Entries up to which none is forgotten.
        NDTA_THRESH1 = 2 => "thresh1": Number(U32, Count), (2, 12);
        /// Entries above which old ones are soon forgotten.
        NDTA_THRESH2 = 3 => "thresh2": Number(U32, Count), (2, 12);
        /// Most entries.
        NDTA_THRESH3 = 4 => "thresh3": Number(U32, Count), (2, 12);
        /// How the table is made; absent where the message is about one link.
        NDTA_CONFIG = 5 => "config": Structure(&NeighbourTableConfig::LAYOUT), (2, 12);
        /// Parameters.
        NDTA_PARMS = 6 => "parms": Nest(&NEIGHBOUR_PARAMETERS), (2, 12);
        /// Counters.
        NDTA_STATS = 7 => "stats": Structure(&NeighbourTableCounters::LAYOUT), (2, 12);
        /// Time between two looks for old entries.
        NDTA_GC_INTERVAL = 8 => "gc_interval": Number(U64, Milliseconds), (2, 12);
    }
}

crate::space! {
    /// Parameters of a neighbour table.
    pub static NEIGHBOUR_PARAMETERS = "neighbour_parameters"; {
        /// Link that the parameters are for; absent for those of new links.
        NDTPA_IFINDEX = 1 => "ifindex": Number(U32, Interface), (2, 12);
        /// References to the parameters.
        NDTPA_REFCNT = 2 => "refcnt": Number(U32, Count), (2, 12);
        /// Time for which a neighbour is believed reachable, as it was drawn at random.
        NDTPA_REACHABLE_TIME = 3 => "reachable_time": Number(U64, Milliseconds), (2, 12);
        /// Time around which that is drawn.
        NDTPA_BASE_REACHABLE_TIME = 4 => "base_reachable_time": Number(U64, Milliseconds), (2, 12);
        /// Time between questions.
        NDTPA_RETRANS_TIME = 5 => "retrans_time": Number(U64, Milliseconds), (2, 12);
        /// Time without use after which an entry is forgotten.
        NDTPA_GC_STALETIME = 6 => "gc_staletime": Number(U64, Milliseconds), (2, 12);
        /// Time before a neighbour that is in use is asked.
        NDTPA_DELAY_PROBE_TIME = 7 => "delay_probe_time": Number(U64, Milliseconds), (2, 12);
        /// Packets that wait for a neighbour, reckoned from the bytes.
        NDTPA_QUEUE_LEN = 8 => "queue_len": Number(U32, Count), (2, 12);
        /// Questions to a program.
        NDTPA_APP_PROBES = 9 => "app_probes": Number(U32, Count), (2, 12);
        /// Questions by unicast.
        NDTPA_UCAST_PROBES = 10 => "ucast_probes": Number(U32, Count), (2, 12);
        /// Questions by multicast.
        NDTPA_MCAST_PROBES = 11 => "mcast_probes": Number(U32, Count), (2, 12);
        /// Longest time before an answer for an anycast address.
        NDTPA_ANYCAST_DELAY = 12 => "anycast_delay": Number(U64, Milliseconds), (2, 12);
        /// Longest time before an answer in place of another.
        NDTPA_PROXY_DELAY = 13 => "proxy_delay": Number(U64, Milliseconds), (2, 12);
        /// Questions that may wait for an answer in place of another.
        NDTPA_PROXY_QLEN = 14 => "proxy_qlen": Number(U32, Count), (2, 12);
        /// Time before an entry may be replaced.
        NDTPA_LOCKTIME = 15 => "locktime": Number(U64, Milliseconds), (2, 12);
        /// Bytes of packets that wait for a neighbour.
        NDTPA_QUEUE_LENBYTES = 16 => "queue_len_bytes": Number(U32, Bytes), (3, 3);
        /// Questions by multicast after those by unicast.
        NDTPA_MCAST_REPROBES = 17 => "mcast_reprobes": Number(U32, Count), (4, 1);
        /// Time between probes of managed neighbours.
        NDTPA_INTERVAL_PROBE_TIME_MS = 19 => "interval_probe_time_ms": Number(U64, Milliseconds), (6, 0);
    }
}
