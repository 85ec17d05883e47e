use super::*;
use crate::lives::sample::Sample;

const SECONDS: Duration = Duration::from_secs(4);

#[test]
fn what_grew_is_the_difference_and_a_rate_is_by_the_second() {
    let before = Sample::healthy().info("busy_time", 900_000).message("rqueue", 700).message("wqueue", 90);
    let now = before
        .clone()
        .info("bytes_acked", 7_000_000_000 + 8_400)
        .info("bytes_received", 9_000_000 + 5_000)
        .info("busy_time", 2_900_000)
        .message("rqueue", 1_300)
        .message("wqueue", 20);
    let delta = Delta::between(&before.counters(), &now.counters(), SECONDS);
    assert_eq!((delta.bytes_acked, delta.rate(delta.bytes_acked)), (Some(8_400), Some(2_100.0)));
    assert_eq!(delta.bytes_read, Some(4_400), "5000 came in, and the queue grew by 600");
    assert_eq!((delta.rqueue_growth, delta.wqueue_growth), (Some(600), Some(-70)));
    assert_eq!((delta.busy, delta.share(delta.busy)), (Some(Duration::from_secs(2)), Some(0.5)));
}

#[test]
fn counters_that_wrap_go_on() {
    let before = Sample::healthy().info("total_retrans", u64::from(u32::MAX) - 4).info("busy_time", 4_294_967_000);
    let now = before.clone().info("total_retrans", 7).info("busy_time", 4_294_967_000 + 60_000);
    let delta = Delta::between(&before.counters(), &now.counters(), SECONDS);
    assert_eq!((delta.retransmitted, delta.busy), (Some(12), Some(Duration::from_millis(60))));
}

#[test]
fn what_one_of_the_two_does_not_tell_is_absent() {
    let (before, now) = (Sample::healthy().cut(104, 36), Sample::healthy());
    let delta = Delta::between(&before.counters(), &now.counters(), SECONDS);
    assert_eq!((delta.bytes_acked, delta.busy, delta.needless), (None, None, None));
    assert_eq!((delta.retransmitted, delta.drops), (Some(0), Some(0)));
    assert_eq!(delta.rate(delta.bytes_acked), None);
}

#[test]
fn a_connection_that_was_reset_in_between_has_no_differences() {
    let before = Sample::healthy().info("total_retrans", 20).memory("drops", 4);
    let now = Sample::healthy().info("bytes_acked", 100).info("total_retrans", 1).memory("drops", 6);
    let delta = Delta::between(&before.counters(), &now.counters(), SECONDS);
    assert_eq!((delta.bytes_acked, delta.retransmitted, delta.segs_in), (None, None, None));
    assert_eq!(delta.drops, Some(2), "drops are of the socket, not of the connection");
}

#[test]
fn the_end_of_the_stream_is_not_taken_for_a_byte() {
    let before = Sample::healthy().message("rqueue", 10);
    let mut now = Sample::of(State::CloseWait).info("bytes_received", 9_000_040).message("rqueue", 11);
    now = now.info("bytes_acked", 7_000_000_000);
    let delta = Delta::between(&before.counters(), &now.counters(), SECONDS);
    assert_eq!((delta.bytes_received, delta.bytes_read), (Some(40), None));
}

/// What no kernel counts: all that a number can hold came in, and was read.
#[test]
fn what_was_read_is_absent_where_no_number_can_say_it() {
    let before = Sample::healthy().info("bytes_received", 0).message("rqueue", 20);
    let now = before.clone().info("bytes_received", u64::MAX - 9).message("rqueue", 0);
    let delta = Delta::between(&before.counters(), &now.counters(), SECONDS);
    assert_eq!((delta.bytes_received, delta.bytes_read), (Some(u64::MAX - 9), None));
}

#[test]
fn retransmissions_that_were_not_needed_do_not_count() {
    let before = Sample::healthy();
    let now = before.clone().info("total_retrans", 9).info("dsack_dups", 7);
    let delta = Delta::between(&before.counters(), &now.counters(), SECONDS);
    assert_eq!((delta.retransmitted, delta.needed_retransmissions()), (Some(9), Some(2)));
    // The report of one may come in the interval after it.
    let now = before.clone().info("total_retrans", 1).info("dsack_dups", 3);
    assert_eq!(Delta::between(&before.counters(), &now.counters(), SECONDS).needed_retransmissions(), Some(0));
}

#[test]
fn no_time_gives_no_rate_and_a_share_is_never_more_than_all() {
    let delta = Delta { bytes_sent: Some(10), busy: Some(Duration::from_millis(1004)), ..Delta::default() };
    assert_eq!((delta.rate(delta.bytes_sent), delta.share(delta.busy)), (None, None));
    let delta = Delta { elapsed: Duration::from_secs(1), ..delta };
    assert_eq!(delta.share(delta.busy), Some(1.0));
}
