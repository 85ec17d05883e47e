//! `--on CHANGE-FILTER --run COMMAND`: commands that changes start.
//!
//! A change that fits is due at once, after a quiet time (`--debounce`), or when its condition still holds some time
//! later (`--hold`). What is due goes into a bounded queue; what finds it full is counted and said, never kept.

mod due;
mod job;
mod worker;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::Result;
use sockeye_query::filter::Decision;
use sockeye_query::rtnetlink::{Change, ChangeKind, Row};
use sockeye_state::rtnetlink::Tables;
use sockeye_state::watch::Origin;
use sockeye_wire::rtnetlink::Table;

use super::complain;
use super::options::Options;
use super::place::Place;
use super::subject::Subjects;
use crate::sockets::Mistaken;
use due::Due;
use job::Job;
use worker::Workers;

/// Changes that wait for their quiet time or to be looked at again, for each hook. Beyond that they are skipped.
const WAITING_MAX: usize = 4096;

/// A change of which a hook may be told.
#[derive(Clone, Copy)]
pub(super) struct Happened<'c> {
    pub(super) change: &'c Change<'c>,
    /// The record's identity, as the engine has it.
    pub(super) key: &'c [u8],
    pub(super) origin: Origin,
    pub(super) port_id: u32,
    pub(super) place: &'c Place,
}

impl Hook {
    /// Lets a change wait. `again`: its time begins anew with each that joins it.
    fn wait(&mut self, due: Due, at: Instant, job: Job, old: Option<Vec<u8>>, again: bool) {
        if let Some(waiting) = self.waiting.get_mut(&due) {
            waiting.joined += 1;
            if again {
                (waiting.at, waiting.job) = (at, job);
            }
        } else if self.waiting.len() >= WAITING_MAX {
            self.skipped += 1;
        } else {
            self.waiting.insert(due, Waiting { at, job, joined: 1, old });
        }
    }

    /// Whether what was asked for still holds of the record as it is now, however often it changed meanwhile.
    fn still_holds<'w>(
        &self,
        due: &Due,
        waiting: &Waiting,
        look: &impl Fn(u64, Table, &[u8]) -> Option<(&'w Place, Option<&'w [u8]>)>,
    ) -> bool {
        let Due::Record { namespace, table, key } = due else { return true };
        let Some((place, now)) = look(*namespace, *table, key) else { return false };
        let Some(filter) = self.subjects.filter(*table) else { return false };
        let read = |bytes: Option<&'w [u8]>| Row::read(*table, bytes?, place).ok();
        let new = read(now);
        let old = waiting.old.as_deref().and_then(|bytes| Row::read(*table, bytes, place).ok());
        let kind = match (old, new) {
            (_, None) => ChangeKind::Removed,
            (None, Some(_)) => ChangeKind::Added,
            (Some(_), Some(_)) => ChangeKind::Changed,
        };
        filter.decide(&Change { kind, resync: waiting.job.resync, old, new }) == Decision::Yes
    }
}

fn start(workers: &Workers, skipped: &mut u64, job: Job) {
    if !workers.start_job(job) {
        *skipped += 1;
    }
}

/// The words of a command; with a shell they are its own affair.
fn command(text: &str, shell: bool) -> Result<Vec<String>> {
    if shell {
        return Ok(vec!["/bin/sh".to_owned(), "-c".to_owned(), text.to_owned()]);
    }
    let words = shlex::split(text)
        .ok_or_else(|| Mistaken::sentence(format!("the command {text:?} has a quote that is not closed")))?;
    if words.is_empty() {
        return Err(Mistaken::sentence("--run needs a command"));
    }
    Ok(words)
}

/// What stands behind one `--on` and its `--run`.
struct Hook {
    subjects: Subjects,
    command: Vec<String>,
    waiting: HashMap<Due, Waiting>,
    /// Changes that were not told because there were too many.
    skipped: u64,
}

/// A change that waits.
struct Waiting {
    at: Instant,
    job: Job,
    /// Changes that it stands for.
    joined: u64,
    old: Option<Vec<u8>>,
}

/// All hooks of a watch.
pub(super) struct Hooks {
    all: Vec<Hook>,
    workers: Workers,
    debounce: Option<Duration>,
    hold: Option<Duration>,
}

impl Hooks {
    /// Reads `--on` and `--run`; none of them is no hook.
    pub(super) fn read(options: &Options) -> Result<Option<Self>> {
        if options.on.is_empty() && options.run.is_empty() {
            return Ok(None);
        }
        if options.on.len() != options.run.len() {
            return Err(Mistaken::sentence(format!(
                "each --on needs its --run: there are {} of the one and {} of the other",
                options.on.len(),
                options.run.len()
            )));
        }
        let pairs = options.on.iter().zip(&options.run);
        let hooks = pairs.map(|(on, run)| {
            Ok(Hook {
                subjects: Subjects::of_text(on)?,
                command: command(run, options.shell)?,
                waiting: HashMap::new(),
                skipped: 0,
            })
        });
        Ok(Some(Self {
            all: hooks.collect::<Result<_>>()?,
            workers: Workers::start(options.run_jobs, options.run_queue, options.run_timeout),
            debounce: options.debounce,
            hold: options.hold,
        }))
    }

    /// The tables that the hooks speak of.
    pub(super) fn tables(&self) -> Tables {
        self.all.iter().fold(Tables::NONE, |all, hook| all.union(hook.subjects.tables()))
    }

    /// Takes a change. What was there at first starts nothing.
    pub(super) fn take(&mut self, happened: Happened<'_>) {
        if happened.origin == Origin::Snapshot {
            return;
        }
        let Some(row) = happened.change.row() else { return };
        let now = Instant::now();
        for index in 0..self.all.len() {
            let hook = &mut self.all[index];
            let Some(filter) = hook.subjects.filter(row.table) else { continue };
            if filter.decide(happened.change) != Decision::Yes {
                continue;
            }
            let job = Job::new(index, &hook.command, &happened);
            match (self.hold, self.debounce) {
                (Some(hold), _) => {
                    let due =
                        Due::Record { namespace: happened.place.number, table: row.table, key: happened.key.into() };
                    let old = happened.change.old.map(|row| row.payload().to_vec());
                    hook.wait(due, now + hold, job, old, false);
                }
                (None, Some(quiet)) => hook.wait(Due::Hook, now + quiet, job, None, true),
                (None, None) => start(&self.workers, &mut hook.skipped, job),
            }
        }
        self.say_skipped();
    }

    /// When something that waits is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.all.iter().flat_map(|hook| hook.waiting.values()).map(|waiting| waiting.at).min()
    }

    /// Starts what is due. `look` leads to a namespace and to what a record of it is now.
    pub(super) fn run_due<'w>(&mut self, look: impl Fn(u64, Table, &[u8]) -> Option<(&'w Place, Option<&'w [u8]>)>) {
        let now = Instant::now();
        for hook in &mut self.all {
            let due: Vec<_> =
                hook.waiting.iter().filter(|(_, waiting)| waiting.at <= now).map(|(due, _)| due.clone()).collect();
            for due in due {
                let Some(waiting) = hook.waiting.remove(&due) else { continue };
                if hook.still_holds(&due, &waiting, &look) {
                    start(&self.workers, &mut hook.skipped, waiting.job.standing_for(waiting.joined));
                }
            }
        }
        self.say_skipped();
    }

    /// Whether something is running or waits to be run.
    pub(super) fn finish(self) {
        self.workers.finish();
    }

    fn say_skipped(&mut self) {
        for (index, hook) in self.all.iter_mut().enumerate() {
            let skipped = std::mem::take(&mut hook.skipped);
            if skipped > 0 {
                complain(&format!("hook {}: skipped {skipped}: its command is too slow for these changes", index + 1));
            }
        }
    }
}
