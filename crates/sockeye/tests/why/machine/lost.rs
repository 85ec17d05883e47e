//! Sockets that lose what comes, because nobody reads it.

use std::io::Write as _;
use std::net::{Ipv4Addr, UdpSocket};
use std::process::{Command, Stdio};

use rustix::net::sockopt::set_socket_recv_buffer_size;
use sockeye_conn::{Protocol, Socket};
use sockeye_zoo::in_namespace;

use super::{connection, finding, listener, own_name, provoked, provoked_until, said};

/// Changes of IPv4 addresses (include/uapi/linux/rtnetlink.h).
const RTNLGRP_IPV4_IFADDR: u32 = 5;

/// What the socket of this port lost, as `/proc` has it.
fn dropped(port: u16) -> u64 {
    let files =
        ["udp", "udp6"].map(|file| std::fs::read_to_string(format!("/proc/self/net/{file}")).unwrap_or_default());
    let local = format!(":{port:04X} ");
    let line = files.iter().flat_map(|file| file.lines()).find(|line| line.contains(&local)).expect("it is bound");
    line.split_whitespace().last().and_then(|drops| drops.parse().ok()).expect("a number")
}

/// Runs these lines as commands of one `ip`: between two looks there is little time.
fn batch(lines: &str) {
    let mut ip = Command::new("ip").args(["-batch", "-"]).stdin(Stdio::piped()).spawn().expect("ip is installed");
    ip.stdin.take().expect("piped").write_all(lines.as_bytes()).expect("it reads");
    assert!(ip.wait().expect("a child of ours").success(), "{lines}");
}

#[test]
fn a_program_that_does_not_read_its_datagrams_loses_them() {
    for (at, counter) in [("127.0.0.1:7031", "Udp.RcvbufErrors"), ("[::1]:7031", "Udp6.RcvbufErrors")] {
        in_namespace(|_| {
            let deaf = UdpSocket::bind(at).expect("free");
            set_socket_recv_buffer_size(&deaf, 2048).expect("set");
            let from = UdpSocket::bind(if at.starts_with('[') { "[::1]:0" } else { "127.0.0.1:0" }).expect("free");
            // Until nothing fits any more, and five beyond that.
            while dropped(7031) < 5 {
                from.send_to(&[7; 700], at).expect("sent");
            }
            let answer = provoked(&[("udp-receive-drops", "drops", 23), ("udp-receive-errors", "grown", 23)], || {
                (0..23).for_each(|_| assert_eq!(from.send_to(&[7; 700], at).expect("sent"), 700));
            });
            let (subject, evidence) = said(&answer, "udp-receive-drops");
            assert_eq!((subject, &evidence["drops"]), (at, &23.into()), "{answer:#}");
            assert!(evidence["queue_bytes"].as_u64() >= Some(700), "{evidence}");
            // Each look that was too late has lost as many.
            let since = evidence["drops_since_it_was_opened"].as_u64().expect("a number");
            assert!(since >= 28 && (since - 5) % 23 == 0, "{evidence}");
            assert!(evidence["owner"].as_str().is_some_and(|owner| owner.ends_with(&own_name())), "{evidence}");
            let (subject, evidence) = said(&answer, "udp-receive-errors");
            assert_eq!((subject, &evidence["grown"]), (counter, &23.into()));
            Ok(())
        });
    }
}

#[test]
fn a_program_that_does_not_read_its_messages_of_the_kernel_loses_them() {
    in_namespace(|_| {
        let mut deaf = Socket::open(Protocol::Route).expect("everybody may");
        deaf.join(RTNLGRP_IPV4_IFADDR).expect("everybody may");
        deaf.set_receive_buffer(1).expect("the least there is");
        let mut last = u32::from(Ipv4Addr::new(10, 7, 0, 0));
        let mut change = |times: u32| {
            let addresses = (last + 1..=last + times).map(Ipv4Addr::from);
            let lines = addresses.map(|address| format!("address add {address}/32 dev lo\n"));
            batch(&lines.collect::<Vec<_>>().concat());
            last += times;
        };
        while deaf.drops().expect("the kernel tells") < 3 {
            change(1);
        }
        let answer = provoked(&[("netlink-drops", "drops", 11)], || change(11));
        let (subject, evidence) = said(&answer, "netlink-drops");
        assert!(subject.starts_with("protocol 0 port id "), "{subject}");
        assert_eq!(evidence["drops"], 11, "{answer:#}");
        let since = evidence["drops_since_it_was_opened"].as_u64().expect("a number");
        assert!(since >= 14 && (since - 3) % 11 == 0, "{evidence}");
        assert!(evidence["owner"].as_str().is_some_and(|owner| owner.ends_with(&own_name())), "{evidence}");
        Ok(())
    });
}

#[test]
fn a_queue_of_many_small_pieces_is_squeezed() {
    in_namespace(|_| {
        let listener = listener(7032, 9);
        set_socket_recv_buffer_size(&listener, 4096).expect("set");
        let (mut from, _deaf) = connection(&listener, 7032);
        from.set_nodelay(true).expect("set");
        from.set_nonblocking(true).expect("set");
        let answer = provoked_until(
            |answer| finding(answer, "receive-buffers-pruned").is_some(),
            || (0..200).for_each(|_| drop(from.write(&[7]))),
        );
        let (subject, evidence) = said(&answer, "receive-buffers-pruned");
        assert_eq!(subject, "TcpExt.PruneCalled");
        assert!(evidence["grown"].as_u64() >= Some(1), "{evidence}");
        Ok(())
    });
}
