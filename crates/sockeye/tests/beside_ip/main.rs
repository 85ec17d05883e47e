//! sockeye beside `ip`, `bridge` and `tc`, table by table, over a network namespace with everything that this kernel
//! can make.
//!
//! Every key that they print stands in a file of `keys`: with the key of ours that must say the same, or with a reason
//! why there is none. A key that is in no file fails the test. What a kernel cannot make is said loudly by
//! [`world::make`], and its keys carry a question mark in the files.

mod absent;
mod bridges;
mod captures;
mod compare;
mod how;
mod json;
mod keys;
#[path = "../captures/line.rs"]
mod line;
mod lists;
mod narrowed;
mod oracle;
mod proc;
mod proof;
mod seeds;
#[path = "../support/mod.rs"]
#[expect(dead_code, reason = "lists of sockets are for other tests")]
mod support;
mod tables;
mod tc_class;
mod traffic;
mod walk;
mod words;
mod world;

use std::collections::BTreeSet;

use serde_json::Value;
use sockeye_zoo::{MulticastRouter, Skip, Zoo, in_namespace};

use compare::{Found, Rows, compare};
use keys::Keys;
use tables::{Beside, TABLES};
use world::World;

/// How often both are asked: links come up and timers run while they are.
const ATTEMPTS: u32 = 8;

/// Both answers, and what a comparison found.
struct Looked {
    theirs: Rows,
    ours: Rows,
    rows: Vec<Value>,
    found: Found,
}

/// Asks them, us and them again; what we say must be what they said before or after.
fn look(table: &Beside, keys: &Keys) -> Looked {
    let attempt = || {
        let before = (table.theirs)();
        let rows = table.ours();
        let ours = table.named(&rows);
        let found = compare(keys, &before, &ours);
        if found.complaints(keys).is_empty() {
            return Looked { theirs: before, ours, rows, found };
        }
        let theirs = (table.theirs)();
        let found = compare(keys, &theirs, &ours);
        Looked { theirs, ours, rows, found }
    };
    let mut looked = attempt();
    for _ in 1..ATTEMPTS {
        // Some of it is only there once some hundredths of a second have passed, as the age of what was made just now.
        if looked.found.complaints(keys).is_empty() && unseen(keys, &looked.found).next().is_none() {
            break;
        }
        looked = attempt();
    }
    looked
}

/// What has to be seen and was not.
fn unseen<'k>(keys: &'k Keys, found: &'k Found) -> impl Iterator<Item = &'k String> {
    keys.lines.iter().filter(|(key, line)| line.must_be_seen && !found.seen.contains(*key)).map(|(key, _)| key)
}

/// Compares one table in a namespace with these scripts.
fn beside(test: &str, file: &str, scripts: &[&str]) -> Result<(), Skip> {
    let world = World::of(test, scripts)?;
    compare_all(file, &world.refused);
    Ok(())
}

/// Compares one table with what they say of it, and tries the comparison. What the world refused need not be seen.
fn compare_all(file: &str, refused: &BTreeSet<String>) {
    let table = TABLES.iter().find(|table| table.file == file).unwrap_or_else(|| panic!("no file {file}"));
    let keys = table.keys().without(refused);
    let Looked { theirs, ours, rows, found } = look(table, &keys);
    let mut complaints = found.complaints(&keys);
    let unseen =
        unseen(&keys, &found).map(|key| format!("nothing has {key}: keys/{} or the world is out of date", keys.file));
    complaints.extend(unseen);
    complaints.extend(doubled_keys(&rows).into_iter().map(|key| format!("{key} of ours is there twice")));
    complaints.extend(empty_objects(&rows).into_iter().map(|key| format!("{key} of ours is an object of nothing")));
    complaints.extend(unknown_keys(&rows).into_iter().map(|key| format!("{key} of ours has no name")));
    assert!(complaints.is_empty(), "{file}: {} complaints\n{}", complaints.len(), complaints.join("\n"));
    proof::every_change_is_noticed(&keys, &theirs, &ours);
    if table.file == format!("{}.txt", table.name) {
        seeds::bless(table.name);
    }
}

/// Keys of ours for which no table has a name, but for those of `keys/unknown.txt`.
fn unknown_keys(rows: &[Value]) -> BTreeSet<String> {
    let known: BTreeSet<_> =
        include_str!("keys/unknown.txt").lines().filter_map(|line| line.split_whitespace().next()).collect();
    let ways = rows.iter().flat_map(walk::leaves).map(|leaf| leaf.path).filter(|path| walk::has_unknown(path));
    ways.filter(|path| !known.contains(path.as_str())).collect()
}

/// Objects of ours that may be empty: a bond without LACP has nothing to count, nor have its ports, and the kernel says so with
/// an empty nest (drivers/net/bonding/bond_netlink.c, `bond_fill_linkxstats`).
const MAY_BE_EMPTY: [&str; 2] = [".link_xstats", ".link_xstats_slave"];

/// Keys of ours whose value is an object of which nothing is given.
fn empty_objects(rows: &[Value]) -> BTreeSet<String> {
    fn look(path: &str, value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) if members.is_empty() && !MAY_BE_EMPTY.contains(&path) => {
                found.insert(path.to_owned());
            }
            Value::Object(members) => {
                members.iter().for_each(|(key, value)| look(&format!("{path}.{key}"), value, found));
            }
            Value::Array(values) => values.iter().for_each(|value| look(path, value, found)),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    for row in rows {
        look("", row, &mut found);
    }
    found
}

/// Keys that an object of ours has twice.
fn doubled_keys(rows: &[Value]) -> BTreeSet<String> {
    rows.iter().flat_map(walk::leaves).map(|leaf| leaf.path).filter(|path| path.contains('#')).collect()
}

/// Every line that explains why a key of ours has no name says why.
#[test]
fn every_unknown_key_has_a_reason() {
    for line in include_str!("keys/unknown.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        assert!(line.split_whitespace().count() > 2, "no reason in {line:?}");
    }
}

/// A test for each table: what is compared, in a world of these scripts.
macro_rules! tables {
    ($($test:ident: $table:literal in $($script:ident)+;)*) => {
        $(
            #[test]
            fn $test() {
                in_namespace(|_| beside(stringify!($test), $table, &[$(world::$script),+]));
            }
        )*
    };
}

tables! {
    entries_are_as_bridge_has_them: "fdb.txt" in LINKS ADDRESSES BRIDGES;
    groups_are_as_bridge_has_them: "mdb.txt" in LINKS ADDRESSES BRIDGES;
    ports_are_as_bridge_has_them: "bridge-link.txt" in LINKS;
    links_are_as_the_files_of_the_kernel_have_them: "proc.txt" in LINKS ADDRESSES EVERY_SETTING;
    settings_are_as_ip_has_them: "netconf.txt" in LINKS SETTINGS;
    neighbour_tables_are_as_ip_has_them: "neighbour-tables.txt" in LINKS ADDRESSES SETTINGS;
    multicast_addresses_are_as_ip_has_them: "multicast.txt" in LINKS ADDRESSES SETTINGS;
    anycast_addresses_are_as_the_kernel_has_them: "anycast.txt" in LINKS ADDRESSES SETTINGS;
    statistics_are_as_ip_has_them: "statistics.txt" in LINKS ADDRESSES SENT;
    namespaces_are_as_ip_has_them: "namespaces.txt" in LINKS;
    links_are_as_ip_has_them: "links.txt" in LINKS ADDRESSES SENT;
    addresses_are_as_ip_has_them: "addresses.txt" in LINKS ADDRESSES;
    routes_are_as_ip_has_them: "routes.txt" in LINKS ADDRESSES ROUTES;
    rules_are_as_ip_has_them: "rules.txt" in LINKS RULES;
    neighbours_are_as_ip_has_them: "neighbours.txt" in LINKS ADDRESSES NEIGHBOURS;
    nexthops_are_as_ip_has_them: "nexthops.txt" in LINKS ADDRESSES NEXTHOPS;
    labels_are_as_ip_has_them: "labels.txt" in LINKS LABELS;
    qdiscs_are_as_tc_has_them: "qdiscs.txt" in LINKS ADDRESSES TRAFFIC;
    classes_are_as_tc_has_them: "tc-classes.txt" in LINKS ADDRESSES TRAFFIC;
    filters_are_as_tc_has_them: "tc-filters.txt" in LINKS ADDRESSES TRAFFIC;
    actions_are_as_tc_has_them: "tc-actions.txt" in LINKS ADDRESSES TRAFFIC;
}

#[test]
fn vlans_are_as_bridge_has_them() {
    in_namespace(|_| {
        let world = World::of("vlans_are_as_bridge_has_them", &[world::VLANS])?;
        // Without a bridge that has VLANs there is nothing to compare, as was said.
        if world.refused.is_empty() {
            compare_all("vlans.txt", &world.refused);
            compare_all("vlans-global.txt", &world.refused);
        }
        Ok(())
    });
}

/// A multicast router over three links of the world.
fn router(zoo: &Zoo) -> Result<MulticastRouter, Skip> {
    let index = |name: &str| {
        let link = &oracle::ask(&format!("ip -j link show {name}"))[0];
        link["ifindex"].as_u64().and_then(|index| u32::try_from(index).ok()).expect("an index")
    };
    Ok(zoo.multicast_router(["left", "right", "low"].map(index))?)
}

#[test]
fn multicast_routes_are_as_ip_has_them() {
    in_namespace(|zoo| {
        let _world = World::of("multicast_routes_are_as_ip_has_them", &[world::LINKS, world::ADDRESSES])?;
        let _router = router(zoo)?;
        compare_all("mroutes.txt", &BTreeSet::new());
        Ok(())
    });
}

/// The number of a link in another namespace is not that of a link here.
#[test]
fn a_link_below_in_another_namespace_has_no_name_here() {
    in_namespace(|_| {
        let _world = World::of("a_link_below_in_another_namespace_has_no_name_here", &["elsewhere near far"])?;
        let output = support::sockeye(&["links", "-j", "dev = near"]);
        let listing: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let near = &listing["links"][0];
        // Both are the second in their namespace: a name would be that of the link itself.
        assert_eq!((&near["link"], &near["index"]), (&2.into(), &2.into()));
        assert_eq!((near.get("link_name"), &near["link_netnsid"]), (None, &0.into()));
        Ok(())
    });
}
