//! The words of `sockeye watch`: tables first, then a filter.

use sockeye_wire::rtnetlink::Table;

use crate::tables;

/// Operators of the filter language: a word before one of them is a field, whatever else it may be called.
const OPERATORS: [&str; 19] =
    ["=", "==", "!=", "<", ">", "<=", ">=", "~", "~~", "!~", "!~~", "eq", "ne", "neq", "gt", "lt", "ge", "le", "in"];

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
