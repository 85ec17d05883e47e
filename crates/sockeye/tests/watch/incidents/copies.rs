//! Copies of packets, for those who listen in (`tcpdump`).

use std::io::Read as _;
use std::net::{TcpListener, TcpStream};

use rustix::net::sockopt::set_socket_recv_buffer_size;
use rustix::net::{AddressFamily, Protocol, RawProtocol, SocketFlags, SocketType, socket_with};
use rustix::thread::CapabilitySet;
use sockeye_zoo::in_namespace;
use sockeye_zoo::skip::{kernel_is_since, needs};

use super::*;

/// `ETH_P_ALL`.
const ALL: u16 = 3;
/// Connections, the packets of which have room nowhere.
const MADE: usize = 20;

/// What packet sockets of this namespace had no room for, as a listing says it.
fn missed() -> u64 {
    let listing = ["sockets", "packet", "--view", "everything", "-o", "ndjson"];
    let output = Command::new(env!("CARGO_BIN_EXE_sockeye")).args(listing).output().expect("it runs");
    let lines = output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let rows = lines.map(|line| serde_json::from_slice::<Value>(line).expect("JSON"));
    rows.filter_map(|row| row["skmem"]["drops"].as_u64()).sum()
}

#[test]
fn what_somebody_who_listens_in_misses_is_no_drop_of_the_connection() {
    in_namespace(|_| {
        needs(CapabilitySet::NET_RAW)?;
        let mut watching = watch("drop", &[])?;
        let listener = TcpListener::bind("127.0.0.1:7091").expect("free");
        let all = RawProtocol::new(ALL.to_be().into()).map(Protocol::from_raw);
        let listens_in = socket_with(AddressFamily::PACKET, SocketType::RAW, SocketFlags::CLOEXEC, all);
        let listens_in = listens_in.expect("permitted");
        set_socket_recv_buffer_size(&listens_in, 1).expect("the least");
        for _ in 0..MADE {
            let mut client = TcpStream::connect("127.0.0.1:7091").expect("taken");
            let (mut server, _) = listener.accept().expect("one waits");
            client.write_all(&[7; 777]).expect("sent");
            server.read_exact(&mut [0; 777]).expect("nothing is missing");
        }
        let missed = missed();
        assert!(missed > MADE as u64, "of each connection there are several packets, and not one is read: {missed}");
        // Dropped later, and by the kernel.
        TcpStream::connect("127.0.0.1:7092").expect_err("nobody listens");
        let is_ours = |object: &Value| object["change"] == "drop" && object["key"]["local_port"] == 7092;
        watching.object("a drop", |object| is_ours(object) && object["incident"]["reason"] == "NO_SOCKET");
        let objects = watching.interrupt().with(0).objects();
        for told in &objects {
            let incident = &told["incident"];
            assert!(incident["reason"] != "PACKET_SOCK_ERROR" && incident["location"] != "packet_rcv", "{told}");
            // Up to Linux 6.12 TCP drops some of what it has read, as far as it is told.
            let ends = [&told["key"]["local_port"], &told["key"]["peer_port"]];
            assert!(!kernel_is_since(6, 13) || ends.iter().all(|port| **port != 7091), "{told}");
        }
        Ok(())
    });
}
