//! What is wrong with the machine: each thing is made wrong, as often as the numbers say.

mod ends;
mod links;
mod listeners;
mod lost;

use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, accept_with, connect, listen, socket_with, sockopt};
use serde_json::Value;
use sockeye_zoo::patience;

use crate::causes::alone;
use crate::looking::{finding, while_looking, whole_look};

/// How long is looked.
const WATCH: Duration = Duration::from_secs(1);

/// When something goes wrong within that: after the first look, on any machine that is not busy with something else.
const AFTER: Duration = Duration::from_millis(400);

/// What `why` says of the machine.
fn why() -> Value {
    whole_look(WATCH)
}

/// The answer when something goes wrong while it is looked, with these numbers in the evidence of these causes.
fn provoked(expected: &[(&str, &str, u64)], happens: impl FnMut()) -> Value {
    let has = |answer: &Value, &(cause, number, count): &(&str, &str, u64)| {
        let findings = answer["findings"].as_array().expect("a list").iter();
        let mut counts = findings.filter(|one| one["cause"] == cause).map(|one| &one["evidence"][number]).peekable();
        // What was in the middle of a look is in it in part, and nothing is there twice.
        counts.peek().is_some()
            && counts.all(|counted| {
                assert!(counted.as_u64().is_some_and(|counted| counted <= count), "more than {count}: {answer:#}");
                *counted == count
            })
    };
    provoked_until(|answer| expected.iter().all(|one| has(answer, one)), happens)
}

/// The same with an answer that is so: on a busy machine the first look may be too late, or either of them in the middle of what happens.
fn provoked_until(is_so: impl Fn(&Value) -> bool, mut happens: impl FnMut()) -> Value {
    let _alone = alone();
    let until = Instant::now() + patience(Duration::from_secs(20));
    loop {
        let answer = while_looking(WATCH, AFTER, &mut happens);
        if answer["whole"] == true && is_so(&answer) {
            return answer;
        }
        assert!(Instant::now() < until, "it never came to that: {answer:#}");
    }
}

/// What a finding of this cause is wrong with, and its evidence.
#[track_caller]
fn said<'a>(answer: &'a Value, cause: &str) -> (&'a str, &'a Value) {
    let finding = finding(answer, cause).unwrap_or_else(|| panic!("no {cause}: {answer:#}"));
    (finding["subject"].as_str().expect("text"), &finding["evidence"])
}

/// Sets what this network namespace has for itself.
fn set(name: &str, value: &str) {
    std::fs::write(format!("/proc/sys/net/{name}"), value).unwrap_or_else(|error| panic!("{name}: {error}"));
}

/// Links that are made from here on say nothing by themselves.
fn without_ipv6() {
    set("ipv6/conf/all/disable_ipv6", "1");
    set("ipv6/conf/default/disable_ipv6", "1");
}

/// A listener of loopback with this port and backlog.
fn listener(port: u16, backlog: i32) -> OwnedFd {
    let socket = socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None).expect("a socket");
    sockopt::set_socket_reuseaddr(&socket, true).expect("set");
    rustix::net::bind(&socket, &SocketAddr::from(([127, 0, 0, 1], port))).expect("free");
    listen(&socket, backlog).expect("bound");
    socket
}

/// A connection that is begun; nobody waits for it.
fn begin(port: u16) -> OwnedFd {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = socket_with(AddressFamily::INET, SocketType::STREAM, flags, None).expect("a socket");
    let begun = connect(&socket, &SocketAddr::from(([127, 0, 0, 1], port)));
    assert!(matches!(begun, Ok(()) | Err(Errno::INPROGRESS)), "{begun:?}");
    socket
}

/// A connection over loopback: who opened it, and who was asked.
fn connection(listener: &OwnedFd, port: u16) -> (TcpStream, TcpStream) {
    let here = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    (here, TcpStream::from(accept_with(listener, SocketFlags::CLOEXEC).expect("one waits")))
}

/// How this program stands in findings.
fn own_name() -> String {
    format!("[{}]", std::process::id())
}
