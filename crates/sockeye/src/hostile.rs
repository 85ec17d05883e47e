//! Damaged bytes for what this program makes of them: texts, objects, findings. Tests beside it feed it inputs of
//! `cargo xtask fuzz`, which has the libraries alone.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use sockeye_fuzz::{Random, Target, targets};
use sockeye_query::sockets::{SocketRow, Surroundings, Table};
use sockeye_state::rtnetlink::each_record;
use sockeye_wire::{Messages, rtnetlink};

/// Where the numbers begin that inputs follow from.
const SEED: u64 = 0xa77ac4;

/// Feeds so many inputs, each of which follows from a number. That of one that panics is told.
pub(crate) fn attack(inputs: u64, mut feed: impl FnMut(&mut Random)) {
    for seed in SEED..SEED + inputs {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| feed(&mut Random(seed)))) {
            eprintln!("this is what the input of {seed:#x} does");
            resume_unwind(panic);
        }
    }
}

/// The target of that name, for its inputs.
pub(crate) fn target(name: &str) -> Box<dyn Target> {
    let entry = targets::ALL.iter().find(|entry| entry.name == name).expect("a target");
    (entry.make)()
}

/// The rows in an input of the target `sockets`.
pub(crate) fn rows(input: &[u8], surroundings: &dyn Surroundings, mut visit: impl FnMut(&SocketRow<'_>)) {
    let Some((&table, datagram)) = input.split_first() else { return };
    let table = Table::ALL[usize::from(table) % Table::ALL.len()];
    for message in Messages::new(datagram).map_while(Result::ok) {
        if let Ok(row) = SocketRow::read(table, message.payload(), surroundings) {
            visit(&row);
        }
    }
}

/// The records in an input of the target `rtnetlink`. A message can name thousands: the first of them are enough.
pub(crate) fn records(input: &[u8], mut visit: impl FnMut(rtnetlink::Table, &[u8])) {
    /// Records of a message that are looked at.
    const RECORDS_MAX: usize = 4;
    let Some((&table, datagram)) = input.split_first() else { return };
    let table = rtnetlink::Table::ALL[usize::from(table) % rtnetlink::Table::ALL.len()];
    let mut scratch = Vec::new();
    for message in Messages::new(datagram).map_while(Result::ok) {
        let mut records = 0;
        each_record(table, message.payload(), &mut scratch, &mut |record| {
            records += 1;
            if records <= RECORDS_MAX {
                visit(table, record);
            }
        });
    }
}

/// Asserts that a text is UTF-8 and does nothing to a terminal: of control characters these alone are in it.
#[track_caller]
pub(crate) fn assert_plain(text: &[u8], but_for: &[char]) {
    let text = std::str::from_utf8(text).expect("escaped, and so UTF-8");
    let odd = text.chars().find(|letter| letter.is_control() && !but_for.contains(letter));
    assert!(odd.is_none(), "{odd:?} in {text:?}");
}
