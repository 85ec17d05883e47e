//! What is built reads back equal.

use proptest::prelude::*;
use sockeye_query::sockets::{Nothing, SocketRow, Table};
use sockeye_wire::{Field, Holds, Layout, Number, Payload, Scalar, Space, Version};

use crate::build::{self, Content, Values};

/// The kernel whose structures are the longest.
const NEWEST: Version = Version(7, 0);

/// Every structure of every table, each once.
fn layouts() -> Vec<&'static Layout> {
    let mut layouts = Vec::new();
    for table in Table::ALL {
        layouts.extend(table.space().header);
        add(table.space(), &mut layouts);
    }
    layouts.sort_by_key(|layout| layout.kernel);
    layouts.dedup_by_key(|layout| layout.kernel);
    assert!(layouts.len() > 20, "{}", layouts.len());
    layouts
}

fn add(space: &'static Space, layouts: &mut Vec<&'static Layout>) {
    for row in space.attributes {
        match row.payload {
            Payload::Structure(layout) => layouts.push(layout),
            Payload::Nest(inner) | Payload::Nests(_, inner) => add(inner, layouts),
            _ => {}
        }
    }
}

/// A field as what it holds.
fn read(field: &Field, bytes: &[u8]) -> Option<Content> {
    match field.holds {
        Holds::Text(_) => field.text(bytes).map(|text| Content::Text(text.to_vec())),
        Holds::SocketAddress => field.socket_address(bytes).map(Content::SocketAddress),
        _ => field.number(bytes).map(Content::Number),
    }
}

/// What was put there as the reader gives it: sign-extended.
fn as_read(field: &Field, put: Content) -> Content {
    match (field.holds, put) {
        (Holds::Number(Number { scalar: Scalar::I32, .. }), Content::Number(value)) => {
            let value = u32::try_from(value).expect("32 bits").cast_signed();
            Content::Number(i64::from(value).cast_unsigned())
        }
        (_, put) => put,
    }
}

proptest! {
    #[test]
    fn every_field_of_every_structure_reads_what_was_put_there(seed: u64, filler: u8) {
        for layout in layouts() {
            let mut bytes = vec![filler; build::size(layout)];
            let mut values = Values::of_row(seed, NEWEST);
            let put: Vec<_> = layout.fields.iter().map(|field| {
                let content = values.content(field);
                build::put(&mut bytes, field, &content);
                content
            }).collect();
            for (field, content) in layout.fields.iter().zip(put) {
                prop_assert_eq!(read(field, &bytes), Some(as_read(field, content)), "{} {}", layout.kernel, field.kernel);
            }
        }
    }

    #[test]
    fn a_structure_that_is_cut_keeps_its_first_fields_and_loses_its_last(seed: u64, keep in 0usize..300) {
        for layout in layouts() {
            let bytes = Values::of_row(seed, NEWEST).structure(layout, 0);
            let cut = &bytes[..keep.min(bytes.len())];
            for field in layout.fields {
                // What took room that was empty before is there in a structure that has more alone.
                let within = if let Holds::Number(number) = field.holds { number.within } else { 0 };
                let is_whole = (field.offset + field.holds.size()).max(within) <= cut.len();
                let wanted = if is_whole { read(field, &bytes) } else { None };
                prop_assert_eq!(read(field, cut), wanted, "{} {}", layout.kernel, field.kernel);
            }
        }
    }

    #[test]
    fn a_whole_message_reads_without_defect_and_is_known(seed: u64) {
        for table in Table::ALL {
            let message = Values::of_row(seed, NEWEST).message(table);
            let row = SocketRow::read(table, &message, &Nothing).expect("a header");
            prop_assert_eq!(row.slots.defect(), None);
            prop_assert!(!row.slots.has_unknown(table.space()), "{}", table.name());
            prop_assert_eq!(row.payload(), message.as_slice());
        }
    }

    #[test]
    fn attributes_read_back_in_any_order(seed: u64, table in 0..Table::ALL.len(), numbers in prop::collection::btree_set(0u16..32, 0..8)) {
        let table = Table::ALL[table];
        let mut numbers: Vec<_> = numbers.into_iter().collect();
        if seed % 2 == 1 {
            numbers.reverse();
        }
        let payload = |number: u16| vec![number.to_ne_bytes()[0] ^ 0x5a; usize::from(number) * 3];
        let mut message = vec![1; table.space().header_len];
        for &number in &numbers {
            message.extend(build::attribute(number, &payload(number)));
        }
        let row = SocketRow::read(table, &message, &Nothing).expect("a header");
        prop_assert_eq!(row.slots.defect(), None);
        for number in 0..32 {
            let wanted = numbers.contains(&number).then(|| payload(number));
            prop_assert_eq!(row.slots.payload(number), wanted.as_deref());
        }
    }
}
