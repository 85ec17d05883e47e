//! Which tables and states a filter can match at all: what has to be asked for.

use sockeye_wire::sock_diag::state::State;

use super::flat::Flat;
use super::place::Says;
use super::registry::{Source, registry};
use super::surroundings::OwnerPart;
use super::table::{Table, Tables};
use crate::FieldId;
use crate::filter::{Condition, Expression, Test};

/// Tables of which a row can satisfy `expression`.
pub(super) fn tables(expression: &Expression) -> Tables {
    tables_where(expression, true)
}

fn tables_where(expression: &Expression, wanted: bool) -> Tables {
    match (expression, wanted) {
        (Expression::Not(inner), _) => tables_where(inner, !wanted),
        (Expression::All(parts), true) | (Expression::Any(parts), false) => {
            parts.iter().map(|part| tables_where(part, wanted)).fold(Tables::ALL, Tables::and)
        }
        (Expression::Any(parts), true) | (Expression::All(parts), false) => {
            parts.iter().map(|part| tables_where(part, wanted)).fold(Tables::NONE, Tables::or)
        }
        (Expression::Test(test), _) => tables_of_test(test, wanted),
    }
}

fn tables_of_test(test: &Test, wanted: bool) -> Tables {
    if let (Source::Flat(Flat::Proto), Condition::Words(words)) = (source(test.field), &test.condition) {
        let named: Tables = words.iter().filter_map(|word| Table::from_name(word)).collect();
        return if wanted { named } else { named.complement() };
    }
    if test.condition == Condition::Present && !wanted {
        return Tables::ALL;
    }
    // An address of IP can only be one where addresses are; anywhere else it is another text, which is a decision too.
    match test.condition {
        Condition::Networks(_) if wanted => tables_with(test.field).and(Tables::INET.or(Table::Smc.set())),
        _ => tables_with(test.field),
    }
}

/// Tables whose rows can have this field at all.
pub(super) fn tables_with(field: FieldId) -> Tables {
    match source(field) {
        Source::Places(places) => places.iter().map(|place| place.tables).fold(Tables::NONE, Tables::or),
        Source::Flat(Flat::LocalPort | Flat::Port) => Table::Unix.set().or(Table::Packet.set()).complement(),
        Source::Flat(Flat::PeerPort) => {
            let without = [Table::Unix, Table::Packet, Table::Tipc, Table::Xdp];
            without.into_iter().collect::<Tables>().complement()
        }
        Source::Flat(Flat::Cgroup) => Tables::INET,
        // Programs are the only ones to tell, and SCTP runs none.
        Source::Flat(Flat::AutomaticPort) => Tables::INET.and(Table::Sctp.set().complement()),
        Source::Flat(Flat::PeerName) => Table::Unix.set(),
        Source::Flat(Flat::Peer) => Tables::ALL.and(Table::Packet.set().complement()),
        Source::Flat(_) => Tables::ALL,
    }
}

/// Whether a filter names the tables it wants, rather than leaving them to the default.
pub(super) fn names_tables(expression: &Expression) -> bool {
    speaks_of(expression, &|flat| flat == Flat::Proto)
}

/// Tables that a filter names one by one. A word for many stands for whatever of them this kernel has.
pub(super) fn tables_named(expression: &Expression) -> Tables {
    let mut named = Tables::NONE;
    expression.for_each_test(&mut |test| {
        if let (Source::Flat(Flat::Proto), Condition::Words(words)) = (source(test.field), &test.condition) {
            let tables: Tables = words.iter().filter_map(|word| Table::from_name(word)).collect();
            if tables.and(Tables::INET) != Tables::INET {
                named = named.or(tables);
            }
        }
    });
    named
}

/// Whether a filter speaks of the state.
pub(super) fn names_states(expression: &Expression) -> bool {
    speaks_of(expression, &|flat| flat == Flat::State)
}

fn speaks_of(expression: &Expression, wanted: &dyn Fn(Flat) -> bool) -> bool {
    expression.fields().into_iter().any(|field| matches!(source(field), Source::Flat(flat) if wanted(*flat)))
}

/// States in which a row can satisfy `expression`, as a mask of state numbers.
pub(super) fn states(expression: &Expression) -> u32 {
    states_where(expression, true)
}

/// Every state there is.
pub(super) const STATES_ALL: u32 = u32::MAX;

fn states_where(expression: &Expression, wanted: bool) -> u32 {
    match (expression, wanted) {
        (Expression::Not(inner), _) => states_where(inner, !wanted),
        (Expression::All(parts), true) | (Expression::Any(parts), false) => {
            parts.iter().map(|part| states_where(part, wanted)).fold(STATES_ALL, |mask, part| mask & part)
        }
        (Expression::Any(parts), true) | (Expression::All(parts), false) => {
            parts.iter().map(|part| states_where(part, wanted)).fold(0, |mask, part| mask | part)
        }
        (Expression::Test(test), _) => match (source(test.field), &test.condition) {
            (Source::Flat(Flat::State), Condition::Words(words)) => {
                let mask = mask_of(words);
                if wanted { mask } else { !mask }
            }
            (source, condition) if wanted || *condition != Condition::Present => states_with(source),
            _ => STATES_ALL,
        },
    }
}

/// States in which a row can have this field at all.
fn states_with(source: &Source) -> u32 {
    let never_listening = match source {
        Source::Flat(flat) => matches!(flat, Flat::RecvQueue | Flat::SendQueue),
        Source::Places(places) => places.iter().all(|place| place.says == Says::NotListening),
    };
    match source {
        Source::Flat(Flat::AcceptQueue | Flat::AcceptQueueLimit) => State::Listening.mask(),
        _ if never_listening => !State::Listening.mask(),
        _ => STATES_ALL,
    }
}

/// The mask of states by name.
pub(super) fn mask_of(words: &[&str]) -> u32 {
    State::ALL.iter().filter(|state| words.contains(&state.name())).fold(0, |mask, state| mask | state.mask())
}

/// Tables whose dumps look at the states of the request. The others have no states there, or ignore them (kernel
/// raw_diag_dump, sctp_diag_dump).
const TABLES_WITH_STATES: Tables = Table::Tcp
    .set()
    .or(Table::Mptcp.set())
    .or(Table::Udp.set())
    .or(Table::UdpLite.set())
    .or(Table::Unix.set())
    .or(Table::Vsock.set())
    .or(Table::Tipc.set());

/// Whether the kernel's choice of table and state decides this part of a conjunction, so that it need not be looked at again.
pub(super) fn is_decided_by_request(part: &Expression, tables: Tables) -> bool {
    let states = tables.and(TABLES_WITH_STATES.complement()).is_empty();
    // A mixture of both would need every combination of table and state.
    names_only(part, Flat::Proto) || states && names_only(part, Flat::State)
}

/// Whether every test compares this field with names, which is all that a request can say of it.
fn names_only(part: &Expression, flat: Flat) -> bool {
    let mut only = true;
    part.for_each_test(&mut |test| {
        only &= matches!(source(test.field), Source::Flat(own) if *own == flat)
            && matches!(test.condition, Condition::Words(_));
    });
    only
}

fn source(field: FieldId) -> &'static Source {
    &registry().sources[usize::from(field.0)]
}

/// The parts of owners that a set of fields needs.
pub(super) fn owner_parts(fields: impl IntoIterator<Item = FieldId>) -> Vec<OwnerPart> {
    let mut parts: Vec<_> = fields
        .into_iter()
        .filter_map(|field| match source(field) {
            Source::Flat(Flat::Owner(part) | Flat::PeerOwner(part)) => Some(*part),
            _ => None,
        })
        .collect();
    parts.sort_unstable_by_key(|part| *part as u8);
    parts.dedup();
    parts
}
