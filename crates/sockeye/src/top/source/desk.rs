//! What the source knows and answers from, whatever it is asking the kernel at the moment.

mod asked;
mod filtered;

use filtered::{Extensions, Filtering};

use std::collections::VecDeque;
use std::sync::PoisonError;
use std::sync::mpsc::Receiver;
use std::time::{Duration, SystemTime};

use sockeye_query::filter::Expression;
use sockeye_state::lives::{Event, Happening, Protocol, Time, Told};

use super::changes::Log;
use super::detail::Close;
use super::groups::{Departed, Departures};
use super::holder::Holder;
use super::links::Link;
use super::lookers::Lookers;
use super::losses::{self, Losses};
use super::pace::Paces;
use super::place::View;
use super::rows::{Material, rows, sockets};
use super::sockets::{About, Seen};
use super::{Command, Said, Slot};
use crate::live::{calendar, now};
use crate::output::several::several;
use crate::output::table::duration;
use crate::top::history::Histories;
use crate::top::model::{Id, Model, Overview, Rates, Request, Worth};

/// Round-trip times that are kept of a socket on the screen: as many as its column has letters.
const ROUND_TRIPS_MAX: usize = 8;

/// Where models go.
pub(super) struct Outlet {
    pub(super) slot: Slot,
    pub(super) say: Box<dyn Fn(Said) + Send>,
}

impl Outlet {
    /// Hands over a model. One that nobody took gives way, and whoever was told of it finds this one.
    fn show(&self, model: Model) {
        let mut slot = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.replace(model).is_none() {
            drop(slot);
            (self.say)(Said::Model);
        }
    }
}

/// Whether everything is known, or known again after a loss.
pub(super) struct InSync {
    pub(super) sockets: bool,
    /// What changed on the machine.
    pub(super) changes: bool,
}

/// What the source knows.
pub(super) struct Desk {
    commands: Receiver<Command>,
    pub(super) outlet: Outlet,
    /// What was asked beside what is to be seen, and is not done yet.
    pub(super) waiting: VecDeque<Command>,
    pub(super) request: Request,
    /// It has no answer yet.
    pub(super) is_asked: bool,
    pub(super) filter: Filtering,
    pub(super) paces: Paces,
    departures: Departures,
    pub(super) lookers: Lookers,
    pub(super) about: About,
    pub(super) links: Vec<Link>,
    pub(super) log: Log,
    round_trips: Histories<Id>,
    pub(super) detail: Option<Close>,
    overview: Overview,
    pub(super) losses: Losses,
    /// Rounds of all places, and when the last one was counted.
    rounds: u64,
    counted: Option<Time>,
    counted_at: SystemTime,
    /// Sockets that got a file, up to the last round.
    filed: u64,
    /// What the last round took.
    pub(super) cost: Duration,
    pub(super) in_sync: InSync,
    pub(super) extensions: Extensions,
    /// Whether TCP's births and ends come from the kernel's own events; if not, why.
    pub(super) traced: Result<(), String>,
    /// What of the namespaces cannot be seen.
    pub(super) unseen: Option<String>,
    /// That the namespace is gone that was named.
    pub(super) gone: Option<String>,
    pub(super) interval: Duration,
    /// Nobody listens any more.
    pub(super) is_over: bool,
}

impl Desk {
    pub(super) fn new(
        commands: Receiver<Command>,
        outlet: Outlet,
        request: Request,
        (filter, filter_text, extensions): (Expression, String, u8),
        lookers: Lookers,
        labels: Vec<Vec<u8>>,
        interval: Duration,
    ) -> Self {
        let about = About { system: lookers.system(), labels, interfaces: Vec::new() };
        Self {
            commands,
            outlet,
            waiting: VecDeque::new(),
            request,
            is_asked: false,
            filter: Filtering::new(filter, filter_text),
            paces: Paces::default(),
            departures: Departures::default(),
            lookers,
            about,
            links: Vec::new(),
            log: Log::default(),
            round_trips: Histories::new(ROUND_TRIPS_MAX),
            detail: None,
            overview: Overview::default(),
            losses: Losses::default(),
            rounds: 0,
            counted: None,
            counted_at: SystemTime::now(),
            filed: 0,
            cost: Duration::ZERO,
            in_sync: InSync { sockets: false, changes: true },
            extensions: Extensions::new(extensions),
            traced: Ok(()),
            unseen: None,
            gone: None,
            interval,
            is_over: false,
        }
    }

    /// Takes what the engine of a place tells.
    pub(super) fn told(&mut self, place: u16, told: &Told<'_>, is_synced: bool) {
        match told {
            Told::Event(event) => {
                let id = Id { place, cookie: event.life.cookie };
                match event.happening {
                    Happening::Closed => self.ended(id, event, is_synced),
                    Happening::State(_) if event.life.since != event.at => {}
                    Happening::Present => self.lookers.outdate(),
                    _ => {
                        self.lookers.outdate();
                        // One that is found after a loss may have lived for long.
                        if is_synced && !event.resync {
                            self.paces.born(id, self.counted.unwrap_or(event.at));
                        }
                    }
                }
            }
            Told::Gap(gap) => self.losses.add(losses::Kind::Sockets(gap.reason), gap.lost, calendar(gap.since)),
            _ => {}
        }
    }

    fn ended(&mut self, id: Id, event: &Event<'_>, is_synced: bool) {
        let (life, message) = (event.life, event.message);
        let Some(growth) = self.paces.end(id, event, is_synced) else { return };
        let seen = Seen { id, life, message, paces: &self.paces };
        if life.protocol == Protocol::Tcp && self.fits(&seen) {
            let peer = seen.peer().map(|(address, _)| address).filter(|address| !address.is_unspecified());
            self.departures.add(Departed { holder: Holder::of(life, seen.inode()), peer, growth });
        }
    }

    /// A round of all places is over: counts.
    pub(super) fn count(&mut self, view: &View<'_>) {
        let at = now();
        if let Some(counted) = self.counted {
            self.departures.turn(at.saturating_sub(counted));
        }
        self.counted = Some(at);
        self.counted_at = SystemTime::now();
        // Whoever has accepted connections may be known by now.
        let filed = view.0.iter().map(|lives| lives.filed()).sum();
        if std::mem::replace(&mut self.filed, filed) != filed {
            self.lookers.outdate();
        }
        self.about.forget_interfaces();
        self.rounds += 1;
        let is_new = |id: Id| {
            let known = view.lives(id.place).and_then(|lives| lives.get(id.cookie));
            known.is_some_and(|(life, message)| life.delta(message).is_none())
        };
        self.paces.turn(at, is_new);
        self.fit(view);
        let lives = |id: &Id| view.lives(id.place)?.get(id.cookie)?.0.totals.rtt_us.map(u64::from);
        self.round_trips.step(lives);
        self.sum_up(view);
        if self.in_sync.sockets && self.in_sync.changes {
            self.losses.heal(at);
        }
        self.losses.fade(at);
    }

    fn sum_up(&mut self, view: &View<'_>) {
        let mut overview = Overview::default();
        let mut sum = self.departures.sum;
        let mut is_known = self.rounds > 1;
        for seen in sockets(view, &self.paces) {
            if seen.is_listener() {
                overview.listeners += 1;
                continue;
            }
            overview.connections += 1;
            if let Some(rates) = seen.rates() {
                sum.iter_mut().zip(rates).for_each(|(sum, rate)| *sum += rate);
                is_known = true;
            }
        }
        if is_known {
            let [bytes_in, bytes_out, packets_in, packets_out, retransmissions] = sum.map(Some);
            overview.rates = Rates { bytes_in, bytes_out, packets_in, packets_out, retransmissions };
        }
        self.overview = overview;
    }

    /// Answers what is to be seen.
    pub(super) fn answer(&mut self, view: &View<'_>) {
        let request = self.request.clone();
        let seen = rows(
            &request,
            &mut Material {
                view,
                paces: &self.paces,
                departures: &self.departures,
                about: &self.about,
                links: &self.links,
                log: &self.log,
                round_trips: &mut self.round_trips,
            },
        );
        let model = Model {
            answers: request.number,
            pane: request.pane,
            grouping: request.grouping,
            offset: seen.offset,
            rows: seen.rows,
            total: seen.total,
            cursor: seen.cursor,
            overview: self.overview,
            detail: self.detail.as_ref().and_then(|close| close.found.clone()),
            filter: self.filter.text.clone(),
            clock: clock(self.counted_at),
            worth: self.worth(view),
            is_all_seen: self.unseen.is_none() && self.filter.kept_back.is_none() && self.filter.undecided == 0,
            completeness: self.completeness(view),
            gap: self.gone.clone().or_else(|| self.losses.in_words()),
            is_gone: self.gone.is_some(),
        };
        self.is_asked = false;
        self.outlet.show(model);
    }

    /// What there is to say of the last interval.
    fn worth(&self, view: &View<'_>) -> Worth {
        if self.rounds <= 1 || !self.lookers.has_looked || self.lookers.is_behind() || self.extensions.lack() {
            return Worth::Early;
        }
        // What was lost before a loss was made good is missing in the rates of that interval.
        let is_whole = self.in_sync.sockets && self.losses.are_healed_before(self.counted);
        if is_whole && view.0.iter().all(|lives| lives.unfollowed() == 0) { Worth::Whole } else { Worth::Lossy }
    }

    /// How complete this is, worst first.
    fn completeness(&self, view: &View<'_>) -> Vec<String> {
        let followed = view.len();
        let unfollowed: u64 = view.0.iter().map(|lives| lives.unfollowed()).sum();
        let (is_less, owners) = self.lookers.in_words();
        let mut said = Vec::new();
        if !self.in_sync.sockets {
            said.push("not in sync yet".to_owned());
        }
        said.extend(self.unseen.clone());
        said.extend(self.filter.kept_back.clone());
        if self.extensions.lack() {
            said.push("what the filter speaks of is being asked for".to_owned());
        }
        if self.filter.undecided > 0 {
            let sockets = several(self.filter.undecided, "socket");
            said.push(format!("{sockets} left out: the filter depends on who holds them"));
        }
        if unfollowed > 0 {
            said.push(format!("{unfollowed} sockets are too many to follow"));
        }
        said.extend(self.departures.left_out());
        let source = match &self.traced {
            Ok(()) => "bpf and dumps".to_owned(),
            Err(reason) => format!("destroy-groups and dumps (bpf {reason})"),
        };
        let mut rest = vec![format!("{followed} of tcp and udp from {source}")];
        if is_less {
            said.push(owners);
        } else {
            rest.push(owners);
        }
        said.extend(rest);
        let every = humantime::format_duration(self.interval);
        let mut cost = Vec::new();
        duration(&mut cost, u64::try_from(self.cost.as_micros()).unwrap_or(u64::MAX));
        said.push(format!("dumps every {every} take {}", String::from_utf8_lossy(&cost)));
        said
    }
}

/// The time of day, in UTC.
pub(super) fn clock(time: SystemTime) -> String {
    let text = humantime::format_rfc3339_seconds(time).to_string();
    text.get(11..19).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
