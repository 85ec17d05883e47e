//! One mirror: records that come, change and go, in any order.

use sockeye_state::rtnetlink::{each_record, write_key};
use sockeye_state::{Mirror, Upsert};
use sockeye_wire::Messages;
use sockeye_wire::rtnetlink::{Table, Verb};

use super::rtnetlink::{is_key, is_part};
use crate::document::Document;
use crate::mutate;
use crate::random::Random;
use crate::seeds;
use crate::target::{Reader, SLACK, Target};

/// Messages of an input before it is mutated.
const MESSAGES: usize = 10;
/// Records of a message after which only every so many is looked at: a range of VLANs has thousands.
const LOOKED_AT: usize = 64;

/// What a mirror may hold of records that a message only names, times their bytes. It is 2.2 times: pages, and an index that grows.
pub(super) const TIMES_WRITTEN_OUT: usize = 3;

struct Mirrors {
    tables: Vec<(Table, Vec<Document>)>,
}

/// The target. An input is the number of a table and a datagram, whose messages of odd types are deletions.
pub(super) fn make() -> Box<dyn Target> {
    Box::new(Mirrors { tables: Table::ALL.into_iter().map(|table| (table, seeds::small(table))).collect() })
}

impl Target for Mirrors {
    fn input(&self, random: &mut Random) -> Vec<u8> {
        let Some((table, seeds)) = random.pick(&self.tables) else { return Vec::new() };
        let mut several = Document::default();
        for _ in 0..random.below(MESSAGES) {
            let mut one = random.pick(seeds).cloned().unwrap_or_default();
            if random.one_in(2) {
                mutate::mutate(&mut one, seeds, random);
            }
            // The same again, to be found and taken out.
            let mut again = one.messages.clone();
            again.retain(|_| random.one_in(2));
            for message in &mut again {
                // Even types are news, and the odd ones behind them are deletions.
                message.type_number = message.type_number & !3 | u16::from(random.one_in(2));
            }
            several.messages.extend(one.messages);
            several.messages.extend(again);
        }
        let mut input = vec![*table as u8];
        input.extend(mutate::datagram(&[several], seeds, random));
        input
    }

    fn reader(&self) -> Reader<'_> {
        // Rooms of whoever has a mirror, and not the mirror's: what comes into them is no longer than a message, which is asserted.
        let [mut scratch, mut key, mut old] = [(); 3].map(|()| Vec::with_capacity(1 << 17));
        Box::new(move |input| {
            let Some((&number, bytes)) = input.split_first() else { return false };
            let (table, _) = self.tables[usize::from(number) % self.tables.len()];
            let mut mirror = Mirror::new(table, 7);
            for message in Messages::new(bytes).map_while(Result::ok) {
                let family = message.payload().first().copied().unwrap_or(0);
                let verb = Table::of_message(message.type_number(), family).map_or(Verb::New, |(_, verb)| verb);
                let mut records = 0;
                each_record(table, message.payload(), &mut scratch, &mut |record| {
                    records += 1;
                    assert!(is_part(record, message.payload()), "{} bytes are a record of a message", record.len());
                    if records < LOOKED_AT || records % LOOKED_AT == 0 {
                        apply(&mut mirror, verb, record, &mut key, &mut old);
                    } else if verb == Verb::New {
                        mirror.upsert(record, &mut old);
                    } else {
                        mirror.remove(record, &mut old);
                    }
                });
            }
            assert_eq!(mirror.iter().count(), mirror.len());
            !mirror.is_empty()
        })
    }

    fn slack(&self, input: &[u8]) -> usize {
        let (mut bytes, mut keys, mut scratch) = (0, 0, Vec::new());
        let Some((&number, datagram)) = input.split_first() else { return SLACK };
        for message in Messages::new(datagram).map_while(Result::ok) {
            match self.tables[usize::from(number) % self.tables.len()].0 {
                // A range is one record each.
                Table::Vlans => {
                    each_record(Table::Vlans, message.payload(), &mut scratch, &mut |record| bytes += record.len());
                }
                Table::Routes => keys += long_key(message.payload(), &mut scratch),
                _ => {}
            }
        }
        SLACK + TIMES_WRITTEN_OUT * bytes + 2 * keys
    }
}

/// Bytes of the key of a route that has hundreds of next hops. They are in it one by one, so that it is longer than the route; there
/// are two such keys at a time, that of the record in hand and that of the one it is held against.
pub(super) fn long_key(route: &[u8], scratch: &mut Vec<u8>) -> usize {
    write_key(Table::Routes, route, scratch);
    if scratch.len() >= 4096 { scratch.len() } else { 0 }
}

fn apply(mirror: &mut Mirror, verb: Verb, record: &[u8], key: &mut Vec<u8>, old: &mut Vec<u8>) {
    let table = mirror.table();
    write_key(table, record, key);
    assert!(is_key(key, record), "a key of {} bytes for a record of {}", key.len(), record.len());
    let (before, known) = (mirror.len(), mirror.get(key).map(<[u8]>::len));
    let had = known.is_some();
    match verb {
        Verb::New => {
            let upsert = mirror.upsert(record, old);
            assert_eq!(upsert == Upsert::Added, !had, "{upsert:?}");
            assert!(upsert != Upsert::Changed || Some(old.len()) == known, "the record before is what was there");
            assert!(mirror.get(key).is_some(), "what was put in is there");
        }
        Verb::Deleted => {
            assert_eq!(mirror.remove(record, old), had);
            assert!(mirror.get(key).is_none(), "what was taken out is not there");
        }
    }
    let after = match verb {
        Verb::New => before + usize::from(!had),
        Verb::Deleted => before - usize::from(had),
    };
    assert_eq!(mirror.len(), after);
    mirror.has_sibling(key);
}
