//! `sockeye watch sockets`: connections that the test makes, from their births to their ends, from either source.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

use rustix::net::sockopt::set_socket_linger;
use rustix::process::Signal;
use serde_json::{Value, json};
use sockeye_zoo::skip::may_load_programs;
use sockeye_zoo::{Skip, in_namespace};

use crate::lines::assert_time;
use crate::lives::gaps::Witness;
use crate::watching::Watching;

/// A watch whose rounds are so far apart that none disturbs the test, or so near that it waits for none.
fn watch(source: &str, interval: &str, more: &[&str]) -> Watching {
    Watching::start(&[&["sockets", "--source", source, "--interval", interval, "-o", "ndjson"], more].concat())
}

/// A connection in which the client sends 4321 bytes and gets 77, and closes first.
fn converse(listener: &TcpListener) -> u16 {
    let address = listener.local_addr().expect("bound");
    let mut client = TcpStream::connect(address).expect("taken");
    let (mut server, _) = listener.accept().expect("one waits");
    client.write_all(&[7; 4321]).expect("sent");
    server.read_exact(&mut [0; 4321]).expect("received");
    server.write_all(&[9; 77]).expect("sent");
    client.read_exact(&mut [0; 77]).expect("received");
    let port = client.local_addr().expect("bound").port();
    drop(client);
    server.read_to_end(&mut Vec::new()).expect("the end");
    port
}

fn is(change: &'static str, side: &'static str, port: u16) -> impl Fn(&Value) -> bool {
    move |object| object["change"] == change && object["key"][side] == port
}

#[test]
fn with_bpf_a_connection_is_told_from_its_birth_to_its_end() {
    in_namespace(|_| {
        may_load_programs()?;
        let mut watching = watch("bpf", "1h", &[]);
        let listener = TcpListener::bind("127.0.0.1:7081").expect("free");
        let port = converse(&listener);
        let listening = watching.object("the listener", is("listening", "local_port", 7081));
        assert_eq!(listening["owners"][0]["pid"], std::process::id());
        let opened = watching.object("its opening", is("opened", "peer_port", 7081));
        assert_time(opened["time"].as_str().expect("a time"));
        assert_eq!((&opened["table"], &opened["life"]["known"]), (&json!("sockets"), &json!("birth")));
        assert_eq!(opened["life"]["side"], "connect");
        assert!(opened["key"].get("local_port").is_none(), "it has none yet: {opened}");
        assert_eq!(opened["owners"][0]["pid"], std::process::id());
        watching.object("its establishment", is("established", "local_port", port));
        let accepted = watching.object("its acceptance", is("accepted", "peer_port", port));
        assert_eq!(
            (&accepted["owners_of"], &accepted["owners"][0]["pid"]),
            (&json!("listener"), &json!(std::process::id()))
        );

        let closed = watching.object("its end", is("closed", "local_port", port));
        let life = &closed["life"];
        assert_eq!((&life["end"], &life["old_state"]), (&json!("closed-here"), &json!("fin-wait-2")));
        assert_eq!((&life["bytes_sent"], &life["retransmissions"]), (&json!(4321), &json!(0)));
        // The FIN counts as a byte.
        assert_eq!(life["bytes_received"], 78);
        assert!(life["duration_us"].as_u64().is_some_and(|time| time > 0 && time < 60_000_000), "{closed}");
        assert!(life["min_rtt_us"].as_u64().is_some_and(|rtt| rtt > 0 && rtt < 1_000_000), "{closed}");
        assert_eq!(closed["key"]["cookie"], opened["key"]["cookie"]);
        let other = watching.object("the other end", is("closed", "peer_port", port));
        assert_eq!((&other["life"]["end"], &other["life"]["bytes_sent"]), (&json!("closed-by-peer"), &json!(77)));
        watching.interrupt().with(0);
        Ok(())
    });
}

#[test]
fn with_bpf_every_end_has_its_reason() {
    in_namespace(|_| {
        may_load_programs()?;
        let mut watching = watch("bpf", "1h", &["closed"]);
        let listener = TcpListener::bind("[::1]:7082").expect("free");
        let client = TcpStream::connect("[::1]:7082").expect("taken");
        let (mut server, _) = listener.accept().expect("one waits");
        let port = client.local_addr().expect("bound").port();
        // With this, closing breaks it off.
        set_socket_linger(&client, Some(Duration::ZERO)).expect("set");
        drop(client);
        server.read(&mut [0]).expect_err("reset");
        drop(server);
        let aborted = watching.object("who broke it off", is("closed", "local_port", port));
        assert_eq!((&aborted["life"]["end"], &aborted["key"]["local_address"]), (&json!("aborted"), &json!("::1")));
        let reset = watching.object("who was broken off", is("closed", "peer_port", port));
        assert_eq!(reset["life"]["end"], "reset");
        drop(listener);
        TcpStream::connect("[::1]:7082").expect_err("nobody listens");
        let refused = |object: &Value| is("closed", "peer_port", 7082)(object) && object["life"]["end"] == "refused";
        let refused = watching.object("a refusal", refused);
        assert_eq!(refused["life"]["known"], "birth");
        assert!(refused["key"]["local_port"].as_u64() > Some(0), "{refused}");
        watching.interrupt().with(0);
        Ok(())
    });
}

#[test]
fn without_bpf_what_lived_between_two_rounds_is_known_by_its_end_with_its_counters() {
    in_namespace(|_| {
        let listener = TcpListener::bind("127.0.0.1:7083").expect("free");
        let mut watching = watch("dumps", "1h", &[]);
        let port = converse(&listener);
        let closed = watching.object("its end", is("closed", "local_port", port));
        let life = &closed["life"];
        assert_eq!((&life["known"], &life["end"]), (&json!("end"), &json!("unknown")));
        assert_eq!((&life["bytes_sent"], &life["bytes_received"]), (&json!(4321), &json!(78)));
        assert!(life.get("duration_us").is_none() && closed["record"].get("uid").is_none(), "{closed}");
        watching.interrupt().with(0);
        Ok(())
    });
}

#[test]
fn without_bpf_what_a_round_found_has_its_whole_record_at_its_end() {
    in_namespace(|_| {
        let mut watching = watch("dumps", "50ms", &[]);
        let listener = TcpListener::bind("127.0.0.1:7084").expect("free");
        let mut client = TcpStream::connect("127.0.0.1:7084").expect("taken");
        let (server, _) = listener.accept().expect("one waits");
        let port = client.local_addr().expect("bound").port();
        let found = watching.object("the connection", is("established", "local_port", port));
        assert_eq!(found["life"]["known"], "found");
        let inode = found["record"]["inode"].clone();
        assert!(inode.as_u64().is_some_and(|inode| inode > 0), "{found}");
        client.write_all(&[7; 999]).expect("sent");
        drop(client);
        let closed = watching.object("its end", is("closed", "local_port", port));
        assert_eq!((&closed["life"]["bytes_sent"], &closed["record"]["inode"]), (&json!(999), &inode));
        assert_eq!(closed["record"]["uid"], found["record"]["uid"]);
        drop(server);
        let socket = UdpSocket::bind("127.0.0.1:7085").expect("free");
        watching.object("a UDP socket", is("opened", "local_port", 7085));
        drop(socket);
        let closed = watching.object("its end", is("closed", "local_port", 7085));
        assert_eq!((&closed["key"]["protocol"], &closed["life"]["end"]), (&json!("udp"), &json!("closed-here")));
        watching.interrupt().with(0);
        Ok(())
    });
}

#[test]
fn a_filter_speaks_of_lives() {
    in_namespace(|_| {
        let listener = TcpListener::bind("127.0.0.1:7086").expect("free");
        let watching = |filter| watch("dumps", "1h", &["--limit", "1", filter]);
        for (filter, wanted) in [
            ("closed and dport = 7086 and bytes_sent > 4000", "local_port"),
            ("closed and sport = 7086 and bytes_sent < 100", "peer_port"),
        ] {
            let watching = watching(filter);
            let port = converse(&listener);
            let ended = watching.ended().with(0);
            let objects = ended.objects();
            let told: Vec<_> = objects.iter().filter(|object| object["table"] == "sockets").collect();
            assert_eq!((told.len(), &told[0]["key"][wanted]), (1, &json!(port)), "{filter}");
        }
        Ok(())
    });
}

#[test]
fn what_is_lost_is_a_gap_with_its_number_and_then_in_sync_again() {
    in_namespace(|_| {
        const CONNECTIONS: u64 = 200;
        let listener = TcpListener::bind("127.0.0.1:7087").expect("free");
        let mut watching = watch("dumps", "1h", &["--receive-buffer", "16384"]);
        // Stopped, so that nothing is read meanwhile.
        watching.stop();
        let mut witness = Witness::new();
        for made in 1..=CONNECTIONS {
            converse(&listener);
            // Its own queue has room for these at least.
            witness.hear((2 * made).saturating_sub(50));
        }
        witness.hear(2 * CONNECTIONS);
        watching.signal(Signal::CONT);
        let gap = watching.object("a gap", |object| object["change"] == "gap");
        assert_eq!((&gap["reason"], &gap["tables"]), (&json!("overrun"), &json!(["sockets"])));
        watching
            .object("in sync", |object| object["change"] == "synced" && object["time"].as_str() > gap["time"].as_str());
        let lost = gap["lost"].as_u64().expect("counted");
        let ended = watching.interrupt().with(0);
        let closed = ended.objects().iter().filter(|object| object["change"] == "closed").count() as u64;
        assert_eq!(closed + lost, 2 * CONNECTIONS, "received and lost is what was made");
        assert!(closed > 0 && lost > CONNECTIONS, "{closed} {lost}");
        Ok(())
    });
}

#[test]
fn a_source_that_was_asked_for_and_may_not_be_had_is_an_error() {
    in_namespace(|zoo| {
        let mut command = std::process::Command::new("setpriv");
        command.args(["--bounding-set", "-bpf,-perfmon,-sys_admin", "--inh-caps", "-all", "--reuid", "65534"]);
        command.args(["--clear-groups", "--"]);
        let copy = zoo.directory().join("sockeye");
        std::fs::copy(env!("CARGO_BIN_EXE_sockeye"), &copy).expect("copied");
        for path in [zoo.directory(), &copy] {
            let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            std::fs::set_permissions(path, open).expect("a file of ours");
        }
        let output = command.arg(&copy).args(["watch", "sockets", "--source", "bpf"]).output();
        let output = output.map_err(|error| Skip::new("program:setpriv", error.to_string()))?;
        let sentence = String::from_utf8_lossy(&output.stderr);
        if sentence.contains("setpriv:") {
            return Err(Skip::new("unprivileged", sentence.trim().to_owned()));
        }
        assert_eq!(output.status.code(), Some(1), "{sentence}");
        assert!(sentence.contains("CAP_BPF"), "{sentence}");
        assert_eq!(sentence.lines().count(), 1, "{sentence}");
        Ok(())
    });
}

#[test]
fn lines_name_ends_with_their_ports_and_what_became_of_them() {
    in_namespace(|_| {
        let listener = TcpListener::bind("127.0.0.1:7088").expect("free");
        let mut watching = Watching::start(&["sockets", "--source", "dumps", "--interval", "1h"]);
        let port = converse(&listener);
        let line = watching.line(&format!("127.0.0.1:{port} 127.0.0.1:7088"));
        assert!(line.contains(" sockets - closed tcp "), "{line}");
        assert!(line.contains(" sent 4321 bytes, received 78, 0 retransmissions, rtt "), "{line}");
        assert!(line.ends_with(" (only its end was seen)"), "{line}");
        let said = &watching.complaints()[0];
        assert!(said.contains("watching ") && said.contains(", synced; from destroy-groups and dumps; "), "{said}");
        watching.interrupt().with(0);
        Ok(())
    });
}
