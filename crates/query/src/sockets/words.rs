//! Bare words of the filter language for sockets: protocols, states, groups of states.

use super::table::Table;
use crate::{Catalog, FieldId, Word};

/// Every state by name. Slices of it are the values of words.
#[rustfmt::skip]
static STATES: [&str; 12] = [
    "established", "syn-sent", "syn-recv", "fin-wait-1", "fin-wait-2", "time-wait", "close-wait", "last-ack", "closing",
    "unconnected", "listening", "bound-inactive",
];

/// Every protocol by name, in the order of [`Table::ALL`]: the internet families first.
static PROTOCOLS: [&str; Table::ALL.len()] = {
    let mut names = [""; Table::ALL.len()];
    let mut index = 0;
    while index < names.len() {
        names[index] = Table::ALL[index].name();
        index += 1;
    }
    names
};

/// Protocols whose rows are `inet_diag_msg`: the first ones.
const INET: usize = 6;
/// States of a connection: the first ones.
const CONNECTED: usize = 9;

/// Other words for states, and words that stand for several, as `ss` has them.
fn groups() -> [(&'static str, &'static [&'static str]); 9] {
    [
        ("all", &STATES),
        ("connected", &STATES[..CONNECTED]),
        (
            "synchronized",
            &["established", "syn-recv", "fin-wait-1", "fin-wait-2", "time-wait", "close-wait", "last-ack", "closing"],
        ),
        ("bucket", &["syn-recv", "time-wait"]),
        (
            "big",
            &[
                "established",
                "syn-sent",
                "fin-wait-1",
                "fin-wait-2",
                "unconnected",
                "close-wait",
                "last-ack",
                "listening",
                "closing",
            ],
        ),
        ("closed", &["unconnected"]),
        ("close", &["unconnected"]),
        ("listen", &["listening"]),
        ("syn-rcv", &["syn-recv"]),
    ]
}

/// Adds the words to the catalog of socket fields. `all` takes every state, `any` every protocol.
pub(super) fn add(catalog: &mut Catalog, proto: FieldId, state: FieldId) {
    for index in 0..PROTOCOLS.len() {
        catalog.add_word(Word { word: PROTOCOLS[index], field: proto, values: &PROTOCOLS[index..=index] });
    }
    catalog.add_word(Word { word: "inet", field: proto, values: &PROTOCOLS[..INET] });
    catalog.add_word(Word { word: "any", field: proto, values: &PROTOCOLS });
    for index in 0..STATES.len() {
        catalog.add_word(Word { word: STATES[index], field: state, values: &STATES[index..=index] });
    }
    for (word, values) in groups() {
        catalog.add_word(Word { word, field: state, values });
    }
}

#[cfg(test)]
mod tests {
    use sockeye_wire::sock_diag::state::State;

    use super::*;
    use crate::sockets::Tables;

    #[test]
    fn the_words_are_all_states_and_all_protocols() {
        assert!(State::ALL.iter().all(|state| STATES.contains(&state.name())));
        assert!(Table::ALL[..INET].iter().all(|&table| Tables::INET.has(table)));
        assert!(!Table::ALL[INET..].iter().any(|&table| Tables::INET.has(table)));
    }
}
