//! Whether two programs say the same: who leaves lines out is fast, and proves nothing.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::io::{self, BufRead, BufReader, Read};

use anyhow::{Result, bail};

use super::program::Program;

/// What two programs both said.
pub(super) struct Same {
    /// Lines of each.
    pub(super) lines: u64,
    /// The first line that the reference wrote to its standard error.
    pub(super) complaint: Option<String>,
}

/// Runs both, and fails where they differ in their number of lines, or in the first `words` of one, in whatever order.
///
/// The rest of a line may differ: versions of a program say more or less there, and times go on between two runs.
/// Indented lines are such a rest. Spaces between words are not looked at.
pub(super) fn check(ours: &Program, reference: &Program, words: usize) -> Result<Same> {
    let (we, _) = ours.heard(|output| Digest::of(output, words))?;
    let (they, complaint) = reference.heard(|output| Digest::of(output, words))?;
    if we == they {
        return Ok(Same { lines: we.lines, complaint });
    }
    // Only now: this program has to stay small while it measures.
    let only = match difference(&ours.text()?, &reference.text()?, words) {
        Some((true, line)) => format!("only the former has {line:?}"),
        Some((false, line)) => format!("only the latter has {line:?}"),
        None => "though not when asked again".to_owned(),
    };
    bail!("{ours} and {reference} say different things, {} lines and {}: {only}", we.lines, they.lines)
}

/// A text, however long, in a few bytes.
#[derive(Debug, Default, PartialEq, Eq)]
struct Digest {
    lines: u64,
    /// Of the hashes of all lines, so that their order does not matter.
    sum: u64,
}

impl Digest {
    fn of(text: impl Read, words: usize) -> io::Result<Self> {
        let mut digest = Self::default();
        let (mut text, mut line) = (BufReader::new(text), Vec::new());
        while text.read_until(b'\n', &mut line)? > 0 {
            let mut hasher = DefaultHasher::new();
            compared(&line, words).for_each(|word| word.hash(&mut hasher));
            digest.lines += 1;
            digest.sum = digest.sum.wrapping_add(hasher.finish());
            line.clear();
        }
        Ok(digest)
    }
}

/// The words of a line that both programs must have.
fn compared(line: &[u8], words: usize) -> impl Iterator<Item = &[u8]> {
    let indented = line.first().is_some_and(u8::is_ascii_whitespace);
    let all = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    all.take(if indented { 0 } else { words })
}

/// A line that only one of the texts has, and whether that is the first text.
fn difference(first: &[u8], second: &[u8], words: usize) -> Option<(bool, String)> {
    let sorted = |text: &[u8]| {
        let line = |line| String::from_utf8_lossy(&compared(line, words).collect::<Vec<_>>().join(&b' ')).into_owned();
        let mut lines: Vec<_> = text.split_inclusive(|byte| *byte == b'\n').map(line).collect();
        lines.sort();
        lines
    };
    let (first, second) = (sorted(first), sorted(second));
    let equal = first.iter().zip(&second).take_while(|(first, second)| first == second).count();
    match (first.get(equal), second.get(equal)) {
        (Some(ours), Some(theirs)) if theirs < ours => Some((false, theirs.clone())),
        (Some(ours), _) => Some((true, ours.clone())),
        (None, theirs) => Some((false, theirs?.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &[u8] = b"ESTAB 3 0 a b rto:204\n\t indented\nLISTEN 0 128 c d\n";

    fn same(text: &[u8]) -> bool {
        Digest::of(text, 5).expect("bytes can be read") == Digest::of(TEXT, 5).expect("bytes can be read")
    }

    #[test]
    fn order_spaces_and_the_rest_of_a_line_do_not_matter() {
        assert!(same(b"LISTEN  0   128 c d  \nESTAB 3 0 a b rto:208\n  said otherwise\n"));
    }

    #[test]
    fn what_is_missing_doubled_or_changed_is_a_difference() {
        assert!(!same(b"ESTAB 3 0 a b rto:204\nLISTEN 0 128 c d\n"));
        assert!(!same(b"ESTAB 3 0 a b rto:204\nESTAB 3 0 a b rto:204\n\t indented\n"));
        assert!(!same(b"ESTAB 3 0 a b rto:204\n\t indented\nLISTEN 0 129 c d\n"));
    }

    #[test]
    fn a_difference_is_shown_with_its_side() {
        assert_eq!(difference(b"a b\nc d\n", b"a b\n", 2), Some((true, "c d".to_owned())));
        assert_eq!(difference(b"a b\n", b"c d\na b\n", 2), Some((false, "c d".to_owned())));
        assert_eq!(difference(b"a b\ne f\n", b"c d\na b\n", 2), Some((false, "c d".to_owned())));
        assert_eq!(difference(b"a b\nc d\n", b"c d\na x\n", 1), None);
    }
}
