//! The words of `sockeye watch`: tables first, then a filter.

use sockeye_wire::rtnetlink::Table;

use crate::tables;

/// Operators of the filter language: a word before one of them is a field, whatever else it may be called.
const OPERATORS: [&str; 19] =
    ["=", "==", "!=", "<", ">", "<=", ">=", "~", "~~", "!~", "!~~", "eq", "ne", "neq", "gt", "lt", "ge", "le", "in"];

/// Whether a filter has the name of a table in it where a field or a word of its own should stand.
pub(super) fn names_table(filter: &[String]) -> bool {
    let words: Vec<_> = filter.iter().flat_map(|text| text.split_whitespace()).map(str::to_owned).collect();
    let between = |letter: char| matches!(letter, ',' | '(' | ')');
    (0..words.len()).any(|at| {
        let mut parts = words[at].split(between).filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>();
        parts.extend_from_slice(&words[at + 1..]);
        !split(&parts).0.is_empty()
    })
}

/// Splits the words into tables and the rest.
pub(crate) fn split(words: &[String]) -> (Vec<Table>, &[String]) {
    let mut named = Vec::new();
    for (index, word) in words.iter().enumerate() {
        let follows = |at: usize, word: &str| words.get(at).is_some_and(|next| next.eq_ignore_ascii_case(word));
        let is_field = follows(index + 1, "not") && follows(index + 2, "in")
            || words.get(index + 1).is_some_and(|next| {
                OPERATORS.contains(&next.to_ascii_lowercase().as_str()) || next.starts_with(['=', '<', '>', '~', '!'])
            });
        match tables::find(word).filter(|_| !is_field) {
            Some(table) if named.contains(&table) => {}
            Some(table) => named.push(table),
            None => return (named, &words[index..]),
        }
    }
    (named, &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &[&str]) -> (Vec<Table>, Vec<String>) {
        let words: Vec<_> = words.iter().map(|&word| word.to_owned()).collect();
        let (tables, rest) = split(&words);
        (tables, rest.to_vec())
    }

    #[test]
    fn a_table_in_the_middle_of_a_filter_is_seen() {
        let names = |text: &str| names_table(&[text.to_owned()]);
        for text in ["links and routes", "and routes", "links,routes", "dst = default and (routes)", "up or link"] {
            assert!(names(text), "{text}");
        }
        for text in ["address = 10.0.0.1", "old.operstat = up", "dev = v0 and address != 10.0.0.1"] {
            assert!(!names(text), "{text}");
        }
    }

    #[test]
    fn words_before_the_first_field_or_bracket_are_tables() {
        assert_eq!(of(&[]), (vec![], vec![]));
        assert_eq!(of(&["link", "routes"]), (vec![Table::Links, Table::Routes], vec![]));
        assert_eq!(of(&["links", "old.operstate = up"]), (vec![Table::Links], vec!["old.operstate = up".to_owned()]));
        let (tables, rest) = of(&["address", "=", "10.0.0.1"]);
        assert_eq!((tables, rest.len()), (vec![], 3));
        let (tables, rest) = of(&["routes", "(", "links", ")"]);
        assert_eq!((tables, rest.len()), (vec![Table::Routes], 3));
        let (tables, rest) = of(&["links", "routes", "not", "resync"]);
        assert_eq!((tables, rest.len()), (vec![Table::Links, Table::Routes], 2));
        let (tables, rest) = of(&["address", "not", "in", "10.0.0.1"]);
        assert_eq!((tables, rest.len()), (vec![], 4));
    }
}
