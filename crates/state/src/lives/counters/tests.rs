use super::*;
use crate::lives::sample::Sample;

#[test]
fn a_pair_of_them_for_each_of_a_hundred_thousand_sockets_is_34_megabytes() {
    assert_eq!(size_of::<Counters>(), 168);
}

#[test]
fn every_number_comes_from_its_own_field() {
    let counters = Sample::of(State::CloseWait)
        .message("rqueue", 4321)
        .message("wqueue", 8765)
        .message("timer", 4)
        .info("bytes_acked", 12_345_678_901)
        .info("bytes_retrans", 5_000_000_123)
        .info("busy_time", 7_000_000_456)
        .info("rwnd_limited", 1_234_567)
        .info("sndbuf_limited", 234_567)
        .info("total_retrans", 77)
        .info("dsack_dups", 13)
        .info("snd_ssthresh", 29)
        .info("last_data_recv", 1004)
        .memory("wmem_queued", 70_001)
        .memory("drops", 9)
        .counters();
    assert_eq!(counters.state(), State::CloseWait);
    assert_eq!((counters.rqueue(), counters.wqueue(), counters.timer()), (Some(4321), Some(8765), Some(4)));
    assert_eq!(counters.bytes_acked(), Some(12_345_678_901));
    assert_eq!(counters.bytes_retrans(), Some(705_032_827), "what is above 4 GiB is cut off");
    assert_eq!(counters.busy_us(), Some(2_705_033_160), "and what is above 71 minutes");
    assert_eq!((counters.rwnd_limited_us(), counters.sndbuf_limited_us()), (Some(1_234_567), Some(234_567)));
    assert_eq!((counters.total_retrans(), counters.dsack_dups(), counters.ssthresh()), (Some(77), Some(13), Some(29)));
    assert_eq!((counters.last_data_recv_ms(), counters.last_data_sent_ms()), (Some(1004), Some(0)));
    assert_eq!((counters.wmem_queued(), counters.drops()), (Some(70_001), Some(9)));
}

#[test]
fn what_an_old_kernel_does_not_know_is_absent_and_never_zero() {
    // Linux 3.14: tcp_info ends with total_retrans, skmem before the backlog.
    let counters = Sample::healthy().info("total_retrans", 5).cut(104, 28).counters();
    assert_eq!((counters.total_retrans(), counters.rtt_us(), counters.sndbuf()), (Some(5), Some(150), Some(2_626_560)));
    assert_eq!((counters.bytes_acked(), counters.busy_us(), counters.snd_wnd()), (None, None, None));
    assert_eq!((counters.drops(), counters.app_limited(), counters.notsent_bytes()), (None, None, None));
}

#[test]
fn a_value_that_means_none_is_absent() {
    let counters = Sample::of(State::Established)
        .info("snd_ssthresh", 0x7fff_ffff)
        .info("min_rtt", u64::from(u32::MAX))
        .info("total_retrans", u64::from(u32::MAX))
        .counters();
    assert_eq!((counters.ssthresh(), counters.min_rtt_us(), counters.rtt_us()), (None, None, None));
    assert_eq!(counters.total_retrans(), Some(u32::MAX), "a number that wraps may well be the largest");
    assert_eq!(
        (counters.delivery_rate(), counters.app_limited()),
        (None, None),
        "no rate, and so nothing that limits it"
    );
}

#[test]
fn the_zeros_of_a_listener_say_nothing() {
    let counters = Sample::of(State::Listening).message("rqueue", 3).message("wqueue", 7).memory("drops", 2).counters();
    assert_eq!((counters.rqueue(), counters.wqueue(), counters.drops()), (Some(3), Some(7), Some(2)));
    assert_eq!(
        (counters.bytes_acked(), counters.rtt_us(), counters.cwnd(), counters.busy_us()),
        (None, None, None, None)
    );
}

#[test]
fn what_is_no_whole_message_is_none() {
    assert_eq!(Counters::read(&Sample::healthy().payload()[..71]), None);
    let bare = Counters::read(&Sample::healthy().payload()[..72]).expect("a message without attributes");
    assert_eq!((bare.rqueue(), bare.cwnd(), bare.rcvbuf()), (Some(0), None, None));
}

#[test]
fn ages_alone_are_no_count() {
    let before = Sample::healthy().info("last_data_sent", 77).counters();
    let later = Sample::healthy().info("last_data_sent", 1_077).info("last_data_recv", 4_321).counters();
    assert!(before.is_still(&later) && before != later);
    assert!(!before.is_still(&Sample::healthy().info("segs_in", 4_242).counters()));
    assert!(!before.is_still(&Sample::healthy().message("rqueue", 17).counters()));
}
