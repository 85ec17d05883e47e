//! Rules of somebody's: a source or a mark leads another way, or nowhere.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, connect, socket_with};
use serde_json::Value;
use sockeye_zoo::{in_namespace, own_way};

use crate::reach::{ask, cable, causes, ip, step, wait_until, why};

/// Two cables, of which one has the default route.
fn two_ways() {
    cable();
    ip("link set v1 up");
    ip("link add w0 type veth peer name w1");
    ip("link set w0 up");
    ip("link set w1 up");
    ip("address add 10.8.0.1/24 dev w0");
    ip("neighbour add 10.9.0.7 dev v0 lladdr 02:00:00:00:00:17 nud permanent");
    ip("route add 0.0.0.0/0 via 10.9.0.7 dev v0");
}

/// A connection that is being opened, and what the kernel says to that.
fn attempt(address: &str) -> (OwnedFd, Errno) {
    attempt_with(0, address)
}

/// The same with a mark.
fn attempt_with(mark: u32, address: &str) -> (OwnedFd, Errno) {
    let address: SocketAddr = address.parse().expect("an address");
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = socket_with(family, SocketType::STREAM, flags, None).expect("a socket");
    own_way::mark(&socket, mark).expect("root may");
    let error = connect(&socket, &address).expect_err("nobody is there");
    (socket, error)
}

#[test]
fn a_rule_for_the_source_that_the_kernel_chooses_leads_the_way() {
    in_namespace(|_| {
        two_ways();
        ip("route add 0.0.0.0/0 via 10.8.0.7 dev w0 table 90");
        ip("rule add from 10.8.0.1 lookup 91 priority 189");
        ip("rule add from 10.9.0.1 lookup 90 priority 190");
        // Somebody is asked for who gets the packets, and the kernel says itself who that is.
        std::fs::write("/proc/sys/net/ipv4/neigh/w0/mcast_solicit", "600").expect("it may be set");
        let (_attempt, _) = attempt("203.0.113.9:443");
        wait_until(|| causes(&ask("203.0.113.9:443").1).contains(&("neighbour-unanswered", "10.8.0.7 on w0")));
        let answer = why("203.0.113.9:443", 4);
        assert_eq!(step(&answer, "rule"), "190: lookup 90");
        assert_eq!(step(&answer, "route"), "default table 90 via 10.8.0.7 dev w0 src 10.9.0.1 proto boot");
        // Of its network another source is chosen.
        assert_eq!(step(&why("10.8.0.9", 0), "rule"), "32766: lookup main");
        Ok(())
    });
}

#[test]
fn a_rule_that_forbids_the_source_that_the_kernel_chooses_is_the_cause() {
    in_namespace(|_| {
        two_ways();
        for (kind, cause, error) in [
            ("prohibit", "prohibited-route", Errno::ACCESS),
            ("blackhole", "blackhole-route", Errno::INVAL),
            ("unreachable", "unreachable-route", Errno::NETUNREACH),
        ] {
            ip(&format!("rule add from 10.9.0.1 to 203.0.113.0/24 {kind} priority 191"));
            assert_eq!(attempt("203.0.113.9:443").1, error, "as the kernel has it");
            let answer = why("203.0.113.9:443", 4);
            assert_eq!(causes(&answer), [(cause, "203.0.113.9")], "{answer:#}");
            let evidence = &answer["findings"][0]["evidence"];
            assert_eq!((&evidence["rule"], &evidence["source"]), (&format!("191: {kind}").into(), &"10.9.0.1".into()));
            assert_eq!(step(&answer, "rule"), format!("191: {kind}"));
            // Of others it says nothing.
            assert_eq!(causes(&why("198.51.100.9:443", 0)), []);
            ip("rule delete priority 191");
        }
        Ok(())
    });
}

#[test]
fn a_rule_that_goes_nowhere_is_passed_over() {
    in_namespace(|_| {
        two_ways();
        // Only a rule of higher priority may be gone to, and there is none yet with that number.
        ip("rule add to 203.0.113.0/24 goto 400 priority 190");
        ip("rule add to 203.0.113.0/24 prohibit priority 191");
        assert_eq!(attempt("203.0.113.9:443").1, Errno::ACCESS);
        assert_eq!(step(&why("203.0.113.9:443", 4), "rule"), "191: prohibit");
        // Once there is, the kernel goes there.
        ip("rule add to 203.0.113.0/24 unreachable priority 400");
        assert_eq!(attempt("203.0.113.9:443").1, Errno::NETUNREACH);
        assert_eq!(step(&why("203.0.113.9:443", 4), "rule"), "400: unreachable");
        Ok(())
    });
}

#[test]
fn ipv6_asks_once_where_there_is_an_answer() {
    in_namespace(|_| {
        two_ways();
        ip("neighbour add fd09::7 dev v0 lladdr 02:00:00:00:00:17 nud permanent");
        ip("route add fd77::/16 via fd09::7 dev v0");
        ip("-6 rule add from fd09::1 to fd77::/16 prohibit priority 191");
        assert_eq!(attempt("[fd77::9]:443").1, Errno::INPROGRESS);
        assert_eq!(causes(&why("fd77::9", 0)), []);
        Ok(())
    });
}

#[test]
fn ipv6_asks_again_with_a_source_where_there_is_no_answer() {
    in_namespace(|_| {
        two_ways();
        // Of all addresses fd09::1 is the one that is most like these (net/ipv6/addrconf.c, `ipv6_get_saddr_eval`).
        ip("neighbour add fd09::7 dev v0 lladdr 02:00:00:00:00:17 nud permanent");
        ip("route add ::/0 via fd09::7 dev v0 table 90");
        assert_eq!(attempt("[fd0a::9]:443").1, Errno::NETUNREACH);
        assert_eq!(causes(&why("fd0a::9", 4)), [("no-route", "fd0a::9")]);
        ip("-6 rule add from fd09::1 to fd0a::/16 lookup 90 priority 190");
        assert_eq!(attempt("[fd0a::9]:443").1, Errno::INPROGRESS);
        for spec in ["fd0a::9", "[fd0a::9]:443"] {
            let answer = why(spec, 0);
            assert_eq!(causes(&answer), []);
            assert_eq!(step(&answer, "rule"), "190: lookup 90");
            assert_eq!(step(&answer, "route"), "default table 90 via fd09::7 dev v0 src fd09::1 proto boot");
        }
        // For others there is none.
        assert_eq!(causes(&why("fd0b::9", 4)), [("no-route", "fd0b::9")]);
        Ok(())
    });
}

#[test]
fn sockets_with_a_mark_have_a_way_where_others_have_none() {
    in_namespace(|_| {
        cable();
        ip("link set v1 up");
        ip("neighbour add 10.9.0.7 dev v0 lladdr 02:00:00:00:00:17 nud permanent");
        ip("route add 0.0.0.0/0 via 10.9.0.7 dev v0 table 90");
        ip("rule add fwmark 0x17 lookup 90 priority 190");
        let (_attempt, error) = attempt_with(0x17, "203.0.113.9:443");
        assert_eq!((attempt("203.0.113.9:443").1, error), (Errno::NETUNREACH, Errno::INPROGRESS));
        let answer = why("203.0.113.9:443", 4);
        assert_eq!(causes(&answer)[0], ("no-route", "203.0.113.9"), "{answer:#}");
        let finding = &answer["findings"][0];
        assert_eq!(finding["evidence"]["sockets"], 1, "{finding}");
        let advice = finding["advice"].as_str().expect("text");
        assert!(advice.starts_with("a socket without a mark") && !advice.contains("dst = default"), "{finding}");
        assert!(step(&answer, "sockets").starts_with("1 in SYN-SENT towards it"), "{answer:#}");
        let texts = |answer: &Value| -> Vec<String> {
            let steps = answer["steps"].as_array().expect("a list").iter();
            steps.map(|step| format!("{} {}", step["step"], step["text"]).replace('"', "")).collect()
        };
        let told = texts(&answer);
        let own =
            told.iter().position(|text| text == "own way of sockets from 10.9.0.1 mark 0x17:").expect("it is told");
        let behind = ["rule 190: lookup 90", "route default table 90 via 10.9.0.7 dev v0 src 10.9.0.1 proto boot"];
        assert_eq!(told[own + 1..own + 3], behind, "{answer:#}");
        assert!(told[own..].contains(&"neighbour 10.9.0.7 at 02:00:00:00:00:17 permanent".to_owned()), "{answer:#}");
        // Those whose route is gone have none of their own.
        ip("rule delete priority 190");
        let answer = why("203.0.113.9:443", 4);
        assert_eq!(causes(&answer), [("no-route", "203.0.113.9")], "{answer:#}");
        let finding = &answer["findings"][0];
        assert!(finding["advice"].as_str().is_some_and(|advice| advice.contains("had one before")), "{finding}");
        assert!(step(&answer, "sockets").starts_with("1 in SYN-SENT towards it"), "{answer:#}");
        Ok(())
    });
}
