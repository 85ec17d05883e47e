//! Runs what is due: at once or after a quiet time, by workers that are bounded, with a count of what found no room.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::job::Job;
use super::worker::Workers;
use crate::sockets::Mistaken;
use crate::watch::complain;
use crate::watch::options::Options;

/// Time between two lines that say that something was skipped: what is too fast for a command is too fast for its log.
const SAY_PAUSE: Duration = Duration::from_secs(1);

/// The commands of all hooks of a watch.
pub(in crate::watch) struct Runner {
    hooks: Vec<Hook>,
    workers: Workers,
    debounce: Option<Duration>,
    /// When it may be said again that something was skipped.
    say: Instant,
}

/// What stands behind one `--run`.
struct Hook {
    command: Vec<String>,
    /// What waits for quiet.
    quiet: Option<Waiting>,
    /// What was not told because there was too much of it.
    skipped: u64,
}

/// A job that waits.
struct Waiting {
    at: Instant,
    job: Job,
    /// How many it stands for.
    joined: u64,
}

impl Runner {
    /// Reads `--run`, of which there has to be one for each `--on`; none of them is `None`. Once `ends` is set, no command is
    /// started any more.
    pub(in crate::watch) fn read(options: &Options, ends: &Arc<AtomicBool>) -> Result<Option<Self>> {
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
        let hook = |run: &String| Ok(Hook { command: command(run, options.shell)?, quiet: None, skipped: 0 });
        Ok(Some(Self {
            hooks: options.run.iter().map(hook).collect::<Result<_>>()?,
            workers: Workers::start(options.run_jobs, options.run_queue, options.run_timeout, ends),
            debounce: options.debounce,
            say: Instant::now(),
        }))
    }

    /// The command of a hook, by its place.
    pub(in crate::watch) fn command(&self, hook: usize) -> &[String] {
        &self.hooks[hook].command
    }

    /// Something was not told.
    pub(super) fn skip(&mut self, hook: usize) {
        self.hooks[hook].skipped += 1;
    }

    /// Runs a job, or lets it wait for quiet in the place of the one that waits.
    pub(in crate::watch) fn take(&mut self, job: Job) {
        let Some(quiet) = self.debounce else { return self.start(job) };
        let waiting = &mut self.hooks[job.hook].quiet;
        let joined = waiting.as_ref().map_or(0, |waiting| waiting.joined) + 1;
        *waiting = Some(Waiting { at: Instant::now() + quiet, job, joined });
    }

    /// Hands a job to the workers.
    pub(super) fn start(&mut self, job: Job) {
        let hook = job.hook;
        if !self.workers.start_job(job) {
            self.skip(hook);
        }
    }

    /// When something that waits is due.
    pub(in crate::watch) fn next_due(&self) -> Option<Instant> {
        let quiet = |hook: &Hook| hook.quiet.as_ref().map(|waiting| waiting.at);
        let said = |hook: &Hook| (hook.skipped > 0).then_some(self.say);
        self.hooks.iter().flat_map(|hook| [quiet(hook), said(hook)]).flatten().min()
    }

    /// Starts what was due at this time, up to which everything is known.
    pub(in crate::watch) fn run_due(&mut self, now: Instant) {
        self.start_quiet(|waiting| waiting.at <= now);
        if self.say <= Instant::now() && self.say_skipped() {
            self.say = Instant::now() + SAY_PAUSE;
        }
    }

    /// Lets what runs come to its end, and unless somebody asked for the end, what waits for its turn or for quiet too.
    pub(in crate::watch) fn finish(mut self) {
        self.start_quiet(|_| true);
        self.say_skipped();
        let left = self.workers.finish();
        for number in 1..=self.hooks.len() {
            let left = left.iter().filter(|&&hook| hook + 1 == number).count();
            if left > 0 {
                complain(&format!("hook {number}: skipped {left}: the watch ends"));
            }
        }
    }

    fn start_quiet(&mut self, is_due: impl Fn(&Waiting) -> bool) {
        for at in 0..self.hooks.len() {
            if let Some(waiting) = self.hooks[at].quiet.take_if(|waiting| is_due(waiting)) {
                self.start(waiting.job.standing_for(waiting.joined));
            }
        }
    }

    /// Says how many were not told. `false`: none.
    fn say_skipped(&mut self) -> bool {
        let mut said = false;
        for (index, hook) in self.hooks.iter_mut().enumerate() {
            let skipped = std::mem::take(&mut hook.skipped);
            if skipped > 0 {
                said = true;
                complain(&format!("hook {}: skipped {skipped}: its command is too slow for these changes", index + 1));
            }
        }
        said
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
