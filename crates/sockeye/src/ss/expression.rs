//! The filter of a command line: the words behind the options, and what `-F` reads.

use std::io::Read as _;

use sockeye_query::filter::{self, Dialect, Expression};
use sockeye_query::sockets::catalog;

use super::options::{Mistake, Options};
use crate::sockets::system::{SystemNames, Whence};

/// Reads the filter.
pub(super) fn read(options: &Options, rows: Whence<'_>) -> Result<Expression, Mistake> {
    let Some(text) = text(options)? else { return Ok(Expression::always()) };
    let dialect = Dialect::Ss(options.selection.preferred());
    let parsed = filter::parse_as(dialect, &text, catalog(), &SystemNames { rows });
    parsed.map(|filter| filter.expression).map_err(|mistake| Mistake {
        sentence: mistake.to_string(),
        usage: false,
        about_value: mistake.about_value,
    })
}

/// The text of the filter, if there is one.
pub(super) fn text(options: &Options) -> Result<Option<String>, Mistake> {
    let mut text = match &options.filter_file {
        Some(path) => from_file(path)?,
        None => String::new(),
    };
    for word in &options.filter {
        text.push(' ');
        text.push_str(word);
    }
    let text = text.trim();
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

/// The lines of a file that are not comments, as one.
fn from_file(path: &str) -> Result<String, Mistake> {
    let read = if path.starts_with('-') {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(path)
    };
    let text = read.map_err(|error| Mistake {
        sentence: format!("cannot read the filter file {path}: {error}"),
        usage: false,
        about_value: false,
    })?;
    Ok(text.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join(" "))
}
