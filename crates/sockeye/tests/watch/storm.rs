//! The storm: whatever happens, and however much of it is lost, a mirror that is in sync is what the kernel has.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use sockeye_conn::Watcher;
use sockeye_state::rtnetlink::{Tables, class};
use sockeye_state::watch::{Change, Options, Origin, Output, Verb};
use sockeye_wire::rtnetlink::Table;
use sockeye_zoo::in_namespace;

use crate::asked::Asker;
use crate::churn::{Random, prepare, squall, storm};
use crate::naive::Naive;
use crate::oracle::{Words, differences, mirrored, printed, programs};
use crate::watching::PATIENCE;

/// What is asked for; the kernel makes 40 KiB of it: 48 routes.
const RECEIVE_BUFFER: usize = 20 * 1024;
/// How long it storms at least, for each seed.
const STORM: Duration = Duration::from_millis(400);
/// Changes between two looks of the reader, at most: that is what makes it slow, on a machine that is busy as well.
const SLOWNESS: u32 = 500;
/// Silence that is taken for the end: longer than any pause in which the kernel or the engine may have something left
/// to do.
const QUIET: Duration = Duration::from_millis(250);
const SEEDS: u64 = 20;

/// The tables as whoever replays the changes has them.
#[derive(Default)]
struct Replay {
    records: HashMap<(Table, Vec<u8>), Vec<Vec<u8>>>,
    changes: u64,
    gaps: u64,
    lost: u64,
    resynced: u64,
    synced: Tables,
    /// What did not fit what was there.
    wrong: Vec<String>,
}

impl Replay {
    fn take(&mut self, output: &Output<'_>) {
        match output {
            Output::Change(change) => self.change(change),
            Output::Gap(gap) => {
                self.gaps += 1;
                self.lost += gap.lost.unwrap_or(0);
            }
            Output::Synced(synced) => self.synced = self.synced.union(synced.tables),
            _ => {}
        }
    }

    fn change(&mut self, change: &Change<'_>) {
        self.changes += 1;
        self.resynced += u64::from(change.origin == Origin::Resync);
        let copies = self.records.entry((change.table, change.key.to_vec())).or_default();
        let fits = match change.verb {
            Verb::Added => copies.is_empty() || class(change.table).repeats,
            Verb::Changed | Verb::Removed => !copies.is_empty(),
        };
        if !fits {
            self.wrong.push(format!(
                "{:?} {} {:?} with {} there",
                change.verb,
                change.table.name(),
                change.origin,
                copies.len()
            ));
        }
        if change.verb != Verb::Added {
            // Copies of one rule differ in whether their interface is there.
            let same = copies.iter().position(|copy| Some(copy.as_slice()) == change.old);
            match same {
                Some(at) => drop(copies.remove(at)),
                None => drop(copies.pop()),
            }
        }
        copies.extend(change.new.map(<[u8]>::to_vec));
    }

    fn records(&self, table: Table) -> Vec<Vec<u8>> {
        self.records.iter().filter(|((other, _), _)| *other == table).flat_map(|(_, copies)| copies.clone()).collect()
    }
}

/// A mirror that is slow to read.
struct Slow {
    watcher: Watcher,
    replay: Replay,
}

impl Slow {
    fn new(seed: u64) -> Self {
        let mut options = Options::new(Tables::watched_by_default());
        options.snapshot = true;
        options.seed = seed;
        let watcher = Watcher::with_receive_buffer(None, options, RECEIVE_BUFFER).expect("a watcher");
        assert!(watcher.receive_buffer() <= 2 * RECEIVE_BUFFER, "{}", watcher.receive_buffer());
        Self { watcher, replay: Replay::default() }
    }

    /// Whether everything that this kernel has is in sync.
    fn is_synced(&self) -> bool {
        let engine = self.watcher.engine();
        let all = engine.synced().union(engine.unsupported());
        Tables::watched_by_default().iter().all(|table| all.contains(table))
    }

    /// Reads until it is in sync and nothing has changed for a while.
    fn settle(&mut self) {
        let until = Instant::now() + *PATIENCE;
        let mut quiet_since = Instant::now();
        while !self.is_synced() || quiet_since.elapsed() < QUIET {
            assert!(Instant::now() < until, "never in sync: {} of the tables are", self.watcher.engine().synced());
            let before = self.replay.changes;
            self.watcher.wait(Some(QUIET / 5), &mut |output| self.replay.take(&output)).expect("read");
            if self.replay.changes != before || !self.is_synced() {
                quiet_since = Instant::now();
            }
        }
    }

    /// The mirror and what the other programs say, at a moment at which nothing changes.
    fn compare(&mut self) -> (Words, Words) {
        for _ in 0..20 {
            self.settle();
            let before = self.replay.changes;
            let theirs = printed();
            let ours = mirrored(&|table| records(&self.watcher, table));
            self.settle();
            if self.replay.changes == before {
                return (ours, theirs);
            }
        }
        panic!("the namespace does not come to rest");
    }
}

fn records(watcher: &Watcher, table: Table) -> Vec<Vec<u8>> {
    watcher.engine().mirror(table).expect("it is followed").iter().map(<[u8]>::to_vec).collect()
}

/// One storm. Returns what the naive mirror has wrong, and a line about it all.
fn weather(seed: u64) -> (usize, String) {
    let began = Instant::now();
    let mut slow = Slow::new(seed);
    slow.settle();
    let ready = began.elapsed();
    let mut naive = Naive::new(&slow.watcher.engine().groups(), RECEIVE_BUFFER);
    let asked = AtomicUsize::new(0);
    thread::scope(|scope| {
        let storm = scope.spawn(|| storm(seed, STORM, &asked));
        let (mut pauses, mut next) = (Random(!seed), 0);
        while !storm.is_finished() {
            if asked.load(Ordering::Relaxed) < next {
                thread::yield_now();
                continue;
            }
            next = asked.load(Ordering::Relaxed) + pauses.below(SLOWNESS) as usize;
            slow.watcher.advance(&mut |output| slow.replay.take(&output)).expect("read");
            naive.read(20);
        }
    });
    let asked = asked.into_inner();
    while naive.read(1000) {}
    squall(&mut Asker::new());
    let (ours, theirs) = slow.compare();
    while naive.read(1000) {}

    let wrong = differences(&ours, &theirs);
    assert!(wrong.is_empty(), "seed {seed}: {} records are wrong\n{}", wrong.len(), wrong.join("\n"));
    let replay = &slow.replay;
    assert!(replay.wrong.is_empty(), "seed {seed}: {}", replay.wrong.join("\n"));
    let wrong = differences(&mirrored(&|table| replay.records(table)), &theirs);
    assert!(wrong.is_empty(), "seed {seed}: replayed, {} records are wrong\n{}", wrong.len(), wrong.join("\n"));
    for table in Tables::watched_by_default().iter() {
        assert_eq!(replay.records(table).len(), records(&slow.watcher, table).len(), "seed {seed}: {}", table.name());
    }
    let counters = slow.watcher.engine().counters();
    assert!(counters.overruns > 0 && replay.gaps > 0, "seed {seed}: nothing was lost, so nothing was shown");
    assert!(replay.lost <= counters.lost, "seed {seed}");

    let naive_wrong = differences(&mirrored(&|table| naive.records(table)), &theirs).len();
    let mut line = String::new();
    let rows: usize = ours.values().map(Vec::len).sum();
    let _ = write!(
        line,
        "seed {seed} ({ready:?} {:?}): {asked} asked, {} read, {} lost in {} gaps, {} differences, {rows} records; naive: {naive_wrong} wrong",
        began.elapsed(),
        counters.datagrams,
        counters.lost,
        replay.gaps,
        replay.resynced
    );
    (naive_wrong, line)
}

/// Half of the seeds, so that two processors have something to do.
fn seeds(seeds: impl Iterator<Item = u64>) {
    let (mut naive_fails, mut count) = (0, 0);
    let mut lines = Vec::new();
    for seed in seeds {
        let (naive_wrong, line) = weather(seed);
        println!("{line}");
        lines.push(line);
        naive_fails += u64::from(naive_wrong > 0);
        count += 1;
    }
    println!("the naive mirror fails {naive_fails} of {count}");
    // What the storm shows is worth something only if it is hard.
    assert_eq!(naive_fails, count, "the naive mirror is right sometimes\n{}", lines.join("\n"));
}

#[test]
fn a_mirror_in_sync_is_what_the_kernel_has_after_each_storm_of_one_half() {
    in_namespace(|_| {
        programs(&["ip", "bridge", "tc"])?;
        prepare(&mut Asker::new());
        seeds(1..=SEEDS / 2);
        Ok(())
    });
}

#[test]
fn a_mirror_in_sync_is_what_the_kernel_has_after_each_storm_of_the_other_half() {
    in_namespace(|_| {
        programs(&["ip", "bridge", "tc"])?;
        prepare(&mut Asker::new());
        seeds(SEEDS / 2 + 1..=SEEDS);
        Ok(())
    });
}
