//! The filter in force, and the sockets that it holds of.

use std::collections::HashSet;
use std::panic::resume_unwind;

use sockeye_query::filter::{Decision, Expression};
use sockeye_query::sockets::live::{asks_rates, is_of_owner, owner_parts};
use sockeye_query::sockets::{OwnerPart, Surroundings as _};
use sockeye_state::lives::{Happening, Life};
use sockeye_wire::sock_diag::state::State;

use super::super::Said;
use super::super::place::View;
use super::super::sockets::Seen;
use super::super::worker::read_filter;
use super::Desk;
use crate::live::feed::EXTENSIONS;
use crate::live::filter::kept_back;
use crate::live::row::{alive, alive_without_rates};
use crate::sockets::system::{Place, SystemNames};
use crate::top::model::Id;

/// Sockets that are worth a thread.
const PART_MIN: usize = 20_000;

/// The filter in force.
pub(in crate::top::source) struct Filtering {
    pub(super) expression: Expression,
    pub(super) text: String,
    /// It speaks of how fast sockets move.
    asks_rates: bool,
    /// Sockets of which nobody knows whether it holds, since who holds them is not known.
    pub(super) undecided: usize,
    /// What it speaks of and the kernel does not tell.
    pub(super) kept_back: Option<String>,
}

impl Filtering {
    pub(in crate::top::source) fn new(expression: Expression, text: String) -> Self {
        let asks_rates = asks_rates(&expression);
        Self { expression, text, asks_rates, undecided: 0, kept_back: None }
    }
}

/// What of sockets is told to whoever asks for it (extensions of inet_diag, bit `n - 1` for extension `n`): a filter may speak of it.
#[derive(Clone, Copy, Debug)]
pub(in crate::top::source) struct Extensions {
    /// The filter in force speaks of these.
    needed: u8,
    /// Rounds ask for these. They go on doing so: the next filter may speak of them again.
    asked: u8,
    /// These are in every row.
    told: u8,
}

impl Extensions {
    /// Those that the first round asks for, and those that every round does.
    pub(super) fn new(needed: u8) -> Self {
        Self { needed, asked: needed | EXTENSIONS, told: EXTENSIONS }
    }

    /// Those that rounds are to ask for from now on, if they do not yet.
    pub(in crate::top::source) fn change(&mut self) -> Option<u8> {
        let is_new = self.needed & !self.asked != 0;
        self.asked |= self.needed;
        is_new.then_some(self.asked)
    }

    /// A round that asked for all of them is over in every namespace.
    pub(in crate::top::source) fn are_told(&mut self) {
        self.told = self.asked;
    }

    /// Whether the filter speaks of what no row has yet.
    pub(in crate::top::source) fn lack(self) -> bool {
        self.needed & !self.told != 0
    }
}

impl Desk {
    /// Reads a filter: it is in force from now on, or a mistake.
    pub(in crate::top::source) fn filter_by(&mut self, text: String, names: &SystemNames<'_>, view: &View<'_>) {
        match read_filter(&text, names) {
            Ok((filter, extensions)) => {
                self.extensions.needed = extensions;
                self.filter = Filtering::new(filter, text.clone());
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
        self.lookers.read_too(&owner_parts(&self.filter.expression));
        if self.request.detail.is_some() {
            self.lookers.read_too(&[OwnerPart::Cmdline]);
        }
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
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        self.fit_in(processors.min(1 + view.len() / PART_MIN), view);
    }

    /// The same in so many parts at a time.
    pub(super) fn fit_in(&mut self, parts: usize, view: &View<'_>) {
        if self.filter.expression == Expression::always() {
            self.paces.fitting = None;
            self.filter.undecided = 0;
            return;
        }
        let (test, about) = (self.test(), &self.about);
        let part = |part: usize| {
            let (mut fitting, mut undecided) = (HashSet::new(), 0);
            for (place, lives) in (0..).zip(&view.0) {
                let surroundings = about.surroundings(place);
                for (life, message) in lives.iter().skip(part).step_by(parts) {
                    match test.decide(life, message, &surroundings) {
                        Decided::Holds => drop(fitting.insert(Id { place, cookie: life.cookie })),
                        Decided::ByOwnersUnknown => undecided += 1,
                        Decided::Not => {}
                    }
                }
            }
            (fitting, undecided)
        };
        let (fitting, undecided) = std::thread::scope(|scope| {
            let begin = |number| std::thread::Builder::new().spawn_scoped(scope, move || part(number)).ok();
            // Where there may be no more threads this one does it all.
            let others: Vec<_> = (1..parts).map(|number| (number, begin(number))).collect();
            let (mut fitting, mut undecided) = part(0);
            for (number, other) in others {
                // Rows that are missing would look as if the filter did not hold of them.
                let join = |other: std::thread::ScopedJoinHandle<'_, _>| {
                    other.join().unwrap_or_else(|panic| resume_unwind(panic))
                };
                let (more, of_more) = other.map_or_else(|| part(number), join);
                fitting.extend(more);
                undecided += of_more;
            }
            (fitting, undecided)
        });
        self.filter.undecided = undecided;
        self.paces.fitting = Some(fitting);
    }

    /// Whether the filter holds of a socket.
    pub(super) fn fits(&self, seen: &Seen<'_>) -> bool {
        if self.filter.expression == Expression::always() {
            return true;
        }
        let surroundings = self.about.surroundings(seen.id.place);
        matches!(self.test().decide(seen.life, seen.message, &surroundings), Decided::Holds)
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

/// Whether a filter holds.
enum Decided {
    Holds,
    Not,
    /// Nobody knows, since who holds the socket is not known.
    ByOwnersUnknown,
}

impl Test<'_> {
    /// Whether it holds of a socket with these surroundings.
    fn decide(self, life: &Life, message: &[u8], surroundings: &Place<'_>) -> Decided {
        let read = if self.asks_rates { alive } else { alive_without_rates };
        let Some(mut row) = read(life, message, surroundings) else { return Decided::Not };
        // Where events are told, `established` is one; of a socket that lives it says what it is.
        row.facts.event = match life.state {
            State::Established => Happening::Established.word(),
            State::Listening => Happening::Listening.word(),
            State::SynSent => Happening::Opened.word(),
            _ => row.facts.event,
        };
        match self.filter.decide(&row) {
            Decision::Yes => Decided::Holds,
            Decision::Unknown
                if surroundings.owners_unknown().is_some()
                    && self.filter.unknown_fields(&row).into_iter().any(is_of_owner) =>
            {
                Decided::ByOwnersUnknown
            }
            _ => Decided::Not,
        }
    }
}
