//! More than there is room for.

use std::net::UdpSocket;

use rustix::process::Signal;
use serde_json::json;
use sockeye_zoo::in_namespace;

use super::*;

/// Bytes of the ring.
const RING: &str = "1048576";
/// Datagrams that are sent, each of which is dropped once: more than the half of the ring holds that incidents have.
const SENT: u64 = 5000;

#[test]
fn incidents_that_had_no_room_are_a_gap_of_their_kind_with_their_number() {
    in_namespace(|_| {
        let mut watching = watch("drop,state", &["--receive-buffer", RING])?;
        firewall("udp dport 7082 drop", "accept")?;
        let socket = UdpSocket::bind("127.0.0.1:7083").expect("free");
        watching.stop();
        for _ in 0..SENT {
            socket.send_to(b"?", "127.0.0.1:7082").expect_err("not permitted");
        }
        let listener = std::net::TcpListener::bind("127.0.0.1:7084").expect("free");
        watching.signal(Signal::CONT);
        let listening = watching.object("a listener", |object| object["change"] == "listening");
        assert_eq!(listening["life"]["known"], "birth", "changes of state had room");
        let gap = watching.object("a gap", |object| object["change"] == "gap");
        assert_eq!((&gap["events"], &gap["reason"]), (&json!(["drop"]), &json!("ring-full")), "{gap}");
        let lost = gap["lost"].as_u64().expect("counted");
        drop(listener);
        // What was lost of incidents stays unknown: the status says so.
        let objects = watching.interrupt().with(3).objects();
        let told = objects.iter().filter(|object| object["change"] == "drop").count() as u64;
        assert_eq!(told + lost, SENT, "{told} {lost}");
        assert!(told > 2000 && lost > 1000, "{told} {lost}");
        assert_eq!(objects.iter().filter(|object| object["change"] == "gap").count(), 1);
        Ok(())
    });
}
