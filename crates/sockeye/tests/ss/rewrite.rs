//! How the reasons of [`crate::differences`] rewrite an answer.

use std::collections::BTreeSet;

use regex::{Captures, Regex};

use crate::differences::Asked;
use crate::moving::trimmed;
use crate::oracle::Said;

/// Who holds a socket.
const OWNERS: &str = r" *users:\(\(.*?\)\)";

/// What a Netlink socket has in the place of an address, to the end of its columns.
const NETLINK: &str = r"(?m)^((?:nl +)?(?:UNCONN +)?(?:\d+ +\d+ +)?\w+:(?:-?\d+|kernel|\S+/\d+) +(?:\*|\d+:\d+))";

/// Fields of TCP and TLS and, at the end of a line, of MPTCP.
pub(crate) const NEWER_FIELDS: &str = concat!(
    r" (?:rcv_wnd|rehash):\d+| no_pad_rx|(?m)(?: (?:local_addr_used|local_addr_max|csum_enabled|subflows_total|endp_laminar_max|",
    r"retransmits|bytes_\w+|last_data_sent|last_data_recv|last_ack_recv):[0-9#]+)+$"
);

/// An option that the other does not know: it ends with its usage.
pub(crate) fn unknown_option(asked: &Asked<'_>, options: &[&str], theirs: &mut Said, ours: &mut Said) -> bool {
    let unknown = theirs.text.is_empty() && options.iter().any(|option| asked.has(option));
    if unknown {
        *theirs = ours.clone();
    }
    unknown
}

/// Removes everything that has this form.
pub(crate) fn without(said: &mut Said, pattern: &str) -> bool {
    replaced(said, pattern, |_| String::new())
}

fn replaced(said: &mut Said, pattern: &str, replacement: impl Fn(&Captures<'_>) -> String) -> bool {
    let pattern = Regex::new(pattern).expect("a pattern");
    let text = pattern.replace_all(&said.text, replacement).into_owned();
    let changed = text != said.text;
    said.text = text;
    changed
}

/// Keys of MD5 signatures: before the first line there, in their row here.
pub(crate) fn keys(theirs: &mut Said, ours: &mut Said) -> bool {
    if !theirs.text.contains(" md5keys:") {
        return false;
    }
    // The text begins with the keys of all rows, joined.
    let leaked: String = Regex::new(r" md5keys:(\S+)")
        .expect("a pattern")
        .captures_iter(&ours.text)
        .flat_map(|row| {
            row[1].split(',').filter_map(|key| key.split_once('=')).map(|(_, key)| key.to_owned()).collect::<Vec<_>>()
        })
        .collect();
    let Some(rest) = theirs.text.strip_prefix(&leaked) else { return false };
    theirs.text = rest.to_owned();
    replaced(ours, r"(\d+\.\d+\.\d+\.\d+/\d+|[0-9a-f:]+/\d+)=[^\s,]*", |key| format!("{}=", &key[1]))
}

/// What stands behind the address of a Netlink socket, in the same line, where only one of both has it: the column that
/// it makes has blanks at the ends of other lines. Where both have it, a cookie that they say to be 0.
pub(crate) fn netlink_details(asked: &Asked<'_>, theirs: &mut Said, ours: &mut Said) -> bool {
    let cookies = theirs.text.contains(" sk=0 cb=0 ")
        && replaced(ours, &format!(r"{NETLINK}( +)sk=[0-9a-f]+ "), |found| format!("{}{}sk=0 ", &found[1], &found[2]));
    let details = r"(?: +sk=[0-9a-f]+ cb=[0-9a-f]+ groups=0x[0-9a-f]{8})?(?:[\t ]+skmem:\([^)]*\))? *$";
    let details = format!("{NETLINK}{details}");
    let (mut fewer_theirs, mut fewer_ours) = (theirs.clone(), ours.clone());
    let [in_theirs, in_ours] =
        [&mut fewer_theirs, &mut fewer_ours].map(|said| replaced(said, &details, |found| found[1].to_owned()));
    let one_sided = in_theirs != in_ours && !asked.has_owners();
    if one_sided {
        (theirs.text, ours.text) = (trimmed(&fewer_theirs.text), trimmed(&fewer_ours.text));
    }
    cookies || one_sided
}

/// Rows of Netlink sockets that come again there and not here.
pub(crate) fn doubled_rows(theirs: &mut Said, ours: &Said) -> bool {
    let once = [&*theirs, ours].map(|said| without_doubles(&said.text));
    let doubled = once[0] != theirs.text && once[1] == ours.text;
    if doubled {
        theirs.text.clone_from(&once[0]);
    }
    doubled
}

fn without_doubles(text: &str) -> String {
    let row = r"^(?:nl +)?(?:UNCONN +)?(?:\d+ +\d+ +)?\w+:(?:-?\d+|\S+/\d+) +(?:\*|\d+:\d+)";
    let row = Regex::new(row).expect("a pattern");
    let mut seen = BTreeSet::new();
    let is_new = |line: &&str| !row.is_match(line) || seen.insert((*line).to_owned());
    text.split_inclusive('\n').filter(is_new).collect()
}

/// Rows in states that one of both does not ask for, and the line behind each that tells more of it. Who names states,
/// or asks for all, gets them from both.
pub(crate) fn later_states(asked: &Asked<'_>, theirs: &mut Said, ours: &mut Said) -> bool {
    let has = |word: &&str| asked.line.split_whitespace().any(|other| other == *word);
    let is_mask = ["connected", "synchronized", "big"].iter().any(has);
    let is_default = !["state", "exclude", "excl"].iter().any(has) && !asked.has("-a") && !asked.has("--all");
    if !is_mask && !is_default {
        return false;
    }
    // Without a column of names, all sockets are of TCP or none is.
    let named = if asked.has("-t") || asked.has("--tcp") { "(?:tcp +)?" } else { "tcp +" };
    let mut changed = false;
    for row in [r"SYN-RECV ", r"UNCONN .* 0\.0\.0\.0:\*"] {
        let row = format!(r"(?m)^{named}{row}.*\n(?:\t.*\n)?");
        let pattern = Regex::new(&row).expect("a pattern");
        changed |= match [&*theirs, &*ours].map(|said| pattern.is_match(&said.text)) {
            [true, false] => without(theirs, &row),
            [false, true] => without(ours, &row),
            _ => false,
        };
    }
    changed
}

/// Owners that only one of both names, whatever the socket; with them goes the width of their column.
pub(crate) fn threads_alone(theirs: &mut Said, ours: &mut Said) -> bool {
    if theirs.text == ours.text {
        return false;
    }
    for said in [&mut *theirs, &mut *ours] {
        without(said, OWNERS);
        without(said, r"(?m)(?: |\b)Process$");
        said.text = narrow(&said.text);
    }
    true
}

/// Owners of Netlink sockets, which only we name; with them goes the width of their column.
pub(crate) fn netlink_owners(theirs: &mut Said, ours: &mut Said) -> bool {
    if !without_owners_of(NETLINK, ours) {
        return false;
    }
    for said in [&mut *theirs, &mut *ours] {
        said.text = narrow(&said.text.replace("PortProcess", "Port Process"));
    }
    true
}

fn without_owners_of(row: &str, said: &mut Said) -> bool {
    replaced(said, &format!("{row}{OWNERS}"), |found| found[1].to_owned())
}

/// One blank in the place of several.
fn narrow(text: &str) -> String {
    text.lines().flat_map(|line| [line.split_whitespace().collect::<Vec<_>>().join(" "), "\n".to_owned()]).collect()
}

/// The kernel's form of a device number, read as if it were that of the C library.
pub(crate) fn device_numbers(ours: &mut Said) -> bool {
    replaced(ours, r" dev:(\d+)/(\d+)", |found| {
        let [major, minor] = [1, 2].map(|at| found[at].parse::<u32>().expect("digits"));
        let number = major << 20 | minor;
        format!(" dev:{}/{}", number >> 8 & 0xfff, number & 0xff | number >> 12 & 0xf_ff00)
    })
}

/// Protocols that have a name here alone.
pub(crate) fn nameless(theirs: &Said, ours: &mut Said) -> bool {
    theirs.text.lines().any(|line| line.starts_with("??? "))
        && replaced(ours, r"(?m)^(?:raw  |v_seq) ", |_| "???   ".to_owned())
}

/// Decimal here, hexadecimal there.
pub(crate) fn sequence_numbers(ours: &mut Said) -> bool {
    let names = r" (write_seq|snd_una|rcv_nxt|seq|sfseq|ssnoff|maplen):(\d+)";
    replaced(ours, names, |field| {
        let number: u64 = field[2].parse().expect("digits");
        format!(" {}:{number:x}", &field[1])
    })
}

/// Words instead of columns, on a terminal.
pub(crate) fn spread(asked: &Asked<'_>, theirs: &mut Said, ours: &mut Said) -> bool {
    if !asked.line.starts_with("COLUMNS=") {
        return false;
    }
    let parted = |text: &str| text.replace("PortProcess", "Port Process");
    let is_shown = |word: &&str| *word != "Process" || asked.has_owners();
    let words = |text: &str| parted(text).split_whitespace().filter(is_shown).collect::<Vec<_>>().join(" ");
    (theirs.text, ours.text) = (words(&theirs.text), words(&ours.text));
    true
}

/// The name of the column, and the blanks that bring what follows to one place in all rows.
pub(crate) fn owners_column(theirs: &mut Said, ours: &Said) -> bool {
    let mut place = None;
    let mut lines: Vec<String> = Vec::new();
    let mut changed = false;
    let our_lines: Vec<&str> = ours.text.split('\n').collect();
    for (number, line) in theirs.text.split('\n').enumerate() {
        let our_line = our_lines.get(number).copied().unwrap_or_default();
        let shorter = if line == our_line {
            None
        } else if our_line.ends_with("Address:Port") && line.ends_with("Process") {
            Some(line.trim_end_matches("Process").trim_end().to_owned())
        } else {
            unpadded(line, our_line, &mut place)
        };
        changed |= shorter.is_some();
        lines.push(shorter.unwrap_or_else(|| line.to_owned()));
    }
    theirs.text = lines.join("\n");
    changed
}

/// The line without the blanks at the place where it goes on behind its columns; none where that place is another than
/// in the rows before.
fn unpadded(line: &str, our_line: &str, place: &mut Option<usize>) -> Option<String> {
    let same = line.bytes().zip(our_line.bytes()).take_while(|(one, other)| one == other).count();
    let (head, rest) = line.split_at_checked(same)?;
    let tail = rest.trim_start_matches(' ');
    let goes_on = same + rest.len() - tail.len();
    // What follows begins with a blank or a tab of its own.
    let column = if head.ends_with(' ') { goes_on - 1 } else { goes_on };
    if tail.is_empty() || goes_on == same || *place.get_or_insert(column) != column {
        return None;
    }
    Some(format!("{head}{tail}"))
}
