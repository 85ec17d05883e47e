//! The keys.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::palette::Palette;
use super::{line_of, put};

/// Keys, and what they do. `docs/top.md` says the same.
pub(in crate::top) const LINES: [(&str, &str); 22] = [
    ("q  Ctrl-C", "quit"),
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
    ("RTT RTT-TIME", "smoothed round-trip time, and how it moved"),
    ("RECV-Q SEND-Q", "bytes unread, bytes not acknowledged"),
    ("QUEUE", "connections that wait to be accepted, and the limit"),
    ("WHY", "what holds a connection up (docs/why.md)"),
];

/// Draws them from a line on.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, from: usize) {
    let widest = LINES.iter().map(|(key, _)| key.len()).max().unwrap_or(0);
    let widest = u16::try_from(widest).unwrap_or(0).min(area.width / 2);
    for (index, (key, does)) in LINES.iter().skip(from).enumerate() {
        let line = line_of(area, index);
        put(buffer, Rect { width: widest, ..line }, line.x, key, Palette::key());
        put(buffer, line, line.x + widest + 2, does, Style::new());
    }
}
