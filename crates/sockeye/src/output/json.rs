//! Rows as JSON objects: flat keys, and one object for each structure of the kernel.

use sockeye_query::sockets::{self, Flat, OwnerPart, Reader, SocketRow, Table, attribute_of, catalog};
use sockeye_query::{Catalog, FieldId, Value};

use super::record::Records;
use super::run::{Line, Run};
use super::{unknown, value};
use crate::rows::Row;
use crate::sockets::view::{self, Column, Kind};

/// The objects of a listing.
pub(crate) enum Json {
    /// Objects of sockets, laid out once for each table.
    Sockets(Vec<Vec<Node>>),
    /// Objects of records.
    Records(Records),
}

/// A part of an object.
pub(crate) enum Node {
    /// Numbers of one structure.
    Run(Run),
    /// Any other value, with its bare key, and the attribute without which it is not there.
    Value { key: String, field: FieldId, attribute: Option<u16> },
    /// An object of its own; not written where nothing in it is.
    Object { key: Box<[u8]>, nodes: Vec<Node> },
    /// Owners, as a list of objects.
    Owners { key: &'static str, parts: Vec<(OwnerPart, FieldId)> },
}

impl Json {
    /// Objects of these columns.
    pub(crate) fn new(columns: &[Column]) -> Self {
        let tables = Table::ALL.iter().map(|&table| nodes(columns, table)).collect();
        Self::Sockets(tables)
    }

    /// Appends a row as an object.
    #[inline]
    pub(crate) fn row(&self, out: &mut Vec<u8>, line: &mut Line, row: Row<'_, '_>) {
        let start = out.len();
        match (self, row) {
            (Self::Sockets(tables), Row::Socket(row)) => {
                for node in &tables[row.table as usize] {
                    node.write(out, line, row);
                }
            }
            (Self::Records(records), Row::Record(row)) => records.members(out, row),
            _ => {}
        }
        // Every member begins with a comma: that of the first becomes the bracket of the object.
        match out.get_mut(start) {
            Some(comma) => *comma = b'{',
            None => out.push(b'{'),
        }
        out.push(b'}');
    }
}

fn nodes(columns: &[Column], table: Table) -> Vec<Node> {
    let mut nodes = Vec::new();
    for field in view::json_fields(columns) {
        add(&mut nodes, field, table);
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
        (Kind::Flat(Flat::Owner(part)), _) => return add_owner(place, "owners", part, field),
        (Kind::Flat(Flat::PeerOwner(part)), _) => return add_owner(place, "peer_owners", part, field),
        (_, Reader::Number(reader)) => {
            let key = format!(",\"{}\":", info.json);
            if let Some(Node::Run(run)) = place.last_mut()
                && run.push(key.as_bytes(), reader)
            {
                return;
            }
            match Run::new(key.as_bytes(), reader) {
                Some(run) => Node::Run(run),
                None => Node::Value { key: info.json.clone(), field, attribute: attribute_of(field, table) },
            }
        }
        (_, Reader::Value(field)) => {
            Node::Value { key: info.json.clone(), field, attribute: attribute_of(field, table) }
        }
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
    fn write(&self, out: &mut Vec<u8>, line: &mut Line, row: &SocketRow<'_>) {
        match self {
            Self::Run(run) => run.write(out, line, row),
            // Most rows lack most of the rare attributes: that is seen here without looking for the field.
            Self::Value { attribute: Some(number), .. } if row.slots.payload(*number).is_none() => {}
            Self::Value { key, field, .. } => {
                if let Some(read) = row.value(*field).filter(is_named) {
                    out.push(b',');
                    value::json_entry(out, key, &read);
                }
            }
            Self::Object { key, nodes } => {
                let start = out.len();
                out.extend_from_slice(key);
                let first = out.len();
                for node in nodes {
                    node.write(out, line, row);
                }
                if out.len() == first {
                    out.truncate(start);
                } else {
                    // The comma of the first member becomes the bracket of the object.
                    out[first] = b'{';
                    out.push(b'}');
                }
            }
            Self::Owners { key, parts } => write_owners(out, key, parts, row, false),
        }
    }
}

/// Whether the value is no interface that is gone: of such a one `ifindex` says what is known.
fn is_named(value: &Value<'_>) -> bool {
    !matches!(value, Value::Interface { name: None, .. })
}

/// Owners are read part by part; each part is a list in the same order.
fn write_owners(out: &mut Vec<u8>, key: &str, parts: &[(OwnerPart, FieldId)], row: &SocketRow<'_>, once: bool) {
    let lists: Vec<_> = parts.iter().map(|&(_, field)| row.value(field)).collect();
    let Some(Some(Value::List(first))) = lists.first() else {
        if let Some(reason) = parts.first().and_then(|&(_, field)| unknown::reason(Kind::of(field), row)) {
            out.push(b',');
            value::json_entry(out, &format!("{key}_unknown"), &Value::Text(reason.as_bytes()));
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
    let mut said: Vec<Vec<(&str, &Value<'_>)>> = Vec::new();
    out.extend_from_slice(format!(",\"{key}\":[").as_bytes());
    for entries in members {
        // One process can hold a socket by several descriptors: what is known of a group is said once.
        if once && said.contains(&entries) {
            continue;
        }
        let index = said.len();
        said.push(entries.clone());
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

/// What a field is in the object of a group.
pub(crate) enum GroupKey {
    /// A member of this key.
    Member(&'static str),
    /// With all other parts of owners a list of objects, as in a row.
    Owners { key: &'static str, parts: Vec<(OwnerPart, FieldId)> },
    /// A part of owners that stands in the list already.
    InOwners,
}

impl GroupKey {
    /// The keys of these fields of a catalog, one for each.
    pub(crate) fn of(catalog: &'static Catalog, fields: &[FieldId]) -> Vec<Self> {
        let is_of_sockets = std::ptr::eq(catalog, sockets::catalog());
        let owner = |field| match Kind::of(field) {
            Kind::Flat(Flat::Owner(part)) if is_of_sockets => Some(("owners", part)),
            Kind::Flat(Flat::PeerOwner(part)) if is_of_sockets => Some(("peer_owners", part)),
            _ => None,
        };
        let mut keys: Vec<Self> = Vec::with_capacity(fields.len());
        for &field in fields {
            let Some((wanted, part)) = owner(field) else {
                let info = catalog.info(field);
                // Either port has no key of its own in a row.
                keys.push(Self::Member(if info.json.is_empty() { &info.path } else { &info.json }));
                continue;
            };
            let known = keys.iter_mut().find_map(|key| match key {
                Self::Owners { key, parts } if *key == wanted => Some(parts),
                _ => None,
            });
            match known {
                Some(parts) => {
                    parts.push((part, field));
                    keys.push(Self::InOwners);
                }
                None => keys.push(Self::Owners { key: wanted, parts: vec![(part, field)] }),
            }
        }
        keys
    }

    /// Appends the member of a group's object for one field, comma last; nothing where the row does not have it.
    pub(crate) fn write(&self, out: &mut Vec<u8>, field: FieldId, row: Row<'_, '_>) {
        let start = out.len();
        match (self, row) {
            (Self::Member(key), _) => {
                let of_socket = matches!(row, Row::Socket(_));
                let Some(value) = row.value(field).filter(|value| !of_socket || is_named(value)) else { return };
                value::json_entry(out, key, &once(value));
            }
            (Self::Owners { key, parts }, Row::Socket(row)) => write_owners(out, key, parts, row, true),
            _ => {}
        }
        // Members of a row have their comma before them.
        if out.get(start) == Some(&b',') {
            out.remove(start);
        }
        if out.len() > start {
            out.push(b',');
        }
    }
}

/// Of several values each once.
fn once(value: Value<'_>) -> Value<'_> {
    let Value::List(values) = value else { return value };
    let mut said: Vec<Value<'_>> = Vec::with_capacity(values.len());
    for value in values {
        if !said.contains(&value) {
            said.push(value);
        }
    }
    Value::List(said)
}

/// Where the members of a group's object stand in it: in objects, as those of a row.
enum GroupNode {
    /// The member of this field of the grouping.
    Member(usize),
    Object {
        key: String,
        nodes: Vec<GroupNode>,
    },
}

impl GroupNode {
    fn of(catalog: &Catalog, fields: &[FieldId]) -> Vec<Self> {
        let mut nodes = Vec::new();
        for (index, &field) in fields.iter().enumerate() {
            Self::add(&mut nodes, catalog.info(field).object(), index);
        }
        nodes
    }

    fn add(mut place: &mut Vec<Self>, object: &str, index: usize) {
        for name in object.split('.').filter(|name| !name.is_empty()) {
            let known = place.iter().position(|node| matches!(node, Self::Object { key, .. } if key == name));
            let at = known.unwrap_or_else(|| {
                place.push(Self::Object { key: name.to_owned(), nodes: Vec::new() });
                place.len() - 1
            });
            let Self::Object { nodes, .. } = &mut place[at] else { return };
            place = nodes;
        }
        place.push(Self::Member(index));
    }

    /// Appends what stands here of the members, comma last; nothing where none is there.
    fn write(&self, out: &mut Vec<u8>, members: &[Vec<u8>]) {
        match self {
            Self::Member(index) => out.extend_from_slice(&members[*index]),
            Self::Object { key, nodes } => {
                let start = out.len();
                out.extend_from_slice(format!("\"{key}\":{{").as_bytes());
                let first = out.len();
                for node in nodes {
                    node.write(out, members);
                }
                if out.len() == first {
                    out.truncate(start);
                } else {
                    // The comma of the last member becomes the bracket of the object.
                    out.pop();
                    out.extend_from_slice(b"},");
                }
            }
        }
    }
}

/// Appends groups, whose members are written already: for JSON the members of the document, for NDJSON one object a line.
pub(crate) fn groups(
    out: &mut Vec<u8>,
    catalog: &Catalog,
    fields: &[FieldId],
    groups: &[(Vec<Vec<u8>>, u64)],
    document: bool,
) {
    let nodes = GroupNode::of(catalog, fields);
    if document {
        out.extend_from_slice(b"{\"schema\":1,\"groups\":[");
    }
    for (index, (members, count)) in groups.iter().enumerate() {
        if document && index > 0 {
            out.extend_from_slice(b",\n");
        }
        out.push(b'{');
        for node in &nodes {
            node.write(out, members);
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
