//! The end of a round: what its dumps are worth, and what is no longer there.

use core::time::Duration;

use sockeye_wire::rtnetlink::Table;

use super::output::{Change, Gap, Origin, Output, Reason, Synced, Verb};
use super::round::Round;
use super::state::Phase;
use super::{Sink, Watch};
use crate::mirror::Fate;
use crate::rtnetlink::{Tables, class, needs};

/// Dumps in a row that may fail before the table is reported as not synced.
const FAILURES_MAX: u32 = 5;
/// Unsettled dumps after which two that agree in everything are taken for the truth, and said to be no more than that.
const UNSETTLED_MAX: u32 = 6;
/// When to look again after that.
const UNSURE: Duration = Duration::from_secs(10);

/// Audits begin at multiples of this, so that they wake the machine together; each engine has its own offset from them.
pub(super) const GRID: Duration = Duration::from_secs(30);

/// Where somebody asked for a time between audits, they come at most this part of it later.
const JITTER: u32 = 10;

/// An interval from now and up to a step more: at a multiple of steps, shifted by the offset.
fn on_grid(now: Duration, interval: Duration, step: Duration, offset: Duration) -> Duration {
    let step = step.max(Duration::from_millis(1)).as_millis();
    let offset = offset.as_millis() % step;
    let then = ((now + interval).as_millis() + step - offset).next_multiple_of(step) + offset - step;
    Duration::from_millis(u64::try_from(then).unwrap_or(u64::MAX))
}

/// When a table is audited next, and when where the last dump was not sure.
fn next_audit(asked: Option<Duration>, table: Table, now: Duration, offset: Duration) -> (Duration, Duration) {
    let own = class(table).audit;
    let next = match asked {
        Some(asked) => on_grid(now, asked, (asked / JITTER).min(GRID), offset),
        None => on_grid(now, own, GRID, offset),
    };
    (next, now + UNSURE.min(asked.unwrap_or(own)))
}

impl Watch {
    /// Concludes the round: the event socket is empty, and the drop counter stands where it stood.
    pub(super) fn conclude(&mut self, now: Duration, sink: &mut Sink<'_>) {
        let Some(mut round) = self.round.take() else { return };
        let table = round.table;
        let Some(state) = &mut self.states[table as usize] else { return };
        state.took = now.saturating_sub(round.started);
        state.ended = now;
        if round.failure.is_none() && round.done == 0 && round.refusal.is_some() {
            return self.refused(&mut round, now, sink);
        }
        if let Some(reason) = round.failure {
            return self.fail(&round, reason, now, sink);
        }
        let unsettled = round.overlay.unsettled;
        if unsettled && round.origin == Origin::Audit && self.rules.confirm_absences {
            // Events keep the mirror right meanwhile: what may be hidden is no evidence against it.
            return self.fail(&round, Reason::Unsettled, now, sink);
        }
        self.sweep(&mut round, unsettled && self.rules.confirm_absences, sink);
        let Some(state) = &mut self.states[table as usize] else { return };
        state.found = [state.found[1], round.found];
        let mut sure = true;
        if unsettled && self.rules.confirm_absences {
            state.unsettled += 1;
            sure = false;
            if state.unsettled < UNSETTLED_MAX || state.found != [0, 0] {
                return self.fail(&round, Reason::Unsettled, now, sink);
            }
        }
        if table == Table::Routes {
            self.twins = core::mem::take(&mut round.twins);
        }
        self.succeed(&round, sure, now);
        self.announce(now, sink);
    }

    /// Asks for each record that nobody showed whether it goes.
    fn sweep(&mut self, round: &mut Round, unsettled: bool, sink: &mut Sink<'_>) {
        let (table, origin) = (round.table, round.origin);
        let Some(state) = &mut self.states[table as usize] else { return };
        let is_told = self.told.contains(table) && (origin != Origin::Snapshot || self.snapshot);
        let announced = class(table).announced;
        let last_audit = state.last_audit.unwrap_or_default();
        let (mut found, mut drift) = (0, round.drift);
        state.mirror.sweep(round.number, &mut |key, record, missed_before| {
            if unsettled && !missed_before {
                return Fate::Missed;
            }
            found += 1;
            if origin == Origin::Audit && announced && !drift {
                drift = true;
                if is_told {
                    let tables = Tables::one(table);
                    sink(Output::Gap(Gap { tables, since: last_audit, lost: None, reason: Reason::Drift }));
                }
            }
            if is_told {
                let old = Some(record);
                let change = Change { table, verb: Verb::Removed, key, old, new: None, origin, port_id: 0 };
                sink(Output::Change(change));
            }
            Fate::Removed
        });
        round.found += found;
        round.drift = drift;
    }

    /// The dump is whole.
    fn succeed(&mut self, round: &Round, sure: bool, now: Duration) {
        let table = round.table;
        let Some(state) = &mut self.states[table as usize] else { return };
        state.backoff.reset();
        state.gap_told = false;
        state.unsettled = 0;
        state.found = [u64::MAX; 2];
        state.last_audit = Some(round.started);
        let (next, unsure) = next_audit(self.audit, table, now, self.phase);
        state.audit = if sure { next } else { unsure };
        if sure {
            self.unsure = self.unsure.without(table);
        } else {
            self.unsure = self.unsure.with(table);
        }
        let was_open = state.phase != Phase::Synced;
        match state.refresh {
            // What was announced meanwhile may have changed what this dump had already given.
            Some(refresh) if was_open => state.retry = refresh,
            _ => {
                state.phase = Phase::Synced;
                state.retry = now;
            }
        }
        if was_open || round.drift {
            self.fresh = self.fresh.with(table);
        }
        if round.found > 0 && !matches!(round.origin, Origin::Snapshot) {
            // Tables that are asked for by the records of this one learn of it by no event.
            let dependents =
                self.told.union(self.followed).iter().filter(|&other| needs(other).contains(&table)).collect();
            self.consequences(dependents, now);
        }
    }

    /// The dump is worth nothing.
    pub(super) fn fail(&mut self, round: &Round, reason: Reason, now: Duration, sink: &mut Sink<'_>) {
        let (table, born) = (round.table, self.born.unwrap_or_default());
        let Some(state) = &mut self.states[table as usize] else { return };
        state.retry = now + state.backoff.next(now, &mut self.random);
        if round.origin == Origin::Consequence {
            // What it was to look for is still to be found.
            state.refresh.get_or_insert(state.retry);
        }
        if round.drift {
            // A gap was told of, and is open until a dump is whole.
            state.phase = Phase::Gap;
        }
        let is_over = state.backoff.failures() > FAILURES_MAX;
        if is_over && round.origin == Origin::Audit && !round.drift {
            // That the table does not rest is no sign that the mirror is wrong.
            state.audit = next_audit(self.audit, table, now, self.phase).0;
            state.backoff.reset();
        } else if is_over && !state.gap_told {
            state.gap_told = true;
            if state.phase == Phase::Synced {
                state.phase = Phase::Gap;
            }
            if self.told.contains(table) {
                let since = state.last_audit.unwrap_or(born);
                sink(Output::Gap(Gap { tables: Tables::one(table), since, lost: None, reason }));
            }
        }
        self.announce(now, sink);
    }

    /// The kernel refused every part.
    fn refused(&mut self, round: &mut Round, now: Duration, sink: &mut Sink<'_>) {
        let table = round.table;
        let Some(state) = &mut self.states[table as usize] else { return };
        let is_news = state.phase != Phase::Unsupported;
        state.phase = Phase::Unsupported;
        state.refresh = None;
        state.audit = next_audit(None, table, now, self.phase).0;
        if let Some(refusal) = round.refusal.take()
            && is_news
            && self.told.contains(table)
        {
            sink(Output::Unsupported { table, refusal });
        }
        self.announce(now, sink);
    }

    /// Says which tables are in sync now, unless another is about to be.
    pub(super) fn announce(&mut self, now: Duration, sink: &mut Sink<'_>) {
        let is_busy = self.pick(now).is_some_and(|(table, ..)| {
            self.told.contains(table) && self.states[table as usize].as_ref().is_some_and(|state| state.is_open())
        });
        if is_busy || !self.drained || self.loss.is_some() || self.round.is_some() {
            return;
        }
        let is_ready = |table: Table| {
            let state = self.states[table as usize].as_ref();
            let is_whole = table != Table::Links || self.reread.is_idle();
            is_whole && state.is_some_and(|state| state.phase == Phase::Synced && state.refresh.is_none())
        };
        let tables: Tables = self.fresh.intersection(self.told).iter().filter(|&table| is_ready(table)).collect();
        if tables.is_empty() {
            return;
        }
        self.fresh = self.fresh.iter().filter(|&table| !tables.contains(table)).collect();
        let audits = self.told.iter().filter_map(|table| self.states[table as usize].as_ref());
        let last_audit = audits.filter(|state| state.phase != Phase::Unsupported).map(|state| state.last_audit).min();
        let confirmed = tables.intersection(self.unsure);
        sink(Output::Synced(Synced { at: now, tables, confirmed, last_audit: last_audit.flatten() }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audits_of_one_engine_come_together() {
        let (offset, minutes) = (Duration::from_millis(22_700), Duration::from_mins);
        let on = |seconds: u64| on_grid(Duration::from_secs(seconds), minutes(2), GRID, offset);
        assert_eq!(on(500), Duration::from_millis(622_700));
        assert_eq!(on(502), Duration::from_millis(622_700));
        assert_eq!(on_grid(Duration::from_secs(500), minutes(15), GRID, offset), Duration::from_millis(1_402_700));
    }

    #[test]
    fn an_audit_that_was_asked_for_is_at_most_a_tenth_late() {
        let now = Duration::from_millis(500_123);
        for (asked, offset) in [2, 20, 45, 3600].into_iter().zip([0, 22_700, 7_654, 31_001]) {
            let asked = Duration::from_secs(asked);
            let (next, _) = next_audit(Some(asked), Table::Links, now, Duration::from_millis(offset));
            let late = next.checked_sub(now + asked).expect("not before");
            assert!(late <= asked / JITTER, "{late:?} after {asked:?}");
        }
    }
}
