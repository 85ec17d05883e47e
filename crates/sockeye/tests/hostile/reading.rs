//! Whatever bytes come, reading them ends, panics nowhere and takes little memory.

use sockeye_query::sockets::{Flat, Nothing, Reader, SocketRow, Table, catalog};
use sockeye_query::{FieldId, Value};
use sockeye_state::{Datagram, Dump, Received, Seen};
use sockeye_wire::Request;

use crate::allocator::most_held_by;
use crate::corpus::{Corpus, Random, SEQUENCE, damage};

/// Mutations a run.
const MUTATIONS: usize = 100_000;
const SEED: u64 = 0x50c_4e7e;
/// What reading may take beside four times its input.
const SLACK: usize = 64 * 1024;

/// The fields that rows of each table can have.
struct Fields(Vec<Vec<FieldId>>);

impl Fields {
    fn of_all_tables() -> Self {
        let of = |table: Table| {
            let fields = catalog().fields().map(|(field, _)| field);
            fields.filter(|&field| Reader::new(field, table).is_some()).collect()
        };
        Self(Table::ALL.into_iter().map(of).collect())
    }
}

/// Reads everything there is to read in a datagram. Returns how many rows there were, and whether one got as far as
/// an attribute.
fn read(table: Table, bytes: &[u8], fields: &Fields, seen: &mut Seen) -> (usize, bool) {
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
                Some(Value::Several(values)) => values.values().for_each(drop),
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
    (rows, attributes)
}

/// The same, with its bounds asserted. The window of cookies is of one size whatever comes, and made beforehand.
fn read_bounded(table: Table, bytes: &[u8], fields: &Fields, seen: &mut Seen) -> bool {
    let ((rows, attributes), most) = most_held_by(|| read(table, bytes, fields, seen));
    assert!(rows <= bytes.len() / 16, "{rows} rows of {} bytes", bytes.len());
    assert!(most <= 4 * bytes.len() + SLACK, "{most} bytes held for {} of {}", bytes.len(), table.name());
    attributes
}

#[test]
fn every_truncation_of_every_capture_is_read() {
    let (corpus, fields) = (Corpus::load(), Fields::of_all_tables());
    let mut seen = Seen::new();
    for (table, datagram) in &corpus.datagrams {
        for length in 0..=datagram.len() {
            read_bounded(*table, &datagram[..length], &fields, &mut seen);
        }
    }
}

#[test]
fn mutations_are_read_and_most_of_them_as_far_as_attributes() {
    const THREADS: u64 = 4;
    let (corpus, fields) = (Corpus::load(), Fields::of_all_tables());
    let deep: usize = std::thread::scope(|scope| {
        let work = |thread: u64| {
            let mut random = Random(SEED + thread);
            let mutations = 0..MUTATIONS / usize::try_from(THREADS).unwrap_or(1);
            let (corpus, fields) = (&corpus, &fields);
            scope.spawn(move || {
                let mut seen = Seen::new();
                mutations
                    .filter(|_| {
                        let (table, datagram) = &corpus.datagrams[random.below(corpus.datagrams.len())];
                        read_bounded(*table, &damage(datagram, &mut random), fields, &mut seen)
                    })
                    .count()
            })
        };
        let threads: Vec<_> = (0..THREADS).map(work).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).sum()
    });
    assert!(deep * 2 >= MUTATIONS, "only {deep} of {MUTATIONS} got as far as attributes");
}

#[test]
fn one_attribute_that_fills_a_datagram_takes_no_more_memory_than_any_other() {
    const FILL: usize = 60_000;
    let (fields, mut seen) = (Fields::of_all_tables(), Seen::new());
    for table in Table::ALL {
        for number in 0..32 {
            for byte in [0, 1, 4, 0xff] {
                let body = vec![2; table.space().header_len];
                let payload = vec![byte; FILL];
                let message = Request::new(20, 2).body(&body).attribute(number, &payload).sequence(SEQUENCE);
                let bytes = message.as_bytes();
                let (_, most) = most_held_by(|| read(table, bytes, &fields, &mut seen));
                let bound = 4 * bytes.len() + SLACK;
                assert!(most <= bound, "{most} bytes held, attribute {number} of {}", table.name());
            }
        }
    }
}
