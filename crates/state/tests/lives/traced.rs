//! Random runs of a model of the kernel that tells of every transition: in a ring that can be full, beside dumps whose rows
//! are old when they are read. Whenever the engine says that it is in sync, it has every socket, each in its state.

use std::collections::{BTreeMap, VecDeque};

use sockeye_state::lives::{Happening, Known, Lives, Protocol, Reason, Rules, Told};
use sockeye_wire::sock_diag::state::State;
use sockeye_wire::sock_diag::state::State::*;

use crate::made::{Random, at, first_failure, row, transition};

/// Random runs.
const RUNS: u64 = 20_000;

/// The kernel.
#[derive(Default)]
struct Kernel {
    /// Those in a table, and the moment of their last change.
    sockets: BTreeMap<u64, (State, u64)>,
    next: u64,
    ring: VecDeque<(u64, u64, State, State)>,
    ring_max: usize,
    lost: u64,
    /// How many lives of a socket have ended.
    ended: BTreeMap<u64, u32>,
    time: u64,
}

impl Kernel {
    fn live(&mut self, random: &mut Random) {
        self.time += 1;
        let known = random.one_of(self.sockets.keys().copied().collect::<Vec<_>>().into_iter());
        let Some(cookie) = known.filter(|_| random.below(3) != 0) else {
            // Somebody whose connection is over connects again, or somebody new.
            let again = random.one_of(self.ended.keys().copied().collect::<Vec<_>>().into_iter());
            let again = again.filter(|cookie| random.below(4) == 0 && !self.sockets.contains_key(cookie));
            let cookie = again.unwrap_or_else(|| {
                self.next += 1;
                self.next
            });
            return self.change(cookie, Unconnected, if random.below(5) == 0 { Listening } else { SynSent });
        };
        let old = self.sockets[&cookie].0;
        let new = match (old, random.below(3)) {
            (SynSent | Established, 0) | (Listening | LastAck | FinWait2, _) => Unconnected,
            (SynSent, _) => Established,
            (Established, 1) => FinWait1,
            (Established, _) => CloseWait,
            (FinWait1, _) => FinWait2,
            _ => LastAck,
        };
        self.change(cookie, old, new);
    }

    fn change(&mut self, cookie: u64, old: State, new: State) {
        if new == Unconnected {
            self.sockets.remove(&cookie);
            *self.ended.entry(cookie).or_default() += 1;
        } else {
            self.sockets.insert(cookie, (new, self.time));
        }
        if self.ring.len() < self.ring_max {
            self.ring.push_back((self.time, cookie, old, new));
        } else {
            self.lost += 1;
        }
    }
}

/// Who reads the ring, and what was told.
#[derive(Default)]
struct Reader {
    lost: u64,
    told: BTreeMap<u64, bool>,
    closed: BTreeMap<u64, u32>,
    wrong: Option<String>,
    /// Something was lost, which may be an end.
    is_in_gap: bool,
}

impl Reader {
    fn take(&mut self, told: &Told<'_>) {
        match told {
            Told::Gap(_) => self.is_in_gap = true,
            Told::Synced(_) => self.is_in_gap = false,
            _ => {}
        }
        let Told::Event(event) = told else { return };
        let cookie = event.life.cookie;
        let is_known = self.told.get(&cookie).copied().unwrap_or(false);
        let is_end = event.happening == Happening::Closed;
        if is_end {
            *self.closed.entry(cookie).or_default() += 1;
        }
        if is_end && !is_known && event.life.known != Known::End {
            self.wrong = Some(format!("{cookie} ends that never began"));
        }
        if event.happening == Happening::Opened && is_known && !self.is_in_gap {
            self.wrong = Some(format!("{cookie} is opened where it is there already"));
        }
        self.told.insert(cookie, !is_end);
    }

    fn read(&mut self, kernel: &mut Kernel, lives: &mut Lives, count: usize) {
        let lost = kernel.lost;
        for _ in 0..count {
            let Some((time, cookie, old, new)) = kernel.ring.pop_front() else { break };
            lives.transition(&transition(cookie, time, old, new), &mut |told| self.take(&told));
        }
        if lost > self.lost {
            lives.lost(Reason::Ring, Some(lost - self.lost), at(kernel.time), &mut |told| self.take(&told));
            self.lost = lost;
        }
    }
}

/// One run. An error says what went wrong.
fn run(seed: u64, rules: Rules) -> Result<(), String> {
    let mut random = Random(seed);
    let mut kernel = Kernel { ring_max: 4 + usize::try_from(random.below(30)).expect("small"), ..Kernel::default() };
    (0..random.below(8)).for_each(|_| kernel.live(&mut random));
    kernel.ring.clear();
    let (mut lives, mut reader) = (Lives::with_rules(true, rules), Reader { lost: kernel.lost, ..Reader::default() });
    for _ in 0..14 {
        for _ in 0..random.below(8) {
            kernel.live(&mut random);
            if random.below(4) == 0 {
                reader.read(&mut kernel, &mut lives, 2);
            }
        }
        reader.read(&mut kernel, &mut lives, usize::MAX);
        // What is not known has to be asked for, and counters always can be.
        if !lives.is_synced() || random.below(3) == 0 {
            dump(&mut kernel, &mut lives, &mut reader, &mut random);
        }
        if random.below(2) == 0 {
            reader.read(&mut kernel, &mut lives, usize::MAX);
        }
        if let Some(wrong) = reader.wrong.take() {
            return Err(wrong);
        }
        if kernel.ring.is_empty() && kernel.lost == reader.lost && lives.is_synced() {
            let known: BTreeMap<u64, State> = lives.iter().map(|(life, _)| (life.cookie, life.state)).collect();
            let real: BTreeMap<u64, State> =
                kernel.sockets.iter().map(|(&cookie, &(state, _))| (cookie, state)).collect();
            if known != real {
                return Err(format!("{known:?} instead of {real:?}"));
            }
        }
        for (cookie, &times) in &reader.closed {
            let ended = kernel.ended.get(cookie).copied().unwrap_or(0);
            if times > ended {
                return Err(format!("{cookie} ended {ended} times, and {times} ends were told"));
            }
        }
    }
    Ok(())
}

/// A round. Rows are those of the moment in which their piece is made; what changes meanwhile may be passed over.
fn dump(kernel: &mut Kernel, lives: &mut Lives, reader: &mut Reader, random: &mut Random) {
    kernel.time += 1;
    let began = kernel.time;
    lives.begin_round(&[Protocol::Tcp], at(began));
    let mut after = 0;
    let mut whole = true;
    loop {
        let piece: Vec<(u64, State, u64)> = kernel
            .sockets
            .range(after + 1..)
            .take(3)
            .map(|(&cookie, &(state, changed))| (cookie, state, changed))
            .collect();
        let Some(&(last, ..)) = piece.last() else { break };
        after = last;
        (0..random.below(4)).for_each(|_| kernel.live(random));
        if random.below(2) == 0 {
            reader.read(kernel, lives, 3);
        }
        for (cookie, state, changed) in piece {
            if changed < began || random.below(3) != 0 {
                lives.row(Protocol::Tcp, &row(cookie, state, &[]), at(kernel.time), &mut |told| reader.take(&told));
            }
        }
        if random.below(30) == 0 {
            whole = false;
            break;
        }
    }
    // What happens after that is of the next round.
    (0..random.below(2)).for_each(|_| kernel.live(random));
    reader.read(kernel, lives, usize::MAX);
    (0..random.below(3)).for_each(|_| kernel.live(random));
    lives.end_round(whole, at(kernel.time), &mut |told| reader.take(&told));
}

#[test]
fn in_sync_means_equal() {
    if let Some((seed, wrong)) = first_failure(RUNS, |seed| run(seed, Rules::default())) {
        panic!("seed {seed}: {wrong}");
    }
}

/// Breaks one rule: a run must show it.
#[track_caller]
fn breaks(break_rule: fn(&mut Rules)) {
    let mut rules = Rules::default();
    break_rule(&mut rules);
    let caught = (0..RUNS).find(|&seed| run(seed, rules).is_err());
    assert!(caught.is_some(), "no run of {RUNS} shows it");
}

#[test]
fn rows_that_win_over_what_was_told_are_caught() {
    breaks(|rules| rules.events_win = false);
}

#[test]
fn rows_that_come_before_the_birth_that_was_told_are_caught() {
    breaks(|rules| rules.births_come_first = false);
}

#[test]
fn rows_that_revive_what_has_closed_are_caught() {
    breaks(|rules| rules.tombstones = false);
}

#[test]
fn newborn_sockets_that_are_missed_are_caught() {
    breaks(|rules| rules.newborn_are_excused = false);
}

#[test]
fn a_round_that_outlives_a_loss_is_caught() {
    breaks(|rules| rules.losses_end_rounds = false);
}

#[test]
fn a_cut_round_that_counts_is_caught() {
    breaks(|rules| rules.whole_rounds = false);
}
