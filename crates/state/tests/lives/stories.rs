//! Stories, one thing each.

use sockeye_state::lives::Happening::{Accepted, Established, Listening, Opened, Present};
use sockeye_state::lives::{End, Known, Lives, Protocol, Reason, Side, Told, Transition};
use sockeye_wire::sock_diag::inet::InetSocket;
use sockeye_wire::sock_diag::state::State;
use sockeye_wire::sock_diag::state::State::{
    CloseWait, Closing, FinWait1, FinWait2, LastAck, SynReceived, SynSent, Unconnected,
};

use crate::made::Heard::{Closed, Event, Gap, Synced};
use crate::made::*;

const ESTABLISHED: State = State::Established;

#[test]
fn what_was_there_is_present_and_what_comes_is_found() {
    let (mut lives, mut heard) = (Lives::new(false), Vec::new());
    round(&mut lives, 1000, &[row(5, ESTABLISHED, &[]), row(6, State::Listening, &[])], &mut heard);
    assert_eq!(heard, [Event(5, Present, Known::Found, false), Event(6, Present, Known::Found, false), Synced]);
    heard.clear();
    let rows = [
        row(6, State::Listening, &[]),
        row(5, ESTABLISHED, &[]),
        row(7, ESTABLISHED, &[]),
        row(8, State::SynSent, &[]),
    ];
    round(&mut lives, 2000, &rows, &mut heard);
    assert_eq!(heard, [Event(7, Established, Known::Found, false), Event(8, Opened, Known::Found, false)]);
    heard.clear();
    round(
        &mut lives,
        3000,
        &[
            row(5, ESTABLISHED, &[]),
            row(6, State::Listening, &[]),
            row(7, State::CloseWait, &[]),
            row(8, ESTABLISHED, &[]),
        ],
        &mut heard,
    );
    let changed = sockeye_state::lives::Happening::State(ESTABLISHED);
    assert_eq!(heard, [Event(7, changed, Known::Found, false), Event(8, Established, Known::Found, false)]);
}

#[test]
fn an_end_has_the_last_counters_and_who_it_was() {
    let (mut lives, mut heard) = (Lives::new(false), Vec::new());
    round(&mut lives, 1000, &[row(5, ESTABLISHED, &[("bytes_sent", 100), ("min_rtt", 31)])], &mut heard);
    let message = destroyed(5, &[("bytes_sent", 4097), ("total_retrans", 3), ("bytes_received", 222)]);
    let mut told = 0;
    lives.destroyed(Protocol::Tcp, &message, at(3500), &mut |event| {
        let Told::Event(event) = event else { panic!("{event:?}") };
        told += 1;
        assert_eq!(event.life.totals.bytes_sent, Some(4097));
        assert_eq!((event.life.totals.retransmissions, event.life.totals.bytes_received), (Some(3), Some(222)));
        assert_eq!(event.life.duration(event.at), Some(at(2499)));
        let socket = InetSocket::read(event.message).unwrap();
        assert_eq!((socket.message.uid(), socket.message.inode()), (Some(4321), Some(70_005)));
        assert_eq!(socket.tcp_info().unwrap().bytes_sent(), Some(4097));
    });
    assert_eq!((told, lives.len()), (1, 0));
}

#[test]
fn one_that_lived_between_two_rounds_is_known_by_its_end() {
    let (mut lives, mut heard) = (Lives::new(false), Vec::new());
    round(&mut lives, 1000, &[], &mut heard);
    heard.clear();
    lives.destroyed(
        Protocol::Tcp,
        &destroyed(9, &[("bytes_sent", 77), ("segs_out", 5)]),
        at(1500),
        &mut hear(&mut heard),
    );
    assert_eq!(heard, [Closed(9, Known::End, End::Unknown, false)]);
}

#[test]
fn one_that_was_taken_apart_keeps_what_was_last_seen() {
    let (mut lives, mut heard) = (Lives::new(false), Vec::new());
    round(&mut lives, 1000, &[row(5, ESTABLISHED, &[("bytes_sent", 100), ("segs_out", 9)])], &mut heard);
    lives.destroyed(Protocol::Tcp, &disconnected(5), at(1500), &mut |event| {
        let Told::Event(event) = event else { panic!("{event:?}") };
        assert_eq!((event.life.end, event.life.totals.bytes_sent), (Some(End::Aborted), Some(100)));
        assert_eq!(InetSocket::read(event.message).unwrap().message.source(), Some(local(5).ip()));
        assert_eq!(event.life.totals_at, at(1001), "that is how old it is");
    });
    heard.clear();
    lives.destroyed(Protocol::Tcp, &disconnected(8), at(1600), &mut hear(&mut heard));
    assert_eq!(heard, [Closed(8, Known::End, End::AbortedOrRefused, false)]);
}

#[test]
fn a_row_never_revives_what_ended_while_the_dump_ran() {
    let (mut lives, mut heard) = (Lives::new(false), Vec::new());
    lives.begin_round(&[Protocol::Tcp], at(1000));
    lives.destroyed(Protocol::Tcp, &destroyed(5, &[]), at(1001), &mut hear(&mut heard));
    lives.row(Protocol::Tcp, &row(5, ESTABLISHED, &[]), at(1002), &mut hear(&mut heard));
    lives.end_round(true, at(1003), &mut hear(&mut heard));
    assert_eq!(heard, [Closed(5, Known::End, End::Unknown, false), Synced]);
    assert!(lives.is_empty());
}

#[test]
fn one_absence_proves_nothing_and_two_are_the_end_of_the_connection_but_not_of_the_socket() {
    let (mut lives, mut heard) = (Lives::new(false), Vec::new());
    round(&mut lives, 1000, &[row(5, ESTABLISHED, &[]), row(6, ESTABLISHED, &[])], &mut heard);
    heard.clear();
    round(&mut lives, 2000, &[row(6, ESTABLISHED, &[])], &mut heard);
    assert_eq!(heard, []);
    round(&mut lives, 3000, &[row(5, ESTABLISHED, &[])], &mut heard);
    round(&mut lives, 4000, &[row(5, ESTABLISHED, &[])], &mut heard);
    let unconnected = Event(6, sockeye_state::lives::Happening::State(ESTABLISHED), Known::Found, false);
    assert_eq!(heard, std::slice::from_ref(&unconnected), "its end would have been told: somebody holds it");
    let (life, message) = lives.get(6).unwrap();
    assert_eq!((life.state, life.delta(message)), (State::Unconnected, None), "it does nothing more");
    round(&mut lives, 5000, &[row(5, ESTABLISHED, &[])], &mut heard);
    lives.destroyed(Protocol::Tcp, &destroyed(6, &[("bytes_received", 4096)]), at(5500), &mut |event| {
        let Told::Event(event) = event else { panic!("{event:?}") };
        assert_eq!(event.life.totals.bytes_received, Some(4096), "up to the end");
        hear(&mut heard)(Told::Event(event));
    });
    assert_eq!(heard, [unconnected, Closed(6, Known::Found, End::Unknown, false)]);
}

#[test]
fn a_loss_is_a_gap_until_two_rounds_have_proven_what_is_gone() {
    let (mut lives, mut heard) = (Lives::new(false), Vec::new());
    round(&mut lives, 1000, &[row(5, ESTABLISHED, &[]), row(6, ESTABLISHED, &[])], &mut heard);
    heard.clear();
    lives.lost(Reason::Overrun, Some(17), at(1400), &mut hear(&mut heard));
    assert!(!lives.is_synced());
    round(&mut lives, 1500, &[row(5, ESTABLISHED, &[]), row(7, ESTABLISHED, &[])], &mut heard);
    assert!(!lives.is_synced());
    round(&mut lives, 1600, &[row(5, ESTABLISHED, &[]), row(7, ESTABLISHED, &[])], &mut heard);
    let found = Event(7, Established, Known::Found, true);
    let gone = Closed(6, Known::Found, End::Unknown, true);
    assert_eq!(heard, [Gap(Reason::Overrun, Some(17)), found, gone, Synced]);
    assert!(lives.is_synced());
}

#[test]
fn a_round_that_was_not_whole_or_began_before_a_loss_concludes_nothing() {
    let (mut lives, mut heard) = (Lives::new(false), Vec::new());
    lives.begin_round(&[Protocol::Tcp], at(1000));
    lives.end_round(false, at(1001), &mut hear(&mut heard));
    assert_eq!(heard, [Gap(Reason::Dump, None)]);
    heard.clear();
    lives.begin_round(&[Protocol::Tcp], at(1100));
    lives.lost(Reason::Ring, None, at(1050), &mut hear(&mut heard));
    lives.end_round(true, at(1101), &mut hear(&mut heard));
    assert_eq!(heard, [Gap(Reason::Ring, None)]);
    assert!(!lives.is_synced());
}

#[test]
fn what_was_not_asked_for_is_not_missing() {
    let (mut lives, mut heard) = (Lives::new(true), Vec::new());
    round(&mut lives, 1000, &[row(5, ESTABLISHED, &[])], &mut heard);
    heard.clear();
    for time in [2000, 3000, 4000] {
        lives.begin_round(&[Protocol::Udp], at(time));
        lives.end_round(true, at(time + 1), &mut hear(&mut heard));
    }
    assert_eq!((heard, lives.len()), (vec![], 1));
}

#[test]
fn a_connection_is_told_from_its_birth() {
    let (mut lives, mut heard) = (Lives::new(true), Vec::new());
    round(&mut lives, 1000, &[], &mut heard);
    heard.clear();
    for (time, old, new) in [
        (2000, State::Unconnected, State::SynSent),
        (2010, State::SynSent, ESTABLISHED),
        (3000, ESTABLISHED, State::FinWait1),
        (3010, State::FinWait1, State::FinWait2),
        // Shut down, then closed: the kernel tells of that, and nothing changes.
        (3013, State::FinWait2, State::FinWait2),
    ] {
        lives.transition(&transition(5, time, old, new), &mut hear(&mut heard));
    }
    lives.transition(&transition(5, 3017, State::FinWait2, State::Unconnected), &mut |event| {
        let Told::Event(event) = event else { panic!("{event:?}") };
        let life = event.life;
        assert_eq!(
            (life.known, life.end, life.duration(event.at)),
            (Known::Birth, Some(End::ClosedHere), Some(at(1017)))
        );
        assert_eq!((life.established, life.actor.unwrap().name()), (Some(at(2010)), &b"curl"[..]));
        assert_eq!(life.state, State::FinWait2, "the last one that it had");
    });
    let events: Vec<_> =
        heard.iter().map(|heard| if let Event(_, happening, ..) = heard { happening.word() } else { "" }).collect();
    assert_eq!(events, ["opened", "established", "state", "state"]);
}

#[test]
fn one_that_was_accepted_knows_its_listener() {
    let (mut lives, mut heard) = (Lives::new(true), Vec::new());
    lives.transition(&transition(6, 1000, State::Unconnected, State::Listening), &mut hear(&mut heard));
    // The copy of the listener has another cookie and the same port.
    let child = |time, old, new| {
        let mut told = transition(7, time, old, new);
        told.local_port = local(6).port();
        told.actor = None;
        told
    };
    lives.transition(&child(2000, State::Listening, State::SynReceived), &mut hear(&mut heard));
    lives.transition(&child(2001, State::SynReceived, ESTABLISHED), &mut hear(&mut heard));
    assert_eq!(heard, [Event(6, Listening, Known::Birth, false), Event(7, Accepted, Known::Birth, false)]);
    let (life, _) = lives.get(7).unwrap();
    assert_eq!(life.listener.as_ref().unwrap().actor.unwrap().pid, 4711);
    assert_eq!(life.actor, None);
}

/// Up to Linux 6.12 the first step of the copy is told with the cookie of the listener.
#[test]
fn a_listener_is_not_taken_for_its_copy() {
    let (mut lives, mut heard) = (Lives::new(true), Vec::new());
    lives.transition(&transition(6, 1000, State::Unconnected, State::Listening), &mut hear(&mut heard));
    lives.transition(&transition(6, 2000, State::Listening, State::SynReceived), &mut hear(&mut heard));
    let mut child = transition(7, 2001, State::SynReceived, ESTABLISHED);
    child.local_port = local(6).port();
    lives.transition(&child, &mut hear(&mut heard));
    assert_eq!(heard, [Event(6, Listening, Known::Birth, false), Event(7, Accepted, Known::Birth, false)]);
    let (listener, _) = lives.get(6).unwrap();
    assert_eq!((listener.state, listener.side), (State::Listening, Some(Side::Listen)));
    assert_eq!(lives.get(7).unwrap().0.listener.as_ref().unwrap().actor.unwrap().pid, 4711);
}

#[test]
fn every_end_has_its_reason() {
    let end = |way: &[(State, State)], last: &dyn Fn(&mut Transition)| {
        let (mut lives, mut heard) = (Lives::new(true), Vec::new());
        for (step, &(old, new)) in (0..).zip(way) {
            let mut told = transition(5, 1000 + step, old, new);
            if new == State::Unconnected {
                last(&mut told);
            }
            lives.transition(&told, &mut hear(&mut heard));
        }
        match heard.last() {
            Some(Closed(5, _, end, false)) => *end,
            other => panic!("{other:?}"),
        }
    };
    let ends = |way: &[(State, State)], error: u16| end(way, &|told| told.error = Some(error));
    let up = [(Unconnected, SynSent), (SynSent, ESTABLISHED)];
    let then = |rest: &[(State, State)]| [&up[..], rest].concat();
    assert_eq!(
        ends(&then(&[(ESTABLISHED, FinWait1), (FinWait1, FinWait2), (FinWait2, Unconnected)]), 0),
        End::ClosedHere
    );
    assert_eq!(
        ends(&then(&[(ESTABLISHED, FinWait1), (FinWait1, Closing), (Closing, Unconnected)]), 0),
        End::ClosedHere
    );
    assert_eq!(
        ends(&then(&[(ESTABLISHED, CloseWait), (CloseWait, LastAck), (LastAck, Unconnected)]), 0),
        End::ClosedByPeer
    );
    // Held by a program still, and the peer has not said that it sends no more: no way to the end in order leads from there.
    let half = then(&[(ESTABLISHED, FinWait1), (FinWait1, FinWait2), (FinWait2, Unconnected)]);
    assert_eq!(end(&half, &|told| told.is_orphaned = false), End::Aborted);
    assert_eq!(end(&half, &|told| (told.is_orphaned, told.is_done) = (false, true)), End::ClosedHere);
    assert_eq!(ends(&then(&[(ESTABLISHED, FinWait1), (FinWait1, Unconnected)]), 0), End::Aborted);
    let last = then(&[(ESTABLISHED, CloseWait), (CloseWait, LastAck), (LastAck, Unconnected)]);
    assert_eq!(end(&last, &|told| told.is_all_acked = Some(false)), End::Aborted);
    assert_eq!(end(&last, &|told| told.is_all_acked = Some(true)), End::ClosedByPeer);
    assert_eq!(ends(&then(&[(ESTABLISHED, Unconnected)]), 0), End::Aborted);
    assert_eq!(ends(&then(&[(ESTABLISHED, Unconnected)]), 104), End::Reset);
    assert_eq!(ends(&then(&[(ESTABLISHED, CloseWait), (CloseWait, Unconnected)]), 32), End::Reset);
    assert_eq!(ends(&then(&[(ESTABLISHED, Unconnected)]), 110), End::TimedOut);
    assert_eq!(ends(&[(Unconnected, SynSent), (SynSent, Unconnected)], 111), End::Refused);
    assert_eq!(ends(&[(Unconnected, SynSent), (SynSent, Unconnected)], 113), End::Unreachable);
    assert_eq!(ends(&[(Unconnected, SynSent), (SynSent, Unconnected)], 0), End::GaveUp);
    assert_eq!(ends(&[(State::Listening, SynReceived), (SynReceived, Unconnected)], 0), End::Aborted);
    assert_eq!(ends(&[(Unconnected, State::Listening), (State::Listening, Unconnected)], 0), End::ClosedHere);
    assert_eq!(ends(&[(ESTABLISHED, Unconnected)], 71), End::Error(71));
}

#[test]
fn a_socket_that_connects_again_has_another_life() {
    let (mut lives, mut heard) = (Lives::new(true), Vec::new());
    for time in [1000, 2000] {
        lives.transition(&transition(5, time, State::Unconnected, State::SynSent), &mut hear(&mut heard));
        let mut refused = transition(5, time + 1, State::SynSent, State::Unconnected);
        refused.error = Some(111);
        lives.transition(&refused, &mut hear(&mut heard));
    }
    let life = [Event(5, Opened, Known::Birth, false), Closed(5, Known::Birth, End::Refused, false)];
    assert_eq!(heard, [&life[..], &life[..]].concat());
}

#[test]
fn a_row_of_a_dump_is_older_than_what_was_told() {
    let (mut lives, mut heard) = (Lives::new(true), Vec::new());
    lives.begin_round(&[Protocol::Tcp], at(1000));
    lives.transition(&transition(5, 1001, ESTABLISHED, State::FinWait1), &mut hear(&mut heard));
    lives.row(Protocol::Tcp, &row(5, ESTABLISHED, &[]), at(1002), &mut hear(&mut heard));
    assert_eq!(lives.get(5).unwrap().0.state, State::FinWait1);
    assert_eq!(heard.len(), 1);
}

#[test]
fn a_row_that_is_ahead_of_what_was_heard_has_its_own_state_beside_its_counters() {
    let (mut lives, mut heard) = (Lives::new(true), Vec::new());
    let state = |lives: &Lives| InetSocket::read(lives.get(5).expect("known").1).unwrap().message.state();
    lives.begin_round(&[Protocol::Tcp], at(1000));
    lives.transition(&transition(5, 1001, Unconnected, State::SynSent), &mut hear(&mut heard));
    lives.row(Protocol::Tcp, &row(5, ESTABLISHED, &[("bytes_acked", 77)]), at(1002), &mut hear(&mut heard));
    assert_eq!(state(&lives), Some(ESTABLISHED), "one that only asks to be connected has nothing acknowledged");
    // What led there is told when it is heard, once.
    lives.transition(&transition(5, 1002, State::SynSent, ESTABLISHED), &mut hear(&mut heard));
    assert_eq!(heard.len(), 2, "{heard:?}");
    // A row from before is not ahead.
    lives.transition(&transition(5, 1003, ESTABLISHED, State::FinWait1), &mut hear(&mut heard));
    lives.row(Protocol::Tcp, &row(5, ESTABLISHED, &[("bytes_acked", 78)]), at(1004), &mut hear(&mut heard));
    assert_eq!(state(&lives), Some(State::FinWait1));
}

#[test]
fn an_interval_is_from_round_to_round_whatever_was_told_between() {
    let (mut lives, mut heard) = (Lives::new(true), Vec::new());
    let sent = |bytes| row(5, ESTABLISHED, &[("bytes_sent", bytes), ("bytes_acked", bytes)]);
    round(&mut lives, 1000, &[sent(500)], &mut heard);
    let mut told = transition(5, 1900, ESTABLISHED, CloseWait);
    told.totals.bytes_sent = Some(2500);
    lives.transition(&told, &mut hear(&mut heard));
    round(&mut lives, 2000, &[row(5, CloseWait, &[("bytes_sent", 3500), ("bytes_acked", 3500)])], &mut heard);
    let (life, message) = lives.get(5).unwrap();
    let delta = life.delta(message).expect("it is in two rounds");
    assert_eq!((delta.bytes_sent, delta.elapsed), (Some(3000), at(1000)));
    let mut ends = transition(5, 2500, CloseWait, Unconnected);
    ends.totals.bytes_sent = Some(4321);
    let mut rest = None;
    lives.transition(&ends, &mut |told| {
        let Told::Event(event) = told else { panic!("{told:?}") };
        assert_eq!(event.life.delta(event.message), None, "the end is in no round");
        let info = InetSocket::read(event.message).unwrap().tcp_info().unwrap().bytes_sent();
        rest = event.life.totals.bytes_sent.zip(info).map(|(all, before)| all - before);
    });
    assert_eq!(rest, Some(821));
}

#[test]
fn whose_listener_is_known_too_late_has_it_at_its_end() {
    let (mut lives, mut heard) = (Lives::new(true), Vec::new());
    lives.transition(&transition(5, 1000, State::Listening, SynReceived), &mut hear(&mut heard));
    lives.transition(&transition(5, 1001, SynReceived, ESTABLISHED), &mut hear(&mut heard));
    // It listens on the port of the other.
    let mut listens = transition(5, 1002, Unconnected, State::Listening);
    listens.cookie = 6;
    lives.transition(&listens, &mut hear(&mut heard));
    let mut ends = transition(5, 1003, ESTABLISHED, Unconnected);
    ends.local_port = 0;
    let mut actor = None;
    lives.transition(&ends, &mut |told| {
        let Told::Event(event) = told else { panic!("{told:?}") };
        actor = event.life.listener.as_ref().and_then(|listener| listener.actor);
    });
    assert_eq!(actor.map(|actor| actor.pid), Some(4711));
}

#[test]
fn what_the_kernel_did_not_tell_of_a_connection_is_a_gap_once() {
    let (mut lives, mut heard) = (Lives::new(true), Vec::new());
    round(&mut lives, 1000, &[], &mut heard);
    lives.transition(&transition(5, 1100, Unconnected, SynSent), &mut hear(&mut heard));
    heard.clear();
    lives.transition(&transition(5, 1200, ESTABLISHED, FinWait1), &mut hear(&mut heard));
    assert_eq!(heard[0], Gap(Reason::Untold, None));
    assert_eq!(heard.len(), 2);
    assert!(!lives.is_synced());
    heard.clear();
    for at_ms in [1300, 1400] {
        round(&mut lives, at_ms, &[row(5, FinWait1, &[])], &mut heard);
    }
    assert_eq!(heard, [Synced]);
    heard.clear();
    lives.transition(&transition(5, 1500, Closing, Unconnected), &mut hear(&mut heard));
    assert_eq!(heard.len(), 1, "it was found again by asking: {heard:?}");
}

#[test]
fn what_led_to_a_state_is_missed_only_if_it_was_to_be_told_and_not_counted_as_lost() {
    let (mut lives, mut heard) = (Lives::new(true).with_told_states(SynSent.mask() | Unconnected.mask()), Vec::new());
    round(&mut lives, 1000, &[], &mut heard);
    heard.clear();
    lives.transition(&transition(5, 1100, Unconnected, SynSent), &mut hear(&mut heard));
    lives.transition(&transition(5, 1200, FinWait2, Unconnected), &mut hear(&mut heard));
    assert_eq!(heard.len(), 2, "{heard:?}");
    lives.lost(Reason::Ring, Some(1), at(1300), &mut hear(&mut heard));
    lives.transition(&transition(5, 1350, Unconnected, SynSent), &mut hear(&mut heard));
    lives.transition(&transition(5, 1360, SynReceived, ESTABLISHED), &mut hear(&mut heard));
    lives.transition(&transition(5, 1370, SynSent, ESTABLISHED), &mut hear(&mut heard));
    let gaps: Vec<_> = heard.iter().filter(|heard| matches!(heard, Gap(..))).collect();
    assert_eq!(gaps, [&Gap(Reason::Ring, Some(1))]);
}

#[test]
fn a_birth_that_is_read_after_the_row_is_a_birth_all_the_same() {
    let (mut lives, mut heard) = (Lives::new(true), Vec::new());
    round(&mut lives, 1000, &[], &mut heard);
    heard.clear();
    lives.begin_round(&[Protocol::Tcp], at(2000));
    lives.row(Protocol::Tcp, &row(5, ESTABLISHED, &[]), at(2010), &mut hear(&mut heard));
    lives.row(Protocol::Tcp, &row(6, ESTABLISHED, &[]), at(2011), &mut hear(&mut heard));
    assert_eq!(heard, [], "what led there may not have been read yet");
    lives.transition(&transition(5, 2001, Unconnected, SynSent), &mut hear(&mut heard));
    lives.transition(&transition(5, 2002, SynSent, ESTABLISHED), &mut hear(&mut heard));
    lives.end_round(true, at(2012), &mut hear(&mut heard));
    let found = Event(6, Established, Known::Found, false);
    assert_eq!(heard, [Event(5, Opened, Known::Birth, false), Event(5, Established, Known::Birth, false), found]);
    let (life, _) = lives.get(5).unwrap();
    assert!(life.described && life.since == at(2001) && life.established == Some(at(2002)), "{life:?}");
    lives.transition(&transition(5, 2100, ESTABLISHED, Unconnected), &mut hear(&mut heard));
    assert!(matches!(heard[3], Closed(5, Known::Birth, _, false)), "{heard:?}");
}

#[test]
fn who_connects_again_while_a_round_runs_has_two_lives_with_an_end_each() {
    let (mut lives, mut heard) = (Lives::new(true), Vec::new());
    round(&mut lives, 1000, &[row(5, ESTABLISHED, &[])], &mut heard);
    heard.clear();
    lives.begin_round(&[Protocol::Tcp], at(2000));
    let mut elsewhere = row(5, ESTABLISHED, &[]);
    // inet_diag_sockid: the ports, and the address of the other end.
    elsewhere[8..10].copy_from_slice(&[0x30, 0x39]);
    elsewhere[24] = 77;
    lives.row(Protocol::Tcp, &elsewhere, at(2010), &mut hear(&mut heard));
    let mut closed = transition(5, 2001, ESTABLISHED, Unconnected);
    closed.error = Some(104);
    for told in [closed, transition(5, 2002, Unconnected, SynSent), transition(5, 2003, SynSent, ESTABLISHED)] {
        lives.transition(&told, &mut hear(&mut heard));
    }
    lives.end_round(true, at(2012), &mut hear(&mut heard));
    assert_eq!(heard[0], Closed(5, Known::Found, End::Reset, false));
    assert_eq!(heard[1..], [Event(5, Opened, Known::Birth, false), Event(5, Established, Known::Birth, false)]);
}

#[test]
fn a_listener_whose_copies_are_heard_of_before_itself_is_a_listener() {
    // Up to Linux 6.12 a copy has the cookie of its listener, or where that has none one that is nobody's.
    let (mut lives, mut heard) = (Lives::new(true), Vec::new());
    lives.transition(&transition(6, 900, State::Listening, SynReceived), &mut hear(&mut heard));
    lives.transition(&transition(99, 901, State::Listening, SynReceived), &mut hear(&mut heard));
    let listening = row(6, State::Listening, &[]);
    round(&mut lives, 1000, &[listening], &mut heard);
    assert_eq!(heard, [Event(6, Present, Known::Found, false), Synced]);
    assert_eq!((lives.len(), lives.get(6).map(|(life, _)| life.state)), (1, Some(State::Listening)));
    let mut accepted = transition(7, 1100, SynReceived, ESTABLISHED);
    accepted.local_port = local(6).port();
    lives.transition(&accepted, &mut hear(&mut heard));
    assert_eq!(heard[2..], [Event(7, Accepted, Known::Birth, false)]);
    let listener = lives.get(7).unwrap().0.listener.clone();
    assert_eq!(listener.map(|listener| listener.inodes.to_vec()), Some(vec![70_006]));
    heard.clear();
    lives.lost(Reason::Ring, Some(1), at(1200), &mut hear(&mut heard));
    for time in [1300, 1400] {
        round(&mut lives, time, &[row(6, State::Listening, &[]), row(7, ESTABLISHED, &[])], &mut heard);
    }
    assert_eq!(heard, [Gap(Reason::Ring, Some(1)), Synced], "nobody has ended who never was");
}

#[test]
fn a_copy_of_a_listener_that_comes_to_nothing_was_born_and_ends() {
    let (mut lives, mut heard) = (Lives::new(true), Vec::new());
    lives.transition(&transition(5, 1000, State::Listening, SynReceived), &mut hear(&mut heard));
    lives.transition(&transition(7, 1001, SynReceived, Unconnected), &mut hear(&mut heard));
    assert!(matches!(heard[..], [Closed(7, Known::Birth, _, false)]), "{heard:?}");
}

#[test]
fn a_listener_that_was_bound_to_no_port_is_one_of_the_port_that_it_got() {
    let (mut lives, mut heard) = (Lives::new(true), Vec::new());
    let mut listening = transition(6, 1000, Unconnected, State::Listening);
    listening.local_port = 0;
    lives.transition(&listening, &mut hear(&mut heard));
    round(&mut lives, 1100, &[row(6, State::Listening, &[])], &mut heard);
    let mut accepted = transition(7, 1200, SynReceived, ESTABLISHED);
    accepted.local_port = local(6).port();
    lives.transition(&accepted, &mut hear(&mut heard));
    assert!(lives.get(7).unwrap().0.listener.is_some());
}

#[test]
fn a_udp_socket_that_was_never_bound_is_a_descriptor_and_no_connection() {
    let mut message = sockeye_wire::sock_diag::bare::message(
        Unconnected,
        "0.0.0.0:0".parse().unwrap(),
        "0.0.0.0:0".parse().unwrap(),
        5,
    )
    .to_vec();
    let (mut lives, mut heard) = (Lives::new(false), Vec::new());
    lives.destroyed(Protocol::Udp, &message, at(1000), &mut hear(&mut heard));
    assert_eq!(heard, []);
    // Its port, once it has sent.
    message[4..6].copy_from_slice(&[0x30, 0x39]);
    lives.destroyed(Protocol::Udp, &message, at(1000), &mut hear(&mut heard));
    assert!(matches!(heard[..], [Closed(5, Known::End, ..)]), "{heard:?}");
}

#[test]
fn a_udp_socket_of_the_kernel_goes_without_a_word_and_is_gone_after_some_rounds() {
    let (mut lives, mut heard) = (Lives::new(false), Vec::new());
    let mut round = |lives: &mut Lives, time: u64, rows: &[Vec<u8>]| {
        lives.begin_round(&[Protocol::Udp], at(time));
        for row in rows {
            lives.row(Protocol::Udp, row, at(time), &mut hear(&mut heard));
        }
        lives.end_round(true, at(time), &mut hear(&mut heard));
    };
    round(&mut lives, 1000, &[row(5, Unconnected, &[])]);
    for time in 2..=5 {
        round(&mut lives, time * 1000, &[]);
        assert_eq!(lives.len(), 1, "somebody may hold it, and bind it again");
    }
    round(&mut lives, 6000, &[]);
    assert_eq!(lives.len(), 0);
    assert_eq!(heard[2..], [Closed(5, Known::Found, End::Unknown, true)]);
    // If it was held all the same, its end is told once.
    lives.destroyed(Protocol::Udp, &destroyed(5, &[]), at(7000), &mut hear(&mut heard));
    assert_eq!(heard.len(), 3);
}

#[test]
fn of_rounds_that_come_fast_as_much_is_judged_as_can_be() {
    let (mut lives, mut heard) = (Lives::new(false), Vec::new());
    let mut causes = Vec::new();
    for turn in 0..7_u64 {
        // All of the time it waits for a window of the peer that is used up.
        let acked = 1_000_000 + turn * 10_000;
        let busy = turn * 100_000;
        let message = row(
            5,
            ESTABLISHED,
            &[
                ("bytes_acked", acked),
                ("bytes_sent", acked + 60_000),
                ("busy_time", busy),
                ("rwnd_limited", busy),
                ("snd_wnd", 60_000),
                ("unacked", 41),
                ("snd_mss", 1448),
                ("snd_cwnd", 100),
                ("rtt", 90_000),
                ("min_rtt", 90_000),
            ],
        );
        round(&mut lives, 1000 + turn * 100, &[message], &mut heard);
        let life = lives.get(5).unwrap().0;
        causes.push((life.is_judged(), life.causes.first()));
    }
    let window = Some(sockeye_state::lives::Cause::ReceiverWindow);
    assert_eq!(causes[..2], [(false, None); 2], "of 100 ms nothing is judged");
    assert_eq!(causes[2..], [(true, window); 5], "and what is judged stays until it is again");
    let pace = lives.get(5).unwrap().0.pace().expect("it moves");
    assert!((pace.bytes_acked - 100_000.0).abs() < 1.0, "{pace:?}");
}
