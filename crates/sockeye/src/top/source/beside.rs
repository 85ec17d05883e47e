//! What is answered while a place is asked: a round of very many sockets takes a while, and no key waits for that.

use anyhow::Result;
use sockeye_conn::Namespace;
use sockeye_state::lives::Lives;

use super::changes::Changes;
use super::close;
use super::desk::Desk;
use super::links::Links;
use super::place::{Place, View};
use super::{Command, Said};
use crate::sockets::system::{SystemNames, Whence};

/// All places but the sockets of the one that is asked, which are filled meanwhile.
pub(super) struct Beside<'p> {
    pub(super) before: &'p mut [Place],
    /// Of the one that is asked.
    pub(super) changes: &'p Changes,
    pub(super) links: &'p mut Links,
    pub(super) after: &'p mut [Place],
}

impl Beside<'_> {
    /// Answers what was asked meanwhile; `lives`: the sockets of the place that is asked, as far as they are known.
    pub(super) fn answer(&mut self, lives: &Lives, desk: &mut Desk) {
        desk.hear();
        while let Some(command) = desk.waiting.pop_front() {
            self.obey(command, lives, desk);
        }
        if !desk.is_asked {
            return;
        }
        // What cannot be looked at now is looked at again after the round, where the reason is told.
        if self.look(lives, desk).is_ok() {
            desk.answer_early(&self.view(lives));
        }
    }

    /// Filters and closes without waiting for the round: as the sockets are known by now.
    fn obey(&self, command: Command, lives: &Lives, desk: &mut Desk) {
        let view = self.view(lives);
        match command {
            // The newest of these has been heard.
            Command::Show(_) => {}
            Command::Filter(text) => {
                let is_one = self.before.is_empty() && self.after.is_empty();
                let rows = if is_one { Whence::of(self.changes.namespace()) } else { Whence::Elsewhere };
                desk.filter_by(text, &SystemNames { rows }, &view);
            }
            Command::Close(id) => {
                (desk.outlet.say)(Said::Closed(close::close_one(id, &view, self.namespace(id.place))));
            }
        }
    }

    /// Looks at what is asked for and not at hand.
    fn look(&mut self, lives: &Lives, desk: &mut Desk) -> Result<()> {
        if desk.lacks_links() {
            let before = self.before.iter_mut().map(Place::links);
            let after = self.after.iter_mut().map(Place::links);
            let one = std::iter::once((&mut *self.links, self.changes.namespace()));
            desk.look_at_links(before.chain(one).chain(after))?;
        }
        if desk.lacks_detail() {
            let namespace = desk.request.detail.and_then(|id| self.namespace(id.place));
            desk.look_closely(&self.view(lives), namespace)?;
        }
        Ok(())
    }

    fn view<'v>(&'v self, lives: &'v Lives) -> View<'v> {
        let before = self.before.iter().map(|place| &place.feed.lives);
        let after = self.after.iter().map(|place| &place.feed.lives);
        View(before.chain([lives]).chain(after).collect())
    }

    /// The namespace of a place, where it is another than this process's.
    fn namespace(&self, place: u16) -> Option<&Namespace> {
        let before = self.before.iter().map(Place::namespace);
        let after = self.after.iter().map(Place::namespace);
        before.chain([self.changes.namespace()]).chain(after).nth(usize::from(place)).flatten()
    }
}
