//! What is asked of the desk, and whether all that its answer needs is at hand.

use std::sync::mpsc::{RecvTimeoutError, TryRecvError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use sockeye_conn::Namespace;
use sockeye_query::sockets::live::owner_parts;

use super::super::Command;
use super::super::detail::Close;
use super::super::links::Links;
use super::super::place::View;
use super::super::sockets::Seen;
use super::Desk;
use crate::live::now;
use crate::live::row::table;
use crate::top::model::Pane;

/// Commands that wait while the kernel is asked; keys come no faster.
const WAITING_MAX: usize = 1_000;

impl Desk {
    /// Waits for something to do, as long as this.
    pub(in crate::top::source) fn wait(&mut self, longest: Duration) -> Option<Command> {
        if let Some(first) = self.waiting.pop_front() {
            return Some(first);
        }
        match self.commands.recv_timeout(longest) {
            Ok(command) => Some(command),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => {
                self.is_over = true;
                None
            }
        }
    }

    /// What was asked meanwhile: what is to be seen, the newest of it. `true`: there is something to answer.
    pub(in crate::top::source) fn hear(&mut self) -> bool {
        let mut is_asked = false;
        while self.waiting.len() < WAITING_MAX {
            match self.commands.try_recv() {
                Ok(Command::Show(request)) => {
                    self.request = request;
                    is_asked = true;
                }
                Ok(other) => self.waiting.push_back(other),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => {
                    self.is_over = true;
                    break;
                }
            }
        }
        self.is_asked |= is_asked;
        is_asked
    }

    /// Whether a socket is asked for that was not looked at.
    pub(in crate::top::source) fn lacks_detail(&self) -> bool {
        self.request.detail.is_some_and(|id| self.detail.as_ref().is_none_or(|close| close.id() != id))
    }

    /// Whether interfaces are asked for that were not looked at. Every namespace has one.
    pub(in crate::top::source) fn lacks_links(&self) -> bool {
        self.request.pane == Pane::Links && self.links.is_empty()
    }

    /// Whether all that was asked for is at hand. A screen that is paused takes the first answer to its question and no other, so
    /// that one has to be whole: of sockets, with all that the filter speaks of. Who is not paused sees the next one too, and no key waits
    /// for a round.
    fn can_answer(&self) -> bool {
        let is_filtered = !matches!(self.request.pane, Pane::Links | Pane::Changes);
        let lacks_owners = self.lookers.has_looked && !self.lookers.knows(&owner_parts(&self.filter.expression));
        let has_to_wait = self.request.paused && is_filtered && (lacks_owners || self.extensions.lack());
        !self.lacks_detail() && !self.lacks_links() && !has_to_wait
    }

    /// Answers when all is counted. Who is not paused sees the next answer too.
    pub(in crate::top::source) fn answer_counted(&mut self, view: &View<'_>) {
        if !self.request.paused || self.can_answer() {
            self.answer(view);
        }
    }

    /// Answers what was asked and has no answer yet, before all is counted. What is not at hand waits until it was looked at.
    pub(in crate::top::source) fn answer_early(&mut self, view: &View<'_>) {
        if self.is_asked && self.can_answer() {
            self.answer(view);
        }
    }

    /// Asks for all of one socket while it is on the screen; `namespace`: of its place.
    pub(in crate::top::source) fn look_closely(
        &mut self,
        view: &View<'_>,
        namespace: Option<&Namespace>,
    ) -> Result<()> {
        let Some(id) = self.request.detail else {
            self.detail = None;
            return Ok(());
        };
        let mut close = match self.detail.take() {
            Some(close) if close.id() == id => close,
            _ => {
                self.look_for_what_it_speaks_of();
                Close::new(id)
            }
        };
        if let Some(lives) = view.lives(id.place) {
            let known = lives.get(id.cookie).map(|(life, message)| {
                let seen = Seen { id, life, message, paces: &self.paces };
                (table(life), message, seen.followed(now()))
            });
            close.look(namespace, known, &self.about.surroundings(id.place)).context("cannot ask for a socket")?;
        }
        self.detail = Some(close);
        Ok(())
    }

    /// Looks at the interfaces of all places, each in its namespace.
    pub(in crate::top::source) fn look_at_links<'p>(
        &mut self,
        places: impl Iterator<Item = (&'p mut Links, Option<&'p Namespace>)>,
    ) -> Result<()> {
        self.links.clear();
        // Those of some places alone would look like all.
        let mut known = Vec::new();
        for (links, namespace) in places {
            links.look(namespace).context("cannot ask for links")?;
            known.extend_from_slice(&links.known);
        }
        self.links = known;
        Ok(())
    }
}
