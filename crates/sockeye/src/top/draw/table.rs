//! The table of a pane.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::cells;
use super::palette::Palette;
use super::{line_of, put};
use crate::top::columns::{Column, MARK, columns, title};
use crate::top::model::{Line, Model, Pane};
use crate::top::state::State;

/// Draws heading and rows.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, state: &State, model: &Model, palette: Palette) {
    let fitted = state.columns();
    let all = columns(state.pane);
    heading(buffer, line_of(area, 0), state, &fitted);
    let is_answered = model.pane == state.pane && model.grouping == state.grouping;
    if !is_answered || model.total == 0 {
        let said = if is_answered && model.answers > 0 { nothing(state, model) } else { "one moment".to_owned() };
        put(buffer, line_of(area, 1), area.x, &said, palette.faint());
        return;
    }
    for index in 1..usize::from(area.height) {
        let place = state.top + index - 1;
        let Some(row) = model.row(place) else { continue };
        let line = line_of(area, index);
        buffer.set_style(line, palette.mood(row.mood));
        row_cells(buffer, line, row, &fitted, all, palette);
        if place == state.cursor {
            buffer.set_style(line, Palette::cursor());
        }
    }
}

/// Says that there is nothing, and what that may be due to.
fn nothing(state: &State, model: &Model) -> String {
    let what = match state.pane {
        Pane::Processes => state.grouping.names(),
        Pane::Changes => return "nothing changed on this machine since this screen was opened".to_owned(),
        pane => pane.name(),
    };
    if model.filter.is_empty() || state.pane == Pane::Links {
        format!("there are no {what}")
    } else {
        format!("there are no {what} that fit the filter; / changes it")
    }
}

fn heading(buffer: &mut Buffer, line: Rect, state: &State, fitted: &[(usize, u16)]) {
    buffer.set_style(line, Palette::heading());
    let sort = state.sort();
    let mut column = line.x + MARK;
    for &(place, width) in fitted {
        let about = &columns(state.pane)[place];
        let mut name = title(about, state.pane, state.grouping).to_owned();
        if state.pane == Pane::Changes && !sort.descending {
            name = name.replace("LATEST", "OLDEST");
        }
        if place == sort.column && state.pane != Pane::Changes {
            // The order is told by a sign, which has its room inside of the column.
            let sign = if sort.descending { 'v' } else { '^' };
            name.truncate(usize::from(width).saturating_sub(1));
            name.insert(0, sign);
        }
        column = cell(buffer, line, column, &name, width, about.right, Palette::heading());
    }
}

fn row_cells(buffer: &mut Buffer, line: Rect, row: &Line, fitted: &[(usize, u16)], all: &[Column], palette: Palette) {
    put(buffer, line, line.x, &row.mood.mark().to_string(), palette.mood(row.mood));
    let mut column = line.x + MARK;
    for &(place, width) in fitted {
        let width = width.min(line.width);
        let text = row.cells.get(place).map(|cell| cells::text(cell, usize::from(width), palette)).unwrap_or_default();
        column = cell(buffer, line, column, &text, width, all[place].right, palette.mood(row.mood));
    }
}

/// Writes a cell, and returns the column behind it and its gap.
fn cell(
    buffer: &mut Buffer,
    line: Rect,
    column: u16,
    text: &str,
    width: u16,
    right: bool,
    style: ratatui::style::Style,
) -> u16 {
    let width = width.min(line.width);
    let letters = u16::try_from(text.chars().count()).unwrap_or(u16::MAX).min(width);
    let begin = if right { column + (width - letters) } else { column };
    let room = Rect { width: (column + width).min(line.right()).saturating_sub(line.x), ..line };
    put(buffer, room, begin, text, style);
    column + width + 1
}
