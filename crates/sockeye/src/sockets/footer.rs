//! The footer on a terminal: counts by state, what fell away, one useful next command.

use std::fmt::Write as _;
use std::sync::atomic::Ordering;

use sockeye_wire::sock_diag::state::State;

use super::options::Options;
use super::takers::States;

/// The lines under a listing.
pub(crate) fn text(
    states: &States,
    rows: usize,
    time_wait: Option<u64>,
    options: &Options,
    dropped: &[&str],
) -> String {
    let mut counts: Vec<_> = State::ALL
        .iter()
        .map(|state| {
            (states.0.get(usize::from(state.number())).map_or(0, |count| count.load(Ordering::Relaxed)), state.name())
        })
        .filter(|(count, _)| *count > 0)
        .collect();
    counts.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    let by_state = counts.iter().map(|(count, state)| format!("{count} {state}")).collect::<Vec<_>>().join(", ");
    let cut = if options.limit == Some(rows) { " shown, as many as --limit allows" } else { "" };
    let mut text = format!("{rows} sockets{cut}");
    if !by_state.is_empty() {
        let _ = write!(text, ": {by_state}");
    }
    if let Some(time_wait) = time_wait.filter(|&count| count > 0) {
        let _ = write!(text, "; {time_wait} more in time-wait");
    }
    text.push('\n');
    if !dropped.is_empty() {
        let _ =
            writeln!(text, "no room for {}; a wider terminal or a pipe shows them", dropped.join(", ").to_lowercase());
    }
    let _ = writeln!(text, "{}", next(states, rows, options));
    text
}

/// What somebody who has just seen this would ask next.
fn next(states: &States, rows: usize, options: &Options) -> &'static str {
    let count =
        |state: State| states.0.get(usize::from(state.number())).map_or(0, |count| count.load(Ordering::Relaxed));
    if rows == 0 {
        "next: sockeye sockets any all     every family, every state"
    } else if !options.filter.is_empty() {
        "next: add --view tcp, or -o json for every value with its unit"
    } else if count(State::CloseWait) > 0 {
        "next: sockeye sockets close-wait --group-by process     who does not close"
    } else if count(State::Established) > count(State::Listening) {
        "next: sockeye sockets established --sort -rtt --limit 20     the slowest connections"
    } else {
        "next: sockeye sockets tcp listening --columns +unit     what serves, and for whom"
    }
}
