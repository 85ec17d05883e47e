//! Which events are told.

use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sockeye_zoo::{fill, in_namespace};

use super::gaps::Witness;
use super::*;
use crate::watching::{Ended, Watching};

/// Makes a connection to this listener with so many bytes, and closes it.
fn short(listener: &TcpListener, bytes: usize) -> u16 {
    let (mut client, mut server) = connect(listener);
    send(&mut client, &mut server, bytes);
    port(&client)
}

/// Makes such connections. Of ends that come close to each other the kernel tells in any order, each processor by itself.
fn one_after_the_other<const COUNT: usize>(connections: [(&TcpListener, usize); COUNT]) -> [u16; COUNT] {
    let mut witness = Witness::new();
    let mut ends = 0;
    connections.map(|(listener, bytes)| {
        let port = short(listener, bytes);
        ends += 2;
        witness.hear(ends);
        port
    })
}

fn ports(ended: &Ended, end: &str) -> Vec<u64> {
    ended.objects().iter().filter_map(|object| object["key"][end].as_u64()).collect()
}

#[test]
fn ends_of_connections_to_one_port() {
    in_namespace(|_| {
        let listeners = ["127.0.0.1:7001", "127.0.0.1:7002"].map(|at| TcpListener::bind(at).expect("free"));
        let mut watching = start(&ENDS, &["-j", "closed and dport = 7001"]);
        let [_, first, _, last] = one_after_the_other([1, 0, 1, 0].map(|which: usize| (&listeners[which], 10)));
        watching.object("the last", |object| is(object, "closed", last));
        let ended = watching.interrupt().with(0);
        assert_eq!(ports(&ended, "local_port"), [u64::from(first), u64::from(last)], "{}", ended.stdout);
        assert_eq!(ports(&ended, "peer_port"), [7001, 7001]);
        Ok(())
    });
}

#[test]
fn connections_that_received_much_and_a_limit() {
    in_namespace(|_| {
        let listener = TcpListener::bind("127.0.0.1:7001").expect("free");
        let watching = start(&ENDS, &["-j", "--limit", "2", "bytes_received > 1000"]);
        let clients = one_after_the_other([20, 1500, 30, 2000, 2500].map(|bytes| (&listener, bytes)));
        let ended = watching.ended().with(0);
        // Those who received are at the other end.
        assert_eq!(ports(&ended, "peer_port"), [clients[1], clients[3]].map(u64::from), "{}", ended.stdout);
        assert_eq!(ports(&ended, "local_port"), [7001, 7001]);
        Ok(())
    });
}

#[test]
fn connections_that_lived_for_long() {
    in_namespace(|_| {
        let listener = TcpListener::bind("127.0.0.1:7001").expect("free");
        let filter = "established or duration > 400ms and dport = 7001";
        let mut watching = start(&ROUNDS, &["-j", filter]);
        let mut never = start(&ROUNDS, &["-j", "established or duration > 1h"]);
        let (client, server) = connect(&listener);
        let here = port(&client);
        watching.object("its beginning", |object| is(object, "established", here));
        never.object("its beginning", |object| is(object, "established", here));
        // Longer than that.
        std::thread::sleep(Duration::from_millis(500));
        drop(client);
        let closed = watching.object("its end", |object| is(object, "closed", here));
        assert!(closed["life"]["duration_us"].as_u64() > Some(400_000), "{closed}");
        drop(server);
        let (other, _server) = connect(&listener);
        never.object("another", |object| is(object, "established", port(&other)));
        let told = never.interrupt().with(0).objects();
        assert!(told.iter().all(|object| object["change"] != "closed"), "{told:?}");
        watching.interrupt().with(0);
        Ok(())
    });
}

#[test]
fn sockets_of_a_process() {
    in_namespace(|_| {
        let name = std::fs::read_to_string("/proc/self/comm").expect("it lives");
        let filter = format!("process = '{}'", name.trim_end());
        let mut watching = start(&ROUNDS, &["-j", &filter]);
        let mut others = start(&ROUNDS, &["-j", "process = nobody-has-it or state = listening and port = 7005"]);
        let listener = TcpListener::bind("127.0.0.1:7001").expect("free");
        let (client, _server) = connect(&listener);
        let found = watching.object("its sockets", |object| is(object, "established", port(&client)));
        assert_eq!(found["owners"][0]["process"], name.trim_end());
        let _marker = TcpListener::bind("127.0.0.1:7005").expect("free");
        others.object("the other one", |object| is(object, "listening", 7005));
        let ended = others.interrupt().with(0);
        assert_eq!(ports(&ended, "local_port"), [7005], "{}", ended.stdout);
        watching.interrupt().with(0);
        Ok(())
    });
}

#[test]
fn what_only_a_dump_says_is_asked_for_where_the_filter_speaks_of_it() {
    in_namespace(|_| {
        for source in ["dumps", "bpf"] {
            if source == "bpf" {
                sockeye_zoo::skip::may_load_programs()?;
            }
            let listener = TcpListener::bind("127.0.0.1:7001").expect("free");
            let options = ["sockets", "--source", source, "--interval=50ms", "-j", "--events", "state"];
            let mut watching = start(&options, &["tos = 16 or udp"]);
            let (wanted, wanted_peer) = connect(&listener);
            let (other, other_peer) = connect(&listener);
            rustix::net::sockopt::set_ip_tos(&wanted, 16).expect("set");
            rustix::net::sockopt::set_ip_tos(&other, 8).expect("set");
            // A round asks for UDP last: whoever was there before this one is known when it is found.
            let _marker = std::net::UdpSocket::bind("127.0.0.1:0").expect("free");
            watching.object("a round", |object| object["change"] == "opened" && object["key"]["protocol"] == "udp");
            let here = port(&wanted);
            drop((other, other_peer));
            drop((wanted, wanted_peer));
            let closed = watching.object("its end", |object| is(object, "closed", here));
            assert_eq!(closed["record"]["tos"], 16, "{source}: {closed}");
            let ended = watching.interrupt().with(0);
            let tcp = |object: &&Value| object["key"]["protocol"] == "tcp";
            let others =
                ended.objects().iter().filter(tcp).filter(|object| object["key"]["local_port"] != here).count();
            assert_eq!(others, 0, "{source}: {}", ended.stdout);
        }
        Ok(())
    });
}

/// Lets this many rounds of dumps go by: each finds a socket that was not there before, and asks for UDP last.
fn rounds(watching: &mut Watching, count: usize) -> Vec<std::net::UdpSocket> {
    (0..count)
        .map(|_| {
            let marker = std::net::UdpSocket::bind("127.0.0.1:0").expect("free");
            let here = marker.local_addr().expect("bound").port();
            watching.object("a round", |object| object["change"] == "opened" && object["key"]["local_port"] == here);
            marker
        })
        .collect()
}

#[test]
fn what_held_a_connection_back_is_known_at_its_end() {
    in_namespace(|_| {
        for source in ["dumps", "bpf"] {
            if source == "bpf" {
                sockeye_zoo::skip::may_load_programs()?;
            }
            let listener = TcpListener::bind("127.0.0.1:7001").expect("free");
            let options = ["sockets", "--source", source, "--interval=300ms", "-j", "--events", "state"];
            let mut watching = start(&options, &["why = receiver-window or udp"]);
            // One whose peer does not read, and one that does nothing.
            let (held, _silent) = connect(&listener);
            let (idle, _other) = connect(&listener);
            fill(&held);
            rounds(&mut watching, 3);
            rustix::net::sockopt::set_socket_linger(&held, Some(Duration::ZERO)).expect("set");
            let here = port(&held);
            drop((held, idle));
            let closed = watching.object("its end", |object| is(object, "closed", here));
            assert_eq!(closed["life"]["why"], serde_json::json!(["receiver-window"]), "{source}: {closed}");
            let ended = watching.interrupt().with(0);
            let held_back = ended.objects().into_iter().filter(|object| object["key"]["protocol"] == "tcp");
            assert!(
                held_back.into_iter().all(|object| object["key"]["local_port"] == here),
                "{source}: {}",
                ended.stdout
            );
        }
        Ok(())
    });
}

#[test]
fn how_fast_a_connection_was_is_known_when_its_state_changes() {
    in_namespace(|_| {
        for source in ["dumps", "bpf"] {
            if source == "bpf" {
                sockeye_zoo::skip::may_load_programs()?;
            }
            let listener = TcpListener::bind("127.0.0.1:7001").expect("free");
            let options = ["sockets", "--source", source, "--interval=300ms", "-j", "--events", "state"];
            let mut watching = start(&options, &["send_rate > 100B/s and event = state or udp"]);
            let (mut fast, mut reader) = connect(&listener);
            let (slow, _other) = connect(&listener);
            let is_over = AtomicBool::new(false);
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    // As long as rounds go by.
                    while !is_over.load(Ordering::Relaxed) {
                        send(&mut fast, &mut reader, 6_000);
                        std::thread::sleep(Duration::from_millis(30));
                    }
                });
                rounds(&mut watching, 3);
                is_over.store(true, Ordering::Relaxed);
            });
            // Where a round tells of the change, it is in the interval before that one.
            send(&mut fast, &mut reader, 6_000);
            for half in [&slow, &fast] {
                half.shutdown(std::net::Shutdown::Write).expect("open");
            }
            let here = port(&fast);
            let told = watching.object("its first change", |object| is(object, "state", here));
            // 6 000 bytes in 30 ms or somewhat more; twice that where a round comes early.
            let rate = told["life"]["send_rate_bytes_per_second"].as_u64().expect("known");
            assert!((1_000..=400_000).contains(&rate), "{source}: {told}");
            let ended = watching.interrupt().with(0);
            let tcp = ended.objects().into_iter().filter(|object| object["key"]["protocol"] == "tcp");
            assert!(tcp.into_iter().all(|object| object["key"]["local_port"] == here), "{source}: {}", ended.stdout);
        }
        Ok(())
    });
}

#[test]
fn what_is_wrong_with_the_words_is_one_clear_sentence() {
    in_namespace(|_| {
        for (words, said) in [
            (&["sockets", "closed and bytes_recieved > 3"][..], "bytes_received"),
            (&["sockets", "side = upwards"], "connect"),
            (&["sockets", "links"], "links"),
            (&["sockets", "closed and autobound"], "`autobound` is not known of sockets that are followed"),
            (&["sockets", "peer-process = curl"], "`peer-process` is not known of sockets that are followed"),
            (&["sockets", "unix or vsock"], "no such socket can fit"),
            (&["sockets", "--interval", "soon"], "interval"),
        ] {
            let output = program(words).output().expect("it runs");
            let text = String::from_utf8(output.stderr).expect("text");
            assert_eq!(output.status.code(), Some(2), "{words:?}: {text}");
            assert!(text.contains(said) && output.stdout.is_empty(), "{words:?}: {text}");
            assert!(text.lines().count() <= 6, "{words:?}: {text}");
        }
        Ok(())
    });
}
