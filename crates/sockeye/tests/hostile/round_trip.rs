//! What is built reads back equal.

use proptest::prelude::*;
use sockeye_query::sockets::{Nothing, SocketRow, Table};
use sockeye_wire::{Layout, Payload, Space};

use crate::build::{self, Values};

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

proptest! {
    #[test]
    fn every_field_of_every_structure_reads_what_was_put_there(seed: u64, filler: u8) {
        for layout in layouts() {
            let mut bytes = vec![filler; build::size(layout)];
            let mut values = Values::of_row(seed);
            let put: Vec<_> = layout.fields.iter().map(|field| {
                let value = values.number(field.scalar, field.meaning, field.unset);
                build::put(&mut bytes, field, value);
                value
            }).collect();
            for (field, value) in layout.fields.iter().zip(put) {
                // Sign-extended, as the reader gives it.
                let wanted = if field.scalar == sockeye_wire::Scalar::I32 {
                    i64::from(u32::try_from(value).expect("32 bits").cast_signed()).cast_unsigned()
                } else {
                    value
                };
                prop_assert_eq!(field.read(&bytes), Some(wanted), "{} {}", layout.kernel, field.kernel);
            }
        }
    }

    #[test]
    fn a_structure_that_is_cut_keeps_its_first_fields_and_loses_its_last(seed: u64, keep in 0usize..300) {
        for layout in layouts() {
            let bytes = Values::of_row(seed).structure(layout, 0);
            let cut = &bytes[..keep.min(bytes.len())];
            for field in layout.fields {
                let wanted = if field.offset + field.scalar.size() <= cut.len() { field.read(&bytes) } else { None };
                prop_assert_eq!(field.read(cut), wanted, "{} {}", layout.kernel, field.kernel);
            }
        }
    }

    #[test]
    fn a_whole_message_reads_without_defect_and_is_known(seed: u64) {
        for table in Table::ALL {
            let message = Values::of_row(seed).message(table);
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
