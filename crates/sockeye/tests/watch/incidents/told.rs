//! Each kind, with whom it happened to and why.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream, UdpSocket};

use rustix::thread::CapabilitySet;
use serde_json::json;
use sockeye_zoo::in_namespace;
use sockeye_zoo::skip::{kernel_is_since, needs};

use super::*;
use crate::lines::assert_time;

/// Connections that are closed until one is answered in time.
const TRIES: usize = 20;

#[test]
fn a_refused_connection_is_a_reset_each_way_a_drop_and_an_error_of_a_socket_with_its_owner() {
    in_namespace(|_| {
        // For the names of places.
        needs(CapabilitySet::SYSLOG)?;
        let mut watching = watch("reset,drop,error", &[])?;
        for local in ["127.0.0.1:7081", "[::1]:7081"] {
            TcpStream::connect(local).expect_err("nobody listens");
            // Whoever answers has no socket; before Linux 6.10 the kernel told of no such reset.
            if kernel_is_since(6, 10) {
                let sent = watching.object("a reset", |object| object["change"] == "reset");
                assert_eq!(sent["incident"], json!({"direction": "sent", "reason": "NO_SOCKET"}), "{sent}");
                assert_eq!(
                    (sent["key"].get("cookie"), sent.get("life"), sent.get("record")),
                    (None, None, None),
                    "{sent}"
                );
                assert_eq!((&sent["key"]["local_port"], &sent["key"]["protocol"]), (&json!(7081), &json!("tcp")));
                assert_time(sent["time"].as_str().expect("a time"));
            }
            let dropped = watching.object("a drop", |object| object["change"] == "drop");
            assert_eq!((&dropped["key"]["local_port"], &dropped["key"]["protocol"]), (&json!(7081), &json!("tcp")));
            let port = u16::try_from(dropped["key"]["peer_port"].as_u64().expect("a port")).expect("16 bits");
            let incident = &dropped["incident"];
            assert_eq!((&incident["reason"], &incident["direction"]), (&json!("NO_SOCKET"), &json!("received")));
            let place = incident["location"].as_str().expect("root may see the kernel's names");
            assert!(place.starts_with("tcp_v"), "{dropped}");
            let received = watching.object("the reset at its other end", |object| is(object, "reset", port, 7081));
            assert_eq!(received["incident"], json!({"direction": "received"}));
            assert_eq!((&received["life"]["known"], &received["life"]["side"]), (&json!("birth"), &json!("connect")));
            assert_eq!(received["owners"][0]["pid"], std::process::id(), "{received}");
            // The kernel reports it when the connection is over.
            let error = watching.object("an error", |object| is(object, "error", port, 7081));
            assert_eq!(error["incident"], json!({"error": "ECONNREFUSED"}));
            assert_eq!(
                (&error["life"]["end"], &error["key"]["cookie"]),
                (&json!("refused"), &received["key"]["cookie"])
            );
            assert_eq!(error["owners"][0]["pid"], std::process::id(), "{error}");
        }
        let objects = watching.interrupt().with(0).objects();
        let states = objects.iter().filter(|object| object["change"] == "closed" || object["change"] == "opened");
        assert_eq!(states.count(), 0, "changes of state were not asked for");
        let of_nobody = objects.iter().filter(|object| object["change"] == "reset" && object.get("life").is_none());
        assert_eq!(of_nobody.count(), if kernel_is_since(6, 10) { 2 } else { 0 }, "{objects:?}");
        Ok(())
    });
}

#[test]
fn what_a_firewall_drops_is_told_with_who_sent_it_or_who_listens() {
    in_namespace(|_| {
        let listener = TcpListener::bind("127.0.0.1:7082").expect("free");
        let mut watching = watch("drop", &[])?;
        firewall("udp dport 7083 drop", "tcp dport 7082 drop")?;
        // Its end is known to the kernel, and it is found by no round: it has an inode, and no owner is known.
        let socket = UdpSocket::bind("127.0.0.1:7084").expect("free");
        socket.send_to(b"?", "127.0.0.1:7083").expect_err("not permitted");
        let out = watching.object("what goes out", |object| is(object, "drop", 7084, 7083));
        let incident = &out["incident"];
        assert_eq!((&incident["direction"], &incident["reason"]), (&json!("sent"), &json!("NETFILTER_DROP")), "{out}");
        let connecting = std::thread::spawn(|| TcpStream::connect("127.0.0.1:7082"));
        let came = watching.object("what comes in", |object| object["key"]["local_port"] == 7082);
        let incident = &came["incident"];
        assert_eq!((&incident["direction"], &incident["reason"]), (&json!("received"), &json!("NETFILTER_DROP")));
        assert_eq!((&came["owners_of"], &came["owners"][0]["pid"]), (&json!("listener"), &json!(std::process::id())));
        Command::new("nft").args(["flush", "ruleset"]).status().expect("it ran before");
        connecting.join().expect("no panic").expect("let through");
        drop(listener);
        watching.interrupt().with(0);
        Ok(())
    });
}

/// `TcpRetransSegs` of the namespace.
fn retransmitted() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/net/snmp").expect("counters");
    let mut lines = text.lines().filter_map(|line| line.strip_prefix("Tcp: "));
    let (names, numbers) = (lines.next().expect("names"), lines.next().expect("numbers"));
    let found = names.split(' ').zip(numbers.split(' ')).find(|(name, _)| *name == "RetransSegs");
    found.expect("a counter").1.parse().expect("a number")
}

#[test]
fn segments_sent_again_add_up_to_what_the_kernel_counts() {
    in_namespace(|_| {
        let listener = TcpListener::bind("127.0.0.1:7085").expect("free");
        let mut watching = watch("retransmit", &[])?;
        let mut client = TcpStream::connect("127.0.0.1:7085").expect("taken");
        let (mut server, _) = listener.accept().expect("one waits");
        let port = client.local_addr().expect("bound").port();
        let before = retransmitted();
        firewall("tcp sport 7085 accept", &format!("tcp sport {port} drop"))?;
        client.write_all(&[7; 777]).expect("taken");
        let again = |times: u64| {
            move |object: &Value| {
                is(object, "retransmit", port, 7085) && object["life"]["retransmissions"].as_u64() >= Some(times)
            }
        };
        let third = watching.object("the third time", again(3));
        assert_eq!((&third["life"]["known"], &third["record"]["state"]), (&json!("birth"), &json!("established")));
        assert_eq!(third["owners"][0]["pid"], std::process::id());
        assert!(third["life"]["bytes_retrans"].as_u64() > Some(0), "{third}");
        Command::new("nft").args(["flush", "ruleset"]).status().expect("it ran before");
        server.read_exact(&mut [0; 777]).expect("it comes in the end");
        drop((client, server));
        let counted = retransmitted() - before;
        let objects = watching.interrupt().with(0).objects();
        let told = objects.iter().filter(|object| object["change"] == "retransmit");
        let told: u64 = told.map(|object| object["incident"]["segments"].as_u64().expect("the packet says")).sum();
        assert_eq!(told, counted, "{objects:?}");
        Ok(())
    });
}

#[test]
fn filters_speak_of_incidents_and_choose_among_all_that_happens() {
    in_namespace(|_| {
        // For the names of places.
        needs(CapabilitySet::SYSLOG)?;
        may_load_programs()?;
        // Without --events all is told that may be had.
        let filter = "drop and reason = NO_SOCKET and dport = 7086 or error = ECONNREFUSED and dport = 7087";
        let watching = Watching::start(&["sockets", "--interval", "1h", "--limit", "2", filter]);
        let others =
            Watching::start(&["sockets", "-j", "--interval", "1h", "--events", "state", "sport = 7086 or error"]);
        // A drop speaks of the end that the packet came to as the local one.
        let socket = UdpSocket::bind("127.0.0.1:7086").expect("free");
        socket.send_to(b"?", "127.0.0.1:7088").expect("sent");
        TcpStream::connect("127.0.0.1:7087").expect_err("nobody listens");
        let ended = watching.ended().with(0);
        let lines: Vec<_> = ended.stdout.lines().map(|line| line.split_once(' ').expect("a time").1).collect();
        let process = std::fs::read_to_string("/proc/self/comm").expect("it lives");
        let owner = format!("{}[{}]", process.trim_end(), std::process::id());
        assert_eq!(lines[0], "sockets ! drop udp 127.0.0.1:7088 127.0.0.1:7086 received, NO_SOCKET in __udp4_lib_rcv");
        let local = lines[1].split(' ').nth(4).expect("an end");
        assert!(local.strip_prefix("127.0.0.1:").is_some_and(|port| port.parse::<u16>().is_ok()), "{}", lines[1]);
        assert_eq!(lines[1], format!("sockets ! error tcp {local} 127.0.0.1:7087 ECONNREFUSED by {owner}"));
        let objects = others.interrupt().with(0).objects();
        assert!(objects.iter().all(|object| object.get("incident").is_none()), "{objects:?}");
        Ok(())
    });
}

#[test]
fn who_closed_before_all_had_come_breaks_it_off_itself() {
    in_namespace(|_| {
        let listener = TcpListener::bind("127.0.0.1:7083").expect("free");
        let mut watching = watch("state,reset", &[])?;
        let client = TcpStream::connect("127.0.0.1:7083").expect("it listens");
        let (mut server, from) = listener.accept().expect("one waits");
        client.shutdown(std::net::Shutdown::Both).expect("connected");
        watching.object("the end of one half", |object| {
            is(object, "state", from.port(), 7083) && object["record"]["state"] == "fin-wait-2"
        });
        // The kernel does as if a reset had come, and sends one.
        server.write_all(b"x").expect("it may be sent");
        for (local, peer, end) in [(from.port(), 7083, "aborted"), (7083, from.port(), "reset")] {
            let closed = watching.object("an end", |object| is(object, "closed", local, peer));
            assert_eq!(closed["life"]["end"], end, "{closed}");
        }
        let objects = watching.interrupt().with(0).objects();
        let resets = objects.iter().filter(|object| object["change"] == "reset");
        let resets: Vec<_> = resets.map(|one| (&one["key"]["local_port"], &one["incident"]["direction"])).collect();
        assert_eq!(resets, [(&json!(from.port()), &json!("sent")), (&json!(7083), &json!("received"))]);
        Ok(())
    });
}

#[test]
fn a_filter_of_ends_knows_who_broke_it_off_though_no_reset_is_told() {
    in_namespace(|_| {
        may_load_programs()?;
        let mut watching = Watching::start(&["sockets", "-j", "--interval", "1h", "end = aborted"]);
        let listener = TcpListener::bind("127.0.0.1:7089").expect("free");
        let client = TcpStream::connect("127.0.0.1:7089").expect("it listens");
        let (mut server, from) = listener.accept().expect("one waits");
        client.shutdown(std::net::Shutdown::Both).expect("connected");
        server.write_all(b"x").expect("it may be sent");
        let closed = watching.object("an end", |object| is(object, "closed", from.port(), 7089));
        assert_eq!(closed["life"]["end"], "aborted", "{closed}");
        let objects = watching.interrupt().with(0).objects();
        let changes: Vec<_> = objects.iter().map(|object| object["change"].as_str().expect("a word")).collect();
        assert_eq!(changes, ["sources", "synced", "sources", "closed"], "{objects:?}");
        assert_eq!((&objects[0]["events"], &objects[0]["not_told"]), (&json!(["state"]), &json!([])));
        Ok(())
    });
}

#[test]
fn data_that_acknowledges_the_close_of_what_nobody_holds_is_no_end_in_order() {
    in_namespace(|_| {
        let listener = TcpListener::bind("127.0.0.1:7089").expect("free");
        let mut watching = watch("state,reset", &[])?;
        // A close alone is acknowledged after 40 ms (net/ipv4/tcp_input.c, tcp_fin), on a busy machine before the data comes.
        for _ in 0..TRIES {
            let client = TcpStream::connect("127.0.0.1:7089").expect("it listens");
            let (mut server, from) = listener.accept().expect("one waits");
            drop(client);
            server.write_all(b"x").expect("it may be sent");
            let closed = watching.object("an end", |object| is(object, "closed", from.port(), 7089));
            if closed["life"]["end"] == "aborted" {
                let answer = watching.object("the answer", |object| is(object, "reset", from.port(), 7089));
                assert_eq!(answer["incident"]["direction"], "sent", "{answer}");
                watching.interrupt().with(0);
                return Ok(());
            }
            assert_eq!(closed["life"]["end"], "closed-here", "{closed}");
        }
        panic!("no data came in time");
    });
}

#[test]
fn a_reset_that_a_listener_answers_with_has_the_ends_of_what_it_answers() {
    in_namespace(|_| {
        // Neither side may be told by a reset that the connection is gone.
        firewall("tcp sport 7090 tcp flags & rst == rst drop", "accept")?;
        let mut watching = watch("reset", &[])?;
        for local in ["127.0.0.1:7090", "[::1]:7090"] {
            let listener = TcpListener::bind(local).expect("free");
            let mut client = TcpStream::connect(local).expect("it listens");
            let (server, from) = listener.accept().expect("one waits");
            client.write_all(b"unread").expect("it may be sent");
            server.peek(&mut [0; 6]).expect("it comes");
            drop(server);
            let broken = watching.object("the end of the connection", |object| is(object, "reset", 7090, from.port()));
            assert_eq!(broken["life"]["end"], "aborted", "{broken}");
            client.write_all(b"of nobody").expect("it knows of no end");
            // The end of the one before was answered so too.
            let answer = watching.object("the answer", |object| is(object, "reset", 7090, from.port()));
            assert_eq!(
                (&answer["key"]["local_address"], &answer["key"]["peer_address"]),
                (&json!(from.ip().to_string()), &json!(from.ip().to_string())),
                "{answer}"
            );
            assert_eq!(answer["incident"]["direction"], "sent", "{answer}");
        }
        watching.interrupt().with(0);
        Ok(())
    });
}
