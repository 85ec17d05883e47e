//! Random runs of a model of the kernel without transitions: sockets come and go, some are held when they are in no table any more, their ends wait in a queue that overruns, dumps come in pieces
//! and pass over sockets that move. Whenever the engine says that it is in sync, it has what the kernel has.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use sockeye_state::lives::{Happening, Lives, Protocol, Reason, Rules, Told};
use sockeye_wire::sock_diag::state::State;

use crate::made::{Random, at, destroyed, first_failure, row};

/// Random runs.
const RUNS: u64 = 20_000;
/// Ends that the queue holds.
const QUEUE_MAX: usize = 6;

/// A mistake that whoever feeds the engine could make.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Bug {
    None,
    /// The loss is not told.
    LossUntold,
    /// A round that was cut is called whole.
    CutCalledWhole,
    /// Ends are not read while a dump runs, and forgotten after it.
    EndsForgotten,
    /// Rounds of before the loss are gone on with.
    OldRoundKept,
}

/// The kernel.
#[derive(Default)]
struct Kernel {
    /// In a table.
    alive: BTreeSet<u64>,
    /// In none: their connection is over, and somebody holds them.
    held: BTreeSet<u64>,
    next: u64,
    queue: VecDeque<u64>,
    /// Everything is dropped until the queue is empty.
    congested: bool,
    /// The loss that was not told yet.
    overrun: bool,
    dropped: u64,
    ended: u64,
    /// Those that were passed over by the last dump.
    moved: BTreeSet<u64>,
}

impl Kernel {
    fn live(&mut self, random: &mut Random) {
        if random.below(2) == 0 {
            self.next += 1;
            self.alive.insert(self.next);
            return;
        }
        let from_held = random.below(4) == 0 || self.alive.is_empty();
        let from = if from_held { &mut self.held } else { &mut self.alive };
        let Some(cookie) = random.one_of(from.iter().copied().collect::<Vec<_>>().into_iter()) else { return };
        from.remove(&cookie);
        if !from_held && random.below(5) == 0 {
            self.held.insert(cookie);
            return;
        }
        self.ended += 1;
        if self.congested || self.queue.len() >= QUEUE_MAX {
            (self.congested, self.overrun) = (true, self.overrun || !self.congested);
            self.dropped += 1;
        } else {
            self.queue.push_back(cookie);
        }
    }

    fn is_quiet(&self) -> bool {
        self.queue.is_empty() && !self.overrun && !self.congested
    }
}

/// What was told of each socket.
#[derive(Default)]
struct Story {
    closed: BTreeMap<u64, u32>,
    known: BTreeSet<u64>,
}

impl Story {
    fn take(&mut self, told: &Told<'_>) {
        let Told::Event(event) = told else { return };
        let cookie = event.life.cookie;
        if event.happening == Happening::Closed {
            *self.closed.entry(cookie).or_default() += 1;
            self.known.remove(&cookie);
        } else {
            self.known.insert(cookie);
        }
    }
}

/// One run. An error says what went wrong.
fn run(seed: u64, bug: Bug, rules: Rules) -> Result<(), String> {
    let mut random = Random(seed);
    let (mut kernel, mut lives, mut told) = (Kernel::default(), Lives::with_rules(false, rules), Story::default());
    let mut time = 1000;
    // Those of which a row was given.
    let mut shown = BTreeSet::new();
    let mut read = |kernel: &mut Kernel, lives: &mut Lives, told: &mut Story, count: usize| {
        for _ in 0..count {
            time += 1;
            if kernel.overrun {
                kernel.overrun = false;
                if bug != Bug::LossUntold {
                    lives.lost(Reason::Overrun, None, at(time), &mut |one| told.take(&one));
                }
                continue;
            }
            match kernel.queue.pop_front() {
                Some(cookie) => {
                    lives.destroyed(Protocol::Tcp, &destroyed(cookie, &[]), at(time), &mut |one| told.take(&one));
                }
                None => kernel.congested = false,
            }
        }
    };
    for number in 0..12 {
        for _ in 0..random.below(12) {
            kernel.live(&mut random);
            if random.below(3) == 0 {
                read(&mut kernel, &mut lives, &mut told, 1);
            }
        }
        read(&mut kernel, &mut lives, &mut told, QUEUE_MAX + 3);
        // A round: rows are those of the moment in which their piece is made.
        let began = at(1_000_000 * (number + 1));
        let mut cut = random.below(8) == 0;
        lives.begin_round(&[Protocol::Tcp], began);
        let mut after = 0;
        let mut lost_meanwhile = false;
        loop {
            let piece: Vec<u64> = kernel.alive.range(after + 1..).take(3).copied().collect();
            let Some(&last) = piece.last() else { break };
            after = last;
            // What is told of before the piece is read is newer than it.
            if random.below(3) == 0 {
                (0..random.below(3)).for_each(|_| kernel.live(&mut random));
                if bug != Bug::EndsForgotten {
                    read(&mut kernel, &mut lives, &mut told, 4);
                }
            }
            for cookie in piece {
                // One that moves is passed over; that it does so in every round is not to be expected.
                let moves = random.below(15) == 0 && !kernel.moved.contains(&cookie);
                if moves {
                    kernel.moved.insert(cookie);
                } else {
                    kernel.moved.remove(&cookie);
                    shown.insert(cookie);
                    let message = row(cookie, State::Established, &[]);
                    lives.row(Protocol::Tcp, &message, began, &mut |one| told.take(&one));
                }
            }
            for _ in 0..random.below(4) {
                kernel.live(&mut random);
            }
            lost_meanwhile |= kernel.overrun;
            if bug == Bug::EndsForgotten {
                kernel.queue.clear();
            } else if random.below(2) == 0 {
                read(&mut kernel, &mut lives, &mut told, 2);
            }
            if cut && random.below(3) == 0 {
                break;
            }
            cut &= random.below(4) != 0;
        }
        if bug != Bug::EndsForgotten {
            read(&mut kernel, &mut lives, &mut told, QUEUE_MAX + 3);
        }
        if bug == Bug::OldRoundKept && lost_meanwhile {
            lives.begin_round(&[Protocol::Tcp], began);
        }
        let whole = !cut || bug == Bug::CutCalledWhole;
        lives.end_round(whole, began, &mut |one| told.take(&one));
        if kernel.is_quiet() && lives.is_synced() {
            compare(&kernel, &lives, &told, &shown)?;
        }
    }
    if let Some(cookie) = told.closed.keys().find(|cookie| kernel.alive.contains(cookie)) {
        return Err(format!("{cookie} is alive and was told to have ended"));
    }
    if let Some((cookie, times)) = told.closed.iter().find(|(_, times)| **times > 1) {
        return Err(format!("{cookie} ended {times} times"));
    }
    let heard = told.closed.len() as u64;
    if kernel.dropped == 0 && kernel.queue.is_empty() && heard != kernel.ended && bug != Bug::EndsForgotten {
        return Err(format!("{heard} ends were told of {}", kernel.ended));
    }
    Ok(())
}

/// Whether what is known is what there is.
fn compare(kernel: &Kernel, lives: &Lives, told: &Story, shown: &BTreeSet<u64>) -> Result<(), String> {
    let known: BTreeSet<u64> = lives.iter().map(|(life, _)| life.cookie).collect();
    // What came just now may not have been seen; what is gone must be known to be.
    if let Some(ghost) = known.iter().find(|cookie| !kernel.alive.contains(cookie) && !kernel.held.contains(cookie)) {
        return Err(format!("{ghost} is gone"));
    }
    if let Some(missing) = kernel.alive.iter().find(|cookie| shown.contains(cookie) && !known.contains(cookie)) {
        return Err(format!("{missing} was shown and is alive"));
    }
    if known != told.known {
        return Err("what was told is not what is known".to_owned());
    }
    Ok(())
}

#[test]
fn in_sync_means_that_nobody_is_there_who_is_gone() {
    if let Some((seed, wrong)) = first_failure(RUNS, |seed| run(seed, Bug::None, Rules::default())) {
        panic!("seed {seed}: {wrong}");
    }
}

#[test]
fn each_mistake_of_whoever_feeds_it_is_caught() {
    for bug in [Bug::LossUntold, Bug::CutCalledWhole, Bug::EndsForgotten, Bug::OldRoundKept] {
        let caught = (0..RUNS).find(|&seed| run(seed, bug, Rules::default()).is_err());
        assert!(caught.is_some(), "{bug:?} is not caught");
    }
}

/// Breaks one rule: a run must show it.
#[track_caller]
fn breaks(break_rule: fn(&mut Rules)) {
    let mut rules = Rules::default();
    break_rule(&mut rules);
    let caught = (0..RUNS).find(|&seed| run(seed, Bug::None, rules).is_err());
    assert!(caught.is_some(), "no run of {RUNS} shows it");
}

#[test]
fn rows_that_revive_the_dead_are_caught() {
    breaks(|rules| rules.tombstones = false);
}

#[test]
fn rows_that_revive_the_dead_after_a_loss_are_caught() {
    breaks(|rules| rules.tombstones_after_loss = false);
}

#[test]
fn an_end_concluded_from_one_absence_is_caught() {
    breaks(|rules| rules.confirm_absences = false);
}

#[test]
fn a_cut_round_that_counts_is_caught() {
    breaks(|rules| rules.whole_rounds = false);
}

#[test]
fn a_round_that_outlives_a_loss_is_caught() {
    breaks(|rules| rules.losses_end_rounds = false);
}

#[test]
fn an_end_that_is_told_twice_is_caught() {
    breaks(|rules| rules.ends_once = false);
}

#[test]
fn a_held_socket_that_is_taken_for_gone_is_caught() {
    breaks(|rules| rules.ends_are_announced = false);
}
