//! Two answers to the same command line, beside each other.

use std::fmt::Write as _;

use crate::differences::{Asked, Excuses};
use crate::moving::{stilled, trimmed};
use crate::oracle::{Release, Said};

/// The release since which the last column is not padded at the ends of lines.
const UNPADDED: Release = Release(7, 0);

/// Lines of a difference that are shown.
const SHOWN_MAX: usize = 12;

/// What is wrong with our answer, for people; nothing where it is theirs.
pub(crate) fn difference(asked: &Asked<'_>, theirs: &Said, ours: &Said, excuses: &mut Excuses) -> Option<String> {
    let (theirs, ours) = excuses.applied(asked, comparable(asked, theirs), comparable(asked, ours));
    let mut found = String::new();
    if theirs.status != ours.status {
        let _ = writeln!(found, "  exit status {:?}, not {:?}: {}", ours.status, theirs.status, ours.errors.trim_end());
    }
    if theirs.text != ours.text {
        found.push_str(&lines_apart(&theirs.text, &ours.text));
    }
    (!found.is_empty()).then(|| format!("{}\n{found}", asked.line))
}

/// How often both are asked before a difference counts: connections time out and are sent again while they are, and
/// whoever starts a program has a socket for that long.
const ATTEMPTS: u32 = 8;

/// Asks both until they agree or have disagreed often enough: the last answers, and what was wrong with ours.
pub(crate) fn difference_that_stays(
    asked: &Asked<'_>,
    excuses: &mut Excuses,
    ask: impl Fn() -> (Said, Said),
) -> (Said, Said, Option<String>) {
    let (mut theirs, mut ours) = ask();
    let mut found = difference(asked, &theirs, &ours, excuses);
    for _ in 1..ATTEMPTS {
        if found.is_none() {
            break;
        }
        (theirs, ours) = ask();
        found = difference(asked, &theirs, &ours, excuses);
    }
    (theirs, ours, found)
}

/// An answer in which nothing moves, beside an old release without the blanks at the ends of lines.
fn comparable(asked: &Asked<'_>, said: &Said) -> Said {
    let text = stilled(&said.text, asked.kept_ports);
    let text = if asked.release < UNPADDED { trimmed(&text) } else { text };
    Said { text, ..said.clone() }
}

/// The lines that differ, blanks made visible at their ends.
pub(crate) fn lines_apart(theirs: &str, ours: &str) -> String {
    let (theirs, ours): (Vec<&str>, Vec<&str>) = (theirs.split('\n').collect(), ours.split('\n').collect());
    let longer = theirs.len().max(ours.len());
    let pairs = (0..longer).map(|at| (at + 1, theirs.get(at), ours.get(at)));
    let mut apart = String::new();
    let mut count = 0;
    for (number, theirs, ours) in pairs.filter(|(_, theirs, ours)| theirs != ours) {
        count += 1;
        if count <= SHOWN_MAX {
            for (sign, line) in [("-", theirs), ("+", ours)] {
                let _ = match line {
                    Some(line) => writeln!(apart, "  {number:4} {sign}|{line}|"),
                    None => writeln!(apart, "  {number:4} {sign}"),
                };
            }
        }
    }
    let _ = writeln!(apart, "  {count} lines differ (- theirs, + ours)");
    apart
}
