//! Which tables and states a filter can match at all: what has to be asked for.

use core::ops::{BitAnd, BitOr};

use sockeye_wire::sock_diag::state::State;

use super::flat::Flat;
use super::place::Says;
use super::registry::{Source, registry};
use super::surroundings::OwnerPart;
use super::table::{Table, Tables};
use crate::filter::{Condition, Expression, PatternKind, Test};
use crate::{FieldId, Kinds};

/// Tables and states of which a row can satisfy `expression`: a row of these kinds is a table.
pub(super) fn kinds(expression: &Expression) -> Kinds {
    kinds_where(expression, true)
}

fn kinds_where(expression: &Expression, wanted: bool) -> Kinds {
    match (expression, wanted) {
        (Expression::Not(inner), _) => kinds_where(inner, !wanted),
        (Expression::All(parts), true) | (Expression::Any(parts), false) => {
            parts.iter().map(|part| kinds_where(part, wanted)).fold(Kinds::ALL, Kinds::bitand)
        }
        (Expression::Any(parts), true) | (Expression::All(parts), false) => {
            parts.iter().map(|part| kinds_where(part, wanted)).fold(Kinds::NONE, Kinds::bitor)
        }
        (Expression::Test(test), _) => of_test(test, wanted),
    }
}

/// Tables of which there is a kind.
pub(super) fn tables(kinds: &Kinds) -> Tables {
    Table::ALL.into_iter().filter(|&table| states(kinds, table) != 0).collect()
}

/// States of a table of which there is a kind.
pub(super) fn states(kinds: &Kinds, table: Table) -> u32 {
    kinds.0[table as usize]
}

/// Tables and states of which a row can pass a test (`wanted`) or fail it.
pub(super) fn of_test(test: &Test, wanted: bool) -> Kinds {
    let tables = tables_of_test(test, wanted);
    let mut kinds = Kinds::NONE;
    for table in tables.iter() {
        kinds.0[table as usize] = states_of_test(test, wanted, table) & table.states();
    }
    kinds
}

pub(super) fn tables_of_test(test: &Test, wanted: bool) -> Tables {
    if let (Source::Flat(Flat::Proto), Condition::Words(words)) = (source(test.field), &test.condition) {
        let named: Tables = words.iter().filter_map(|word| Table::from_name(word)).collect();
        return if wanted { named } else { named.complement() };
    }
    if test.condition == Condition::Present && !wanted {
        return Tables::ALL;
    }
    let with_addresses = Tables::INET.or(Table::Smc.set());
    let tables = tables_with(test.field);
    let is_address = matches!(source(test.field), Source::Flat(Flat::Local | Flat::Peer));
    // An address of IP can only be one where addresses are, and a text only where none are; the other way round it is
    // something else, which is a decision too.
    match &test.condition {
        Condition::Networks(_) if wanted => tables.and(with_addresses),
        Condition::Texts(texts) if wanted && is_address => {
            let unix = texts.iter().all(|text| [&b"/"[..], b"@", b"./@"].iter().any(|begin| text.starts_with(begin)));
            tables.and(if unix { Table::Unix.set() } else { with_addresses.complement() })
        }
        Condition::Pattern(pattern) if wanted && is_address && pattern.kind() == PatternKind::GlobAnyCase => {
            tables.and(Table::Unix.set())
        }
        _ => tables,
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
        // Of internet sockets programs are the only ones to tell, and SCTP runs none.
        Source::Flat(Flat::AutomaticPort) => {
            let others = [Table::Unix, Table::Packet, Table::Netlink, Table::Vsock].into_iter().collect();
            Tables::INET.and(Table::Sctp.set().complement()).or(others)
        }
        Source::Flat(Flat::PeerName) => Table::Unix.set(),
        Source::Flat(Flat::PeerInode | Flat::PeerOwner(_)) => Table::Unix.set().or(Table::Tcp.set()),
        Source::Flat(Flat::Peer) => Tables::ALL.and(Table::Packet.set().complement()),
        Source::Flat(_) => Tables::ALL,
    }
}

/// Whether a filter names the tables it wants.
pub(super) fn names_tables(expression: &Expression) -> bool {
    speaks_of(expression, &|flat| flat == Flat::Proto)
}

/// Whether a filter compares ports in whatever way a row fits it.
pub(super) fn needs_ports(expression: &Expression) -> bool {
    needs_ports_where(expression, true)
}

fn needs_ports_where(expression: &Expression, wanted: bool) -> bool {
    match (expression, wanted) {
        (Expression::Not(inner), _) => needs_ports_where(inner, !wanted),
        (Expression::All(parts), true) | (Expression::Any(parts), false) => {
            parts.iter().any(|part| needs_ports_where(part, wanted))
        }
        (Expression::Any(parts), true) | (Expression::All(parts), false) => {
            !parts.is_empty() && parts.iter().all(|part| needs_ports_where(part, wanted))
        }
        (Expression::Test(test), _) => {
            let is_port = matches!(source(test.field), Source::Flat(Flat::LocalPort | Flat::PeerPort | Flat::Port));
            is_port && (wanted || test.condition != Condition::Present)
        }
    }
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

fn states_of_test(test: &Test, wanted: bool, table: Table) -> u32 {
    match (source(test.field), &test.condition) {
        (Source::Flat(Flat::State), Condition::Words(words)) => {
            let mask = mask_of(words);
            if wanted { mask } else { !mask }
        }
        // What has no socket behind it nobody holds.
        (_, Condition::Present) | (Source::Flat(Flat::Owner(_)), _) if !wanted => u32::MAX,
        (Source::Flat(Flat::PeerPort), Condition::Numbers(ranges)) if wanted && !takes_no_peer(ranges) => {
            with_peer(table)
        }
        (source, _) => states_with(source, table),
    }
}

/// Whether ranges hold the number that stands for no port: 0, and VMADDR_PORT_ANY of vsock.
fn takes_no_peer(ranges: &[(u64, u64)]) -> bool {
    ranges.iter().any(|&(from, to)| from == 0 || to >= u64::from(u32::MAX))
}

/// States in which a row of a table can have a peer's port.
fn with_peer(table: Table) -> u32 {
    match table {
        Table::Tcp | Table::Mptcp => !(State::Listening.mask() | State::BoundInactive.mask()),
        Table::Udp | Table::UdpLite => !State::Unconnected.mask(),
        Table::Sctp | Table::Smc | Table::Vsock => !State::Listening.mask(),
        _ => u32::MAX,
    }
}

/// States in which a row of a table can have a field at all.
fn states_with(source: &Source, table: Table) -> u32 {
    // What is left of a connection and what is not one yet has no socket behind it: of attributes the kernel only
    // gives the mark (inet_twsk_diag_fill, inet_req_diag_fill).
    let mark = Table::Tcp.space().attributes.iter().find(|row| row.name == "mark").map(|row| row.number);
    let without_socket = match table {
        _ if Tables::INET.has(table) => State::TimeWait.mask() | State::SynReceived.mask(),
        _ => 0,
    };
    match source {
        Source::Flat(Flat::AcceptQueue | Flat::AcceptQueueLimit) => State::Listening.mask(),
        Source::Flat(Flat::RecvQueue | Flat::SendQueue) => !State::Listening.mask(),
        Source::Flat(
            Flat::Owner(_) | Flat::PeerOwner(_) | Flat::PeerInode | Flat::Inode | Flat::Uid | Flat::Cgroup,
        ) => !without_socket,
        Source::Flat(_) => u32::MAX,
        Source::Places(places) => {
            let here = places.iter().filter(|place| place.tables.has(table));
            here.map(|place| {
                let attribute = place.attribute.is_some() && place.attribute != mark;
                let listening = if place.says == Says::Always { 0 } else { State::Listening.mask() };
                !(listening | if attribute { without_socket } else { 0 })
            })
            .fold(0, u32::bitor)
        }
    }
}

/// The mask of states by name.
pub(super) fn mask_of(words: &[&str]) -> u32 {
    State::ALL.iter().filter(|state| words.contains(&state.name())).fold(0, |mask, state| mask | state.mask())
}

/// Tables whose dumps look at the states of the request. The others have no states there, or ignore them (kernel
/// raw_diag_dump, sctp_diag_dump).
pub(super) const TABLES_WITH_STATES: Tables = Table::Tcp
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
    let mut decided = true;
    part.for_each_test(&mut |test| {
        let asked = match source(test.field) {
            Source::Flat(Flat::Proto) => true,
            Source::Flat(Flat::State) => states,
            _ => false,
        };
        decided &= asked && matches!(test.condition, Condition::Words(_));
    });
    decided
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
