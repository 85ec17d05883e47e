//! What a filter needs to be decided on sockets that are followed, and what nobody can tell of them.

use sockeye_wire::Ask;

use super::incident::Part;
use super::{EVENTS, Own, live_catalog, live_own};
use crate::FieldId;
use crate::filter::{Condition, Expression, Test};
use crate::sockets::flat::Flat;
use crate::sockets::plan::asks;
use crate::sockets::possible::{self, tables_of_test};
use crate::sockets::registry::{Source, registry};
use crate::sockets::surroundings::OwnerPart;
use crate::sockets::table::{Table, Tables};

/// What has to be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// Tables whose sockets can fit.
    tables: Tables,
    /// What can have happened to a socket that fits, bit `n` for the word `n` of [`EVENTS`].
    events: u16,
    /// Extensions of inet_diag, bit `n - 1` for extension `n`.
    pub extensions: u8,
    /// It speaks of what only a row of a dump says: events of a socket do not.
    pub rows: bool,
}

impl Needs {
    /// Whether a socket of one of these tables can fit.
    pub fn can_fit(&self, tables: &[Table]) -> bool {
        tables.iter().any(|&table| self.tables.has(table))
    }

    /// Whether this can have happened to a socket that fits, a word of [`EVENTS`].
    pub fn can_be(&self, event: &str) -> bool {
        self.events & of_events(|name| name == event) != 0
    }
}

/// What a filter of the live catalog needs. What is known of no socket that is followed is an error, a sentence for the user: it
/// would hold of none.
pub fn needs(filter: &Expression) -> Result<Needs, String> {
    let mut needs = Needs { tables: tables(filter, true), events: events(filter, true), extensions: 0, rows: false };
    for field in filter.fields() {
        if let Some(own) = live_own(field) {
            // Two rows say together what happened between them.
            needs.rows |= matches!(own, Own::Why | Own::Rate(_));
            continue;
        }
        let is_said = match &registry().sources[usize::from(field.0)] {
            Source::Flat(Flat::AutomaticPort) => {
                return Err(unknown(field, "only a program in the kernel can decide it, when sockets are listed"));
            }
            Source::Flat(Flat::PeerInode | Flat::PeerName | Flat::PeerOwner(_)) => {
                return Err(unknown(
                    field,
                    "the other end is another socket, which is looked for when sockets are listed",
                ));
            }
            Source::Flat(flat) => is_said_by_events(*flat),
            Source::Places(_) => false,
        };
        needs.rows |= !is_said;
        for ask in [Table::Tcp, Table::Udp].into_iter().flat_map(|table| asks(field, table)) {
            match ask {
                Ask::Extension(number) => needs.extensions |= 1 << (number - 1),
                Ask::Attribute(_) => {
                    return Err(unknown(
                        field,
                        "the kernel tells it of what is asked for in another way, when sockets are listed",
                    ));
                }
                _ => {}
            }
        }
    }
    Ok(needs)
}

/// Tables of which a socket can pass a filter (`wanted`), or fail it. What only a life has, each can have.
fn tables(filter: &Expression, wanted: bool) -> Tables {
    match (filter, wanted) {
        (Expression::Not(inner), _) => tables(inner, !wanted),
        (Expression::All(parts), true) | (Expression::Any(parts), false) => {
            parts.iter().map(|part| tables(part, wanted)).fold(Tables::ALL, Tables::and)
        }
        (Expression::Any(parts), true) | (Expression::All(parts), false) => {
            parts.iter().map(|part| tables(part, wanted)).fold(Tables::NONE, Tables::or)
        }
        (Expression::Test(test), _) if live_own(test.field).is_some() => Tables::ALL,
        (Expression::Test(test), _) => tables_of_test(test, wanted),
    }
}

/// Events that can pass a filter (`wanted`), or fail it.
fn events(filter: &Expression, wanted: bool) -> u16 {
    match (filter, wanted) {
        (Expression::Not(inner), _) => events(inner, !wanted),
        (Expression::All(parts), true) | (Expression::Any(parts), false) => {
            parts.iter().map(|part| events(part, wanted)).fold(ALL_EVENTS, core::ops::BitAnd::bitand)
        }
        (Expression::Any(parts), true) | (Expression::All(parts), false) => {
            parts.iter().map(|part| events(part, wanted)).fold(0, core::ops::BitOr::bitor)
        }
        (Expression::Test(test), _) => events_of_test(test, wanted),
    }
}

const ALL_EVENTS: u16 = (1 << EVENTS.len()) - 1;

fn of_events(is_one: impl Fn(&'static str) -> bool) -> u16 {
    let named = EVENTS.iter().zip(0..).filter(|(name, _)| is_one(name.name));
    named.fold(0, |bits, (_, bit)| bits | 1 << bit)
}

fn events_of_test(test: &Test, wanted: bool) -> u16 {
    let Some(own) = live_own(test.field) else { return ALL_EVENTS };
    if let (Own::Event, Condition::Words(words)) = (own, &test.condition) {
        return of_events(|name| words.contains(&name) == wanted);
    }
    if test.condition == Condition::Present && !wanted {
        return ALL_EVENTS;
    }
    // What is absent decides nothing, neither so nor so.
    let having: &[&str] = match own {
        Own::OldState => &["state", "closed"],
        Own::End => &["closed"],
        Own::Incident(Part::Direction | Part::Reason) => &["reset", "drop"],
        Own::Incident(Part::Location) => &["drop"],
        Own::Incident(Part::Segments) => &["retransmit"],
        Own::Incident(Part::Error) => &["error"],
        _ => return ALL_EVENTS,
    };
    of_events(|name| having.contains(&name))
}

fn unknown(field: FieldId, why: &str) -> String {
    let name = live_catalog().info(field).name();
    format!("`{name}` is not known of sockets that are followed: {why} (`sockeye sockets`)")
}

/// Whether the kernel's own events say it of a socket. Of who did it they say the process; whoever else holds it is found by the inode
/// that a dump tells.
fn is_said_by_events(flat: Flat) -> bool {
    matches!(
        flat,
        Flat::Proto
            | Flat::State
            | Flat::Local
            | Flat::LocalPort
            | Flat::Peer
            | Flat::PeerPort
            | Flat::Port
            | Flat::Cookie
            | Flat::Namespace
            | Flat::Owner(OwnerPart::Pid | OwnerPart::Process)
            | Flat::Cgroup
    )
}

/// Whether it speaks of how fast a socket moves.
pub fn asks_rates(filter: &Expression) -> bool {
    filter.fields().into_iter().any(|field| matches!(live_own(field), Some(Own::Rate(_))))
}

/// Whether a field of the live catalog is of whoever holds the socket.
pub fn is_of_owner(field: FieldId) -> bool {
    live_own(field).is_none()
        && matches!(registry().sources[usize::from(field.0)], Source::Flat(Flat::Owner(_) | Flat::PeerOwner(_)))
}

/// What has to be known of owners to decide it.
pub fn owner_parts(filter: &Expression) -> Vec<OwnerPart> {
    possible::owner_parts(filter.fields().into_iter().filter(|field| live_own(*field).is_none()))
}
