//! Rows as CSV (RFC 4180): one column for each JSON key, quoted where it must be.

use sockeye_query::FieldId;
use sockeye_query::sockets::{Flat, Reader, SocketRow, Table as SocketTable, catalog};

use super::{unknown, value};
use crate::sockets::view::{self, Column, Kind};

/// The columns of a CSV listing.
pub(crate) struct Csv {
    fields: Vec<FieldId>,
    kinds: Vec<Kind>,
    readers: Vec<Vec<Option<Reader>>>,
}

impl Csv {
    /// A listing of these columns.
    pub(crate) fn new(columns: &[Column]) -> Self {
        let fields: Vec<_> = view::json_fields(columns);
        let readers = SocketTable::ALL
            .iter()
            .map(|&table| fields.iter().map(|&field| Reader::new(field, table)).collect())
            .collect();
        let kinds = fields.iter().map(|&field| Kind::of(field)).collect();
        Self { fields, kinds, readers }
    }

    /// Appends the heading: JSON keys with their objects, `tcp_info.rtt_us`.
    pub(crate) fn heading(&self, out: &mut Vec<u8>) {
        for (index, &field) in self.fields.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            out.extend_from_slice(key(field).as_bytes());
        }
        out.extend_from_slice(b"\r\n");
    }

    /// Appends a row.
    pub(crate) fn row(&self, out: &mut Vec<u8>, row: &SocketRow<'_>) {
        let mut text = Vec::new();
        for (index, reader) in self.readers[row.table as usize].iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            text.clear();
            let read = match reader {
                Some(Reader::Number(reader)) => reader.value(row),
                Some(Reader::Value(field)) => row.value(*field),
                None => None,
            };
            match read {
                Some(read) => value::text(&mut text, &read),
                None => unknown::text(&mut text, self.kinds[index], row),
            }
            quoted(out, &text);
        }
        out.extend_from_slice(b"\r\n");
    }
}

/// The JSON key of a field with the objects around it, apart by dots.
fn key(field: FieldId) -> String {
    let info = catalog().info(field);
    match (Kind::of(field), info.object()) {
        (Kind::Flat(Flat::Port), _) => "port".to_owned(),
        (_, "") => info.json.clone(),
        (_, object) => format!("{object}.{}", info.json),
    }
}

/// Appends groups, the count last.
pub(crate) fn groups(out: &mut Vec<u8>, fields: &[FieldId], groups: &[(Vec<Vec<u8>>, u64)], heading: bool) {
    if heading {
        for &field in fields {
            out.extend_from_slice(key(field).as_bytes());
            out.push(b',');
        }
        out.extend_from_slice(b"count\r\n");
    }
    for (texts, count) in groups {
        for text in texts {
            quoted(out, text);
            out.push(b',');
        }
        super::number::decimal(out, *count);
        out.extend_from_slice(b"\r\n");
    }
}

/// A value, in quotes where it holds a separator, a quote or a blank at its edge.
fn quoted(out: &mut Vec<u8>, text: &[u8]) {
    let plain = !text.iter().any(|byte| matches!(byte, b',' | b'"' | b'\r' | b'\n')) && text.first() != Some(&b' ');
    if plain {
        out.extend_from_slice(text);
        return;
    }
    out.push(b'"');
    for &byte in text {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    #[test]
    fn separators_and_quotes_are_quoted() {
        let mut out = Vec::new();
        super::quoted(&mut out, br#"a "b", c"#);
        assert_eq!(out, br#""a ""b"", c""#);
    }
}
