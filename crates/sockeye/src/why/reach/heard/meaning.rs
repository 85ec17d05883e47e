//! What each kind of trouble means, and what usually helps.

use sockeye_state::lives::{Direction, Trouble};
use sockeye_wire::sock_diag::state::State;

use super::super::super::finding::Finding;
use super::{Key, Seen};

pub(super) const NO_SOCKET: &str = "NO_SOCKET";
pub(super) const FIREWALL: &str = "NETFILTER_DROP";

/// What usually helps, by the kernel's reasons (include/net/dropreason-core.h).
const ADVICE: [(&[&str], &str); 12] = [
    (&[NO_SOCKET], "nobody has that port: start the program, or make it listen on that address"),
    (
        &["SOCKET_RCVBUFF", "SOCKET_BACKLOG", "PROTO_MEM"],
        "the program reads too slowly, or its receive buffer is small",
    ),
    (&["IP_RPFILTER"], "the way back leads elsewhere, and rp_filter drops what comes so: sockeye netconf"),
    (
        &["IP_OUTNOROUTES", "IP_INNOROUTES", "IP_INADDRERRORS", "IP_INVALID_DEST"],
        "there is no route for it, or one that forbids it: sockeye routes; sockeye rules",
    ),
    (
        &["NEIGH_FAILED", "NEIGH_QUEUEFULL", "NEIGH_CREATEFAIL", "NEIGH_DEAD"],
        "nobody on the link answers for that address: sockeye neighbours",
    ),
    (
        &["QDISC_DROP", "QDISC_OVERLIMIT", "QDISC_CONGESTED", "CPU_BACKLOG", "FULL_RING"],
        "a queue is full, more is sent than the link or the processor takes: sockeye qdiscs",
    ),
    (&["TC_INGRESS", "TC_EGRESS"], "a filter of traffic control drops it: sockeye tc-filters"),
    (&["XDP", "BPF_CGROUP_EGRESS", "SOCKET_FILTER"], "a BPF program drops it: bpftool net; bpftool cgroup tree"),
    (&["XFRM_POLICY"], "a policy of IPsec forbids it: ip xfrm policy"),
    (&["SECURITY_HOOK"], "a security module forbids it"),
    (&["TCP_LISTEN_OVERFLOW"], "the accept queue is full: the program accepts too slowly, or its backlog is too small"),
    (&["PKT_TOO_BIG", "IP_CSUM", "TCP_CSUM", "UDP_CSUM"], "the packets are not as they should be on that link"),
];

/// Reasons that say no more than that a packet is not needed any longer.
const NO_REASONS: [&str; 2] = ["NOT_SPECIFIED", "QUEUE_PURGE"];

/// Where the kernel drops for these what it has read: every acknowledgement that comes once either side has said that it will send no
/// more (net/ipv4/tcp_input.c), what comes in TIME-WAIT (net/ipv4/tcp_ipv4.c and net/ipv6/tcp_ipv6.c, in 6.1), and what a closed
/// socket still has, its last FIN among it (net/core/stream.c, net/ipv4/af_inet.c). What is wrong there has another reason, is a full
/// accept queue, which `sockeye why` names, or a program that closes without having read, which sends a reset.
const READ: [&str; 5] =
    ["tcp_rcv_state_process", "tcp_v4_rcv", "tcp_v6_rcv", "sk_stream_kill_queues", "inet_sock_destruct"];

/// The reason that a place stands for where the kernel gives none: what comes in and has no route, or a forbidden one
/// (net/ipv4/route.c, `ip_error`), and what waited for a neighbour of IPv6 (net/ipv6/ndisc.c, `ndisc_error_report`, which
/// net/core/neighbour.c, `neigh_invalidate`, calls last).
const PLACES: [(&str, &str); 3] =
    [("ip_error", "IP_INNOROUTES"), ("neigh_invalidate", "NEIGH_FAILED"), ("ndisc_error_report", "NEIGH_FAILED")];

/// The reason, or what the place says where it is none.
fn reason(key: &Key) -> &str {
    let place = PLACES.iter().find(|(place, _)| key.location.starts_with(place));
    match place {
        Some((_, reason)) if has_no_reason(key) => reason,
        _ => &key.reason,
    }
}

/// Whether the kernel gives no reason for it.
fn has_no_reason(key: &Key) -> bool {
    key.reason.is_empty() || NO_REASONS.contains(&key.reason.as_str())
}

/// Whether nothing is known of a drop but that there was one: neither why nor where, which is told with CAP_SYSLOG alone.
pub(super) fn says_nothing(key: &Key) -> bool {
    has_no_reason(key) && key.location.is_empty()
}

/// Packets that were dropped, by the kernel's reason. `None`: every connection drops such; or nothing is known of it, and it may be one of
/// these.
pub(super) fn dropped(key: &Key, seen: &Seen) -> Option<Finding> {
    let (cause, advice) = if key.reason == FIREWALL {
        ("firewall-drop", "a rule of the firewall on this host drops it: nft list ruleset")
    } else {
        let known = ADVICE.iter().find(|(reasons, _)| reasons.contains(&reason(key)));
        let unknown = "the kernel dropped it for the reason that stands here (include/net/dropreason-core.h)";
        ("packets-dropped", known.map_or(unknown, |(_, advice)| advice))
    };
    // Duplicates and what came too late are dropped by every connection that loses something.
    let is_late = key.reason.starts_with("TCP_OLD") || key.reason.starts_with("TCP_TOO_OLD");
    let is_read = has_no_reason(key) && READ.iter().any(|read| key.location.starts_with(read));
    // A copy of what is addressed to the link of another: every link that listens to all frames drops such (net/ipv4/ip_input.c).
    let is_another_s = key.reason == "OTHERHOST";
    let is_normal = is_late || is_read || is_another_s || says_nothing(key);
    let finding = Finding::new(cause, "", advice).with("packets", seen.count);
    (!is_normal).then(|| evident(finding, key, seen))
}

/// Packets that the firewall dropped and answered.
pub(super) fn refused_here(key: &Key, seen: &Seen) -> Finding {
    let advice = "a rule of the firewall on this host refuses it, and answers for the other end: nft list ruleset";
    evident(Finding::new("firewall-refusal", "", advice).with("packets", seen.count), key, seen)
}

/// Whether it is a reset that came back when a connection was being opened.
pub(super) fn is_refusal(seen: &Seen) -> bool {
    seen.trouble == Trouble::Reset && seen.direction == Some(Direction::Received) && seen.state == Some(State::SynSent)
}

/// What an error means that no packet of this host explains (net/ipv4/icmp.c, `icmp_err_convert`): error numbers, and what usually
/// helps.
const ERRORS: [(&[u32], &str); 4] = [
    (
        &[111],
        "refused by ICMP: nobody has that port there, or a firewall there or on the way refuses it: look at the other end",
    ),
    (
        &[101, 112, 113],
        "a router, or for want of an answer of the neighbour this host, says that there is no way: sockeye neighbours; the routers",
    ),
    (&[90], "the packets are too large for the way: look at the MTU of the links and tunnels on it"),
    (&[110], "nobody answered in time: it is off, or a firewall there or on the way drops what comes"),
];

/// An error that sockets got.
pub(super) fn error(number: u32, seen: &Seen) -> Finding {
    let known = ERRORS.iter().find(|(numbers, _)| numbers.contains(&number));
    let unknown = "the socket got this error, and nothing was heard that explains it: look at the other end";
    let text = std::io::Error::from_raw_os_error(i32::try_from(number).unwrap_or(0)).to_string();
    Finding::new("connection-error", "", known.map_or(unknown, |(_, advice)| advice))
        .with("errors", seen.count)
        .with("error", text)
        .with("local", seen.local.to_string())
        .with("peer", seen.peer.to_string())
}

/// Resets, by their way and by what they answered.
pub(super) fn reset(key: &Key, seen: &Seen) -> Finding {
    let (cause, advice) = match (seen.direction, seen.state) {
        _ if is_refusal(seen) => (
            "connection-refused",
            "nobody listens on that port there, or a firewall there answers with a reset: look at the other end",
        ),
        (Some(Direction::Sent), None | Some(State::Listening)) => (
            "reset-sent",
            "this host answers that there is no such connection: nobody has that port, it is over or forgotten, or the listener's queue is full \
             (tcp_abort_on_overflow)",
        ),
        (Some(Direction::Sent), _) => {
            ("reset-sent", "a program of this host broke the connection off, for the reason that the kernel gives")
        }
        _ => ("reset-received", "the other end, or a box on the way, broke the connection off: look there"),
    };
    evident(Finding::new(cause, "", advice).with("resets", seen.count), key, seen)
}

/// The ends of what happened. A packet that this host only passes on has none here.
pub(super) fn between(finding: Finding, seen: &Seen, is_passed_on: bool) -> Finding {
    // One that is passed on was received, and the end that it goes to counts as the local one.
    let (to, from) = if is_passed_on { ("destination", "source") } else { ("local", "peer") };
    finding.with(to, seen.local.to_string()).with(from, seen.peer.to_string())
}

fn evident(mut finding: Finding, key: &Key, seen: &Seen) -> Finding {
    if let Some(direction) = seen.direction {
        finding = finding.with("direction", direction.word());
    }
    for (name, text) in [("reason", &key.reason), ("location", &key.location)] {
        if !text.is_empty() {
            finding = finding.with(name, text.as_str());
        }
    }
    finding
}
