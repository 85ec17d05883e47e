//! What inputs of rtnetlink are made of: what a kernel sent, and what it could send.

use sockeye_wire::rtnetlink::Table;

use crate::built;
use crate::document::Document;

/// Datagrams of a table.
pub(crate) fn of(table: Table) -> Vec<Document> {
    built::messages(table)
}

/// Bytes of a small one.
const SMALL: usize = 1024;

/// Those of them that are small, for engines: they keep a record whatever is in it.
pub(crate) fn small(table: Table) -> Vec<Document> {
    let mut seeds = of(table);
    seeds.retain(|seed| seed.bytes().len() <= SMALL);
    assert!(seeds.len() >= 8, "{} has only {} small seeds", table.name(), seeds.len());
    seeds
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use sockeye_query::rtnetlink::{Row, catalog};
    use sockeye_query::sockets::Nothing;
    use sockeye_wire::Messages;

    use super::*;

    /// Fields that come from what the record does not say itself.
    const ELSEWHERE: [&str; 1] = ["netns"];

    #[test]
    fn the_seeds_reach_every_field_of_every_table() {
        let mut missing = BTreeSet::new();
        for table in Table::ALL {
            let datagrams: Vec<_> = of(table).iter().map(Document::bytes).collect();
            let messages =
                datagrams.iter().flat_map(|bytes| Messages::new(bytes)).map(|message| message.expect("whole"));
            let rows: Vec<_> =
                messages.map(|message| Row::read(table, message.payload(), &Nothing).expect("a record")).collect();
            for (field, info) in catalog(table).fields() {
                if !rows.iter().any(|row| row.value(field).is_some()) && !ELSEWHERE.contains(&&*info.path) {
                    missing.insert(format!("{} {}", table.name(), info.path));
                }
            }
        }
        assert!(missing.is_empty(), "{} fields are in no seed: {missing:#?}", missing.len());
    }
}
