//! A mistake in a filter, shown with a caret under its place.

use core::fmt;
use core::ops::Range;

use crate::filter::width::{escaped, width};

/// Columns of the line that are shown on each side of the mistake; a long filter is cut there.
const SHOWN_COLUMNS: usize = 60;

/// What is wrong with a filter, where, and what would be right.
///
/// Printed, it is one sentence, the line with a caret under the place, and what was expected:
///
/// ```text
/// unknown word `listning`
///   tcp listning
///       ^^^^^^^^
/// expected a word (`tcp`, `listening`), an address, or FIELD OPERATOR VALUE
/// did you mean `listening`?
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mistake {
    /// The filter, in one line.
    pub source: Box<str>,
    /// The place in it, in bytes.
    pub at: Range<usize>,
    /// What is wrong, in one sentence.
    pub message: Box<str>,
    /// What could stand there instead.
    pub expected: Option<Box<str>>,
    /// The known word that is nearest to what stands there.
    pub nearest: Option<Box<str>>,
    /// What to write, and why.
    pub help: Option<Box<str>>,
    /// The filter is well formed, but something in it is not known or cannot be: a name, a number, a service.
    pub about_value: bool,
    /// What stands there is no word of the language, and no field before an operator.
    pub about_word: bool,
}

impl Mistake {
    pub(super) fn new(at: Range<usize>, message: impl Into<Box<str>>) -> Self {
        Self {
            source: Box::default(),
            at,
            message: message.into(),
            expected: None,
            nearest: None,
            help: None,
            about_value: false,
            about_word: false,
        }
    }

    /// The same mistake, as one of a value.
    pub(super) fn of_value(mut self) -> Self {
        self.about_value = true;
        self
    }

    /// The same mistake, as one of a word.
    pub(super) fn of_word(mut self) -> Self {
        self.about_word = true;
        self
    }

    pub(super) fn expected(mut self, expected: impl Into<Box<str>>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    pub(super) fn nearest(mut self, nearest: Option<&str>) -> Self {
        self.nearest = nearest.map(Into::into);
        self
    }

    pub(super) fn help(mut self, help: impl Into<Box<str>>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(super) fn of(mut self, source: &str) -> Self {
        self.source = source.into();
        self
    }
}

impl core::error::Error for Mistake {}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", escaped(&self.message))?;
        if let Some((before, place, after)) = split(&self.source, &self.at) {
            let (before, place, after) = (last_columns(&escaped(before)), escaped(place), escaped(after));
            let place = first_columns(&place);
            let carets = width(&place).max(1);
            write!(f, "\n  {before}{place}{}", first_columns(&after))?;
            write!(f, "\n  {:indent$}{:^<carets$}", "", "", indent = width(&before))?;
        }
        if let Some(expected) = &self.expected {
            write!(f, "\nexpected {}", escaped(expected))?;
        }
        if let Some(nearest) = &self.nearest {
            write!(f, "\ndid you mean `{}`?", escaped(nearest))?;
        }
        if let Some(help) = &self.help {
            write!(f, "\n{}", escaped(help))?;
        }
        Ok(())
    }
}

/// The line before, at and after the place; `None` for an empty line, which there is nothing to show of.
fn split<'s>(source: &'s str, at: &Range<usize>) -> Option<(&'s str, &'s str, &'s str)> {
    if source.is_empty() {
        return None;
    }
    let start = source.floor_char_boundary(at.start);
    let end = source.floor_char_boundary(at.end).max(start);
    Some((&source[..start], &source[start..end], &source[end..]))
}

/// The beginning of `text`, with a sign that there is more.
fn first_columns(text: &str) -> String {
    let mut columns = 0;
    for (at, letter) in text.char_indices() {
        columns += width(letter.encode_utf8(&mut [0; 4]));
        if columns > SHOWN_COLUMNS {
            return format!("{}…", &text[..at]);
        }
    }
    text.to_owned()
}

/// The end of `text`, with a sign that there is more.
fn last_columns(text: &str) -> String {
    let mut columns = 0;
    for (at, letter) in text.char_indices().rev() {
        columns += width(letter.encode_utf8(&mut [0; 4]));
        if columns > SHOWN_COLUMNS {
            return format!("…{}", &text[at + letter.len_utf8()..]);
        }
    }
    text.to_owned()
}

/// A piece of the user's text as it may stand inside a sentence: in backticks, and cut where it is long.
pub(super) fn quoted(text: &str) -> String {
    format!("`{}`", first_columns(text))
}
