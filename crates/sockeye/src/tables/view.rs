//! The columns of each table that people see first, with what each is worth: the highest number falls away first.

use std::sync::LazyLock;

use sockeye_query::FieldId;
use sockeye_query::rtnetlink::catalog;
use sockeye_wire::rtnetlink::Table;

use crate::rows::columns::{Column, Fields};
use crate::sockets::view::Kind;

/// The fields of a table.
pub(crate) fn fields(table: Table) -> Fields {
    Fields { catalog: catalog(table), kind: |_| Kind::Kernel, help: help(table) }
}

/// The command that explains the fields of a table.
fn help(table: Table) -> &'static str {
    static HELP: LazyLock<Vec<String>> =
        LazyLock::new(|| Table::ALL.iter().map(|table| format!("sockeye fields --table {}", table.name())).collect());
    &HELP[table as usize]
}

fn default(table: Table) -> &'static [(&'static str, u8)] {
    match table {
        Table::Links => &[
            ("index", 2),
            ("name", 0),
            ("kind", 3),
            ("operstate", 0),
            ("mtu", 4),
            ("master", 3),
            ("address", 1),
            ("flags", 5),
        ],
        Table::Addresses => &[("dev", 0), ("ip", 0), ("scope", 3), ("flags", 4), ("label", 5), ("proto", 6)],
        Table::Routes => &[
            ("type", 4),
            ("dst", 0),
            ("via", 0),
            ("dev", 0),
            ("metric", 2),
            ("proto", 3),
            ("scope", 5),
            ("prefsrc", 4),
            ("table", 1),
        ],
        Table::Rules => &[
            ("priority", 0),
            ("family", 1),
            ("src", 0),
            ("dst", 0),
            ("iifname", 2),
            ("oifname", 3),
            ("mark", 2),
            ("action", 1),
            ("table", 0),
        ],
        Table::Neighbours => &[("address", 0), ("dev", 0), ("lladdr", 0), ("state", 0), ("flags", 3)],
        Table::Nexthops => {
            &[("id", 0), ("gateway", 0), ("dev", 0), ("group", 1), ("scope", 3), ("proto", 3), ("flags", 4)]
        }
        Table::Qdiscs => &[("dev", 0), ("kind", 0), ("handle", 0), ("parent", 0), ("refcnt", 4)],
        Table::TcClasses => &[("dev", 0), ("kind", 0), ("handle", 0), ("parent", 0), ("leaf", 3)],
        Table::TcFilters => {
            &[("dev", 0), ("kind", 0), ("parent", 0), ("protocol", 1), ("priority", 1), ("handle", 2), ("chain", 3)]
        }
        Table::Fdb => &[("lladdr", 0), ("dev", 0), ("master", 1), ("dst", 1), ("vlan", 2), ("state", 2), ("flags", 3)],
        Table::MulticastAddresses | Table::AnycastAddresses => &[("dev", 0), ("ip", 0)],
        Table::MulticastRoutes => &[("src", 0), ("dst", 0), ("iif", 1), ("table", 2)],
        Table::Labels => &[("label", 0), ("dev", 1), ("address", 0), ("prefixlen", 0)],
        Table::Netconf => {
            &[("family", 0), ("dev", 0), ("forwarding", 1), ("rp_filter", 2), ("mc_forwarding", 3), ("proxy_neigh", 3)]
        }
        Table::TcActions => &[("kind", 0), ("index", 0), ("action", 0)],
        Table::Mdb => &[("dev", 0), ("group", 0), ("port", 0), ("vid", 2), ("state", 1), ("flags", 3)],
        Table::Vlans => &[("dev", 0), ("vid", 0), ("flags", 1), ("state", 1), ("global_options.mcast_snooping", 3)],
        Table::Statistics => &[
            ("dev", 0),
            ("link_64.rx_bytes", 0),
            ("link_64.rx_packets", 1),
            ("link_64.rx_dropped", 2),
            ("link_64.tx_bytes", 0),
            ("link_64.tx_packets", 1),
            ("link_64.tx_dropped", 2),
        ],
        Table::NeighbourTables => {
            &[("name", 0), ("family", 0), ("thresh1", 1), ("thresh2", 1), ("thresh3", 1), ("parms.ifindex", 1)]
        }
        Table::Namespaces => &[("nsid", 0)],
        // Whatever there is, in the kernel's order.
        _ => &[],
    }
}

/// The fields that people see first of a table, with their names.
pub(crate) fn default_fields(table: Table) -> impl Iterator<Item = (&'static str, FieldId)> {
    default(table).iter().filter_map(move |&(name, _)| Some((name, catalog(table).find(name)?)))
}

/// Columns of a table that has no choice of its own.
const FIRST: usize = 8;

/// The columns of a listing. An error is one sentence.
pub(crate) fn columns(table: Table, list: Option<&str>, namespaces: bool) -> Result<Vec<Column>, String> {
    let fields = fields(table);
    let mut columns: Vec<_> =
        default(table).iter().filter_map(|&(name, sacrifice)| fields.find(name, sacrifice, true).ok()).collect();
    if columns.is_empty() {
        let known = fields.catalog.fields().filter(|(_, info)| info.object().is_empty() && info.path != "netns");
        columns = known.take(FIRST).map(|(field, _)| fields.column(field, 1, true)).collect();
    }
    if let Some(list) = list {
        fields.apply(&mut columns, list)?;
    }
    let netns = fields.find("netns", 0, true)?;
    if namespaces && !columns.iter().any(|column| column.field == netns.field) {
        columns.insert(0, netns);
    }
    Ok(columns)
}
