//! Which value of `ss` is which value of a row.

use serde_json::Value;

/// Values that change by themselves while nothing happens to the socket.
pub(crate) const MOVING: [&str; 7] =
    ["expires", "lastsnd", "lastrcv", "lastack", "busy", "rwnd_limited", "sndbuf_limited"];

/// Values that `ss` computes from others, keys of the comparison itself, pointers, which the kernel hides, and bits
/// that the tests of single kinds compare by name.
pub(crate) const DERIVED: [&str; 9] =
    ["kind", "send", "sk", "cb", "token", "flags", "remote_key", "ring_rx.features", "ring_tx.features"];

/// A number of `ss`, the place of ours, and how many of our units one of theirs is.
pub(crate) type Number = (&'static str, &'static str, f64);

const EVERY_FAMILY: &[Number] = &[
    ("skmem.r", "/skmem/rmem_alloc_bytes", 1.0),
    ("skmem.rb", "/skmem/rcvbuf_bytes", 1.0),
    ("skmem.t", "/skmem/wmem_alloc_bytes", 1.0),
    ("skmem.tb", "/skmem/sndbuf_bytes", 1.0),
    ("skmem.f", "/skmem/fwd_alloc_bytes", 1.0),
    ("skmem.w", "/skmem/wmem_queued_bytes", 1.0),
    ("skmem.o", "/skmem/optmem_bytes", 1.0),
    ("skmem.bl", "/skmem/backlog_bytes", 1.0),
    ("skmem.d", "/skmem/drops", 1.0),
];

const INTERNET: &[Number] = &[
    ("ino", "/inode", 1.0),
    ("uid", "/uid", 1.0),
    ("timer_retrans", "/timer_retrans", 1.0),
    ("fwmark", "/mark", 1.0),
    ("tos", "/tos", 1.0),
    ("tclass", "/tclass", 1.0),
    ("class_id", "/class_id", 1.0),
    ("v6only", "/v6only", 1.0),
];

const TCP: &[Number] = &[
    ("snd_wscale", "/tcp_info/snd_wscale", 1.0),
    ("rcv_wscale", "/tcp_info/rcv_wscale", 1.0),
    ("rto", "/tcp_info/rto_us", 1000.0),
    ("backoff", "/tcp_info/backoff", 1.0),
    ("rtt", "/tcp_info/rtt_us", 1000.0),
    ("rttvar", "/tcp_info/rttvar_us", 1000.0),
    ("ato", "/tcp_info/ato_us", 1000.0),
    ("mss", "/tcp_info/snd_mss_bytes", 1.0),
    ("pmtu", "/tcp_info/pmtu_bytes", 1.0),
    ("rcvmss", "/tcp_info/rcv_mss_bytes", 1.0),
    ("advmss", "/tcp_info/advmss_bytes", 1.0),
    ("cwnd", "/tcp_info/snd_cwnd", 1.0),
    ("ssthresh", "/tcp_info/snd_ssthresh", 1.0),
    ("bytes_sent", "/tcp_info/bytes_sent", 1.0),
    ("bytes_retrans", "/tcp_info/bytes_retrans", 1.0),
    ("bytes_acked", "/tcp_info/bytes_acked", 1.0),
    ("bytes_received", "/tcp_info/bytes_received", 1.0),
    ("segs_out", "/tcp_info/segs_out", 1.0),
    ("segs_in", "/tcp_info/segs_in", 1.0),
    ("data_segs_out", "/tcp_info/data_segs_out", 1.0),
    ("data_segs_in", "/tcp_info/data_segs_in", 1.0),
    // Bits a second there, bytes here.
    ("pacing_rate", "/tcp_info/pacing_rate_bytes_per_second", 0.125),
    ("delivery_rate", "/tcp_info/delivery_rate_bytes_per_second", 0.125),
    ("delivered", "/tcp_info/delivered", 1.0),
    ("delivered_ce", "/tcp_info/delivered_ce", 1.0),
    ("app_limited", "/tcp_info/delivery_rate_app_limited", 1.0),
    ("unacked", "/tcp_info/unacked", 1.0),
    ("retrans", "/tcp_info/retrans", 1.0),
    ("total_retrans", "/tcp_info/total_retrans", 1.0),
    ("lost", "/tcp_info/lost", 1.0),
    ("dsack_dups", "/tcp_info/dsack_dups", 1.0),
    ("reordering", "/tcp_info/reordering", 1.0),
    ("reord_seen", "/tcp_info/reord_seen", 1.0),
    ("rcv_rtt", "/tcp_info/rcv_rtt_us", 1000.0),
    ("rcv_space", "/tcp_info/rcv_space_bytes", 1.0),
    ("rcv_ssthresh", "/tcp_info/rcv_ssthresh_bytes", 1.0),
    ("rcv_ooopack", "/tcp_info/rcv_ooopack", 1.0),
    ("notsent", "/tcp_info/notsent_bytes", 1.0),
    ("minrtt", "/tcp_info/min_rtt_us", 1000.0),
    ("snd_wnd", "/tcp_info/snd_wnd_bytes", 1.0),
    ("rcv_wnd", "/tcp_info/rcv_wnd_bytes", 1.0),
    ("rehash", "/tcp_info/rehash", 1.0),
    ("bbr.bw", "/congestion/bbr/bw_bytes_per_second", 0.125),
    ("bbr.mrtt", "/congestion/bbr/min_rtt_us", 1000.0),
    // The kernel's unit of a gain is 1/256.
    ("bbr.pacing_gain", "/congestion/bbr/pacing_gain", 256.0),
    ("bbr.cwnd_gain", "/congestion/bbr/cwnd_gain", 256.0),
];

const MPTCP: &[Number] = &[
    ("subflows", "/mptcp_info/subflows", 1.0),
    ("subflows_max", "/mptcp_info/subflows_max", 1.0),
    ("add_addr_signal", "/mptcp_info/add_addr_signal", 1.0),
    ("add_addr_accepted", "/mptcp_info/add_addr_accepted", 1.0),
];

const UNIX: &[Number] = &[("peer_inode", "/peer_inode", 1.0), ("ino", "/vfs/ino", 1.0)];

const PACKET: &[Number] = &[
    ("ino", "/inode", 1.0),
    ("uid", "/uid", 1.0),
    ("ver", "/packet_info/version", 1.0),
    ("cpy_thresh", "/packet_info/copy_thresh_bytes", 1.0),
    ("ring_rx.blk_size", "/rx_ring/block_size_bytes", 1.0),
    ("ring_rx.blk_nr", "/rx_ring/block_nr", 1.0),
    ("ring_rx.frm_size", "/rx_ring/frame_size_bytes", 1.0),
    ("ring_rx.frm_nr", "/rx_ring/frame_nr", 1.0),
    ("ring_rx.tmo", "/rx_ring/retire_tmo_ms", 1.0),
    ("ring_tx.blk_size", "/tx_ring/block_size_bytes", 1.0),
    ("ring_tx.blk_nr", "/tx_ring/block_nr", 1.0),
    ("ring_tx.frm_size", "/tx_ring/frame_size_bytes", 1.0),
    ("ring_tx.frm_nr", "/tx_ring/frame_nr", 1.0),
    ("ring_tx.tmo", "/tx_ring/retire_tmo_ms", 1.0),
    ("fanout.id", "/fanout/id", 1.0),
];

/// The numbers of a family.
pub(crate) fn rows(family: &str) -> impl Iterator<Item = &'static Number> {
    let own: [&[Number]; 2] = match family {
        "tcp" => [INTERNET, TCP],
        "mptcp" => [INTERNET, MPTCP],
        "udp" => [INTERNET, &[]],
        "unix" => [UNIX, &[]],
        "packet" => [PACKET, &[]],
        _ => [&[], &[]],
    };
    EVERY_FAMILY.iter().chain(own.into_iter().flatten())
}

/// The places of a family's numbers.
pub(crate) fn numbers(family: &str) -> impl Iterator<Item = &'static str> {
    rows(family).map(|(_, place, _)| *place)
}

/// A value that `ss` leaves out, beside zero.
pub(crate) fn is_left_out(name: &str, ours: f64, row: &Value) -> bool {
    match name {
        // The deviation stands behind the mean.
        "rttvar" => row["tcp_info"].get("rtt_us").is_none(),
        "rto" => (ours - 3_000_000.0).abs() < 1.0,
        "reordering" => (ours - 3.0).abs() < 0.5,
        "ssthresh" => ours >= 65_535.0,
        _ => false,
    }
}

/// What tells a socket from all others of its family, as [`crate::ss`] has it.
pub(crate) fn key(family: &str, row: &Value) -> String {
    match family {
        "unix" => row["inode"].to_string(),
        "netlink" => {
            let protocols = [
                "route",
                "",
                "usersock",
                "",
                "sock-diag",
                "",
                "xfrm",
                "",
                "",
                "audit",
                "fib-lookup",
                "connector",
                "netfilter",
                "",
                "",
                "kobject-uevent",
                "generic",
                "",
                "",
                "",
                "rdma",
                "crypto",
            ];
            let protocol = protocols.iter().position(|name| row["netlink_protocol"] == *name);
            format!("{}:{}", protocol.map_or_else(String::new, |number| number.to_string()), row["local_port"])
        }
        _ => row["cookie"].as_str().unwrap_or_default().trim_start_matches("0x").to_owned(),
    }
}
