//! A ring that is too small, and a reader that sleeps.

use std::net::{TcpListener, TcpStream};

use sockeye_bpf::events::EventOptions;
use sockeye_zoo::in_namespace;

use crate::support::{nothing, open};

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
        let (mut received, mut made) = (0, 0);
        // Both look at the same; what comes late comes to both or is counted by both.
        large.read(&mut |_| made += 1);
        small.read(&mut |_| received += 1);
        assert_eq!(large.lost(), 0);
        assert!(made >= 250 * 8, "{made} changes of 250 connections");
        // A page of records of 184 bytes.
        assert_eq!((received, received + small.lost()), (4096 / 184, made));
        // Once it was read there is room again.
        drop(TcpListener::bind("127.0.0.1:0").expect("loopback"));
        let lost = small.lost();
        let mut again = 0;
        small.read(&mut |_| again += 1);
        assert_eq!((again, small.lost()), (2, lost), "to listening and back");
        Ok(())
    });
}
