//! What is done next, what a loss puts off, and what follows from an event.

use core::time::Duration;

use sockeye_wire::rtnetlink::Table;

use super::departed::LIMBO;
use super::output::{Gap, Origin, Output, Reason, Want};
use super::round::{Round, Stage};
use super::state::Phase;
use super::{Sink, Watch};
use crate::mirror::ROUNDS;
use crate::rtnetlink::{Cursor, Tables, class, dumps, needs};

/// From the first event with consequences to the dump that looks for them: what belongs together comes together.
const DEBOUNCE: Duration = Duration::from_millis(75);
/// From the last one: net/core/dev.c `__dev_notify_flags` announces a link before it takes its routes down.
const SETTLE: Duration = Duration::from_millis(50);
/// Dumps for consequences take no more than this part of the time: one in five.
const REST: u32 = 4;
/// And do not wait longer than this.
const REST_MAX: Duration = Duration::from_secs(10);

/// A loss that is not told yet: how much was lost is known once the event socket is empty.
#[derive(Clone, Copy, Debug)]
pub(super) struct Loss {
    reason: Reason,
    since: Duration,
    lost: u64,
}

impl Watch {
    /// What to do next. Each [`Want::Send`] and [`Want::Reopen`] is said once.
    pub fn want(&mut self, now: Duration) -> Want {
        self.born.get_or_insert(now);
        if core::mem::take(&mut self.reopen) {
            return Want::Reopen;
        }
        if let Some(want) = self.select() {
            return want;
        }
        if !self.drained {
            return Want::Events;
        }
        if self.loss.is_some() || !self.counted {
            return Want::Drops;
        }
        if self.reread.is_receiving() {
            return Want::Answer;
        }
        if self.round.is_none() {
            if let Some(request) = self.reread_next() {
                return Want::Send(request);
            }
            if let Some((table, origin)) = self.pick(now) {
                self.begin(table, origin, now);
            }
        }
        // Before the first request of a dump, and once there is none.
        let dump = self.round.as_ref().map(|round| (round.stage == Stage::Ask, round.table));
        let wanted = match dump {
            Some((true, table)) => self.select_for(Some(table)),
            Some(_) => None,
            None => self.select_for(None),
        };
        if let Some(want) = wanted {
            return want;
        }
        let Some(round) = &mut self.round else {
            // What came meanwhile is looked for after the wait.
            self.drained = false;
            return Want::Wait { until: self.next_due() };
        };
        match round.stage {
            Stage::Receive => Want::Answer,
            Stage::Hold => Want::Events,
            Stage::Check => Want::Drops,
            Stage::Ask => {
                self.sequence = self.sequence.wrapping_add(1).max(1);
                round.ask(self.sequence).map_or(Want::Drops, Want::Send)
            }
        }
    }

    /// Takes the drop counter of the event socket; `None` where it cannot be read.
    pub fn drops(&mut self, total: Option<u64>, now: Duration, sink: &mut Sink<'_>) {
        self.counted = true;
        let lost = match (total, self.drops) {
            // `sk_drops` is an int: it wraps.
            (Some(total), Some(before)) => total.wrapping_sub(before) & u64::from(u32::MAX),
            _ => 0,
        };
        self.drops = total.or(self.drops);
        self.counters.lost += lost;
        if lost > 0 && self.loss.is_none() {
            // ENOBUFS is still to be read.
            self.last_read = self.last_count;
            self.lose(Reason::Overrun, now);
            if let Some(loss) = &mut self.loss {
                loss.lost = lost;
            }
            return;
        }
        self.last_count = now;
        if let Some(loss) = self.loss.take() {
            let is_supported = |table: Table| {
                self.states[table as usize].as_ref().is_some_and(|state| state.phase != Phase::Unsupported)
            };
            let tables = self.told.iter().filter(|&table| is_supported(table)).collect();
            let lost = Some(loss.lost + lost).filter(|&lost| lost > 0);
            sink(Output::Gap(Gap { tables, since: loss.since, lost, reason: loss.reason }));
            // A loss while the pause lasts has spoiled no dump: it does not make the pause longer.
            if core::mem::take(&mut self.tried) {
                self.resync = now + self.losses.next(now, &mut self.random);
            }
            for state in self.states.iter_mut().flatten().filter(|state| state.is_open()) {
                let is_in_limbo = state.mirror.table() == Table::Routes;
                state.retry = self.resync.max(if is_in_limbo { now + LIMBO } else { now });
            }
        } else if self.round.as_ref().is_some_and(|round| round.stage == Stage::Check) {
            self.conclude(now, sink);
        }
    }

    /// Events were lost: every table may be wrong, and a dump that runs is worth nothing.
    pub(super) fn lose(&mut self, reason: Reason, _now: Duration) {
        let since = self.last_read;
        let loss = self.loss.get_or_insert(Loss { reason, since, lost: 0 });
        if reason == Reason::Overrun {
            loss.reason = reason;
        }
        self.drained = false;
        self.abandon();
        self.reread.clear();
        self.links.forget();
        self.fresh = Tables::NONE;
        for state in self.states.iter_mut().flatten() {
            if state.phase == Phase::Synced {
                state.phase = Phase::Gap;
            }
            state.unsettled = 0;
        }
    }

    /// Gives the round up.
    pub(super) fn abandon(&mut self) -> Option<Round> {
        let round = self.round.take()?;
        self.reopen |= matches!(round.stage, Stage::Receive | Stage::Hold);
        Some(round)
    }

    /// The dump that runs is worth nothing, and nothing is lost.
    pub(super) fn spoil(&mut self, now: Duration, sink: &mut Sink<'_>) {
        if let Some(round) = self.abandon() {
            self.fail(&round, Reason::Unsettled, now, sink);
        }
    }

    /// Something was announced that has consequences in these tables.
    pub(super) fn consequences(&mut self, tables: Tables, now: Duration) {
        for table in tables.intersection(self.followed).iter() {
            let Some(state) = &mut self.states[table as usize] else { continue };
            if state.phase == Phase::Unsupported {
                continue;
            }
            state.announced = now;
            if state.refresh.is_none() {
                let rest = state.ended + (state.took * REST).min(REST_MAX);
                state.refresh = Some(rest.max(now + DEBOUNCE));
            }
            let Some(round) = self.round.as_mut().filter(|round| round.table == table) else { continue };
            if class(table).cursor != Cursor::Safe {
                round.overlay.unsettled = true;
            } else if round.origin == Origin::Audit {
                // What the dump shows from now on may follow from this.
                round.origin = Origin::Consequence;
            }
        }
    }

    /// The table whose dump is due.
    pub(super) fn pick(&self, now: Duration) -> Option<(Table, Origin)> {
        self.dues().find_map(|(table, origin, due)| (due <= now).then_some((table, origin)))
    }

    /// When the next dump is due. A table that waits for another is not, but with it.
    fn next_due(&self) -> Option<Duration> {
        self.dues().filter(|(table, ..)| table.get_type().is_some()).map(|(.., due)| due).min()
    }

    /// What each table is dumped for next, and when, if what it needs is known.
    fn dues(&self) -> impl Iterator<Item = (Table, Origin, Duration)> {
        let is_known = |table: &Table| {
            let state = self.states[*table as usize].as_ref();
            state.is_none_or(|state| matches!(state.phase, Phase::Synced | Phase::Unsupported))
        };
        let is_ready = move |&table: &Table| needs(table).iter().all(is_known) && self.knows_whose(table);
        self.followed.iter().filter(is_ready).filter_map(|table| {
            let (origin, due) = self.states[table as usize].as_ref()?.due();
            Some((table, origin, due))
        })
    }

    fn begin(&mut self, table: Table, origin: Origin, now: Duration) {
        self.tried = true;
        self.number += 1;
        if self.number >= ROUNDS {
            self.number = 1;
            self.states.iter_mut().flatten().for_each(|state| state.mirror.unmark());
        }
        let states = &self.states;
        let parts = dumps(table, |other| states[other as usize].as_ref().map(|state| &state.mirror));
        let Some(state) = &mut self.states[table as usize] else { return };
        if state.refresh.is_some() {
            // What was announced just now may be yet to happen.
            let settled = state.announced + SETTLE <= now;
            state.refresh = if settled { None } else { Some(state.announced + DEBOUNCE) };
        }
        if state.phase == Phase::Unsupported {
            state.absent.clear();
        }
        let parts = parts.into_iter().filter(|part| part.family == 0 || !state.absent.contains(&part.family)).collect();
        let mut round = Round::new(table, origin, self.number, now, parts);
        if table == Table::Routes {
            round.doubtful = self.departed.lately(now);
        }
        self.round = Some(round);
    }
}
