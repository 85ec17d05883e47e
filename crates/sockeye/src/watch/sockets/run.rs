//! `sockeye watch sockets` from the command line to the exit status.

use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use rustix::event::{PollFd, PollFlags};
use sockeye_bpf::events::EventKind;
use sockeye_conn::Namespace;
use sockeye_query::filter::{Expression, Filter};
use sockeye_query::sockets::live::{live_catalog, owner_parts};
use sockeye_state::lives::{Reason, Time, Told};

use super::super::lookout::Lookout;
use super::super::options::Options;
use super::super::out::Out;
use super::super::stop::Stop;
use super::super::{complain, sees_all};
use super::announcement::Announcement;
use super::followed::{Followed, Following, Places, inodes};
use super::heard;
use super::hooks::Hooks;
use super::left::{Living, Standing};
use super::object::Objects;
use super::strangers::Strangers;
use super::stream::{Notice, Stream};
use super::waiting::Waiting;
use crate::exit::Status;
use crate::live::feed::{self, Tcp};
use crate::live::filter;
use crate::live::kinds::Kinds;
use crate::live::now;
use crate::live::owners::Owners;
use crate::live::trace::{Heard, Netns, Trace};
use crate::privilege::is_net_admin;
use crate::sockets::Mistaken;
use crate::sockets::run::{Namespaces, namespaces};
use crate::sockets::system::{System, SystemNames};

/// Follows the sockets until a signal ends it, the reader has gone, or as many events as wanted were told.
pub(crate) fn run(options: &Options, words: &[String]) -> Result<Status> {
    let stop = Stop::new().context("cannot wait for signals")?;
    let mut lookout = Lookout::new(options.netns.as_deref());
    let found = namespaces(options.netns.as_deref())?;
    let names = SystemNames { rows: found.whence() };
    let filter = Filter::parse(words, live_catalog(), &names).map_err(|mistake| Mistaken::of(&mistake))?;
    filter::check(&filter.expression, filter::FOLLOWED_OR_MET).map_err(Mistaken::sentence)?;
    let hooks = Hooks::read(options, &names, stop.asked())?;
    let asked = Expression::any(hooks.iter().flat_map(Hooks::filters).chain([&filter.expression]).cloned());
    let needs = filter::check(&asked, filter::FOLLOWED_OR_MET).map_err(Mistaken::sentence)?;
    // Heard before anything is asked.
    let mut heard = heard::open(options, only(options, &found)?, needs)?;
    if heard.kinds == Kinds::STATE {
        filter::check(&filter.expression, filter::FOLLOWED).map_err(Mistaken::sentence)?;
    }
    hooks.iter().try_for_each(|hooks| hooks.check(&heard))?;
    heard.strangers = lookout.as_ref().filter(|lookout| lookout.seeks_others()).map(|_| Strangers::default());
    let follow = feed::Options {
        interval: options.interval(),
        receive_buffer: options.receive_buffer,
        tcp: match (heard.is_traced(), needs.rows) {
            (false, _) => Tcp::Asked,
            (true, false) => Tcp::Told,
            // Events do not say it: who lives long enough is known from a dump.
            (true, true) => Tcp::ToldAndAsked,
        },
        told_states: heard.told_states,
        incidents: heard.trace.is_some(),
        udp: true,
        extensions: needs.extensions,
    };
    let (mut followed, entered_all) = follow_all(found, follow, lookout.as_mut())?;
    let net_admin = is_net_admin(followed.iter().filter_map(|one| one.namespace.as_deref()));
    let mut owners = Owners::new(true, net_admin);
    owners.read_too(owner_parts(&asked));
    let mut stream = Stream {
        options,
        filter: &filter.expression,
        kinds: heard.kinds,
        shows_netns: options.netns.is_some(),
        objects: Objects::new(),
        hooks,
        out: Out::new(options.limit),
        gaps: std::collections::HashSet::new(),
        losses: 0,
    };
    let mut announcement = Announcement::begin(&heard, &mut stream);
    let decides_all = decides_all(&asked, net_admin);
    let mut has_lost = false;
    let (mut waiting, mut living) = (Waiting::default(), Living::default());
    while stream.out.is_open() {
        if waiting.until().is_none() {
            owners.look(|| inodes(&followed));
        }
        has_lost |= advance(&mut followed, &mut heard, &mut owners, &mut stream, (&mut waiting, &mut living), false)?;
        if let Some(lookout) = lookout.as_mut().filter(|_| heard.strangers.as_ref().is_some_and(Strangers::are_waiting))
        {
            lookout.hint();
        }
        announcement.go_on(&followed, &heard, needs, || owners.known(), waiting.until(), &mut stream);
        if let Some(hooks) = &mut stream.hooks {
            hooks.runner.run_due(Instant::now());
        }
        stream.out.flush();
        let trace = heard.trace.as_ref().map(Trace::due);
        let others = [owners.due(), waiting.until(), trace, announcement.due()].into_iter().flatten().min();
        let hooks_due = stream.next_due();
        if !stream.out.is_open() || wait(&stop, &mut followed, others, hooks_due, lookout.as_mut())? {
            break;
        }
        if let Some(lookout) = lookout.as_mut().filter(|lookout| lookout.next_due() <= Instant::now()) {
            // What waits speaks of namespaces by their places.
            has_lost |=
                advance(&mut followed, &mut heard, &mut owners, &mut stream, (&mut waiting, &mut living), true)?;
            let mut following = Following { options: follow, owners: &owners, stream: &mut stream };
            let began = now();
            lookout.look(&mut followed, &mut following)?;
            if let Some(strangers) = &mut heard.strangers {
                strangers.have_looked(began, |netns| followed.iter().any(|one| one.netns.is(netns)));
            }
        }
        if followed.is_empty() {
            // The one that was named is gone: there is no more to come.
            break;
        }
    }
    // What happened before the end is told.
    has_lost |= advance(&mut followed, &mut heard, &mut owners, &mut stream, (&mut waiting, &mut living), true)?;
    stream.unfound(&mut heard, true);
    stream.out.flush();
    stream.say_what_was_lost();
    if let Some(hooks) = stream.hooks.take() {
        hooks.runner.finish();
    }
    if let Some(error) = stream.out.into_error() {
        return Err(error).context("cannot write what happened");
    }
    // What was lost of incidents is never known: nobody can be asked for it.
    let heard_all = !has_lost && !heard.is_incomplete;
    let whole = entered_all
        && heard_all
        && decides_all
        && !followed.is_empty()
        && followed.iter().all(|one| one.feed.is_synced());
    Ok(if whole { Status::Whole } else { Status::Incomplete })
}

/// Whether this process is told all that a filter speaks of; people are told what it is not.
fn decides_all(filter: &Expression, net_admin: bool) -> bool {
    let kept_back = filter::kept_back(filter, System::new(false).kernel(), net_admin);
    if let Some(why) = &kept_back {
        complain(&format!("{why}: what depends on it is not told"));
    }
    kept_back.is_none()
}

/// Begins to follow the namespaces that were found. `false`: not all of them can be.
fn follow_all(
    found: Namespaces,
    options: feed::Options,
    mut lookout: Option<&mut Lookout>,
) -> Result<(Vec<Followed>, bool)> {
    let mut followed = Vec::new();
    let mut entered_all = sees_all(found.missing.as_ref());
    for namespace in if found.list.is_empty() { vec![None] } else { found.list.into_iter().map(Some).collect() } {
        let which = namespace.as_ref().map(Namespace::identity);
        match (Followed::open(namespace, options), which.zip(lookout.as_mut())) {
            (Ok(one), _) => followed.push(one),
            (Err(error), Some((which, lookout))) if found.several => {
                entered_all = false;
                lookout.refuse(which, &error);
            }
            (Err(error), _) => return Err(error.into()),
        }
    }
    if followed.is_empty() {
        return Err(Mistaken::sentence("there is no network namespace that can be watched"));
    }
    Ok((followed, entered_all))
}

/// Reads what happened since the last time, and tells of it unless something waits for a look at owners; all of it, if it
/// `is_last`. `true`: incidents were lost.
fn advance(
    followed: &mut [Followed],
    heard: &mut heard::Heard,
    owners: &mut Owners,
    stream: &mut Stream<'_>,
    (waiting, living): (&mut Waiting, &mut Living),
    is_last: bool,
) -> Result<bool> {
    let (mut is_new, mut has_lost) = (false, false);
    let (trace, strangers) = (heard.trace.as_mut(), &mut heard.strangers);
    let known = Places::of(followed);
    let places = known.with(owners);
    let wanted = stream.kinds.with(Kinds::STATE);
    living.forget();
    let mut take = |at: usize, told: &Told<'_>| {
        if waiting.is_full() {
            waiting.tell(|at, told, is_left| is_new |= stream.take(told, &places[at], is_left));
        }
        let standing = living.standing(told);
        if !waiting.take(at, told, standing) {
            is_new |= stream.take(told, &places[at], standing != Standing::Lives);
        }
    };
    let spaces: Vec<_> = followed.iter().map(|one| one.netns).collect();
    let place = |netns: Netns| spaces.iter().position(|one| one.is(netns));
    let (mut lost, mut unkept) = (None, Vec::new());
    if let Some(trace) = trace {
        lost = trace.lost();
        // Whose they were is not known.
        if let Some((lost, since)) = lost.map(|lost| (lost.of(EventKind::State), lost.since)).filter(|lost| lost.0 > 0)
        {
            for (at, one) in followed.iter_mut().enumerate() {
                one.feed.lost(Reason::Ring, Some(lost), since, &mut |told| take(at, &told));
            }
        }
        let mut handle = |at: usize, heard: &Heard<'_>| {
            let (feed, mut tell) = (&mut followed[at].feed, |told: Told<'_>| take(at, &told));
            match heard {
                Heard::Transition(change) => feed.transition(change, &mut tell),
                Heard::Incident(incident) => feed.incident(incident, &mut tell),
            }
        };
        if let Some(strangers) = strangers {
            // What waited was before what is read now.
            unkept = strangers.meet(place, |at, heard| handle(at, &heard));
        }
        trace.read(&mut |netns, heard| match (place(netns), strangers.as_mut()) {
            // It has told ends apart, and is told to nobody.
            _ if heard.kind().is_none_or(|kind| !wanted.contains(kind)) => {}
            (Some(at), _) => handle(at, &heard),
            (None, Some(strangers)) => strangers.take(netns, &heard),
            (None, None) => {}
        });
        for &(at, lost) in &unkept {
            let changes = lost.of(EventKind::State);
            if changes > 0 {
                followed[at].feed.lost(Reason::Ring, Some(changes), lost.since, &mut |told| take(at, &told));
            }
        }
        let until = trace.read_at();
        for one in &mut *followed {
            one.feed.heard_until(until);
        }
    }
    for (at, one) in followed.iter_mut().enumerate() {
        one.feed.advance(&mut |told| take(at, &told))?;
    }
    let nowhere: &[u8] = &[];
    let elsewhere = unkept.iter().map(|&(at, lost)| (&*followed[at].label, lost));
    for (label, lost) in lost.map(|lost| (nowhere, lost)).into_iter().chain(elsewhere) {
        for (kind, count) in lost.incidents().filter(|&(kind, _)| wanted.contains(kind)) {
            has_lost = true;
            stream.notice(&Notice::Lost(kind, count), lost.since, label);
        }
    }
    stream.unfound(heard, false);
    if is_new || waiting.until().is_some() {
        owners.outdate();
    }
    if let Some(until) = waiting.until()
        && (owners.look(|| inodes(followed)) || is_last || until <= now())
    {
        living.have_looked();
        let places = known.with(owners);
        waiting.tell(|at, told, is_left| {
            stream.take(told, &places[at], is_left);
        });
    }
    Ok(has_lost)
}

/// The inode of the one namespace that is watched; `None` where others may come.
fn only(options: &Options, found: &Namespaces) -> Result<Option<u64>> {
    match found.list.as_slice() {
        _ if options.netns.as_deref().is_some_and(|asked| asked == "all") => Ok(None),
        [] => Ok(Some(Namespace::current()?.identity().inode)),
        [one] => Ok(Some(one.identity().inode)),
        _ => Ok(None),
    }
}

/// Waits for an event, the next round, one of the `others`, a hook that is due, or the end. `true`: it is the end.
fn wait(
    stop: &Stop,
    followed: &mut [Followed],
    others: Option<Time>,
    hooks_due: Option<Instant>,
    lookout: Option<&mut Lookout>,
) -> Result<bool> {
    let due = followed.iter().map(|one| one.feed.due()).chain(others).min();
    let until = due.and_then(|due| Instant::now().checked_add(due.saturating_sub(now()).min(Duration::from_hours(1))));
    let until = until.into_iter().chain(hooks_due).chain(lookout.as_deref().map(Lookout::next_due)).min();
    let sockets = followed.iter().map(|one| PollFd::from_borrowed_fd(one.feed.as_fd(), PollFlags::IN));
    let mounts = lookout.iter().filter_map(|lookout| lookout.mounts());
    let woken = stop.wait(sockets, mounts.chain(followed.iter().filter_map(|one| one.holder.poll())), until)?;
    if let (true, Some(lookout)) = (woken.hinted, lookout) {
        for one in followed {
            one.holder.forget();
        }
        lookout.hint();
    }
    Ok(woken.ends)
}
