//! The end of `tcp_info`, which Linux 7.0 laid out anew in as many bytes: what is shown of it is held against those bytes,
//! which are read here once more, by the kernel's header alone.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sockeye_state::Received;
use sockeye_state::capture::{Reader, Record};
use sockeye_wire::Messages;

use crate::golden::replay;
use crate::made;

/// `struct inet_diag_msg`
const INET_DIAG_MSG_LEN: usize = 72;
/// `INET_DIAG_INFO`
const INET_DIAG_INFO: u16 = 2;
/// The end of `struct tcp_info`.
const END: std::ops::Range<usize> = 276..280;

// include/uapi/linux/tcp.h: `TCPI_ECN_MODE_…`, `TCP_ACCECN_OPT_…`, and by bit `TCP_ACCECN_…_FAIL_…`.
const MODES: [&str; 4] = ["disabled", "rfc3168", "accecn", "pending"];
const OPTIONS: [&str; 4] = ["not-seen", "empty-seen", "counter-seen", "fail-seen"];
const FAILS: [&str; 4] = ["ace-fail-send", "ace-fail-recv", "opt-fail-send", "opt-fail-recv"];

/// The end of `tcp_info` of every row, as it was received.
fn ends(name: &str) -> Vec<[u8; 4]> {
    let (capture, mut ends) = (made::read(name), Vec::new());
    for entry in Reader::new(&capture).expect("a capture") {
        let Record::Received(Received::Datagram(datagram)) = entry.expect("a whole capture").record else { continue };
        for message in Messages::new(datagram.bytes) {
            let payload = message.expect("a whole one").payload();
            // A dump's own end has no attributes.
            let Some(attributes) = payload.get(INET_DIAG_MSG_LEN..) else { continue };
            let info = attribute(attributes, INET_DIAG_INFO).expect("every row has it");
            ends.push(info[END].try_into().expect("four bytes"));
        }
    }
    ends
}

fn attribute(mut bytes: &[u8], wanted: u16) -> Option<&[u8]> {
    loop {
        let half = |at: usize| Some(u16::from_ne_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
        let (length, kind) = (usize::from(half(0)?), half(2)?);
        if kind == wanted {
            return bytes.get(4..length);
        }
        bytes = bytes.get(length.next_multiple_of(4)..)?;
    }
}

/// What is shown of it in every row.
fn shown(name: &str) -> Vec<[Value; 3]> {
    let text = replay(name);
    let rows = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let rows = rows.filter(|row| row.get("verdict").is_none());
    rows.map(|row| ["ecn_mode", "accecn_opt_seen", "accecn_fail_mode"].map(|name| row["tcp_info"][name].clone()))
        .collect()
}

fn fails(bits: usize) -> Value {
    FAILS.iter().enumerate().filter(|(bit, _)| bits >> bit & 1 != 0).map(|(_, name)| *name).collect()
}

/// Bits of a byte, the first of which the compiler of a little-endian machine has at the bottom.
fn bits([byte, ..]: [u8; 4]) -> [Value; 3] {
    let bits = |low: u8, width: u8| usize::from(byte >> low & (u8::MAX >> (8 - width)));
    [json!(MODES[bits(0, 2)]), json!(OPTIONS[bits(2, 2)]), fails(bits(4, 4))]
}

/// Two numbers, and no word of the mode.
fn numbers([b0, b1, b2, b3]: [u8; 4]) -> [Value; 3] {
    let number = |bytes| usize::from(u16::from_ne_bytes(bytes));
    [Value::Null, json!(OPTIONS[number([b2, b3])]), fails(number([b0, b1]))]
}

#[test]
fn the_end_of_tcp_info_is_shown_as_each_release_lays_it_out() {
    let read =
        |name, as_laid_out: fn([u8; 4]) -> [Value; 3]| -> Vec<_> { ends(name).into_iter().map(as_laid_out).collect() };
    let (old, new) = (shown("built_tcp_6"), shown("built_tcp_7"));
    assert_eq!(old, read("built_tcp_6", numbers));
    assert_eq!(new, read("built_tcp_7", bits));
    assert_ne!(old, new);
    // What is the same in all rows could be right by accident.
    for (rows, fields) in [(&old, 1..3), (&new, 0..3)] {
        for field in fields {
            let values: BTreeSet<_> = rows.iter().map(|row| row[field].to_string()).collect();
            assert!(values.len() >= 3, "field {field}: {values:?}");
        }
    }
}
