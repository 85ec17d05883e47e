//! Other spellings of socket states: those that `ss` prints or takes, for the catalog's own words.

const SPELLINGS: [(&str, &str); 9] = [
    ("estab", "established"),
    ("syn-rcv", "syn-recv"),
    ("fin-wait1", "fin-wait-1"),
    ("fin-wait2", "fin-wait-2"),
    ("unconn", "unconnected"),
    ("closed", "unconnected"),
    ("close", "unconnected"),
    ("listen", "listening"),
    ("synchronised", "synchronized"),
];

/// The catalog's word for a spelling.
pub(super) fn respelled(text: &str) -> Option<&'static str> {
    let text = text.to_ascii_lowercase().replace('_', "-");
    SPELLINGS.iter().find(|(spelling, _)| *spelling == text).map(|&(_, word)| word)
}
