//! What holds a sender back: the window of the peer, its own buffer, the network.

use super::{Sample, bulk, found};

/// Behind a window of `window` bytes for `limited` of the interval, with `acked` bytes through.
pub(super) fn windowed(window: u64, limited: u64, acked: u64) -> Sample {
    Sample::healthy()
        .info("snd_wnd", window)
        .info("rwnd_limited", limited)
        .info("busy_time", 1_000_000)
        .info("bytes_acked", 7_000_000_000 + acked)
        .info("data_segs_out", 4_000_045)
        .info("notsent_bytes", 2_000_000)
        .message("wqueue", 2_000_000)
}

#[test]
fn a_small_window_nearly_all_the_time_is_the_receivers_window() {
    let before = Sample::healthy().info("notsent_bytes", 2_000_000).info("snd_wnd", 65_536);
    assert_eq!(found(&before, &windowed(65_536, 300_000, 650_000)), ["receiver-window"]);
    assert_eq!(found(&before, &windowed(65_536, 299_000, 650_000)), [""; 0]);
    let larger = before.clone().info("snd_wnd", 65_537);
    assert_eq!(found(&larger, &windowed(65_537, 800_000, 650_000)), ["receiver-window"]);
    assert_eq!(found(&larger, &windowed(65_537, 799_000, 650_000)), [""; 0]);
    // Through a small window that is used up in less than a millisecond everything goes.
    assert_eq!(found(&before, &windowed(65_536, 990_000, 66_000_000)), [""; 0]);
    assert_eq!(found(&before, &windowed(65_536, 990_000, 65_000_000)), ["receiver-window"]);
    // Behind a larger one a reader that gets no processor makes wait as long.
    let wide = before.clone().info("snd_wnd", 989_184);
    assert_eq!(found(&wide, &windowed(1_140_736, 990_000, 827_000_000)), [""; 0]);
    assert_eq!(found(&wide, &windowed(1_140_736, 990_000, 99_000_000)), [""; 0]);
    assert_eq!(found(&wide, &windowed(1_140_736, 990_000, 98_000_000)), ["receiver-window"]);
}

#[test]
fn a_sender_that_paces_is_behind_a_used_up_window_too() {
    // As measured with BBR over a wire of 20 ms and a window of 8948 bytes: two segments on their way, all the time.
    let paced = |window| {
        Sample::healthy()
            .info("snd_mss", 4_474)
            .info("snd_wnd", window)
            .info("notsent_bytes", 518_984)
            .message("wqueue", 527_932)
    };
    let now = |window, limited| {
        let now = paced(window)
            .info("bytes_acked", 7_000_220_000)
            .info("data_segs_out", 4_000_048)
            .info("busy_time", 1_000_000);
        now.info("rwnd_limited", limited)
    };
    assert_eq!(found(&paced(8_948), &now(8_948, 430_000)), ["receiver-window"]);
    assert_eq!(found(&paced(8_948), &now(8_948, 296_000)), [""; 0]);
    assert_eq!(found(&paced(8_948), &now(8_948, 430_000).info("busy_time", 790_000)), [""; 0]);
    // Of a larger window more than half must be taken, one more segment counted.
    let wide = |in_flight: u64| {
        let before = paced(80_000).message("wqueue", 518_984 + in_flight);
        (before, now(80_000, 430_000).message("wqueue", 518_984 + in_flight))
    };
    assert_eq!(found(&wide(35_527).0, &wide(35_527).1), ["receiver-window"]);
    assert_eq!(found(&wide(35_526).0, &wide(35_527).1), ["congestion-window"; 0]);
    let fast = |acked| now(8_948, 430_000).info("bytes_acked", acked);
    assert_eq!(found(&paced(8_948), &fast(7_008_900_000)), ["receiver-window"], "1.005 ms");
    assert_eq!(found(&paced(8_948), &fast(7_009_000_000)), [""; 0], "0.994 ms");
}

/// As measured behind a token bucket of 8 Mbit/s, to a receiver with a window of 8688 bytes: six segments in the queue, 9 ms.
fn windowed_in_a_bucket(limited: u64) -> (Sample, Sample) {
    let before = Sample::healthy()
        .info("snd_wnd", 8_688)
        .info("unacked", 6)
        .info("notsent_bytes", 306_976)
        .message("wqueue", 315_664);
    let now = before
        .clone()
        .info("bytes_acked", 7_000_958_117)
        .info("data_segs_out", 4_000_662)
        .info("busy_time", 1_000_000)
        .info("rwnd_limited", limited)
        .info("rtt", 9_079)
        .info("min_rtt", 25)
        .info("notsent_bytes", 376_480)
        .message("wqueue", 385_168);
    (before, now)
}

#[test]
fn a_small_window_that_stands_in_a_queue_as_a_whole_is_both() {
    // BBR, which paces, and CUBIC.
    for limited in [590_000, 880_000] {
        let (before, now) = windowed_in_a_bucket(limited);
        assert_eq!(found(&before, &now), ["congestion-window", "receiver-window"]);
        // A fifth of the round trip is the way itself.
        assert_eq!(found(&before, &now.clone().info("min_rtt", 1_815)), ["congestion-window", "receiver-window"]);
        assert_eq!(found(&before, &now.clone().info("min_rtt", 1_816)), ["receiver-window"]);
        // What is lost makes a round trip long without a queue.
        let mut lossy = found(&before, &now.clone().info("total_retrans", 30));
        lossy.sort_unstable();
        assert_eq!(lossy, ["loss", "receiver-window"]);
        assert_eq!(found(&before, &now.clone().info("unacked", 3)).len(), 2, "more were on their way at first");
        assert_eq!(found(&before.clone().info("unacked", 3), &now.info("unacked", 3)), ["receiver-window"]);
    }
}

#[test]
fn a_large_window_in_a_short_queue_has_no_cause() {
    let (before, now) = windowed_in_a_bucket(0);
    let wide = |sample: &Sample| sample.clone().info("snd_wnd", 65_537).message("wqueue", 47_000);
    assert_eq!(found(&wide(&before), &wide(&now)), [""; 0], "9 ms of a queue, 49 ms of backlog");
    // One that is nearly closed at one look is large.
    let closed = now.clone().message("wqueue", 47_000);
    assert_eq!(found(&wide(&before), &closed), [""; 0]);
    // Kernels from 4.10 to 5.3 count the times and do not tell the window: nothing is known of its size.
    let old = |sample: Sample| sample.message("wqueue", 47_000).cut(200, 36);
    assert_eq!(found(&old(before), &old(now)), [""; 0]);
}

#[test]
fn a_closed_window_is_the_receivers_window_even_where_no_time_is_counted() {
    let closed = Sample::healthy().info("snd_wnd", 0).info("rwnd_limited", 1_000_000).info("busy_time", 1_000_000);
    assert_eq!(found(&Sample::healthy().info("snd_wnd", 0), &closed), ["receiver-window"]);
    let old = Sample::healthy().message("timer", 4).cut(168, 36);
    assert_eq!(found(&old, &old), ["receiver-window"]);
    let moving = old.clone().info("bytes_acked", 7_000_001_448);
    assert_eq!(found(&old, &moving), [""; 0]);
}

#[test]
fn time_that_the_kernel_counts_for_the_send_buffer_is_the_send_buffer() {
    let limited = |us| bulk().info("sndbuf_limited", us);
    assert_eq!(found(&Sample::healthy(), &limited(300_000)), ["send-buffer"]);
    assert_eq!(found(&Sample::healthy(), &limited(296_000)), [""; 0]);
}

#[test]
fn a_buffer_that_is_on_its_way_as_a_whole_at_both_moments_is_the_send_buffer() {
    // As measured: 8 KiB of buffer, 65 483 bytes in it, 2.4 MB a second, and no time counted.
    let exhausted = Sample::healthy()
        .info("unacked", 1)
        .memory("sndbuf", 8_192)
        .memory("wmem_queued", 66_752)
        .message("wqueue", 65_483);
    let now = |acked: u64, busy| {
        let now = exhausted.clone().info("bytes_acked", 7_000_000_000 + acked).info("busy_time", busy);
        now.info("data_segs_out", 4_000_072)
    };
    assert_eq!(found(&exhausted, &now(2_400_000, 1_000_000)), ["send-buffer"]);
    assert_eq!(found(&exhausted, &now(2_400_000, 790_000)), [""; 0], "the program did not fill it all the time");
    // Where the kernel counts some of the time, that is none against it.
    assert_eq!(found(&exhausted, &now(2_400_000, 1_000_000).info("sndbuf_limited", 230_000)), ["send-buffer"]);
    assert_eq!(found(&exhausted, &now(2_400_000, 1_000_000).info("rwnd_limited", 230_000)), [""; 0]);
    assert_eq!(found(&exhausted, &now(66_000_000, 1_000_000)), [""; 0], "nobody notices a millisecond");
    let unsent = |sample: Sample| sample.info("notsent_bytes", 1);
    assert_eq!(found(&unsent(exhausted.clone()), &unsent(now(2_400_000, 1_000_000))), [""; 0]);
    // A third is free, the program may write: a small buffer is caught so now and then, a large one is no limit.
    let roomy = |sample: Sample| sample.memory("wmem_queued", 5_461);
    assert_eq!(found(&exhausted, &roomy(now(2_400_000, 1_000_000))), ["send-buffer"]);
    assert_eq!(found(&roomy(exhausted.clone()), &roomy(now(2_400_000, 1_000_000))), [""; 0]);
    let large = |sample: Sample, queued| sample.memory("sndbuf", 65_537).memory("wmem_queued", queued);
    assert_eq!(found(&large(exhausted.clone(), 43_692), &large(now(2_400_000, 1_000_000), 43_692)), ["send-buffer"]);
    assert_eq!(found(&large(exhausted.clone(), 43_691), &large(now(2_400_000, 1_000_000), 43_692)), [""; 0]);
}

/// `acked` bytes went through in an interval in which data waited all the time.
fn crowded(acked: u64) -> Sample {
    Sample::healthy()
        .info("bytes_acked", 7_000_000_000 + acked)
        .info("data_segs_out", 4_001_665)
        .info("busy_time", 1_000_000)
        .info("notsent_bytes", 423_744)
        .info("unacked", 88)
        .info("rtt", 4_000)
        .message("wqueue", 551_168)
}

#[test]
fn data_that_waits_with_room_in_window_and_buffer_is_the_congestion_window() {
    let before = Sample::healthy().info("notsent_bytes", 488_904);
    assert_eq!(found(&before, &crowded(2_390_000)), ["congestion-window"]);
    assert_eq!(found(&before, &crowded(11_000_000)), ["congestion-window"], "50.1 ms");
    assert_eq!(found(&before, &crowded(11_100_000)), [""; 0], "49.7 ms");
    assert_eq!(found(&Sample::healthy(), &crowded(2_390_000)), [""; 0], "nothing waited at first");
    assert_eq!(found(&before, &crowded(2_390_000).info("busy_time", 790_000)), [""; 0]);
    let windowed = crowded(2_390_000).info("rwnd_limited", 300_000);
    assert_eq!(found(&before, &windowed), [""; 0], "part of it was the receiver");
}

#[test]
fn a_queue_on_the_way_is_seen_by_the_round_trip_time_even_beside_losses() {
    let before = Sample::healthy().info("notsent_bytes", 488_904);
    let late = |rtt, lost| crowded(2_390_000).info("rtt", rtt).info("total_retrans", lost);
    assert_eq!(found(&before, &late(52_390, 75)), ["congestion-window", "loss"]);
    assert_eq!(found(&before, &late(9_000, 75)), ["loss"], "the losses explain the small window");
    assert_eq!(found(&before, &late(52_390, 75).info("unacked", 3)), ["loss"], "so few segments are no queue");
    // Two segments that are 10 ms late are a delayed acknowledgement.
    let delayed = crowded(270_000).info("rtt", 10_100).info("total_retrans", 75);
    assert_eq!(found(&before, &delayed), ["loss"]);
}

#[test]
fn a_small_buffer_that_stands_in_a_queue_as_a_whole_is_the_congestion_window() {
    // As measured: 30 000 bytes of buffer behind 2 Mbit/s, a round trip of 364 ms where the shortest was 9 us.
    let full = Sample::healthy()
        .info("unacked", 20)
        .memory("sndbuf", 60_000)
        .memory("wmem_queued", 56_300)
        .message("wqueue", 28_960);
    let now = |rtt| {
        let now = full.clone().info("bytes_acked", 7_000_238_602).info("busy_time", 1_000_000);
        now.info("data_segs_out", 4_000_165).info("rtt", rtt).info("min_rtt", 9)
    };
    assert_eq!(found(&full, &now(364_000)), ["congestion-window"]);
    // On a way that is as long, the buffer is what is short.
    assert_eq!(found(&full, &now(364_000).info("min_rtt", 360_000)), ["send-buffer"]);
}

#[test]
fn less_than_a_segment_waits_for_more_of_it_and_not_for_the_network() {
    // As measured: 1000 bytes every 30 ms over a wire of 20 ms, held back by Nagle's algorithm.
    let nagle = Sample::healthy().info("rtt", 50_000).info("notsent_bytes", 1_447).message("wqueue", 2_895);
    let now = |not_sent| {
        let now = nagle
            .clone()
            .info("bytes_acked", 7_000_033_000)
            .info("data_segs_out", 4_000_020)
            .info("busy_time", 1_000_000);
        now.info("delivery_rate", 40_000).info("delivery_rate_app_limited", 1).info("notsent_bytes", not_sent)
    };
    assert_eq!(found(&nagle, &now(1_447)), ["application"]);
    assert_eq!(found(&nagle.clone().info("notsent_bytes", 1_448), &now(1_448)), ["congestion-window"]);
}

#[test]
fn a_small_buffer_in_a_queue_is_seen_though_the_kernel_counts_some_of_the_time_for_it() {
    // As measured behind 2 Mbit/s with CUBIC: all was sent at both looks, the buffer full at one, 23 % of the time counted.
    let before = Sample::healthy()
        .info("unacked", 13)
        .memory("sndbuf", 16_384)
        .memory("wmem_queued", 20_480)
        .message("wqueue", 18_824);
    let now = before
        .clone()
        .info("bytes_acked", 7_000_239_017)
        .info("data_segs_out", 4_000_165)
        .info("busy_time", 1_000_000)
        .info("sndbuf_limited", 230_000)
        .info("rtt", 224_552)
        .info("min_rtt", 25);
    assert_eq!(found(&before, &now), ["congestion-window"]);
    assert_eq!(
        found(&before, &now.clone().info("busy_time", 790_000)),
        [""; 0],
        "the program did not fill it all the time"
    );
    assert_eq!(found(&before, &now.info("sndbuf_limited", 480_000)), ["congestion-window", "send-buffer"]);
}

#[test]
fn a_small_buffer_holds_no_long_backlog() {
    // As measured behind 8 Mbit/s with BBR, which kept four segments on their way and took 2.8 ms for the shortest round trip.
    let small = |not_sent: u64, queued: u64| {
        Sample::healthy()
            .info("unacked", 4)
            .info("notsent_bytes", not_sent)
            .memory("sndbuf", 16_384)
            .memory("wmem_queued", 10_000)
            .message("wqueue", queued)
    };
    let now = |not_sent, queued| {
        small(not_sent, queued)
            .info("bytes_acked", 7_000_955_709)
            .info("data_segs_out", 4_000_660)
            .info("busy_time", 1_000_000)
            .info("delivery_rate", 950_000)
            .info("rtt", 6_054)
            .info("min_rtt", 2_802)
    };
    assert_eq!(found(&small(40_544, 46_336), &now(14_480, 20_272)), ["congestion-window"]);
    // It is seen empty now and then, unless it was the program that had no more.
    assert_eq!(found(&small(0, 9_558), &now(4_344, 5_792)), ["congestion-window"], "10.001 ms");
    assert_eq!(found(&small(0, 9_557), &now(4_344, 5_792)), [""; 0], "9.9999 ms");
    assert_eq!(found(&small(0, 9_558), &now(0, 5_792)), [""; 0]);
    let had_no_more = now(4_344, 5_792).info("delivery_rate_app_limited", 1);
    assert_eq!(found(&small(0, 9_558), &had_no_more), [""; 0]);
    // A large one holds more where the network is at fault.
    let large = |sample: Sample| sample.memory("sndbuf", 65_537);
    assert_eq!(found(&large(small(40_544, 46_336)), &large(now(14_480, 20_272))), [""; 0]);
}

#[test]
fn where_window_and_buffer_are_both_small_their_times_count_together() {
    // As measured with BBR over a wire of 20 ms, 8 KiB each.
    let small = |window: u64, buffer: u64| {
        Sample::healthy()
            .info("snd_wnd", window)
            .info("unacked", 6)
            .memory("sndbuf", buffer)
            .memory("wmem_queued", 9_000)
            .message("wqueue", 14_480)
    };
    let found = |window, buffer, (window_limited, buffer_limited)| {
        let now = small(window, buffer)
            .info("bytes_acked", 7_000_209_216)
            .info("data_segs_out", 4_000_150)
            .info("busy_time", 1_000_000)
            .info("rwnd_limited", window_limited)
            .info("sndbuf_limited", buffer_limited);
        found(&small(window, buffer), &now)
    };
    assert_eq!(found(8_688, 16_384, (291_000, 180_000)), ["receiver-window"]);
    assert_eq!(found(8_688, 16_384, (180_000, 291_000)), ["send-buffer"]);
    assert_eq!(found(8_688, 16_384, (150_000, 149_000)), [""; 0]);
    assert_eq!(found(65_537, 16_384, (291_000, 180_000)), [""; 0]);
    assert_eq!(found(8_688, 65_537, (291_000, 180_000)), [""; 0]);
}

#[test]
fn a_small_buffer_makes_a_short_queue() {
    // As measured behind 40 Mbit/s with BBR: 13 segments in the queue, 5 ms, and next to no time counted.
    let full = Sample::healthy()
        .info("unacked", 13)
        .memory("sndbuf", 16_384)
        .memory("wmem_queued", 20_480)
        .message("wqueue", 18_824);
    let now = |min_rtt| {
        let now = full.clone().info("bytes_acked", 7_004_750_000).info("data_segs_out", 4_003_280);
        let now = now.info("busy_time", 1_000_000).info("sndbuf_limited", 3_000);
        now.info("rtt", 5_204).info("min_rtt", min_rtt)
    };
    assert_eq!(found(&full, &now(23)), ["congestion-window"]);
    assert_eq!(found(&full, &now(1_041)), [""; 0], "a fifth of it is the way");
}
