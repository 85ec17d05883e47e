//! The question before a socket is closed.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::palette::Palette;
use super::{line_of, put};
use crate::top::columns::{What, columns};
use crate::top::model::{Cell, Line, Pane};
use crate::top::state::{Dialog, State};

/// Widest box.
const WIDTH_MAX: u16 = 72;

/// A row in words: `10.0.0.1:22 to 10.0.0.9:4711 of sshd`.
pub(in crate::top) fn in_words(row: &Line, pane: Pane) -> String {
    let text = |what| {
        let place = columns(pane).iter().position(|column| column.what == what)?;
        match row.cells.get(place)? {
            Cell::Text(text) => Some(text.clone()),
            Cell::Word(word) => Some((*word).to_owned()),
            _ => None,
        }
    };
    let mut words = [What::Protocol, What::Local].into_iter().filter_map(text).collect::<Vec<_>>().join(" ");
    for (between, what) in [(" to ", What::Peer), (" of ", What::Owner)] {
        if let Some(text) = text(what) {
            words.push_str(between);
            words.push_str(&text);
        }
    }
    words
}

/// Draws the question over the middle of the screen, or why it is none.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, dialog: &Dialog, state: &State, palette: Palette) {
    let (question, answers) = match &state.cannot_close {
        None => ("Close this socket? Its program sees an error.", "y closes it, any other key does not"),
        Some(why) => (why.as_str(), "any key goes back"),
    };
    let inner = usize::from(WIDTH_MAX.min(area.width).saturating_sub(4));
    let mut lines = wrapped(question, inner);
    lines.push(String::new());
    lines.extend(wrapped(&dialog.what, inner));
    lines.push(String::new());
    lines.extend(wrapped(answers, inner));
    let width = u16::try_from(inner + 4).unwrap_or(u16::MAX).min(area.width);
    let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX).min(area.height);
    let area = Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height };
    let edge = format!("+{}+", "-".repeat(usize::from(width).saturating_sub(2)));
    let last = usize::from(height).saturating_sub(1);
    for index in 0..usize::from(height) {
        let line = line_of(area, index);
        if index == 0 || index == last {
            put(buffer, line, line.x, &edge, palette.chosen());
            continue;
        }
        let text = lines.get(index - 1).map_or("", String::as_str);
        put(buffer, line, line.x, &format!("| {text:inner$} |"), Style::new());
    }
}

/// Text in lines of so many letters.
fn wrapped(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let mut word: String = word.to_owned();
        let last = lines.last().map_or(0, |line| line.chars().count());
        if last > 0 && last + 1 + word.chars().count() > room {
            lines.push(String::new());
        } else if last > 0 {
            word.insert(0, ' ');
        }
        for letter in word.chars() {
            if lines.last().is_some_and(|line| line.chars().count() >= room.max(1)) {
                lines.push(String::new());
            }
            if let Some(line) = lines.last_mut() {
                line.push(letter);
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::wrapped;

    #[test]
    fn words_stay_whole_where_they_can() {
        assert_eq!(wrapped("closing needs CAP_NET_ADMIN", 14), ["closing needs", "CAP_NET_ADMIN"]);
        assert_eq!(wrapped("[2001:db8::1]:443", 8), ["[2001:db", "8::1]:44", "3"]);
        assert_eq!(wrapped("", 8), [""]);
    }
}
