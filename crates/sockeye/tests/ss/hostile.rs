//! Names that anybody may choose: the original prints them raw, so that one forges a line of its table; here each row
//! stays a line, and nothing reaches a terminal that it would obey.

use sockeye_zoo::{KINDS, Specimen, in_namespace, skip};

use crate::live::TEARING;
use crate::oracle::Sides;

/// The original counts rows with a name that does no harm; a line more is one that a name forged.
const LINES: [&str; 6] = ["ss -xa", "ss -xaH", "ss -tanp", "ss -tane", "ss -an", "ss -ae"];

pub(crate) fn names_that_forge_lines_are_escaped() {
    in_namespace(|zoo| {
        let ours = Sides::ours(zoo);
        let mut specimens: Vec<Specimen> = Vec::new();
        for (kind, construct) in KINDS.iter().filter(|(kind, _)| TEARING.contains(kind)) {
            match construct(zoo) {
                Ok(specimen) => specimens.push(specimen),
                Err(missing) => skip::skip(&format!("{kind} among names that forge lines"), &missing.into()),
            }
        }
        assert!(!specimens.is_empty(), "none of {TEARING:?} could be made");
        for line in LINES {
            let said = ours.ask(line);
            assert_eq!(said.status, Some(0), "{line}: {}", said.errors);
            let rows = said.text.lines().count();
            assert!(rows > 1 || line.ends_with('H') && rows == 1, "{line} shows nothing:\n{}", said.text);
            let obeyed = said.text.chars().find(|letter| letter.is_control() && !['\n', '\t'].contains(letter));
            assert_eq!(obeyed, None, "{line} prints a control character");
            assert!(!said.text.contains('\u{fffd}'), "{line} prints what is no text");
            let forged = said.text.lines().find(|line| !begins_like_a_row(line));
            assert_eq!(forged, None, "{line} has a line that is no row");
        }
        Ok(())
    });
}

/// Whether a line begins with the first cell of some row, or of the head.
fn begins_like_a_row(line: &str) -> bool {
    const FIRST: [&str; 12] =
        ["Netid", "State", "nl", "u_str", "u_dgr", "u_seq", "tcp", "udp", "raw", "mptcp", "LISTEN", "ESTAB"];
    line.split_whitespace().next().is_some_and(|first| FIRST.contains(&first))
}
