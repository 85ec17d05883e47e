//! Which interfaces a record must belong to for a filter to hold: what a watch need not hear of the others.

use sockeye_wire::rtnetlink::Table;

use super::change::change_catalog;
use crate::filter::{Condition, Expression, Test};

/// The interfaces, by name or number, of which one must be that of a record of `table` for the filter of a change to hold:
/// one of its conditions that must all hold says `dev = eth0`, or `dev in (eth0, eth1)`. `None`: no condition says so.
pub fn interfaces(table: Table, filter: &Expression) -> Option<Vec<Vec<u8>>> {
    let parts: &[Expression] = match filter {
        Expression::All(parts) => parts,
        other => core::slice::from_ref(other),
    };
    parts.iter().find_map(|part| match part {
        Expression::Test(test) => interface(table, test),
        Expression::Any(parts) if !parts.is_empty() => {
            let of = |part: &Expression| match part {
                Expression::Test(test) => interface(table, test),
                _ => None,
            };
            parts.iter().map(of).collect::<Option<Vec<_>>>().map(|parts| parts.concat())
        }
        _ => None,
    })
}

/// The interface that a test asks for: its name, and its number where that was given.
fn interface(table: Table, test: &Test) -> Option<Vec<Vec<u8>>> {
    let path = change_catalog(table).info(test.field).path.as_str();
    let is_own = matches!(
        (table, path),
        (Table::Addresses, "index") | (Table::Routes, "oif" | "dev") | (Table::Neighbours, "ifindex")
    );
    match &test.condition {
        // Number 0 is no interface.
        Condition::Interface { index: Some(0), .. } => None,
        Condition::Interface { index, name } if is_own => Some(
            [Some(name.clone()), index.map(|index| index.to_string().into_bytes())].into_iter().flatten().collect(),
        ),
        _ => None,
    }
}
