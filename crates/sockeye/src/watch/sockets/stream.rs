//! What of the engine's events is told, and in which format.

use std::collections::HashSet;
use std::time::Instant;

use sockeye_bpf::events::EventKind;
use sockeye_query::filter::{Decision, Expression};
use sockeye_query::sockets::Surroundings;
use sockeye_query::sockets::live::LiveRow;
use sockeye_state::lives::{Gap, Happening, Time, Told};

use super::super::complain;
use super::super::options::{Options, StreamFormat};
use super::super::out::Out;
use super::heard::Heard;
use super::hooks::Hooks;
use super::{line, object};
use crate::live::kinds::{Kinds, of_trouble};
use crate::live::owners::Known;
use crate::live::row;
use crate::output::several::several;

/// Something to tell beside sockets.
pub(super) enum Notice<'n> {
    /// Something was lost.
    Gap(&'n Gap),
    /// What is known is what there is.
    Synced(Time),
    /// The namespace is gone.
    Gone,
    /// From where it is known, and what of it, and how often everything is dumped; who holds sockets, and how long dumps take, when
    /// everything is in sync.
    Sources { heard: &'n Heard, owners: Option<&'n Known>, interval_us: u64, round_us: Option<u64> },
    /// So many events happened in a network namespace that could not be found.
    Unfound(u64),
    /// Of this kind so many events were lost. Nobody can be asked for them.
    Lost(EventKind, u64),
}

/// The stream of what happens.
pub(super) struct Stream<'s> {
    pub(super) options: &'s Options,
    pub(super) filter: &'s Expression,
    /// What is told.
    pub(super) kinds: Kinds,
    pub(super) shows_netns: bool,
    pub(super) objects: object::Objects,
    pub(super) hooks: Option<Hooks>,
    pub(super) out: Out,
    /// Namespaces whose gap is open.
    pub(super) gaps: HashSet<Vec<u8>>,
    /// Times that something was lost.
    pub(super) losses: u64,
}

impl Stream<'_> {
    /// Takes what the engine tells. `true`: there is a socket that was not there before.
    /// `is_left`: whoever would be named as its owner is gone, while somebody held it.
    pub(super) fn take(&mut self, told: &Told<'_>, surroundings: &dyn Surroundings, is_left: bool) -> bool {
        let label = surroundings.namespace().unwrap_or_default();
        match told {
            Told::Event(event) => {
                let is_new = match event.happening {
                    Happening::Closed => false,
                    // One that is found may be on its way out already.
                    Happening::State(_) => event.life.since == event.at,
                    _ => true,
                };
                let is_wanted = event.happening != Happening::Present || self.options.snapshot;
                if !is_wanted || !self.kinds.contains(EventKind::State) || !self.out.is_open() {
                    return is_new;
                }
                let Some(mut row) = row::of(event, surroundings) else { return is_new };
                row.facts.is_left = is_left;
                self.start_hooks(&row, event.at, label);
                if self.filter.decide(&row) == Decision::Yes {
                    self.event(&row, event.at, label);
                    if event.happening != Happening::Present {
                        self.out.count();
                    }
                }
                is_new
            }
            Told::Incident(met) => {
                let kind = of_trouble(met.incident.trouble);
                if kind.is_none_or(|kind| !self.kinds.contains(kind)) || !self.out.is_open() {
                    return false;
                }
                let message = row::incident_message(met);
                let Some(mut row) = row::of_incident(met, &message, surroundings) else { return false };
                row.facts.is_left = is_left;
                self.start_hooks(&row, met.incident.at, label);
                if self.filter.decide(&row) == Decision::Yes {
                    self.event(&row, met.incident.at, label);
                    self.out.count();
                }
                false
            }
            Told::Gap(gap) => {
                self.gaps.insert(label.to_vec());
                self.notice(&Notice::Gap(gap), gap.since, label);
                false
            }
            Told::Synced(at) => {
                // The first one is what stderr says.
                if self.options.format() == StreamFormat::Lines && !self.gaps.remove(label) {
                    return false;
                }
                self.notice(&Notice::Synced(*at), *at, label);
                false
            }
            _ => false,
        }
    }

    fn start_hooks(&mut self, row: &LiveRow<'_>, at: Time, label: &[u8]) {
        if let Some(hooks) = &mut self.hooks {
            hooks.take(row, at, label, &mut self.objects);
        }
    }

    /// When a hook is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.hooks.as_ref()?.runner.next_due()
    }

    fn netns<'l>(&self, label: &'l [u8]) -> Option<&'l [u8]> {
        let is_wanted = self.shows_netns || self.options.format() == StreamFormat::Ndjson;
        (is_wanted && !label.is_empty()).then_some(label)
    }

    fn event(&mut self, row: &LiveRow<'_>, at: Time, label: &[u8]) {
        let netns = self.netns(label);
        match self.options.format() {
            StreamFormat::Lines => line::event(&mut self.out.bytes, row, at, netns),
            StreamFormat::Ndjson => self.objects.event(&mut self.out.bytes, row, at, netns),
        }
        self.out.flush_block();
    }

    /// Tells of network namespaces that were not found; of all, if it `is_last`. They are none of those that are watched, so that what
    /// is told of these is whole all the same: for a reader in a pid namespace, events of all others outside are such.
    pub(super) fn unfound(&mut self, heard: &mut Heard, is_last: bool) {
        let unfound = heard.strangers.as_mut().map(|strangers| strangers.give_up(is_last)).unwrap_or_default();
        for one in &unfound {
            self.notice(&Notice::Unfound(one.events), one.since, &[]);
        }
    }

    /// Tells people that something was lost: whoever keeps in a file what is told sees none of it.
    pub(super) fn say_what_was_lost(&self) {
        if self.losses > 0 {
            complain(&format!("{}: something was lost while this was watched", several(self.losses, "gap")));
        }
    }

    pub(super) fn notice(&mut self, notice: &Notice<'_>, at: Time, label: &[u8]) {
        self.losses += u64::from(matches!(notice, Notice::Gap(_) | Notice::Lost(..)));
        if !self.out.is_open() {
            return;
        }
        let netns = self.netns(label);
        match self.options.format() {
            StreamFormat::Lines => line::notice(&mut self.out.bytes, notice, at, netns),
            StreamFormat::Ndjson => object::notice(&mut self.out.bytes, notice, at, netns),
        }
    }
}
