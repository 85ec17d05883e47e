//! What the engine may hold for a socket.

use super::*;
use crate::allocator::most_held_by;

/// Bytes of a row of a socket without attributes, with the header of its message.
const ROW_LEN: usize = 16 + 72;

/// What the engine holds at most while so many sockets are born, change and are missed.
fn held_for(count: usize) -> usize {
    let mut row = [0; ROW_LEN - 16];
    (row[0], row[1]) = (2, 1);
    let ((), held) = most_held_by(|| {
        let (mut lives, mut tell) = (Lives::new(true), |_: Told<'_>| {});
        for seconds in [5, 6, 7] {
            let now = Duration::from_secs(seconds);
            lives.begin_round(&[Protocol::Tcp, Protocol::Udp], now);
            for cookie in (1..=count as u64).filter(|_| seconds < 7) {
                row[44..52].copy_from_slice(&cookie.to_ne_bytes());
                lives.row(Protocol::Tcp, &row, now, &mut tell);
            }
            lives.end_round(true, now, &mut tell);
        }
    });
    held
}

#[test]
fn a_socket_is_kept_in_what_it_may_take_and_hardly_less() {
    // Of a store that has just grown is the worst.
    let counts = [100, 449, 897, 1025, 4097, 14_337, 16_385];
    let each = counts.map(|count| held_for(count).saturating_sub(4 * ROW_LEN * count) / count);
    assert!(each.iter().all(|each| *each <= BYTES_A_SOCKET), "{each:?}");
    assert!(each.iter().any(|each| *each > BYTES_A_SOCKET * 3 / 4), "{each:?}: so much is not needed");
}

/// The same while so many are met in a transition each.
fn held_for_transitions(count: usize) -> usize {
    // From unconnected to SYN-SENT.
    let mut body = [0; TRANSITION_LEN];
    (body[8], body[9]) = (7, 2);
    let ((), held) = most_held_by(|| {
        let (mut lives, mut tell) = (Lives::new(true), |_: Told<'_>| {});
        for cookie in 1..=count as u64 {
            body[..8].copy_from_slice(&cookie.to_ne_bytes());
            lives.transition(&transition(&body, Duration::from_secs(5)), &mut tell);
        }
        assert_eq!(lives.len(), count);
    });
    held
}

#[test]
fn a_socket_that_is_met_in_a_transition_takes_more_than_four_times_that_and_no_more_than_any_other() {
    let counts = [449, 897, 1025, 14_337, 16_385];
    let each = counts.map(|count| held_for_transitions(count).saturating_sub(4 * TRANSITION_LEN * count) / count);
    assert!(each.iter().all(|each| *each <= BYTES_A_SOCKET), "{each:?}");
    assert!(each.iter().any(|each| *each > 0), "{each:?}: nothing beyond the rule is needed");
}

/// The same while so many end, of which the last are remembered, each of which a transition tells that is all that is known of it.
fn held_for_ends(count: usize) -> usize {
    // From established to unconnected.
    let mut body = [0; TRANSITION_LEN];
    (body[8], body[9]) = (1, 7);
    let ((), held) = most_held_by(|| {
        let (mut lives, mut met) = (Lives::new(true).with_incidents(true), 0);
        for cookie in 1..=count as u64 {
            body[..8].copy_from_slice(&cookie.to_ne_bytes());
            lives.transition(&transition(&body, Duration::from_secs(5)), &mut |_| {});
        }
        assert!(lives.is_empty());
        let what = Incident { cookie: Some(count as u64), ..incident(&[], Duration::from_secs(5)) };
        lives.incident(&what, &mut |told| met += usize::from(look(&told, Duration::from_secs(5))));
        assert_eq!(met, 1, "it is remembered");
    });
    held
}

#[test]
fn a_socket_that_ended_and_is_remembered_takes_no_more_than_any_other() {
    let counts = [100, 449, 513, 897, 1024, 1025, 4097];
    let each = counts.map(|count| held_for_ends(count).saturating_sub(4 * TRANSITION_LEN * count) / count);
    assert!(each.iter().all(|each| *each <= BYTES_A_SOCKET), "{each:?}");
    assert!(each.iter().any(|each| *each > 0), "{each:?}: nothing beyond the rule is needed");
}
