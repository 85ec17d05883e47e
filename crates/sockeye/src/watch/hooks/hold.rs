//! Changes that are told only if what was asked for holds for some time: `--hold`.
//!
//! Each later change of the same record asks again. What speaks of the state (`new.FIELD`, `FIELD`) is asked of the record
//! as it is then; what speaks of the change (`old.FIELD`, `removed`) stays as it was when it fitted. Where it does not
//! hold any more, the wait is over, and whatever fits later waits anew.

use std::collections::HashMap;
use std::time::Instant;

use sockeye_query::filter::{Decision, Expression};
use sockeye_query::rtnetlink::{Change, ChangeKind, Row, catalog};
use sockeye_state::Mirror;
use sockeye_wire::rtnetlink::Table;

use super::changes::Happened;
use super::job::Job;
use crate::output::value;

/// Changes that wait for their time, for each hook. Beyond that they are skipped.
const WAITING_MAX: usize = 4096;

/// What one hook holds back.
#[derive(Default)]
pub(super) struct Holding {
    spots: HashMap<Spot, Vec<Held>>,
    count: usize,
}

/// Where one record can come back in the place of another: a destination in a routing table. Elsewhere only the record
/// itself can.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Spot {
    /// Which of the watched namespaces.
    namespace: u64,
    table: Table,
    place: Vec<u8>,
}

/// A change that waits.
struct Held {
    key: Vec<u8>,
    due: Instant,
    job: Job,
    /// Changes that it stands for.
    joined: u64,
    kind: ChangeKind,
    resync: bool,
    old: Option<Vec<u8>>,
}

/// What a change is to one that waits.
enum Verdict<'c> {
    /// Nothing: it is of another record.
    Other,
    /// It does not hold any more.
    Over,
    /// It still holds. The change from what was before it to what is now, where there is one.
    Holds(Option<Box<Change<'c>>>),
}

impl Holding {
    /// Takes a change of which the filter says whether it `fits`: then it is told at `due`, unless it ceases to hold.
    /// `false`: there is no room.
    pub(super) fn take(
        &mut self,
        happened: &Happened<'_>,
        filter: &Expression,
        fits: bool,
        due: Instant,
        job: impl Fn(&Happened<'_>) -> Job,
    ) -> bool {
        if self.spots.is_empty() && !fits {
            return true;
        }
        let Some(spot) = Spot::of(happened) else { return true };
        let mut waits = false;
        if let Some(all) = self.spots.get_mut(&spot) {
            let before = all.len();
            all.retain_mut(|held| match held.judge(happened, filter) {
                Verdict::Other => true,
                Verdict::Over => false,
                Verdict::Holds(since) => {
                    waits = true;
                    // The latest that fits is told; what changed otherwise is seen in the one that waits.
                    if fits {
                        (held.job, held.joined) = (job(happened), held.joined + 1);
                    } else if let Some(change) = &since {
                        held.job = job(&Happened { change, ..*happened });
                    }
                    true
                }
            });
            self.count -= before - all.len();
            if all.is_empty() {
                self.spots.remove(&spot);
            }
        }
        if !fits || waits {
            return true;
        }
        if self.count >= WAITING_MAX {
            return false;
        }
        self.count += 1;
        self.spots.entry(spot).or_default().push(Held::new(happened, due, job(happened)));
        true
    }

    /// When the next one is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.spots.values().flatten().map(|held| held.due).min()
    }

    /// Takes out what is due by now, in its order. `mirror` leads to a table of a namespace that is still there.
    pub(super) fn due<'m>(&mut self, now: Instant, mirror: impl Fn(u64, Table) -> Option<&'m Mirror>) -> Vec<Job> {
        let mut due = Vec::new();
        self.spots.retain(|spot, all| {
            for held in all.extract_if(.., |held| held.due <= now) {
                self.count -= 1;
                if mirror(spot.namespace, spot.table).is_some_and(|mirror| held.is_so(mirror)) {
                    due.push((held.due, held.job.standing_for(held.joined)));
                }
            }
            !all.is_empty()
        });
        due.sort_by_key(|(at, _)| *at);
        due.into_iter().map(|(_, job)| job).collect()
    }
}

impl Spot {
    fn of(happened: &Happened<'_>) -> Option<Self> {
        let row = happened.change.row()?;
        let mut place = Vec::new();
        if row.table == Table::Routes {
            place.push(row.family());
            for name in ["dst", "table"] {
                if let Some(read) = catalog(row.table).find(name).and_then(|field| row.value(field)) {
                    value::text(&mut place, &read);
                }
                place.push(b' ');
            }
        } else {
            place.extend_from_slice(happened.key);
        }
        Some(Self { namespace: happened.place.number, table: row.table, place })
    }
}

impl Held {
    fn new(happened: &Happened<'_>, due: Instant, job: Job) -> Self {
        let Change { kind, resync, old, .. } = *happened.change;
        let old = old.map(|row| row.payload().to_vec());
        Self { key: happened.key.to_vec(), due, job, joined: 1, kind, resync, old }
    }

    fn judge<'c>(&'c self, happened: &Happened<'c>, filter: &Expression) -> Verdict<'c> {
        let Change { kind, old, new, .. } = *happened.change;
        let is_removal = self.kind == ChangeKind::Removed;
        if self.key != happened.key {
            // What was there before did not come back.
            return if is_removal && kind == ChangeKind::Added { Verdict::Over } else { Verdict::Other };
        }
        match new {
            None if is_removal => Verdict::Holds(None),
            Some(new) if !is_removal => {
                let before = self.old.as_deref().zip(old.or(Some(new)));
                let old = before.and_then(|(bytes, like)| Row::read(like.table, bytes, like.context).ok());
                let since = Change { kind: self.kind, resync: self.resync, old, new: Some(new) };
                if filter.decide(&since) == Decision::Yes {
                    Verdict::Holds(Some(Box::new(since)))
                } else {
                    Verdict::Over
                }
            }
            _ => Verdict::Over,
        }
    }

    /// Whether what is gone is gone. A dump that finds that a route went may have shown before what came in its place.
    fn is_so(&self, mirror: &Mirror) -> bool {
        self.kind != ChangeKind::Removed || mirror.get(&self.key).is_none() && !mirror.has_sibling(&self.key)
    }
}
