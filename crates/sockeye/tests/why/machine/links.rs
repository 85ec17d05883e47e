//! Links and queues that lose packets, and neighbours that nobody hears of.

use std::net::UdpSocket;

use sockeye_zoo::in_namespace;

use super::{finding, provoked, said, set, why, without_ipv6};
use crate::reach::{ip, wait_until};

/// A cable with nothing on it but what the tests send: this end is v0 with 10.9.0.1/24.
fn cable() {
    without_ipv6();
    ip("link add v0 type veth peer name v1");
    for end in ["v0", "v1"] {
        ip(&format!("link set {end} up"));
    }
    ip("address add 10.9.0.1/24 dev v0");
}

/// Sends so many datagrams, whether they get away or not.
fn send(from: &UdpSocket, count: usize) {
    for _ in 0..count {
        let _ = from.send(b"lost");
    }
}

#[test]
fn a_tunnel_whose_other_end_has_no_route_counts_errors() {
    in_namespace(|_| {
        without_ipv6();
        ip("link add vx0 type vxlan id 17 remote 203.0.113.9 dstport 4789");
        ip("address add 10.8.0.1/24 dev vx0");
        ip("link set vx0 up");
        ip("neighbour add 10.8.0.9 dev vx0 lladdr 02:00:00:00:00:17 nud permanent");
        let socket = UdpSocket::bind("10.8.0.1:0").expect("free");
        socket.connect("10.8.0.9:9").expect("there is a way");
        // What was lost before is not of these seconds.
        send(&socket, 5);
        let answer = provoked(&[("link-errors", "tx_errors", 13)], || send(&socket, 13));
        let (subject, evidence) = said(&answer, "link-errors");
        assert_eq!(subject, "vx0");
        assert_eq!(*evidence, serde_json::json!({ "tx_carrier_errors": 13, "tx_errors": 13 }));
        Ok(())
    });
}

#[test]
fn a_queue_without_room_drops_and_programs_cannot_send() {
    in_namespace(|_| {
        cable();
        ip("neighbour add 10.9.0.7 dev v0 lladdr 02:00:00:00:00:17 nud permanent");
        let tc = ["qdisc", "add", "dev", "v0", "root", "handle", "80a:", "pfifo", "limit", "0"];
        let status = std::process::Command::new("tc").args(tc).status().expect("tc is installed");
        assert!(status.success(), "{tc:?}");
        let socket = UdpSocket::bind("10.9.0.1:0").expect("free");
        socket.connect("10.9.0.7:9").expect("there is a way");
        send(&socket, 4);
        let answer = provoked(&[("qdisc-drops", "drops", 19), ("udp-send-errors", "grown", 19)], || send(&socket, 19));
        let (subject, evidence) = said(&answer, "qdisc-drops");
        assert_eq!((subject, evidence), ("pfifo 80a: on v0", &serde_json::json!({ "drops": 19 })));
        let (subject, evidence) = said(&answer, "udp-send-errors");
        assert_eq!((subject, &evidence["grown"]), ("Udp.SndbufErrors", &19.into()));
        Ok(())
    });
}

#[test]
fn a_queue_below_another_is_told_with_its_parent() {
    in_namespace(|_| {
        cable();
        ip("neighbour add 10.9.0.7 dev v0 lladdr 02:00:00:00:00:17 nud permanent");
        for tc in [
            "qdisc add dev v0 root handle 80b: htb default 1",
            "class add dev v0 parent 80b: classid 80b:1 htb rate 1gbit",
            "qdisc add dev v0 parent 80b:1 handle 80c: pfifo limit 0",
        ] {
            let status = std::process::Command::new("tc").args(tc.split(' ')).status().expect("tc is installed");
            assert!(status.success(), "{tc:?}");
        }
        let socket = UdpSocket::bind("10.9.0.1:0").expect("free");
        socket.connect("10.9.0.7:9").expect("there is a way");
        let answer = provoked(&[("qdisc-drops", "drops", 17)], || send(&socket, 17));
        let findings = answer["findings"].as_array().expect("a list").iter();
        let findings = findings.filter(|finding| finding["cause"] == "qdisc-drops");
        let mut told: Vec<_> =
            findings.map(|one| (one["subject"].as_str(), one["evidence"]["drops"].as_u64())).collect();
        told.sort_unstable();
        assert_eq!(told, [(Some("htb 80b: on v0"), Some(17)), (Some("pfifo 80c: parent 80b:1 on v0"), Some(17))]);
        Ok(())
    });
}

#[test]
fn neighbours_that_nobody_hears_of_are_one_finding() {
    in_namespace(|_| {
        cable();
        set("ipv4/neigh/v0/mcast_solicit", "1");
        let socket = UdpSocket::bind("10.9.0.1:0").expect("free");
        let wanted = [7, 8, 9].map(|last| format!("10.9.0.{last} on v0"));
        // The kernel forgets those that failed now and then (net/core/neighbour.c, `neigh_periodic_work`).
        wait_until(|| {
            for last in [7, 8, 9] {
                let _ = socket.send_to(b"?", ("10.9.0.".to_owned() + &last.to_string(), 9));
            }
            let answer = why();
            let Some(finding) = finding(&answer, "neighbour-failed") else { return false };
            let others = finding["evidence"]["others"].as_str().unwrap_or_default().split("; ");
            let mut named: Vec<_> = others.chain(finding["subject"].as_str()).collect();
            named.sort_unstable();
            named == wanted && finding["evidence"]["count"] == 3
        });
        Ok(())
    });
}
