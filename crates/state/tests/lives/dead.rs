//! Stories of ends that are not what they seem.

use std::net::SocketAddr;

use sockeye_state::lives::Happening::{Established, Opened, Present, State as Changed};
use sockeye_state::lives::{End, Known, Lives, Protocol, Reason, Rules, Side, Told, Totals};
use sockeye_wire::sock_diag::bare;
use sockeye_wire::sock_diag::inet::InetSocket;
use sockeye_wire::sock_diag::state::State;

use crate::made::Heard::{Closed, Event, Gap, Synced};
use crate::made::*;

/// A row of a socket that has no peer.
fn alone(cookie: u64, state: State) -> Vec<u8> {
    let none: SocketAddr = "0.0.0.0:0".parse().unwrap();
    let mut message = bare::message(state, local(cookie), none, cookie).to_vec();
    message[68..72].copy_from_slice(&(70_000 + u32::try_from(cookie).expect("small")).to_ne_bytes());
    message
}

fn with_info(mut message: Vec<u8>, fields: &[(&str, u64)]) -> Vec<u8> {
    message.extend(info(fields));
    message
}

#[test]
fn a_row_does_not_revive_what_ended_after_a_loss_that_ended_the_round() {
    let (mut lives, mut heard) = (Lives::new(false), Vec::new());
    round(&mut lives, 1000, &[row(5, State::Established, &[])], &mut heard);
    heard.clear();
    lives.begin_round(&[Protocol::Tcp], at(2000));
    lives.lost(Reason::Overrun, Some(3), at(1999), &mut hear(&mut heard));
    lives.destroyed(Protocol::Tcp, &destroyed(5, &[]), at(2001), &mut hear(&mut heard));
    lives.row(Protocol::Tcp, &row(5, State::Established, &[]), at(2002), &mut hear(&mut heard));
    lives.end_round(true, at(2003), &mut hear(&mut heard));
    assert_eq!(heard, [Gap(Reason::Overrun, Some(3)), Closed(5, Known::Found, End::Unknown, false)]);
    assert!(lives.is_empty());
}

#[test]
fn what_is_left_of_a_socket_to_answer_for_it_is_none() {
    let (mut lives, mut heard) = (Lives::new(false), Vec::new());
    round(&mut lives, 1000, &[row(5, State::FinWait1, &[])], &mut heard);
    lives.destroyed(Protocol::Tcp, &destroyed(5, &[]), at(1500), &mut hear(&mut heard));
    heard.clear();
    // The same cookie, the state that it waits in, and the timer by which it will be gone.
    let mut remains = bare::message(State::FinWait2, local(5), "10.9.8.7:443".parse().unwrap(), 5);
    remains[2] = 3;
    round(&mut lives, 2000, &[remains.to_vec(), row(6, State::TimeWait, &[])], &mut heard);
    assert_eq!((heard, lives.len()), (vec![], 0));
}

#[test]
fn what_was_told_to_be_gone_does_not_end_again_when_the_kernel_says_so() {
    let (mut lives, mut heard) = (Lives::new(false), Vec::new());
    round(&mut lives, 1000, &[row(5, State::Established, &[])], &mut heard);
    // Its connection is over, and somebody holds it; in a gap it cannot be told from one whose end was lost.
    lives.lost(Reason::Overrun, Some(17), at(1400), &mut hear(&mut heard));
    heard.clear();
    round(&mut lives, 1500, &[], &mut heard);
    round(&mut lives, 1600, &[], &mut heard);
    assert_eq!(heard, [Closed(5, Known::Found, End::Unknown, true), Synced]);
    lives.destroyed(Protocol::Tcp, &destroyed(5, &[]), at(1700), &mut hear(&mut heard));
    assert_eq!(heard.len(), 2, "{heard:?}");
}

#[test]
fn a_dump_that_fails_again_and_again_is_one_gap_and_each_loss_has_its_number() {
    let (mut lives, mut heard) = (Lives::new(false), Vec::new());
    for time in [1000, 2000, 3000] {
        lives.begin_round(&[Protocol::Tcp], at(time));
        lives.end_round(false, at(time + 1), &mut hear(&mut heard));
    }
    assert_eq!(heard, [Gap(Reason::Dump, None)]);
    for lost in [4, 6] {
        lives.lost(Reason::Overrun, Some(lost), at(4000), &mut hear(&mut heard));
    }
    assert_eq!(heard[1..], [Gap(Reason::Overrun, Some(4)), Gap(Reason::Overrun, Some(6))]);
}

#[test]
fn more_sockets_than_are_followed_are_a_gap_until_there_is_room() {
    let rules = Rules { sockets_max: 2, ..Rules::default() };
    let (mut lives, mut heard) = (Lives::with_rules(false, rules), Vec::new());
    let rows: Vec<_> = [5, 6, 7].map(|cookie| row(cookie, State::Established, &[])).into();
    round(&mut lives, 1000, &rows, &mut heard);
    assert_eq!(heard[2..], [Gap(Reason::TooMany, None)]);
    assert_eq!((lives.len(), lives.unfollowed(), lives.is_synced()), (2, 1, false));
    lives.destroyed(Protocol::Tcp, &destroyed(6, &[]), at(1500), &mut hear(&mut heard));
    heard.clear();
    round(&mut lives, 2000, &[rows[0].clone(), rows[2].clone()], &mut heard);
    round(&mut lives, 3000, &[rows[0].clone(), rows[2].clone()], &mut heard);
    assert_eq!(heard, [Event(7, Established, Known::Found, true), Synced]);

    let (mut lives, mut heard) = (Lives::with_rules(true, rules), Vec::new());
    round(&mut lives, 1000, &rows[..2], &mut heard);
    heard.clear();
    lives.transition(&transition(8, 1500, State::Unconnected, State::SynSent), &mut hear(&mut heard));
    assert_eq!(heard, [Gap(Reason::TooMany, None)]);
}

#[test]
fn what_never_was_connected_was_closed_here_and_did_nothing() {
    let (mut lives, mut heard) = (Lives::new(false), Vec::new());
    let zeros = [("segs_in", 0), ("bytes_sent", 0)];
    lives.destroyed(Protocol::Tcp, &with_info(alone(5, State::Unconnected), &zeros), at(900), &mut |told| {
        let Told::Event(event) = told else { panic!("{told:?}") };
        assert_eq!((event.life.end, event.life.totals), (Some(End::ClosedHere), Totals::default()));
    });
    // The kernel fills almost nothing for a listener: that is not zero bytes.
    let rows = [with_info(alone(6, State::Listening), &[("state", 10)]), alone(7, State::BoundInactive)];
    round(&mut lives, 1000, &rows, &mut heard);
    assert_eq!(lives.get(6).unwrap().0.totals, Totals::default());
    for (cookie, last) in [(6, State::Listening), (7, State::BoundInactive)] {
        let message = with_info(alone(cookie, State::Unconnected), &zeros);
        lives.destroyed(Protocol::Tcp, &message, at(1500), &mut |told| {
            let Told::Event(event) = told else { panic!("{told:?}") };
            assert_eq!((event.life.end, event.life.state), (Some(End::ClosedHere), last));
            assert_eq!(event.life.totals, Totals::default());
        });
    }
}

/// How a connection ends that a dump showed so and of which no more was told than that it was destroyed.
fn end_of(row: &[u8], message: &[u8]) -> End {
    let (mut lives, mut heard) = (Lives::new(false), Vec::new());
    round(&mut lives, 1000, &[row.to_vec()], &mut heard);
    heard.clear();
    lives.destroyed(Protocol::Tcp, message, at(1500), &mut hear(&mut heard));
    let Some(Closed(5, Known::Found, end, false)) = heard.pop() else { panic!("{heard:?}") };
    end
}

#[test]
fn a_half_of_it_that_was_closed_tells_who_was_first_where_the_other_half_was_closed_too() {
    // 600 bytes, some of them twice, then the FIN, and before them the SYN.
    let gone = |acked, received| {
        let counted =
            [("bytes_sent", 700), ("bytes_retrans", 100), ("bytes_acked", acked), ("bytes_received", received)];
        destroyed(5, &[&counted[..], &[("segs_in", 4)]].concat())
    };
    let seen = |state| row(5, state, &[("bytes_received", 40)]);
    let orphan = |state| {
        let mut row = seen(state);
        row[64..72].fill(0);
        row
    };
    for state in [State::CloseWait, State::LastAck] {
        assert_eq!(end_of(&seen(state), &gone(602, 40)), End::ClosedByPeer, "{state:?}");
        // The last byte that is acknowledged may be the SYN or the FIN.
        assert_eq!(end_of(&seen(state), &gone(601, 40)), End::Unknown, "{state:?}");
        assert_eq!(end_of(&seen(state), &gone(590, 40)), End::Unknown, "{state:?}");
    }
    for state in [State::FinWait1, State::FinWait2] {
        assert_eq!(end_of(&seen(state), &gone(602, 41)), End::ClosedHere, "{state:?}, and the FIN of the peer");
        assert_eq!(end_of(&orphan(state), &gone(602, 40)), End::ClosedHere, "{state:?}, what is left waits for it");
        assert_eq!(end_of(&seen(state), &gone(602, 40)), End::Unknown, "{state:?}, it may have been a reset");
        assert_eq!(end_of(&seen(state), &gone(602, 90)), End::Unknown, "{state:?}, or one after some bytes");
        assert_eq!(end_of(&orphan(state), &gone(590, 40)), End::Unknown, "{state:?}, nobody answered");
    }
    assert_eq!(end_of(&seen(State::Closing), &gone(602, 40)), End::ClosedHere);
    assert_eq!(end_of(&seen(State::Closing), &gone(590, 40)), End::Unknown);
    assert_eq!(end_of(&seen(State::Established), &gone(602, 41)), End::Unknown, "either may have been first");
    // Reset, and still bound to the port that it was accepted on.
    assert_eq!(end_of(&seen(State::BoundInactive), &gone(602, 41)), End::Unknown);
}

#[test]
fn what_was_taken_apart_was_broken_off_and_keeps_what_was_last_seen_of_it() {
    use State::{CloseWait, Established, FinWait1, FinWait2, LastAck};
    for state in [Established, CloseWait, FinWait1, FinWait2, LastAck] {
        let seen = row(5, state, &[("bytes_received", 40), ("segs_in", 7)]);
        for message in [disconnected(5), disconnected_and_bound(5)] {
            assert_eq!(end_of(&seen, &message), End::Aborted, "{state:?}");
        }
    }
    assert_eq!(end_of(&row(5, State::SynSent, &[]), &disconnected(5)), End::AbortedOrRefused);
    let (mut lives, mut heard) = (Lives::new(false), Vec::new());
    round(&mut lives, 1000, &[row(5, Established, &[("bytes_received", 40), ("segs_in", 7)])], &mut heard);
    lives.destroyed(Protocol::Tcp, &disconnected_and_bound(5), at(1500), &mut |told| {
        let Told::Event(event) = told else { panic!("{told:?}") };
        assert_eq!((event.life.totals.bytes_received, event.life.totals.segs_in), (Some(40), Some(7)));
    });
    // Nothing was seen of it before: what it did is not known, and not nothing.
    lives.destroyed(Protocol::Tcp, &disconnected_and_bound(6), at(1600), &mut |told| {
        let Told::Event(event) = told else { panic!("{told:?}") };
        assert_eq!((event.life.known, event.life.totals), (Known::End, Totals::default()));
    });
}

#[test]
fn a_socket_that_is_seen_at_another_port_has_another_life() {
    let (mut lives, mut heard) = (Lives::new(false), Vec::new());
    round(&mut lives, 1000, &[row(5, State::Established, &[("bytes_sent", 50)])], &mut heard);
    let mut again = row(5, State::Established, &[("bytes_sent", 20)]);
    again[4..6].copy_from_slice(&31_234_u16.to_be_bytes());
    round(&mut lives, 2000, &[again], &mut heard);
    let (first, next) = (Closed(5, Known::Found, End::Unknown, true), Event(5, Established, Known::Found, false));
    assert_eq!(heard[2..], [first, next]);
    assert_eq!(lives.get(5).map(|(life, _)| (life.totals.bytes_sent, life.since)), Some((Some(20), at(2001))));
}

/// A row of one that listens here.
fn listens(cookie: u64, at: &str) -> Vec<u8> {
    let (at, any): (std::net::SocketAddr, _) = (at.parse().expect("an address with a port"), "0.0.0.0:0");
    let mut message = bare::message(State::Listening, at, any.parse().expect("an address"), cookie).to_vec();
    message[68..72].copy_from_slice(&(70_000 + u32::try_from(cookie).expect("small")).to_ne_bytes());
    message
}

#[test]
fn of_several_listeners_at_a_port_the_one_is_named_that_the_kernel_chooses() {
    let (mut lives, mut heard) = (Lives::new(false), Vec::new());
    let listeners = [
        listens(1, "0.0.0.0:7001"),
        listens(2, "127.0.0.2:7001"),
        listens(3, "[::]:7001"),
        listens(4, "0.0.0.0:7002"),
        listens(5, "0.0.0.0:7002"),
        listens(6, "127.0.0.3:7003"),
    ];
    round(&mut lives, 1000, &listeners, &mut heard);
    let from = |lives: &mut Lives, local: &str| {
        let (local, peer) = (local.parse().expect("an address"), "[2001:db8::1]:9".parse().expect("an address"));
        let mut found = None;
        let message = bare::message(State::Unconnected, local, peer, 99);
        lives.destroyed(Protocol::Tcp, &message, at(1500), &mut |told| {
            let Told::Event(event) = told else { panic!("{told:?}") };
            found = event.life.listener.as_ref().map(|from| from.inodes.to_vec());
        });
        found
    };
    assert_eq!(from(&mut lives, "127.0.0.2:7001"), Some(vec![70_002]), "its very address");
    assert_eq!(from(&mut lives, "127.0.0.4:7001"), Some(vec![70_001]), "any address");
    assert_eq!(from(&mut lives, "[::1]:7001"), Some(vec![70_003]));
    assert_eq!(from(&mut lives, "[::ffff:127.0.0.2]:7001"), Some(vec![70_003]), "a socket of IPv6");
    assert_eq!(from(&mut lives, "127.0.0.2:7002"), Some(vec![70_004, 70_005]), "either");
    assert_eq!(from(&mut lives, "127.0.0.2:7003"), None, "it listens elsewhere");
    lives.destroyed(Protocol::Tcp, &listens(2, "127.0.0.2:7001"), at(1600), &mut |_| {});
    assert_eq!(from(&mut lives, "127.0.0.2:7001"), Some(vec![70_001]));
}

#[test]
fn whose_it_was_is_known_also_where_it_is_closed_and_not_gone_yet() {
    let (mut lives, mut heard) = (Lives::new(false), Vec::new());
    round(&mut lives, 1000, &[row(5, State::Established, &[])], &mut heard);
    let mut orphan = row(5, State::FinWait1, &[]);
    orphan[64..72].fill(0);
    round(&mut lives, 2000, &[orphan], &mut heard);
    let message = InetSocket::read(lives.get(5).unwrap().1).unwrap().message;
    assert_eq!((message.uid(), message.inode(), message.state()), (Some(4321), Some(70_005), Some(State::FinWait1)));
}

#[test]
fn a_refused_socket_that_is_held_for_a_while_was_refused_or_aborted() {
    let (mut lives, mut heard) = (Lives::new(false), Vec::new());
    round(&mut lives, 1000, &[row(5, State::SynSent, &[])], &mut heard);
    round(&mut lives, 2000, &[], &mut heard);
    round(&mut lives, 3000, &[], &mut heard);
    lives.destroyed(Protocol::Tcp, &disconnected(5), at(3500), &mut hear(&mut heard));
    let changed = Event(5, Changed(State::SynSent), Known::Found, false);
    assert_eq!(heard[2..], [changed, Closed(5, Known::Found, End::AbortedOrRefused, false)]);
}

#[test]
fn a_socket_that_is_seen_with_another_peer_has_another_life() {
    let (mut lives, mut heard) = (Lives::new(false), Vec::new());
    round(&mut lives, 1000, &[row(5, State::Established, &[("bytes_sent", 700), ("segs_out", 9)])], &mut heard);
    let mut elsewhere = row(5, State::Established, &[("bytes_sent", 3), ("segs_out", 2)]);
    elsewhere[6..8].copy_from_slice(&8443_u16.to_be_bytes());
    round(&mut lives, 2000, &[elsewhere], &mut heard);
    let first = [Event(5, Present, Known::Found, false), Synced];
    let again = [Closed(5, Known::Found, End::Unknown, true), Event(5, Established, Known::Found, false)];
    assert_eq!(heard, [first, again].concat());
    let (life, message) = lives.get(5).unwrap();
    assert_eq!((life.totals.bytes_sent, life.since), (Some(3), at(2001)));
    assert_eq!(InetSocket::read(message).unwrap().message.dport(), Some(8443));

    // Over, held, and connecting again to the same.
    let (mut lives, mut heard) = (Lives::new(false), Vec::new());
    round(&mut lives, 1000, &[row(6, State::SynSent, &[])], &mut heard);
    round(&mut lives, 2000, &[], &mut heard);
    round(&mut lives, 3000, &[], &mut heard);
    heard.clear();
    round(&mut lives, 4000, &[row(6, State::SynSent, &[])], &mut heard);
    assert_eq!(heard, [Closed(6, Known::Found, End::Unknown, true), Event(6, Opened, Known::Found, false)]);
}

#[test]
fn one_that_comes_out_of_a_listener_is_known_to() {
    let (mut lives, mut heard) = (Lives::new(false), Vec::new());
    let accepted = |cookie: u64, from: u64| {
        let mut message = row(cookie, State::Established, &[]);
        message[4..6].copy_from_slice(&local(from).port().to_be_bytes());
        message
    };
    round(&mut lives, 1000, &[alone(6, State::Listening), accepted(7, 6), row(8, State::Established, &[])], &mut heard);
    let side = |lives: &Lives, cookie| {
        lives.get(cookie).map(|(life, _)| (life.side, life.listener.as_ref().map(|from| from.inodes.to_vec())))
    };
    assert_eq!(side(&lives, 7), Some((Some(Side::Accept), Some(vec![70_006]))));
    assert_eq!(side(&lives, 8), Some((None, None)));
    lives.destroyed(Protocol::Tcp, &accepted(9, 6), at(1500), &mut |told| {
        let Told::Event(event) = told else { panic!("{told:?}") };
        assert_eq!((event.life.known, event.life.side), (Known::End, Some(Side::Accept)));
        assert_eq!(*event.life.listener.as_ref().unwrap().inodes, [70_006]);
    });
    lives.destroyed(Protocol::Tcp, &alone(6, State::Unconnected), at(1600), &mut hear(&mut heard));
    lives.destroyed(Protocol::Tcp, &accepted(10, 6), at(1700), &mut |told| {
        let Told::Event(event) = told else { panic!("{told:?}") };
        assert_eq!((event.life.side, event.life.listener.as_ref()), (None, None), "nobody listens there any more");
    });
}
