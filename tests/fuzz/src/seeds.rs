//! What inputs of rtnetlink are made of: what a kernel sent (`crates/sockeye/tests/beside_ip/seeds.rs` records it), what older
//! ones sent (the captures of the lab), and what one could send.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use sockeye_state::Received;
use sockeye_state::capture::{Reader, Record};
use sockeye_wire::rtnetlink::Table;

use crate::document::Document;
use crate::{built, captures};

/// Datagrams of a table.
pub(crate) fn of(table: Table) -> Vec<Document> {
    let mut seeds = recorded(table);
    seeds.extend(of_the_lab(table));
    seeds.extend(built::messages(table));
    seeds
}

/// What the kernels of the lab sent: their captures are read once.
fn of_the_lab(table: Table) -> Vec<Document> {
    static RECORDS: LazyLock<Vec<(Table, Vec<u8>)>> = LazyLock::new(captures::records);
    let own = RECORDS.iter().filter(|(of, _)| *of == table);
    own.map(|(_, bytes)| Document::read(bytes, table.header_len())).collect()
}

/// What a kernel sent.
fn recorded(table: Table) -> Vec<Document> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("seeds/{}.cap", table.name()));
    // Of what no kernel at hand has there is no recording.
    let Ok(bytes) = fs::read(path) else { return Vec::new() };
    let received = Reader::new(&bytes).expect("a capture").map(|entry| entry.expect("a whole capture").record);
    let datagrams = received.filter_map(|record| match record {
        Record::Received(Received::Datagram(datagram)) => Some(datagram.bytes),
        _ => None,
    });
    datagrams.map(|bytes| Document::read(bytes, table.header_len())).collect()
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
    fn what_was_recorded_is_taken_apart_and_most_tables_have_some() {
        let has_some = |table: &Table| !recorded(*table).is_empty();
        // Prefixes are announced by routers alone.
        assert_eq!(
            Table::ALL.into_iter().filter(|table| !has_some(table)).collect::<Vec<_>>(),
            [Table::Vlans, Table::Prefixes]
        );
        let mut count = 0;
        for table in Table::ALL {
            for message in recorded(table).into_iter().flat_map(|document| document.messages) {
                assert!(!message.attributes.is_empty(), "{}: {:?}", table.name(), message.head);
                count += 1;
            }
        }
        assert!(count > 80, "{count}");
    }

    #[test]
    fn the_captures_of_the_lab_are_seeds_of_their_tables_and_of_no_other() {
        for table in Table::ALL {
            let documents = of_the_lab(table);
            // Nothing lists prefixes.
            if table == Table::Prefixes {
                assert!(documents.is_empty(), "{}", documents.len());
                continue;
            }
            // Of several kernels.
            assert!(documents.len() >= 3, "{}: {}", table.name(), documents.len());
            assert!(documents.iter().all(|document| document.messages.iter().all(|it| !it.attributes.is_empty())));
            // Engines are given what is small, and some of each table is.
            let small = small(table).iter().map(Document::bytes).collect::<BTreeSet<_>>();
            let found = documents.iter().filter(|document| small.contains(&document.bytes())).count();
            assert!(found >= 3, "{}: {found} of {}", table.name(), documents.len());
        }
    }

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
