//! Rows as JSON objects: flat keys, and one object for each structure of the kernel.

use sockeye_query::sockets::{Flat, OwnerPart, Reader, SocketRow, Table, catalog};
use sockeye_query::{FieldId, Value};
use sockeye_wire::Meaning;

use super::{number, value};
use crate::sockets::view::{Column, Kind};

/// The objects of a listing, laid out once for each table.
pub(crate) struct Json {
    tables: Vec<Vec<Node>>,
}

/// A part of an object.
enum Node {
    /// A number, with its key as it is written, comma and all.
    Number { key: Box<[u8]>, reader: sockeye_query::sockets::NumberReader },
    /// Any other value, with its bare key.
    Value { key: String, field: FieldId },
    /// The queues, whose keys depend on the state.
    Queue { key: &'static str, listening_key: &'static str, field: FieldId },
    /// An object of its own; not written where nothing in it is.
    Object { key: Box<[u8]>, nodes: Vec<Node> },
    /// Owners, as a list of objects.
    Owners { key: &'static str, parts: Vec<(OwnerPart, FieldId)> },
}

impl Json {
    /// Objects of these columns.
    pub(crate) fn new(columns: &[Column]) -> Self {
        let tables = Table::ALL.iter().map(|&table| nodes(columns, table)).collect();
        Self { tables }
    }

    /// Appends a row as an object.
    #[inline]
    pub(crate) fn row(&self, out: &mut Vec<u8>, row: &SocketRow<'_>) {
        let start = out.len();
        out.push(b'{');
        self.members(out, row);
        debug_assert!(out.len() > start);
        out.push(b'}');
    }

    /// Appends the members of a row's object.
    fn members(&self, out: &mut Vec<u8>, row: &SocketRow<'_>) {
        let start = out.len();
        for node in &self.tables[row.table as usize] {
            node.write(out, row);
        }
        // Every member begins with a comma; the first has none.
        if out.len() > start {
            out.remove(start);
        }
    }
}

fn nodes(columns: &[Column], table: Table) -> Vec<Node> {
    let mut nodes = Vec::new();
    for column in columns {
        for field in column.json_fields() {
            add(&mut nodes, field, table);
        }
    }
    nodes
}

fn add(nodes: &mut Vec<Node>, field: FieldId, table: Table) {
    let info = catalog().info(field);
    let Some(reader) = Reader::new(field, table) else { return };
    let mut place = nodes;
    for name in info.object().split('.').filter(|name| !name.is_empty()) {
        let key: Box<[u8]> = format!(",\"{name}\":").into_bytes().into();
        let known = place.iter().position(|node| matches!(node, Node::Object { key: found, .. } if *found == key));
        let at = known.unwrap_or_else(|| {
            place.push(Node::Object { key, nodes: Vec::new() });
            place.len() - 1
        });
        let Node::Object { nodes, .. } = &mut place[at] else { return };
        place = nodes;
    }
    let node = match (Kind::of(field), reader) {
        (Kind::Flat(Flat::RecvQueue), _) => {
            Node::Queue { key: "recv_queue_bytes", listening_key: "accept_queue", field }
        }
        (Kind::Flat(Flat::SendQueue), _) => {
            Node::Queue { key: "send_queue_bytes", listening_key: "accept_queue_limit", field }
        }
        // Said by the queues themselves.
        (Kind::Flat(Flat::AcceptQueue | Flat::AcceptQueueLimit | Flat::Port), _) => return,
        (Kind::Flat(Flat::Owner(part)), _) => return add_owner(place, "owners", part, field),
        (Kind::Flat(Flat::PeerOwner(part)), _) => return add_owner(place, "peer_owners", part, field),
        (_, Reader::Number(reader)) => Node::Number { key: format!(",\"{}\":", info.json).into_bytes().into(), reader },
        (_, Reader::Value(field)) => Node::Value { key: info.json.clone(), field },
    };
    place.push(node);
}

fn add_owner(nodes: &mut Vec<Node>, wanted: &'static str, part: OwnerPart, field: FieldId) {
    for node in nodes.iter_mut() {
        if let Node::Owners { key, parts } = node
            && *key == wanted
        {
            parts.push((part, field));
            return;
        }
    }
    nodes.push(Node::Owners { key: wanted, parts: vec![(part, field)] });
}

impl Node {
    fn write(&self, out: &mut Vec<u8>, row: &SocketRow<'_>) {
        match self {
            Self::Number { key, reader } => {
                if let Some(read) = reader.read(row) {
                    out.extend_from_slice(key);
                    match reader.meaning {
                        Meaning::Hexadecimal | Meaning::Truth | Meaning::OneOf(_) | Meaning::SetOf(_) => {
                            if let Some(read) = reader.value(row) {
                                value::json(out, &read);
                            }
                        }
                        _ if reader.is_signed() => number::signed(out, read.cast_signed()),
                        _ => number::decimal(out, read),
                    }
                }
            }
            Self::Value { key, field } => {
                if let Some(read) = row.value(*field) {
                    out.push(b',');
                    value::json_entry(out, key, &read);
                }
            }
            Self::Queue { key, listening_key, field } => {
                if let Some(read) = row.value(*field) {
                    let listening = row.state() == Some(sockeye_wire::sock_diag::state::State::Listening);
                    out.push(b',');
                    value::json_entry(out, if listening { listening_key } else { key }, &read);
                }
            }
            Self::Object { key, nodes } => {
                let start = out.len();
                out.extend_from_slice(key);
                let first = out.len();
                for node in nodes {
                    node.write(out, row);
                }
                if out.len() == first {
                    out.truncate(start);
                } else {
                    // The comma of the first member becomes the bracket of the object.
                    out[first] = b'{';
                    out.push(b'}');
                }
            }
            Self::Owners { key, parts } => write_owners(out, key, parts, row),
        }
    }
}

/// Owners are read part by part; each part is a list in the same order.
fn write_owners(out: &mut Vec<u8>, key: &str, parts: &[(OwnerPart, FieldId)], row: &SocketRow<'_>) {
    let lists: Vec<_> = parts.iter().map(|&(_, field)| row.value(field)).collect();
    let Some(Some(Value::List(first))) = lists.first() else {
        // A socket without inode belongs to no process: there is nothing to be known.
        if row.flat_number(Flat::Inode).is_some()
            && let Some(reason) = row.surroundings.owners_unknown()
        {
            out.push(b',');
            value::json_entry(out, &format!("{key}_unknown"), &Value::Owned(reason.into_bytes()));
        }
        return;
    };
    let members = (0..first.len()).map(|index| {
        let entries = parts.iter().zip(&lists).filter_map(|(&(_, field), list)| {
            let Some(Value::List(values)) = list else { return None };
            let value = values.get(index)?;
            // A part that this owner does not have is an empty list.
            (!matches!(value, Value::List(empty) if empty.is_empty()))
                .then(|| (catalog().info(field).json.trim_start_matches("peer_"), value))
        });
        entries.collect::<Vec<_>>()
    });
    out.extend_from_slice(format!(",\"{key}\":[").as_bytes());
    for (index, entries) in members.enumerate() {
        out.extend_from_slice(if index == 0 { b"{" } else { b",{" });
        for (place, (key, value)) in entries.into_iter().enumerate() {
            if place > 0 {
                out.push(b',');
            }
            value::json_entry(out, key, value);
        }
        out.push(b'}');
    }
    out.push(b']');
}

/// Appends groups: for JSON the members of the document, for NDJSON one object a line.
pub(crate) fn groups(out: &mut Vec<u8>, keys: &[&str], groups: &[(Vec<Vec<u8>>, u64)], document: bool) {
    if document {
        out.extend_from_slice(b"{\"schema\":1,\"groups\":[");
    }
    for (index, (texts, count)) in groups.iter().enumerate() {
        if document && index > 0 {
            out.extend_from_slice(b",\n");
        }
        out.push(b'{');
        for (key, text) in keys.iter().zip(texts).filter(|(_, text)| !text.is_empty()) {
            value::json_entry(out, key, &Value::Text(text));
            out.push(b',');
        }
        value::json_entry(out, "count", &Value::Unsigned(*count));
        out.push(b'}');
        if !document {
            out.push(b'\n');
        }
    }
    if document {
        out.push(b']');
    }
}
