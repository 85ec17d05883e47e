//! Rows as a table for people: what stands in each cell.

use std::mem::discriminant;

use sockeye_query::sockets::{self, Flat, Reader, SocketRow, Table as SocketTable};
use sockeye_query::{FieldId, FieldKind, Value};
use sockeye_wire::Meaning;
use sockeye_wire::sock_diag::state::State;

use super::grid::{Cells, Grid, Heading};
use super::names::Resolver;
use super::{escape, number, unknown, value};
use crate::rows::Row;
use crate::sockets::view::{Column, Kind};

/// A table, shared by the threads that fill it.
pub(crate) struct Table {
    /// The lines.
    pub(crate) grid: Grid,
    maker: Maker,
}

/// What makes the cells.
enum Maker {
    Sockets(Sockets),
    Records(Vec<FieldId>),
}

/// Cells of sockets.
struct Sockets {
    columns: Vec<Column>,
    readers: Vec<Vec<Option<Reader>>>,
    /// Which columns say in words that owners are unknown. It takes room: those beside them show a mark.
    explains: Vec<bool>,
    /// Names instead of numbers, where they are wanted.
    names: Option<Resolver>,
}

impl Table {
    /// A table of sockets with these columns, to fit a terminal of that width.
    pub(crate) fn new(columns: Vec<Column>, terminal: Option<usize>, colour: bool, names: Option<Resolver>) -> Self {
        let readers = SocketTable::ALL
            .iter()
            .map(|&table| columns.iter().map(|column| Reader::new(column.field, table)).collect())
            .collect();
        let explains = (0..columns.len()).map(|index| is_first_of_owners(&columns, index)).collect();
        let grid = Grid::new(headings(&columns), terminal, colour);
        Self { grid, maker: Maker::Sockets(Sockets { columns, readers, explains, names }) }
    }

    /// A table of records with these columns.
    pub(crate) fn of_records(columns: &[Column], terminal: Option<usize>, colour: bool) -> Self {
        let fields = columns.iter().map(|column| column.field).collect();
        Self { grid: Grid::new(headings(columns), terminal, colour), maker: Maker::Records(fields) }
    }

    /// Appends a row's cells.
    #[inline]
    pub(crate) fn row(&self, cells: &mut Cells, row: Row<'_, '_>) {
        match (&self.maker, row) {
            (Maker::Sockets(sockets), Row::Socket(row)) => sockets.row(cells, row),
            (Maker::Records(fields), row) => {
                for &field in fields {
                    let start = cells.len();
                    if let Some(read) = row.value(field) {
                        several(cells.cell(), &read);
                    }
                    cells.end_cell(start);
                }
                cells.end_row(None);
            }
            (Maker::Sockets(_), Row::Record(_)) => {}
        }
    }
}

fn headings(columns: &[Column]) -> Vec<Heading> {
    let heading =
        |column: &Column| Heading { title: column.title.clone(), sacrifice: column.sacrifice, right: column.right };
    columns.iter().map(heading).collect()
}

impl Sockets {
    /// Appends a row's cells.
    #[inline]
    fn row(&self, cells: &mut Cells, row: &SocketRow<'_>) {
        let readers = &self.readers[row.table as usize];
        for (index, reader) in readers.iter().enumerate() {
            let start = cells.len();
            if let Some(reader) = reader {
                self.cell(cells.cell(), index, reader, row);
            }
            cells.end_cell(start);
        }
        cells.end_row(row.state().and_then(colour_of));
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
pub(crate) fn duration(out: &mut Vec<u8>, microseconds: u64) {
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

/// The value of a field that rows are grouped by, exact: what a row would round is not one group. With its unit, where
/// rows have that.
pub(crate) fn group_cell(out: &mut Vec<u8>, field: FieldId, row: Row<'_, '_>, units: bool) {
    match (row.value(field), row) {
        (Some(read @ (Value::Unsigned(_) | Value::Signed(_))), Row::Socket(_)) if units => {
            value::text(out, &read);
            out.extend_from_slice(match sockets::catalog().info(field).kind {
                FieldKind::Number(Meaning::Microseconds) => "us".as_bytes(),
                FieldKind::Number(meaning @ (Meaning::Milliseconds | Meaning::Seconds)) => meaning.unit().as_bytes(),
                _ => b"",
            });
        }
        (Some(read), _) => several(out, &read),
        (None, Row::Socket(row)) => unknown::text(out, Kind::of(field), row),
        (None, Row::Record(_)) => {}
    }
}

/// An address with its port: `10.0.0.1:22`, `[::1]:22`, `*:22` where IPv6 takes IPv4 as well.
#[inline]
pub(crate) fn endpoint(out: &mut Vec<u8>, row: &SocketRow<'_>, address: Flat, port: Flat, names: Option<&Resolver>) {
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
                && let Some(interface) = row.flat(Flat::Interface)
            {
                out.push(b'%');
                value::text(out, &interface);
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
