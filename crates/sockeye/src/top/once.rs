//! One screen as text, for reports and for who has no terminal.

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use super::draw;
use super::draw::palette::Palette;
use super::model::Model;
use super::state::State;

/// The lines of a screen of the state's size, without blanks at their ends.
pub(super) fn text(state: &State, model: &Model, palette: Palette) -> String {
    let (width, height) = state.size;
    let mut terminal = match Terminal::new(TestBackend::new(width, height)) {
        Ok(terminal) => terminal,
        Err(never) => match never {},
    };
    match terminal.draw(|frame| draw::draw(frame, state, model, palette)) {
        Ok(drawn) => lines(drawn.buffer),
        Err(never) => match never {},
    }
}

/// The letters of a buffer.
pub(super) fn lines(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width).max(1);
    let mut text = String::new();
    for line in buffer.content.chunks(width) {
        let start = text.len();
        text.extend(line.iter().map(ratatui::buffer::Cell::symbol));
        let kept = text[start..].trim_end().len();
        text.truncate(start + kept);
        text.push('\n');
    }
    text
}
