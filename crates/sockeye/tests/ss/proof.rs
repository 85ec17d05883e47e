//! The comparison proves itself: texts that are equal, and each way to spoil one is found.

use std::collections::BTreeSet;

use crate::compare::difference;
use crate::differences::{Asked, Example, Excuses, INSTEAD, REASONS, REASONS_MAX, Reason};
use crate::moving::{MOVING, Moving, stilled};
use crate::oracle::{Release, Said};

/// Nothing moves in it, and no two cells of a row or of a column are the same, but for states.
const STILL: &str = "\
Netid State      Recv-Q Send-Q       Local Address:Port        Peer Address:Port Process
udp   UNCONN     2      3                127.9.8.7:49922            0.0.0.0:*     users:((\"zoo\",pid=7,fd=8)) ino:41
tcp   LISTEN     1      7             127.9.8.7%lo:49819            0.0.0.0:*     users:((\"zoo\",pid=7,fd=9)) ino:42
tcp   ESTAB      4321   5                127.1.2.3:50365          127.4.5.6:57403 ino:43 sk:1fa0b73 tos:0x5e
\t skmem:(r11,rb131072,t12,tb3939840,f13,w14,o15,bl16,d17) bbr wscale:10,9 rto:204 rtt:0.016/0.008 mss:32768
tcp   FIN-WAIT-2 6      8         [fd00:5eed::b]:46289      [fd00:5eed::a]:42491 ino:44 sk:1fa0b74 tos:0x5f
\t skmem:(r21,rb131073,t22,tb3939841,f23,w24,o25,bl26,d27) reno wscale:8,7 rto:205 rtt:0.017/0.009 mss:32769   
";

/// The same socket at two times.
const MOVED: [&str; 2] = [
    "ESTAB 0 5 127.1.2.3:50365 127.4.5.6:57403 timer:(on,024ms,3) rto:204 lastsnd:96 busy:98ms unacked:1   \n",
    "ESTAB 0 5 127.1.2.3:50365 127.4.5.6:57403 timer:(on,1.2sec,3) rto:204 lastsnd:101 busy:103ms unacked:1 \n",
];

const NEWEST: Release = Release(7, 1);

fn said(text: &str) -> Said {
    Said { text: text.to_owned(), errors: String::new(), status: Some(0) }
}

/// What the comparison finds beside this release.
fn found(line: &str, release: Release, theirs: &str, ours: &str) -> Option<String> {
    let asked = Asked { line, release, kept_ports: &[] };
    difference(&asked, &said(theirs), &said(ours), &mut Excuses::default())
}

/// The rows of the text that have columns.
fn rows() -> impl Iterator<Item = (usize, &'static str)> {
    STILL.lines().enumerate().filter(|(_, line)| !line.starts_with('\t'))
}

fn joined<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// The text with one line in the place of another.
fn with_line(at: usize, line: &str) -> String {
    joined(STILL.lines().enumerate().map(|(number, old)| if number == at { line } else { old }))
}

#[track_caller]
fn must_be_found(spoiled: &str) {
    assert!(found("ss -anp", NEWEST, STILL, spoiled).is_some(), "not found beside the newest:\n{spoiled}");
}

/// A real answer that agrees no longer does with two of its words in each other's place, or without its last line.
pub(crate) fn spoiling_is_found(asked: &Asked<'_>, theirs: &Said, ours: &Said) {
    let lines: Vec<&str> = ours.text.lines().collect();
    let [_, row, ..] = lines[..] else { return };
    // An option that they do not know.
    if theirs.text.is_empty() {
        return;
    }
    let words: Vec<&str> = row.split_whitespace().collect();
    let mut spoiled = vec![joined(lines[..lines.len() - 1].iter().copied())];
    if let Some(pair) = words.windows(2).find(|pair| pair[0] != pair[1]) {
        let mut pieces = pieces(row);
        let places = [0, 1].map(|at| pieces.iter().position(|piece| *piece == pair[at]).expect("a word of the row"));
        pieces.swap(places[0], places[1]);
        spoiled.push(ours.text.replacen(row, &pieces.concat(), 1));
    }
    for text in spoiled {
        let spoiled = Said { text, ..ours.clone() };
        let found = difference(asked, theirs, &spoiled, &mut Excuses::default());
        assert!(found.is_some(), "{}: not found:\n{}", asked.line, spoiled.text);
    }
}

/// Cells and what stands between them, in turn.
fn pieces(line: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = line;
    while !rest.is_empty() {
        let blank = rest.starts_with(' ');
        let end = rest.find(|letter| (letter == ' ') != blank).unwrap_or(rest.len());
        let (piece, left) = rest.split_at(end);
        pieces.push(piece);
        rest = left;
    }
    pieces
}

pub(crate) fn equal_texts_are_equal() {
    assert_eq!(found("ss -anp", NEWEST, STILL, STILL), None);
    assert_eq!(found("ss -tni", NEWEST, MOVED[0], MOVED[1]), None);
    // Beside an old one, the ends of lines say nothing.
    assert_eq!(found("ss -anp", Release(6, 1), STILL, &STILL.replace("   \n", "\n")), None);
}

pub(crate) fn swapped_columns_are_found() {
    let columns = 6;
    for one in 0..columns {
        for other in one + 1..columns {
            let swapped: String = STILL
                .lines()
                .map(|line| {
                    let mut pieces = pieces(line);
                    if !line.starts_with('\t') {
                        pieces.swap(2 * one, 2 * other);
                    }
                    pieces.concat() + "\n"
                })
                .collect();
            must_be_found(&swapped);
        }
    }
}

pub(crate) fn swapped_values_are_found() {
    let numbers = regex::Regex::new(r"\d+").expect("a pattern");
    for (number, line) in STILL.lines().enumerate() {
        let values: Vec<_> = numbers.find_iter(line).collect();
        for (index, one) in values.iter().enumerate() {
            for other in values[index + 1..].iter().filter(|other| other.as_str() != one.as_str()) {
                let parts = [&line[..one.start()], other.as_str(), &line[one.end()..other.start()], one.as_str()];
                must_be_found(&with_line(number, &(parts.concat() + &line[other.end()..])));
            }
        }
    }
}

pub(crate) fn a_missing_row_is_found() {
    for missing in 0..STILL.lines().count() {
        let lines = STILL.lines().enumerate().filter(|(number, _)| *number != missing);
        must_be_found(&joined(lines.map(|(_, line)| line)));
    }
    must_be_found("");
}

pub(crate) fn rows_in_another_order_are_found() {
    let lines: Vec<&str> = STILL.lines().collect();
    for at in 1..lines.len() {
        let mut turned = lines.clone();
        turned.swap(at - 1, at);
        must_be_found(&(turned.join("\n") + "\n"));
    }
}

pub(crate) fn another_blank_is_found() {
    for (number, line) in rows().chain(STILL.lines().enumerate()) {
        for at in (0..=line.len()).filter(|at| line.is_char_boundary(*at)) {
            let (head, tail) = line.split_at(at);
            must_be_found(&with_line(number, &format!("{head} {tail}")));
            if let Some(less) = tail.strip_prefix(' ') {
                must_be_found(&with_line(number, &format!("{head}{less}")));
            }
        }
    }
    // Where values move, only the ends of lines are free.
    let more = MOVED[1].replacen(" rto", "  rto", 1);
    assert!(found("ss -tni", NEWEST, MOVED[0], &more).is_some());
}

pub(crate) fn another_exit_status_is_found() {
    let asked = Asked { line: "ss -anp", release: NEWEST, kept_ports: &[] };
    for status in [Some(1), Some(255), None] {
        let failed = Said { status, ..said(STILL) };
        assert!(difference(&asked, &said(STILL), &failed, &mut Excuses::default()).is_some());
    }
}

pub(crate) fn every_reason_excuses_its_own_difference_and_no_other() {
    let other_words: BTreeSet<&str> = INSTEAD.iter().map(|instead| instead.reason).collect();
    let reasons = REASONS.len() + other_words.len();
    assert!(reasons <= REASONS_MAX, "{reasons} reasons");
    for Reason { name, why, until, example: Example { line, theirs, ours }, .. } in REASONS {
        assert!(why.len() > 20, "{name} has no reason");
        let release = until.map_or(NEWEST, Release::before);
        assert_eq!(found(line, release, theirs, ours), None, "{name}");
        if let Some(until) = until {
            assert!(found(line, *until, theirs, ours).is_some(), "{name} is excused in the release without it");
        }
        // A digit of theirs that another stands for is not part of any reason.
        for (at, digit) in theirs.char_indices().filter(|(_, letter)| letter.is_ascii_digit()) {
            let other = if digit == '9' { "8" } else { "9" };
            let spoiled = format!("{}{other}{}", &theirs[..at], &theirs[at + 1..]);
            let is_dropped = theirs.get(..at).is_some_and(|head| drops(name, head));
            assert!(is_dropped || found(line, release, &spoiled, ours).is_some(), "{name} excuses\n{spoiled}");
        }
    }
}

/// Whether what follows is what the reason leaves out of their text.
fn drops(name: &str, head: &str) -> bool {
    name == "later states" && !head.contains("ESTAB")
}

pub(crate) fn every_moving_value_is_replaced_and_nothing_beside_it() {
    for Moving { name, why, example, later, .. } in &MOVING {
        assert!(why.len() > 10, "{name} has no reason");
        let around = |value: &str, rto: u32| stilled(&format!("ESTAB{value} rto:{rto}"), &[]);
        assert_eq!(around(example, 200), around(later, 200), "{name}");
        assert_ne!(around(example, 200), around(later, 201), "{name}");
    }
    let own = |port: &str, before: &str| {
        format!("{before}UNCONN 4352 0 tcpdiag:ss/{port} * \nUNCONN 832 0 tcpdiag:kernel *\nUNCONN 0 0 xfrm:kernel *\n")
    };
    let kept = ["kernel".to_owned()];
    assert_eq!(stilled(&own("77", ""), &kept), stilled(&own("1078", ""), &kept));
    assert_ne!(stilled(&own("77", "UNCONN 0 0 rtnl:kernel *\n"), &kept), stilled(&own("78", ""), &kept));
}
