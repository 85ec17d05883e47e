//! `sockeye watch sockets` on real sockets.

mod ends;
mod filters;
pub(crate) mod gaps;
mod hooks;
mod known;
mod lingering;
mod owned;
mod places;
mod strangers;
mod traced;

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use serde_json::Value;

use crate::watching::{Watching, program};

/// No round of dumps but the first: what comes and goes is only seen at its end.
pub(crate) const ENDS: [&str; 4] = ["sockets", "--source", "dumps", "--interval=1h"];
/// Rounds that see everything that stays for a moment.
pub(crate) const ROUNDS: [&str; 4] = ["sockets", "--source", "dumps", "--interval=50ms"];

/// Starts it with these arguments behind those.
pub(crate) fn start(first: &[&str], more: &[&str]) -> Watching {
    Watching::of(&mut program(&[first, more].concat()))
}

/// Both ends of a connection to a listener.
pub(crate) fn connect(listener: &TcpListener) -> (TcpStream, TcpStream) {
    let client = TcpStream::connect(listener.local_addr().expect("bound")).expect("it listens");
    let (server, _) = listener.accept().expect("somebody connects");
    (client, server)
}

/// Sends so many bytes, which arrive.
pub(crate) fn send(from: &mut TcpStream, to: &mut TcpStream, count: usize) {
    from.write_all(&vec![7; count]).expect("sent");
    to.read_exact(&mut vec![0; count]).expect("received");
}

pub(crate) fn port(stream: &TcpStream) -> u16 {
    stream.local_addr().expect("bound").port()
}

/// Whether it is this event of the TCP socket with this local port.
pub(crate) fn is(object: &Value, event: &str, port: u16) -> bool {
    object["change"] == event && object["key"]["local_port"] == port && object["key"]["protocol"] == "tcp"
}
