//! Rows of every table of sockets, each field of the catalog.

use sockeye_query::sockets::{Flat, Nothing, Reader, SocketRow, Table, catalog};
use sockeye_query::{FieldId, Value};
use sockeye_state::{Datagram, Dump, Received, Seen};

use crate::captures::{self, SEQUENCE};
use crate::document::Document;
use crate::mutate;
use crate::random::Random;
use crate::target::{Reader as Feed, Target};

/// The fields that rows of each table can have.
#[derive(Debug)]
pub struct Fields(Vec<Vec<FieldId>>);

impl Fields {
    /// Those of every table.
    pub fn of_all_tables() -> Self {
        let of = |table: Table| {
            let fields = catalog().fields().map(|(field, _)| field);
            fields.filter(|&field| Reader::new(field, table).is_some()).collect()
        };
        Self(Table::ALL.into_iter().map(of).collect())
    }
}

/// Reads everything there is to read in a datagram. Returns whether a row got as far as an attribute.
///
/// # Panics
///
/// If there are more rows than bytes can be, or the dump both ended well and was refused.
pub fn read(table: Table, bytes: &[u8], fields: &Fields, seen: &mut Seen) -> bool {
    let (mut rows, mut attributes) = (0, false);
    let mut dump = Dump::new(SEQUENCE);
    dump.handle(Received::Datagram(Datagram::new(bytes)), |message| {
        rows += 1;
        let Ok(row) = SocketRow::read(table, message.payload(), &Nothing) else { return };
        attributes |= row.slots.present() != 0;
        row.cookie().map(|cookie| seen.is_new(cookie));
        for &field in &fields.0[table as usize] {
            match row.value(field) {
                // One at a time, as every output looks at them.
                Some(Value::Several(values)) => values.for_each(drop),
                value => drop(value),
            }
            if let Some(Reader::Number(reader)) = Reader::new(field, table) {
                reader.read(&row);
            }
        }
        row.state();
        row.unix_peer();
        row.flat(Flat::Port);
    });
    let conclusion = dump.into_conclusion();
    assert!(!(conclusion.done && conclusion.refusal.is_some()), "{conclusion:?}");
    assert!(rows <= bytes.len() / 16, "{rows} rows of {} bytes", bytes.len());
    attributes
}

struct Sockets {
    /// Datagrams by table.
    seeds: Vec<(Table, Vec<Document>)>,
    fields: Fields,
}

/// The target. An input is the number of a table and a datagram.
pub(super) fn make() -> Box<dyn Target> {
    let datagrams = captures::datagrams();
    let of = |table: Table| {
        let own = datagrams.iter().filter(|(of, _)| *of == table);
        (table, own.map(|(_, bytes)| Document::read(bytes, table.space().header_len)).collect())
    };
    let seeds: Vec<(Table, Vec<Document>)> = Table::ALL.into_iter().map(of).collect();
    Box::new(Sockets { seeds, fields: Fields::of_all_tables() })
}

impl Target for Sockets {
    fn input(&self, random: &mut Random) -> Vec<u8> {
        let Some((table, own)) = random.pick(&self.seeds) else { return Vec::new() };
        // Now and then a table is given what another one says.
        let other = random.pick(&self.seeds).filter(|_| random.one_in(32));
        let seeds = other.map_or(own, |(_, seeds)| seeds);
        let mut input = vec![*table as u8];
        input.extend(mutate::datagram(seeds, seeds, random));
        input
    }

    fn reader(&self) -> Feed<'_> {
        // The window of cookies is of one size whatever comes, and made beforehand.
        let mut seen = Seen::new();
        Box::new(move |input| {
            let Some((&table, bytes)) = input.split_first() else { return false };
            let table = Table::ALL[usize::from(table) % Table::ALL.len()];
            read(table, bytes, &self.fields, &mut seen)
        })
    }
}
