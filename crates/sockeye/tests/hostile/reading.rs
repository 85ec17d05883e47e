//! Whatever bytes come, reading them ends, panics nowhere and takes little memory.

use sockeye_fuzz::Random;
use sockeye_fuzz::allocator::most_held_by;
use sockeye_fuzz::captures::{self, SEQUENCE};
use sockeye_fuzz::damage::damage;
use sockeye_fuzz::target::SLACK;
use sockeye_fuzz::targets::sockets::{Fields, read};
use sockeye_query::sockets::Table;
use sockeye_state::Seen;
use sockeye_wire::{Request, rtnetlink};

/// Mutations a run.
const MUTATIONS: usize = 100_000;
const SEED: u64 = 0x50c_4e7e;

/// Reads a datagram, with its bounds asserted. The window of cookies is of one size whatever comes, and made beforehand.
fn read_bounded(table: Table, bytes: &[u8], fields: &Fields, seen: &mut Seen) -> bool {
    let (attributes, most) = most_held_by(|| read(table, bytes, fields, seen));
    assert!(most <= 4 * bytes.len() + SLACK, "{most} bytes held for {} of {}", bytes.len(), table.name());
    attributes
}

#[test]
fn every_truncation_of_every_capture_is_read() {
    let (datagrams, fields) = (captures::datagrams(), Fields::of_all_tables());
    let mut seen = Seen::new();
    for (table, datagram) in &datagrams {
        for length in 0..=datagram.len() {
            read_bounded(*table, &datagram[..length], &fields, &mut seen);
        }
    }
}

#[test]
fn mutations_are_read_and_most_of_them_as_far_as_attributes() {
    const THREADS: u64 = 4;
    let (datagrams, fields) = (captures::datagrams(), Fields::of_all_tables());
    let deep: usize = std::thread::scope(|scope| {
        let work = |thread: u64| {
            let mut random = Random(SEED + thread);
            let mutations = 0..MUTATIONS / usize::try_from(THREADS).unwrap_or(1);
            let (datagrams, fields) = (&datagrams, &fields);
            scope.spawn(move || {
                let mut seen = Seen::new();
                mutations
                    .filter(|_| {
                        let (table, datagram) = &datagrams[random.below(datagrams.len())];
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

/// The same of records of rtnetlink: numbers, structures, nests and hops without end are looked at one by one.
#[test]
fn one_list_that_fills_a_record_takes_no_more_memory_than_any_other() {
    let entry = sockeye_fuzz::targets::ALL.iter().find(|entry| entry.name == "rtnetlink").expect("a target");
    let target = (entry.make)();
    let mut reader = target.reader();
    for table in rtnetlink::Table::ALL {
        for number in 0..72 {
            // Bytes; attributes without anything in them; attributes of eight bytes; next hops.
            for fill in [&[7][..], &[4, 0, 1, 0], &[8, 0, 1, 0, 9, 0, 0, 0], &[8, 0, 1, 0, 3, 0, 0, 0]] {
                let payload = fill.repeat(60_000 / fill.len());
                let body = vec![2; table.header_len()];
                let message = Request::new(table.new_type(), 2).body(&body).attribute(number, &payload);
                let input = [&[table as u8][..], message.as_bytes()].concat();
                reader(&input);
                let (_, most) = most_held_by(|| reader(&input));
                let bound = 4 * input.len() + SLACK;
                assert!(most <= bound, "{most} bytes held, attribute {number} of {}", table.name());
            }
        }
    }
}
