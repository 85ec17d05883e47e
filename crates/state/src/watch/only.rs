//! Only the records of some interfaces: what is kept of a table, and what the event socket may keep out.
//!
//! Of the three tables with the most records ([`BY_INTERFACE`]), what belongs to another interface is neither put into the
//! mirror nor looked for by an audit, so that a socket filter may reject its events. Interfaces go by name: their numbers
//! are learned from the table of links, which is known before the other three are asked for, and a name that another
//! interface has later makes that one wanted too.
//!
//! A dump whose walk goes on by a count can pass over a record that is wanted because one that is not was deleted. So the
//! filter lets all deletions in while such a dump runs, and only then.

use core::time::Duration;

use sockeye_wire::Attributes;
use sockeye_wire::rtnetlink::{RTM_DELLINK, Table};

use super::events::{After, Buffers, Event};
use super::output::{Verb, Want};
use super::round::Round;
use super::state::{Phase, State};
use super::{Sink, Watch};
use crate::mirror::Keyed;
use crate::rtnetlink::route::{Effect, Said};
use crate::rtnetlink::{BY_INTERFACE, Cursor, Tables, class, interface};

/// Interfaces that are told apart. Past it those that were learned first are forgotten: they are gone, or have another name.
const INTERFACES_MAX: usize = 64;
/// Names that are told apart; with more of them all interfaces are followed.
pub(super) const NAMES_MAX: usize = INTERFACES_MAX / 2;

/// What a filter on the event socket has to let in of addresses, routes and neighbours. All other messages it has to let
/// in as [`Watch::hears`] says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Selection {
    /// Those of these interfaces, and those that belong to none or to several.
    pub interfaces: Vec<u32>,
    /// What is deleted, whatever its interface.
    pub deletions: bool,
}

/// The interfaces that are wanted.
#[derive(Debug)]
pub(super) struct Only {
    names: Vec<Vec<u8>>,
    selection: Selection,
    /// The driver does not know of the selection as it is.
    is_news: bool,
}

impl Only {
    pub(super) fn new(names: Vec<Vec<u8>>) -> Self {
        Self { names, selection: Selection::default(), is_news: false }
    }

    /// Whether a record is kept.
    pub(super) fn keeps(&self, table: Table, record: &[u8]) -> bool {
        interface(table, record).is_none_or(|index| self.selection.interfaces.contains(&index))
    }

    /// An interface has this name. `true`: it is wanted, and was not known to be.
    fn learn(&mut self, index: u32, name: &[u8]) -> bool {
        let is_it = |wanted: &Vec<u8>| wanted == name || *wanted == index.to_string().as_bytes();
        let known = &mut self.selection.interfaces;
        if known.contains(&index) || !self.names.iter().any(is_it) {
            return false;
        }
        if known.len() == INTERFACES_MAX {
            known.remove(0);
        }
        known.push(index);
        self.is_news = true;
        true
    }
}

impl Event<'_> {
    /// Whether a record is of an interface that is wanted.
    pub(super) fn keeps(&self, record: &[u8]) -> bool {
        self.only.is_none_or(|only| only.keeps(self.table, record))
    }

    /// An event about a record of another interface. It can take the place of one that is wanted, or a next hop of it.
    pub(super) fn unwanted(
        &self,
        state: &mut State,
        round: Option<&mut Round>,
        keyed: Keyed<'_>,
        record: &[u8],
        buffers: &mut Buffers,
        sink: &mut Sink<'_>,
    ) -> After {
        let place = state.mirror.locate(keyed, 0, record);
        let mut after = After::default();
        match self.effect(state, keyed, record, place.is_some()) {
            Effect::LosesNexthop => return self.nexthop(state, round, keyed, record, buffers, sink),
            Effect::Plain => {}
            Effect::Doubt => after.doubt = true,
            // Whether it replaced one that is wanted is not said.
            Effect::ReplacesSibling => after.doubt = !state.mirror.siblings(keyed).is_empty(),
        }
        let is_deleted = self.said == Said::Deleted;
        match round {
            // A row may be from when it was wanted: two of the kinds of routes go by other things than the interface.
            Some(round) if place.is_some() || is_deleted && self.table == Table::Routes => {
                after.full = !round.overlay.delete(self.table, keyed.key, self.rules);
            }
            Some(round) if is_deleted => round.overlay.pass(self.table, keyed.key),
            Some(round) if self.said == Said::Replaced => after.full = !round.overlay.replace(keyed),
            _ => {}
        }
        if let Some(place) = place {
            state.mirror.take(place, keyed, &mut buffers.old);
            self.tell(keyed.key, Verb::Removed, Some(&buffers.old), None, sink);
        }
        after
    }
}

impl Watch {
    /// What a filter on the event socket may keep out beside what is not heard at all; `None`: nothing. It changes: see
    /// [`Want::Select`].
    pub fn selection(&self) -> Option<&Selection> {
        self.only.as_ref().map(|only| &only.selection)
    }

    /// A message about a link, or a row of its table.
    pub(super) fn learn(&mut self, type_number: u16, record: &[u8], now: Duration, sink: &mut Sink<'_>) {
        const IFLA_IFNAME: u16 = 3;
        let Some(only) = self.only.as_mut().filter(|_| type_number != RTM_DELLINK) else { return };
        let index = record.get(4..).and_then(|rest| rest.first_chunk()).map(|index| u32::from_ne_bytes(*index));
        let name = Attributes::new(record.get(Table::Links.header_len()..).unwrap_or_default()).last(IFLA_IFNAME);
        let (Some(index), Some(name)) = (index, name) else { return };
        if !only.learn(index, name.strip_suffix(&[0]).unwrap_or(name)) {
            return;
        }
        // What became of it up to now was kept out: the dump that runs took it for another's.
        if self.round.as_ref().is_some_and(|round| BY_INTERFACE.contains(round.table)) {
            self.spoil(now, sink);
        }
        // The others are dumped anyway.
        let is_whole = |&table: &Table| self.states[table as usize].as_ref().is_some_and(|state| !state.is_open());
        let tables: Tables = BY_INTERFACE.iter().filter(is_whole).collect();
        if self.rules.newcomers {
            self.consequences(tables, now);
        }
    }

    /// What the driver has to know before anything else.
    pub(super) fn select(&mut self) -> Option<Want> {
        let only = self.only.as_mut()?;
        core::mem::take(&mut only.is_news).then_some(Want::Select)
    }

    /// The same before the next request of a dump, or where there is none (`None`).
    pub(super) fn select_for(&mut self, dump: Option<Table>) -> Option<Want> {
        let can_hide = |table: Table| BY_INTERFACE.contains(table) && class(table).cursor != Cursor::Safe;
        let can_hide = |table: Table| can_hide(table) && self.rules.deletions_of_others;
        let only = self.only.as_mut()?;
        let deletions = match dump {
            // What is dumped next may need them again.
            Some(table) => only.selection.deletions || can_hide(table),
            None => false,
        };
        if deletions == only.selection.deletions {
            return None;
        }
        only.selection.deletions = deletions;
        Some(Want::Select)
    }

    /// Whether a table can be asked for: which of its records are wanted is known.
    pub(super) fn knows_whose(&self, table: Table) -> bool {
        let is_known = |table: Table| {
            let state = self.states[table as usize].as_ref();
            state.is_none_or(|state| matches!(state.phase, Phase::Synced | Phase::Unsupported))
        };
        self.only.is_none() || !BY_INTERFACE.contains(table) || is_known(Table::Links)
    }
}
