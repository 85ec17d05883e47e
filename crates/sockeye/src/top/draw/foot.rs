//! The lines below: how complete this is, the keys, or the filter that is written.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::palette::Palette;
use super::put;
use crate::top::model::Model;
use crate::top::prompt::Prompt;
use crate::top::state::{State, View};

/// Keys of the table, the most important first: those without room are left out.
const TABLE_KEYS: [(&str, &str); 9] = [
    ("q", "quit"),
    ("?", "help"),
    ("/", "filter"),
    ("Enter", "detail"),
    ("s", "sort"),
    ("Tab", "pane"),
    ("e", "group"),
    ("x", "close"),
    ("Space", "pause"),
];

/// Keys over a single socket.
const DETAIL_KEYS: [(&str, &str); 5] =
    [("Esc", "back"), ("j", "down"), ("k", "up"), ("x", "close"), ("Space", "pause")];

/// Keys of the help.
const HELP_KEYS: [(&str, &str); 3] = [("Esc", "back"), ("j", "down"), ("k", "up")];

/// Which sources this comes from and what they lack; in its place, what is wrong with the filter that is written.
pub(super) fn completeness(buffer: &mut Buffer, area: Rect, state: &State, model: &Model, palette: Palette) {
    if let Some(mistake) = state.prompt.as_ref().and_then(|prompt| prompt.mistake.as_ref()) {
        put(buffer, area, area.x, &format!("! {mistake}"), palette.banner());
        return;
    }
    put(buffer, area, area.x, &fitting(model, area.width, palette), palette.faint());
}

/// As much of how complete this is as there is room for, and where the rest is.
fn fitting(model: &Model, width: u16, palette: Palette) -> String {
    let whole = text(model, palette);
    let width = usize::from(width);
    if whole.chars().count() <= width {
        return whole;
    }
    let parts: Vec<_> = model.completeness.iter().map(|part| palette.signs(part)).collect();
    let with_rest = |shown: usize| {
        let rest = format!("{} more: ?", parts.len() - shown);
        [&parts[..shown], &[rest]].concat().join(palette.between())
    };
    let fits = |shown: &usize| with_rest(*shown).chars().count() <= width;
    if let Some(shown) = (1..parts.len()).rev().find(fits) {
        return with_rest(shown);
    }
    // Not even the first one.
    let rest = format!("{} all: ?", palette.cut());
    whole.chars().take(width.saturating_sub(rest.chars().count())).chain(rest.chars()).collect()
}

/// How complete this is, in one line.
pub(in crate::top) fn text(model: &Model, palette: Palette) -> String {
    palette.signs(&model.completeness.join(palette.between()))
}

/// The last line. Where the terminal's cursor goes, if it is to be seen.
pub(super) fn bottom(
    buffer: &mut Buffer,
    area: Rect,
    state: &State,
    model: &Model,
    palette: Palette,
) -> Option<Position> {
    if let Some(prompt) = &state.prompt {
        return Some(written(buffer, area, prompt));
    }
    let mut column = area.x;
    if let Some(notice) = &state.notice {
        put(buffer, area, column, &palette.signs(notice), palette.chosen());
        return None;
    }
    let filter = if state.filter.is_empty() { &model.filter } else { &state.filter };
    if !filter.is_empty() {
        let shown: String = filter.chars().take(usize::from(area.width) / 2).collect();
        let cut = if shown.len() < filter.len() { palette.cut().to_string() } else { String::new() };
        column = put(buffer, area, column, &format!("/{}{cut}  ", escaped(&shown)), palette.chosen());
    }
    let keys: &[(&str, &str)] = match state.view {
        View::Table => &TABLE_KEYS,
        View::Detail { .. } => &DETAIL_KEYS,
        View::Help { .. } => &HELP_KEYS,
    };
    for (key, does) in keys {
        let length = key.len() + 1 + does.len();
        if usize::from(area.right().saturating_sub(column)) < length {
            break;
        }
        column = put(buffer, area, column, key, Palette::key());
        column = put(buffer, area, column, &format!(" {does}  "), palette.faint());
    }
    None
}

/// The filter that is written: its end, or where the cursor is.
fn written(buffer: &mut Buffer, area: Rect, prompt: &Prompt) -> Position {
    let begun = put(buffer, area, area.x, "/", Style::new());
    let room = usize::from(area.right().saturating_sub(begun + 1));
    let before = prompt.text[..prompt.at].chars().count();
    let text: String = prompt.text.chars().skip(before.saturating_sub(room)).collect();
    put(buffer, area, begun, &escaped(&text), Style::new());
    let column = begun + u16::try_from(before.min(room)).unwrap_or(0);
    Position { x: column.min(area.right().saturating_sub(1)), y: area.y }
}

/// What was typed or pasted, without control characters.
fn escaped(text: &str) -> String {
    let mut out = Vec::new();
    crate::output::escape::sentence(&mut out, text);
    String::from_utf8(out).unwrap_or_default()
}
