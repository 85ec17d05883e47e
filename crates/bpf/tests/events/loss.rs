//! A ring that is too small, and a reader that sleeps.

use std::net::{TcpListener, TcpStream, UdpSocket};

use sockeye_bpf::events::{Event, EventKind, EventOptions};
use sockeye_zoo::in_namespace;

use crate::support::{await_the_end, nothing, open};

#[test]
fn what_has_no_room_is_counted_exactly() {
    in_namespace(|_| {
        let all = EventOptions { new_states: u32::MAX, ..nothing() };
        let mut small = open(&EventOptions { ring_bytes: 4096, ..all })?;
        let mut large = open(&all)?;
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
        for _ in 0..250 {
            let client = TcpStream::connect(listener.local_addr().expect("bound")).expect("a connection");
            let (server, _) = listener.accept().expect("a connection");
            drop(client);
            drop(server);
        }
        drop(listener);
        // What is told between two looks would be known to the second alone.
        await_the_end();
        let (mut received, mut made) = (0, 0);
        large.read(&mut |_| made += 1);
        small.read(&mut |_| received += 1);
        assert_eq!(large.lost_in_all(), 0);
        assert!(made >= 250 * 8, "{made} changes of 250 connections");
        // A page of records of 184 bytes.
        assert_eq!((received, received + small.lost_in_all()), (4096 / 184, made));
        // Once it was read there is room again.
        drop(TcpListener::bind("127.0.0.1:0").expect("loopback"));
        let lost = small.lost_in_all();
        let mut again = 0;
        small.read(&mut |_| again += 1);
        assert_eq!((again, small.lost_in_all()), (2, lost), "to listening and back");
        Ok(())
    });
}

/// Packets of the flood.
const PACKETS: u64 = 300;

#[test]
fn a_flood_of_dropped_packets_leaves_room_for_changes_of_state_and_is_counted_by_itself() {
    in_namespace(|_| {
        let wanted = EventOptions { new_states: u32::MAX, drops: true, errors: true, ..nothing() };
        let mut events = open(&EventOptions { ring_bytes: 8192, ..wanted })?;
        let mut large = open(&wanted)?;
        // Each is answered with an error, and dropped, as nobody has this port.
        let nobody = UdpSocket::bind("127.0.0.1:0").expect("loopback").local_addr().expect("bound");
        let socket = UdpSocket::bind("127.0.0.1:0").expect("loopback");
        for _ in 0..PACKETS {
            // An error that came for the one before is told instead of sending.
            while socket.send_to(b"?", nobody).is_err() {}
        }
        // Ten changes, for each of which there is room.
        for _ in 0..5 {
            drop(TcpListener::bind("127.0.0.1:0").expect("loopback"));
        }
        let (mut states, mut dropped) = (0, 0);
        events.read(&mut |event| match event {
            Event::State(_) => states += 1,
            Event::Dropped(_) => dropped += 1,
            _ => {}
        });
        assert_eq!((states, events.lost(EventKind::State)), (10, 0));
        let mut made = 0;
        large.read(&mut |event| made += u64::from(matches!(event, Event::Dropped(_))));
        assert!(made >= PACKETS && large.lost_in_all() == 0, "{made}");
        assert!(dropped > 0, "half of the ring is theirs");
        assert_eq!(dropped + events.lost(EventKind::Drop), made);
        assert_eq!(events.lost(EventKind::Retransmit), 0);
        let sum: u64 = EventKind::ALL.into_iter().map(|kind| events.lost(kind)).sum();
        assert_eq!(events.lost_in_all(), sum);
        Ok(())
    });
}
