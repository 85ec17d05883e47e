//! What of a filter the kernel can decide while it dumps: conditions that must hold of every row, on what a request can
//! select by. Everything is decided here once more, so nothing depends on the kernel's having listened.

use sockeye_wire::rtnetlink::{Table, Wanted};
use sockeye_wire::{Meaning, Name};

use super::registry::catalog;
use crate::filter::{Condition, Expression, Test};
use crate::{FieldInfo, FieldKind};

/// What a request for `table` can select by, of a filter.
pub fn wanted(table: Table, filter: &Expression) -> Wanted {
    let mut wanted = Wanted::default();
    let parts: &[Expression] = match filter {
        Expression::All(parts) => parts,
        other => core::slice::from_ref(other),
    };
    for part in parts {
        if let Expression::Test(test) = part {
            select(table, test, &mut wanted);
        }
    }
    wanted
}

fn select(table: Table, test: &Test, wanted: &mut Wanted) {
    let info = catalog(table).info(test.field);
    let number = || number(info, &test.condition);
    let narrow = || number().and_then(|number| u8::try_from(number).ok());
    let index = || match test.condition {
        Condition::Interface { index, .. } => index,
        _ => number(),
    };
    match (table, info.path.as_str()) {
        (_, "family") => wanted.family = narrow(),
        (Table::Links | Table::Neighbours | Table::Fdb, "master") => {
            wanted.master = index().filter(|&index| index != 0);
        }
        (Table::Links | Table::TcActions, "kind") => wanted.kind = text(&test.condition),
        (Table::Routes | Table::MulticastRoutes, "table") => wanted.table = number(),
        (Table::Routes, "protocol") => wanted.protocol = narrow(),
        (Table::Routes, "type") => wanted.route_type = narrow(),
        (Table::Routes | Table::Nexthops, "oif" | "dev")
        | (Table::Addresses | Table::MulticastAddresses | Table::AnycastAddresses, "index")
        | (
            Table::Neighbours | Table::Fdb | Table::Qdiscs | Table::TcClasses | Table::TcFilters | Table::Vlans,
            "ifindex",
        ) => wanted.ifindex = index(),
        _ => {}
    }
}

/// The one number that the condition asks for.
fn number(info: &FieldInfo, condition: &Condition) -> Option<u32> {
    let number = match (condition, info.kind) {
        (Condition::Numbers(ranges), _) => match ranges.as_slice() {
            [(from, to)] if from == to => *from,
            _ => return None,
        },
        (Condition::Words(words), FieldKind::Number(Meaning::OneOf(names))) => match words.as_slice() {
            [word] => value_of(names, word)?,
            _ => return None,
        },
        _ => return None,
    };
    u32::try_from(number).ok()
}

fn value_of(names: &[Name], word: &str) -> Option<u64> {
    names.iter().find(|name| name.name == word).map(|name| name.value)
}

/// The one text that the condition asks for.
fn text(condition: &Condition) -> Option<Vec<u8>> {
    match condition {
        Condition::Texts(texts) => match texts.as_slice() {
            [text] => Some(text.clone()),
            _ => None,
        },
        Condition::Words(words) => match words.as_slice() {
            [word] => Some(word.as_bytes().to_vec()),
            _ => None,
        },
        _ => None,
    }
}
