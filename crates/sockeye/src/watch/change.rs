//! A change as the engine has it, in bytes, made one that filters and formats read.

use sockeye_query::Context;
use sockeye_query::rtnetlink::{Change, ChangeKind, Row};
use sockeye_state::watch::{self, Verb};

/// The change with its records read. What is cut is absent: the engine holds whole ones.
pub(crate) fn read<'a>(change: &watch::Change<'a>, place: &'a dyn Context) -> Change<'a> {
    let row = |bytes: &'a [u8]| Row::read(change.table, bytes, place).ok();
    Change {
        kind: match change.verb {
            Verb::Added => ChangeKind::Added,
            Verb::Changed => ChangeKind::Changed,
            Verb::Removed => ChangeKind::Removed,
        },
        resync: change.is_resync(),
        old: change.old.and_then(row),
        new: change.new.and_then(row),
    }
}
