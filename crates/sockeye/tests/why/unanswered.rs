//! Connections that are there and get no answer, and what may be said of an address that nobody tried to reach.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, SocketAddrV6, TcpListener, TcpStream, UdpSocket};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;
use sockeye_zoo::{Skip, in_namespace};

use crate::filtered::{attempt, attempt_at};
use crate::reach::{ask, cable, causes, ip, step, wait_until, why};
use crate::support::sockeye;

/// Time between two connections of whoever tries again and again.
const BETWEEN_TRIES: Duration = Duration::from_millis(5);

/// Both ends of a connection over loopback, whose packets are of the size of a cable's.
fn connection() -> (TcpStream, TcpStream, SocketAddr) {
    ip("link set lo mtu 1500");
    let listener = TcpListener::bind("127.0.0.1:0").expect("free");
    let there = listener.local_addr().expect("bound");
    let here = TcpStream::connect(there).expect("it listens");
    here.set_nonblocking(true).expect("set");
    let (peer, _) = listener.accept().expect("one waits");
    (here, peer, there)
}

/// From now on packets that match get no further than this hook.
pub(crate) fn drop_on(hook: &str, what: &str) -> Result<(), Skip> {
    let lacks = |error: std::io::Error| Skip::new("program:nft", error.to_string());
    let mut nft = Command::new("nft").args(["-f", "-"]).stdin(Stdio::piped()).spawn().map_err(lacks)?;
    let rule = format!("chain c {{ type filter hook {hook} priority 0; {what} drop; }}");
    nft.stdin.take().expect("piped").write_all(format!("table inet t {{\n{rule}\n}}\n").as_bytes()).expect("it reads");
    assert!(nft.wait().expect("a child of ours").success(), "{rule}");
    Ok(())
}

fn write_what_fits(mut to: &TcpStream) {
    let much = vec![7; 65536];
    while to.write(&much).is_ok() {}
}

/// The finding about connections without an answer.
fn loss(answer: &Value) -> Option<&Value> {
    answer["findings"].as_array().expect("a list").iter().find(|one| one["cause"] == "loss")
}

#[test]
fn connections_that_get_no_answer_are_no_all_clear() {
    // What this host drops before it leaves, and what is lost on the way.
    let cases = [
        ("output", true, "unanswered_attempts"),
        ("output", false, "unanswered_attempts"),
        ("input", true, "unanswered_timeouts"),
    ];
    for (hook, much, shown) in cases {
        in_namespace(|_| {
            let (stuck, _peer, there) = connection();
            let _idle = TcpStream::connect(there);
            drop_on(hook, &format!("tcp dport {}", there.port()))?;
            if much {
                write_what_fits(&stuck);
            } else {
                assert_eq!((&stuck).write(&[7; 37]).expect("there is room"), 37);
            }
            let target = there.to_string();
            wait_until(|| loss(&ask(&target).1).is_some());
            let answer = why(&target, 4);
            let finding = loss(&answer).expect("it stays so");
            assert_eq!(finding["subject"], format!("{} to {there}", stuck.local_addr().expect("bound")));
            let evidence = &finding["evidence"];
            assert_eq!(evidence["sockets"], 1, "{evidence}");
            assert!(evidence[shown].as_u64() >= Some(2), "{hook}: {evidence}");
            assert!(evidence["not_sent_bytes"].as_u64() > Some(0), "{evidence}");
            assert_eq!(evidence["in_flight"] == 0, hook == "output", "{evidence}");
            let told = format!("1 gets no answer: {} to {there}", stuck.local_addr().expect("bound"));
            assert!(step(&answer, "sockets").ends_with(&told), "{answer:#}");
            let text = String::from_utf8(sockeye(&["why", &target, "--for", "50ms"]).stdout).expect("text");
            assert!(text.contains("! loss") && !text.contains("nothing found"), "{text}");
            // Of another address nothing is said.
            assert!(loss(&ask("127.0.0.2").1).is_none());
            Ok(())
        });
    }
}

#[test]
fn attempts_to_connect_that_nobody_answers_say_how_often_they_asked() {
    in_namespace(|_| {
        cable();
        ip("link set v1 up");
        // Somebody is there, and says nothing.
        ip("neighbour add 10.9.0.7 dev v0 lladdr 02:00:00:00:00:17 nud permanent");
        let _attempts: Vec<_> = [(7, 443), (7, 443), (7, 443), (7, 80)].map(|(last, port)| attempt(last, port)).into();
        wait_until(|| !causes(&ask("10.9.0.7:443").1).is_empty());
        let answer = why("10.9.0.7:443", 4);
        assert_eq!(causes(&answer), [("syn-unanswered", "10.9.0.7:443")], "{answer:#}");
        let evidence = &answer["findings"][0]["evidence"];
        let again = evidence["syn_retransmissions"].as_u64().expect("a number");
        assert!(evidence["sockets"] == 3 && again >= 1, "{evidence}");
        let says = step(&answer, "sockets");
        let (sum, named) = says.split_at(says.find(", 10.").expect("some are named"));
        assert!(sum.starts_with("3 in SYN-SENT towards it, ") && sum.ends_with(" SYNs sent again"), "{says}");
        // All three, each by its own end.
        let owner = format!("[{}])", std::process::id());
        let named: Vec<_> = named.split(", ").filter(|one| !one.is_empty()).collect();
        assert_eq!(named.len(), 3, "{says}");
        for one in named {
            assert!(one.starts_with("10.9.0.1:") && one.contains(" to 10.9.0.7:443 asked "), "{one}");
            assert!(one.ends_with(&owner), "{one}");
        }
        assert!(evidence["owner"].as_str().is_some_and(|one| format!("({one})").ends_with(&owner)), "{evidence}");
        Ok(())
    });
}

#[test]
fn a_full_accept_queue_is_named_first_and_no_firewall_beside_it() {
    in_namespace(|_| {
        let listener = TcpListener::bind("127.0.0.1:0").expect("free");
        let there = listener.local_addr().expect("bound");
        // The next one gets no answer.
        let _waiting: Vec<_> = (0..129).map(|_| TcpStream::connect(there).expect("taken")).collect();
        let _attempt = attempt_at(there);
        let target = there.to_string();
        let asked_again = |answer: &Value| !step(answer, "sockets").contains(", 0 SYNs") && asks(answer);
        wait_until(|| asked_again(&ask(&target).1));
        let answer = why(&target, 4);
        assert_eq!(causes(&answer)[0], ("accept-queue-full", format!("port {}", there.port()).as_str()), "{answer:#}");
        assert!(asks(&answer) && causes(&answer).iter().all(|(cause, _)| *cause != "syn-unanswered"), "{answer:#}");
        Ok(())
    });
}

/// Whether a connection is being opened.
fn asks(answer: &Value) -> bool {
    step(answer, "sockets").contains("in SYN-SENT")
}

#[test]
fn a_neighbour_that_has_not_answered_yet_is_named_before_the_kernel_gives_up() {
    in_namespace(|_| {
        cable();
        ip("link set v1 up");
        // It asks for longer than this test takes.
        std::fs::write("/proc/sys/net/ipv4/neigh/v0/mcast_solicit", "600").expect("it may be set");
        let _attempt = attempt(8, 443);
        let answer = why("10.9.0.8:443", 4);
        assert_eq!(causes(&answer)[0], ("neighbour-unanswered", "10.9.0.8 on v0"), "{answer:#}");
        assert_eq!(answer["findings"][0]["evidence"]["state"], "incomplete");
        assert!(step(&answer, "neighbour").ends_with("10.9.0.8 incomplete"), "{answer:#}");
        Ok(())
    });
}

#[test]
fn a_peer_that_does_not_read_answers() {
    in_namespace(|_| {
        let (held, _silent, there) = connection();
        let probed = format!("dport = {} and backoff >= 2", there.port());
        wait_until(|| {
            // What is on its way makes room for more, until all of it waits.
            write_what_fits(&held);
            !sockeye(&["sockets", "-H", &probed]).stdout.is_empty()
        });
        let answer = ask(&there.to_string()).1;
        assert!(
            loss(&answer).is_none() && step(&answer, "sockets").starts_with("1 connection towards it"),
            "{answer:#}"
        );
        Ok(())
    });
}

#[test]
fn a_socket_of_ipv6_with_a_mapped_address_is_towards_it() {
    in_namespace(|_| {
        let listener = TcpListener::bind("[::]:0").expect("free");
        let port = listener.local_addr().expect("bound").port();
        let mapped: SocketAddr = format!("[::ffff:127.0.0.1]:{port}").parse().expect("an address");
        let _connection = TcpStream::connect(mapped).expect("it listens");
        assert_eq!(step(&ask(&format!("127.0.0.1:{port}")).1, "sockets"), "1 connection towards it");
        assert_eq!(step(&ask(&format!("127.0.0.2:{port}")).1, "sockets"), "no TCP connection towards it");
        assert_eq!(step(&ask(&format!("127.0.0.1:{}", port ^ 1)).1, "sockets"), "no TCP connection towards it");
        Ok(())
    });
}

#[test]
fn a_connection_on_another_link_is_not_towards_an_address_of_this_one() {
    in_namespace(|_| {
        ip("link set lo up");
        for (one, other) in [("v0", "v1"), ("w0", "w1")] {
            ip(&format!("link add {one} type veth peer name {other}"));
            ip(&format!("link set {one} up"));
            ip(&format!("link set {other} up"));
            ip(&format!("address add fe80::7/64 dev {one} nodad"));
        }
        let index = rustix::net::netdevice::name_to_index(UdpSocket::bind("127.0.0.1:0").expect("free"), "v0");
        let here = SocketAddrV6::new("fe80::7".parse().expect("an address"), 0, 0, index.expect("it is there"));
        let listener = TcpListener::bind(here).expect("free");
        let port = listener.local_addr().expect("bound").port();
        let _connection = TcpStream::connect(listener.local_addr().expect("bound")).expect("it listens");
        assert_eq!(step(&ask(&format!("[fe80::7%v0]:{port}")).1, "sockets"), "1 connection towards it");
        assert_eq!(step(&ask(&format!("[fe80::7%w0]:{port}")).1, "sockets"), "no TCP connection towards it");
        Ok(())
    });
}

#[test]
fn whoever_tries_meanwhile_is_counted() {
    in_namespace(|_| {
        let listener = TcpListener::bind("127.0.0.1:0").expect("free");
        let target = listener.local_addr().expect("bound").to_string();
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(Ordering::Acquire) {
                    let here = TcpStream::connect(&target).expect("it listens");
                    let (mut peer, _) = listener.accept().expect("one waits");
                    // Whoever closes first leaves something to see.
                    drop(here);
                    let _ = peer.read(&mut [0]);
                    // Few enough for the kernel to remember each: it resets what it forgets (tcp_max_tw_buckets, by memory).
                    std::thread::sleep(BETWEEN_TRIES);
                }
            });
            // A packet that comes just when another processor makes its connection finds the listener, and is answered by a reset: that
            // is one, and the rest of them works.
            let is_clear = |(json, text): &(Value, String)| {
                causes(json).is_empty()
                    && text.contains("nothing found on this host")
                    && !text.contains("nobody was seen to try")
            };
            let answers: Vec<_> = (0..5).map(|_| both(&target)).collect();
            over.store(true, Ordering::Release);
            assert!(answers.iter().all(|(json, _)| json["tried"].as_u64() > Some(0)), "{answers:#?}");
            assert!(answers.iter().any(is_clear), "{answers:#?}");
        });
        Ok(())
    });
}

/// The answer as JSON, and as text.
fn both(target: &str) -> (Value, String) {
    let [json, text] = ["json", "text"].map(|format| sockeye(&["why", target, "-o", format, "--for", "200ms"]).stdout);
    (serde_json::from_slice(&json).expect("JSON"), String::from_utf8(text).expect("text"))
}
