//! Records of every table of rtnetlink: each field of the catalogs, everything that a record says, and the types by which
//! programs read the common ones.

use core::hint::black_box;

use sockeye_query::rtnetlink::{Row, catalog};
use sockeye_query::sockets::Nothing;
use sockeye_query::{Entry, FieldId, Value};
use sockeye_state::rtnetlink::{Source, each_record, interface, lifetimes_differ, same, write_key};
use sockeye_wire::Messages;
use sockeye_wire::rtnetlink::Table;
use sockeye_wire::rtnetlink::record::Record;

use crate::document::Document;
use crate::mutate;
use crate::random::Random;
use crate::seeds;
use crate::target::{Reader, Target};

struct Rtnetlink {
    tables: Vec<One>,
}

struct One {
    table: Table,
    seeds: Vec<Document>,
    fields: Vec<FieldId>,
}

/// The target. An input is the number of a table and a datagram.
pub(super) fn make() -> Box<dyn Target> {
    let one = |table: Table| One {
        table,
        seeds: seeds::of(table),
        fields: catalog(table).fields().map(|(field, _)| field).collect(),
    };
    Box::new(Rtnetlink { tables: Table::ALL.into_iter().map(one).collect() })
}

impl Target for Rtnetlink {
    fn input(&self, random: &mut Random) -> Vec<u8> {
        let Some(one) = random.pick(&self.tables) else { return Vec::new() };
        // Now and then a table is given what another one says.
        let other = random.pick(&self.tables).filter(|_| random.one_in(32));
        let seeds = &other.unwrap_or(one).seeds;
        let mut input = vec![one.table as u8];
        input.extend(mutate::datagram(seeds, seeds, random));
        input
    }

    fn reader(&self) -> Reader<'_> {
        Box::new(move |input| {
            let Some((&table, bytes)) = input.split_first() else { return false };
            let one = &self.tables[usize::from(table) % self.tables.len()];
            let mut is_deep = false;
            for message in Messages::new(bytes).map_while(Result::ok) {
                is_deep |= read(one, message.payload());
                // Empty rooms, so that what the engine asks of a record counts with what it takes.
                let (mut scratch, mut key) = (Vec::new(), Vec::new());
                each_record(one.table, message.payload(), &mut scratch, &mut |record| {
                    assert!(is_part(record, message.payload()), "{} bytes are a record of a message", record.len());
                    keyed(one.table, record, &mut key);
                });
            }
            is_deep
        })
    }
}

/// Reads everything there is in a record. Whether it has an attribute.
fn read(one: &One, record: &[u8]) -> bool {
    if let Some(typed) = Record::read(one.table, record) {
        by_type(&typed);
    }
    let Ok(row) = Row::read(one.table, record, &Nothing) else { return false };
    let mut entries = 0_usize;
    row.entries(&mut |entry| count(&entry, &mut entries));
    for &field in &one.fields {
        if let Some(value) = row.value(field) {
            walk(&value, &mut entries);
        }
    }
    row.link_name();
    row.defect();
    entries > one.table.space().header.map_or(0, |layout| layout.fields.len())
}

fn count(entry: &Entry<'_>, entries: &mut usize) {
    *entries += 1;
    walk(&entry.value, entries);
}

/// Looks at everything in a value, as an output does.
fn walk(value: &Value<'_>, entries: &mut usize) {
    match value {
        Value::Tree(tree) => tree.entries(&mut |entry| count(&entry, entries)),
        Value::Several(values) => values.for_each(|value| walk(&value, entries)),
        _ => {}
    }
}

/// What a key has that is not in its record, at most: numbers of fixed length that are absent there, and a byte for each
/// attribute that is. An attribute of which a key says more is longer itself.
const KEY_BEYOND: usize = 32;

/// Whether a record can be one of this message: no longer than that is with its padding, as it is one of its elements with the head
/// of all.
pub(super) fn is_part(record: &[u8], message: &[u8]) -> bool {
    record.len() <= message.len().next_multiple_of(4)
}

/// Whether a key can be that of this record: not longer, but for a few bytes.
pub(super) fn is_key(key: &[u8], record: &[u8]) -> bool {
    key.len() <= record.len() + KEY_BEYOND
}

/// What the engine asks of a record: who it is, whether it is still the same.
fn keyed(table: Table, record: &[u8], key: &mut Vec<u8>) {
    let group = write_key(table, record, key);
    assert!(group <= key.len(), "{group} of {}", key.len());
    assert!(is_key(key, record), "a key of {} bytes for a record of {}", key.len(), record.len());
    assert!(same(table, record, record, Source::Dump), "a record is the same as itself");
    assert!(!lifetimes_differ(table, record, record), "and so are its lifetimes");
    interface(table, record);
}

/// Reads a record as programs do.
fn by_type(record: &Record<'_>) {
    match record {
        Record::Link(link) => {
            black_box((link.index(), link.name(), link.flags(), link.is_up(), link.is_lower_up(), link.mtu()));
            black_box((link.operstate(), link.carrier(), link.address(), link.master(), link.lower(), link.kind()));
        }
        Record::Address(address) => {
            black_box((address.ifindex(), address.address(), address.prefix_len(), address.peer()));
            black_box((address.broadcast(), address.scope(), address.flags(), address.label()));
        }
        Record::Route(route) => {
            black_box((route.family(), route.destination(), route.is_default(), route.table(), route.protocol()));
            black_box((route.scope(), route.kind(), route.metric(), route.gateway(), route.oif()));
            black_box((route.preferred_source(), route.nexthop_id()));
            for hop in route.hops() {
                black_box((hop.oif(), hop.weight(), hop.gateway()));
            }
        }
        Record::Rule(rule) => {
            black_box((rule.family(), rule.priority(), rule.action(), rule.table(), rule.source()));
            black_box((rule.destination(), rule.mark(), rule.iif_name(), rule.oif_name()));
        }
        Record::Neighbour(neighbour) => {
            black_box((neighbour.ifindex(), neighbour.address(), neighbour.link_address()));
            black_box((neighbour.state(), neighbour.flags()));
        }
        Record::Nexthop(nexthop) => {
            black_box((nexthop.id(), nexthop.gateway(), nexthop.oif()));
            black_box(nexthop.members().count());
        }
        Record::Qdisc(qdisc) => {
            black_box((qdisc.ifindex(), qdisc.handle(), qdisc.parent(), qdisc.kind()));
        }
        _ => {}
    }
}
