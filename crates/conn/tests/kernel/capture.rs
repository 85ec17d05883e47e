//! What a socket was given can be given again from a capture.

use std::os::fd::AsFd as _;
use std::os::unix::net::UnixDatagram;
use std::sync::{Arc, Mutex};

use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, SendFlags, SocketType, getsockname, netlink, sendto, socket};
use rustix::thread::UnshareFlags;
use sockeye_conn::{Buffer, Protocol, Socket};
use sockeye_state::capture::{About, Reader, Record, Writer};
use sockeye_state::{Conclusion, Dump, Received, Step};
use sockeye_wire::Request;
use sockeye_wire::message::NLM_F_DUMP;

use crate::support::unshared;

/// A dump of every AF_UNIX socket (`struct unix_diag_req`).
fn question() -> Request {
    let mut question = [0; 24];
    question[0] = 1;
    question[4..8].copy_from_slice(&u32::MAX.to_ne_bytes());
    Request::new(20, NLM_F_DUMP).body(&question)
}

/// A socket that writes down what happens on it.
fn recorded() -> (Socket, Arc<Mutex<Writer>>) {
    let mut socket = Socket::open(Protocol::SockDiag).expect("opened");
    let writer = Arc::new(Mutex::new(Writer::new(&About::default())));
    let shared = Arc::clone(&writer);
    socket.record_to(move |record| shared.lock().expect("one thread").write(0, 0, record));
    (socket, writer)
}

#[test]
fn a_replayed_dump_ends_like_the_live_one() {
    let _pairs: Vec<_> = (0..300).map(|_| UnixDatagram::pair().expect("two sockets")).collect();
    let (mut socket, writer) = recorded();
    let sequence = socket.send(question()).expect("sent");
    let mut buffer = Buffer::new();
    let (mut live, mut live_rows) = (Dump::new(sequence), Vec::new());
    while live.handle(socket.receive(&mut buffer).expect("received"), |row| live_rows.push(row.payload().to_vec()))
        == Step::Continue
    {}
    assert!(matches!(socket.try_receive(&mut buffer), Ok(Received::Empty)));

    let writer = writer.lock().expect("one thread");
    let (mut replayed, mut rows, mut requests) = (Dump::new(sequence), Vec::new(), 0);
    for entry in Reader::new(writer.bytes()).expect("a capture") {
        match entry.expect("an entry").record {
            Record::Received(received) => {
                replayed.handle(received, |row| rows.push(row.payload().to_vec()));
            }
            Record::Request(request) => {
                assert_eq!(request, question().sequence(sequence).as_bytes());
                requests += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    let conclusion: Conclusion = live.into_conclusion();
    assert!(conclusion.is_whole() && conclusion.messages >= 600, "{conclusion:?}");
    assert_eq!((replayed.into_conclusion(), rows, requests), (conclusion, live_rows, 1));
}

#[test]
fn a_datagram_of_somebody_else_carries_its_sender_live_and_in_the_capture() {
    // Sending to others takes CAP_NET_ADMIN in the namespace.
    unshared("a_datagram_of_somebody_else", UnshareFlags::NEWNET, || {
        let (mut victim, writer) = recorded();
        let address: SocketAddrNetlink = getsockname(victim.as_fd()).expect("bound").try_into().expect("netlink");
        let forger = socket(AddressFamily::NETLINK, SocketType::RAW, Some(netlink::SOCK_DIAG)).expect("a socket");
        let message = Request::new(3, 0).body(&[0; 4]);
        sendto(&forger, message.as_bytes(), SendFlags::empty(), &SocketAddrNetlink::new(address.pid(), 0))
            .expect("sent");
        let forger: SocketAddrNetlink = getsockname(&forger).expect("bound").try_into().expect("netlink");

        let mut buffer = Buffer::new();
        let Ok(Received::Datagram(live)) = victim.receive(&mut buffer) else { panic!("nothing came") };
        assert_eq!((live.sender, live.bytes), (forger.pid(), message.as_bytes()));
        let writer = writer.lock().expect("one thread");
        let entry = Reader::new(writer.bytes()).expect("a capture").next().expect("an entry").expect("readable");
        let Record::Received(Received::Datagram(kept)) = entry.record else { panic!("{entry:?}") };
        assert_eq!((kept.sender, kept.bytes, kept.truncated), (live.sender, live.bytes, false));
    });
}
