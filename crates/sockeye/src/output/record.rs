//! Records of rtnetlink as JSON objects: everything that the kernel said, or the fields that were asked for.

use sockeye_query::rtnetlink::Row;
use sockeye_query::{Catalog, FieldId};

use super::value;
use crate::sockets::view::Column;

/// What stands in the objects.
pub(crate) enum Records {
    /// Everything.
    Everything,
    /// These fields, in the objects that their names begin with.
    Fields(Vec<Node>),
}

/// A part of an object.
pub(crate) enum Node {
    Value { key: String, field: FieldId },
    Object { key: String, nodes: Vec<Node> },
}

impl Records {
    /// Objects with these columns alone.
    pub(crate) fn fields(catalog: &Catalog, columns: &[Column]) -> Self {
        let mut nodes = Vec::new();
        for column in columns {
            let info = catalog.info(column.field);
            let place = info.object().split('.').filter(|name| !name.is_empty()).fold(&mut nodes, object);
            // What says again what stands elsewhere has no key in a whole record.
            let key = if info.json.is_empty() { info.path.clone() } else { info.json.clone() };
            place.push(Node::Value { key, field: column.field });
        }
        Self::Fields(nodes)
    }

    /// Appends the members of a row's object, each with a comma before it.
    pub(crate) fn members(&self, out: &mut Vec<u8>, row: &Row<'_>) {
        match self {
            Self::Everything => row.entries(&mut |entry| {
                out.push(b',');
                value::json_entry(out, &entry.key, &entry.value);
            }),
            Self::Fields(nodes) => members(nodes, out, row),
        }
    }
}

/// The members of the object of that name.
fn object<'n>(nodes: &'n mut Vec<Node>, name: &str) -> &'n mut Vec<Node> {
    let known = nodes.iter().position(|node| matches!(node, Node::Object { key, .. } if key == name));
    let at = known.unwrap_or_else(|| {
        nodes.push(Node::Object { key: name.to_owned(), nodes: Vec::new() });
        nodes.len() - 1
    });
    match &mut nodes[at] {
        Node::Object { nodes, .. } => nodes,
        Node::Value { .. } => unreachable!("the place was found, or made, as an object"),
    }
}

fn members(nodes: &[Node], out: &mut Vec<u8>, row: &Row<'_>) {
    for node in nodes {
        match node {
            Node::Value { key, field } => {
                if let Some(read) = row.value(*field) {
                    out.push(b',');
                    value::json_entry(out, key, &read);
                }
            }
            Node::Object { key, nodes } => {
                let start = out.len();
                out.extend_from_slice(format!(",\"{key}\":").as_bytes());
                let first = out.len();
                members(nodes, out, row);
                if out.len() == first {
                    out.truncate(start);
                } else {
                    // The comma of the first member becomes the bracket of the object.
                    out[first] = b'{';
                    out.push(b'}');
                }
            }
        }
    }
}
