//! The footer on a terminal: counts by state, what fell away, one useful next command.

use std::fmt::Write as _;

use sockeye_query::sockets::{Table, Tables};
use sockeye_wire::sock_diag::state::State;

use super::options::Options;
use super::tally::Tally;
use crate::output::several::several;

/// Columns that fell away and are named; `--view everything` loses hundreds, which nobody reads.
const NAMED_MAX: usize = 8;

/// The lines under a listing.
pub(crate) fn text(tally: &Tally, rows: usize, time_wait: Option<u64>, options: &Options, dropped: &[&str]) -> String {
    let mut counts: Vec<_> =
        State::ALL.iter().map(|&state| (tally.of(state), state.name())).filter(|(count, _)| *count > 0).collect();
    counts.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    let by_state = counts.iter().map(|(count, state)| format!("{count} {state}")).collect::<Vec<_>>().join(", ");
    let cut = if options.limit == Some(rows) { " shown, as many as --limit allows" } else { "" };
    let mut text = format!("{}{cut}", several(rows, "socket"));
    if !by_state.is_empty() {
        let _ = write!(text, ": {by_state}");
    }
    if let Some(time_wait) = time_wait.filter(|&count| count > 0) {
        let _ = write!(text, "; {time_wait} more in time-wait");
    }
    text.push('\n');
    text.push_str(&no_room(dropped));
    let _ = writeln!(text, "{}", next(tally, rows, options));
    text
}

/// Which columns the terminal has no room for; nothing where it has room for all.
pub(crate) fn no_room(dropped: &[&str]) -> String {
    let (named, more) = dropped.split_at(dropped.len().min(NAMED_MAX));
    let named = named.join(", ").to_lowercase();
    match (named.as_str(), more.len()) {
        ("", _) => String::new(),
        (_, 0) => format!("no room for {named}; a wider terminal or a pipe shows them\n"),
        (_, more) => format!("no room for {named} and {more} more; a wider terminal or a pipe shows them\n"),
    }
}

/// What somebody who has just seen this would ask next.
fn next(tally: &Tally, rows: usize, options: &Options) -> &'static str {
    if rows == 0 {
        "next: sockeye sockets any all     every family, every state"
    } else if options.view.is_some() || options.columns.is_some() {
        "next: add -o json     the same for programs, with units and a verdict"
    } else if !options.filter.is_empty() {
        more_of(tally.tables(), options)
    } else if tally.of(State::CloseWait) > 0 {
        "next: sockeye sockets close-wait --group-by process     who does not close"
    } else if tally.of(State::Established) > tally.of(State::Listening) {
        "next: sockeye sockets established --sort -rtt --limit 20     the slowest connections"
    } else {
        "next: sockeye sockets tcp listening --columns +unit     what serves, and for whom"
    }
}

/// What else the families that were shown have to say.
fn more_of(tables: Tables, options: &Options) -> &'static str {
    // These three tell nothing of their memory.
    let without_memory: Tables = [Table::Vsock, Table::Tipc, Table::Smc].into_iter().collect();
    if tables.has(Table::Tcp) {
        "next: add --view tcp, or -o json for every value with its unit"
    } else if tables.has(Table::Unix) && !options.no_owners {
        "next: add --columns +peer-process,+peer-pid     who is at the other end"
    } else if !tables.and(without_memory.complement()).is_empty() {
        "next: add --view memory     how full the buffers are, and what was dropped"
    } else {
        "next: add --view everything -o json     every value, with its unit"
    }
}
