//! The comparison proves itself: a line of `ss` and a row that agree, and each way to spoil the row is seen.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::compare::{Differences, differences, number};
use crate::ss::sockets;
use crate::table;

/// What `ss` says of a socket.
const LINE: &str = "tcp ESTAB 0 999 127.1.2.3:43595 127.9.8.7:40857 timer:(on,024ms,3) uid:1234 ino:6235987 sk:439e5 \
    fwmark:0x5eed cgroup:/a <-- tos:0xb8 class_id:0x1d inet-sockopt: ( recverr is_icsk mc_loop) \
    skmem:(r1,rb131072,t2,tb3939840,f2265,w1831,o4,bl5,d6) ts sack bbr wscale:10,9 rto:200 rtt:0.019/0.004 ato:40 \
    mss:32741 pmtu:65535 rcvmss:536 advmss:65483 cwnd:10 ssthresh:20 bytes_sent:1998 bytes_retrans:999 bytes_acked:7 \
    bytes_received:8 segs_out:41 segs_in:11 data_segs_out:12 data_segs_in:13 \
    bbr:(bw:160bps,mrtt:0.009,pacing_gain:1,cwnd_gain:2) send 291031111111bps lastsnd:176 pacing_rate 800bps \
    delivered:14 app_limited unacked:15 retrans:16/17 rcv_space:65495 rcv_ssthresh:65496 notsent:18 minrtt:0.021 \
    snd_wnd:65483\n";

/// What sockeye says of the same socket.
const ROW: &str = r#"{
    "protocol": "tcp", "state": "established", "recv_queue_bytes": 0, "send_queue_bytes": 999,
    "local_address": "127.1.2.3", "local_port": 43595, "peer_address": "127.9.8.7", "peer_port": 40857,
    "timer": "on", "timer_retrans": 3, "expires_ms": 20, "uid": 1234, "inode": 6235987, "cookie": "0x439e5",
    "mark": 24301, "cgroup": "/a", "shutdown": ["send"], "tos": 184, "class_id": 29,
    "sockopt": {"recverr": true, "is_icsk": true, "mc_loop": true, "freebind": false},
    "skmem": {"rmem_alloc_bytes": 1, "rcvbuf_bytes": 131072, "wmem_alloc_bytes": 2, "sndbuf_bytes": 3939840,
        "fwd_alloc_bytes": 2265, "wmem_queued_bytes": 1831, "optmem_bytes": 4, "backlog_bytes": 5, "drops": 6},
    "tcp_info": {"options": ["timestamps", "sack", "wscale"], "snd_wscale": 10, "rcv_wscale": 9,
        "rto_us": 200000, "rtt_us": 19, "rttvar_us": 4, "ato_us": 40000, "snd_mss_bytes": 32741,
        "pmtu_bytes": 65535, "rcv_mss_bytes": 536, "advmss_bytes": 65483, "snd_cwnd": 10, "snd_ssthresh": 20,
        "bytes_sent": 1998, "bytes_retrans": 999, "bytes_acked": 7, "bytes_received": 8, "segs_out": 41,
        "segs_in": 11, "data_segs_out": 12, "data_segs_in": 13, "pacing_rate_bytes_per_second": 100,
        "delivered": 14, "delivery_rate_app_limited": true, "unacked": 15, "retrans": 16, "total_retrans": 17,
        "rcv_space_bytes": 65495, "rcv_ssthresh_bytes": 65496, "notsent_bytes": 18, "min_rtt_us": 21,
        "snd_wnd_bytes": 65483},
    "congestion": {"algorithm": "bbr",
        "bbr": {"bw_bytes_per_second": 20, "min_rtt_us": 9, "pacing_gain": 256, "cwnd_gain": 512}}
}"#;

fn row_of_line() -> Value {
    serde_json::from_str(ROW).expect("JSON")
}

fn found_in(row: &Value) -> Differences {
    let line = sockets("tcp", LINE).remove(0);
    let known = line.says.keys().map(String::as_str).collect();
    let mut found = Differences::default();
    differences("tcp", &line, row, &line, &known, &mut found);
    found
}

#[test]
fn a_line_and_the_row_of_the_same_socket_agree() {
    let found = found_in(&row_of_line());
    assert_eq!(found.seen, Vec::<String>::new());
    assert_eq!(found.not_understood, BTreeSet::new());
}

#[test]
fn any_two_numbers_in_each_others_place_are_a_difference() {
    let right = row_of_line();
    let numbers: Vec<&str> = table::numbers("tcp").filter(|place| right.pointer(place).is_some()).collect();
    assert!(numbers.len() > 40, "{numbers:?}");
    for (index, one) in numbers.iter().enumerate() {
        for other in &numbers[index + 1..] {
            let (first, second) = (right.pointer(one), right.pointer(other));
            if first.and_then(number) == second.and_then(number) {
                continue;
            }
            let mut swapped = right.clone();
            *swapped.pointer_mut(one).expect("it is there") = second.cloned().unwrap_or_default();
            *swapped.pointer_mut(other).expect("it is there") = first.cloned().unwrap_or_default();
            assert!(!found_in(&swapped).seen.is_empty(), "{one} and {other}");
        }
    }
}

#[test]
fn a_number_that_is_missing_is_a_difference() {
    let right = row_of_line();
    for place in table::numbers("tcp").filter(|place| right.pointer(place).is_some_and(|number| *number != 0)) {
        let mut less = right.clone();
        *less.pointer_mut(place).expect("it is there") = Value::Null;
        assert!(!found_in(&less).seen.is_empty(), "{place}");
    }
}
