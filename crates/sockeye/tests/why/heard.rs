//! `sockeye why ADDRESS[:PORT]` with what the kernel tells while it watches: drops and resets, made on purpose.

use std::io::{ErrorKind, Write as _};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use sockeye_conn::Namespace;
use sockeye_zoo::skip::{kernel_is_since, may_load_programs};
use sockeye_zoo::{Skip, in_namespace, patience};

use crate::reach::{causes, ip, step};
use crate::support::sockeye;

/// A host at the other end of a cable: 10.9.0.2, as seen from 10.9.0.1.
struct Peer {
    process: Child,
    namespace: Namespace,
}

impl Peer {
    fn new() -> Result<Self, Skip> {
        may_load_programs()?;
        let lacks = |error: std::io::Error| Skip::new("program:unshare", error.to_string());
        let holds = ["--net", "sh", "-c", "echo there; exec sleep 600"];
        let mut process = Command::new("unshare").args(holds).stdout(Stdio::piped()).spawn().map_err(lacks)?;
        let mut said = [0; 5];
        std::io::Read::read_exact(process.stdout.as_mut().expect("piped"), &mut said).expect("it is there");
        let pid = process.id();
        for order in [
            "link set lo up".to_owned(),
            format!("link add v0 type veth peer name v1 netns {pid}"),
            "address add 10.9.0.1/24 dev v0".to_owned(),
            "link set v0 up".to_owned(),
        ] {
            ip(&order);
        }
        let namespace = Namespace::open(std::ffi::OsStr::new(&pid.to_string())).expect("a child of ours");
        let peer = Self { process, namespace };
        peer.there(|| {
            for order in ["link set lo up", "address add 10.9.0.2/24 dev v1", "link set v1 up"] {
                ip(order);
            }
        });
        // The first question for its address may come before there is a carrier, and is asked again a second later.
        let until = Instant::now() + patience(Duration::from_secs(20));
        let answers = || {
            let refused =
                TcpStream::connect_timeout(&"10.9.0.2:1".parse().expect("an address"), Duration::from_millis(20));
            refused.is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused)
        };
        while !answers() {
            assert!(Instant::now() < until, "the other end never answers");
        }
        Ok(peer)
    }

    fn there<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.namespace.run_in(work).expect("root of both")
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Gives `nft` a chain with this rule.
fn firewall(hook: &str, rule: &str) -> Result<(), Skip> {
    let lacks = |error: std::io::Error| Skip::new("program:nft", error.to_string());
    let mut nft = Command::new("nft").args(["-f", "-"]).stdin(Stdio::piped()).spawn().map_err(lacks)?;
    let chain = format!("table inet drops {{\nchain c {{ type filter hook {hook} priority 0; {rule}; }}\n}}\n");
    nft.stdin.take().expect("piped").write_all(chain.as_bytes()).expect("it reads");
    assert!(nft.wait().expect("a child of ours").success(), "{rule}");
    Ok(())
}

/// The answer about an address, while somebody does something over and over.
fn while_doing(target: &str, mut action: impl FnMut() + Send) -> Value {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Acquire) {
                action();
                // Dozens of times are enough, and a flood may be lost.
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        let output = sockeye(&["why", target, "-o", "json", "--exit-code", "--for", &for_a_while()]);
        over.store(true, Ordering::Release);
        assert_eq!(output.status.code(), Some(4), "{}", String::from_utf8_lossy(&output.stdout));
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}"))
    })
}

/// How long is listened: somebody tries dozens of times in that.
fn for_a_while() -> String {
    format!("{}ms", patience(Duration::from_millis(600)).as_millis())
}

/// Tries to connect for a moment.
fn try_to(address: &str) {
    let _ = TcpStream::connect_timeout(&address.parse().expect("an address"), Duration::from_millis(20));
}

#[test]
fn what_a_rule_of_the_own_firewall_drops_is_named_as_such() {
    in_namespace(|_| {
        let _peer = Peer::new()?;
        firewall("output", "ip daddr 10.9.0.2 tcp dport 7081 drop")?;
        let answer = while_doing("10.9.0.2:7081", || try_to("10.9.0.2:7081"));
        assert_eq!(causes(&answer)[0], ("firewall-drop", "10.9.0.2:7081"), "{answer:#}");
        let finding = &answer["findings"][0];
        assert!(finding["advice"].as_str().is_some_and(|advice| advice.contains("nft list ruleset")), "{finding}");
        let evidence = &finding["evidence"];
        assert_eq!((&evidence["reason"], &evidence["direction"]), (&"NETFILTER_DROP".into(), &"sent".into()));
        assert_eq!(evidence["peer"], "10.9.0.2:7081");
        assert!(evidence["packets"].as_u64() > Some(1), "{finding}");
        assert!(step(&answer, "heard").contains(" dropped packets"), "{answer:#}");
        // Another port of the same host is none of it.
        let other = sockeye(&["why", "10.9.0.2:7082", "-o", "json", "--for", "50ms"]);
        let other: Value = serde_json::from_slice(&other.stdout).expect("JSON");
        assert_eq!(causes(&other), []);
        assert!(step(&other, "heard").starts_with("nothing that went wrong with it, in "), "{other:#}");
        Ok(())
    });
}

#[test]
fn who_is_refused_by_the_own_firewall_is_not_sent_to_the_other_end() {
    in_namespace(|_| {
        let peer = Peer::new()?;
        let _listener = peer.there(|| TcpListener::bind("10.9.0.2:7085").expect("free"));
        firewall("output", "ip daddr 10.9.0.2 tcp dport 7085 reject with tcp reset")?;
        let answer = while_doing("10.9.0.2:7085", || try_to("10.9.0.2:7085"));
        assert_eq!(causes(&answer), [("firewall-refusal", "10.9.0.2:7085")], "{answer:#}");
        let evidence = &answer["findings"][0]["evidence"];
        assert_eq!((&evidence["direction"], &evidence["peer"]), (&"sent".into(), &"10.9.0.2:7085".into()));
        Ok(())
    });
}

#[test]
fn what_is_refused_by_icmp_is_an_error_with_its_meaning() {
    in_namespace(|_| {
        let peer = Peer::new()?;
        // One in a second, by default.
        peer.there(|| std::fs::write("/proc/sys/net/ipv4/icmp_ratelimit", "0")).expect("it may be set");
        // UDP: of TCP the answer often comes while the socket is locked, and counts only when it asks again, a second later.
        let asking = UdpSocket::bind("10.9.0.1:0").expect("free");
        asking.connect("10.9.0.2:7087").expect("there is a way");
        let answer = while_doing("10.9.0.2:7087", || drop(asking.send(b"?")));
        let finding = &answer["findings"][0];
        assert_eq!((&finding["cause"], &finding["subject"]), (&"connection-error".into(), &"10.9.0.2:7087".into()));
        assert!(finding["evidence"]["error"].as_str().is_some_and(|error| error.contains("refused")), "{finding}");
        assert!(finding["advice"].as_str().is_some_and(|advice| advice.starts_with("refused by ICMP")), "{finding}");
        Ok(())
    });
}

#[test]
fn an_address_of_this_host_is_no_other_end_to_look_at() {
    in_namespace(|_| {
        let _peer = Peer::new()?;
        let _listener = TcpListener::bind("10.9.0.1:7088").expect("free");
        firewall("input", "tcp dport 7088 reject with tcp reset")?;
        let answer = while_doing("10.9.0.1:7088", || try_to("10.9.0.1:7088"));
        assert_eq!(causes(&answer), [("firewall-refusal", "10.9.0.1:7088")], "{answer:#}");
        assert_eq!(answer["findings"][0]["evidence"]["direction"], "received");
        let answer = while_doing("10.9.0.1:7089", || try_to("10.9.0.1:7089"));
        let found: Vec<_> = causes(&answer).into_iter().map(|(cause, _)| cause).collect();
        assert!(found.contains(&"no-listener") && !found.contains(&"connection-refused"), "{answer:#}");
        Ok(())
    });
}

#[test]
fn what_comes_from_there_and_is_dropped_here_is_named_too() {
    in_namespace(|_| {
        let peer = Peer::new()?;
        let _listener = TcpListener::bind("10.9.0.1:7083").expect("free");
        firewall("input", "ip saddr 10.9.0.2 tcp dport 7083 drop")?;
        let answer = while_doing("10.9.0.2", || peer.there(|| try_to("10.9.0.1:7083")));
        let finding = &answer["findings"][0];
        assert_eq!(
            (&finding["cause"], &finding["evidence"]["direction"]),
            (&"firewall-drop".into(), &"received".into())
        );
        assert_eq!(finding["evidence"]["local"], "10.9.0.1:7083", "{answer:#}");
        Ok(())
    });
}

#[test]
fn a_port_that_nobody_has_there_is_refused_by_a_reset() {
    in_namespace(|_| {
        let peer = Peer::new()?;
        let answer = while_doing("10.9.0.2:7084", || try_to("10.9.0.2:7084"));
        assert_eq!(causes(&answer), [("connection-refused", "10.9.0.2:7084")], "{answer:#}");
        let evidence = &answer["findings"][0]["evidence"];
        assert_eq!((&evidence["direction"], &evidence["peer"]), (&"received".into(), &"10.9.0.2:7084".into()));
        // Seen from the host that refuses, this one gets resets from it.
        let over = AtomicBool::new(false);
        let output = std::thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(Ordering::Acquire) {
                    try_to("10.9.0.2:7084");
                }
            });
            let output = peer.there(|| sockeye(&["why", "10.9.0.2:7084", "-o", "json", "--for", &for_a_while()]));
            over.store(true, Ordering::Release);
            output
        });
        let answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let found: Vec<_> = causes(&answer).into_iter().map(|(cause, _)| cause).collect();
        // Before, the kernel told of no reset that was for no socket (net/ipv4/tcp_ipv4.c, tcp_v4_send_reset), and of no reason.
        let refused = if kernel_is_since(6, 10) { "reset-sent" } else { "packets-dropped" };
        assert_eq!(found, [refused, "no-listener"], "one reason, once: {answer:#}");
        assert_eq!(answer["findings"][0]["evidence"]["reason"], "NO_SOCKET");
        Ok(())
    });
}

#[test]
fn a_connection_that_the_other_end_breaks_off_is_no_refusal() {
    in_namespace(|_| {
        let peer = Peer::new()?;
        let listener = peer.there(|| TcpListener::bind("10.9.0.2:7086").expect("free"));
        let answer = while_doing("10.9.0.2:7086", || {
            let mut client = TcpStream::connect("10.9.0.2:7086").expect("it listens");
            let (server, _) = listener.accept().expect("one waits");
            // Whoever closes with something unread breaks it off (RFC 2525, 2.17).
            client.write_all(b"nobody reads this").expect("there is room");
            server.peek(&mut [0]).expect("it has come");
            drop(server);
            let broken = std::io::Read::read(&mut client, &mut [0]);
            assert!(broken.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset));
        });
        assert_eq!(causes(&answer), [("reset-received", "10.9.0.2:7086")], "{answer:#}");
        let evidence = &answer["findings"][0]["evidence"];
        assert_eq!((&evidence["direction"], &evidence["peer"]), (&"received".into(), &"10.9.0.2:7086".into()));
        assert!(evidence["resets"].as_u64() >= Some(2), "{evidence}");
        Ok(())
    });
}

#[test]
fn a_route_that_swallows_packets_drops_those_of_a_connection_that_was_there() {
    in_namespace(|_| {
        let peer = Peer::new()?;
        let listener = peer.there(|| TcpListener::bind("10.9.0.2:7085").expect("free"));
        let mut client = TcpStream::connect("10.9.0.2:7085").expect("taken");
        client.set_nonblocking(true).expect("a socket");
        let (_server, _) = listener.accept().expect("one waits");
        ip("route add blackhole 10.9.0.2/32");
        let answer = while_doing("10.9.0.2:7085", || {
            // What cannot be sent goes on waiting in the send buffer.
            let _ = client.write(&[7; 777]);
            std::thread::yield_now();
        });
        let found: Vec<_> = causes(&answer).into_iter().map(|(cause, _)| cause).collect();
        assert_eq!(found, ["packets-dropped", "blackhole-route"], "{answer:#}");
        let finding = &answer["findings"][0];
        assert_eq!(finding["evidence"]["reason"], "IP_OUTNOROUTES", "{answer:#}");
        assert!(finding["advice"].as_str().is_some_and(|advice| advice.contains("sockeye routes")));
        Ok(())
    });
}

#[test]
fn a_packet_that_is_only_passed_on_has_no_end_here() {
    in_namespace(|_| {
        let peer = Peer::new()?;
        for order in
            ["link add w0 type veth peer name w1", "link set w0 up", "link set w1 up", "address add 10.8.0.1/24 dev w0"]
        {
            ip(order);
        }
        std::fs::write("/proc/sys/net/ipv4/ip_forward", "1").expect("it may be set");
        peer.there(|| ip("route add 0.0.0.0/0 via 10.9.0.1"));
        firewall("forward", "tcp dport 7090 drop")?;
        let answer = while_doing("10.8.0.9", || peer.there(|| try_to("10.8.0.9:7090")));
        let evidence = &answer["findings"][0]["evidence"];
        assert_eq!((causes(&answer)[0].0, &evidence["destination"]), ("firewall-drop", &"10.8.0.9:7090".into()));
        let source = evidence["source"].as_str().expect("it has one");
        assert!(source.starts_with("10.9.0.2:") && evidence["local"].is_null(), "{answer:#}");
        // What has no route here is dropped without a reason.
        let answer = while_doing("203.0.113.9", || peer.there(|| try_to("203.0.113.9:7091")));
        let dropped = &answer["findings"][0];
        assert_eq!(dropped["cause"], "packets-dropped", "{answer:#}");
        assert!(dropped["advice"].as_str().is_some_and(|advice| advice.starts_with("there is no route")), "{dropped}");
        Ok(())
    });
}
