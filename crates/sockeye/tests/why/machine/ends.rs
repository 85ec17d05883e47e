//! Ends that pile up.

use std::io::Read as _;
use std::net::TcpStream;

use sockeye_zoo::in_namespace;

use super::{connection, finding, listener, own_name, provoked, said, set, why};
use crate::causes::alone;
use crate::reach::wait_until;

/// Whoever opened it closes first, so that its end waits.
fn leave_waiting((here, mut there): (TcpStream, TcpStream)) {
    drop(here);
    assert_eq!(there.read(&mut [0]).expect("it has closed"), 0);
}

#[test]
fn ports_towards_one_place_run_out() {
    in_namespace(|_| {
        let _alone = alone();
        // Where the kernel takes none of them again.
        set("ipv4/tcp_tw_reuse", "0");
        set("ipv4/ip_local_port_range", "40000 40010");
        set("ipv4/ip_local_reserved_ports", "40003");
        let (near, far) = (listener(7021, 9), listener(7022, 9));
        let _open: Vec<_> = (0..5).map(|_| connection(&near, 7021)).collect();
        (0..3).for_each(|_| leave_waiting(connection(&near, 7021)));
        // Towards another place there are as many ports again.
        let _others: Vec<_> = (0..4).map(|_| connection(&far, 7022)).collect();
        let answer = why();
        let (subject, evidence) = said(&answer, "ports-running-out");
        assert_eq!(subject, "127.0.0.1 to 127.0.0.1:7021");
        assert_eq!(*evidence, serde_json::json!({ "ports_in_use": 8, "ports": 10, "in_time_wait": 3 }));
        let named =
            answer["findings"].as_array().expect("a list").iter().filter(|one| one["cause"] == "ports-running-out");
        assert_eq!(named.count(), 1, "{answer:#}");
        Ok(())
    });
}

#[test]
fn ports_that_the_kernel_takes_again_do_not_run_out() {
    in_namespace(|_| {
        let _alone = alone();
        // Over loopback, which is what kernels begin with.
        set("ipv4/tcp_tw_reuse", "2");
        set("ipv4/ip_local_port_range", "40000 40009");
        let listener = listener(7025, 20);
        (0..10).for_each(|_| leave_waiting(connection(&listener, 7025)));
        // A port is taken again after a second.
        wait_until(|| finding(&why(), "ports-running-out").is_none());
        leave_waiting(connection(&listener, 7025));
        set("ipv4/tcp_tw_reuse", "0");
        let answer = why();
        let (subject, evidence) = said(&answer, "ports-running-out");
        assert_eq!(subject, "127.0.0.1 to 127.0.0.1:7025");
        assert_eq!(*evidence, serde_json::json!({ "ports_in_use": 10, "ports": 10, "in_time_wait": 10 }));
        let refused = TcpStream::connect("127.0.0.1:7025").expect_err("none is left");
        assert_eq!(refused.kind(), std::io::ErrorKind::AddrNotAvailable);
        Ok(())
    });
}

#[test]
fn what_waits_for_its_time_to_end_has_a_limit() {
    in_namespace(|_| {
        set("ipv4/tcp_max_tw_buckets", "12");
        let listener = listener(7023, 9);
        (0..10).for_each(|_| leave_waiting(connection(&listener, 7023)));
        let answer = why();
        let (subject, evidence) = said(&answer, "time-wait-pile-up");
        assert_eq!((subject, evidence), ("TIME-WAIT", &serde_json::json!({ "sockets": 10, "limit": 12 })));
        (0..2).for_each(|_| leave_waiting(connection(&listener, 7023)));
        let answer = provoked(&[("time-wait-overflow", "grown", 7)], || {
            (0..7).for_each(|_| leave_waiting(connection(&listener, 7023)));
        });
        let (subject, evidence) = said(&answer, "time-wait-overflow");
        assert_eq!((subject, &evidence["grown"]), ("TcpExt.TCPTimeWaitOverflow", &7.into()));
        Ok(())
    });
}

#[test]
fn connections_that_a_program_forgot_to_close_are_its_own() {
    in_namespace(|_| {
        let _alone = alone();
        let listener = listener(7024, 20);
        let mut open: Vec<_> = (0..11).map(|_| connection(&listener, 7024)).collect();
        let forgotten: Vec<_> = open.drain(..).map(|(_, there)| there).collect();
        let answer = why();
        let (subject, evidence) = said(&answer, "close-wait-leak");
        assert!(subject.ends_with(&own_name()), "{subject}");
        assert_eq!(*evidence, serde_json::json!({ "sockets": forgotten.len() }));
        Ok(())
    });
}
