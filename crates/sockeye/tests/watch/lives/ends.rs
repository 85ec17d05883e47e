//! Ends that are not in order.

use std::net::TcpListener;
use std::time::Duration;

use rustix::net::sockopt::set_socket_linger;
use rustix::process::Signal;
use serde_json::json;
use sockeye_zoo::in_namespace;
use sockeye_zoo::skip::may_load_programs;

use super::*;

/// Breaks a connection off.
fn abort(stream: TcpStream) {
    set_socket_linger(&stream, Some(Duration::ZERO)).expect("a socket of ours");
    drop(stream);
}

#[test]
fn an_aborted_connection_ends_with_what_was_last_seen_of_it() {
    in_namespace(|_| {
        let mut watching = start(&ROUNDS, &["-j"]);
        // Stopped, so that it is found with everything that it has sent.
        watching.stop();
        let listener = TcpListener::bind("127.0.0.1:7001").expect("free");
        let (mut client, mut server) = connect(&listener);
        send(&mut client, &mut server, 4321);
        watching.signal(Signal::CONT);
        let here = port(&client);
        let found =
            watching.object("it", |object| is(object, "established", here) && object["life"]["bytes_sent"] == 4321);
        abort(client);
        let closed = watching.object("its end", |object| object["change"] == "closed");
        // What the kernel says at the end has neither addresses nor counters.
        assert_eq!(closed["key"], found["key"]);
        assert_eq!(
            (&closed["life"]["end"], &closed["life"]["bytes_sent"]),
            (&json!("aborted"), &json!(4321)),
            "{closed}"
        );

        // The other end is no connection any more, and is still held.
        let over = watching.object("the other end", |object| is(object, "state", 7001));
        assert_eq!(over["life"]["old_state"], "established");
        // Bound to the port on which it was accepted, or where the kernel does not tell of such sockets, nowhere.
        let state = over["record"]["state"].as_str();
        assert!(matches!(state, Some("bound-inactive" | "unconnected")), "{over}");
        drop(server);
        let closed = watching.object("its end", |object| is(object, "closed", 7001));
        assert_eq!(
            (&closed["life"]["bytes_received"], &closed["life"]["end"]),
            (&json!(4321), &json!("unknown")),
            "{closed}"
        );
        let ended = watching.interrupt().with(0);
        let ends = ended.objects().iter().filter(|object| object["change"] == "closed").count();
        assert!(ends >= 2 && ended.objects().iter().all(|object| object.get("resync").is_none()), "{}", ended.stdout);
        Ok(())
    });
}

#[test]
fn an_aborted_connection_that_was_accepted_keeps_what_was_last_seen_of_it_too() {
    in_namespace(|_| {
        let mut watching = start(&ROUNDS, &["-j"]);
        watching.stop();
        let listener = TcpListener::bind("127.0.0.1:7001").expect("free");
        let (mut client, mut server) = connect(&listener);
        send(&mut client, &mut server, 4321);
        watching.signal(Signal::CONT);
        let seen = |object: &Value| is(object, "established", 7001) && object["life"]["bytes_received"] == 4321;
        watching.object("it", seen);
        // Bound to the address of its listener, it keeps that when it is taken apart, and loses its counters all the same.
        abort(server);
        let closed = watching.object("its end", |object| is(object, "closed", 7001));
        assert_eq!(
            (&closed["life"]["end"], &closed["life"]["bytes_received"]),
            (&json!("aborted"), &json!(4321)),
            "{closed}"
        );
        assert!(closed["life"]["segment_receive_rate"].as_u64().is_none_or(|rate| rate < 1_000_000), "{closed}");
        watching.interrupt().with(0);
        Ok(())
    });
}

#[test]
fn a_half_closed_connection_that_is_broken_off_did_not_end_in_order() {
    in_namespace(|_| {
        for source in ["bpf", "dumps"] {
            if source == "bpf" && may_load_programs().is_err() {
                continue;
            }
            let mut watching = start(&["sockets", "--source", source, "--interval=50ms", "-j"], &[]);
            let listener = TcpListener::bind("127.0.0.1:7001").expect("free");
            for (by_peer, end) in [(false, ["aborted", "aborted"]), (true, ["reset", "unknown"])] {
                let (client, mut server) = connect(&listener);
                client.shutdown(std::net::Shutdown::Write).expect("it is connected");
                assert_eq!(std::io::Read::read(&mut server, &mut [0]).expect("the end"), 0);
                let here = port(&client);
                let half =
                    |object: &Value| object["key"]["local_port"] == here && object["record"]["state"] == "fin-wait-2";
                watching.object("that it is half closed", half);
                if by_peer {
                    abort(server);
                    // Until it is over, and not before.
                    watching.object("the other end", |object| is(object, "closed", 7001));
                    drop(client);
                } else {
                    abort(client);
                }
                let closed = watching.object("its end", |object| is(object, "closed", here));
                let end = end[usize::from(source == "dumps")];
                assert_eq!(closed["life"]["end"], end, "{source}: {closed}");
            }
            watching.interrupt().with(0);
        }
        Ok(())
    });
}

#[test]
fn of_a_refused_connection_that_nobody_saw_it_is_said_that_it_was_refused_or_aborted() {
    in_namespace(|_| {
        let mut watching = start(&ENDS, &[]);
        TcpStream::connect("127.0.0.1:7009").expect_err("nobody listens");
        // Sockets of UDP by which the namespace was made may be told late.
        let line = watching.line(" aborted-or-refused ");
        assert!(line.contains(" closed "), "{line}");
        assert!(line.contains(" 127.0.0.1:0 ") || line.contains(" 127.0.0.1 "), "its peer: {line}");
        assert!(line.ends_with(" aborted-or-refused (only its end was seen)"), "{line}");
        assert!(!line.contains(" sent "), "nothing is known of that: {line}");
        watching.interrupt().with(0);
        Ok(())
    });
}

#[test]
fn a_socket_that_never_was_connected_has_done_nothing() {
    in_namespace(|_| {
        let mut watching = start(&ENDS, &["-j"]);
        drop(TcpListener::bind("127.0.0.1:7004").expect("free"));
        let closed = watching.object("its end", |object| is(object, "closed", 7004) || object["change"] == "closed");
        assert_eq!(closed["life"], json!({"known": "end", "end": "closed-here"}), "{closed}");
        watching.interrupt().with(0);
        Ok(())
    });
}
