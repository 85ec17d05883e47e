//! All fields of one socket, with the last values of those that move.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::palette::Palette;
use super::{cells, line_of, put};
use crate::top::model::{Detail, Mood};

/// Letters of the history of a field.
const HISTORY_WIDTH: usize = 24;

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
    let names = u16::try_from(names).unwrap_or(u16::MAX);
    for field in detail.fields.iter().skip(from) {
        let line = line_of(area, index);
        if line.height == 0 {
            break;
        }
        let left = Rect { width: names, ..line };
        put(buffer, left, line.x, &field.name, Palette::key());
        let mut column = line.x + names + 1;
        if !field.history.is_empty() && usize::from(line.width) > usize::from(names) + 2 * HISTORY_WIDTH {
            let history = cells::history(&field.history, HISTORY_WIDTH, palette);
            let begin = line.right() - u16::try_from(HISTORY_WIDTH).unwrap_or(0);
            put(buffer, line, begin, &history, palette.chosen());
            column = put(buffer, Rect { width: begin - line.x, ..line }, column, &field.value, Style::new());
        } else {
            column = put(buffer, line, column, &field.value, Style::new());
        }
        debug_assert!(column <= line.right().max(line.x + names + 1), "nothing is written beyond the line");
        index += 1;
    }
}
