//! Each cause of `why`, provoked on the real kernel, and what is found at each socket that takes part.
//!
//! Two dumps of all sockets, an interval apart: what is judged is what happens in that time, so it has to pass. What is found must be
//! right at once, or in most intervals.

mod connection;
mod place;
mod provoke;
mod together;
mod turn;

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::{Duration, Instant};

use sockeye_state::lives::cause::evidence;
use sockeye_state::lives::{Cause, Counters, causes};
use sockeye_zoo::{Skip, patience};

use place::Place;
use provoke::*;
use together::*;
use turn::in_turn;

/// How long is watched: a second, as `top` does.
const INTERVAL: Duration = Duration::from_secs(1);

/// Intervals that are judged at most, until more were right than wrong: where a machine is so busy that nobody runs for a second,
/// something else holds connections up in that second.
const INTERVALS_MAX: usize = 7;

/// How long it may take until everything is as provoked, on a machine that is busy.
const SETTLE_MAX: Duration = Duration::from_secs(30);

/// Between two looks at whether it is.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Provokes all of these at once, beside idle connections, and compares what is found with what must be.
fn found_is_what_was_provoked(congestion_control: &'static str, provocations: &'static [Provocation]) {
    in_turn(|_| {
        let place = Place::new(congestion_control)?;
        judge(&place, provocations)
    });
}

fn judge(place: &Place, provocations: &[Provocation]) -> Result<(), Skip> {
    let all = provocations.iter().chain(&[idle as Provocation]);
    let provoked = all.map(|provoke| provoke(place)).collect::<Result<Vec<_>, _>>()?;
    let subjects: Vec<&Subject> = provoked.iter().flat_map(|provoked| &provoked.subjects).collect();
    settle(place, &subjects);

    let wrong = || {
        let (start, before) = (Instant::now(), place.look());
        thread::sleep(INTERVAL);
        let (elapsed, now) = (start.elapsed(), place.look());
        let wrong = subjects.iter().filter_map(|subject| difference(subject, &before, &now, elapsed));
        wrong.collect::<Vec<_>>().join("\n")
    };
    let (mut right, mut mistakes) = (0, Vec::new());
    for _ in 0..INTERVALS_MAX {
        match wrong() {
            text if text.is_empty() => right += 1,
            text => mistakes.push(text),
        }
        if right > mistakes.len() {
            return Ok(());
        }
    }
    panic!("{}\nof {INTERVALS_MAX} intervals {right} were right", mistakes.join("\nthen "));
}

/// Waits until every socket is as provoked.
fn settle(place: &Place, subjects: &[&Subject]) {
    let start = Instant::now();
    loop {
        let seen = place.look();
        let mut waiting = subjects.iter().filter(|subject| !seen.get(&subject.cookie).is_some_and(subject.ready));
        let Some(subject) = waiting.next() else { return };
        let counters = seen.get(&subject.cookie);
        assert!(start.elapsed() < patience(SETTLE_MAX), "{} does not come to its state: {counters:#?}", subject.what);
        // The kernel announces none of these states.
        thread::sleep(LOOK_AGAIN);
    }
}

/// What is found where something else was provoked, with its evidence.
fn difference(
    subject: &Subject,
    before: &HashMap<u64, Counters>,
    now: &HashMap<u64, Counters>,
    elapsed: Duration,
) -> Option<String> {
    let (Some(before), Some(now)) = (before.get(&subject.cookie), now.get(&subject.cookie)) else {
        return Some(format!("{} is gone", subject.what));
    };
    let found = causes(before, now, elapsed);
    let set = |causes: &[Cause]| causes.iter().copied().collect::<BTreeSet<_>>();
    let (expected, possible) = (set(subject.expected), set(subject.possible));
    let seen: BTreeSet<_> = found.iter().collect();
    let is_something = !seen.is_empty() || expected.is_empty() && possible.is_empty();
    if is_something && seen.is_superset(&expected) && seen.is_subset(&(&expected | &possible)) {
        return None;
    }
    let words: Vec<_> = found.iter().map(Cause::word).collect();
    let mut text = format!("{}: found {words:?}, provoked {:?}\n", subject.what, subject.expected);
    for cause in seen.union(&expected).copied() {
        let _ = writeln!(text, "  {cause}: {:?}", evidence(cause, before, now, elapsed));
    }
    let _ = writeln!(text, "{before:?}\n{now:?}");
    Some(text)
}

/// One test for each line: its name, and what is provoked at once.
macro_rules! provoked {
    ($control:literal: $($name:ident: [$($provocation:ident),* $(,)?];)*) => {
        $(
            #[test]
            fn $name() {
                found_is_what_was_provoked($control, &[$($provocation),*]);
            }
        )*
    };
}

provoked! { "cubic":
    a_healthy_transfer_yields_nothing: [bulk];
    a_healthy_transfer_over_loopback_yields_nothing: [bulk_here];
    two_healthy_transfers_yield_nothing: [bulk, bulk_here];
    idle_connections_yield_nothing: [];
    a_small_window_and_a_reader_that_sleeps_are_named_each_at_its_end: [small_window];
    a_stopped_reader_is_named_at_both_ends: [stopped_reader];
    a_window_too_small_for_its_way_is_named_and_its_reader_is_not: [small_window_on_a_long_way];
    a_small_send_buffer_is_named: [small_send_buffer];
    a_token_bucket_is_the_congestion_window: [token_bucket];
    dropped_packets_are_loss: [dropped_packets];
    a_silent_peer_is_loss: [silent_peer];
    a_listener_that_nobody_accepts_from_has_a_full_queue: [full_listener];
    a_program_that_sends_rarely_is_the_application: [rare_sender];
    a_program_that_sends_rarely_and_far_is_the_application: [rare_sender_on_a_long_way];
    two_that_write_and_do_not_read_have_both_causes_each: [both_write_and_nobody_reads];
}

provoked! { "bbr":
    a_healthy_transfer_that_paces_yields_nothing: [bulk];
    a_healthy_transfer_over_loopback_that_paces_yields_nothing: [bulk_here];
    a_small_window_before_a_sender_that_paces_is_named: [small_window];
    a_window_too_small_for_the_way_of_a_sender_that_paces_is_named: [small_window_on_a_long_way];
    a_small_send_buffer_of_a_sender_that_paces_is_named: [small_send_buffer];
    a_token_bucket_before_a_sender_that_paces_is_the_congestion_window: [token_bucket];
    dropped_packets_of_a_sender_that_paces_are_loss: [dropped_packets];
    a_rare_sender_that_paces_is_the_application: [rare_sender];
}

/// Two causes at a time on one connection, with a sender that paces and one that does not.
macro_rules! on_one_connection {
    ($($module:ident: $control:literal),*) => {
        $(
            mod $module {
                use super::*;

                provoked! { $control:
                    a_small_window_in_a_token_bucket_is_both: [small_window_in_a_token_bucket];
                    a_small_window_in_a_narrow_bucket_is_both: [small_window_in_a_narrow_bucket];
                    a_small_send_buffer_in_a_token_bucket_is_the_bucket: [small_send_buffer_in_a_token_bucket];
                    a_smaller_send_buffer_in_a_token_bucket_is_the_bucket: [smaller_send_buffer_in_a_token_bucket];
                    small_writes_in_a_token_bucket_are_the_bucket_too:
                        [small_writes_into_a_small_send_buffer_in_a_token_bucket];
                    a_small_send_buffer_in_a_narrow_bucket_is_the_bucket: [small_send_buffer_in_a_narrow_bucket];
                    a_small_send_buffer_in_a_wide_bucket_is_the_bucket: [small_send_buffer_in_a_wide_bucket];
                    small_writes_in_a_narrow_bucket_are_the_bucket_too:
                        [small_writes_into_a_small_send_buffer_in_a_narrow_bucket];
                    of_two_small_buffers_on_a_long_way_one_is_named: [both_buffers_small_on_a_long_way];
                    one_that_sends_rarely_and_does_not_read_has_both_causes: [sends_rarely_and_does_not_read];
                    a_slow_wire_that_leaks_is_both: [slow_wire_and_dropped_packets];
                }
            }
        )*
    };
}

on_one_connection! { does_not_pace: "cubic", paces: "bbr" }

/// The check itself: a cause that nobody expects must not pass.
#[test]
fn a_cause_where_none_was_provoked_is_a_failure() {
    in_turn(|_| {
        let place = Place::new("cubic")?;
        let mislabelled: Provocation = |place| {
            let mut provoked = rare_sender(place)?;
            provoked.subjects[0].expected = &[];
            Ok(provoked)
        };
        // Nor may what is only possible excuse it, or pass where nothing is found.
        let excused: Provocation = |place| {
            let mut provoked = rare_sender(place)?;
            (provoked.subjects[0].expected, provoked.subjects[0].possible) = (&[], &[Cause::SendBuffer]);
            Ok(provoked)
        };
        let missing: Provocation = |place| {
            let mut provoked = idle(place)?;
            provoked.subjects[0].possible = &[Cause::SendBuffer];
            Ok(provoked)
        };
        for (provocation, says) in [
            (mislabelled, "program that sends rarely: found [\"application\"], provoked []"),
            (excused, "program that sends rarely: found [\"application\"], provoked []"),
            (missing, "idle connection: found [], provoked []"),
        ] {
            let failed = catch_unwind(AssertUnwindSafe(|| judge(&place, &[provocation]))).expect_err("it is found");
            let text = failed.downcast_ref::<String>().expect("a sentence");
            // In an interval in which something else happened too, another sentence is right.
            assert!(text.contains(says), "{text}");
        }
        Ok(())
    });
}

/// Two causes at a time on two connections: every pair, one after the other in one place.
fn pairs_with(first: usize) {
    in_turn(|_| {
        let place = Place::new("cubic")?;
        let others = &PROVOCATIONS[first + 1..];
        others.iter().try_for_each(|&second| judge(&place, &[PROVOCATIONS[first], second]))
    });
}

#[test]
fn a_small_window_is_told_apart_from_each_other_cause_beside_it() {
    pairs_with(0);
}

#[test]
fn a_small_send_buffer_is_told_apart_from_each_other_cause_beside_it() {
    pairs_with(1);
}

#[test]
fn a_token_bucket_is_told_apart_from_each_other_cause_beside_it() {
    pairs_with(2);
}

#[test]
fn dropped_packets_are_told_apart_from_each_other_cause_beside_them() {
    pairs_with(3);
}

#[test]
fn a_full_listener_is_told_apart_from_each_other_cause_beside_it() {
    pairs_with(4);
}
