//! `sockeye watch sockets` from the command line to the exit status.

use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use rustix::event::{PollFd, PollFlags};
use sockeye_conn::Namespace;
use sockeye_query::filter::Filter;
use sockeye_query::sockets::live::live_catalog;
use sockeye_state::lives::Reason;

use super::super::complain;
use super::super::options::{Options, Source, StreamFormat};
use super::super::stop::Stop;
use super::object::Objects;
use super::stream::{Notice, Stream};
use crate::exit::Status;
use crate::live::feed::{self, Feed};
use crate::live::now;
use crate::live::owners::Owners;
use crate::live::trace::Trace;
use crate::sockets::Mistaken;
use crate::sockets::run::{label, namespaces};
use crate::sockets::system::SystemNames;

/// A namespace that is followed.
struct Followed {
    label: Vec<u8>,
    feed: Feed,
    /// Inode of the namespace, by which events of BPF name it.
    inode: u64,
}

/// Follows the sockets until a signal ends it, the reader has gone, or as many events as wanted were told.
pub(crate) fn run(options: &Options, words: &[String]) -> Result<Status> {
    if !options.on.is_empty() || !options.run.is_empty() {
        return Err(Mistaken::sentence(
            "--on and --run work on tables of rtnetlink, not yet on sockets: pipe `-o ndjson` into what is to act",
        ));
    }
    let stop = Stop::new().context("cannot wait for signals")?;
    let found = namespaces(options.netns.as_deref())?;
    let filter = {
        let names = SystemNames { rows: found.whence() };
        Filter::parse(words, live_catalog(), &names).map_err(|mistake| Mistaken::of(&mistake))?
    };
    // Heard before anything is asked.
    let mut trace = trace(options.source)?;
    let follow = feed::Options {
        interval: options.interval,
        receive_buffer: options.receive_buffer,
        traced: trace.is_some(),
        udp: true,
    };
    let spaces: Vec<_> = if found.list.is_empty() { vec![None] } else { found.list.into_iter().map(Some).collect() };
    let mut followed = Vec::new();
    for namespace in &spaces {
        let feed = Feed::open(namespace.as_ref(), follow)?;
        let label = label(namespace.as_ref()).unwrap_or_default();
        let inode = match namespace {
            Some(namespace) => namespace.identity().inode,
            None => Namespace::current()?.identity().inode,
        };
        followed.push(Followed { label, feed, inode });
    }
    let mut owners = Owners::new(true);
    let mut stream = Stream {
        options,
        filter: &filter.expression,
        shows_netns: options.netns.is_some(),
        objects: Objects::new(),
        out: Vec::new(),
        told: 0,
        gaps: std::collections::HashSet::new(),
        open: true,
        unwritten: None,
    };
    let sources: &[&str] =
        if trace.is_some() { &["bpf", "destroy-groups", "dumps"] } else { &["destroy-groups", "dumps"] };
    let mut said = false;
    while stream.open {
        owners.look();
        if advance(&mut followed, &spaces, trace.as_mut(), &owners, &mut stream)? {
            owners.outdate();
        }
        if !said && followed.iter().all(|one| one.feed.lives.is_synced()) {
            said = true;
            announce(&followed, sources, &mut stream);
        }
        stream.flush();
        if !stream.open || wait(&stop, &followed, &owners, trace.as_ref())? {
            break;
        }
    }
    // What happened before the end is told.
    advance(&mut followed, &spaces, trace.as_mut(), &owners, &mut stream)?;
    stream.flush();
    if let Some(error) = stream.unwritten {
        return Err(error).context("cannot write what happened");
    }
    let whole = followed.iter().all(|one| one.feed.lives.is_synced());
    Ok(if whole { Status::Whole } else { Status::Incomplete })
}

/// Tells what happened since the last time. `true`: there is a socket that was not there before.
fn advance(
    followed: &mut [Followed],
    spaces: &[Option<Namespace>],
    trace: Option<&mut Trace>,
    owners: &Owners,
    stream: &mut Stream<'_>,
) -> Result<bool> {
    let mut is_new = false;
    let label = |at: usize| followed[at].label.clone();
    let places: Vec<_> =
        spaces.iter().enumerate().map(|(at, space)| owners.place(space.as_ref(), Some(label(at)))).collect();
    if let Some(trace) = trace {
        let lost = trace.read(&mut |netns, change| {
            let Some(at) = followed.iter().position(|one| one.inode == u64::from(netns)) else { return };
            let (one, place) = (&mut followed[at], &places[at]);
            let label = &one.label;
            one.feed.transition(change, &mut |told| is_new |= stream.take(&told, label, place));
        });
        // Whose they were is not known.
        if let Some((lost, since)) = lost {
            for (one, place) in followed.iter_mut().zip(&places) {
                let label = &one.label;
                one.feed.lost(Reason::Ring, Some(lost), since, &mut |told| is_new |= stream.take(&told, label, place));
            }
        }
    }
    for (one, place) in followed.iter_mut().zip(&places) {
        let label = &one.label;
        one.feed.advance(&mut |told| is_new |= stream.take(&told, label, place))?;
    }
    Ok(is_new)
}

/// The kernel's own events, where they may be had; asked for by name, that they may not is an error.
fn trace(source: Source) -> Result<Option<Trace>> {
    match source {
        Source::Dumps => Ok(None),
        Source::Auto => Ok(Trace::open().ok()),
        Source::Bpf => Ok(Some(Trace::open()?)),
    }
}

/// Waits for an event, the next round, or the end. `true`: it is the end.
fn wait(stop: &Stop, followed: &[Followed], owners: &Owners, trace: Option<&Trace>) -> Result<bool> {
    let due = followed.iter().map(|one| one.feed.due()).chain(owners.due()).chain(trace.map(Trace::due)).min();
    let until = due.and_then(|due| Instant::now().checked_add(due.saturating_sub(now()).min(Duration::from_hours(1))));
    let sockets = followed.iter().map(|one| PollFd::from_borrowed_fd(one.feed.as_fd(), PollFlags::IN));
    Ok(stop.wait(sockets, std::iter::empty(), until)?.ends)
}

/// Says on stderr, and in the stream of objects, from where all of this is known.
fn announce(followed: &[Followed], sources: &[&'static str], stream: &mut Stream<'_>) {
    let count: usize = followed.iter().map(|one| one.feed.lives.len()).sum();
    let places = match followed.len() {
        1 => String::new(),
        many => format!(" in {many} network namespaces"),
    };
    let cost: Duration = followed.iter().map(|one| one.feed.cost).sum();
    complain(&format!(
        "watching {count} sockets{places}, synced; from {}; a round of dumps takes {}",
        sources.join(" and "),
        humantime::format_duration(Duration::from_micros(u64::try_from(cost.as_micros()).unwrap_or(u64::MAX)))
    ));
    if stream.options.format() == StreamFormat::Ndjson {
        stream.notice(&Notice::Sources(sources), now(), &[]);
    }
}
