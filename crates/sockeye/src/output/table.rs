//! Rows as a table for people.
//!
//! Rows stream: the first ones decide how wide the columns are, later ones widen them where they must. Nothing is cut
//! off. On a terminal that is too narrow, columns fall away by what they are worth.

use std::mem::discriminant;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use sockeye_query::sockets::{Flat, Reader, SocketRow, Table as SocketTable};
use sockeye_query::{FieldId, Value};
use sockeye_wire::Meaning;
use sockeye_wire::sock_diag::state::State;

use super::names::Resolver;
use super::{escape, number, unknown, value};
use crate::sockets::view::{Column, Kind};

/// What stands where there is no value.
const NOTHING: &[u8] = b"-";
/// Blanks between columns.
const GAP: usize = 2;

/// A table, shared by the threads that fill it.
pub(crate) struct Table {
    columns: Vec<Column>,
    readers: Vec<Vec<Option<Reader>>>,
    /// Which columns say in words that owners are unknown. It takes room: those beside them show a mark.
    explains: Vec<bool>,
    /// Widest cell of each column so far.
    widths: Vec<AtomicUsize>,
    /// Columns that are shown, decided with the first rows.
    shown: OnceLock<Vec<usize>>,
    /// Columns of the terminal; `None`: all columns are shown.
    terminal: Option<usize>,
    colour: bool,
    /// Names instead of numbers, where they are wanted.
    names: Option<Resolver>,
}

/// Cells of rows that are not laid out yet.
#[derive(Default)]
pub(crate) struct Cells {
    bytes: Vec<u8>,
    /// End of each cell, row after row.
    ends: Vec<u32>,
    /// State of each row, for its colour.
    states: Vec<Option<State>>,
}

impl Cells {
    /// Bytes of text that are held.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.states.is_empty()
    }

    /// Moves the cells of other rows behind these.
    pub(crate) fn append(&mut self, other: &mut Self) {
        let before = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        self.ends.extend(other.ends.drain(..).map(|end| end.saturating_add(before)));
        self.bytes.append(&mut other.bytes);
        self.states.append(&mut other.states);
    }
}

impl Table {
    /// A table of these columns, to fit a terminal of that width.
    pub(crate) fn new(columns: Vec<Column>, terminal: Option<usize>, colour: bool, names: Option<Resolver>) -> Self {
        let readers = SocketTable::ALL
            .iter()
            .map(|&table| columns.iter().map(|column| Reader::new(column.field, table)).collect())
            .collect();
        let widths = columns.iter().map(|column| AtomicUsize::new(column.title.len())).collect();
        let explains = (0..columns.len()).map(|index| is_first_of_owners(&columns, index)).collect();
        Self { columns, readers, explains, widths, shown: OnceLock::new(), terminal, colour, names }
    }

    /// Appends a row's cells.
    #[inline]
    pub(crate) fn row(&self, cells: &mut Cells, row: &SocketRow<'_>) {
        let readers = &self.readers[row.table as usize];
        for (index, reader) in readers.iter().enumerate() {
            let start = cells.bytes.len();
            if let Some(reader) = reader {
                self.cell(&mut cells.bytes, index, reader, row);
            }
            if cells.bytes.len() == start {
                cells.bytes.extend_from_slice(NOTHING);
            }
            cells.ends.push(u32::try_from(cells.bytes.len()).unwrap_or(u32::MAX));
        }
        cells.states.push(row.state());
    }

    /// Appends cells that were made elsewhere: a row of a grouping.
    pub(crate) fn texts(cells: &mut Cells, texts: &[Vec<u8>]) {
        for text in texts {
            cells.bytes.extend_from_slice(if text.is_empty() { NOTHING } else { text });
            cells.ends.push(u32::try_from(cells.bytes.len()).unwrap_or(u32::MAX));
        }
        cells.states.push(None);
    }

    /// Lays out the cells as lines and empties them.
    pub(crate) fn lay_out(&self, out: &mut Vec<u8>, cells: &mut Cells) {
        self.widen(cells);
        let shown = self.shown.get_or_init(|| self.choose());
        let widths: Vec<_> = self.widths.iter().map(|width| width.load(Ordering::Relaxed)).collect();
        let last = shown.last().copied();
        for (row, ends) in cells.ends.chunks_exact(self.columns.len()).enumerate() {
            let row_start = if row == 0 { 0 } else { cells.ends[row * self.columns.len() - 1] as usize };
            let colour = self.colour.then(|| cells.states[row].and_then(colour_of)).flatten();
            if let Some(colour) = colour {
                out.extend_from_slice(colour);
            }
            for &column in shown {
                let start = if column == 0 { row_start } else { ends[column - 1] as usize };
                let text = &cells.bytes[start..ends[column] as usize];
                self.pad(out, text, column, widths[column], Some(column) == last);
            }
            if colour.is_some() {
                out.extend_from_slice(b"\x1b[0m");
            }
            out.push(b'\n');
        }
        cells.bytes.clear();
        cells.ends.clear();
        cells.states.clear();
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

    /// One cell.
    #[inline]
    fn cell(&self, out: &mut Vec<u8>, index: usize, reader: &Reader, row: &SocketRow<'_>) {
        let kind = self.columns[index].kind;
        match kind {
            Kind::Flat(Flat::Proto) => out.extend_from_slice(row.table.name().as_bytes()),
            Kind::Flat(Flat::State) => match row.state() {
                Some(State::Unknown(number)) => number::decimal(out, number.into()),
                Some(state) => out.extend_from_slice(state.name().as_bytes()),
                None => {}
            },
            Kind::Flat(Flat::Local) => endpoint(out, row, Flat::Local, Flat::LocalPort, self.names.as_ref()),
            Kind::Flat(Flat::Peer) => endpoint(out, row, Flat::Peer, Flat::PeerPort, self.names.as_ref()),
            Kind::Flat(Flat::RecvQueue) if row.state() == Some(State::Listening) => {
                // The queue against its limit: what an administrator looks for.
                if let (Some(queue), Some(limit)) =
                    (row.flat_number(Flat::AcceptQueue), row.flat_number(Flat::AcceptQueueLimit))
                {
                    number::decimal(out, queue);
                    out.push(b'/');
                    number::decimal(out, limit);
                }
            }
            Kind::Flat(Flat::SendQueue) if row.state() == Some(State::Listening) => {}
            Kind::Flat(flat @ (Flat::RecvQueue | Flat::SendQueue)) => {
                if let Some(read) = row.flat_number(flat) {
                    number::decimal(out, read);
                }
            }
            _ => match reader {
                Reader::Number(reader) => {
                    if let Some(read) = reader.read(row) {
                        match reader.meaning {
                            Meaning::Count | Meaning::Bytes | Meaning::Identifier if !reader.is_signed() => {
                                number::decimal(out, read);
                            }
                            Meaning::Microseconds => duration(out, read),
                            meaning @ (Meaning::Milliseconds | Meaning::Seconds) => {
                                number::decimal(out, read);
                                out.extend_from_slice(meaning.unit().as_bytes());
                            }
                            _ => {
                                if let Some(read) = reader.value(row) {
                                    value::text(out, &read);
                                }
                            }
                        }
                    }
                }
                Reader::Value(field) => match row.value(*field) {
                    Some(read) => several(out, &read),
                    None if self.explains[index] => unknown::text(out, kind, row),
                    None => unknown::mark(out, kind, row),
                },
            },
        }
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

/// Whether no column before this one, which falls away no sooner, speaks of the same owners: those of the socket, or those
/// of its other end.
fn is_first_of_owners(columns: &[Column], index: usize) -> bool {
    let column = &columns[index];
    let is_same = |other: &Column| match (other.kind, column.kind) {
        (Kind::Flat(other), Kind::Flat(own)) => discriminant(&other) == discriminant(&own),
        _ => false,
    };
    !columns[..index].iter().any(|other| is_same(other) && other.sacrifice <= column.sacrifice)
}

/// Colours say where to look: listening sockets stand out, what is on its way out steps back.
fn colour_of(state: State) -> Option<&'static [u8]> {
    match state {
        State::Listening => Some(b"\x1b[32m"),
        State::SynSent | State::SynReceived => Some(b"\x1b[33m"),
        State::CloseWait | State::LastAck | State::Closing => Some(b"\x1b[31m"),
        State::TimeWait | State::FinWait1 | State::FinWait2 => Some(b"\x1b[2m"),
        _ => None,
    }
}

/// Microseconds as people read them: `850us`, `1.2ms`, `3.1s`.
fn duration(out: &mut Vec<u8>, microseconds: u64) {
    let (scaled, unit) = match microseconds {
        0..1_000 => return tail(out, microseconds, b"us"),
        1_000..1_000_000 => (microseconds / 100, b"ms".as_slice()),
        _ => (microseconds / 100_000, b"s".as_slice()),
    };
    if scaled >= 1_000 {
        return tail(out, scaled / 10, unit);
    }
    number::decimal(out, scaled / 10);
    out.push(b'.');
    tail(out, scaled % 10, unit);
}

fn tail(out: &mut Vec<u8>, number: u64, unit: &[u8]) {
    number::decimal(out, number);
    out.extend_from_slice(unit);
}

/// Owners of one socket are often one process with several descriptors: each value is said once.
fn several(out: &mut Vec<u8>, read: &Value<'_>) {
    match read {
        Value::List(values) => {
            let mut said: Vec<&Value<'_>> = Vec::new();
            for value in values.iter().filter(|value| !matches!(value, Value::List(empty) if empty.is_empty())) {
                if said.contains(&value) {
                    continue;
                }
                if !said.is_empty() {
                    out.push(b',');
                }
                value::text(out, value);
                said.push(value);
            }
        }
        other => value::text(out, other),
    }
}

/// The value of a field that rows are grouped by.
pub(crate) fn group_cell(out: &mut Vec<u8>, field: FieldId, row: &SocketRow<'_>) {
    match row.value(field) {
        Some(read) => several(out, &read),
        None => unknown::text(out, Kind::of(field), row),
    }
}

/// An address with its port: `10.0.0.1:22`, `[::1]:22`, `*:22` where IPv6 takes IPv4 as well.
#[inline]
fn endpoint(out: &mut Vec<u8>, row: &SocketRow<'_>, address: Flat, port: Flat, names: Option<&Resolver>) {
    let port = row.flat_number(port);
    match row.flat(address) {
        Some(Value::Address(ip)) => {
            let no_peer = address == Flat::Peer && ip.is_unspecified() && port == Some(0);
            if no_peer {
                out.push(b'*');
                return;
            }
            if let Some(name) = names.and_then(|names| names.host(ip)) {
                escape::text(out, name.as_bytes());
            } else if ip.is_ipv6() {
                out.push(b'[');
                number::address(out, ip);
                out.push(b']');
            } else {
                number::address(out, ip);
            }
            if address == Flat::Local
                && let Some(Value::Owned(name)) = row.flat(Flat::Interface)
            {
                out.push(b'%');
                escape::text(out, &name);
            }
            out.push(b':');
            match port {
                Some(0) | None => out.push(b'*'),
                Some(port) => match names.zip(u16::try_from(port).ok()).and_then(|(names, port)| names.service(port)) {
                    Some(name) => escape::text(out, name.as_bytes()),
                    None => number::decimal(out, port),
                },
            }
        }
        Some(other) => {
            value::text(out, &other);
            if let Some(port) = port {
                out.push(b':');
                number::decimal(out, port);
            }
        }
        None => {
            if let Some(port) = port {
                number::decimal(out, port);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn as_duration(microseconds: u64) -> String {
        let mut out = Vec::new();
        duration(&mut out, microseconds);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn durations_keep_two_or_three_digits() {
        let seen = [0, 999, 1_000, 1_250, 99_949, 100_000, 999_999, 1_000_000, 61_500_000].map(as_duration);
        assert_eq!(seen, ["0us", "999us", "1.0ms", "1.2ms", "99.9ms", "100ms", "999ms", "1.0s", "61.5s"]);
    }
}
