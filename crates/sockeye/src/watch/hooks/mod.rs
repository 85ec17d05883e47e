//! `--on CHANGE-FILTER --run COMMAND`: commands that changes start.
//!
//! A change that fits is due at once, after a quiet time (`--debounce`), or when its condition has held for some time
//! (`--hold`). What is due goes into a bounded queue; what finds it full is counted and said, never kept.

mod hold;
mod job;
mod worker;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use anyhow::Result;
use sockeye_query::filter::Decision;
use sockeye_query::rtnetlink::Change;
use sockeye_state::Mirror;
use sockeye_state::rtnetlink::Tables;
use sockeye_state::watch::Origin;
use sockeye_wire::rtnetlink::Table;

use super::complain;
use super::options::Options;
use super::place::Place;
use super::subject::Subjects;
use crate::sockets::Mistaken;
use hold::Holding;
use job::Job;
use worker::Workers;

/// Changes that wait for their time, for each hook. Beyond that they are skipped.
const WAITING_MAX: usize = 4096;

/// Time between two lines that say that changes were skipped: what is too fast for a command is too fast for its log.
const SAY_PAUSE: Duration = Duration::from_secs(1);

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
    /// What has to hold for some time.
    holding: Holding,
    /// What waits for quiet.
    quiet: Option<Waiting>,
    /// Changes that were not told because there were too many.
    skipped: u64,
}

/// A change that waits.
struct Waiting {
    at: Instant,
    job: Job,
    /// Changes that it stands for.
    joined: u64,
}

/// All hooks of a watch.
pub(super) struct Hooks {
    all: Vec<Hook>,
    workers: Workers,
    debounce: Option<Duration>,
    hold: Option<Duration>,
    /// When it may be said again that something was skipped.
    say: Instant,
}

impl Hooks {
    /// Reads `--on` and `--run`; none of them is no hook. Once `ends` is set, no command is started any more.
    pub(super) fn read(options: &Options, ends: &Arc<AtomicBool>) -> Result<Option<Self>> {
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
                holding: Holding::default(),
                quiet: None,
                skipped: 0,
            })
        });
        Ok(Some(Self {
            all: hooks.collect::<Result<_>>()?,
            workers: Workers::start(options.run_jobs, options.run_queue, options.run_timeout, ends),
            debounce: options.debounce,
            hold: options.hold,
            say: Instant::now(),
        }))
    }

    /// The tables that the hooks speak of.
    pub(super) fn tables(&self) -> Tables {
        self.all.iter().fold(Tables::NONE, |all, hook| all.union(hook.subjects.tables()))
    }

    /// The interfaces that the hooks speak of; `None`: of all.
    pub(super) fn interfaces(&self) -> Option<Vec<Vec<u8>>> {
        let names = self.all.iter().map(|hook| hook.subjects.interfaces()).collect::<Option<Vec<_>>>()?;
        Some(names.concat())
    }

    /// Takes a change. What was there at first starts nothing.
    pub(super) fn take(&mut self, happened: Happened<'_>) {
        let Some(row) = happened.change.row() else { return };
        let now = Instant::now();
        for (index, hook) in self.all.iter_mut().enumerate() {
            let Some(filter) = hook.subjects.filter(row.table) else { continue };
            let fits = happened.origin != Origin::Snapshot && filter.decide(happened.change) == Decision::Yes;
            let job = |happened: &Happened<'_>| Job::new(index, &hook.command, happened);
            if let Some(hold) = self.hold {
                let has_room = hook.holding.take(&happened, filter, fits, now + hold, job);
                hook.skipped += u64::from(!has_room);
                continue;
            }
            if !fits {
                continue;
            }
            let job = job(&happened);
            match self.debounce {
                Some(quiet) => {
                    let joined = hook.quiet.as_ref().map_or(0, |waiting| waiting.joined) + 1;
                    hook.quiet = Some(Waiting { at: now + quiet, job, joined });
                }
                None => start(&self.workers, &mut hook.skipped, job),
            }
        }
    }

    /// When something that waits is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        let quiet = |hook: &Hook| hook.quiet.as_ref().map(|waiting| waiting.at);
        let said = |hook: &Hook| (hook.skipped > 0).then_some(self.say);
        self.all.iter().flat_map(|hook| [quiet(hook), hook.holding.next_due(), said(hook)]).flatten().min()
    }

    /// Starts what was due at this time, up to which everything is known. `mirror` leads to a table of a namespace.
    pub(super) fn run_due<'m>(&mut self, now: Instant, mirror: impl Fn(u64, Table) -> Option<&'m Mirror>) {
        for hook in &mut self.all {
            let quiet = hook.quiet.take_if(|waiting| waiting.at <= now);
            let quiet = quiet.map(|waiting| waiting.job.standing_for(waiting.joined));
            for job in quiet.into_iter().chain(hook.holding.due(now, &mirror)) {
                start(&self.workers, &mut hook.skipped, job);
            }
        }
        if self.say <= Instant::now() && self.say_skipped() {
            self.say = Instant::now() + SAY_PAUSE;
        }
    }

    /// Lets what runs come to its end, and unless somebody asked for the end, what waits for its turn or for quiet too.
    pub(super) fn finish(mut self) {
        for hook in &mut self.all {
            if let Some(waiting) = hook.quiet.take() {
                start(&self.workers, &mut hook.skipped, waiting.job.standing_for(waiting.joined));
            }
        }
        self.say_skipped();
        let left = self.workers.finish();
        for number in 1..=self.all.len() {
            let left = left.iter().filter(|&&hook| hook + 1 == number).count();
            if left > 0 {
                complain(&format!("hook {number}: skipped {left}: the watch ends"));
            }
        }
    }

    /// Says how many changes were not told. `false`: none.
    fn say_skipped(&mut self) -> bool {
        let mut said = false;
        for (index, hook) in self.all.iter_mut().enumerate() {
            let skipped = std::mem::take(&mut hook.skipped);
            if skipped > 0 {
                said = true;
                complain(&format!("hook {}: skipped {skipped}: its command is too slow for these changes", index + 1));
            }
        }
        said
    }
}
