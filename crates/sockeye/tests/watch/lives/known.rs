//! What is known of a socket: from when on, who holds it, what it did.

use std::net::{TcpListener, UdpSocket};
use std::process::Command;

use rustix::net::{AddressFamily, SocketType};
use serde_json::{Value, json};
use sockeye_zoo::in_namespace;

use super::*;
use crate::lines::assert_time;

fn keys(object: &Value) -> Vec<&str> {
    object.as_object().expect("an object").keys().map(String::as_str).collect()
}

/// That the first owner is this process.
#[track_caller]
fn is_ours(object: &Value) {
    let owner = &object["owners"][0];
    assert_eq!(owner["pid"], std::process::id(), "{object}");
    let name = Command::new("id").arg("-un").output().expect("it is there");
    assert_eq!(owner["user"].as_str(), Some(String::from_utf8_lossy(&name.stdout).trim_end()), "{object}");
}

#[test]
fn a_connection_is_found_with_its_owner_and_ends_with_exactly_what_it_did() {
    in_namespace(|_| {
        let mut watching = start(&ROUNDS, &["-j"]);
        let listener = TcpListener::bind("127.0.0.1:7001").expect("free");
        let listening = watching.object("a listener", |object| is(object, "listening", 7001));
        assert_eq!(listening["life"]["side"], "listen");
        assert_eq!(listening["life"].get("bytes_sent"), None, "a listener sends nothing, and not nothing: {listening}");
        is_ours(&listening);
        let (mut client, mut server) = connect(&listener);
        let (here, there) = (port(&client), port(&server));
        send(&mut client, &mut server, 4321);
        let found = watching.object("the client", |object| is(object, "established", here));
        is_ours(&found);
        assert_eq!((&found["life"]["known"], found["life"].get("end")), (&json!("found"), None), "{found}");
        assert_eq!((&found["key"]["peer_port"], &found["key"]["peer_address"]), (&json!(7001), &json!("127.0.0.1")));
        send(&mut server, &mut client, 99);
        // The server goes on reading: the client's end comes first.
        drop(client);
        let closed = watching.object("the client's end", |object| is(object, "closed", here));
        is_ours(&closed);
        let life = &closed["life"];
        assert_eq!((&life["known"], &life["bytes_sent"]), (&json!("found"), &json!(4321)), "{closed}");
        assert_eq!((&life["bytes_received"], &life["retransmissions"]), (&json!(99), &json!(0)), "{closed}");
        assert!(life["duration_us"].as_u64() > Some(0) && life["min_rtt_us"].as_u64() > Some(0), "{closed}");
        assert_eq!(closed["key"], found["key"]);
        // It may have been seen before.
        let waits = |object: &Value| {
            is(object, "state", there)
                && object["key"]["peer_port"] == here
                && object["record"]["state"] == "close-wait"
        };
        if !watching.said().iter().any(|line| waits(&serde_json::from_str(line).expect("JSON"))) {
            watching.object("that the server is to close too", waits);
        }
        drop(server);
        let closed = watching
            .object("the server's end", |object| is(object, "closed", there) && object["key"]["peer_port"] == here);
        let life = &closed["life"];
        // The kernel counts the FIN of the client as a byte.
        assert_eq!((&life["bytes_sent"], &life["bytes_received"]), (&json!(99), &json!(4322)), "{closed}");
        assert_eq!((&life["side"], &life["end"]), (&json!("accept"), &json!("closed-by-peer")), "{closed}");
        assert_eq!(closed["record"]["tcp_info"]["bytes_received"], 4322, "the last that was said: {closed}");
        drop(listener);
        let closed = watching.object("the listener's end", |object| is(object, "closed", 7001));
        assert_eq!(closed["life"]["end"], "closed-here");
        let ended = watching.interrupt().with(0);
        assert!(ended.objects().iter().all(|object| object.get("resync").is_none()), "{}", ended.stdout);
        Ok(())
    });
}

#[test]
fn what_lives_between_two_rounds_is_told_at_its_end_with_exactly_what_it_did() {
    in_namespace(|_| {
        let listener = TcpListener::bind("127.0.0.1:7001").expect("free");
        let mut watching = start(&ENDS, &["-j"]);
        let mut numbers = Vec::new();
        for round in 1..=20 {
            let (mut client, mut server) = connect(&listener);
            send(&mut client, &mut server, 1000 + round);
            send(&mut server, &mut client, 50 + round);
            numbers.push((port(&client), round));
            drop(client);
            let here = numbers.last().expect("pushed").0;
            let closed = watching.object("its end", |object| is(object, "closed", here));
            let life = &closed["life"];
            assert_eq!((&life["bytes_sent"], &life["bytes_received"]), (&json!(1000 + round), &json!(50 + round)));
            assert_eq!((&life["known"], life.get("duration_us")), (&json!("end"), None), "{closed}");
            assert_eq!(closed.get("owners"), None, "nobody knows: {closed}");
            let record = &closed["record"];
            assert_eq!(record["tcp_info"]["bytes_sent"], json!(1000 + round), "the kernel's last word: {closed}");
            assert!(record["tcp_info"]["snd_cwnd"].as_u64() >= Some(2), "{closed}");
            assert_eq!(record.get("state").or(record.get("uid")), None, "{closed}");
            drop(server);
            let closed = watching
                .object("the other end", |object| is(object, "closed", 7001) && object["key"]["peer_port"] == here);
            let life = &closed["life"];
            assert_eq!((&life["bytes_sent"], &life["bytes_received"]), (&json!(50 + round), &json!(1001 + round)));
            // It is not known who had accepted it, but who listens where it came in.
            assert_eq!((&life["side"], &closed["owners_of"]), (&json!("accept"), &json!("listener")), "{closed}");
            is_ours(&closed);
        }
        watching.interrupt().with(0);
        Ok(())
    });
}

#[test]
fn a_socket_that_was_never_bound_nor_connected_is_no_connection_that_ended() {
    in_namespace(|_| {
        let listener = TcpListener::bind("127.0.0.1:7001").expect("free");
        let mut watching = start(&ENDS, &["-j"]);
        for _ in 0..3 {
            drop(rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).expect("descriptors are left"));
        }
        let (client, server) = connect(&listener);
        let here = port(&client);
        drop((client, server));
        watching.object("its end", |object| is(object, "closed", here));
        let ended = watching.interrupt().with(0);
        let ends = ended.objects().into_iter().filter(|object| object["change"] == "closed");
        assert!(
            ends.clone().count() >= 1 && ends.clone().all(|end| end["key"]["local_port"] != json!(null)),
            "{ends:?}"
        );
        Ok(())
    });
}

#[test]
fn an_object_has_these_keys_and_each_number_its_unit() {
    in_namespace(|_| {
        let mut watching = start(&ROUNDS, &["-j"]);
        let listener = TcpListener::bind("[::1]:7001").expect("free");
        let (mut client, mut server) = connect(&listener);
        send(&mut client, &mut server, 77);
        let found = watching.object("it", |object| is(object, "established", port(&client)));
        assert_eq!(keys(&found), ["change", "key", "life", "netns", "owners", "record", "table", "time"]);
        assert_eq!((&found["table"], &found["key"]["local_address"]), (&json!("sockets"), &json!("::1")));
        assert_time(found["time"].as_str().expect("a time"));
        let key = ["cookie", "local_address", "local_port", "peer_address", "peer_port", "protocol"];
        assert_eq!(keys(&found["key"]), key);
        let here = port(&client);
        drop(client);
        let closed = watching.object("its end", |object| is(object, "closed", here));
        let life = [
            "bytes_acked",
            "bytes_received",
            "bytes_retrans",
            "bytes_sent",
            "duration_us",
            "end",
            "known",
            "min_rtt_us",
            "old_state",
            "retransmissions",
            "rtt_us",
            "segs_in",
            "segs_out",
        ];
        // What two rounds say together is there if it was in two.
        let of_rounds = |key: &String| key == "why" || key.ends_with("_rate") || key.ends_with("_bytes_per_second");
        let told = keys(&closed["life"]).into_iter().map(str::to_owned);
        assert_eq!(told.filter(|key| !of_rounds(key)).collect::<Vec<_>>(), life, "{closed}");
        drop(server);
        let mut objects = watching.interrupt().with(0).objects();
        // Before anything else: from where all is known, and, but for sockets of UDP by which the namespace was made, that it is in sync.
        assert_eq!(objects[0]["change"], "sources", "{}", objects[0]);
        objects.retain(|object| object["key"]["protocol"] != "udp");
        let changes = objects[..3].iter().map(|object| &object["change"]);
        assert_eq!(changes.collect::<Vec<_>>(), ["sources", "synced", "sources"]);
        let all = ["change", "events", "interval_us", "not_told", "sources", "time"];
        assert_eq!(keys(&objects[0]), all, "what is known before anything was asked");
        for sources in [&objects[0], &objects[2]] {
            assert_eq!(sources["sources"], json!(["destroy-groups", "dumps"]));
            // What asking again and again costs.
            assert_eq!(sources["interval_us"], json!(50_000));
        }
        let whole = &objects[2];
        assert!(whole["round_us"].as_u64().is_some_and(|round| (1..5_000_000).contains(&round)), "{whole}");
        assert!(whole["owner_source"].is_string(), "{whole}");
        Ok(())
    });
}

#[test]
fn udp_comes_connects_and_goes() {
    in_namespace(|_| {
        let mut watching = start(&ROUNDS, &["-j", "proto = udp"]);
        for address in ["127.0.0.1", "::1"] {
            let socket = UdpSocket::bind((address, 7002)).expect("free");
            let opened = watching.object("it", |object| object["change"] == "opened");
            assert_eq!(
                (&opened["key"]["local_address"], &opened["key"]["local_port"]),
                (&json!(address), &json!(7002))
            );
            is_ours(&opened);
            socket.connect((address, 7003)).expect("nobody is asked");
            let connected = watching.object("a peer", |object| object["change"] == "state");
            assert_eq!(
                (&connected["key"]["peer_port"], &connected["life"]["old_state"]),
                (&json!(7003), &json!("unconnected"))
            );
            drop(socket);
            let closed = watching.object("its end", |object| object["change"] == "closed");
            assert_eq!(
                (&closed["key"]["cookie"], &closed["life"]["end"]),
                (&opened["key"]["cookie"], &json!("closed-here"))
            );
            assert_eq!(closed["life"].get("bytes_sent"), None, "UDP counts none");
            is_ours(&closed);
        }
        watching.interrupt().with(0);
        Ok(())
    });
}

#[test]
fn what_was_there_is_told_only_if_it_is_asked_for() {
    in_namespace(|_| {
        let listener = TcpListener::bind("127.0.0.1:7001").expect("free");
        let (client, _server) = connect(&listener);
        let mut watching = start(&ROUNDS, &["--snapshot"]);
        let line =
            watching.line_where("the client", |line| line.contains(&format!(":{} 127.0.0.1:7001", port(&client))));
        let words: Vec<_> = line.split(' ').skip(1).take(4).collect();
        assert_eq!(words, ["sockets", "=", "present", "tcp"], "{line}");
        assert!(line.contains(" established by ") && line.contains(&format!("[{}]", std::process::id())), "{line}");
        let mut without = start(&ROUNDS, &[]);
        let here = port(&client);
        drop(client);
        let line = without.line(" closed ");
        assert!(line.contains(&format!(" sockets - closed tcp 127.0.0.1:{here} 127.0.0.1:7001 after ")), "{line}");
        assert!(
            line.contains(", sent 0 bytes, received 0, 0 retransmissions, ") && line.ends_with(" (found alive)"),
            "{line}"
        );
        assert!(!without.said().iter().any(|line| line.contains(" = ")), "{:?}", without.said());
        watching.interrupt().with(0);
        without.interrupt().with(0);
        Ok(())
    });
}
