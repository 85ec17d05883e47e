//! The stream of reports: what of the engines' outputs is told, to whom, in which format.

use std::time::{Instant, SystemTime};

use sockeye_query::filter::Decision;
use sockeye_state::rtnetlink::Tables;
use sockeye_state::watch::{Origin, Output};
use sockeye_wire::rtnetlink::Table;

use super::options::{Options, StreamFormat};
use super::out::Out;
use super::place::Place;
use super::process::Processes;
use super::report::{Event, Report};
use super::subject::Subjects;
use super::watched::Watched;
use super::{complain, hooks, line, object};

/// The stream of reports.
pub(super) struct Stream<'s> {
    pub(super) options: &'s Options,
    pub(super) subjects: &'s Subjects,
    pub(super) shows_netns: bool,
    pub(super) out: Out,
    pub(super) unsupported: Tables,
    pub(super) hooks: Option<hooks::Hooks>,
    pub(super) processes: Processes,
}

impl Stream<'_> {
    /// The tables that are told of, and those that hooks speak of.
    pub(super) fn tables(&self) -> Tables {
        self.subjects.tables().union(self.hooks.as_ref().map_or(Tables::NONE, hooks::Hooks::tables))
    }

    /// The interfaces that are spoken of, as the engine wants them: none where all are.
    pub(super) fn interfaces(&self) -> Vec<Vec<u8>> {
        let of_hooks = self.hooks.as_ref().map_or(Some(Vec::new()), hooks::Hooks::interfaces);
        let names = self.subjects.interfaces().zip(of_hooks).map(|(own, of_hooks)| [own, of_hooks].concat());
        let mut names = names.unwrap_or_default();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Starts the hooks that were due at this time.
    pub(super) fn run_due(&mut self, now: Instant, watched: &[Watched]) {
        let Some(hooks) = &mut self.hooks else { return };
        hooks.run_due(now, |namespace, table| {
            watched.iter().find(|one| one.place.number == namespace)?.watcher.engine().mirror(table)
        });
    }

    pub(super) fn take(&mut self, place: &Place, began: SystemTime, output: &Output<'_>) {
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
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.hooks.as_ref().and_then(hooks::Hooks::next_due)
    }

    fn change(&mut self, place: &Place, change: &sockeye_state::watch::Change<'_>) {
        let made = super::change::read(change, place);
        if change.table == Table::Links
            && let Some((index, name)) = made.row().and_then(|row| row.link_name())
        {
            place.learn(index, name, change.new.is_none());
        }
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
        if change.origin != Origin::Snapshot {
            self.out.count();
        }
    }

    pub(super) fn tell(&mut self, place: &Place, event: Event<'_>) {
        if !self.out.is_open() {
            return;
        }
        let is_wanted = self.shows_netns || self.options.format() == StreamFormat::Ndjson;
        let netns = (is_wanted && !place.label.is_empty()).then_some(place.label.as_slice());
        let report = Report { time: SystemTime::now(), netns, event };
        match self.options.format() {
            StreamFormat::Lines => line::write(&mut self.out.bytes, &report),
            StreamFormat::Ndjson => object::write(&mut self.out.bytes, &report),
        }
        self.out.flush_block();
    }

    /// Writes what there is. A reader that has gone ends the watch.
    pub(super) fn flush(&mut self) {
        self.processes.forget();
        self.out.flush();
    }
}
