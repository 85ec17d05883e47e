//! `sockeye watch sockets`: connections from birth to death, a line or an object each.

mod announcement;
#[cfg(test)]
mod attacked;
mod followed;
mod heard;
mod hooks;
mod left;
mod line;
mod object;
#[cfg(test)]
mod page;
mod run;
mod strangers;
mod stream;
mod waiting;

pub(super) use run::run;

/// Whether the words begin with the table of sockets, and what stands behind it.
pub(super) fn named(words: &[String]) -> Option<&[String]> {
    match words {
        // What is quoted is one word for us.
        [first, rest @ ..] if matches!(first.as_str(), "sockets" | "socket") => Some(rest),
        _ => None,
    }
}
