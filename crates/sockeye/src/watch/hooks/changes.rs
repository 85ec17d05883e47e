//! The hooks of a watch of tables: what each is told of, and what has to hold for some time.

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

use super::hold::Holding;
use super::job::Job;
use super::runner::Runner;
use crate::sockets::Mistaken;
use crate::watch::options::Options;
use crate::watch::place::Place;
use crate::watch::sockets;
use crate::watch::subject::Subjects;

/// A change of which a hook may be told.
#[derive(Clone, Copy)]
pub(in crate::watch) struct Happened<'c> {
    pub(in crate::watch) change: &'c Change<'c>,
    /// The record's identity, as the engine has it.
    pub(in crate::watch) key: &'c [u8],
    pub(in crate::watch) origin: Origin,
    pub(in crate::watch) port_id: u32,
    pub(in crate::watch) place: &'c Place,
}

/// What stands behind one `--on`.
struct Hook {
    subjects: Subjects,
    /// What has to hold for some time.
    holding: Holding,
}

/// All hooks of a watch of tables.
pub(in crate::watch) struct Hooks {
    all: Vec<Hook>,
    runner: Runner,
    hold: Option<Duration>,
}

impl Hooks {
    /// Reads `--on` and `--run`; none of them is no hook. Once `ends` is set, no command is started any more.
    pub(in crate::watch) fn read(options: &Options, ends: &Arc<AtomicBool>) -> Result<Option<Self>> {
        let Some(runner) = Runner::read(options, ends)? else { return Ok(None) };
        let hook = |on: &String| {
            let words: Vec<_> = on.split_whitespace().map(str::to_owned).collect();
            if sockets::named(&words).is_some() {
                return Err(Mistaken::sentence(
                    "a watch of tables is not told of sockets: `sockeye watch sockets --on FILTER --run COMMAND`",
                ));
            }
            Ok(Hook { subjects: Subjects::of_text(on)?, holding: Holding::default() })
        };
        let all = options.on.iter().map(hook).collect::<Result<_>>()?;
        Ok(Some(Self { all, runner, hold: options.hold }))
    }

    /// The tables that the hooks speak of.
    pub(in crate::watch) fn tables(&self) -> Tables {
        self.all.iter().fold(Tables::NONE, |all, hook| all.union(hook.subjects.tables()))
    }

    /// The interfaces that the hooks speak of; `None`: of all.
    pub(in crate::watch) fn interfaces(&self) -> Option<Vec<Vec<u8>>> {
        let names = self.all.iter().map(|hook| hook.subjects.interfaces()).collect::<Option<Vec<_>>>()?;
        Some(names.concat())
    }

    /// Takes a change. What was there at first starts nothing.
    pub(in crate::watch) fn take(&mut self, happened: Happened<'_>) {
        let Some(row) = happened.change.row() else { return };
        let now = Instant::now();
        for (index, hook) in self.all.iter_mut().enumerate() {
            let Some(filter) = hook.subjects.filter(row.table) else { continue };
            let fits = happened.origin != Origin::Snapshot && filter.decide(happened.change) == Decision::Yes;
            let job = |happened: &Happened<'_>| Job::of_change(index, self.runner.command(index), happened);
            if let Some(hold) = self.hold {
                if !hook.holding.take(&happened, filter, fits, now + hold, job) {
                    self.runner.skip(index);
                }
            } else if fits {
                let job = job(&happened);
                self.runner.take(job);
            }
        }
    }

    /// When something that waits is due.
    pub(in crate::watch) fn next_due(&self) -> Option<Instant> {
        self.all.iter().filter_map(|hook| hook.holding.next_due()).chain(self.runner.next_due()).min()
    }

    /// Starts what was due at this time, up to which everything is known. `mirror` leads to a table of a namespace.
    pub(in crate::watch) fn run_due<'m>(&mut self, now: Instant, mirror: impl Fn(u64, Table) -> Option<&'m Mirror>) {
        for hook in &mut self.all {
            for job in hook.holding.due(now, &mirror) {
                self.runner.start(job);
            }
        }
        self.runner.run_due(now);
    }

    /// Lets what runs come to its end, and unless somebody asked for the end, what waits for its turn or for quiet too.
    pub(in crate::watch) fn finish(self) {
        self.runner.finish();
    }
}
