//! With the kernel's own events of TCP.

use std::net::TcpListener;
use std::time::Duration;

use rustix::net::sockopt::set_socket_linger;
use serde_json::json;
use sockeye_bpf::Btf;
use sockeye_bpf::socket_state::SocketStates;
use sockeye_zoo::{Skip, in_namespace};

use super::*;

/// `--source bpf`, where it is allowed.
fn traced(more: &[&str]) -> Result<Watching, Skip> {
    let source = ["sockets", "--source", "bpf", "-j"];
    Btf::load()
        .and_then(|btf| SocketStates::open(&btf, 1 << 16, u32::MAX))
        .map_err(|error| Skip::new("bpf", error.to_string()))?;
    Ok(start(&source, more))
}

#[test]
fn every_step_of_a_connection_is_told_with_who_took_it() {
    in_namespace(|_| {
        let mut watching = traced(&[])?;
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
        let mut watching = traced(&[])?;
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
fn what_ended_it_is_known() {
    in_namespace(|_| {
        let mut watching = traced(&["closed"])?;
        let listener = TcpListener::bind("127.0.0.1:7001").expect("free");
        TcpStream::connect("127.0.0.1:7009").expect_err("nobody listens");
        let refused = watching.object("a refusal", |object| object["change"] == "closed");
        assert_eq!(
            (&refused["life"]["end"], &refused["key"]["peer_port"]),
            (&json!("refused"), &json!(7009)),
            "{refused}"
        );
        let (client, server) = connect(&listener);
        let here = port(&client);
        set_socket_linger(&client, Some(Duration::ZERO)).expect("a socket of ours");
        drop(client);
        let is_client = |object: &Value| object["key"]["peer_port"] == 7001;
        let ends = [(); 2].map(|()| watching.object("an end", |object| object["change"] == "closed"));
        let [client, other] = if is_client(&ends[0]) { [&ends[0], &ends[1]] } else { [&ends[1], &ends[0]] };
        assert_eq!((&client["life"]["end"], &other["life"]["end"]), (&json!("aborted"), &json!("reset")), "{ends:?}");
        assert_eq!(other["key"]["peer_port"], here);
        drop(server);
        watching.interrupt().with(0);
        Ok(())
    });
}
