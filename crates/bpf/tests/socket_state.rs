//! Changes of state, as they happen.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use sockeye_bpf::Btf;
use sockeye_bpf::socket_state::{SocketState, SocketStates};

/// Every state but TIME-WAIT, which no socket ever enters here.
const ALL: u32 = 0xffff;

fn open(ring_bytes: u32) -> SocketStates {
    SocketStates::open(&Btf::load().expect("types"), ring_bytes, ALL).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn a_connection_is_told_from_its_birth_to_its_end_with_what_it_did() {
    let mut states = open(1 << 20);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut client = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let client_port = client.local_addr().unwrap().port();
    let (mut server, _) = listener.accept().unwrap();
    client.write_all(&[7; 4321]).unwrap();
    server.read_exact(&mut [0; 4321]).unwrap();
    server.write_all(&[9; 77]).unwrap();
    client.read_exact(&mut [0; 77]).unwrap();
    drop(client);
    let mut rest = Vec::new();
    server.read_to_end(&mut rest).unwrap();
    drop(server);
    let mut told: Vec<SocketState> = Vec::new();
    // The last acknowledgement comes by itself.
    while told.iter().filter(|state| state.new == 7 && state.peer_port != 0).count() < 2 {
        states.read(&mut |state| {
            if state.peer_port == port || state.local_port == port || told.iter().any(|old| old.cookie == state.cookie)
            {
                told.push(*state);
            }
        });
    }
    assert_eq!(states.lost().unwrap(), 0);
    let born = told.iter().find(|state| (state.old, state.new) == (7, 2)).expect("SYN-SENT");
    assert!(born.is_of_process());
    assert_eq!(born.pid, std::process::id());
    assert_eq!((born.peer_port, born.peer.to_string().as_str()), (port, "127.0.0.1"));
    let of = |cookie: u64| told.iter().filter(move |state| state.cookie == cookie);
    let changes: Vec<_> = of(born.cookie).map(|state| (state.old, state.new)).collect();
    assert_eq!(changes, [(7, 2), (2, 1), (1, 4), (4, 5), (5, 7)]);
    let ended = of(born.cookie).next_back().unwrap();
    assert_eq!((ended.totals.bytes_sent, ended.totals.total_retrans), (Some(4321), Some(0)));
    // The kernel counts the FIN of the peer as a byte.
    assert_eq!(ended.totals.bytes_received, Some(78));
    assert!(ended.totals.min_rtt_us.is_some_and(|rtt| rtt < 1_000_000), "{ended:?}");
    assert!(ended.at_ns > born.at_ns && ended.netns == born.netns && ended.netns != 0);
    let accepted = told.iter().find(|state| (state.old, state.new) == (3, 1)).expect("SYN-RECV");
    assert_eq!((accepted.local_port, accepted.peer_port), (port, client_port));
    let ended = of(accepted.cookie).next_back().unwrap();
    assert_eq!((ended.old, ended.totals.bytes_sent, ended.totals.bytes_received), (9, Some(77), Some(4322)));
}

#[test]
fn a_refused_connection_ends_with_its_error() {
    let mut states = open(1 << 20);
    let port = TcpListener::bind("[::1]:0").unwrap().local_addr().unwrap().port();
    TcpStream::connect(("::1", port)).unwrap_err();
    let mut ends = Vec::new();
    while ends.is_empty() {
        states.read(&mut |state| {
            if (state.old, state.new) == (2, 7) && state.peer_port == port {
                ends.push(*state);
            }
        });
    }
    assert_eq!((ends[0].error, ends[0].peer.to_string().as_str()), (111, "::1"));
}
