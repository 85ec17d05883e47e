//! What the kernel says of the machine in words, damaged: whatever stands there, findings are made of it or none.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use sockeye_fuzz::{Random, texts};

use super::look::{FILES, Look, Qdisc, Seen, Towards};
use crate::hostile::{assert_plain, attack};

const INPUTS: u64 = 10_000;

/// The files of a look, and what a kernel writes there.
const TEXTS: [(&str, &str); 13] = [
    (
        "netstat",
        "TcpExt: SyncookiesSent PruneCalled ListenDrops TCPReqQFullDrop TCPBacklogDrop TCPAbortOnMemory \
         TCPTimeWaitOverflow\nTcpExt: 3 9 77 5 11 13 17\nIpExt: InNoRoutes InOctets\nIpExt: 9 18446744073709551615\n",
    ),
    (
        "snmp",
        "Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens\nTcp: 1 200 120000 -1 9399948\n\
         Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors\nUdp: 77 3 9 55 4 2\n",
    ),
    ("snmp6", "Ip6InReceives                   \t54\nUdp6RcvbufErrors                \t12\nUdp6SndbufErrors\t3\n"),
    ("sockstat", "sockets: used 117\nTCP: inuse 6 orphan 1 tw 42 alloc 9 mem 3\nUDP: inuse 2 mem 7\n"),
    ("ports", "32768\t60999\n"),
    ("reserved_ports", "8080,39998-40001,40010,40103-40150,50000\n"),
    ("tcp_mem", "1\t2\t575796\n"),
    ("udp_mem", "1\t2\t3\n"),
    ("tcp_max_orphans", "1\n"),
    ("tcp_max_tw_buckets", "4096\n"),
    ("tcp_tw_reuse", "2\n"),
    ("tcp_tw_reuse_delay", "1000\n"),
    ("tcp_timestamps", "1\n"),
];

/// A look at what these numbers say.
fn look(random: &mut Random) -> Look {
    let files = TEXTS.map(|(name, text)| {
        let text = texts::mutated(&[text], random);
        (name, String::from_utf8_lossy(&text).into_owned())
    });
    let seen = |random: &mut Random| Seen {
        local: "10.0.0.1:443".to_owned(),
        inode: 7,
        drops: random.number(),
        queue: random.number(),
        limit: random.number(),
    };
    let towards = Towards { sockets: random.number() >> 1, time_wait: random.number() };
    let ends = (IpAddr::from([10, 0, 0, 1]), SocketAddr::from(([10, 0, 0, 9], 443)));
    let mut look = Look {
        files: files.into(),
        listeners: [(5, seen(random))].into(),
        udp: [(6, seen(random))].into(),
        netlink: [(8, seen(random))].into(),
        towards: [(ends, towards)].into(),
        time_wait: random.number(),
        links: [(("eth0".to_owned(), "rx_errors"), random.number())].into(),
        qdiscs: [((2, 1, 3), Qdisc { name: "tbf 8001: on eth0".to_owned(), drops: random.number() })].into(),
        ..Look::default()
    };
    look.count();
    look
}

#[test]
fn every_file_of_a_look_is_damaged() {
    assert_eq!(TEXTS.map(|(name, _)| name), FILES.map(|(name, _)| name));
}

#[test]
fn damaged_texts_and_any_numbers_are_judged() {
    let mut causes = BTreeSet::new();
    attack(INPUTS, |random| {
        let (before, now) = (look(random), look(random));
        let elapsed = Duration::from_nanos(random.number());
        for finding in super::findings(&before, &now, elapsed, &|inode| Some(format!("nginx[{inode}]"))) {
            let (mut text, mut json) = (Vec::new(), Vec::new());
            finding.text(&mut text);
            finding.json(&mut json);
            assert_plain(&text, &['\n']);
            serde_json::from_slice::<serde_json::Value>(&json).expect("JSON");
            causes.insert(finding.cause);
        }
    });
    // Each that a file decides is found, and so its file was understood.
    for cause in [
        "listen-drops",
        "connections-aborted-for-memory",
        "udp-receive-errors",
        "udp-send-errors",
        "udp-memory-pressure",
        "tcp-memory-pressure",
        "orphans-near-their-limit",
        "ports-running-out",
        "time-wait-pile-up",
    ] {
        assert!(causes.contains(cause), "{cause} is not among {causes:?}");
    }
}
