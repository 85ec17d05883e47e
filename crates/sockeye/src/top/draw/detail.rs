//! All fields of one socket, with the last values of those that move.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::palette::Palette;
use super::{cells, line_of, put};
use crate::top::model::{Detail, Mood};

/// Letters of the history of a field: at least, or it tells nothing, and at most, where there is room for more.
const HISTORY_WIDTH: (usize, usize) = (8, 24);

/// Lines that it takes, heading and all.
pub(in crate::top) fn lines(detail: &Detail) -> usize {
    1 + usize::from(detail.over.is_some()) + detail.fields.len()
}

/// Draws it from a line on.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, found: Option<&Detail>, from: usize, palette: Palette) {
    let Some(detail) = found else {
        put(buffer, line_of(area, 0), area.x, "one moment", palette.faint());
        return;
    };
    // The title stays where it is, whatever is below it.
    put(buffer, line_of(area, 0), area.x, &detail.title, Palette::heading());
    let mut index = 1;
    if let Some(over) = &detail.over {
        put(buffer, line_of(area, 1), area.x, over, palette.mood(Mood::Warning));
        index += 1;
    }
    let widest = detail.fields.iter().map(|field| field.name.chars().count()).max().unwrap_or(0);
    let names = widest.min(usize::from(area.width) / 2);
    let history = history_width(detail, usize::from(area.width).saturating_sub(names + 1));
    for field in detail.fields.iter().skip(from) {
        let line = line_of(area, index);
        if line.height == 0 {
            break;
        }
        put(buffer, line, line.x, &cells::end_cut(&field.name, names, palette.cut()), Palette::key());
        let column = line.x + letters(names) + 1;
        let behind = put(buffer, line, column, &field.value, Style::new());
        let begin = line.right().saturating_sub(letters(history));
        // The beginning of a number is another number: a value that takes the room is shown alone.
        if !field.history.is_empty() && behind < begin {
            put(buffer, line, begin, &cells::history(&field.history, history, palette), palette.chosen());
        }
        index += 1;
    }
}

/// Letters of all histories, of the room behind the names: what the widest value beside one leaves.
fn history_width(detail: &Detail, room: usize) -> usize {
    let moving = detail.fields.iter().filter(|field| !field.history.is_empty());
    let widest = moving.map(|field| field.value.chars().count()).max().unwrap_or(0);
    let (least, most) = HISTORY_WIDTH;
    room.saturating_sub(widest + 1).clamp(least, most)
}

fn letters(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}
