//! The filter in force, and the sockets that it holds of.

use std::collections::HashSet;

use sockeye_query::filter::{Decision, Expression};
use sockeye_query::sockets::OwnerPart;
use sockeye_query::sockets::live::{needs, owner_parts};
use sockeye_state::lives::{Happening, Life};
use sockeye_wire::sock_diag::state::State;

use super::super::Said;
use super::super::place::View;
use super::super::sockets::Seen;
use super::super::worker::read_filter;
use super::Desk;
use crate::live::filter::kept_back;
use crate::live::row::{alive, alive_without_rates};
use crate::sockets::system::{Place, SystemNames};
use crate::top::model::Id;

/// Sockets that are worth a thread.
const PART_MIN: usize = 20_000;

/// The filter in force.
pub(in crate::top::source) struct Filtering {
    expression: Expression,
    pub(super) text: String,
    /// What it needs to be asked for, until it is asked for.
    pub(in crate::top::source) extensions: Option<u8>,
    /// It speaks of how fast sockets move, or of what holds them up.
    asks_rates: bool,
    /// What it speaks of and the kernel does not tell.
    pub(super) kept_back: Option<String>,
}

impl Filtering {
    pub(in crate::top::source) fn new(expression: Expression, text: String) -> Self {
        let asks_rates = needs(&expression).is_ok_and(|needs| needs.rows);
        Self { expression, text, extensions: None, asks_rates, kept_back: None }
    }
}

impl Desk {
    /// Reads a filter: it is in force from now on, or a mistake.
    pub(in crate::top::source) fn filter_by(&mut self, text: String, names: &SystemNames<'_>, view: &View<'_>) {
        match read_filter(&text, names) {
            Ok((filter, extensions)) => {
                self.filter = Filtering { extensions: Some(extensions), ..Filtering::new(filter, text.clone()) };
                self.look_for_what_it_speaks_of();
                self.decide(view);
                self.is_asked = true;
                (self.outlet.say)(Said::FilterTaken(text));
            }
            Err(mistake) => (self.outlet.say)(Said::FilterRefused(mistake)),
        }
    }

    /// Reads of processes what the filter speaks of, and all that is known where all of a socket is on the screen.
    pub(in crate::top::source) fn look_for_what_it_speaks_of(&mut self) {
        let mut parts = owner_parts(&self.filter.expression);
        if self.request.detail.is_some() {
            parts.push(OwnerPart::Cmdline);
        }
        self.lookers.read_too(&parts);
        let kernel = self.about.system.kernel();
        self.filter.kept_back = kept_back(&self.filter.expression, kernel, self.lookers.net_admin);
    }

    /// The filter is another, or owners are: decides again.
    pub(in crate::top::source) fn decide(&mut self, view: &View<'_>) {
        self.fit(view);
        self.sum_up(view);
    }

    /// Finds the sockets of which the filter holds.
    pub(super) fn fit(&mut self, view: &View<'_>) {
        if self.filter.expression == Expression::always() {
            self.paces.fitting = None;
            return;
        }
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let parts = processors.min(1 + view.len() / PART_MIN);
        let (test, about) = (self.test(), &self.about);
        let part = |part: usize| {
            let mut fitting = HashSet::new();
            for (place, lives) in (0..).zip(&view.0) {
                let surroundings = about.surroundings(place);
                let sockets = lives.iter().skip(part).step_by(parts);
                let holds = sockets.filter(|(life, message)| test.holds(life, message, &surroundings));
                fitting.extend(holds.map(|(life, _)| Id { place, cookie: life.cookie }));
            }
            fitting
        };
        let fitting = std::thread::scope(|scope| {
            let others: Vec<_> = (1..parts).map(|number| scope.spawn(move || part(number))).collect();
            let mut fitting = part(0);
            for other in others {
                // Rows that are missing would look as if the filter did not hold of them.
                fitting.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            }
            fitting
        });
        self.paces.fitting = Some(fitting);
    }

    /// Whether the filter holds of a socket.
    pub(super) fn fits(&self, seen: &Seen<'_>) -> bool {
        if self.filter.expression == Expression::always() {
            return true;
        }
        let surroundings = self.about.surroundings(seen.id.place);
        self.test().holds(seen.life, seen.message, &surroundings)
    }

    fn test(&self) -> Test<'_> {
        Test { filter: &self.filter.expression, asks_rates: self.filter.asks_rates }
    }
}

/// What a socket is held against.
#[derive(Clone, Copy)]
struct Test<'f> {
    filter: &'f Expression,
    asks_rates: bool,
}

impl Test<'_> {
    /// Whether it holds of a socket with these surroundings.
    fn holds(self, life: &Life, message: &[u8], surroundings: &Place<'_>) -> bool {
        let read = if self.asks_rates { alive } else { alive_without_rates };
        let Some(mut row) = read(life, message, surroundings) else { return false };
        // Where events are told, `established` is one; of a socket that lives it says what it is.
        row.facts.event = match life.state {
            State::Established => Happening::Established.word(),
            State::Listening => Happening::Listening.word(),
            State::SynSent => Happening::Opened.word(),
            _ => row.facts.event,
        };
        self.filter.decide(&row) == Decision::Yes
    }
}
