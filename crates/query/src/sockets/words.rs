//! Bare words of the filter language for sockets: protocols, states, groups of states.

use super::flat::Flat;
use crate::{Catalog, FieldId, Word};

/// Words that stand for several states, as `ss` has them.
const GROUPS: [(&str, &[&str]); 9] = [
    ("closed", &["unconnected"]),
    ("close", &["unconnected"]),
    ("listen", &["listening"]),
    ("syn-rcv", &["syn-recv"]),
    ("connected", &CONNECTED),
    ("synchronized", &SYNCHRONIZED),
    ("bucket", &["syn-recv", "time-wait"]),
    ("big", &BIG),
    ("closing-states", &["fin-wait-1", "fin-wait-2", "time-wait", "close-wait", "last-ack", "closing"]),
];

const CONNECTED: [&str; 9] = [
    "established",
    "syn-sent",
    "syn-recv",
    "fin-wait-1",
    "fin-wait-2",
    "time-wait",
    "close-wait",
    "last-ack",
    "closing",
];
const SYNCHRONIZED: [&str; 8] =
    ["established", "syn-recv", "fin-wait-1", "fin-wait-2", "time-wait", "close-wait", "last-ack", "closing"];
const BIG: [&str; 9] = [
    "established",
    "syn-sent",
    "fin-wait-1",
    "fin-wait-2",
    "unconnected",
    "close-wait",
    "last-ack",
    "listening",
    "closing",
];
const STATES: [&str; 12] = [
    "established",
    "syn-sent",
    "syn-recv",
    "fin-wait-1",
    "fin-wait-2",
    "time-wait",
    "unconnected",
    "close-wait",
    "last-ack",
    "listening",
    "closing",
    "bound-inactive",
];
const PROTOCOLS: [&str; 13] =
    ["tcp", "mptcp", "udp", "udplite", "raw", "sctp", "unix", "packet", "netlink", "vsock", "xdp", "tipc", "smc"];

/// Adds the words to the catalog of socket fields. `all` takes every state, `any` every protocol.
pub(super) fn add(catalog: &mut Catalog) {
    let proto = field(catalog, "proto");
    let state = field(catalog, "state");
    for index in 0..PROTOCOLS.len() {
        catalog.add_word(Word { word: PROTOCOLS[index], field: proto, values: &PROTOCOLS_EACH[index] });
    }
    catalog.add_word(Word { word: "inet", field: proto, values: &["tcp", "mptcp", "udp", "udplite", "raw", "sctp"] });
    catalog.add_word(Word { word: "any", field: proto, values: &PROTOCOLS });
    for index in 0..STATES.len() {
        catalog.add_word(Word { word: STATES[index], field: state, values: &STATES_EACH[index] });
    }
    for (word, values) in GROUPS {
        catalog.add_word(Word { word, field: state, values });
    }
    catalog.add_word(Word { word: "all", field: state, values: &STATES });
}

fn field(catalog: &Catalog, name: &str) -> FieldId {
    debug_assert!(matches!(Flat::Proto, Flat::Proto));
    catalog.find(name).unwrap_or(FieldId(0))
}

/// Each word alone, as a list of one.
static PROTOCOLS_EACH: [[&str; 1]; 13] = each(PROTOCOLS);
static STATES_EACH: [[&str; 1]; 12] = each(STATES);

const fn each<const N: usize>(words: [&'static str; N]) -> [[&'static str; 1]; N] {
    let mut lists = [[""; 1]; N];
    let mut index = 0;
    while index < N {
        lists[index] = [words[index]];
        index += 1;
    }
    lists
}
