//! `sockeye why ADDRESS[:PORT]`.

use std::net::{TcpListener, TcpStream, UdpSocket};
use std::process::Command;
use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use sockeye_zoo::skip::has_user;
use sockeye_zoo::{in_namespace, patience};

use crate::support::sockeye;

/// Patience with a busy machine.
static PATIENCE: LazyLock<Duration> = LazyLock::new(|| patience(Duration::from_secs(20)));

/// Asks again until it holds: what the kernel does by itself tells nobody that it is done.
pub(crate) fn wait_until(mut holds: impl FnMut() -> bool) {
    let until = Instant::now() + *PATIENCE;
    while !holds() {
        assert!(Instant::now() < until, "it never came to that");
        // Whoever asks all the time takes the processor from what is waited for.
        thread::sleep(Duration::from_millis(20));
    }
}

/// Runs `ip`, which has to work.
pub(crate) fn ip(arguments: &str) {
    let output = Command::new("ip").args(arguments.split(' ')).output().expect("ip is installed");
    assert!(output.status.success(), "ip {arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A cable, of which this end is v0 with 10.9.0.1/24 and fd09::1/64; the other end stays down.
pub(crate) fn cable() {
    ip("link set lo up");
    ip("link add v0 type veth peer name v1");
    ip("link set v0 up");
    ip("address add 10.9.0.1/24 dev v0");
    ip("address add fd09::1/64 dev v0 nodad");
}

/// The answer, whose status has to be this one.
pub(crate) fn why(target: &str, status: i32) -> Value {
    let (code, answer) = ask(target);
    assert_eq!(code, Some(status), "{target}: {answer:#}");
    answer
}

pub(crate) fn ask(target: &str) -> (Option<i32>, Value) {
    let output = sockeye(&["why", target, "-o", "json", "--exit-code", "--for", "50ms"]);
    let answer = serde_json::from_slice(&output.stdout);
    (output.status.code(), answer.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr))))
}

/// The causes that were found, and what each is wrong with.
pub(crate) fn causes(answer: &Value) -> Vec<(&str, &str)> {
    let findings = answer["findings"].as_array().expect("a list");
    findings.iter().map(|one| (one["cause"].as_str().unwrap(), one["subject"].as_str().unwrap())).collect()
}

/// What was said of a step.
pub(crate) fn step<'a>(answer: &'a Value, name: &str) -> &'a str {
    let steps = answer["steps"].as_array().expect("a list");
    let found = steps.iter().find(|step| step["step"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {answer:#}"))["text"].as_str().unwrap()
}

#[test]
fn a_way_that_works_is_told_and_nothing_is_found() {
    in_namespace(|_| {
        cable();
        ip("link set v1 up");
        ip("neighbour add 10.9.0.7 dev v0 lladdr 02:00:00:00:00:17 nud permanent");
        ip("route add 10.77.0.0/16 via 10.9.0.7 table 177");
        ip("rule add to 10.77.3.0/24 lookup 177 priority 501");
        let answer = why("10.77.3.9:443", 0);
        assert_eq!(causes(&answer), []);
        assert_eq!(step(&answer, "rule"), "501: lookup 177");
        assert_eq!(step(&answer, "route"), "10.77.0.0/16 table 177 via 10.9.0.7 dev v0 src 10.9.0.1 proto boot");
        assert!(step(&answer, "link").starts_with("v0 up, carrier, operstate up"), "{answer:#}");
        assert_eq!(step(&answer, "neighbour"), "10.9.0.7 at 02:00:00:00:00:17 permanent");
        let text = sockeye(&["why", "10.77.3.9:443"]);
        let text = String::from_utf8(text.stdout).expect("text");
        let says = "\nnothing found on this host that keeps packets from it, but nobody was seen to try meanwhile (";
        assert!(text.contains(says), "{text}");
        assert_eq!(answer["tried"], 0);
        let answer = why("[fd09::7]:443", 0);
        assert!(step(&answer, "route").starts_with("fd09::/64 table main dev v0"), "{answer:#}");
        Ok(())
    });
}

#[test]
fn the_rule_that_leads_there_is_named_and_none_beside_it() {
    in_namespace(|_| {
        has_user(61001)?;
        cable();
        ip("link set v1 up");
        ip("neighbour add 10.9.0.7 dev v0 lladdr 02:00:00:00:00:17 nud permanent");
        ip("route add 10.80.0.0/16 via 10.9.0.7 table 50");
        // Of some users, of one port, of all others: none of these leads to it.
        ip("rule add uidrange 61000-61001 lookup 50 priority 100");
        ip("rule add ipproto tcp dport 22 lookup 50 priority 110");
        ip("rule add not to 10.80.0.0/16 lookup 50 priority 120");
        ip("rule add lookup 50 priority 200");
        assert_eq!(step(&why("10.80.0.1", 0), "rule"), "200: lookup 50");
        assert_eq!(step(&why("10.80.0.1:23", 0), "rule"), "200: lookup 50");
        assert_eq!(step(&why("10.80.0.1:22", 0), "rule"), "110: lookup 50");
        // As VPNs have it: the default route is left to another rule.
        ip("route add 0.0.0.0/0 via 10.9.0.7 dev v0");
        ip("rule add lookup main suppress_prefixlength 0 priority 300");
        assert_eq!(step(&why("203.0.113.9", 0), "rule"), "32766: lookup main");
        assert_eq!(step(&why("10.9.0.7", 0), "rule"), "300: lookup main");
        Ok(())
    });
}

#[test]
fn a_listener_of_ipv6_alone_is_none_for_ipv4() {
    in_namespace(|zoo| {
        let specimen = zoo.tcp_listening_v6only()?;
        let port = specimen.expected("listener").local.expect("it is bound").port();
        let answer = why(&format!("127.0.0.1:{port}"), 4);
        assert_eq!(causes(&answer), [("no-listener", format!("port {port}").as_str())]);
        assert_eq!(answer["findings"][0]["evidence"]["listens_on"], ":: (IPv6 alone)");
        let answer = why(&format!("[::1]:{port}"), 0);
        assert!(step(&answer, "listener").starts_with(&format!(":: (IPv6 alone) port {port}, 0 of ")), "{answer:#}");
        Ok(())
    });
}

#[test]
fn a_route_that_is_missing_or_forbidden_is_the_cause() {
    in_namespace(|_| {
        cable();
        for (kind, cause) in
            [("blackhole", "blackhole-route"), ("prohibit", "prohibited-route"), ("unreachable", "unreachable-route")]
        {
            assert_eq!(causes(&why("203.0.113.9", 4)), [("no-route", "203.0.113.9")]);
            ip(&format!("route add {kind} 203.0.113.0/24"));
            assert_eq!(causes(&why("203.0.113.9:80", 4)), [(cause, "203.0.113.9")]);
            ip(&format!("route delete {kind} 203.0.113.0/24"));
        }
        Ok(())
    });
}

#[test]
fn a_link_that_is_down_is_named_and_not_the_route_that_went_with_it() {
    in_namespace(|_| {
        cable();
        ip("address add 10.9.0.129/25 dev v0");
        ip("link set v0 down");
        for (target, address) in [("10.9.0.7:80", "10.9.0.1/24"), ("10.9.0.177", "10.9.0.129/25")] {
            let answer = why(target, 4);
            assert_eq!(causes(&answer), [("link-down", "v0")]);
            let finding = &answer["findings"][0];
            assert_eq!(finding["evidence"]["address"], address, "{finding}");
            assert!(finding["advice"].as_str().is_some_and(|advice| advice.contains("ip link set")), "{finding}");
            assert_eq!(step(&answer, "route"), format!("none: {address} is on a link that is down"));
            assert!(step(&answer, "link").starts_with("v0 down"), "{answer:#}");
        }
        // Of other networks no more is known than before; addresses of IPv6 go with the link.
        for target in ["203.0.113.9", "fd09::7"] {
            assert_eq!(causes(&why(target, 4)), [("no-route", target)]);
        }
        std::fs::write("/proc/sys/net/ipv6/conf/v0/keep_addr_on_down", "1").expect("it may be set");
        ip("link set v0 up");
        ip("address add fd09::1/64 dev v0 nodad");
        ip("link set v0 down");
        let answer = why("fd09::7", 4);
        assert_eq!(causes(&answer), [("link-down", "v0")]);
        assert_eq!(answer["findings"][0]["evidence"]["address"], "fd09::1/64");
        Ok(())
    });
}

#[test]
fn who_forbids_it_is_named() {
    in_namespace(|_| {
        cable();
        ip("route add 0.0.0.0/0 via 10.9.0.7 dev v0");
        ip("rule add to 203.0.113.0/24 unreachable priority 502");
        let answer = why("203.0.113.9", 4);
        assert_eq!(causes(&answer), [("unreachable-route", "203.0.113.9")]);
        assert_eq!(step(&answer, "rule"), "502: unreachable");
        assert_eq!(answer["findings"][0]["evidence"]["rule"], "502: unreachable");
        // One of a higher number, and one for some packets only, are not the ones.
        ip("rule add fwmark 0x17 prohibit priority 401");
        ip("rule add to 198.51.100.0/24 lookup 178 priority 503");
        ip("route add blackhole 198.51.0.0/16 table 178");
        ip("route add prohibit 198.51.100.0/25 table 178 metric 7");
        let answer = why("198.51.100.9:80", 4);
        assert_eq!(causes(&answer), [("prohibited-route", "198.51.100.9")]);
        let evidence = &answer["findings"][0]["evidence"];
        assert_eq!(evidence["rule"], "503: lookup 178");
        assert_eq!(evidence["route"], "prohibit 198.51.100.0/25 table 178");
        let answer = why("198.51.100.200:80", 4);
        assert_eq!(step(&answer, "route"), "blackhole 198.51.0.0/16 table 178");
        assert_eq!(causes(&answer), [("blackhole-route", "198.51.100.200")]);
        ip("-6 rule add to fd77::/16 prohibit priority 504");
        assert_eq!(step(&why("fd77::9", 4), "rule"), "504: prohibit");
        Ok(())
    });
}

#[test]
fn an_address_that_every_link_has_is_asked_for_with_its_link() {
    in_namespace(|_| {
        cable();
        ip("link set v1 up");
        ip("link add v2 type veth peer name v3");
        ip("link set v2 up");
        ip("link set v3 up");
        for (word, name) in [("fe80::99%v2", "v2"), ("[fe80::99%v0]:443", "v0")] {
            let answer = why(word, 0);
            assert_eq!(answer["target"], word);
            assert!(step(&answer, "route").starts_with(&format!("fe80::/64 table main dev {name}")), "{answer:#}");
            assert!(step(&answer, "link").starts_with(&format!("{name} up")), "{answer:#}");
        }
        for (word, says) in [("fe80::99", "say on which, fe80::99%eth0"), ("fe80::99%v9", "there is no link `v9`")] {
            let output = sockeye(&["why", word]);
            let sentence = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.code() == Some(2) && sentence.contains(says), "{sentence}");
        }
        Ok(())
    });
}

#[test]
fn rules_that_ask_for_a_port_decide_of_that_port_alone() {
    in_namespace(|_| {
        cable();
        ip("link set v1 up");
        ip("route add 203.0.113.0/24 dev v0 table 103");
        ip("rule add ipproto tcp dport 443 lookup 103 pref 203");
        let answer = why("203.0.113.9:443", 0);
        assert!(step(&answer, "route").contains("203.0.113.0/24 table 103 dev v0"), "{answer:#}");
        assert_eq!(causes(&why("203.0.113.9:444", 4)), [("no-route", "203.0.113.9")]);
        ip("rule add to 10.9.0.9 ipproto tcp dport 25 prohibit pref 50");
        assert_eq!(causes(&why("10.9.0.9:25", 4)), [("prohibited-route", "10.9.0.9")]);
        assert_eq!(causes(&why("10.9.0.9:26", 0)), []);
        // As it stands in the log of a program that listens for both families.
        assert_eq!(causes(&why("[::ffff:10.9.0.9]:25", 4)), [("prohibited-route", "10.9.0.9")]);
        Ok(())
    });
}

#[test]
fn a_link_without_carrier_and_a_neighbour_that_does_not_answer_are_causes() {
    in_namespace(|_| {
        cable();
        let answer = why("10.9.0.7:80", 4);
        assert_eq!(causes(&answer), [("no-carrier", "v0")]);
        assert!(step(&answer, "link").starts_with("v0 up, no carrier, operstate lowerlayerdown"), "{answer:#}");
        ip("link set v1 up");
        // After three without an answer that would have gone to its last known place.
        std::fs::write("/proc/sys/net/ipv4/neigh/v0/mcast_solicit", "2").expect("it may be set");
        let fails_and_stays = || {
            let began = Instant::now();
            let failed = || {
                let (_, answer) = ask("10.9.0.8");
                let is_named = causes(&answer) == [("neighbour-failed", "10.9.0.8 on v0")];
                let evidence = &answer["findings"][0]["evidence"];
                is_named
                    && evidence["failed_ago_us"]
                        .as_u64()
                        .is_some_and(|ago| Duration::from_micros(ago) <= began.elapsed())
            };
            // Nobody is at the other end to say who has it.
            let asking = UdpSocket::bind("10.9.0.1:0").expect("free");
            asking.send_to(b"?", "10.9.0.8:9").expect("sent");
            wait_until(failed);
            std::thread::sleep(Duration::from_millis(1100));
            let output = sockeye(&["why", "--for", "50ms", "-o", "json"]);
            let answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
            // Where all namespaces together have more than a few, the kernel forgets those that failed now and then
            // (net/core/neighbour.c, `neigh_periodic_work`).
            (!causes(&answer).is_empty()).then_some((answer, began))
        };
        let (answer, began) = (0..5).find_map(|_| fails_and_stays()).expect("it stays once");
        assert_eq!(causes(&answer), [("neighbour-failed", "10.9.0.8 on v0")]);
        let evidence = &answer["findings"][0]["evidence"];
        assert_eq!(evidence["probes"], 5);
        let (ago, began) = (evidence["failed_ago_us"].as_u64().expect("a number"), began.elapsed());
        assert!(ago >= 1_000_000 && Duration::from_micros(ago) <= began, "{ago} of {began:?}");
        Ok(())
    });
}

#[test]
fn every_next_hop_of_a_route_is_looked_at() {
    in_namespace(|_| {
        cable();
        ip("link set v1 up");
        ip("link add w0 type veth peer name w1");
        ip("link set w0 up");
        ip("link set w1 up");
        ip("address add 10.8.0.1/24 dev w0");
        ip("address add fd08::1/64 dev w0 nodad");
        ip("neighbour add 10.9.0.7 dev v0 lladdr 02:00:00:00:00:17 nud permanent");
        ip("neighbour add 10.8.0.7 dev w0 lladdr 02:00:00:00:00:18 nud permanent");
        ip(
            "route add 10.77.0.0/16 nexthop via 10.9.0.7 weight 3 nexthop via 10.8.0.7 weight 5 nexthop via 10.8.0.9 weight 2",
        );
        ip("route add fd77::/16 nexthop via fd09::7 nexthop via fd08::7");
        let text = |answer: &Value, name: &str| {
            let steps = answer["steps"].as_array().expect("a list");
            let named = steps.iter().filter(|step| step["step"] == name);
            let mut texts: Vec<String> = named.map(|step| step["text"].as_str().expect("text").to_owned()).collect();
            texts.sort();
            texts
        };
        let answer = why("10.77.3.9:443", 0);
        assert!(step(&answer, "route").ends_with("proto boot, one of 3 next hops"), "{answer:#}");
        assert_eq!(
            text(&answer, "neighbour"),
            [
                "10.8.0.7 at 02:00:00:00:00:18 permanent",
                "10.8.0.9 is not known yet: the first packet will ask for it",
                "10.9.0.7 at 02:00:00:00:00:17 permanent"
            ]
        );
        let known = ["10.8.0.7 dev w0 weight 5", "10.8.0.9 dev w0 weight 2", "10.9.0.7 dev v0 weight 3"];
        let hops = text(&answer, "next hop");
        assert_eq!(hops.len(), 2);
        assert!(
            hops.iter().all(|hop| known.iter().any(|known| *hop == format!("{known}, of other connections"))),
            "{hops:?}"
        );
        assert_eq!(text(&answer, "link").len(), 2, "each link once: {answer:#}");
        let six = why("[fd77::9]:443", 0);
        assert!(step(&six, "route").ends_with(", one of 2 next hops"), "{six:#}");
        assert_eq!(text(&six, "link").len(), 2, "{six:#}");
        // Some connections fail, and which address one looks at says nothing of it.
        let asking = UdpSocket::bind("10.8.0.1:0").expect("free");
        asking.send_to(b"?", "10.8.0.9:9").expect("sent");
        for address in ["10.77.3.9", "10.77.3.10", "10.77.3.11", "10.77.3.12"] {
            let mut answer = Value::Null;
            wait_until(|| {
                answer = ask(address).1;
                causes(&answer) == [("neighbour-failed", "10.8.0.9 on w0")]
            });
            assert_eq!(answer["findings"][0]["evidence"]["next_hops"], 3);
        }
        ip("link set w1 down");
        let found = ask("10.77.3.9").1;
        assert!(causes(&found).contains(&("no-carrier", "w0")), "{found:#}");
        Ok(())
    });
}

#[test]
fn a_broadcast_asks_for_no_neighbour() {
    in_namespace(|_| {
        cable();
        ip("link set v1 up");
        let answer = why("10.9.0.255", 0);
        assert_eq!(step(&answer, "route"), "broadcast 10.9.0.255 table local dev v0 src 10.9.0.1 proto kernel");
        assert_eq!(step(&answer, "rule"), "0: lookup local");
        assert_eq!(step(&answer, "neighbour"), "none is asked for: everybody on the link gets it");
        Ok(())
    });
}

#[test]
fn an_address_of_this_host_needs_a_listener_whose_queue_has_room() {
    in_namespace(|_| {
        cable();
        ip("link set v1 up");
        let answer = why("10.9.0.1:7081", 4);
        assert_eq!(causes(&answer), [("no-listener", "port 7081")]);
        assert_eq!(step(&answer, "rule"), "0: lookup local");
        let _elsewhere = TcpListener::bind("127.0.0.1:7081").expect("free");
        let answer = why("10.9.0.1:7081", 4);
        assert_eq!(answer["findings"][0]["evidence"]["listens_on"], "127.0.0.1");
        let _listener = TcpListener::bind("10.9.0.1:7081").expect("free");
        let answer = why("10.9.0.1:7081", 0);
        assert_eq!(step(&answer, "listener"), "10.9.0.1 port 7081, 0 of 128 wait to be accepted");
        let mut clients = Vec::new();
        // One more than the limit are taken.
        for _ in 0..129 {
            clients.push(TcpStream::connect("10.9.0.1:7081").expect("taken"));
        }
        let full = || step(&ask("10.9.0.1:7081").1, "listener").contains("129 of 128");
        wait_until(full);
        assert_eq!(causes(&why("10.9.0.1:7081", 4)), [("accept-queue-full", "port 7081")]);
        Ok(())
    });
}

#[test]
fn what_is_no_address_is_a_mistake_of_the_command_line() {
    let output = sockeye(&["why", "10.9.0.1", "-N", "all"]);
    assert_eq!(output.status.code(), Some(2));
    let sentence = String::from_utf8_lossy(&output.stderr);
    assert!(sentence.contains("name it"), "{sentence}");
}

#[test]
fn the_name_of_a_host_is_no_filter_that_went_wrong() {
    for (word, name) in [("localhost", "localhost"), ("example.com:443", "example.com"), ("web-7:https", "web-7")] {
        let output = sockeye(&["why", word]);
        assert_eq!(output.status.code(), Some(2), "{word}");
        let sentence = String::from_utf8_lossy(&output.stderr);
        assert!(sentence.contains(&format!("`getent hosts {name}`")) && !sentence.contains("dst"), "{sentence}");
    }
    // A slip in a filter, and an address that is none, have better answers.
    for (word, says) in [("establised", "did you mean `established`?"), ("10.9.0.300:443", "no IPv4 address")] {
        let sentence = String::from_utf8_lossy(&sockeye(&["why", word]).stderr).into_owned();
        assert!(sentence.contains(says), "{sentence}");
    }
}
