//! The lines above: title with sums, tabs, the banner of a gap.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::cells::rate_text;
use super::palette::Palette;
use super::put;
use crate::output::several::several;
use crate::top::model::{Model, Pane, Rates};
use crate::top::state::State;

/// Who this is, when, how much there is and how fast it moves.
pub(super) fn title(buffer: &mut Buffer, area: Rect, state: &State, model: &Model, palette: Palette) {
    let mut column = put(buffer, area, area.x, "sockeye top", palette.title());
    if state.paused {
        column = put(buffer, area, column + 1, "[paused]", palette.chosen());
    }
    let overview = &model.overview;
    let counts = format!(" {} {}", model.clock, counted(overview.connections, overview.listeners));
    column = put(buffer, area, column, &counts, ratatui::style::Style::new());
    let mut between = palette.between();
    for part in moving(&overview.rates) {
        // A part that does not fit whole is left out: half a number is a wrong one.
        let text = format!("{between}{part}");
        if usize::from(area.right().saturating_sub(column)) < text.chars().count() {
            break;
        }
        column = put(buffer, area, column, &text, ratatui::style::Style::new());
        between = " ";
    }
}

fn counted(connections: usize, listeners: usize) -> String {
    format!("{}, {}", several(connections, "conn"), several(listeners, "listener"))
}

fn moving(rates: &Rates) -> Vec<String> {
    let bytes = |word: &str, rate: Option<f64>| rate.map(|rate| format!("{word} {}B/s", rate_text(rate)));
    let parts = [
        bytes("in", rates.bytes_in),
        bytes("out", rates.bytes_out),
        rates.retransmissions.map(|rate| format!("retr {}/s", rate_text(rate))),
    ];
    parts.into_iter().flatten().collect()
}

/// The panes; that which is shown stands in brackets.
pub(super) fn tabs(buffer: &mut Buffer, area: Rect, state: &State, palette: Palette) {
    let all: usize = Pane::ALL.iter().map(|&pane| name(state, pane).len() + 4).sum();
    let are_named = all <= usize::from(area.width);
    let mut column = area.x;
    for (place, pane) in Pane::ALL.into_iter().enumerate() {
        let number = place + 1;
        let name = name(state, pane);
        column = if pane == state.pane {
            put(buffer, area, column, &format!("[{number} {name}]"), palette.chosen())
        } else if are_named {
            put(buffer, area, column, &format!(" {number} {name} "), palette.faint())
        } else {
            put(buffer, area, column, &format!(" {number} "), palette.faint())
        };
    }
}

fn name(state: &State, pane: Pane) -> &'static str {
    if pane == Pane::Processes { state.grouping.names() } else { pane.name() }
}

/// What was lost.
pub(super) fn banner(buffer: &mut Buffer, area: Rect, gap: &str, palette: Palette) {
    buffer.set_style(area, palette.banner());
    put(buffer, area, area.x, &format!("gap: {gap}"), palette.banner());
}
