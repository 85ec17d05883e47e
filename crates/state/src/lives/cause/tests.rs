mod sender;

use super::*;
use crate::lives::sample::Sample;
use sockeye_wire::sock_diag::state::State;

const SECOND: Duration = Duration::from_secs(1);

#[track_caller]
fn found(before: &Sample, now: &Sample) -> Vec<&'static str> {
    causes(&before.counters(), &now.counters(), SECOND).iter().map(Cause::word).collect()
}

/// A bulk transfer of 4 GB in the interval.
fn bulk() -> Sample {
    Sample::healthy()
        .info("bytes_acked", 11_000_000_000)
        .info("data_segs_out", 6_800_000)
        .info("busy_time", 990_000)
        .info("notsent_bytes", 49_311)
        .message("wqueue", 94_632)
}

#[test]
fn words_are_stable_and_lead_back() {
    let words: Vec<_> = Cause::ALL.iter().map(|cause| cause.word()).collect();
    assert_eq!(
        words,
        [
            "accept-queue-full",
            "receiver-does-not-read",
            "loss",
            "receiver-window",
            "send-buffer",
            "congestion-window",
            "application"
        ]
    );
    assert!(Cause::ALL.into_iter().all(|cause| Cause::of_word(cause.word()) == Some(cause)));
    assert_eq!(Cause::of_word("Loss"), None);
}

#[test]
fn an_idle_connection_has_no_cause_with_unread_bytes_or_without() {
    let idle = Sample::healthy();
    assert_eq!(found(&idle, &idle), [""; 0]);
    let unread = idle.message("rqueue", 4321);
    assert_eq!(found(&unread, &unread), [""; 0]);
}

#[test]
fn a_healthy_transfer_has_no_cause() {
    assert_eq!(found(&Sample::healthy().info("notsent_bytes", 20_639), &bulk()), [""; 0]);
}

#[test]
fn a_healthy_transfer_on_a_machine_short_of_processors_has_no_cause() {
    // As measured with sixteen programs that want two processors: 134 MB a second, half of the time behind the window.
    let starved = Sample::healthy()
        .info("notsent_bytes", 1_768_041)
        .info("bytes_acked", 7_134_000_000)
        .info("data_segs_out", 4_002_103)
        .info("busy_time", 660_000)
        .info("rwnd_limited", 590_000)
        .info("total_retrans", 23)
        .info("dsack_dups", 23)
        .message("wqueue", 4_194_304);
    assert_eq!(found(&Sample::healthy().info("notsent_bytes", 1_768_041), &starved), [""; 0]);
}

#[test]
fn what_does_not_even_leave_this_machine_is_loss() {
    // As measured behind a rule of this host's firewall that drops everything.
    let stuck = |probes, window, unacked| {
        Sample::healthy()
            .info("notsent_bytes", 720_896)
            .info("probes", probes)
            .info("snd_wnd", window)
            .info("unacked", unacked)
            .info("busy_time", 990_000)
            .message("wqueue", 720_896)
            .message("timer", 4)
    };
    assert_eq!(found(&Sample::healthy().info("notsent_bytes", 720_896), &stuck(2, 3_144_000, 0)), ["loss"]);
    // A request of a few bytes too, for which even a small window has room.
    let request = |window| stuck(2, window, 0).info("notsent_bytes", 37);
    assert_eq!(found(&Sample::healthy(), &request(38)), ["loss"]);
    assert!(!found(&Sample::healthy(), &request(36)).contains(&"loss"));
    // The first attempt may be on its way yet; a closed window is another matter, as is an answer that is awaited.
    for other in [stuck(1, 3_144_000, 0), stuck(2, 1447, 0), stuck(2, 3_144_000, 1)] {
        let found = found(&Sample::healthy().info("notsent_bytes", 720_896), &other);
        assert!(!found.contains(&"loss"), "{found:?}");
    }
    // And of one that drops some: of 1000 segments, 970 arrived, and 20 may be on their way; then nothing is on its way.
    let some = |unacked, retransmitted| {
        Sample::healthy()
            .info("bytes_sent", 1000 * 1448)
            .info("bytes_retrans", retransmitted)
            .info("bytes_acked", 7_000_000_000 + 970 * 1448)
            .info("data_segs_out", 4_001_000)
            .info("unacked", unacked)
    };
    assert_eq!(found(&Sample::healthy(), &some(20, 0)), ["loss"]);
    assert!(!found(&Sample::healthy(), &some(21, 0)).contains(&"loss"), "nine of a thousand");
    assert!(!found(&Sample::healthy(), &some(20, 1448)).contains(&"loss"), "one was sent again");
}

#[test]
fn an_interval_too_short_to_tell_has_no_cause() {
    let listener = Sample::of(State::Listening).message("rqueue", 8).message("wqueue", 7).counters();
    let short = causes(&listener, &listener, Duration::from_millis(199));
    assert!(short.is_empty() && short.first().is_none());
    let just_enough = causes(&listener, &listener, Duration::from_millis(200));
    assert_eq!(just_enough.first(), Some(Cause::AcceptQueueFull));
}

#[test]
fn a_queue_is_full_with_one_more_than_its_limit() {
    let listener = |waiting| Sample::of(State::Listening).message("rqueue", waiting).message("wqueue", 7);
    assert_eq!(found(&listener(8), &listener(8)), ["accept-queue-full"]);
    assert_eq!(found(&listener(7), &listener(7)), [""; 0]);
    // It was full, turned somebody away, and has been emptied since.
    assert_eq!(found(&listener(8), &listener(0).memory("drops", 3)), ["accept-queue-full"]);
    assert_eq!(found(&listener(8), &listener(0)), [""; 0]);
}

#[test]
fn a_full_queue_of_which_nothing_is_read_is_a_receiver_that_does_not_read() {
    let full = Sample::healthy().info("rcv_wnd", 0).message("rqueue", 128_512);
    assert_eq!(found(&full, &full), ["receiver-does-not-read"]);
    // All of it is read twelve times in the interval: a byte waits 81 ms.
    let read = full.clone().info("bytes_received", 9_000_000 + 12 * 128_512);
    assert_eq!(found(&full, &read), [""; 0]);
    // And twice: half a second.
    let slow = full.clone().info("bytes_received", 9_000_000 + 2 * 128_512);
    assert_eq!(found(&full, &slow), ["receiver-does-not-read"]);
    let weight = causes(&full.counters(), &slow.counters(), SECOND).weight(Cause::ReceiverDoesNotRead);
    assert_eq!(weight, 500);
    // Of a saw the mean counts, and at its low point a sixteenth of it stands: two looks at 12 288 and 2 048 bytes, of which
    // 20 000 a second are read.
    let saw = |unread: u64, window: u64, received: u64| {
        let socket = Sample::healthy().info("rcv_wnd", window).message("rqueue", unread);
        socket.info("bytes_received", 9_000_000 + unread + received)
    };
    let (high, low) = (saw(12_288, 0, 0), saw(2_048, 10_240, 20_000));
    assert_eq!(found(&high, &low), ["receiver-does-not-read"]);
    assert_eq!(found(&saw(2_048, 10_240, 0), &saw(12_288, 0, 20_000)), ["receiver-does-not-read"]);
    assert_eq!(causes(&high.counters(), &low.counters(), SECOND).weight(Cause::ReceiverDoesNotRead), 358);
    let is_slow_enough = |read| !found(&high, &saw(2_048, 10_240, read)).is_empty();
    assert!(is_slow_enough(35_840) && !is_slow_enough(35_841), "7 168 in the mean, in 200 ms");
    let is_always_there = |low| !found(&high, &saw(low, 10_240, 20_000)).is_empty();
    assert!(is_always_there(1_000) && !is_always_there(999), "50 ms of 20 000 a second");
    assert!(found(&saw(2_048, 12_289, 0), &saw(12_288, 12_289, 20_000)).is_empty(), "the peer may send as much again");
    // What came in at once, when a lost segment was there after all, has not waited: as measured behind a firewall that drops.
    let little = Sample::healthy().info("rcv_wnd", 16_384).message("rqueue", 107_416);
    let burst = little.clone().info("rcv_wnd", 21_504).message("rqueue", 5_210_840).info("bytes_received", 30_540_248);
    assert_eq!(found(&little, &burst), [""; 0]);
}

#[test]
fn a_queue_with_room_for_more_than_it_holds_is_not_full() {
    let half = |unread| Sample::healthy().info("rcv_wnd", 64_000).message("rqueue", unread);
    assert_eq!(found(&half(63_999), &half(63_999)), [""; 0]);
    assert_eq!(found(&half(64_000), &half(64_000)), ["receiver-does-not-read"]);
    // A kernel before 6.2 does not tell the window; then the memory speaks.
    let old = |used| half(64_000).memory("rmem_alloc", used).cut(232, 36);
    assert_eq!(found(&old(65_535), &old(65_535)), [""; 0]);
    assert_eq!(found(&old(65_536), &old(65_536)), ["receiver-does-not-read"]);
}

#[test]
fn one_of_a_hundred_segments_lost_is_loss() {
    let lost = |segments, known| bulk().info("total_retrans", segments).info("dsack_dups", known);
    assert_eq!(found(&Sample::healthy(), &lost(28_000, 0)), ["loss"]);
    assert_eq!(found(&Sample::healthy(), &lost(27_999, 0)), [""; 0]);
    assert_eq!(found(&Sample::healthy(), &lost(99_000, 71_001)), [""; 0], "the peer had them already");
}

#[test]
fn two_lost_segments_are_an_accident_however_few_were_sent() {
    let few = |lost| {
        let sent = Sample::healthy().info("data_segs_out", 4_000_009).info("bytes_acked", 7_000_009_000);
        sent.info("total_retrans", lost).info("busy_time", 300_000)
    };
    assert_eq!(found(&Sample::healthy(), &few(2)), [""; 0]);
    assert_eq!(found(&Sample::healthy(), &few(3)), ["loss"]);
}

#[test]
fn a_peer_that_does_not_answer_two_timeouts_is_loss_in_every_state() {
    let silent = |state, timeouts, timer| Sample::of(state).info("retransmits", timeouts).message("timer", timer);
    for state in [State::Established, State::SynSent, State::FinWait1] {
        assert_eq!(found(&silent(state, 2, 1), &silent(state, 2, 1)), ["loss"], "{}", state.name());
        assert_eq!(found(&silent(state, 1, 1), &silent(state, 1, 1)), [""; 0]);
    }
    // Unanswered probes of a closed window are no losses.
    assert_eq!(found(&silent(State::Established, 2, 4), &silent(State::Established, 2, 4)), [""; 0]);
}

#[test]
fn a_program_that_sends_rarely_is_the_application() {
    let sent = |segments: u64, busy| {
        Sample::healthy()
            .info("data_segs_out", 4_000_000 + segments)
            .info("bytes_acked", 7_000_010_000)
            .info("busy_time", busy)
    };
    assert_eq!(found(&Sample::healthy(), &sent(10, 4_000)), ["application"]);
    assert_eq!(found(&Sample::healthy(), &sent(2, 100_000)), ["application"]);
    assert_eq!(found(&Sample::healthy(), &sent(2, 101_000)), [""; 0]);
    assert_eq!(found(&Sample::healthy(), &sent(1, 0)), [""; 0], "a sign of life");
}

#[test]
fn a_program_far_away_from_its_peer_is_busy_and_still_the_application() {
    let far = |acked: u64, limited| {
        Sample::healthy()
            .info("rtt", 80_000)
            .info("delivery_rate", 90_000)
            .info("delivery_rate_app_limited", limited)
            .info("data_segs_out", 4_000_012)
            .info("bytes_acked", 7_000_000_000 + acked)
            .info("busy_time", 960_000)
    };
    // 97 segments of 1448 bytes each round trip of 80 ms are 1.76 MB a second; a quarter of that is 439 kB.
    assert_eq!(found(&Sample::healthy(), &far(12_000, 1)), ["application"]);
    assert_eq!(found(&Sample::healthy(), &far(438_000, 1)), ["application"]);
    assert_eq!(found(&Sample::healthy(), &far(440_000, 1)), [""; 0]);
    assert_eq!(found(&Sample::healthy(), &far(12_000, 0)), [""; 0]);
}

#[test]
fn of_two_that_talk_to_each_other_the_one_whose_turn_it_is_is_the_application() {
    let talk = |received, sent| {
        let counters = Sample::healthy().info("last_data_recv", received).info("last_data_sent", sent);
        move |more: u64| {
            let counters =
                counters.clone().info("data_segs_out", 4_000_000 + more).info("bytes_received", 9_000_000 + 50 * more);
            counters.info("bytes_acked", 7_000_000_000 + 100 * more)
        }
    };
    let (thinks, waits) = (talk(40, 144), talk(144, 40));
    assert_eq!(found(&thinks(0), &thinks(5)), ["application"]);
    assert_eq!(found(&waits(0), &waits(5)), [""; 0]);
    assert_eq!(found(&waits(0), &thinks(5)), [""; 0], "both took their time");
}

#[test]
fn the_first_is_the_one_that_weighs_most_and_ties_have_an_order() {
    let both = Sample::healthy()
        .info("snd_wnd", 0)
        .info("rcv_wnd", 0)
        .message("rqueue", 128_512)
        .info("rwnd_limited", 1_000_000)
        .info("busy_time", 1_000_000);
    let before = Sample::healthy().info("snd_wnd", 0).info("rcv_wnd", 0).message("rqueue", 128_512);
    assert_eq!(found(&before, &both), ["receiver-does-not-read", "receiver-window"]);
    let less = causes(&before.counters(), &both.clone().info("rwnd_limited", 904_000).counters(), SECOND);
    assert_eq!((less.first(), less.weight(Cause::ReceiverWindow)), (Some(Cause::ReceiverDoesNotRead), 904));
    assert!(less.contains(Cause::ReceiverWindow) && !less.contains(Cause::Loss));
}

#[test]
fn evidence_is_what_the_judgement_was_made_of() {
    let before = Sample::healthy().info("snd_wnd", 65_536);
    let now = sender::windowed(65_536, 900_000, 650_000);
    let numbers = evidence(Cause::ReceiverWindow, &before.counters(), &now.counters(), SECOND);
    let named = |name| numbers.iter().find(|number| number.name == name).map(|number| number.value);
    assert_eq!(numbers[0].name, "window_limited_share");
    assert_eq!(named("window_limited_share"), Some(Quantity::Share(0.9)));
    assert_eq!(named("window"), Some(Quantity::Bytes(65_536)));
    assert_eq!(named("acked_rate"), Some(Quantity::BytesPerSecond(650_000.0)));
    let old = evidence(Cause::SendBuffer, &before.cut(104, 16).counters(), &now.cut(104, 16).counters(), SECOND);
    assert_eq!(old.iter().map(|number| number.name).collect::<Vec<_>>(), ["send_buffer"], "the rest is not known");
    let stuck = Sample::healthy().message("rqueue", 77).counters();
    let numbers = evidence(Cause::ReceiverDoesNotRead, &stuck, &stuck, SECOND);
    assert_eq!(numbers[1], Number { name: "unread_wait", value: Quantity::Time(Duration::MAX) });
}
