//! A grid of texts for people: columns as wide as they need to be, and no wider than the terminal together.
//!
//! Rows stream: the first ones decide how wide the columns are, later ones widen them where they must. Nothing is cut
//! off. On a terminal that is too narrow, columns fall away by what they are worth.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::escape;

/// What stands where there is no value.
const NOTHING: &[u8] = b"-";
/// Blanks between columns.
const GAP: usize = 2;

/// A column of a grid.
#[derive(Clone, Debug)]
pub(crate) struct Heading {
    /// What stands over it.
    pub(crate) title: String,
    /// Columns with a higher number fall away first; 0 never does.
    pub(crate) sacrifice: u8,
    /// The value stands at the right edge.
    pub(crate) right: bool,
}

/// A grid, shared by the threads that fill it.
pub(crate) struct Grid {
    columns: Vec<Heading>,
    /// Widest cell of each column so far.
    widths: Vec<AtomicUsize>,
    /// Columns that are shown, decided with the first rows.
    shown: OnceLock<Vec<usize>>,
    /// Columns of the terminal; `None`: all columns are shown.
    terminal: Option<usize>,
    colour: bool,
}

/// Cells of rows that are not laid out yet.
#[derive(Default)]
pub(crate) struct Cells {
    bytes: Vec<u8>,
    /// End of each cell, row after row.
    ends: Vec<u32>,
    /// Colour of each row.
    colours: Vec<Option<&'static [u8]>>,
}

impl Cells {
    /// Bytes of text that are held.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.colours.is_empty()
    }

    /// The bytes of the cell that is being written.
    pub(crate) fn cell(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Ends a cell that began with `start` bytes.
    #[inline]
    pub(crate) fn end_cell(&mut self, start: usize) {
        if self.bytes.len() == start {
            self.bytes.extend_from_slice(NOTHING);
        }
        self.ends.push(u32::try_from(self.bytes.len()).unwrap_or(u32::MAX));
    }

    /// Ends a row.
    #[inline]
    pub(crate) fn end_row(&mut self, colour: Option<&'static [u8]>) {
        self.colours.push(colour);
    }

    /// Moves the cells of other rows behind these.
    pub(crate) fn append(&mut self, other: &mut Self) {
        let before = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        self.ends.extend(other.ends.drain(..).map(|end| end.saturating_add(before)));
        self.bytes.append(&mut other.bytes);
        self.colours.append(&mut other.colours);
    }
}

impl Grid {
    /// A grid of these columns, to fit a terminal of that width.
    pub(crate) fn new(columns: Vec<Heading>, terminal: Option<usize>, colour: bool) -> Self {
        let widths = columns.iter().map(|column| AtomicUsize::new(column.title.len())).collect();
        Self { columns, widths, shown: OnceLock::new(), terminal, colour }
    }

    /// Appends cells that were made elsewhere: a row of a grouping.
    pub(crate) fn texts(cells: &mut Cells, texts: &[Vec<u8>]) {
        for text in texts {
            cells.bytes.extend_from_slice(if text.is_empty() { NOTHING } else { text });
            cells.ends.push(u32::try_from(cells.bytes.len()).unwrap_or(u32::MAX));
        }
        cells.colours.push(None);
    }

    /// Lays out the cells as lines and empties them.
    pub(crate) fn lay_out(&self, out: &mut Vec<u8>, cells: &mut Cells) {
        self.widen(cells);
        let shown = self.shown.get_or_init(|| self.choose());
        let widths: Vec<_> = self.widths.iter().map(|width| width.load(Ordering::Relaxed)).collect();
        let last = shown.last().copied();
        for (row, ends) in cells.ends.chunks_exact(self.columns.len()).enumerate() {
            let row_start = if row == 0 { 0 } else { cells.ends[row * self.columns.len() - 1] as usize };
            let colour = self.colour.then(|| cells.colours[row]).flatten();
            if let Some(colour) = colour {
                out.extend_from_slice(colour);
            }
            let text_of = |column: usize| {
                let start = if column == 0 { row_start } else { ends[column - 1] as usize };
                &cells.bytes[start..ends[column] as usize]
            };
            let row_end = ends.last().map_or(row_start, |&end| end as usize);
            if cells.bytes[row_start..row_end].is_ascii() {
                self.place(out, shown, &widths, text_of);
            } else {
                for &column in shown {
                    self.pad(out, text_of(column), column, widths[column], Some(column) == last);
                }
            }
            if colour.is_some() {
                out.extend_from_slice(b"\x1b[0m");
            }
            out.push(b'\n');
        }
        cells.bytes.clear();
        cells.ends.clear();
        cells.colours.clear();
    }

    /// Appends the heading. Decides the widths if no row has.
    pub(crate) fn heading(&self, out: &mut Vec<u8>) {
        let shown = self.shown.get_or_init(|| self.choose());
        let last = shown.last().copied();
        if self.colour {
            out.extend_from_slice(b"\x1b[1m");
        }
        for &column in shown {
            let width = self.widths[column].load(Ordering::Relaxed);
            self.pad(out, self.columns[column].title.as_bytes(), column, width, Some(column) == last);
        }
        if self.colour {
            out.extend_from_slice(b"\x1b[0m");
        }
        out.push(b'\n');
    }

    /// Titles of the columns that fell away.
    pub(crate) fn dropped(&self) -> Vec<&str> {
        let Some(shown) = self.shown.get() else { return Vec::new() };
        (0..self.columns.len())
            .filter(|column| !shown.contains(column))
            .map(|column| self.columns[column].title.as_str())
            .collect()
    }

    /// Makes the columns at least as wide as these cells.
    pub(crate) fn widen(&self, cells: &Cells) {
        let mut start = 0;
        for ends in cells.ends.chunks_exact(self.columns.len()) {
            for (width, &end) in self.widths.iter().zip(ends) {
                let end = end as usize;
                // Most cells are no wider than their column is already, and bytes are never fewer than letters.
                if end - start > width.load(Ordering::Relaxed) {
                    width.fetch_max(escape::width(&cells.bytes[start..end]), Ordering::Relaxed);
                }
                start = end;
            }
        }
    }

    /// The columns that fit: those of least worth fall away until the rest does.
    fn choose(&self) -> Vec<usize> {
        let mut shown: Vec<_> = (0..self.columns.len()).collect();
        let Some(terminal) = self.terminal else { return shown };
        let needed = |shown: &[usize]| {
            shown
                .iter()
                .map(|&column| self.widths[column].load(Ordering::Relaxed) + GAP)
                .sum::<usize>()
                .saturating_sub(GAP)
        };
        while needed(&shown) > terminal {
            let least = shown.iter().copied().filter(|&column| self.columns[column].sacrifice > 0);
            let Some(victim) = least.max_by_key(|&column| (self.columns[column].sacrifice, column)) else { break };
            shown.retain(|&column| column != victim);
        }
        shown
    }

    /// Appends the cells of a row of letters that are a byte each: blanks for the whole line, then each text in its place.
    #[inline]
    fn place<'c>(&self, out: &mut Vec<u8>, shown: &[usize], widths: &[usize], text_of: impl Fn(usize) -> &'c [u8]) {
        let mut at = out.len();
        let line: usize = shown.iter().map(|&column| widths[column] + GAP).sum();
        out.resize(at + line, b' ');
        let mut end = at;
        for &column in shown {
            let (text, width) = (text_of(column), widths[column]);
            let start = if self.columns[column].right { at + width - text.len() } else { at };
            end = start + text.len();
            out[start..end].copy_from_slice(text);
            at += width + GAP;
        }
        // No blanks behind the last.
        out.truncate(end);
    }

    #[inline]
    fn pad(&self, out: &mut Vec<u8>, text: &[u8], column: usize, width: usize, last: bool) {
        let blanks = width.saturating_sub(escape::width(text));
        if self.columns[column].right {
            out.resize(out.len() + blanks, b' ');
            out.extend_from_slice(text);
            if !last {
                out.extend_from_slice(b"  ");
            }
        } else {
            out.extend_from_slice(text);
            if !last {
                out.resize(out.len() + blanks + GAP, b' ');
            }
        }
    }
}
