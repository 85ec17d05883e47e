//! Connections from their birth to their death.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    process,
    time::Duration,
};

use sockeye_bpf::events::{Event, EventOptions, StateChange};
use sockeye_zoo::in_namespace;

use crate::support::{nothing, open, retransmitted, until};

const ESTABLISHED: u8 = 1;
const SYN_SENT: u8 = 2;
const FIN_WAIT2: u8 = 5;
const CLOSE: u8 = 7;
const LISTEN: u8 = 10;

/// Connections of the churn.
const CONNECTIONS: u64 = 400;

/// A connection that carries so many bytes there and back, closed by the client first.
fn connection(listener: &TcpListener, there: u64, back: u64) -> [u64; 2] {
    let mut client = TcpStream::connect(listener.local_addr().expect("bound")).expect("a connection");
    let (mut server, _) = listener.accept().expect("a connection");
    let bytes = |count: u64| vec![7; usize::try_from(count).expect("few")];
    client.write_all(&bytes(there)).expect("room");
    server.read_exact(&mut bytes(there)).expect("all of it");
    server.write_all(&bytes(back)).expect("room");
    client.read_exact(&mut bytes(back)).expect("all of it");
    let cookies = [&client, &server].map(|socket| rustix::net::sockopt::socket_cookie(socket).expect("a cookie"));
    drop(client);
    assert_eq!(server.read(&mut [0]).expect("the end"), 0);
    cookies
}

#[test]
fn every_connection_of_a_churn_is_opened_and_closed_with_the_bytes_it_carried() {
    in_namespace(|_| {
        let mut events = open(&EventOptions { new_states: u32::MAX, ..nothing() })?;
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
        let mut expected = BTreeMap::new();
        for number in 1..=CONNECTIONS {
            let (there, back) = (number, 2 * number + 1000);
            let [client, server] = connection(&listener, there, back);
            expected.extend([(client, (there, back)), (server, (back, there))]);
        }
        let (mut opened, mut closed, mut again) = (BTreeSet::new(), BTreeMap::new(), 0);
        until(&mut events, |event| {
            if let Some(Event::State(change)) = event {
                let cookie = change.socket.cookie;
                if change.new_state == ESTABLISHED {
                    assert!(opened.insert(cookie), "opened once");
                } else if change.new_state == CLOSE {
                    let counters = change.counters.expect("TCP");
                    let twice = counters.bytes_retrans.expect("since Linux 4.19");
                    let sent = counters.bytes_sent.map(|sent| sent - twice);
                    let told = sent.zip(counters.bytes_received).expect("since Linux 4.19");
                    assert_eq!(closed.insert(cookie, told), None, "closed once");
                    again += u64::from(counters.total_retrans.expect("TCP"));
                    assert!(counters.segs_in.is_some_and(|segments| segments >= 3), "{counters:?}");
                    assert!(counters.rtt_us.zip(counters.min_rtt_us).is_some_and(|(_, least)| least < 1_000_000));
                }
            }
            closed.len() >= expected.len()
        });
        assert_eq!(opened, expected.keys().copied().collect());
        assert_eq!(closed.len(), expected.len());
        // None, but on a machine that stood still for a moment.
        assert_eq!(again, retransmitted());
        for (cookie, (sent, got)) in closed {
            let (wanted_sent, wanted) = expected[&cookie];
            // The FIN of the peer counts as a byte that was received; on a busy machine it comes late, to what is left of the client.
            assert!(
                sent == wanted_sent && (got == wanted + 1 || got == wanted),
                "{sent} {got}, not {wanted_sent} {wanted}"
            );
        }
        Ok(())
    });
}

/// The changes of one connection: those of its client, of its server, and of the listener.
fn changes(address: &str) -> Result<(Vec<StateChange>, SocketAddr, [u64; 3]), sockeye_zoo::Skip> {
    let mut events = open(&EventOptions { new_states: u32::MAX, ..nothing() })?;
    let listener = TcpListener::bind((address, 0)).expect("loopback");
    let server = listener.local_addr().expect("bound");
    let [client, accepted] = connection(&listener, 4321, 77);
    let listening = rustix::net::sockopt::socket_cookie(&listener).expect("a cookie");
    drop(listener);
    let mut all = Vec::new();
    until(&mut events, |event| {
        if let Some(Event::State(change)) = event {
            all.push(*change);
        }
        // Client, server and listener.
        all.iter().filter(|change| change.new_state == CLOSE).count() >= 3
    });
    assert!(all.iter().any(|change| change.socket.cookie == listening && change.new_state == LISTEN));
    Ok((all, server, [client, accepted, listening]))
}

/// The clock that events are timed by, now.
fn now_ns() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    u64::try_from(Duration::try_from(now).expect("after the start").as_nanos()).expect("some hundred years")
}

/// A socket as it was once it was connected.
fn first_of(all: &[StateChange], cookie: u64) -> &StateChange {
    let found = all.iter().find(|change| change.socket.cookie == cookie && change.new_state == ESTABLISHED);
    found.expect("it was connected")
}

#[test]
fn a_connection_is_told_of_with_its_ends_namespace_group_and_whoever_opened_it() {
    in_namespace(|_| {
        let own = nothing().netns.expect("own namespace");
        for address in ["127.0.0.1", "::1"] {
            let began = now_ns();
            let named = std::thread::Builder::new().name("not the process".to_owned());
            let changes = named.spawn(|| changes(address)).expect("a thread").join().expect("it ends");
            let (all, server, [client, accepted, listening]) = changes?;
            let of = |cookie| all.iter().filter(move |change| change.socket.cookie == cookie);
            let steps: Vec<_> = of(client).map(|change| (change.old_state, change.new_state)).collect();
            assert_eq!(steps, [(CLOSE, SYN_SENT), (SYN_SENT, ESTABLISHED), (ESTABLISHED, 4), (4, 5), (5, CLOSE)]);
            let born = of(client).next().expect("as above");
            assert_eq!((born.socket.peer.address, born.socket.peer.port), (server.ip(), server.port()));
            let opener = born.process.expect("connect is called by a process");
            // The name of the process, which the thread did not have.
            let comm = std::fs::read("/proc/self/comm").expect("own name");
            assert_eq!((opener.pid, Some(opener.name())), (process::id(), comm.strip_suffix(b"\n")));
            let established = of(client).nth(1).expect("as above");
            assert_eq!(established.process, None, "a packet did it");
            // It is told with its port also when it has given that back.
            let closed = of(client).next_back().expect("as above");
            assert_eq!(closed.socket.local, first_of(&all, client).socket.local);
            // It begins as a copy of the listener, with the listener's cookie in Linux 6.12 and older.
            let steps: Vec<_> = of(accepted).map(|change| (change.old_state, change.new_state)).collect();
            let (copied, alone) = ((LISTEN, 3), [(3, ESTABLISHED), (ESTABLISHED, 8), (8, 9), (9, CLOSE)]);
            if steps.first() == Some(&copied) {
                assert_eq!(steps[1..], alone);
            } else {
                assert_eq!(steps, alone);
                assert!(of(listening).any(|change| (change.old_state, change.new_state) == copied), "{all:?}");
            }
            let first = of(accepted).find(|change| change.old_state == 3).expect("as above");
            assert_eq!((first.socket.local.address, first.socket.local.port), (server.ip(), server.port()));
            assert_eq!(first.socket.peer, established.socket.local);
            for change in &all {
                assert_eq!((change.socket.netns, change.socket.protocol, change.error), (own, Some(6), None));
                assert!(change.socket.netns_cookie.is_some_and(|cookie| cookie > 0));
                assert_eq!(change.socket.cgroup_id, born.socket.cgroup_id);
            }
            // What a packet did has the time at which TCP got it, what anybody else did that of the change itself.
            for cookie in [client, accepted] {
                let times: Vec<_> = of(cookie).map(|change| change.socket.time_ns).collect();
                assert!(
                    times.is_sorted() && times.first() > Some(&began) && times.last() < Some(&now_ns()),
                    "{times:?}"
                );
            }
        }
        Ok(())
    });
}

#[test]
fn what_is_broken_off_is_told_from_what_ends_in_order() {
    in_namespace(|_| {
        let wanted = 1 << FIN_WAIT2 | 1 << CLOSE | 1 << LISTEN | 1 << SYN_SENT;
        let mut events = open(&EventOptions { new_states: wanted, ..nothing() })?;
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
        let inode = |socket: &dyn std::os::fd::AsFd| rustix::fs::fstat(socket.as_fd()).expect("a file").st_ino;
        let mut all: Vec<StateChange> = Vec::new();
        let mut wait_for = |cookie: u64, state: u8| {
            until(&mut events, |event| {
                if let Some(Event::State(change)) = event {
                    all.push(*change);
                }
                all.iter().any(|change| (change.socket.cookie, change.new_state) == (cookie, state))
            });
            let is_it = |change: &&StateChange| (change.socket.cookie, change.new_state) == (cookie, state);
            *all.iter().find(is_it).expect("as above")
        };
        let cookie = |socket: &dyn std::os::fd::AsFd| rustix::net::sockopt::socket_cookie(socket).expect("a cookie");
        assert_eq!(wait_for(cookie(&listener), LISTEN).inode, Some(inode(&listener)));
        for breaks_off in [false, true] {
            let client = TcpStream::connect(listener.local_addr().expect("bound")).expect("a connection");
            let (mut server, _) = listener.accept().expect("a connection");
            let [one, other] = [cookie(&client), cookie(&server)];
            assert_eq!(wait_for(one, SYN_SENT).inode, Some(inode(&client)));
            if breaks_off {
                client.shutdown(Shutdown::Write).expect("it is connected");
                wait_for(one, FIN_WAIT2);
                rustix::net::sockopt::set_socket_linger(&client, Some(Duration::ZERO)).expect("it may be set");
            }
            drop(client);
            let end = wait_for(one, CLOSE);
            assert_eq!((end.old_state, end.error, end.inode, end.is_all_acked), (FIN_WAIT2, None, None, Some(true)));
            assert_eq!(end.is_orphaned || end.is_done, !breaks_off, "{end:?}");
            if !breaks_off {
                assert_eq!(server.read(&mut [0]).expect("the end"), 0);
                drop(server);
                let end = wait_for(other, CLOSE);
                assert_eq!((end.is_done, end.is_all_acked), (true, Some(true)), "{end:?}");
            }
        }
        Ok(())
    });
}

#[test]
fn only_the_new_states_that_are_wanted_are_told() {
    in_namespace(|_| {
        let wanted = 1 << ESTABLISHED | 1 << CLOSE;
        let mut events = open(&EventOptions { new_states: wanted, ..nothing() })?;
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
        connection(&listener, 5, 6);
        let mut states = Vec::new();
        until(&mut events, |event| {
            if let Some(Event::State(change)) = event {
                states.push(u32::from(change.new_state));
            }
            states.iter().filter(|state| **state == u32::from(CLOSE)).count() >= 2
        });
        states.sort_unstable();
        assert_eq!(states, [ESTABLISHED, ESTABLISHED, CLOSE, CLOSE].map(u32::from));
        Ok(())
    });
}

#[test]
fn without_a_choice_the_sockets_of_every_namespace_are_told() {
    in_namespace(|_| {
        let own = nothing().netns.expect("own namespace");
        // Others on this machine are told of too.
        let mut everything = EventOptions { ring_bytes: 64 << 20, netns: None, ..EventOptions::default() };
        (everything.retransmits, everything.resets, everything.drops, everything.errors) = (true, true, true, true);
        let mut events = open(&everything)?;
        #[expect(
            deprecated,
            reason = "its successor is unsafe; the thread ends at once, with the descriptors of its process"
        )]
        let elsewhere = || {
            rustix::thread::unshare(rustix::thread::UnshareFlags::NEWNET).expect("a namespace of its own");
            let listener = TcpListener::bind("0.0.0.0:0").expect("any address");
            (nothing().netns.expect("its namespace"), rustix::net::sockopt::socket_cookie(&listener).expect("a cookie"))
        };
        let there = std::thread::spawn(elsewhere).join().expect("the thread");
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
        let here = (own, rustix::net::sockopt::socket_cookie(&listener).expect("a cookie"));
        TcpStream::connect(("127.0.0.1", 1)).expect_err("nobody listens");
        let (mut listening, mut refused) = (BTreeSet::new(), false);
        until(&mut events, |event| {
            match event {
                Some(Event::State(change)) if change.new_state == LISTEN => {
                    listening.insert((change.socket.netns, change.socket.cookie));
                }
                Some(Event::Dropped(packet)) if packet.socket.netns == own => {
                    refused |= packet.reason.is_some_and(|(_, name)| name == "NO_SOCKET");
                }
                _ => {}
            }
            refused && listening.contains(&there) && listening.contains(&here)
        });
        assert_ne!(there.0, here.0);
        Ok(())
    });
}

#[test]
fn a_socket_that_connects_again_has_no_port_until_it_gets_one() {
    in_namespace(|_| {
        let mut events = open(&EventOptions { new_states: 1 << SYN_SENT, ..nothing() })?;
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
        let there = listener.local_addr().expect("bound");
        let client = TcpStream::connect(there).expect("a connection");
        let _first = listener.accept().expect("a connection");
        rustix::net::connect_unspec(&client).expect("it is taken apart");
        rustix::net::connect(&client, &there).expect("a connection again");
        let mut ports = Vec::new();
        until(&mut events, |event| {
            if let Some(Event::State(change)) = event {
                ports.push((change.socket.local.port, change.socket.peer.port));
            }
            ports.len() == 2
        });
        // The port of the first connection stands in the socket still.
        assert_eq!(ports, [(0, there.port()); 2]);
        Ok(())
    });
}
