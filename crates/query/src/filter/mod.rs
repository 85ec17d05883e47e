//! The filter language: one for every table of sockeye, a superset of the `ss` expression.
//!
//! What it is: text and a [`Catalog`] become a [`Filter`], whose [`Expression`] is resolved (names are numbers, units
//! are the field's own) and is decided on any [`Record`]. A mistake is a [`Mistake`] with a caret under its place.
//! `docs/filter.md` describes the language.
//!
//! What it is not: it does not decide what the kernel evaluates, and it asks the system nothing but through [`Names`].

mod absent;
mod ast;
mod compare;
mod condition;
mod contradiction;
mod decide;
mod endpoint;
mod families;
mod grammar;
mod limits;
mod mistake;
pub(crate) mod nearest;
mod node;
mod number;
mod numeric;
mod operator;
mod pattern;
mod print;
mod ranges;
mod scanner;
mod ss;
mod states;
mod suggest;
mod system_names;
mod width;

pub use ast::{Condition, Expression, Network, Test};
pub use compare::PATTERNS_MAX;
pub use decide::{Decision, Record};
pub use grammar::{LIST_LEN_MAX, NESTING_MAX};
pub use mistake::Mistake;
pub use nearest::nearest;
pub use pattern::{PATTERN_BYTES_MAX, Pattern, PatternKind};
pub use ss::hint as ss_hint;

use crate::{Catalog, Names};

/// Bytes of a filter's text: room for the longest list of addresses, and a bound on what it can cost.
pub const FILTER_BYTES_MAX: usize = 256 * 1024;

/// A filter that was understood.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Filter {
    /// What has to hold of a record.
    pub expression: Expression,
    /// The text it was read from, in one line.
    pub source: String,
}

impl Filter {
    /// Reads a filter from the words of a command line. No words, or blank ones, hold of every record.
    pub fn parse<W: AsRef<str>>(words: &[W], catalog: &Catalog, names: &dyn Names) -> Result<Self, Mistake> {
        parse(&join(words), catalog, names).map_err(|mistake| condition::in_terms_of(catalog, mistake))
    }
}

/// How strictly a filter is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// What is most likely a slip is a mistake: a filter that can match nothing, an address that is cut short.
    #[default]
    Sockeye,
    /// As `ss` reads it: a filter that can match nothing matches nothing, `127.1` is the address 127.1.0.0, and an address
    /// without prefix is one of this family (`unix`, `link`, `netlink`, `vsock`), where only one is listed.
    Ss(Option<&'static str>),
}

impl Dialect {
    /// Whether it is that of `ss`.
    const fn is_of_ss(self) -> bool {
        matches!(self, Self::Ss(_))
    }
}

/// Reads a filter from its text.
pub fn parse(text: &str, catalog: &Catalog, names: &dyn Names) -> Result<Filter, Mistake> {
    parse_as(Dialect::Sockeye, text, catalog, names)
}

/// Reads a filter from its text, in this dialect.
pub fn parse_as(dialect: Dialect, text: &str, catalog: &Catalog, names: &dyn Names) -> Result<Filter, Mistake> {
    if text.len() > FILTER_BYTES_MAX {
        return Err(Mistake::new(
            0..0,
            format!("a filter may have {FILTER_BYTES_MAX} bytes, this one has {}", text.len()),
        ));
    }
    let expression = match grammar::read(text, catalog, names, dialect).map_err(|mistake| mistake.of(text))? {
        Some(node) => {
            if dialect == Dialect::Sockeye {
                contradiction::refuse(&node, catalog, text).map_err(|mistake| mistake.of(text))?;
            }
            let expression = node.into_expression();
            if dialect.is_of_ss() { absent::is_another(expression, catalog) } else { expression }
        }
        None => Expression::always(),
    };
    Ok(Filter { expression, source: text.to_owned() })
}

/// Words of a command line as one line.
///
/// A word with blanks behind an operator is one value (the shell has removed the quotes of `process = 'Web Content'`);
/// anywhere else it may be a whole expression (`'rtt > 100ms'`).
fn join<W: AsRef<str>>(words: &[W]) -> String {
    let mut line = String::new();
    for word in words.iter().map(AsRef::as_ref) {
        let operator = operator::ends(&line);
        if !line.is_empty() {
            line.push(' ');
        }
        let has_blanks = word.trim().contains(char::is_whitespace);
        match operator.filter(|_| has_blanks && !word.starts_with(['\'', '"', '('])) {
            Some(relation) => push_quoted(&mut line, word, relation.is_pattern()),
            None => line.push_str(word),
        }
    }
    line
}

/// Backslashes of a pattern are its own; in any other text they would be taken for escapes.
fn push_quoted(line: &mut String, word: &str, pattern: bool) {
    let quote = if word.contains('\'') { '"' } else { '\'' };
    line.push(quote);
    for letter in word.chars() {
        if letter == quote || (letter == '\\' && !pattern) {
            line.push('\\');
        }
        line.push(letter);
    }
    line.push(quote);
}

#[cfg(test)]
mod tests {
    use super::join;

    #[test]
    fn a_word_with_blanks_behind_an_operator_is_one_value() {
        for (words, line) in [
            (&["tcp", "listening"][..], "tcp listening"),
            (&["rtt > 100ms", "tcp"], "rtt > 100ms tcp"),
            (&["process", "=", "Web Content", "tcp"], "process = 'Web Content' tcp"),
            (&["process=", "it's a"], "process= \"it's a\""),
            (&["process", "~~", r"a\w b"], r"process ~~ 'a\w b'"),
            (&["process", "eq", r"a\w b"], r"process eq 'a\\w b'"),
            (&["port", "in", "(80, 443)"], "port in (80, 443)"),
            (&["(sport", "=", "22)"], "(sport = 22)"),
        ] {
            assert_eq!(join(words), line);
        }
    }
}
