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
use crate::looking::{finding, while_looking};

/// How long is looked.
const WATCH: Duration = Duration::from_secs(1);

/// When something goes wrong within that: after the first look, on any machine that is not busy with something else.
const AFTER: Duration = Duration::from_millis(400);

/// What `why` says of the machine.
fn why() -> Value {
    while_looking(WATCH, AFTER, || ())
}

/// The finding of something that goes wrong while it is looked; on a busy machine the first look may be too late.
fn provoked(cause: &str, mut happens: impl FnMut()) -> Value {
    let until = Instant::now() + patience(Duration::from_secs(20));
    let _alone = alone();
    loop {
        let answer = while_looking(WATCH, AFTER, &mut happens);
        if finding(&answer, cause).is_some() {
            return answer;
        }
        assert!(Instant::now() < until, "no {cause}: {answer:#}");
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
