//! The keys, and above them how complete this is where a line has no room for it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::palette::Palette;
use super::{foot, line_of, put};
use crate::top::model::Model;

/// Keys, and what they do. `docs/top.md` says the same.
pub(in crate::top) const LINES: [(&str, &str); 23] = [
    ("q  Ctrl-C", "quit"),
    ("Ctrl-Z", "stop and give the terminal back until the shell's fg"),
    ("?  h  F1", "this help"),
    ("Esc", "back: from here, a socket, what Enter chose"),
    ("Tab  Shift-Tab  1-6", "next pane, the one before, that one"),
    ("j k  Down Up", "move; the cursor stays with its row"),
    ("PgDn PgUp", "move by a page (Ctrl-F, Ctrl-B; half: Ctrl-D, Ctrl-U)"),
    ("g G  Home End", "first row, which lets the cursor go; last row"),
    ("Enter", "all of a socket; connections of a process, a peer"),
    ("/", "filter, such as: dport = 443 and rtt > 50ms"),
    ("s S", "sort by the next column; turn the order around"),
    ("Left Right", "sort by the column before, by the next"),
    ("e", "group: processes, units, containers, pods"),
    ("x", "close the socket; asks first, needs CAP_NET_ADMIN"),
    ("Space", "pause: nothing moves until it is pressed again"),
    ("! * .", "before a row: lost or full; waits for somebody; ends"),
    ("IN/s OUT/s", "bytes a second: received, acknowledged by the peer"),
    ("PKTI/s PKTO/s", "packets a second: received, sent"),
    ("RETR/s", "packets sent again a second"),
    ("RTT TREND", "smoothed round-trip time, and how it moved"),
    ("RECV-Q SEND-Q", "bytes unread, bytes not acknowledged"),
    ("QUEUE", "connections that wait to be accepted, and the limit"),
    ("WHY", "what holds a connection up (docs/why.md)"),
];

/// How many lines there are on a screen of this width.
pub(in crate::top) fn count(model: &Model, width: u16) -> usize {
    above(model, width).len() + LINES.len()
}

/// How complete this is, where the line below the table does not say all of it.
fn above(model: &Model, width: u16) -> Vec<String> {
    if foot::text(model, Palette { colour: false, unicode: true }).chars().count() <= usize::from(width) {
        return Vec::new();
    }
    let mut lines: Vec<_> = model.completeness.iter().flat_map(|part| wrapped(part, usize::from(width))).collect();
    lines.push(String::new());
    lines
}

/// A text in lines of a width; a word that is longer is a line of its own.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) => lines.push(format!("  {word}")),
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Draws them from a line on.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, from: usize, model: &Model, palette: Palette) {
    let above = above(model, area.width);
    let shown = above.iter().skip(from).enumerate();
    shown
        .for_each(|(index, text)| _ = put(buffer, line_of(area, index), area.x, &palette.signs(text), palette.faint()));
    let (begun, from) = (above.len().saturating_sub(from), from.saturating_sub(above.len()));
    let widest = LINES.iter().map(|(key, _)| key.len()).max().unwrap_or(0);
    let widest = u16::try_from(widest).unwrap_or(0).min(area.width / 2);
    for (index, (key, does)) in LINES.iter().skip(from).enumerate() {
        let line = line_of(area, begun + index);
        put(buffer, Rect { width: widest, ..line }, line.x, key, Palette::key());
        put(buffer, line, line.x + widest + 2, does, Style::new());
    }
}
