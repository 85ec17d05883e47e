//! What goes wrong: refused connections, segments sent again, resets, dropped packets.

use std::{
    io::Write,
    net::{TcpListener, TcpStream},
    time::Instant,
};

use sockeye_bpf::events::{Direction, Event, EventOptions, SocketId};
use sockeye_zoo::{in_namespace, skip::kernel_is_since};

use crate::support::{PATIENCE, nothing, open, retransmitted, until};

const ECONNREFUSED: u32 = 111;

/// Whether this kernel tells of resets that it sends for no socket, and why.
fn tells_of_all_resets() -> bool {
    kernel_is_since(6, 10)
}

/// Whether an event is a segment that was worked through: kernels up to 6.12 tell of these as of dropped ones without a
/// reason.
fn is_no_loss(event: &Event<'_>) -> bool {
    let Event::Dropped(packet) = event else { return false };
    !kernel_is_since(6, 13) && packet.reason.is_some_and(|(_, name)| name == "NOT_SPECIFIED")
}

#[test]
fn a_refused_connection_is_an_error_a_reset_each_way_and_a_dropped_packet() {
    in_namespace(|_| {
        let kinds = EventOptions { new_states: 1 << 7, errors: true, resets: true, drops: true, ..nothing() };
        for address in ["127.0.0.1", "::1"] {
            let mut events = open(&kinds)?;
            let listener = TcpListener::bind((address, 0)).expect("loopback");
            let server = listener.local_addr().expect("bound");
            drop(listener);
            TcpStream::connect(server).expect_err("nobody listens");
            let (mut ended, mut errors, mut sent, mut received, mut dropped) = (None, None, None, None, None);
            until(&mut events, |event| {
                match event {
                    Some(Event::State(change)) if change.socket.peer.port == server.port() => ended = Some(*change),
                    Some(Event::Error(error)) => errors = Some(*error),
                    Some(Event::Reset(reset)) => {
                        let reason = reset.reason.map(|(_, name)| name.to_owned());
                        let told = Some((reset.socket, reset.state, reason));
                        if reset.direction == Direction::Sent { sent = told } else { received = told }
                    }
                    Some(Event::Dropped(packet)) if packet.socket.local.port == server.port() => {
                        dropped = Some((packet.socket, packet.reason.map(|(_, name)| name.to_owned())));
                    }
                    _ => {}
                }
                let answered = sent.is_some() || !tells_of_all_resets();
                ended.is_some() && errors.is_some() && answered && received.is_some() && dropped.is_some()
            });
            let (ended, error) = (ended.expect("as above"), errors.expect("as above"));
            assert_eq!((ended.old_state, ended.error), (2, Some(ECONNREFUSED)));
            assert_eq!((error.error, error.socket.cookie), (ECONNREFUSED, ended.socket.cookie));
            assert_eq!(error.socket.local, ended.socket.local);
            let (socket, state, reason) = received.expect("as above");
            assert_eq!((socket.cookie, state, reason), (ended.socket.cookie, Some(2), None));
            assert_eq!((socket.peer.address, socket.peer.port), (server.ip(), server.port()));
            assert!(socket.local.port != 0 && socket.local.port == ended.socket.local.port, "{socket:?} {ended:?}");
            // The one that answers has no socket: the packet says between whom.
            if tells_of_all_resets() {
                let (packet, state, reason) = sent.expect("as above");
                assert_eq!((packet.cookie, state, reason.as_deref()), (0, None, Some("NO_SOCKET")));
                assert_eq!((packet.local, packet.peer), (socket.peer, socket.local));
            } else {
                assert_eq!(sent, None);
            }
            let (packet, reason) = dropped.expect("as above");
            assert_eq!((packet.local, packet.peer), (socket.peer, socket.local));
            assert_eq!((packet.protocol, reason.as_deref()), (Some(6), Some("NO_SOCKET")));
            assert_eq!(packet.netns, ended.socket.netns);
        }
        Ok(())
    });
}

#[test]
fn a_connection_that_is_reset_says_by_whom() {
    in_namespace(|_| {
        let mut events = open(&EventOptions { new_states: 1 << 7, resets: true, errors: true, ..nothing() })?;
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
        let client = TcpStream::connect(listener.local_addr().expect("bound")).expect("a connection");
        let (mut server, _) = listener.accept().expect("a connection");
        server.write_all(b"unread").expect("room");
        let cookies = [&client, &server].map(|socket| rustix::net::sockopt::socket_cookie(socket).expect("a cookie"));
        let ports = [&client, &server].map(|socket| socket.local_addr().expect("bound").port());
        // What is closed with something unread is reset.
        while client.peek(&mut [0]).expect("a connection") == 0 {}
        drop(client);
        let (mut resets, mut ends) = (Vec::new(), Vec::new());
        until(&mut events, |event| {
            match event {
                Some(Event::Reset(reset)) => {
                    let SocketId { cookie, local, peer, .. } = reset.socket;
                    resets.push((reset.direction, cookie, local.port, peer.port));
                }
                Some(Event::State(change)) => ends.push((change.socket.cookie, change.error)),
                _ => {}
            }
            resets.len() >= 2 && ends.len() >= 2
        });
        resets.sort_by_key(|(direction, ..)| *direction == Direction::Received);
        // The client has a port that the kernel chose, and has given it back when its reset goes out.
        let sent = (Direction::Sent, cookies[0], ports[0], ports[1]);
        assert_eq!(resets, [sent, (Direction::Received, cookies[1], ports[1], ports[0])]);
        ends.sort_by_key(|(cookie, _)| *cookie != cookies[0]);
        assert_eq!(ends, [(cookies[0], None), (cookies[1], Some(104))]);
        Ok(())
    });
}

#[test]
fn segments_sent_again_are_as_many_as_the_kernel_counts() {
    in_namespace(|zoo| {
        let mut events = open(&EventOptions { retransmits: true, ..nothing() })?;
        let before = retransmitted();
        let trouble = [zoo.tcp_retransmitting()?, zoo.tcp_listening_overflowed()?];
        let (mut told, mut sockets) = (0, std::collections::BTreeMap::new());
        let mut enough = false;
        let began = Instant::now();
        loop {
            let counted = retransmitted() - before;
            let lost = events.lost_in_all();
            assert!(began.elapsed() < *PATIENCE, "{counted} segments were sent again, {told} told, {lost} lost");
            events.read(&mut |event| {
                let Event::Retransmit(again) = event else { panic!("{event:?}") };
                told += u64::from(again.segments.expect("the packet says"));
                assert!(again.socket.cookie != 0 && again.socket.protocol == Some(6));
                sockets.insert(again.socket.cookie, (again.total_retrans, again.state));
            });
            // The kernel counts first, and tells then.
            let counted_since = retransmitted() - before;
            assert!(told <= counted_since, "{told} were told, {counted_since} counted");
            // What came in the middle of a program that is not there for it is not told, and counted.
            if enough && (told + events.lost_in_all(), counted_since) == (counted, counted) {
                break;
            }
            enough = told >= 5 && sockets.len() >= 2;
            std::thread::yield_now();
        }
        let lost = events.lost_in_all();
        assert!(lost <= 1, "{lost} of {told} lost");
        // SYNs into a full queue, and data that nobody acknowledges.
        let states: std::collections::BTreeSet<_> = sockets.values().map(|(_, state)| *state).collect();
        assert!(states.contains(&1) && states.contains(&2), "{sockets:?}");
        let total: u64 = sockets.values().map(|(total, _)| u64::from(total.expect("since Linux 2.6"))).sum();
        assert!((told..=told + lost).contains(&total), "{total} in all, {told} told, {lost} lost");
        drop(trouble);
        Ok(())
    });
}

/// Sockets in TIME-WAIT in this namespace.
fn time_wait() -> u64 {
    let file = std::fs::read_to_string("/proc/thread-self/net/sockstat").expect("/proc is there");
    let count = file.split(" tw ").nth(1).and_then(|rest| rest.split(' ').next()?.parse().ok());
    count.unwrap_or_else(|| panic!("no number in {file}"))
}

#[test]
fn connections_that_end_well_drop_nothing() {
    in_namespace(|_| {
        let kinds = EventOptions { retransmits: true, resets: true, drops: true, errors: true, ..nothing() };
        let mut events = open(&kinds)?;
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
        for number in 0..20 {
            let client = TcpStream::connect(listener.local_addr().expect("bound")).expect("a connection");
            let (server, _) = listener.accept().expect("a connection");
            let before = time_wait();
            drop(client);
            if number < 10 {
                // The last FIN comes to what is left of the client.
                let began = Instant::now();
                while time_wait() == before {
                    assert!(began.elapsed() < *PATIENCE, "the client does not end");
                    std::thread::yield_now();
                }
            }
            drop(server);
        }
        // What is refused comes after all that there was of the others.
        let closed = listener.local_addr().expect("bound");
        drop(listener);
        TcpStream::connect(closed).expect_err("nobody listens");
        let mut before = Vec::new();
        let mut refused = false;
        until(&mut events, |event| {
            // An old kernel does not tell that it answers for nobody; that it drops the packet, it does.
            refused |= match event {
                Some(Event::Dropped(packet)) => packet.reason.is_some_and(|(_, name)| name == "NO_SOCKET"),
                event => matches!(event, Some(Event::Reset(_))),
            };
            if !refused && let Some(event) = event.filter(|event| !is_no_loss(event)) {
                before.push(format!("{event:?}"));
            }
            refused
        });
        assert_eq!(before, Vec::<String>::new());
        Ok(())
    });
}

#[test]
fn packets_that_a_full_socket_drops_are_told_with_the_reason_and_the_socket() {
    in_namespace(|zoo| {
        let mut events = open(&EventOptions { drops: true, ..nothing() })?;
        let full = zoo.udp_dropped()?;
        let expected = full.expected("bound");
        let mut dropped = Vec::new();
        let wanted = expected.drops.expect("it dropped some");
        until(&mut events, |event| {
            if let Some(Event::Dropped(packet)) = event
                && packet.reason.is_some_and(|(_, name)| name == "SOCKET_RCVBUFF")
            {
                dropped.push(packet.socket);
            }
            dropped.len() as u64 >= u64::from(wanted)
        });
        assert_eq!(dropped.len() as u64, u64::from(wanted));
        for socket in dropped {
            // Which socket is told since 6.11.
            let cookie = if kernel_is_since(6, 11) { expected.cookie } else { Some(0) };
            assert_eq!(Some(socket.cookie), cookie, "{socket:?}");
            assert_eq!(Some(socket.local.port), expected.local.map(|address| address.port()));
            assert_eq!(socket.protocol, Some(17));
        }
        Ok(())
    });
}

#[test]
fn an_answer_that_is_sent_again_is_told_with_the_cookie_that_the_socket_would_have() {
    in_namespace(|zoo| {
        let mut events = open(&EventOptions { retransmits: true, ..nothing() })?;
        let before = retransmitted();
        let unheard = zoo.trouble_unheard()?;
        let server = rustix::net::getsockname(unheard.socket("listener")).expect("bound");
        let server = std::net::SocketAddr::try_from(server).expect("of IP");
        let client = rustix::net::sockopt::socket_cookie(unheard.socket("client")).expect("a cookie");
        let (mut told, mut requests, mut answers) = (0, Vec::new(), Vec::new());
        let began = Instant::now();
        loop {
            assert!(began.elapsed() < *PATIENCE, "{requests:?} {answers:?}");
            let counted = retransmitted() - before;
            events.read(&mut |event| {
                let Event::Retransmit(again) = event else { panic!("{event:?}") };
                told += u64::from(again.segments.expect("the packet says"));
                if again.state == 12 { answers.push(*again) } else { requests.push(*again) }
            });
            let both = !requests.is_empty() && !answers.is_empty();
            if both && (told, retransmitted() - before) == (counted, counted) {
                break;
            }
            std::thread::yield_now();
        }
        for request in &requests {
            assert_eq!((request.state, request.socket.cookie), (2, client));
        }
        for answer in &answers {
            assert_eq!((answer.socket.local.address, answer.socket.local.port), (server.ip(), server.port()));
            assert_eq!((answer.socket.peer, answer.socket.protocol), (requests[0].socket.local, Some(6)));
            assert!(answer.socket.cookie != 0 && answer.socket.cookie != client, "{answer:?}");
            assert_eq!(answer.socket.cookie, answers[0].socket.cookie);
        }
        Ok(())
    });
}
