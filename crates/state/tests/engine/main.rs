//! The engine against a model of the kernel: `synced` means equal, whatever the kernel drops, hides and forgets.
#![allow(clippy::cast_possible_truncation, reason = "the numbers of a model are small")]

mod kernel;
#[path = "../common/records.rs"]
mod records;
mod run;

use sockeye_state::watch::Rules;

/// Runs of the property.
const RUNS: u64 = 50_000;
/// Runs within which a broken rule must show.
const BROKEN_RUNS: u64 = 20_000;
const THREADS: u64 = 4;

fn first_failure(seeds: core::ops::Range<u64>, rules: Rules) -> Option<(u64, String)> {
    seeds.into_iter().find_map(|seed| run::run(seed, rules).err().map(|error| (seed, error)))
}

#[test]
fn synced_means_equal_over_many_runs() {
    let threads: Vec<_> = (0..THREADS)
        .map(|part| {
            let (first, last) = (RUNS * part / THREADS, RUNS * (part + 1) / THREADS);
            std::thread::spawn(move || first_failure(first..last, Rules::default()))
        })
        .collect();
    for thread in threads {
        if let Some((seed, error)) = thread.join().expect("a run panics") {
            panic!("seed {seed}: {error}");
        }
    }
}

/// Breaks one rule: a run must show it.
#[track_caller]
fn breaks(break_rule: fn(&mut Rules)) {
    let mut rules = Rules::default();
    break_rule(&mut rules);
    assert!(first_failure(0..BROKEN_RUNS, rules).is_some(), "no run of {BROKEN_RUNS} shows it");
}

#[test]
fn a_dump_before_the_socket_is_empty_is_caught() {
    breaks(|rules| rules.drain_before_dump = false);
}

#[test]
fn a_dump_concluded_at_done_is_caught() {
    breaks(|rules| rules.drain_before_concluding = false);
}

#[test]
fn forgotten_deletions_are_caught() {
    breaks(|rules| rules.tombstones = false);
}

#[test]
fn rows_that_win_over_events_are_caught() {
    breaks(|rules| rules.events_win = false);
}

#[test]
fn a_missed_interruption_is_caught() {
    breaks(|rules| rules.interruptions_on_any_message = false);
}

#[test]
fn pruning_on_one_absence_is_caught() {
    breaks(|rules| rules.confirm_absences = false);
}

#[test]
fn ignored_truncation_is_caught() {
    breaks(|rules| rules.truncations = false);
}

#[test]
fn deletions_that_a_filter_keeps_out_of_a_dump_are_caught() {
    breaks(|rules| rules.deletions_of_others = false);
}

#[test]
fn a_wanted_interface_that_nobody_looks_at_is_caught() {
    breaks(|rules| rules.newcomers = false);
}
