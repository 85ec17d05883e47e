//! What a record is called in a stream: the fields that tell it from the others of its table.

use sockeye_query::rtnetlink::{Row, catalog};
use sockeye_query::{FieldId, Value};
use sockeye_wire::rtnetlink::{AF_INET6, Table};

/// The fields of a key, each with the word that stands before it in a line.
fn names(table: Table) -> &'static [(&'static str, &'static str)] {
    match table {
        Table::Links => &[("ifname", "")],
        Table::Addresses | Table::MulticastAddresses | Table::AnycastAddresses => &[("dev", ""), ("ip", "")],
        Table::Routes => &[("dst", ""), ("table", "table"), ("priority", "metric"), ("tos", "tos"), ("dev", "dev")],
        Table::MulticastRoutes => &[("src", ""), ("dst", ""), ("table", "table")],
        Table::Rules => &[
            ("priority", ""),
            ("family", ""),
            ("src", "from"),
            ("dst", "to"),
            ("iifname", "iif"),
            ("oifname", "oif"),
            ("mark", "fwmark"),
            ("table", "table"),
        ],
        Table::Neighbours => &[("dst", ""), ("dev", "dev")],
        Table::Nexthops => &[("id", "id")],
        Table::Qdiscs => &[("dev", ""), ("kind", ""), ("parent", "parent"), ("handle", "handle")],
        Table::TcClasses => &[("dev", ""), ("kind", ""), ("handle", "class")],
        Table::TcFilters => &[
            ("dev", ""),
            ("kind", ""),
            ("parent", "parent"),
            ("protocol", "protocol"),
            ("priority", "pref"),
            ("chain", "chain"),
            ("handle", "handle"),
        ],
        Table::Fdb => &[("lladdr", ""), ("dev", "dev"), ("vlan", "vlan"), ("dst", "dst"), ("master", "master")],
        Table::Netconf => &[("dev", ""), ("family", "")],
        Table::Mdb => &[("group", ""), ("dev", "dev"), ("port", "port"), ("vid", "vid"), ("source", "from")],
        Table::Vlans => &[("dev", ""), ("vid", "vid")],
        Table::TcActions => &[("kind", "")],
        Table::NeighbourTables => &[("name", ""), ("parms.ifindex", "dev")],
        Table::Namespaces => &[("nsid", "nsid")],
        Table::Labels => &[("address", ""), ("prefixlen", "/"), ("dev", "dev")],
        Table::Prefixes => &[("address", ""), ("len", "/"), ("dev", "dev")],
        _ => &[("dev", "")],
    }
}

/// A part of a key.
pub(crate) struct Part<'a> {
    pub(crate) field: FieldId,
    /// The word before it in a line, empty where none is needed.
    pub(crate) word: &'static str,
    pub(crate) value: Value<'a>,
}

/// The parts of a record's key that it has.
pub(crate) fn parts<'a>(row: &Row<'a>) -> Vec<Part<'a>> {
    let catalog = catalog(row.table);
    // An IPv4 route goes by its prefix alone; one of IPv6 is another for each device.
    let is_ipv6 = || row.payload().first() == Some(&AF_INET6);
    let named = names(row.table).iter().filter(|(name, _)| row.table != Table::Routes || *name != "dev" || is_ipv6());
    let fields = named.filter_map(|&(name, word)| Some((catalog.find(name)?, word)));
    // Actions are numbered within their kind.
    let numbered = match row.table {
        Table::TcActions => catalog.find("kind").and_then(|kind| match row.value(kind)? {
            Value::Text(kind) => catalog.find(&format!("{}.index", String::from_utf8_lossy(kind))),
            _ => None,
        }),
        _ => None,
    };
    let fields = fields.chain(numbered.map(|field| (field, "index")));
    fields.filter_map(|(field, word)| Some(Part { field, word, value: row.value(field)? })).collect()
}
