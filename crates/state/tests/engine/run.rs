//! One run: a driver that does what the engine wants, at random times between random changes, and checks what it says.

use core::time::Duration;
use std::collections::HashMap;

use sockeye_state::rtnetlink::{Source, Tables, same, write_key};
use sockeye_state::watch::{Change, Options, Output, Rules, Verb, Want, Watch};
use sockeye_state::{Datagram, Received};
use sockeye_wire::rtnetlink::Table;

use crate::kernel::{Event, Habits, Kernel, Random};

/// Steps of a run in which things change.
const STEPS: usize = 120;
/// What must be enough to come to rest.
const STEPS_AFTER: usize = 20_000;
const AUDIT: Duration = Duration::from_secs(20);

/// What the changes amount to: key to record, and for records that repeat how many.
type Replay = HashMap<(Table, Vec<u8>), (Vec<u8>, usize)>;

#[derive(Default)]
struct Listener {
    replay: Replay,
    /// Tables of the last `Synced`, to be checked.
    synced: Tables,
    /// Tables that are in sync only as far as one can tell.
    unsure: Tables,
    lost: u64,
    gaps: u64,
    error: Option<String>,
}

impl Listener {
    fn take(&mut self, output: &Output<'_>) {
        match output {
            Output::Change(change) => self.change(change),
            Output::Gap(gap) => {
                self.gaps += 1;
                self.lost += gap.lost.unwrap_or(0);
            }
            Output::Synced(synced) => {
                let is_sure = |&table: &Table| !synced.confirmed.contains(table);
                let sure: Tables = synced.tables.iter().filter(is_sure).collect();
                self.synced = self.synced.union(sure);
                self.unsure = self.unsure.iter().filter(|&table| !sure.contains(table)).collect();
                self.unsure = self.unsure.union(synced.confirmed);
            }
            other => self.error = Some(format!("unexpected {other:?}")),
        }
    }

    fn change(&mut self, change: &Change<'_>) {
        let place = (change.table, change.key.to_vec());
        let before = self.replay.get(&place).map(|(record, _)| record.clone());
        let repeats = change.table == Table::Rules;
        let wrong = match (change.verb, before, change.old, change.new) {
            (Verb::Added, None, None, Some(_)) => false,
            (Verb::Added, Some(_), None, Some(_)) => !repeats,
            (Verb::Changed, Some(before), Some(old), Some(_)) | (Verb::Removed, Some(before), Some(old), None) => {
                !same(change.table, &before, old, Source::Event)
            }
            _ => true,
        };
        if wrong {
            self.error = Some(format!("a change that does not follow: {change:?}"));
        }
        match (change.verb, change.new) {
            (Verb::Added, Some(new)) => {
                let entry = self.replay.entry(place).or_insert_with(|| (new.to_vec(), 0));
                entry.1 += 1;
            }
            (_, Some(new)) => {
                self.replay.insert(place, (new.to_vec(), 1));
            }
            (_, None) => {
                if let Some(entry) = self.replay.get_mut(&place) {
                    entry.1 -= 1;
                    if entry.1 == 0 {
                        self.replay.remove(&place);
                    }
                }
            }
        }
    }
}

fn habits(random: &mut Random) -> Habits {
    let mut rarely = |often: u64| if random.one_in(3) { often + random.below(often * 3) } else { 0 };
    Habits {
        truncated_event: rarely(40),
        truncated_chunk: rarely(12),
        busy: rarely(10),
        lost_uncounted: rarely(60),
        foreign: rarely(40),
        silent: rarely(3),
        queue_max: 400 + random.below(2500) as usize,
    }
}

/// One run; what went wrong, if anything did.
pub(crate) fn run(seed: u64, rules: Rules) -> Result<(), String> {
    let mut random = Random(seed);
    let habits = habits(&mut random);
    let counts_drops = !random.one_in(3);
    let mut kernel = Kernel::new(seed ^ 0x5eed, habits);
    let mut options = Options::new(Kernel::tables());
    options.snapshot = true;
    options.audit = Some(AUDIT);
    options.seed = seed;
    options.rules = rules;
    if random.one_in(3) {
        options.interfaces = [1, 3].map(|index| format!("e{index}").into_bytes()).into();
    }
    let mut watch = Watch::new(options);
    kernel.selection = watch.selection().cloned();
    let mut listener = Listener::default();
    let mut now = Duration::from_secs(5);
    let mut first_count = None;
    let churn = 1 + random.below(6);

    for step in 0..STEPS + STEPS_AFTER {
        let is_busy = step < STEPS;
        while is_busy && random.below(churn + 2) < churn {
            kernel.change();
            if random.one_in(50) {
                (0..random.below(40)).for_each(|_| kernel.change());
            }
        }
        let mut sink = |output: Output<'_>| listener.take(&output);
        match watch.want(now) {
            Want::Events => {
                let batch = if random.one_in(3) { 1 + random.below(4) } else { u64::MAX };
                for _ in 0..batch {
                    match kernel.receive() {
                        Event::Datagram { bytes, sender, truncated } => {
                            let datagram = Datagram::new(&bytes).from_sender(sender).cut(truncated);
                            watch.event(Received::Datagram(datagram), now, &mut sink);
                        }
                        Event::Overrun => watch.event(Received::Overrun, now, &mut sink),
                        Event::Empty => {
                            watch.event(Received::Empty, now, &mut sink);
                            break;
                        }
                    }
                    if is_busy && random.one_in(8) {
                        kernel.change();
                    }
                }
            }
            // What was dropped before the first reading is not ours.
            Want::Drops if *first_count.get_or_insert(kernel.drops) > kernel.drops => unreachable!(),
            Want::Drops => watch.drops(Some(kernel.drops).filter(|_| counts_drops), now, &mut sink),
            Want::Select => kernel.selection = watch.selection().cloned(),
            Want::Send(request) => kernel.send(&request),
            Want::Answer => {
                let (bytes, truncated) = kernel.answer();
                let datagram = Datagram::new(&bytes).cut(truncated);
                watch.answer(Received::Datagram(datagram), now, &mut sink);
            }
            Want::Reopen => kernel.reopen(),
            Want::Wait { until } => {
                if kernel.is_quiet() && (!is_busy || random.one_in(3)) {
                    // Not only at the moment when it is said.
                    listener.synced = listener.synced.union(watch.synced());
                }
                check(&kernel, &watch, &mut listener).map_err(|error| format!("step {step}, waiting: {error}"))?;
                if is_busy {
                    now += Duration::from_millis(random.below(120));
                } else if kernel.is_quiet() {
                    // An audit of every table finds what no event told of: changes end after less than 20 s.
                    let until = until.ok_or("nothing is due")?;
                    if now > Duration::from_mins(1) && watch.synced() == Kernel::tables() {
                        break;
                    }
                    now = now.max(until);
                }
            }
            other => return Err(format!("unknown {other:?}")),
        }
        now += Duration::from_micros(random.below(300));
        if let Some(error) = listener.error.take() {
            return Err(format!("step {step}: {error}"));
        }
        check(&kernel, &watch, &mut listener).map_err(|error| format!("step {step}: {error}"))?;
    }
    if watch.synced() != Kernel::tables() {
        return Err(format!("not in sync in the end: {}", watch.synced()));
    }
    for table in Kernel::tables().iter() {
        compare(&kernel, &watch, table).map_err(|error| format!("in the end, {table:?}: {error}"))?;
        replayed(&listener.replay, &watch, table).map_err(|error| format!("replay, {table:?}: {error}"))?;
    }
    if counts_drops && listener.lost != kernel.drops - first_count.unwrap_or(0) {
        return Err(format!("{} lost, {} dropped", listener.lost, kernel.drops));
    }
    Ok(())
}

/// What was said to be in sync equals the kernel, unless something is unread, or vanished without a word.
fn check(kernel: &Kernel, watch: &Watch, listener: &mut Listener) -> Result<(), String> {
    let synced = core::mem::take(&mut listener.synced);
    if !kernel.is_quiet() {
        return Ok(());
    }
    let is_due = |&table: &Table| !kernel.silent.contains(table) && !listener.unsure.contains(table);
    for table in synced.iter().filter(is_due) {
        compare(kernel, watch, table).map_err(|error| format!("{table:?}: {error}"))?;
    }
    Ok(())
}

fn compare(kernel: &Kernel, watch: &Watch, table: Table) -> Result<(), String> {
    let mirror = watch.mirror(table).ok_or("no mirror")?;
    let records = kernel.records(table);
    if records.len() != mirror.len() {
        let ours: Vec<_> = mirror.iter().collect();
        return Err(format!("{} records, the kernel has {}: {ours:?} {records:?}", mirror.len(), records.len()));
    }
    let mut key = Vec::new();
    for record in &records {
        write_key(table, record, &mut key);
        match mirror.get(&key) {
            Some(ours) if same(table, record, ours, Source::Event) => {}
            ours => return Err(format!("{record:?} of the kernel is {ours:?}")),
        }
    }
    if table == Table::Rules {
        let sorted = |mut records: Vec<Vec<u8>>| {
            records.sort();
            records
        };
        if sorted(records) != sorted(mirror.iter().map(<[u8]>::to_vec).collect()) {
            return Err("other copies".into());
        }
    }
    Ok(())
}

fn replayed(replay: &Replay, watch: &Watch, table: Table) -> Result<(), String> {
    let mirror = watch.mirror(table).ok_or("no mirror")?;
    let ours: HashMap<_, _> = replay.iter().filter(|((of, _), _)| *of == table).collect();
    let count: usize = ours.values().map(|(_, count)| count).sum();
    if count != mirror.len() {
        return Err(format!("{count} records, the mirror has {}", mirror.len()));
    }
    for ((_, key), (record, _)) in ours {
        if !mirror.get(key).is_some_and(|other| same(table, record, other, Source::Event)) {
            return Err(format!("{record:?} is {:?}", mirror.get(key)));
        }
    }
    Ok(())
}
