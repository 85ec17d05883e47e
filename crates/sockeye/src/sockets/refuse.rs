//! What is asked for and cannot be had together, refused before anything is asked of the kernel. A mistake is one sentence.

use sockeye_query::FieldId;
use sockeye_query::sockets::{Flat, catalog};

use super::options::{Format, Options};
use super::view::Kind;

/// Fields by the place of the command line where they were named.
pub(crate) type Named<'n> = [(&'n str, Vec<FieldId>)];

/// Refuses parts of owners where owners are not looked for: they would be unknown in every row, and a condition on them
/// never true.
pub(crate) fn owners(named: &Named<'_>) -> Result<(), String> {
    match find(named, Kind::is_owner) {
        Some((place, name)) => Err(format!(
            "{name} in {place} needs the owners of the sockets, which --no-owners does not look for; leave out \
             --no-owners, or {name} in {place}"
        )),
        None => Ok(()),
    }
}

/// Refuses a format for the plan, which is a text for people: a program that asks for JSON would read no JSON.
pub(crate) fn plan_formats(options: &Options) -> Result<(), String> {
    match options.format() {
        Format::Table => Ok(()),
        _ if !options.plan => Ok(()),
        _ if options.json => Err("--plan is a text and has no other format; leave out --json".to_owned()),
        _ => Err("--plan is a text and has no other format; leave out --output".to_owned()),
    }
}

/// Refuses what only a filter can ask for, in the columns and keys: no row has it.
pub(crate) fn filters_only(shown: &Named<'_>) -> Result<(), String> {
    match find(shown, |kind| kind == Kind::Flat(Flat::AutomaticPort)) {
        Some((place, name)) => Err(format!(
            "{name} in {place} would be empty, because only filters can ask the kernel for it (sockeye sockets {name}); \
             leave it out of {place}"
        )),
        None => Ok(()),
    }
}

/// The first field of a kind, by its name, and where it was named.
fn find<'n>(named: &Named<'n>, is_meant: impl Fn(Kind) -> bool) -> Option<(&'n str, &'static str)> {
    named.iter().find_map(|(place, fields)| {
        let field = fields.iter().find(|&&field| is_meant(Kind::of(field)))?;
        Some((*place, catalog().info(*field).name()))
    })
}
