//! Rows that wait for the end of their round, and what is told of their sockets meanwhile.

use std::sync::Arc;

use sockeye_state::lives::{
    Direction, End, Happening, Incident, Known, Lives, Protocol, Reason, Rules, Side, Told, Totals, Trouble,
};
use sockeye_wire::sock_diag::inet::InetSocket;
use sockeye_wire::sock_diag::state::State;

use crate::made::*;

const PRESENT: Happening = Happening::Present;

/// A listener that a dump shows, at the port of `cookie`.
fn listener(cookie: u64) -> Vec<u8> {
    let mut message = row(cookie, State::Listening, &[]);
    // Nobody is at its other end.
    message[6..8].fill(0);
    message[24..40].fill(0);
    message
}

/// The dumps of a first round are over that began at 1 s, and what was told meanwhile is not heard yet.
fn asked(rows: &[Vec<u8>]) -> Lives {
    let mut lives = Lives::new(true).with_incidents(true);
    lives.begin_round(&[Protocol::Tcp], at(1000));
    for row in rows {
        lives.row(Protocol::Tcp, row, at(1100), &mut |told| panic!("it waits: {told:?}"));
    }
    lives
}

#[test]
fn one_that_ends_before_its_round_does_is_known_by_its_row() {
    let mut heard = Vec::new();
    for ended in [1050, 1200] {
        let mut lives = asked(&[row(5, State::Established, &[("bytes_acked", 4321)])]);
        heard.clear();
        let mut described = false;
        let closes = transition(5, ended, State::Established, State::Unconnected);
        lives.transition(&closes, &mut |told| {
            if let Told::Event(event) = &told
                && event.happening == Happening::Closed
            {
                let socket = InetSocket::read(event.message).expect("a message");
                described = event.life.described && socket.message.uid() == Some(4321);
            }
            hear(&mut heard)(told);
        });
        lives.end_round(true, at(1300), &mut hear(&mut heard));
        let [Heard::Event(5, PRESENT, Known::Found, false), Heard::Closed(5, Known::Found, ..), Heard::Synced] =
            heard[..]
        else {
            panic!("{heard:?}")
        };
        assert!(described && lives.is_empty());
    }
}

#[test]
fn one_that_moves_on_before_its_round_ends_is_told_with_its_row() {
    for moved in [1050, 1200] {
        let (mut lives, mut heard) = (asked(&[listener(6), row(8, State::Established, &[])]), Vec::new());
        let mut uids = Vec::new();
        let moves = transition(8, moved, State::Established, State::CloseWait);
        lives.transition(&moves, &mut |told| {
            if let Told::Event(event) = &told {
                uids.push(InetSocket::read(event.message).expect("a message").message.uid());
            }
            hear(&mut heard)(told);
        });
        lives.end_round(true, at(1300), &mut hear(&mut heard));
        let wanted = [
            Heard::Event(8, PRESENT, Known::Found, false),
            Heard::Event(8, Happening::State(State::Established), Known::Found, false),
            Heard::Event(6, PRESENT, Known::Found, false),
            Heard::Synced,
        ];
        assert_eq!(heard, wanted);
        assert_eq!(uids, [Some(4321), Some(4321)]);
        assert_eq!(lives.get(8).map(|(life, _)| life.state), Some(State::CloseWait));
    }
}

#[test]
fn who_is_accepted_before_the_round_ends_came_out_of_a_listener_that_waits() {
    let mut lives = asked(&[listener(6)]);
    let mut accepted = transition(7, 1200, State::SynReceived, State::Established);
    accepted.local_port = local(6).port();
    lives.transition(&accepted, &mut |_| {});
    let (life, _) = lives.get(7).expect("it was born");
    assert_eq!((life.side, life.known), (Some(Side::Accept), Known::Birth));
    let listener = life.listener.as_ref().expect("it came out of one");
    assert_eq!(*listener.inodes, [70_006]);
    lives.end_round(true, at(1300), &mut |_| {});
    assert_eq!(lives.len(), 2);
}

#[test]
fn a_short_life_between_its_birth_and_the_end_of_the_round_is_described() {
    let (mut lives, mut heard) = (asked(&[row(5, State::Established, &[])]), Vec::new());
    lives.transition(&transition(5, 1050, State::Unconnected, State::SynSent), &mut hear(&mut heard));
    let mut uid = None;
    let told = [
        transition(5, 1060, State::SynSent, State::Established),
        transition(5, 1200, State::Established, State::Unconnected),
    ];
    for told in told {
        lives.transition(&told, &mut |told| {
            if let Told::Event(event) = &told {
                uid = InetSocket::read(event.message).expect("a message").message.uid();
            }
            hear(&mut heard)(told);
        });
    }
    lives.end_round(true, at(1300), &mut hear(&mut heard));
    let [
        Heard::Event(5, Happening::Opened, Known::Birth, false),
        Heard::Event(5, Happening::Established, Known::Birth, false),
        Heard::Closed(5, Known::Birth, ..),
        Heard::Synced,
    ] = heard[..]
    else {
        panic!("{heard:?}")
    };
    assert_eq!(uid, Some(4321), "by the dump alone");
}

#[test]
fn the_row_of_the_next_connection_of_a_socket_is_not_of_the_one_that_ends() {
    let mut next = row(5, State::SynSent, &[]);
    next[4..6].copy_from_slice(&40_000_u16.to_be_bytes());
    let (mut lives, mut heard) = (asked(&[next]), Vec::new());
    lives.transition(&transition(5, 1050, State::Established, State::Unconnected), &mut hear(&mut heard));
    let [Heard::Closed(5, Known::End, ..)] = heard[..] else { panic!("{heard:?}") };
}

/// A packet of a connection was dropped.
fn dropped(cookie: Option<u64>, met: u64) -> Incident {
    Incident {
        at: at(met),
        trouble: Trouble::Drop,
        cookie,
        protocol: Some(6),
        state: Some(State::Established),
        local: local(6),
        peer: "10.9.8.7:443".parse().expect("an address with a port"),
        cgroup: None,
        direction: Some(Direction::Received),
        reason: Some(Arc::from("NETFILTER_DROP")),
        location: None,
        segments: None,
        totals: Totals::default(),
        error: None,
    }
}

#[test]
fn what_goes_wrong_is_told_with_the_row_that_waits() {
    for met in [1050, 1200] {
        let mut lives = asked(&[listener(6), row(5, State::Established, &[])]);
        let (mut has_socket, mut has_listener) = (false, false);
        lives.incident(&dropped(Some(5), met), &mut |told| {
            if let Told::Incident(met) = told {
                has_socket = met.socket.is_some_and(|(life, _)| life.cookie == 5 && life.described);
            }
        });
        lives.incident(&dropped(None, met), &mut |told| {
            if let Told::Incident(met) = told {
                has_listener = met.listener.is_some_and(|listener| *listener.inodes == [70_006]);
            }
        });
        assert!(has_socket && has_listener, "at {met}: {has_socket} {has_listener}");
        lives.end_round(true, at(1300), &mut |_| {});
        assert_eq!(lives.len(), 2);
    }
}

#[test]
fn a_packet_on_its_way_elsewhere_is_for_nobody_who_listens_at_any_address() {
    let mut anywhere = listener(6);
    anywhere[8..24].fill(0);
    for (message, is_meant) in [(anywhere, [true, false]), (listener(6), [true, true])] {
        let mut lives = asked(&[message]);
        lives.end_round(true, at(1300), &mut |_| {});
        let packet = dropped(None, 1400);
        let mut is_for = [false; 2];
        let mut look = |number: usize, told: Told<'_>| {
            let Told::Incident(met) = told else { panic!("{told:?}") };
            is_for[number] = met.listener.is_some();
        };
        lives.incident(&packet, &mut |told| look(0, told));
        lives.incident_elsewhere(&packet, &mut |told| look(1, told));
        assert_eq!(is_for, is_meant);
    }
}

#[test]
fn no_more_rows_wait_than_sockets_are_followed() {
    let mut lives = Lives::with_rules(true, Rules { sockets_max: 2, ..Rules::default() });
    let mut heard = Vec::new();
    lives.begin_round(&[Protocol::Tcp], at(1000));
    for cookie in 1..=5 {
        lives.row(Protocol::Tcp, &row(cookie, State::Established, &[]), at(1001), &mut hear(&mut heard));
    }
    assert_eq!(lives.unfollowed(), 3, "they are not copied before they are counted");
    lives.end_round(true, at(1002), &mut hear(&mut heard));
    assert_eq!(lives.len(), 2);
    assert_eq!(heard.last(), Some(&Heard::Gap(Reason::TooMany, None)));
}

#[test]
fn a_row_that_comes_twice_is_no_interval() {
    let (mut lives, mut heard) = (Lives::new(false), Vec::new());
    let says = |acked| row(5, State::Established, &[("bytes_acked", acked)]);
    round(&mut lives, 1000, &[says(1000)], &mut heard);
    round(&mut lives, 2000, &[says(7000), says(7000)], &mut heard);
    let pace = lives.get(5).and_then(|(life, _)| life.pace()).expect("it is in two rounds");
    assert_eq!(pace.bytes_acked.to_string(), "6000");
}

#[test]
fn a_udp_socket_that_no_dump_shows_is_followed_for_some_seconds() {
    let (mut lives, mut heard) = (Lives::new(true), Vec::new());
    let mut ask = |time, is_there| {
        lives.begin_round(&[Protocol::Udp], at(time));
        if is_there {
            lives.row(Protocol::Udp, &row(5, State::Established, &[]), at(time), &mut hear(&mut heard));
        }
        lives.end_round(true, at(time), &mut hear(&mut heard));
        lives.len()
    };
    assert_eq!(ask(1000, true), 1);
    let followed: Vec<_> = (11..70).filter(|tenths| ask(tenths * 100, false) == 1).collect();
    // Five rounds are soon over.
    assert_eq!(followed.last(), Some(&59));
    assert!(matches!(heard.last(), Some(Heard::Closed(5, Known::Found, End::Unknown, true))), "{heard:?}");
}

#[test]
fn what_a_row_says_of_later_is_counted_as_of_then_and_its_socket_is_found_in_the_state_of_before() {
    let mut lives = asked(&[row(5, State::CloseWait, &[("bytes_acked", 1_000)])]);
    let mut found = Vec::new();
    let closes = transition(5, 1050, State::Established, State::CloseWait);
    lives.transition(&closes, &mut |told| {
        if let Told::Event(event) = &told {
            let state = InetSocket::read(event.message).expect("a message").message.state();
            found.push((event.happening, event.at, event.life.since, state));
        }
    });
    let wanted = [
        (PRESENT, at(1050), at(1050), Some(State::Established)),
        (Happening::State(State::Established), at(1050), at(1050), Some(State::CloseWait)),
    ];
    assert_eq!(found, wanted);
    lives.end_round(true, at(1300), &mut |_| {});
    lives.begin_round(&[Protocol::Tcp], at(2000));
    lives.row(Protocol::Tcp, &row(5, State::CloseWait, &[("bytes_acked", 3_000)]), at(2100), &mut |_| {});
    lives.end_round(true, at(2200), &mut |_| {});
    let (life, message) = lives.get(5).expect("it lives");
    let (_, _, elapsed) = life.interval(message).expect("it is in two rounds");
    assert_eq!(elapsed, at(1000), "from one row to the next");
}

#[test]
fn what_goes_wrong_before_a_row_of_another_state_does_not_take_it() {
    for (state, is_taken) in [(State::Established, false), (State::CloseWait, true)] {
        let mut lives = asked(&[row(5, State::CloseWait, &[])]);
        let mut found = Vec::new();
        let incident = Incident { state: Some(state), ..dropped(Some(5), 1050) };
        lives.incident(&incident, &mut |told| {
            if let Told::Event(event) = &told {
                found.push(event.happening);
            }
        });
        assert_eq!(found, if is_taken { vec![PRESENT] } else { vec![] }, "{state:?}");
    }
}
