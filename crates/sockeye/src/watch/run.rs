//! `sockeye watch` from the command line to the exit status.

use std::io;
use std::os::fd::AsFd as _;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use rustix::event::{PollFd, PollFlags};
use sockeye_state::rtnetlink::Tables;
use sockeye_wire::rtnetlink::Table;

use super::lookout::Lookout;
use super::options::Options;
use super::out::Out;
use super::process::Processes;
use super::stop::Stop;
use super::stream::Stream;
use super::subject::Subjects;
use super::watched::Watched;
use super::{complain, hooks, less_may_wait, refuse, sees_all};
use crate::exit::Status;
use crate::output::several::several;
use crate::sockets::Mistaken;
use crate::sockets::run::namespaces;

/// Turns after the signal, a tenth of a second each: what waits in a receive buffer takes one or a few. Changes that never cease
/// do not keep it longer.
const LAST_TURNS_MAX: u32 = 20;

/// Follows the tables until a signal ends it, the reader has gone, or as many changes as wanted were told.
pub(crate) fn run(options: &Options) -> Result<Status> {
    if let Some(words) = super::sockets::named(&options.words) {
        refuse::of_tables(options)?;
        return super::sockets::run(options, words);
    }
    refuse::of_sockets(options)?;
    let stop = Stop::new().context("cannot wait for signals")?;
    let mut hooks = hooks::Hooks::read(options, stop.asked())?;
    let hooked = hooks.as_ref().map_or(Tables::NONE, hooks::Hooks::tables);
    let subjects = Subjects::read(&options.words, hooked)?;
    let all = options.netns.as_deref().is_some_and(|asked| asked == "all");
    let mut lookout = Lookout::new(options.netns.as_deref());
    let found = namespaces(options.netns.as_deref())?;
    let mut stream = Stream {
        options,
        subjects: &subjects,
        shows_netns: options.netns.is_some(),
        out: Out::new(options.limit),
        unsupported: Tables::NONE,
        hooks: None,
        processes: Processes::default(),
    };
    stream.hooks = hooks.take();
    let mut watched = Vec::new();
    let mut entered_all = sees_all(found.missing.as_ref());
    if found.list.is_empty() {
        watched.push(Watched::open(None, &stream).map_err(anyhow::Error::new)?);
    }
    for namespace in found.list {
        let which = namespace.identity();
        match (Watched::open(Some(namespace), &stream), &mut lookout) {
            (Ok(one), _) => watched.push(one),
            (Err(error), Some(lookout)) if all => {
                entered_all = false;
                lookout.refuse(which, &error);
            }
            (Err(error), _) => return Err(error.into()),
        }
    }
    if watched.is_empty() {
        return Err(Mistaken::sentence("there is no network namespace that can be watched"));
    }
    note_left_out(&subjects);
    let mut said = false;
    while stream.out.is_open() {
        // What is due by now is judged by everything that happened before.
        let now = Instant::now();
        for one in &mut watched {
            one.advance(&mut stream)?;
        }
        stream.run_due(now, &watched);
        stream.flush();
        if !said && watched.iter().all(|one| one.is_synced(stream.unsupported)) {
            said = true;
            let supported = stream.tables().iter().filter(|&table| !stream.unsupported.contains(table)).count();
            if supported == 0 {
                bail!("there is nothing to watch: this kernel has none of these tables");
            }
            announce(&watched, supported, stream.unsupported, options.receive_buffer);
        }
        if !stream.out.is_open() {
            break;
        }
        if wait(&stop, &mut watched, lookout.as_mut(), stream.next_due())? {
            // What happened before the signal is told.
            for one in &mut watched {
                finish(one, &mut stream)?;
            }
            stream.flush();
            break;
        }
        if let Some(lookout) = &mut lookout {
            lookout.look(&mut watched, &mut stream)?;
        }
        if watched.is_empty() {
            // The one that was named is gone: there is no more to come.
            stream.flush();
            break;
        }
    }
    let tables = stream.tables();
    let whole =
        !watched.is_empty() && watched.iter().all(|one| one.watcher.engine().gaps().intersection(tables).is_empty());
    if let Some(hooks) = stream.hooks.take() {
        hooks.finish();
    }
    if let Some(error) = stream.out.into_error() {
        return Err(error).context("cannot write what happened");
    }
    let named_missing = subjects.named && !stream.unsupported.is_empty();
    Ok(if whole && entered_all && !named_missing { Status::Whole } else { Status::Incomplete })
}

/// Reads what has been told by now. One turn may not be enough on a slow machine.
fn finish(one: &mut Watched, stream: &mut Stream<'_>) -> Result<()> {
    for _ in 0..LAST_TURNS_MAX {
        one.advance(stream)?;
        if one.watcher.next_wake().is_none_or(|wake| wake > Instant::now()) {
            break;
        }
    }
    Ok(())
}

/// Waits until one of the watchers has something to do, until there may be other namespaces, or until one of the
/// `others`. `true`: it is time to end.
fn wait(
    stop: &Stop,
    watched: &mut [Watched],
    lookout: Option<&mut Lookout>,
    others: Option<Instant>,
) -> io::Result<bool> {
    let wakes = watched.iter().filter_map(|one| one.watcher.next_wake());
    let until = wakes.chain(others).chain(lookout.as_deref().map(Lookout::next_due)).min();
    let sockets = watched.iter().map(|one| PollFd::from_borrowed_fd(one.watcher.as_fd(), PollFlags::IN));
    let mounts = lookout.iter().filter_map(|lookout| lookout.mounts());
    let woken = stop.wait(sockets, mounts.chain(watched.iter().filter_map(|one| one.holder.poll())), until)?;
    if let (true, Some(lookout)) = (woken.hinted, lookout) {
        for one in watched {
            one.holder.forget();
        }
        lookout.hint();
    }
    Ok(woken.ends)
}

/// Says on stderr that nothing is lost from here on.
fn announce(watched: &[Watched], count: usize, unsupported: Tables, receive_buffer: usize) {
    let tables = several(count, "table");
    let places = match watched.len() {
        1 => String::new(),
        many => format!(" in {many} network namespaces"),
    };
    let lacking: Vec<_> = unsupported.iter().map(Table::name).collect();
    let lacking =
        if lacking.is_empty() { String::new() } else { format!("; this kernel does not have {}", lacking.join(", ")) };
    let given = watched.iter().map(|one| one.watcher.receive_buffer()).min().unwrap_or(usize::MAX);
    let waits = less_may_wait(receive_buffer, given);
    complain(&format!("watching {tables}{places}, synced{lacking}{waits}"));
}

fn note_left_out(subjects: &Subjects) {
    if subjects.named && !subjects.without_fields.is_empty() {
        let names: Vec<_> = subjects.without_fields.iter().map(|table| table.name()).collect();
        complain(&format!(
            "{} have not every field that the filter speaks of, so nothing of them is told",
            names.join(", ")
        ));
    }
}
