//! Draws a state and a model. Nothing here decides anything but where letters go.

pub(super) mod cells;
pub(super) mod detail;
pub(super) mod dialog;
pub(super) mod foot;
mod head;
pub(super) mod help;
pub(super) mod layout;
pub(super) mod palette;
mod table;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::model::Model;
use super::state::{State, View};
use palette::Palette;

/// Draws the screen.
pub(super) fn draw(frame: &mut Frame<'_>, state: &State, model: &Model, palette: Palette) {
    let places = layout::Places::of(frame.area(), state.gap);
    let buffer = frame.buffer_mut();
    head::title(buffer, places.title, state, model, palette);
    head::tabs(buffer, places.tabs, state, palette);
    if let Some(gap) = &model.gap {
        head::banner(buffer, places.banner, gap, palette);
    }
    match state.view {
        View::Help { from, .. } => help::draw(buffer, places.middle, from, model, palette),
        View::Detail { id, from } => {
            let found = model.detail.as_deref().filter(|detail| detail.id == id);
            detail::draw(buffer, places.middle, found, from, palette);
        }
        View::Table => table::draw(buffer, places.middle, state, model, palette),
    }
    foot::completeness(buffer, places.completeness, state, model, palette);
    let cursor = foot::bottom(buffer, places.bottom, state, model, palette);
    if let Some(dialog) = &state.dialog {
        dialog::draw(buffer, places.middle, dialog, state, palette);
    }
    if let Some(position) = cursor {
        frame.set_cursor_position(position);
    }
}

/// Writes one line of text, cut where there is no room. The column behind it.
fn put(buffer: &mut Buffer, area: Rect, column: u16, text: &str, style: Style) -> u16 {
    if area.height == 0 || column >= area.right() {
        return column;
    }
    let room = usize::from(area.right() - column);
    buffer.set_stringn(column, area.y, text, room, style).0
}

/// The line `index` of an area; without height where there is none.
fn line_of(area: Rect, index: usize) -> Rect {
    let index = u16::try_from(index).unwrap_or(u16::MAX);
    if index >= area.height {
        return Rect { height: 0, ..area };
    }
    Rect { y: area.y + index, height: 1, ..area }
}
