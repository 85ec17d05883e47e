//! The tables, with the questions that both are asked.

use serde_json::{Value, json as object};

use crate::compare::{Rows, by_name};
use crate::json;
use crate::keys::Keys;
use crate::oracle::ask;
use crate::support;
use crate::traffic;

/// A table of ours, and what is put beside it.
pub(crate) struct Beside {
    /// Our name of the table, which is that of the file of keys.
    pub(crate) name: &'static str,
    keys: &'static str,
    pub(crate) theirs: fn() -> Rows,
    /// What tells a row of ours from all others, in the words of theirs.
    name_of_ours: fn(&Value) -> String,
}

impl Beside {
    pub(crate) fn keys(&self) -> Keys {
        Keys::parse(&format!("{}.txt", self.name), self.keys)
    }

    /// Our rows.
    pub(crate) fn ours(&self) -> Vec<Value> {
        let output = support::sockeye(&[self.name, "-j"]);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "sockeye {}: {}\n{errors}", self.name, output.status);
        let text = String::from_utf8(output.stdout).expect("JSON is UTF-8");
        let mut document = json::read(&text).expect("a JSON document");
        let key = self.name.replace('-', "_");
        let Value::Array(rows) = document[&key].take() else { panic!("no rows in {document}") };
        rows
    }

    pub(crate) fn named(&self, rows: &[Value]) -> Rows {
        by_name(rows.to_vec(), self.name_of_ours)
    }
}

/// Every table that is compared.
pub(crate) const TABLES: &[Beside] = &[
    Beside {
        name: "links",
        keys: include_str!("keys/links.txt"),
        theirs: || by_name(ask("ip -d -s -s -j link"), |row| row["ifindex"].to_string()),
        name_of_ours: |row| row["index"].to_string(),
    },
    Beside {
        name: "addresses",
        keys: include_str!("keys/addresses.txt"),
        theirs: || by_name(addresses(), |row| words(row, &["dev", "local", "prefixlen", "address"])),
        name_of_ours: |row| {
            let peer =
                if row["local"].is_null() || row["local"] == row["address"] { &Value::Null } else { &row["address"] };
            let local = if row["local"].is_null() { &row["address"] } else { &row["local"] };
            words(&object!([row["index_name"], local, row["prefixlen"], peer]), &["0", "1", "2", "3"])
        },
    },
    Beside {
        name: "routes",
        keys: include_str!("keys/routes.txt"),
        theirs: || {
            by_name(routes(), |row| {
                words(row, &["family", "table", "type", "dst", "from", "tos", "metric", "dev", "gateway"])
            })
        },
        name_of_ours: |row| {
            let tos = row["tos"].as_u64().filter(|tos| *tos != 0).map(|tos| format!("{tos:#x}"));
            let network = |key: &str| crate::how::network(row[key].as_str().unwrap_or_default());
            let named = object!({
                "family": row["family"], "table": row["table"], "type": row["type"], "dst": network("dst"),
                "from": row.get("src").map(|_| network("src")), "tos": tos, "metric": row["priority"], "dev": row["oif_name"],
                "gateway": row["gateway"],
            });
            words(&named, &["family", "table", "type", "dst", "from", "tos", "metric", "dev", "gateway"])
        },
    },
    Beside {
        name: "rules",
        keys: include_str!("keys/rules.txt"),
        theirs: || by_name(of_families("rule"), |row| words(row, &["family", "priority"])),
        name_of_ours: |row| words(row, &["family", "priority"]),
    },
    Beside {
        name: "neighbours",
        keys: include_str!("keys/neighbours.txt"),
        theirs: || {
            let rows = [ask("ip -d -s -j neigh show nud all"), ask("ip -d -s -j neigh show proxy")].concat();
            by_name(rows, |row| format!("{} {}", words(row, &["dev", "dst"]), row.get("proxy").is_some()))
        },
        name_of_ours: |row| {
            let is_proxy = row["flags"].as_array().is_some_and(|flags| flags.iter().any(|flag| flag == "proxy"));
            format!("{} {is_proxy}", words(row, &["ifindex_name", "dst"]))
        },
    },
    Beside {
        name: "nexthops",
        keys: include_str!("keys/nexthops.txt"),
        theirs: || by_name(ask("ip -d -s -j nexthop"), |row| words(row, &["id"])),
        name_of_ours: |row| words(row, &["id"]),
    },
    Beside {
        name: "labels",
        keys: include_str!("keys/labels.txt"),
        theirs: || by_name(ask("ip -d -s -j addrlabel"), |row| words(row, &["address", "prefixlen", "ifname"])),
        name_of_ours: |row| words(row, &["address", "prefixlen", "index_name"]),
    },
    Beside {
        name: "qdiscs",
        keys: include_str!("keys/qdiscs.txt"),
        theirs: || by_name(ask("tc -d -s -j qdisc"), |row| words(row, &["dev", "handle", "parent"])),
        name_of_ours: |row| {
            let handle = if row["handle"] == "none" { "0:" } else { row["handle"].as_str().unwrap_or_default() };
            let parent = row["parent"].as_str().filter(|parent| *parent != "root");
            let parent = parent.map(|parent| if parent == "ingress" { "ffff:fff1" } else { parent });
            words(
                &object!({"dev": row["ifindex_name"], "handle": handle, "parent": parent}),
                &["dev", "handle", "parent"],
            )
        },
    },
    Beside {
        name: "tc-classes",
        keys: include_str!("keys/tc-classes.txt"),
        theirs: || by_name(traffic::classes(), |row| words(row, &["dev", "handle"])),
        name_of_ours: |row| words(row, &["ifindex_name", "handle"]),
    },
    Beside {
        name: "tc-filters",
        keys: include_str!("keys/tc-filters.txt"),
        theirs: || by_name(traffic::filters(), traffic::name_of_filter),
        name_of_ours: |row| {
            let named = [&row["ifindex_name"], &row["parent"], &row["priority"], &row["chain"], &row["handle"]];
            words(&object!(named), &["0", "1", "2", "3", "4"])
        },
    },
    Beside {
        name: "tc-actions",
        keys: include_str!("keys/tc-actions.txt"),
        theirs: || by_name(traffic::actions(), |row| words(row, &["kind", "index"])),
        name_of_ours: |row| format!("{} {}", words(row, &["kind"]), words(&row["mirred"], &["index"])),
    },
];

/// The values of some keys, or of places in a list, apart by blanks; what is not there is `-`.
pub(crate) fn words(row: &Value, keys: &[&str]) -> String {
    let value = |key: &&str| key.parse::<usize>().ok().map_or_else(|| row.get(*key), |place| row.get(place));
    let words = keys.iter().map(|key| match value(key) {
        Some(Value::String(word)) => word.clone(),
        None | Some(Value::Null) => "-".to_owned(),
        Some(other) => other.to_string(),
    });
    words.collect::<Vec<_>>().join(" ")
}

/// `ip` lists the addresses of a link in the link.
fn addresses() -> Vec<Value> {
    let links = ask("ip -d -s -j address");
    let rows = links.iter().flat_map(|link| {
        let addresses = link["addr_info"].as_array().into_iter().flatten().cloned();
        addresses.filter(|address| address["local"].is_string() || address["address"].is_string()).map(|mut address| {
            address["dev"] = link["ifname"].clone();
            address
        })
    });
    rows.collect()
}

/// What `ip` says of both families, without telling which.
fn of_families(what: &str) -> Vec<Value> {
    let rows = [("inet", "-4"), ("inet6", "-6")].map(|(family, option)| {
        let mut rows = ask(&format!("ip {option} -d -s -j {what}"));
        rows.iter_mut().for_each(|row| row["family"] = object!(family));
        rows
    });
    rows.concat()
}

fn routes() -> Vec<Value> {
    let mut rows = of_families("route show table all");
    for fields in rows.iter_mut().filter_map(Value::as_object_mut) {
        // The type of service of a tunnel is a number, that of the route is not.
        if let Some(tos) = fields.remove("tos") {
            fields.insert(if tos.is_number() { "tos#2" } else { "tos" }.to_owned(), tos);
        }
        // The table that a segment leads into stands before that of the route.
        if let Some(outer) = fields.remove("table#2")
            && let Some(inner) = fields.insert("table".to_owned(), outer)
        {
            fields.insert("table#2".to_owned(), inner);
        }
    }
    rows
}
