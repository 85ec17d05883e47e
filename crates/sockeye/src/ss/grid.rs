//! Text in columns, as `ss` lays it out: gathered in a batch, measured, written.
//!
//! A batch is what `ss` would keep in five chunks of a mebibyte each; columns are as wide as the widest cell so far, in this
//! batch or an earlier one. So the blanks are the same as long as the rows come in the same order.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::output::sink::BLOCK_LEN;

/// A column of the text. Address and port are two, so that the colons stand below each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Netid,
    State,
    ReceiveQueue,
    SendQueue,
    Local,
    LocalPort,
    Peer,
    PeerPort,
    Process,
    /// Everything that has no heading.
    Rest,
}

impl Column {
    /// In the order of the text.
    const ALL: [Self; COLUMNS] = [
        Self::Netid,
        Self::State,
        Self::ReceiveQueue,
        Self::SendQueue,
        Self::Local,
        Self::LocalPort,
        Self::Peer,
        Self::PeerPort,
        Self::Process,
        Self::Rest,
    ];
}

/// How many columns there are.
pub(super) const COLUMNS: usize = 10;

/// Heading of a column, and what stands in front of it unless it is the first.
const HEADINGS: [(&str, &str); COLUMNS] = [
    ("Netid", ""),
    ("State", " "),
    ("Recv-Q", " "),
    ("Send-Q", " "),
    ("Local Address:", " "),
    ("Port", ""),
    ("Peer Address:", " "),
    ("Port", ""),
    ("Process", ""),
    ("", ""),
];

/// Bytes of a chunk of the original's batch that hold text; 16 of the mebibyte are its own.
const CHUNK_LEN: usize = 1024 * 1024 - 16;
/// Chunks after which a batch is written at the end of a row.
const CHUNKS_MAX: usize = 5;
/// Bytes that a chunk needs for the length of a cell.
const CELL_HEADER_LEN: usize = 2;
/// Bytes of a batch where several threads write at once: their rows come in no order, so batches need not be those of the
/// original, and small ones stay in the processor's cache.
const SHORT_LEN: usize = 256 * 1024;

/// Bytes that are copied at once where a cell has no more.
const SHORT_COPY_LEN: usize = 32;

/// Which columns there are, and how wide they have become.
pub(super) struct Grid {
    shown: [bool; COLUMNS],
    widest: [AtomicUsize; COLUMNS],
    /// Columns of the terminal; none: as narrow as can be.
    terminal: Option<usize>,
}

impl Grid {
    pub(super) fn new(shown: impl Fn(Column) -> bool, terminal: Option<usize>) -> Self {
        Self { shown: Column::ALL.map(shown), widest: [const { AtomicUsize::new(0) }; COLUMNS], terminal }
    }

    /// The headings, as a row of a batch.
    pub(super) fn heading(&self, batch: &mut Batch) {
        batch.begin(self);
        for (heading, _) in &HEADINGS[..COLUMNS - 1] {
            batch.text.extend_from_slice(heading.as_bytes());
            batch.end_cell(self);
        }
        batch.end_row();
    }

    /// Lays out a batch, hands the text to `write` in pieces, which says whether anybody still reads, and empties the batch.
    pub(super) fn lay_out(&self, batch: &mut Batch, out: &mut Vec<u8>, mut write: impl FnMut(&mut Vec<u8>) -> bool) {
        let widths = self.widths();
        let last_visible = (0..COLUMNS - 1).rev().find(|&column| self.shown[column]).unwrap_or(0);
        let compact = self.terminal.is_none();
        let first_of_all = (0..COLUMNS).find(|&column| widths[column] > 0).unwrap_or(0);
        let mut start = 0;
        let mut column = first_of_all;
        let mut line_started = false;
        'cells: for &end in &batch.ends {
            let end = end as usize;
            let cell_len = end - start;
            let width = widths[column];
            let delimiter = if line_started { HEADINGS[column].1 } else { "" };
            line_started = true;
            out.extend_from_slice(delimiter.as_bytes());
            let used = delimiter.len() + cell_len;
            let is_right = column == Column::Local as usize || column == Column::Peer as usize;
            if is_right && width > used {
                blanks(out, width - used);
            }
            append(out, &batch.text, start..end);
            start = end;
            if !is_right && width > used && !(compact && column == last_visible) {
                blanks(out, width - used);
            }
            loop {
                if column == COLUMNS - 1 {
                    out.push(b'\n');
                    line_started = false;
                    column = 0;
                    if out.len() >= BLOCK_LEN && !write(out) {
                        break 'cells;
                    }
                } else {
                    column += 1;
                }
                if self.shown[column] {
                    break;
                }
            }
        }
        if line_started {
            out.push(b'\n');
        }
        write(out);
        batch.clear();
    }

    /// Widths as of now. On a terminal its room is spread over the columns, and what does not fit begins a new line.
    fn widths(&self) -> [usize; COLUMNS] {
        let screen = self.terminal.unwrap_or(usize::MAX);
        let mut widths = [0; COLUMNS];
        let mut is_first = true;
        for column in (0..COLUMNS).filter(|&column| self.shown[column]) {
            let widest = self.widest[column].load(Ordering::Relaxed);
            let delimiter = if is_first || widest == 0 { 0 } else { HEADINGS[column].1.len() };
            widths[column] = (widest + delimiter).min(screen);
            is_first &= widths[column] == 0;
        }
        if let Some(screen) = self.terminal {
            spread(&mut widths, screen);
        }
        widths
    }

    fn widen(&self, column: usize, len: usize) {
        // Mostly it is wide enough, and looking is cheaper than writing to what all threads share.
        if len > self.widest[column].load(Ordering::Relaxed) {
            self.widest[column].fetch_max(len, Ordering::Relaxed);
        }
    }
}

/// Appends so many blanks.
#[inline]
fn blanks(out: &mut Vec<u8>, count: usize) {
    let len = out.len() + count;
    if count <= SHORT_COPY_LEN {
        out.extend_from_slice(&[b' '; SHORT_COPY_LEN]);
        out.truncate(len);
    } else {
        out.resize(len, b' ');
    }
}

/// Appends a part of `text`. Most cells have a few bytes: a copy of a fixed length, of which too much is cut off again,
/// takes a fraction of the call that one of any length is.
#[inline]
fn append(out: &mut Vec<u8>, text: &[u8], part: std::ops::Range<usize>) {
    let fixed = text[part.start..].first_chunk::<SHORT_COPY_LEN>().filter(|_| part.len() <= SHORT_COPY_LEN);
    match fixed {
        Some(chunk) => {
            let len = out.len() + part.len();
            out.extend_from_slice(chunk);
            out.truncate(len);
        }
        None => out.extend_from_slice(&text[part]),
    }
}

/// Breaks columns into as few lines as there can be, and gives each line's room to its columns evenly.
fn spread(widths: &mut [usize; COLUMNS], screen: usize) {
    let mut line_start = 0;
    let (mut len, mut on_line) = (0, 0);
    let mut column = 0;
    while column < COLUMNS {
        if widths[column] == 0 {
            column += 1;
            continue;
        }
        on_line += 1;
        len += widths[column];
        let is_last = widths[column + 1..].iter().all(|&width| width == 0);
        if !is_last && len < screen {
            column += 1;
            continue;
        }
        let mut end = column;
        if len > screen {
            len -= widths[column];
            on_line -= 1;
            // The column before it, shown or not: the room goes to those up to there.
            end = column.saturating_sub(1);
        }
        if len != screen && on_line > 0 {
            let room = screen - len;
            let (each, mut rest) = (room / on_line, room % on_line);
            for place in (line_start..=end).rev() {
                if widths[place] > 0 {
                    widths[place] += each + usize::from(rest > 0);
                    rest = rest.saturating_sub(1);
                }
            }
        }
        line_start = end + 1;
        (len, on_line) = (0, 0);
        column = line_start;
    }
}

/// Cells that wait to be laid out.
#[derive(Default)]
pub(super) struct Batch {
    /// The text of all cells, one behind the other.
    pub(super) text: Vec<u8>,
    /// Where each cell ends in it.
    ends: Vec<u32>,
    /// The column that is being written.
    column: usize,
    /// Where its cell began.
    start: usize,
    /// Bytes used of the last chunk, and how many chunks there are.
    chunk_used: usize,
    chunks: usize,
    /// The length of the last cell of the last row: what no row follows does not widen its column.
    last: Option<usize>,
    /// It ends early.
    is_short: bool,
}

impl Batch {
    /// Begins a row.
    pub(super) fn begin(&mut self, grid: &Grid) {
        if let Some(len) = self.last.take() {
            grid.widen(COLUMNS - 1, len);
            self.flush_chunk(len);
        }
        self.column = 0;
        self.start = self.text.len();
    }

    /// Whether the column that is being written is shown.
    #[inline]
    pub(super) fn is_shown(&self, grid: &Grid) -> bool {
        grid.shown[self.column]
    }

    /// Ends the cell of this column and goes on to the next one. What was written into a column that is not shown is
    /// dropped.
    #[inline]
    pub(super) fn end_cell(&mut self, grid: &Grid) {
        if grid.shown[self.column] {
            let len = self.text.len() - self.start;
            self.put_in_chunk(len);
            grid.widen(self.column, len);
            self.flush_chunk(len);
            self.end_here();
        } else {
            self.text.truncate(self.start);
        }
        self.column += 1;
        self.start = self.text.len();
    }

    /// Ends the row with the cell that is being written, the last one.
    #[inline]
    pub(super) fn end_row(&mut self) {
        let len = self.text.len() - self.start;
        self.put_in_chunk(len);
        self.last = Some(len);
        self.end_here();
    }

    /// Lets the batch end early, where other threads write too, or not.
    pub(super) fn shorten(&mut self, is_short: bool) {
        self.is_short = is_short;
    }

    /// Whether the batch is to be laid out before the next row.
    pub(super) fn is_full(&self) -> bool {
        self.chunks >= CHUNKS_MAX || (self.is_short && self.text.len() >= SHORT_LEN)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    fn end_here(&mut self) {
        // A batch has some five mebibytes.
        self.ends.push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
    }

    /// A cell that does not fit its chunk goes to a new one, whole.
    fn put_in_chunk(&mut self, len: usize) {
        if self.chunks == 0 {
            self.chunks = 1;
        }
        if self.chunk_used > 0 && self.chunk_used + CELL_HEADER_LEN + len >= CHUNK_LEN && len > 0 {
            self.chunks += 1;
            self.chunk_used = 0;
        }
    }

    /// The next cell begins at an even place, in a new chunk where there is no room for its length.
    fn flush_chunk(&mut self, len: usize) {
        let used = self.chunk_used + CELL_HEADER_LEN + len + len % 2;
        if used + CELL_HEADER_LEN > CHUNK_LEN {
            self.chunks += 1;
            self.chunk_used = 0;
        } else {
            self.chunk_used = used;
        }
    }

    fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
        (self.chunk_used, self.chunks, self.last) = (0, 0, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(terminal: Option<usize>) -> Grid {
        Grid::new(|column| !matches!(column, Column::Netid | Column::Process), terminal)
    }

    fn row(grid: &Grid, batch: &mut Batch, cells: [&str; COLUMNS]) {
        batch.begin(grid);
        for (at, cell) in cells.iter().enumerate() {
            batch.text.extend_from_slice(cell.as_bytes());
            if at < COLUMNS - 1 {
                batch.end_cell(grid);
            }
        }
        batch.end_row();
    }

    const ROW: [&str; COLUMNS] = ["tcp", "ESTAB", "0", "17", "127.0.0.1:", "22", "10.0.0.1:", "443", "users", " ino:7"];

    fn laid_out(grid: &Grid, batch: &mut Batch) -> String {
        let mut text = Vec::new();
        grid.lay_out(batch, &mut Vec::new(), |out| {
            text.append(out);
            true
        });
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn addresses_stand_at_the_right_and_ports_at_the_left() {
        let (grid, mut batch) = (grid(None), Batch::default());
        grid.heading(&mut batch);
        row(&grid, &mut batch, ROW);
        let text = laid_out(&grid, &mut batch);
        assert_eq!(
            text,
            "State Recv-Q Send-Q Local Address:Port Peer Address:Port\n\
             ESTAB 0      17         127.0.0.1:22       10.0.0.1:443 ino:7\n"
        );
    }

    #[test]
    fn the_rest_of_the_last_row_does_not_widen_its_column() {
        let (grid, mut batch) = (grid(None), Batch::default());
        row(&grid, &mut batch, ROW);
        row(&grid, &mut batch, [&ROW[..9], &[" ino:7000000"]].concat().try_into().unwrap());
        let text = laid_out(&grid, &mut batch);
        assert!(text.lines().next().unwrap().ends_with("443 ino:7"), "{text:?}");
        let mut batch = Batch::default();
        row(&grid, &mut batch, [&ROW[..9], &[" ino:7000000"]].concat().try_into().unwrap());
        row(&grid, &mut batch, ROW);
        let text = laid_out(&grid, &mut batch);
        assert!(text.lines().nth(1).unwrap().ends_with(" ino:7      "), "{text:?}");
    }

    #[test]
    fn a_terminal_is_filled() {
        let (grid, mut batch) = (grid(Some(100)), Batch::default());
        grid.heading(&mut batch);
        row(&grid, &mut batch, ROW);
        let text = laid_out(&grid, &mut batch);
        // The rest of the last row has no width, and stands behind.
        assert_eq!(text.lines().next().unwrap().len(), 100, "{text}");
        assert!(text.lines().nth(1).unwrap().ends_with("443         ino:7"), "{text}");
    }

    #[test]
    fn a_batch_ends_in_its_fifth_chunk() {
        let (grid, mut batch) = (grid(None), Batch::default());
        let rest = format!(" {}", "x".repeat(999));
        let mut rows = 0;
        while !batch.is_full() {
            row(&grid, &mut batch, [&ROW[..9], &[rest.as_str()]].concat().try_into().unwrap());
            rows += 1;
        }
        // Four chunks are full: each row takes some 1050 bytes.
        assert!((3900..4050).contains(&rows), "{rows}");
    }
}
