//! The known word nearest to a misspelled one.

/// Characters of a word that are compared. Longer words are nobody's slip, and the comparison is quadratic.
const COMPARED_LEN_MAX: usize = 48;

/// The candidate with the fewest slips (a letter too much, too few, wrong, or two swapped) that still could be meant:
/// one slip, or one for every four letters of the longer word.
///
/// ```
/// use sockeye_query::filter::nearest;
/// assert_eq!(nearest("memroy", ["tcp", "memory", "timers"]), Some("memory"));
/// assert_eq!(nearest("nonsense", ["tcp", "memory", "timers"]), None);
/// ```
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let word = letters(word)?;
    let mut best = None;
    for candidate in candidates {
        let Some(other) = letters(candidate) else { continue };
        let slips_max = (word.len().max(other.len()) / 4).max(1);
        if word.len().abs_diff(other.len()) > slips_max {
            continue;
        }
        let slips = slips(&word, &other);
        // A word of one or two letters is within one slip of everything: it must keep its first letter.
        let close = slips <= slips_max && slips < other.len() && (word.len() > 2 || word.first() == other.first());
        if close && best.is_none_or(|(fewest, _)| slips < fewest) {
            best = Some((slips, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

fn letters(word: &str) -> Option<Vec<char>> {
    let letters: Vec<char> = word
        .chars()
        .take(COMPARED_LEN_MAX + 1)
        .map(|letter| if letter == '_' { '-' } else { letter.to_ascii_lowercase() })
        .collect();
    (1..=COMPARED_LEN_MAX).contains(&letters.len()).then_some(letters)
}

/// Damerau-Levenshtein distance with adjacent swaps (optimal string alignment).
fn slips(left: &[char], right: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (row, &from) in left.iter().enumerate() {
        let mut this = vec![row + 1];
        for (column, &to) in right.iter().enumerate() {
            let replaced = last[column] + usize::from(from != to);
            let mut fewest = replaced.min(last[column + 1] + 1).min(this[column] + 1);
            if row > 0 && column > 0 && from == right[column - 1] && left[row - 1] == to {
                fewest = fewest.min(before[column - 1] + 1);
            }
            this.push(fewest);
        }
        before = core::mem::replace(&mut last, this);
    }
    last[right.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    const WORDS: [&str; 6] = ["listening", "established", "tcp", "udp", "rtt", "send-q"];

    #[test]
    fn one_slip_is_forgiven() {
        for (slip, meant) in [
            ("listning", "listening"),
            ("lisning", "listening"),
            ("tpc", "tcp"),
            ("ESTABLISHD", "established"),
            ("send_q", "send-q"),
        ] {
            assert_eq!(nearest(slip, WORDS), Some(meant), "{slip}");
        }
    }

    #[test]
    fn what_is_far_from_everything_has_no_neighbour() {
        for far in ["", "x", "nginx", "abcdefgh", "ab"] {
            assert_eq!(nearest(far, WORDS), None, "{far}");
        }
        assert_eq!(nearest(&"t".repeat(10_000), WORDS), None);
    }
}
