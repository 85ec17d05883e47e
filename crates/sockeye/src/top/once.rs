//! One screen as text, for reports and for who has no terminal.

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use super::draw;
use super::draw::palette::Palette;
use super::model::Model;
use super::state::State;

/// The lines of a screen of the state's size, without blanks at their ends. How complete it is has as many lines as it
/// needs: nobody can make a report wider.
pub(super) fn text(state: &State, model: &Model, palette: Palette) -> String {
    let (width, height) = state.size;
    let mut terminal = match Terminal::new(TestBackend::new(width, height)) {
        Ok(terminal) => terminal,
        Err(never) => match never {},
    };
    match terminal.draw(|frame| draw::draw(frame, state, model, palette)) {
        Ok(drawn) => with_every_word(lines(drawn.buffer), width, model, palette),
        Err(never) => match never {},
    }
}

fn with_every_word(text: String, width: u16, model: &Model, palette: Palette) -> String {
    if draw::foot::text(model, palette).chars().count() <= usize::from(width) {
        return text;
    }
    let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
    let Some(place) = lines.len().checked_sub(LINES_FROM_BELOW) else { return text };
    lines.splice(place..=place, model.completeness.iter().map(|said| palette.signs(said)));
    lines.join("\n") + "\n"
}

/// The line about completeness stands above that of the keys.
const LINES_FROM_BELOW: usize = 2;

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
