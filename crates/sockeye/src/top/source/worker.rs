//! The thread that asks the kernel: rounds of dumps, what happens between them, and what is to be seen.

use std::cell::RefCell;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use anyhow::{Context as _, Result};
use sockeye_conn::Namespace;
use sockeye_query::filter::{Expression, Filter};
use sockeye_query::sockets::live::alive_catalog;
use sockeye_state::lives::{Lives, Told};

use super::beside::Beside;
use super::close;
use super::desk::{Desk, Outlet};
use super::hearing::Hearing;
use super::lookers::Lookers;
use super::place::{PLACES_MAX, Place, View, inode};
use super::{Command, Said, Setup};
use crate::live::named::NamedNamespace;
use crate::live::{filter, now};
use crate::privilege::is_net_admin;
use crate::sockets::run::Namespaces;
use crate::sockets::system::{Interfaces, SystemNames, Whence};
use crate::top::model::{Pane, Request};

/// What the kernel tells by itself is read that often: what waits has its bound in the kernel.
const READ_EVERY: Duration = Duration::from_millis(100);

/// Everything the thread has.
pub(super) struct Worker {
    places: Vec<Place>,
    /// Of each, the number of the round that asks for all that filters speak of.
    awaited: Vec<u64>,
    /// The one of them that was named.
    named: Option<NamedNamespace>,
    /// Changes of TCP as they happen, where that is allowed.
    hearing: Option<Hearing>,
    desk: Desk,
}

impl Worker {
    /// Opens sockets in every namespace.
    pub(super) fn open(setup: Setup, request: Request, commands: Receiver<Command>, outlet: Outlet) -> Result<Self> {
        let Setup { namespaces, named, interval, filter, filter_text, extensions } = setup;
        let Namespaces { list, several, missing } = namespaces;
        let mut unseen = missing.filter(|(_, restricted)| *restricted).map(|(reason, _)| reason);
        let wanted: Vec<Option<Namespace>> =
            if list.is_empty() { vec![None] } else { list.into_iter().map(Some).collect() };
        if wanted.len() > PLACES_MAX {
            unseen = Some(format!("{} of {} namespaces are followed", PLACES_MAX, wanted.len()));
        }
        // Heard before anything is asked.
        let only = if let [one] = &wanted[..] { Some(inode(one.as_ref())?) } else { None };
        let (hearing, traced) = match Hearing::open(only) {
            Ok(hearing) => (Some(hearing), Ok(())),
            Err(error) => {
                let needed = error.downcast_ref::<sockeye_bpf::Error>().and_then(sockeye_bpf::Error::capability);
                (None, Err(needed.map_or_else(|| format!("failed: {error:#}"), |needed| format!("needs {needed}"))))
            }
        };
        let mut places = Vec::new();
        let mut first_error = None;
        for (namespace, number) in wanted.into_iter().take(PLACES_MAX).zip(0..) {
            match Place::open(namespace, number, interval, (several, hearing.is_some())) {
                Ok(mut place) => {
                    place.feed.ask(extensions);
                    places.push(place);
                }
                Err(error) if several => drop(first_error.get_or_insert(error)),
                Err(error) => return Err(error),
            }
        }
        if let Some(error) = first_error {
            if places.is_empty() {
                return Err(error);
            }
            unseen.get_or_insert_with(|| format!("not every namespace can be seen: {error:#}"));
        }
        let labels = places.iter().map(|place| place.label.clone()).collect();
        let lookers = Lookers::new(is_net_admin(places.iter().filter_map(Place::namespace)));
        let mut desk =
            Desk::new(commands, outlet, request, (filter, filter_text, extensions), lookers, labels, interval);
        (desk.unseen, desk.traced) = (unseen, traced);
        desk.about.interfaces = places.iter().map(|place| Interfaces::opened(place.namespace()).into()).collect();
        desk.look_for_what_it_speaks_of();
        // What the filter speaks of is asked for in the first round.
        let awaited = vec![1; places.len()];
        Ok(Self { places, awaited, named, hearing, desk })
    }

    /// Works until nobody listens any more.
    pub(super) fn run(mut self) {
        while !self.desk.is_over {
            if let Err(error) = self.turn() {
                (self.desk.outlet.say)(Said::Failed(format!("{error:#}")));
                return;
            }
        }
    }

    /// One turn: what is due is done, then one command is waited for.
    fn turn(&mut self) -> Result<()> {
        let rounds = self.rounds();
        self.advance()?;
        let has_looked = self.desk.lookers.advance();
        if has_looked {
            self.desk.about.system = self.desk.lookers.system();
        }
        let has_asked = self.desk.extensions.lack() && self.has_asked();
        if has_asked {
            self.desk.extensions.are_told();
        }
        if has_looked || has_asked {
            self.desk.is_asked = true;
            // A filter may speak of owners, and sums do.
            let view = View(self.places.iter().map(|place| &place.feed.lives).collect());
            self.desk.decide(&view);
        }
        let is_counted = self.rounds() > rounds;
        if is_counted {
            self.desk.hear();
            self.desk.gone = self.named.as_ref().and_then(NamedNamespace::gone);
            self.look_beside()?;
        }
        // Who has pressed a key is answered before all is counted, with what was counted before.
        self.answer_early()?;
        if is_counted {
            let view = View(self.places.iter().map(|place| &place.feed.lives).collect());
            self.desk.count(&view);
            self.places.iter_mut().for_each(|place| place.feed.lives.summed_up());
            self.look_closely()?;
            self.catch_up()?;
            self.answer_counted();
        }
        let due = self.places.iter().map(|place| place.feed.due()).min().unwrap_or_default();
        let wait = due.saturating_sub(now()).min(READ_EVERY);
        match self.desk.wait(wait) {
            None => Ok(()),
            Some(command) => self.obey(command),
        }
    }

    /// Whether every place was asked for all that filters speak of.
    fn has_asked(&self) -> bool {
        self.places.iter().zip(&self.awaited).all(|(place, awaited)| place.feed.rounds >= *awaited)
    }

    /// Rounds of dumps that the place asked least often has behind it.
    fn rounds(&self) -> u64 {
        self.places.iter().map(|place| place.feed.rounds).min().unwrap_or(0)
    }

    fn answer_counted(&mut self) {
        let view = View(self.places.iter().map(|place| &place.feed.lives).collect());
        self.desk.answer_counted(&view);
    }

    /// Answers what was asked and has no answer yet, and looks before at what is not at hand: the next count may be long away.
    fn answer_early(&mut self) -> Result<()> {
        if !self.desk.is_asked {
            return Ok(());
        }
        if self.desk.lacks_links() {
            self.look_beside()?;
        }
        if self.desk.lacks_detail() {
            self.look_closely()?;
        }
        let view = View(self.places.iter().map(|place| &place.feed.lives).collect());
        self.desk.answer_early(&view);
        Ok(())
    }

    /// Reads what waits in every place, and asks again where it is time. Meanwhile what is to be seen is answered.
    fn advance(&mut self) -> Result<()> {
        if let Some(extensions) = self.desk.extensions.change() {
            for (Place { feed, .. }, awaited) in self.places.iter_mut().zip(&mut self.awaited) {
                // One that is under way has asked already.
                *awaited = feed.rounds + 1 + u64::from(feed.is_under_way());
                feed.ask(extensions);
            }
        }
        for at in 0..self.places.len() {
            if let Some(hearing) = &self.hearing {
                hearing.give(&mut self.places, &mut self.desk);
            }
            let (before, rest) = self.places.split_at_mut(at);
            let Some((one, after)) = rest.split_first_mut() else { break };
            let Place { feed, changes, links, .. } = one;
            let was_synced = feed.lives.is_synced();
            let number = u16::try_from(at).unwrap_or(u16::MAX);
            let desk = RefCell::new(&mut self.desk);
            let mut tell = |told: Told<'_>| desk.borrow_mut().told(number, &told, was_synced);
            let mut others = Beside { before, changes, links, after };
            let mut beside = |lives: &Lives| others.answer(lives, &mut desk.borrow_mut());
            feed.advance_beside(&mut tell, &mut beside).context("cannot ask for sockets")?;
            changes.advance(&mut self.desk.log, &mut self.desk.losses)?;
        }
        self.desk.in_sync.sockets = self.places.iter().all(|place| place.feed.lives.is_synced());
        self.desk.in_sync.changes = !self.places.iter().any(|place| place.changes.has_gap());
        self.desk.cost = self.places.iter().map(|place| place.feed.cost).sum();
        Ok(())
    }

    /// Looks at interfaces while they are on the screen.
    fn look_beside(&mut self) -> Result<()> {
        if self.desk.request.pane == Pane::Links {
            return self.desk.look_at_links(self.places.iter_mut().map(Place::links));
        }
        self.desk.links.clear();
        self.places.iter_mut().for_each(|place| place.links.forget());
        Ok(())
    }

    /// Asks for all of one socket while it is on the screen.
    fn look_closely(&mut self) -> Result<()> {
        let place = self.desk.request.detail.and_then(|id| self.places.get(usize::from(id.place)));
        let view = View(self.places.iter().map(|place| &place.feed.lives).collect());
        self.desk.look_closely(&view, place.and_then(Place::namespace))
    }

    /// Of what was asked meanwhile only the last is of interest.
    fn catch_up(&mut self) -> Result<()> {
        let before = self.desk.request.clone();
        if self.desk.hear() { self.look_at_what_is_new(&before) } else { Ok(()) }
    }

    /// Asks for what is on the screen now, and was not before, or was not looked at yet.
    fn look_at_what_is_new(&mut self, before: &Request) -> Result<()> {
        let request = &self.desk.request;
        let is_other_pane = request.pane == Pane::Links && before.pane != Pane::Links;
        let is_other_detail = request.detail.is_some() && request.detail != before.detail;
        if is_other_pane || self.desk.lacks_links() {
            self.look_beside()?;
        }
        if is_other_detail || self.desk.lacks_detail() { self.look_closely() } else { Ok(()) }
    }

    fn obey(&mut self, command: Command) -> Result<()> {
        match command {
            Command::Show(request) => {
                let before = std::mem::replace(&mut self.desk.request, request);
                self.look_at_what_is_new(&before)?;
                self.catch_up()?;
                self.desk.is_asked = true;
                self.answer_early()?;
            }
            Command::Filter(text) => {
                let view = View(self.places.iter().map(|place| &place.feed.lives).collect());
                let rows = match self.places.as_slice() {
                    [one] => Whence::of(one.namespace()),
                    _ => Whence::Elsewhere,
                };
                self.desk.filter_by(text, &SystemNames { rows }, &view);
                self.answer_early()?;
            }
            Command::Close(id) => {
                let namespace = self.places.get(usize::from(id.place)).and_then(Place::namespace);
                let view = View(self.places.iter().map(|place| &place.feed.lives).collect());
                (self.desk.outlet.say)(Said::Closed(close::close_one(id, &view, namespace)));
            }
        }
        Ok(())
    }
}

/// Reads a filter, and what it needs to be asked for. A mistake is one line.
pub(in crate::top) fn read_filter(text: &str, names: &SystemNames<'_>) -> Result<(Expression, u8), String> {
    let filter = Filter::parse(&[text], alive_catalog(), names).map_err(|mistake| in_one_line(&mistake))?;
    let needs = filter::check_shown(&filter.expression, filter::FOLLOWED, &["present"])?;
    Ok((filter.expression, needs.extensions))
}

/// What is wrong, where and what would be right, in one line.
fn in_one_line(mistake: &sockeye_query::filter::Mistake) -> String {
    let mut line = mistake.message.to_string();
    if let Some(nearest) = &mistake.nearest {
        line = format!("{line}; did you mean {nearest}?");
    } else if let Some(expected) = &mistake.expected {
        line = format!("{line}; expected {expected}");
    }
    let mut out = Vec::new();
    crate::output::escape::sentence(&mut out, &line);
    String::from_utf8_lossy(&out).into_owned()
}
