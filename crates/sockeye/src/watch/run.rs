//! `sockeye watch` from the command line to the exit status.

use std::io::{self, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, Result, bail};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use signal_hook::consts::{SIGINT, SIGTERM};
use sockeye_conn::{Namespace, Watcher};
use sockeye_query::filter::Decision;
use sockeye_query::rtnetlink::{Change, ChangeKind, Row};
use sockeye_state::rtnetlink::Tables;
use sockeye_state::watch::{Options as EngineOptions, Origin, Output, Verb};
use sockeye_wire::rtnetlink::Table;

use super::options::{Options, StreamFormat};
use super::place::Place;
use super::process::Processes;
use super::report::{Event, Report};
use super::subject::Subjects;
use super::{complain, hooks, line, object};
use crate::exit::Status;
use crate::sockets::Mistaken;
use crate::sockets::run::{label, namespaces};
use crate::sockets::system::Interfaces;

/// Time between looks for namespaces that came or went.
const NAMESPACES_INTERVAL: Duration = Duration::from_secs(1);

/// Follows the tables until a signal ends it, the reader has gone, or as many changes as wanted were told.
pub(crate) fn run(options: &Options) -> Result<Status> {
    let mut hooks = hooks::Hooks::read(options)?;
    let hooked = hooks.as_ref().map_or(Tables::NONE, hooks::Hooks::tables);
    let subjects = Subjects::read(&options.words, hooked)?;
    let all = options.netns.as_deref() == Some("all");
    let found = namespaces(options.netns.as_deref())?;
    let mut stop = Stop::new().context("cannot wait for signals")?;
    let mut stream = Stream {
        options,
        subjects: &subjects,
        shows_netns: options.netns.is_some(),
        out: Vec::new(),
        told: 0,
        open: true,
        unwritten: None,
        unsupported: Tables::NONE,
        hooks: None,
        processes: Processes::default(),
    };
    stream.hooks = hooks.take();
    let mut watched = Vec::new();
    let mut entered_all = true;
    if found.list.is_empty() {
        watched.push(Watched::open(None, options, stream.tables()).map_err(anyhow::Error::new)?);
    }
    for namespace in found.list {
        match Watched::open(Some(namespace), options, stream.tables()) {
            Ok(one) => watched.push(one),
            Err(error) if all => {
                entered_all = false;
                complain(&error.to_string());
            }
            Err(error) => return Err(error.into()),
        }
    }
    if watched.is_empty() {
        return Err(Mistaken::sentence("there is no network namespace that can be watched"));
    }
    note_left_out(&subjects);
    let mut next_look = Instant::now() + NAMESPACES_INTERVAL;
    let mut said = false;
    while stream.open {
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
            announce(&watched, supported, stream.unsupported);
        }
        if !stream.open {
            break;
        }
        if stop.wait(&watched, all.then_some(next_look).into_iter().chain(stream.next_due()))? {
            // What happened before the signal is told.
            for one in &mut watched {
                one.advance(&mut stream)?;
            }
            stream.flush();
            break;
        }
        if all && Instant::now() >= next_look {
            look_again(&mut watched, options, &mut stream);
            next_look = Instant::now() + NAMESPACES_INTERVAL;
        }
    }
    let tables = stream.tables();
    let whole = watched.iter().all(|one| one.watcher.engine().gaps().intersection(tables).is_empty());
    if let Some(hooks) = stream.hooks.take() {
        hooks.finish();
    }
    if let Some(error) = stream.unwritten {
        return Err(error).context("cannot write what happened");
    }
    let named_missing = subjects.named && !stream.unsupported.is_empty();
    Ok(if whole && entered_all && !named_missing { Status::Whole } else { Status::Incomplete })
}

/// A namespace that is followed.
struct Watched {
    place: Place,
    watcher: Watcher,
    /// The clock's time when the engine's began.
    began: SystemTime,
    tables: Tables,
}

impl Watched {
    fn open(namespace: Option<Namespace>, options: &Options, wanted: Tables) -> Result<Self, sockeye_conn::Error> {
        let label = label(namespace.as_ref()).unwrap_or_default();
        let place = Place::new(label, Interfaces::of(namespace.as_ref()));
        // Links say the names of interfaces for all other tables.
        let tables = wanted.with(Table::Links);
        let mut engine = EngineOptions::new(tables);
        engine.snapshot = true;
        engine.audit = options.audit;
        let watcher = Watcher::with_receive_buffer(namespace, engine, options.receive_buffer)?;
        Ok(Self { place, watcher, began: SystemTime::now(), tables })
    }

    fn advance(&mut self, stream: &mut Stream<'_>) -> Result<()> {
        let (place, began) = (&self.place, self.began);
        self.watcher.advance(&mut |output| stream.take(place, began, &output))?;
        Ok(())
    }

    /// Whether every table that this kernel has is in sync.
    fn is_synced(&self, unsupported: Tables) -> bool {
        let synced = self.watcher.engine().synced();
        self.tables.iter().all(|table| synced.contains(table) || unsupported.contains(table))
    }
}

/// The stream of reports.
struct Stream<'s> {
    options: &'s Options,
    subjects: &'s Subjects,
    shows_netns: bool,
    out: Vec<u8>,
    told: u64,
    /// More is wanted.
    open: bool,
    /// Why what happened could not be written, where the reader has not just gone.
    unwritten: Option<io::Error>,
    unsupported: Tables,
    hooks: Option<hooks::Hooks>,
    processes: Processes,
}

impl Stream<'_> {
    /// The tables that are told of, and those that hooks speak of.
    fn tables(&self) -> Tables {
        self.subjects.tables().union(self.hooks.as_ref().map_or(Tables::NONE, hooks::Hooks::tables))
    }

    /// Starts the hooks that were due at this time.
    fn run_due(&mut self, now: Instant, watched: &[Watched]) {
        let Some(hooks) = &mut self.hooks else { return };
        hooks.run_due(now, |namespace, table| {
            watched.iter().find(|one| one.place.number == namespace)?.watcher.engine().mirror(table)
        });
    }

    fn take(&mut self, place: &Place, began: SystemTime, output: &Output<'_>) {
        match output {
            Output::Change(change) => self.change(place, change),
            Output::Gap(gap) => {
                let mut gap = *gap;
                gap.tables = gap.tables.intersection(self.subjects.tables());
                if !gap.tables.is_empty() {
                    self.tell(place, Event::Gap { gap: &gap, since: began + gap.since });
                }
            }
            Output::Synced(synced) => {
                let shown = synced.tables.intersection(self.subjects.tables());
                let first = place.first_synced(shown);
                if shown.is_empty() || first && self.options.format() == StreamFormat::Lines {
                    return;
                }
                let mut synced = *synced;
                synced.tables = shown;
                let last_audit = synced.last_audit.map(|at| began + at);
                self.tell(place, Event::Synced { synced: &synced, last_audit });
            }
            Output::Unsupported { table, refusal } => {
                self.unsupported = self.unsupported.with(*table);
                if self.subjects.named {
                    complain(&format!("{} cannot be watched: {refusal}", table.name()));
                }
            }
            _ => {}
        }
    }

    /// When a hook is due.
    fn next_due(&self) -> Option<Instant> {
        self.hooks.as_ref().and_then(hooks::Hooks::next_due)
    }

    fn change(&mut self, place: &Place, change: &sockeye_state::watch::Change<'_>) {
        let (old, new) = (read(change.table, change.old, place), read(change.table, change.new, place));
        if change.table == Table::Links
            && let Some((index, name)) = new.or(old).and_then(|row| row.link_name())
        {
            place.learn(index, name);
        }
        let kind = match change.verb {
            Verb::Added => ChangeKind::Added,
            Verb::Changed => ChangeKind::Changed,
            Verb::Removed => ChangeKind::Removed,
        };
        let made = Change { kind, resync: change.is_resync(), old, new };
        if let Some(hooks) = &mut self.hooks {
            hooks.take(hooks::Happened {
                change: &made,
                key: change.key,
                origin: change.origin,
                port_id: change.port_id,
                place,
            });
        }
        let Some(filter) = self.subjects.filter(change.table) else { return };
        let unwanted = change.origin == Origin::Snapshot && !self.options.snapshot;
        if unwanted || filter.decide(&made) != Decision::Yes {
            return;
        }
        let event = Event::Change {
            change: &made,
            key: change.key,
            origin: change.origin,
            port_id: change.port_id,
            process: self.processes.name(change.port_id),
        };
        self.tell(place, event);
        self.told += 1;
        if self.options.limit.is_some_and(|limit| self.told >= limit) {
            self.open = false;
        }
    }

    fn tell(&mut self, place: &Place, event: Event<'_>) {
        if !self.open {
            return;
        }
        let is_wanted = self.shows_netns || self.options.format() == StreamFormat::Ndjson;
        let netns = (is_wanted && !place.label.is_empty()).then_some(place.label.as_slice());
        let report = Report { time: SystemTime::now(), netns, event };
        match self.options.format() {
            StreamFormat::Lines => line::write(&mut self.out, &report),
            StreamFormat::Ndjson => object::write(&mut self.out, &report),
        }
        if self.out.len() >= crate::output::sink::BLOCK_LEN {
            self.flush();
        }
    }

    /// Writes what there is. A reader that has gone ends the watch.
    fn flush(&mut self) {
        self.processes.forget();
        if !self.out.is_empty() {
            let mut stdout = io::stdout();
            if let Err(error) = stdout.write_all(&self.out).and_then(|()| stdout.flush()) {
                self.open = false;
                self.unwritten = Some(error).filter(|error| error.kind() != io::ErrorKind::BrokenPipe);
            }
            self.out.clear();
        }
    }
}

fn read<'a>(table: Table, bytes: Option<&'a [u8]>, place: &'a Place) -> Option<Row<'a>> {
    Row::read(table, bytes?, place).ok()
}

/// The end that somebody asks for.
struct Stop {
    signals: UnixStream,
}

impl Stop {
    fn new() -> io::Result<Self> {
        let (signals, handler) = UnixStream::pair()?;
        signals.set_nonblocking(true)?;
        // Who does not read what is written to him holds the program up for ever: the second signal ends it as it is.
        let asked = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            signal_hook::flag::register_conditional_default(signal, Arc::clone(&asked))?;
            signal_hook::flag::register(signal, Arc::clone(&asked))?;
            signal_hook::low_level::pipe::register(signal, handler.try_clone()?)?;
        }
        Ok(Self { signals })
    }

    /// Waits until one of the watchers has something to do, or until one of the `others`. `true`: it is time to end,
    /// by a signal or because nobody reads any more.
    fn wait(&mut self, watched: &[Watched], others: impl Iterator<Item = Instant>) -> io::Result<bool> {
        let wakes = watched.iter().filter_map(|one| one.watcher.next_wake());
        let timeout = wakes.chain(others).min().map(|at| at.saturating_duration_since(Instant::now()));
        let timeout = timeout.map(|left| Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: left.subsec_nanos().into(),
        });
        let mut fds: Vec<_> =
            watched.iter().map(|one| PollFd::from_borrowed_fd(one.watcher.as_fd(), PollFlags::IN)).collect();
        fds.push(PollFd::new(&self.signals, PollFlags::IN));
        // A reader that goes away is told of without being asked for (POLLERR): nothing may be written for days.
        let stdout = io::stdout();
        fds.push(PollFd::new(&stdout, PollFlags::empty()));
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(fds[watched.len()..].iter().any(|fd| !fd.revents().is_empty()))
    }
}

/// Begins to follow namespaces that are new, and lets go of those that only we still hold.
fn look_again(watched: &mut Vec<Watched>, options: &Options, stream: &mut Stream<'_>) {
    let wanted = stream.tables();
    let Ok(inventory) = sockeye_conn::namespace::inventory() else { return };
    let known = |one: &Watched| one.watcher.namespace().map(Namespace::identity);
    watched.retain(|one| {
        let is_there = inventory.namespaces.iter().any(|namespace| Some(namespace.identity()) == known(one));
        if !is_there {
            stream.tell(&one.place, Event::Gone { tables: stream.subjects.tables() });
        }
        is_there
    });
    for namespace in inventory.namespaces {
        if watched.iter().any(|one| known(one) == Some(namespace.identity())) {
            continue;
        }
        match Watched::open(Some(namespace), options, wanted) {
            Ok(one) => watched.push(one),
            Err(error) => complain(&error.to_string()),
        }
    }
}

/// Says on stderr that nothing is lost from here on.
fn announce(watched: &[Watched], count: usize, unsupported: Tables) {
    let tables = if count == 1 { "1 table".to_owned() } else { format!("{count} tables") };
    let places = match watched.len() {
        1 => String::new(),
        many => format!(" in {many} network namespaces"),
    };
    let lacking: Vec<_> = unsupported.iter().map(Table::name).collect();
    let lacking =
        if lacking.is_empty() { String::new() } else { format!("; this kernel does not have {}", lacking.join(", ")) };
    complain(&format!("watching {tables}{places}, synced{lacking}"));
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
