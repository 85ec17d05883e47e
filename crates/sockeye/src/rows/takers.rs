//! What is done with each row: written at once, kept to be sorted, or counted.

use std::cmp::Ordering;
use std::sync::atomic::{self, AtomicUsize};
use std::sync::{Mutex, PoisonError};

use sockeye_query::{FieldId, Value};

use super::{Origin, Row, Take};
use crate::output::csv::Csv;
use crate::output::grid::Cells;
use crate::output::json::Json;
use crate::output::run::Line;
use crate::output::sink::{BLOCK_LEN, Sink};
use crate::output::table::Table;
use crate::sockets::Tally;

/// A format, ready to write rows.
pub(crate) enum Layout {
    /// Columns for people.
    Table(Table),
    /// Objects, each behind this separator.
    Json(Json, &'static [u8]),
    /// Comma-separated values.
    Csv(Csv),
}

impl Layout {
    /// Titles of the columns that there was no room for.
    pub(crate) fn dropped(&self) -> Vec<&str> {
        match self {
            Self::Table(table) => table.grid.dropped(),
            _ => Vec::new(),
        }
    }
}

/// Rows of tables that were too small for a block wait for the widths that others need, so that columns are straight.
#[derive(Default)]
pub(crate) struct Beginning {
    /// The heading is written.
    began: bool,
    waiting: Cells,
}

/// What the takers of all threads share.
pub(crate) struct Shared<'s> {
    pub(crate) layout: &'s Layout,
    pub(crate) sink: &'s Sink,
    pub(crate) heading: bool,
    /// The table's beginning, which all threads shape.
    pub(crate) beginning: Mutex<Beginning>,
    pub(crate) rows: AtomicUsize,
    pub(crate) limit: Option<usize>,
    pub(crate) tally: Tally,
}

impl Shared<'_> {
    /// Counts a row. `false`: it is one too many.
    #[inline]
    fn count(&self, row: Row<'_, '_>) -> bool {
        let before = self.rows.fetch_add(1, atomic::Ordering::Relaxed);
        if self.limit.is_some_and(|limit| before >= limit) {
            self.rows.fetch_sub(1, atomic::Ordering::Relaxed);
            return false;
        }
        if let Row::Socket(row) = row {
            self.tally.add(row);
        }
        true
    }

    /// Lays out cells behind the heading and writes them. Blocks of the table go out in turn, so that the heading is first.
    pub(crate) fn write_cells(&self, table: &Table, cells: &mut Cells, out: &mut Vec<u8>) -> bool {
        let mut beginning = self.beginning.lock().unwrap_or_else(PoisonError::into_inner);
        if !beginning.began {
            // Nothing waits later on, and what is laid out widens its columns itself.
            table.grid.widen(&beginning.waiting);
            table.grid.widen(cells);
        }
        if !beginning.began && self.heading {
            table.grid.heading(out);
        }
        beginning.began = true;
        table.grid.lay_out(out, &mut beginning.waiting);
        table.grid.lay_out(out, cells);
        self.sink.write(out)
    }

    /// Keeps cells until the first block is written, or `finish`.
    fn wait(&self, table: &Table, cells: &mut Cells, out: &mut Vec<u8>) {
        let mut beginning = self.beginning.lock().unwrap_or_else(PoisonError::into_inner);
        if beginning.began {
            drop(beginning);
            self.write_cells(table, cells, out);
        } else {
            beginning.waiting.append(cells);
        }
    }

    /// Writes what waits, and the heading if there was no row and it is wanted.
    pub(crate) fn finish(&self, heading: bool) {
        let Layout::Table(table) = self.layout else { return };
        let (began, waits) = {
            let beginning = self.beginning.lock().unwrap_or_else(PoisonError::into_inner);
            (beginning.began, !beginning.waiting.is_empty())
        };
        let mut out = Vec::new();
        if waits {
            self.write_cells(table, &mut Cells::default(), &mut out);
        } else if !began && heading && self.heading {
            table.grid.heading(&mut out);
            self.sink.write(&mut out);
        }
    }
}

/// Writes rows as they come.
pub(crate) struct Stream<'s, 'w> {
    shared: &'s Shared<'w>,
    cells: Cells,
    out: Vec<u8>,
    line: Line,
    /// More rows are wanted.
    open: bool,
}

impl<'s, 'w> Stream<'s, 'w> {
    pub(crate) fn new(shared: &'s Shared<'w>) -> Self {
        Self {
            shared,
            cells: Cells::default(),
            out: Vec::with_capacity(BLOCK_LEN + BLOCK_LEN / 8),
            line: Line::default(),
            open: true,
        }
    }

    fn flush(&mut self) -> bool {
        match &self.shared.layout {
            Layout::Table(table) if !self.cells.is_empty() => {
                self.shared.write_cells(table, &mut self.cells, &mut self.out)
            }
            _ => self.shared.sink.write(&mut self.out),
        }
    }
}

impl Take for Stream<'_, '_> {
    #[inline]
    fn take(&mut self, row: Row<'_, '_>) -> bool {
        if !self.open || !self.shared.count(row) {
            self.open = false;
            return false;
        }
        let full = match self.shared.layout {
            Layout::Table(table) => {
                table.row(&mut self.cells, row);
                self.cells.len() >= BLOCK_LEN
            }
            Layout::Json(json, separator) => {
                self.out.extend_from_slice(separator);
                json.row(&mut self.out, &mut self.line, row);
                self.out.len() >= BLOCK_LEN
            }
            Layout::Csv(csv) => {
                csv.row(&mut self.out, row);
                self.out.len() >= BLOCK_LEN
            }
        };
        if full {
            self.open = self.flush();
        }
        self.open
    }

    fn end(&mut self) {
        match &self.shared.layout {
            Layout::Table(table) => self.shared.wait(table, &mut self.cells, &mut self.out),
            _ => drop(self.flush()),
        }
    }
}

/// Only counts.
pub(crate) struct Count<'s, 'w>(pub(crate) &'s Shared<'w>);

impl Take for Count<'_, '_> {
    fn take(&mut self, row: Row<'_, '_>) -> bool {
        self.0.count(row)
    }

    fn end(&mut self) {}
}

/// One key of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) field: FieldId,
    /// The largest first.
    pub(crate) descending: bool,
}

/// A value that can be put in order. What is absent stands last, whatever the direction.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    Number(i128),
    Text(Vec<u8>),
}

impl Key {
    pub(crate) fn of(value: &Value<'_>) -> Option<Self> {
        Some(match value {
            Value::Unsigned(number) | Value::Hexadecimal(number) | Value::Set { bits: number, .. } => {
                Self::Number((*number).into())
            }
            Value::Signed(number) => Self::Number((*number).into()),
            Value::Truth(truth) => Self::Number((*truth).into()),
            Value::Address(std::net::IpAddr::V4(address)) => Self::Number(address.to_bits().into()),
            Value::Address(std::net::IpAddr::V6(address)) => {
                // Behind all of IPv4, in their own order.
                Self::Text(address.octets().to_vec())
            }
            Value::SocketAddress(std::net::SocketAddr::V4(end)) => {
                Self::Number(i128::from(end.ip().to_bits()) << 16 | i128::from(end.port()))
            }
            Value::SocketAddress(std::net::SocketAddr::V6(end)) => {
                Self::Text([&end.ip().octets()[..], &end.port().to_be_bytes()].concat())
            }
            Value::List(values) => return values.first().and_then(Self::of),
            Value::Several(values) => return values.first().as_ref().and_then(Self::of),
            Value::Network { address: std::net::IpAddr::V4(address), prefix_len } => {
                Self::Number(i128::from(address.to_bits()) << 8 | i128::from(*prefix_len))
            }
            Value::Network { address: std::net::IpAddr::V6(address), prefix_len } => {
                Self::Text([&address.octets()[..], &[*prefix_len]].concat())
            }
            Value::Interface { name: Some(name), .. } => Self::Text(name.to_vec()),
            Value::Hexadecimal32(number) | Value::Interface { index: number, .. } | Value::Handle(number) => {
                Self::Number((*number).into())
            }
            Value::LinkAddress(bytes) | Value::Bytes(bytes) => Self::Text(bytes.to_vec()),
            other => Self::Text(other.as_text()?.to_vec()),
        })
    }

    /// Which of two keys comes first; that of a value which is absent comes last.
    pub(crate) fn compare(a: Option<&Self>, b: Option<&Self>, descending: bool) -> Ordering {
        match (a, b) {
            (Some(a), Some(b)) if descending => b.cmp(a),
            (Some(a), Some(b)) => a.cmp(b),
            (a, b) => b.is_some().cmp(&a.is_some()),
        }
    }
}

/// A row that waits for the others: its keys, and a copy of its message.
struct Kept {
    keys: Vec<Option<Key>>,
    origin: Origin,
    message: Box<[u8]>,
    place: usize,
}

/// Rows kept by all threads, to be put in order.
pub(crate) struct Sorted<'s> {
    orders: &'s [Order],
    limit: Option<usize>,
    kept: Mutex<Vec<Kept>>,
}

/// Rows over the limit that a thread keeps before it drops the last ones.
const SURPLUS: usize = 4096;

impl<'s> Sorted<'s> {
    pub(crate) fn new(orders: &'s [Order], limit: Option<usize>) -> Self {
        Self { orders, limit, kept: Mutex::default() }
    }

    /// The rows in order, each with the index of its place.
    pub(crate) fn into_rows(self) -> impl Iterator<Item = (usize, Origin, Box<[u8]>)> {
        let mut kept = self.kept.into_inner().unwrap_or_else(PoisonError::into_inner);
        sort(&mut kept, self.orders);
        kept.truncate(self.limit.unwrap_or(usize::MAX));
        kept.into_iter().map(|row| (row.place, row.origin, row.message))
    }
}

fn sort(kept: &mut [Kept], orders: &[Order]) {
    kept.sort_by(|a, b| {
        let keys = a.keys.iter().zip(&b.keys).zip(orders);
        keys.map(|((a, b), order)| Key::compare(a.as_ref(), b.as_ref(), order.descending))
            .find(|found| found.is_ne())
            .unwrap_or(Ordering::Equal)
    });
}

/// Keeps the rows of one thread.
pub(crate) struct Keep<'s> {
    sorted: &'s Sorted<'s>,
    kept: Vec<Kept>,
}

impl<'s> Keep<'s> {
    pub(crate) fn new(sorted: &'s Sorted<'s>) -> Self {
        Self { sorted, kept: Vec::new() }
    }
}

impl Take for Keep<'_> {
    fn take(&mut self, row: Row<'_, '_>) -> bool {
        let keys =
            self.sorted.orders.iter().map(|order| row.value(order.field).and_then(|value| Key::of(&value))).collect();
        self.kept.push(Kept { keys, origin: row.origin(), message: row.payload().into(), place: row.place() });
        if let Some(limit) = self.sorted.limit
            && self.kept.len() >= limit.saturating_add(SURPLUS)
        {
            sort(&mut self.kept, self.sorted.orders);
            self.kept.truncate(limit);
        }
        true
    }

    fn end(&mut self) {
        self.sorted.kept.lock().unwrap_or_else(PoisonError::into_inner).append(&mut self.kept);
    }
}
