//! Whose a socket is: of the listener that it came to, and of whoever it was left to.

use std::io::{BufRead as _, BufReader};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::net::sockopt::set_socket_linger;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use sockeye_zoo::skip::may_load_programs;
use sockeye_zoo::{Skip, in_namespace};

use super::strangers::{RUNS, elsewhere, go, listened_and_connected};
use super::*;

/// A program that holds this alone.
fn holder(held: OwnedFd) -> Child {
    Command::new("sleep").arg("60").stdin(held).spawn().expect("it runs")
}

#[test]
fn of_listeners_that_share_a_port_the_one_is_named_that_it_came_to() {
    in_namespace(|_| {
        let there = TcpListener::bind("127.0.0.2:7001").expect("free");
        let mut other = holder(OwnedFd::from(there.try_clone().expect("a descriptor")));
        drop(there);
        let _here = TcpListener::bind("127.0.0.3:7001").expect("free");
        // The dumps of the beginning name both. Before anybody accepts it, a connection is its listener's.
        let mut watching = start(&ROUNDS, &["-j"]);
        let own = std::process::id();
        for (address, pid) in [("127.0.0.2", other.id()), ("127.0.0.3", own), ("127.0.0.2", other.id())] {
            let client = TcpStream::connect((address, 7001)).expect("it listens");
            let peer = port(&client);
            let came = |object: &Value| is(object, "established", 7001) && object["key"]["peer_port"] == peer;
            let accepted = watching.object("the other end", came);
            assert_eq!(accepted["key"]["local_address"], address);
            assert_eq!((&accepted["owners_of"], &accepted["owners"][0]["pid"]), (&json!("listener"), &json!(pid)));
        }
        watching.interrupt().with(0);
        other.kill().expect("a child of ours");
        other.wait().expect("a child of ours");
        Ok(())
    });
}

#[test]
fn a_connection_that_was_left_to_another_is_the_others_also_when_it_is_reset() {
    in_namespace(|_| {
        may_load_programs()?;
        let listener = TcpListener::bind("127.0.0.1:7001").expect("free");
        let mut watching = start(&["sockets", "--source", "bpf", "-j"], &[]);
        let line = "exec 3<>/dev/tcp/127.0.0.1/7001; sleep 60 & echo $!";
        // In a group of its own, as in the tests of those who close one.
        let opening = Command::new("bash").args(["-c", line]).process_group(0).stdout(Stdio::piped()).spawn();
        let mut shell = opening.map_err(|error| Skip::new("program:bash", error.to_string()))?;
        let (server, client) = listener.accept().expect("somebody connects");
        let opened = watching.object("it", |object| is(object, "established", client.port()));
        assert_eq!(opened["owners"][0]["process"], "bash", "{opened}");
        let sleeper = first_number(&mut shell);
        shell.wait().expect("a child of ours");
        set_socket_linger(&server, Some(Duration::ZERO)).expect("a socket of ours");
        drop(server);
        // Both the packet that broke it off and what became of it.
        for (change, end) in [("reset", Value::Null), ("closed", json!("reset"))] {
            let told = watching.object(change, |object| is(object, change, client.port()));
            assert_eq!((&told["life"]["end"], told["owners"].as_array().map(Vec::len)), (&end, Some(1)), "{told}");
            let owner = &told["owners"][0];
            assert_eq!((&owner["process"], &owner["pid"]), (&json!("sleep"), &json!(sleeper)), "{told}");
        }
        watching.interrupt().with(0);
        end(sleeper);
        Ok(())
    });
}

#[test]
fn what_comes_to_a_daemon_is_not_of_whoever_started_it() {
    in_namespace(|_| {
        may_load_programs()?;
        let mut watching = start(&["sockets", "--source", "bpf", "-j"], &[]);
        let program = "use Socket; socket(S, PF_INET, SOCK_STREAM, 0); bind(S, sockaddr_in(7001, inet_aton('127.0.0.1')));
            listen(S, 5); select(undef, undef, undef, 0.8); my $daemon = fork; if ($daemon) { print \"$daemon\\n\"; exit }
            sleep 60";
        let starting = Command::new("perl").args(["-e", program]).stdout(Stdio::piped()).spawn();
        let mut launcher = starting.map_err(|error| Skip::new("program:perl", error.to_string()))?;
        let listening = watching.object("it", |object| is(object, "listening", 7001));
        assert_eq!(listening["owners"][0]["pid"], launcher.id(), "{listening}");
        let daemon = first_number(&mut launcher);
        launcher.wait().expect("a child of ours");
        let client = TcpStream::connect("127.0.0.1:7001").expect("it listens");
        let accepted = watching.object("the other end", |object| is(object, "accepted", 7001));
        assert_eq!((&accepted["owners_of"], &accepted["owners"][0]["pid"]), (&json!("listener"), &json!(daemon)));
        drop(client);
        end(daemon);
        let closed = watching.object("the end of the listener", |object| {
            is(object, "closed", 7001) && object["life"]["side"] == "listen"
        });
        assert_eq!(closed["owners"][0]["pid"], daemon, "{closed}");
        watching.interrupt().with(0);
        Ok(())
    });
}

#[test]
fn what_happens_in_a_namespace_without_a_name_is_told_from_its_first_event_on() {
    in_namespace(|_| {
        may_load_programs()?;
        // The ring has the events of the whole machine, where other tests may make more than it holds: that is a gap, and no answer.
        for _ in 0..RUNS {
            if is_told_from_its_first_event_on()? {
                return Ok(());
            }
        }
        panic!("something was lost each time");
    });
}

/// `false`: something was lost.
fn is_told_from_its_first_event_on() -> Result<bool, Skip> {
    let mut watching = start(&["sockets", "--source", "bpf", "-N", "all", "-j"], &["sport = 7014 or dport = 7014"]);
    let (mut child, _) = elsewhere(7014, "sleep 60")?;
    go(&mut child);
    let netns = listened_and_connected(&mut watching, 7014);
    watching.interrupt();
    child.kill().expect("a child of ours");
    child.wait().expect("a child of ours");
    if let Some(netns) = &netns {
        assert!(netns.as_str().is_some_and(|netns| netns.starts_with("pid:")), "{netns}");
    }
    Ok(netns.is_some())
}

/// The number that a program says.
fn first_number(program: &mut Child) -> i32 {
    let mut line = String::new();
    BufReader::new(program.stdout.take().expect("a pipe")).read_line(&mut line).expect("text");
    line.trim().parse().expect("a number")
}

fn end(pid: i32) {
    kill_process(Pid::from_raw(pid).expect("a process"), Signal::KILL).expect("a program of ours");
}
