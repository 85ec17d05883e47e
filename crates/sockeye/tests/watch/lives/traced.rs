//! With the kernel's own events of TCP.

use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::time::Duration;

use rustix::net::sockopt::set_socket_linger;
use rustix::process::Signal;
use serde_json::json;
use sockeye_zoo::skip::may_load_programs;
use sockeye_zoo::slowness;
use sockeye_zoo::{Skip, in_namespace};

use super::*;

/// With the kernel's own events, where they are allowed.
fn traced() -> Result<Watching, Skip> {
    may_load_programs()?;
    Ok(start(&["sockets", "--source", "bpf", "-j"], &[]))
}

#[test]
fn what_only_a_look_at_the_holder_says_decides_of_what_a_dump_has_seen() {
    in_namespace(|_| {
        may_load_programs()?;
        let user = std::process::Command::new("id").arg("-un").output().expect("it runs").stdout;
        let user = String::from_utf8(user).expect("text");
        let filter = format!("closed and user = {} and has cmdline and has fd and dport = 7001", user.trim());
        let mut watching = start(&["sockets", "--source", "bpf", "--interval", "50ms"], &["-j", &filter]);
        watching.complaint("of a socket that none has seen it is not known");
        let listener = TcpListener::bind("127.0.0.1:7001").expect("free");
        // A dump and a look at the processes come meanwhile.
        let closes = std::thread::spawn(move || {
            let (client, _server) = connect(&listener);
            std::thread::sleep(std::time::Duration::from_millis(2500) * slowness());
            port(&client)
        });
        let here = closes.join().expect("closed");
        watching.object("its end", |object| is(object, "closed", here));
        watching.interrupt().with(0);
        Ok(())
    });
}

#[test]
fn who_was_handed_a_connection_and_closes_it_held_it_last() {
    in_namespace(|_| {
        let mut watching = traced()?;
        let listener = TcpListener::bind("127.0.0.1:7001").expect("free");
        // The shell that opens it leaves it to a program that outlives the shell.
        let line = "exec 3<>/dev/tcp/127.0.0.1/7001; sleep 0.7 & exec 3>&-";
        // In a group of its own: one without a parent is hung up when something in it is stopped, and other tests stop their watches.
        let opening = Command::new("bash").args(["-c", line]).process_group(0).spawn();
        let mut shell = opening.map_err(|error| Skip::new("program:bash", error.to_string()))?;
        let (server, client) = listener.accept().expect("somebody connects");
        let opened = watching.object("it", |object| is(object, "established", client.port()));
        assert_eq!(opened["owners"][0]["process"], "bash", "{opened}");
        shell.wait().expect("a child of ours");
        let left = watching.object("that it is left", |object| is(object, "state", client.port()));
        assert_eq!((&left["record"]["state"], &left["owners"][0]["process"]), (&json!("fin-wait-1"), &json!("sleep")));
        drop(server);
        let closed = watching.object("its end", |object| is(object, "closed", client.port()));
        assert_eq!(closed["owners"][0]["process"], "sleep", "{closed}");
        watching.interrupt().with(0);
        Ok(())
    });
}

#[test]
fn every_step_of_a_connection_is_told_with_who_took_it() {
    in_namespace(|_| {
        let mut watching = traced()?;
        let listener = TcpListener::bind("127.0.0.1:7001").expect("free");
        let (mut client, mut server) = connect(&listener);
        send(&mut client, &mut server, 4321);
        let here = port(&client);
        let opened = watching.object("a connection", |object| object["change"] == "opened");
        assert_eq!(
            (&opened["life"]["known"], &opened["life"]["side"]),
            (&json!("birth"), &json!("connect")),
            "{opened}"
        );
        assert_eq!(opened["owners"][0]["pid"], std::process::id());
        let cookie = &opened["key"]["cookie"];
        let accepted = watching.object("the other end", |object| object["change"] == "accepted");
        assert_eq!(
            (&accepted["key"]["peer_port"], &accepted["owners_of"]),
            (&json!(here), &json!("listener")),
            "{accepted}"
        );
        drop(client);
        let closed =
            watching.object("its end", |object| object["change"] == "closed" && object["key"]["cookie"] == *cookie);
        assert_eq!(
            (&closed["life"]["end"], &closed["life"]["bytes_sent"]),
            (&json!("closed-here"), &json!(4321)),
            "{closed}"
        );
        drop(server);
        let closed = watching.object("the other end", |object| object["change"] == "closed");
        assert_eq!(
            (&closed["life"]["end"], &closed["key"]["cookie"]),
            (&json!("closed-by-peer"), &accepted["key"]["cookie"])
        );
        let objects = watching.interrupt().with(0).objects();
        let way: Vec<_> = objects
            .iter()
            .filter(|object| object["key"]["cookie"] == *cookie)
            .map(|object| (object["change"].as_str().unwrap(), object["record"]["state"].as_str().unwrap_or("")))
            .collect();
        let expected = [
            ("opened", "syn-sent"),
            ("established", "established"),
            ("state", "fin-wait-1"),
            ("state", "fin-wait-2"),
            ("closed", ""),
        ];
        assert_eq!(way, expected);
        Ok(())
    });
}

#[test]
fn a_socket_that_was_found_alive_is_told_of_in_its_new_state() {
    in_namespace(|_| {
        let listener = TcpListener::bind("127.0.0.1:7001").expect("free");
        let (client, server) = connect(&listener);
        let here = port(&client);
        let mut watching = traced()?;
        drop(client);
        let state = watching.object("a change", |object| is(object, "state", here));
        assert_eq!(
            (&state["life"]["old_state"], &state["record"]["state"]),
            (&json!("established"), &json!("fin-wait-1"))
        );
        assert_eq!(state["life"]["known"], "found");
        drop(server);
        watching.interrupt().with(0);
        Ok(())
    });
}

#[test]
fn what_cannot_fit_the_filter_is_not_heard_and_ends_are_as_whole_as_ever() {
    in_namespace(|_| {
        may_load_programs()?;
        let mut watching = start(&["sockets", "--source", "bpf", "-j"], &["closed and port = 7001"]);
        let listener = TcpListener::bind("127.0.0.1:7001").expect("free");
        let (mut client, mut server) = connect(&listener);
        send(&mut client, &mut server, 4321);
        let here = port(&client);
        drop(client);
        let closed = watching.object("its end", |object| is(object, "closed", here));
        drop(server);
        let other = watching.object("the other end", |object| is(object, "closed", 7001));
        for (closed, end, side, old) in
            [(&closed, "closed-here", "connect", "fin-wait-2"), (&other, "closed-by-peer", "accept", "last-ack")]
        {
            let life = &closed["life"];
            assert_eq!((&life["end"], &life["side"], &life["old_state"]), (&json!(end), &json!(side), &json!(old)));
            assert!(life["known"] == "birth" && life["duration_us"].as_u64() > Some(0), "{closed}");
            assert_eq!(closed["owners"][0]["pid"], std::process::id(), "{closed}");
        }
        let objects = watching.interrupt().with(0).objects();
        let sources = &objects[0];
        assert_eq!((&sources["change"], &sources["events"]), (&json!("sources"), &json!(["state"])));
        assert_eq!((&sources["not_told"], sources.get("round_us")), (&json!([]), None), "nothing was dumped yet");
        Ok(())
    });
}

#[test]
fn what_happens_in_other_namespaces_takes_no_room() {
    /// Many times what the ring has room for: each has six changes, of which it holds 44.
    const CONNECTIONS: usize = 300;
    in_namespace(|_| {
        may_load_programs()?;
        let mut watching = start(&["sockets", "--source", "bpf", "-j"], &["--receive-buffer", "8192"]);
        watching.stop();
        let elsewhere = std::thread::spawn(|| -> Result<(), Skip> {
            let _elsewhere = sockeye_zoo::enter()?;
            let listener = TcpListener::bind("127.0.0.1:7001").expect("free");
            for _ in 0..CONNECTIONS {
                let (client, _server) = connect(&listener);
                // What is broken off leaves nothing behind.
                set_socket_linger(&client, Some(Duration::ZERO)).expect("set");
            }
            Ok(())
        });
        elsewhere.join().expect("it is connected")?;
        let listener = TcpListener::bind("127.0.0.1:7002").expect("free");
        watching.signal(Signal::CONT);
        watching.object("a listener", |object| is(object, "listening", 7002));
        let objects = watching.interrupt().with(0).objects();
        assert!(objects.iter().all(|object| object["change"] != "gap"), "{objects:?}");
        drop(listener);
        Ok(())
    });
}
