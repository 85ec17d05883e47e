//! How the reasons of [`crate::differences`] rewrite an answer.

use regex::{Captures, Regex};

use crate::differences::Asked;
use crate::oracle::Said;

/// Who holds a socket.
pub(crate) const OWNERS: &str = r" +users:\(.*?\)\)";

/// From the first field on that is new.
pub(crate) const MPTCP_NEWER: &str = r"(?m)(?: (?:local_addr_used|local_addr_max|csum_enabled|subflows_total|endp_laminar_max|retransmits|bytes_\w+|last_data_sent|last_data_recv|last_ack_recv):[0-9#]+)+$";

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

/// What stands behind the address of a Netlink socket, in the same line.
pub(crate) fn netlink_details(theirs: &mut Said) -> bool {
    let memory = r"\t skmem:\([^)]*\)";
    let details =
        format!(r"(?m)(\*|\d)(?: +sk=[0-9a-f]+ cb=[0-9a-f]+ groups=0x[0-9a-f]{{8}}(?:{memory})?| *{memory})$");
    replaced(theirs, &details, |found| found[1].to_owned())
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
    if tail.is_empty() || goes_on == same || *place.get_or_insert(goes_on) != goes_on {
        return None;
    }
    Some(format!("{head}{tail}"))
}
