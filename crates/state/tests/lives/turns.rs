//! Stories of changes that come from two sources.

use sockeye_state::lives::Happening::{Established, Opened, Present, State as Changed};
use sockeye_state::lives::{End, Known, Lives, Protocol, Reason, Side, Told, Totals, Transition};
use sockeye_wire::sock_diag::inet::InetSocket;
use sockeye_wire::sock_diag::state::State;

use crate::made::Heard::{Closed, Event};
use crate::made::*;

fn state_of_message(lives: &Lives, cookie: u64) -> Option<State> {
    InetSocket::read(lives.get(cookie)?.1).ok()?.message.state()
}

#[test]
fn an_old_row_does_not_undo_what_was_told_in_a_gap_either() {
    let (mut lives, mut heard) = (Lives::new(true), Vec::new());
    round(&mut lives, 1000, &[row(5, State::Established, &[])], &mut heard);
    lives.lost(Reason::Ring, Some(2), at(1400), &mut hear(&mut heard));
    lives.begin_round(&[Protocol::Tcp], at(1500));
    lives.transition(&transition(5, 1501, State::Established, State::CloseWait), &mut hear(&mut heard));
    lives.row(Protocol::Tcp, &row(5, State::Established, &[]), at(1502), &mut hear(&mut heard));
    lives.end_round(true, at(1503), &mut hear(&mut heard));
    assert_eq!(lives.get(5).unwrap().0.state, State::CloseWait);
    // What was lost is made good by rows that are newer than all that was told.
    heard.clear();
    round(&mut lives, 1600, &[row(5, State::LastAck, &[])], &mut heard);
    assert_eq!(heard[0], Event(5, Changed(State::CloseWait), Known::Found, true));
    assert!(lives.is_synced());
}

#[test]
fn the_message_has_the_state_that_was_told() {
    let (mut lives, mut heard) = (Lives::new(true), Vec::new());
    round(&mut lives, 1000, &[row(5, State::Established, &[])], &mut heard);
    lives.transition(&transition(5, 1100, State::Established, State::FinWait1), &mut hear(&mut heard));
    assert_eq!(state_of_message(&lives, 5), Some(State::FinWait1));
    let uid = InetSocket::read(lives.get(5).unwrap().1).unwrap().message.uid();
    assert_eq!(uid, Some(4321), "the rest is what the dump said");
    lives.begin_round(&[Protocol::Tcp], at(2000));
    lives.row(Protocol::Tcp, &row(5, State::Established, &[]), at(2001), &mut hear(&mut heard));
    assert_eq!(state_of_message(&lives, 5), Some(State::FinWait1));
}

#[test]
fn changes_of_udp_are_seen_in_rows_also_where_those_of_tcp_are_told() {
    let (mut lives, mut heard) = (Lives::new(true), Vec::new());
    for (time, state) in [(1000, State::Unconnected), (2000, State::Established)] {
        lives.begin_round(&[Protocol::Udp], at(time));
        lives.row(Protocol::Udp, &row(5, state, &[]), at(time + 1), &mut hear(&mut heard));
        lives.end_round(true, at(time + 2), &mut hear(&mut heard));
    }
    assert_eq!(heard[0], Event(5, Present, Known::Found, false));
    assert_eq!(heard[2..], [Event(5, Changed(State::Unconnected), Known::Found, false)]);
    lives.destroyed(Protocol::Udp, &destroyed(5, &[]), at(2500), &mut hear(&mut heard));
    assert_eq!(heard[3..], [Closed(5, Known::Found, End::ClosedHere, false)]);
}

#[test]
fn a_socket_that_is_only_bound_is_followed_where_its_end_is_told() {
    let rows = [row(5, State::BoundInactive, &[])];
    let (mut lives, mut heard) = (Lives::new(true), Vec::new());
    round(&mut lives, 1000, &rows, &mut heard);
    assert_eq!(lives.len(), 0, "no transition is told when it is closed");
    lives.transition(&transition(5, 1100, State::Unconnected, State::SynSent), &mut hear(&mut heard));
    assert_eq!(heard[1..], [Event(5, Opened, Known::Birth, false)]);

    let (mut lives, mut heard) = (Lives::new(false), Vec::new());
    round(&mut lives, 1000, &rows, &mut heard);
    assert_eq!(lives.len(), 1);
    round(&mut lives, 2000, &[row(5, State::Established, &[])], &mut heard);
    assert_eq!(heard[2..], [Event(5, Established, Known::Found, false)]);
}

#[test]
fn two_that_connect_to_each_other_at_once_have_both_connected() {
    let (mut lives, mut heard) = (Lives::new(true), Vec::new());
    let way = [(State::Unconnected, State::SynSent), (State::SynSent, State::SynReceived)];
    for (old, new) in way.into_iter().chain([(State::SynReceived, State::Established)]) {
        lives.transition(&transition(5, 1000, old, new), &mut hear(&mut heard));
    }
    let state = Event(5, Changed(State::SynSent), Known::Birth, false);
    let opened = Event(5, Opened, Known::Birth, false);
    assert_eq!(heard, [opened, state, Event(5, Established, Known::Birth, false)]);
    assert_eq!(lives.get(5).unwrap().0.side, Some(Side::Connect));
}

#[test]
fn a_listener_has_sent_nothing_and_not_nothing_at_all() {
    let (mut lives, mut heard) = (Lives::new(true), Vec::new());
    let zeros = Totals { bytes_sent: Some(0), retransmissions: Some(0), ..Totals::default() };
    let told = |time, old, new| Transition { totals: zeros, ..transition(5, time, old, new) };
    lives.transition(&told(1000, State::Unconnected, State::Listening), &mut hear(&mut heard));
    lives.transition(&told(2000, State::Listening, State::Unconnected), &mut |told| {
        let Told::Event(event) = told else { panic!("{told:?}") };
        assert_eq!((event.life.totals, event.life.cgroup), (Totals::default(), Some(99)));
    });
    // One that connects has.
    lives.transition(&told(3000, State::Unconnected, State::SynSent), &mut hear(&mut heard));
    assert_eq!(lives.get(5).unwrap().0.totals, zeros);
}

#[test]
fn one_that_closes_before_it_is_accepted_has_closed_first() {
    let (mut lives, mut heard) = (Lives::new(true), Vec::new());
    let way = [
        (State::Listening, State::SynReceived),
        (State::SynReceived, State::FinWait1),
        (State::FinWait1, State::FinWait2),
        (State::FinWait2, State::Unconnected),
    ];
    for (old, new) in way {
        lives.transition(&transition(5, 1000, old, new), &mut hear(&mut heard));
    }
    assert_eq!(heard.last(), Some(&Closed(5, Known::Birth, End::ClosedHere, false)));
}

#[test]
fn a_udp_socket_is_opened_when_it_is_found_connected_or_not() {
    for state in [State::Unconnected, State::Established] {
        let mut lives = Lives::new(true);
        let mut heard = Vec::new();
        for time in [1000, 2000] {
            lives.begin_round(&[Protocol::Udp], at(time));
            if time == 2000 {
                lives.row(Protocol::Udp, &row(5, state, &[]), at(time + 1), &mut hear(&mut heard));
            }
            lives.end_round(true, at(time + 2), &mut hear(&mut heard));
        }
        assert!(heard.contains(&Event(5, Opened, Known::Found, false)), "{state:?}: {heard:?}");
    }
}
