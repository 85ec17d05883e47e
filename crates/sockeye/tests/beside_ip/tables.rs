//! The tables, with the questions that both are asked.

use serde_json::{Value, json as object};

use crate::bridges;
use crate::compare::{Rows, by_name};
use crate::json;
use crate::keys::Keys;
use crate::lists;
use crate::oracle::ask;
use crate::proc;
use crate::support;
use crate::traffic;

/// A table of ours, and what is put beside it.
pub(crate) struct Beside {
    /// Our name of the table.
    pub(crate) name: &'static str,
    /// The file of keys.
    pub(crate) file: &'static str,
    keys: &'static str,
    pub(crate) theirs: fn() -> Rows,
    /// What tells a row of ours from all others, in the words of theirs; nothing for a row that they do not list.
    name_of_ours: fn(&Value) -> String,
}

impl Beside {
    pub(crate) fn keys(&self) -> Keys {
        Keys::parse(self.file, self.keys)
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

    /// Where a dump goes on in a further datagram, the kernel tells of the table again before it goes on with the links
    /// (net/core/neighbour.c, `neightbl_dump_info`); where that is depends on the room it was offered.
    fn is_told_again(&self, name: &str) -> bool {
        self.name == "neighbour-tables" && name.contains(" - #")
    }

    pub(crate) fn named(&self, rows: &[Value]) -> Rows {
        let listed = rows.iter().filter(|row| !(self.name_of_ours)(row).is_empty());
        let mut named = by_name(listed.cloned().collect(), self.name_of_ours);
        named.retain(|name, _| !self.is_told_again(name));
        named
    }
}

/// Every table that is compared.
pub(crate) const TABLES: &[Beside] = &[
    Beside {
        name: "links",
        file: "links.txt",
        keys: include_str!("keys/links.txt"),
        theirs: || by_name(ask("ip -d -s -s -j link"), |row| row["ifindex"].to_string()),
        name_of_ours: |row| row["index"].to_string(),
    },
    Beside {
        name: "addresses",
        file: "addresses.txt",
        keys: include_str!("keys/addresses.txt"),
        theirs: || by_name(lists::addresses(), |row| words(row, &["dev", "local", "prefixlen", "address"])),
        name_of_ours: |row| {
            let peer =
                if row["local"].is_null() || row["local"] == row["address"] { &Value::Null } else { &row["address"] };
            let local = if row["local"].is_null() { &row["address"] } else { &row["local"] };
            words(&object!([row["index_name"], local, row["prefixlen"], peer]), &["0", "1", "2", "3"])
        },
    },
    Beside {
        name: "routes",
        file: "routes.txt",
        keys: include_str!("keys/routes.txt"),
        theirs: || {
            by_name(lists::routes(), |row| {
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
            // `ip` lists those of MPLS with another command.
            if row["family"] == "mpls" {
                return String::new();
            }
            words(&named, &["family", "table", "type", "dst", "from", "tos", "metric", "dev", "gateway"])
        },
    },
    Beside {
        name: "rules",
        file: "rules.txt",
        keys: include_str!("keys/rules.txt"),
        theirs: || by_name(lists::of_families("rule"), |row| words(row, &["family", "priority"])),
        name_of_ours: |row| words(row, &["family", "priority"]),
    },
    Beside {
        name: "neighbours",
        file: "neighbours.txt",
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
        file: "nexthops.txt",
        keys: include_str!("keys/nexthops.txt"),
        theirs: || by_name(ask("ip -d -s -j nexthop"), |row| words(row, &["id"])),
        name_of_ours: |row| words(row, &["id"]),
    },
    Beside {
        name: "labels",
        file: "labels.txt",
        keys: include_str!("keys/labels.txt"),
        theirs: || by_name(ask("ip -d -s -j addrlabel"), |row| words(row, &["address", "prefixlen", "ifname"])),
        name_of_ours: |row| words(row, &["address", "prefixlen", "index_name"]),
    },
    Beside {
        name: "qdiscs",
        file: "qdiscs.txt",
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
        file: "tc-classes.txt",
        keys: include_str!("keys/tc-classes.txt"),
        theirs: || by_name(traffic::classes(), |row| words(row, &["dev", "handle"])),
        name_of_ours: |row| words(row, &["ifindex_name", "handle"]),
    },
    Beside {
        name: "tc-filters",
        file: "tc-filters.txt",
        keys: include_str!("keys/tc-filters.txt"),
        theirs: || by_name(traffic::filters(), traffic::name_of_filter),
        name_of_ours: |row| {
            let link = row.get("ifindex_name").unwrap_or(&row["ifindex"]);
            let named = [link, &row["parent"], &row["priority"], &row["chain"], &row["handle"]];
            words(&object!(named), &["0", "1", "2", "3", "4"])
        },
    },
    Beside {
        name: "tc-actions",
        file: "tc-actions.txt",
        keys: include_str!("keys/tc-actions.txt"),
        theirs: || by_name(traffic::actions(), |row| words(row, &["kind", "index"])),
        name_of_ours: |row| format!("{} {}", words(row, &["kind"]), words(&row["mirred"], &["index"])),
    },
    Beside {
        name: "fdb",
        file: "fdb.txt",
        keys: include_str!("keys/fdb.txt"),
        theirs: || {
            by_name(ask("bridge -d -s -j fdb"), |row| words(row, &["ifname", "mac", "master", "dst", "src_vni"]))
        },
        name_of_ours: |row| words(row, &["ifindex_name", "lladdr", "master_name", "dst", "src_vni"]),
    },
    Beside {
        name: "mdb",
        file: "mdb.txt",
        keys: include_str!("keys/mdb.txt"),
        theirs: || by_name(bridges::multicast(), |row| words(row, &["dev", "port", "grp", "src"])),
        name_of_ours: |row| words(row, &["ifindex_name", "port_name", "group", "source"]),
    },
    Beside {
        name: "vlans",
        file: "vlans.txt",
        keys: include_str!("keys/vlans.txt"),
        theirs: || by_name(bridges::vlans(), |row| words(row, &["ifname", "vlan"])),
        name_of_ours: |row| row.get("vid").map_or_else(String::new, |_| words(row, &["ifindex_name", "vid"])),
    },
    Beside {
        name: "vlans",
        file: "vlans-global.txt",
        keys: include_str!("keys/vlans-global.txt"),
        theirs: || {
            by_name(bridges::global_vlans(), |row| {
                words(&object!([row["ifname"], row["options"][0]["vlan"]]), &["0", "1"])
            })
        },
        name_of_ours: |row| {
            let options = row.get("global_options").map(|options| &options[0]["id"]);
            options.map_or_else(String::new, |id| words(&object!([row["ifindex_name"], id]), &["0", "1"]))
        },
    },
    Beside {
        name: "links",
        file: "bridge-link.txt",
        keys: include_str!("keys/bridge-link.txt"),
        theirs: || by_name(ask("bridge -d -s -j link"), |row| words(row, &["ifindex"])),
        name_of_ours: |row| row.get("bridge_port").map_or_else(String::new, |_| words(row, &["index"])),
    },
    Beside {
        name: "links",
        file: "proc.txt",
        keys: include_str!("keys/proc.txt"),
        theirs: || by_name(proc::links(), |row| words(row, &["dev"])),
        name_of_ours: |row| words(row, &["ifname"]),
    },
    Beside {
        name: "netconf",
        file: "netconf.txt",
        keys: include_str!("keys/netconf.txt"),
        theirs: || by_name(ask("ip -d -s -j netconf"), |row| words(row, &["family", "interface"])),
        name_of_ours: |row| {
            let interface = row.get("ifindex_name").unwrap_or(&row["ifindex"]);
            words(&object!([row["family"], interface]), &["0", "1"])
        },
    },
    Beside {
        name: "neighbour-tables",
        file: "neighbour-tables.txt",
        keys: include_str!("keys/neighbour-tables.txt"),
        theirs: || by_name(ask("ip -d -s -j ntable"), |row| words(row, &["name", "dev"])),
        name_of_ours: |row| format!("{} {}", words(row, &["name"]), words(&row["parms"], &["ifindex_name"])),
    },
    Beside {
        name: "multicast",
        file: "multicast.txt",
        keys: include_str!("keys/multicast.txt"),
        theirs: || by_name(lists::multicast(), |row| words(row, &["dev", "address"])),
        name_of_ours: |row| words(row, &["index_name", "multicast"]),
    },
    Beside {
        name: "anycast",
        file: "anycast.txt",
        keys: include_str!("keys/anycast.txt"),
        theirs: || by_name(lists::anycast(), |row| words(row, &["dev", "address"])),
        name_of_ours: |row| words(row, &["index_name", "anycast"]),
    },
    Beside {
        name: "statistics",
        file: "statistics.txt",
        keys: include_str!("keys/statistics.txt"),
        theirs: || by_name(lists::statistics(), |row| words(row, &["ifindex"])),
        name_of_ours: |row| words(row, &["ifindex"]),
    },
    Beside {
        name: "mroutes",
        file: "mroutes.txt",
        keys: include_str!("keys/mroutes.txt"),
        theirs: || {
            let rows =
                [ask("ip -4 -d -s -j mroute show table all"), ask("ip -6 -d -s -j mroute show table all")].concat();
            by_name(rows, |row| words(row, &["src", "dst"]))
        },
        name_of_ours: |row| {
            let [source, group] = ["src", "dst"].map(|key| crate::how::network(row[key].as_str().unwrap_or_default()));
            words(&object!([source, group]), &["0", "1"])
        },
    },
    Beside {
        name: "namespaces",
        file: "namespaces.txt",
        keys: include_str!("keys/namespaces.txt"),
        theirs: || by_name(ask("ip -j netns list-id"), |row| words(row, &["nsid"])),
        name_of_ours: |row| words(row, &["nsid"]),
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
