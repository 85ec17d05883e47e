//! The tables as `ip`, `bridge` and `tc` print them, and as a mirror has them, in the same words: identity and main
//! values of each record.
//!
//! What is read from a mirror is read here by hand, not by the tables of the product.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::process::Command;

use serde_json::Value;
use sockeye_wire::Attributes;
use sockeye_wire::rtnetlink::{AF_INET, AF_INET6, Table};
use sockeye_zoo::skip::Skip;

/// The tables that are held against other programs.
pub(crate) const COMPARED: [Table; 8] = [
    Table::Links,
    Table::Addresses,
    Table::Routes,
    Table::Rules,
    Table::Neighbours,
    Table::Nexthops,
    Table::Qdiscs,
    Table::Fdb,
];

/// The records of each table, in words, sorted.
pub(crate) type Words = BTreeMap<&'static str, Vec<String>>;

/// The first differences between two, for people; empty where there is none.
pub(crate) fn differences(ours: &Words, theirs: &Words) -> Vec<String> {
    let mut found = Vec::new();
    for table in COMPARED.map(Table::name) {
        let (mut ours, mut theirs) = (ours[table].clone(), theirs[table].clone());
        ours.retain(|one| match theirs.iter().position(|other| other == one) {
            Some(at) => {
                theirs.remove(at);
                false
            }
            None => true,
        });
        found.extend(ours.into_iter().map(|one| format!("{table}: only in the mirror: {one}")));
        found.extend(theirs.into_iter().map(|one| format!("{table}: only in the kernel: {one}")));
    }
    found
}

/// What the other programs print.
pub(crate) fn printed() -> Words {
    let mut words = Words::new();
    let links = json("ip", "-N -j link");
    words.insert("links", links.iter().map(link).collect());
    let addresses = json("ip", "-N -j addr");
    words.insert("addresses", addresses.iter().flat_map(addresses_of).collect());
    let routes = |family: &str| -> Vec<String> {
        json("ip", &format!("-N -j {family} route show table all")).iter().map(route).collect()
    };
    words.insert("routes", [routes("-4"), routes("-6")].concat());
    let rules = |family: &str| -> Vec<String> {
        json("ip", &format!("-N -j {family} rule")).iter().map(|it| rule(family, it)).collect()
    };
    words.insert("rules", [rules("-4"), rules("-6")].concat());
    words.insert("neighbours", json("ip", "-N -j neigh show nud all").iter().filter_map(neighbour).collect());
    words.insert("nexthops", json("ip", "-N -j nexthop").iter().map(nexthop).collect());
    words.insert("qdiscs", json("tc", "-j qdisc show").iter().map(qdisc).collect());
    words.insert("fdb", json("bridge", "-j fdb show").iter().map(fdb).collect());
    for records in words.values_mut() {
        records.sort();
    }
    words
}

/// Whether these programs are there.
pub(crate) fn programs(names: &[&str]) -> Result<(), Skip> {
    for &name in names {
        let ran = Command::new(name).arg("-V").output();
        ran.map_err(|error| Skip::new(format!("program:{name}"), error.to_string()))?;
    }
    Ok(())
}

fn json(program: &str, arguments: &str) -> Vec<Value> {
    let output = Command::new(program).args(arguments.split(' ')).output().expect("iproute2 is there");
    assert!(output.status.success(), "{program} {arguments}: {}", String::from_utf8_lossy(&output.stderr));
    // `ip` prints nothing at all where there is nothing.
    let text = String::from_utf8_lossy(&output.stdout);
    if text.trim().is_empty() {
        return Vec::new();
    }
    let value: Value =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {program} {arguments}:\n{text}"));
    // Records of unknown families are empty objects.
    let is_record = |value: &Value| value.as_object().is_some_and(|object| !object.is_empty());
    value.as_array().expect("a list").iter().filter(|value| is_record(value)).cloned().collect()
}

fn text(value: &Value, key: &str) -> String {
    match &value[key] {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn link(value: &Value) -> String {
    let flags = value["flags"].to_string();
    let has = |flag: &str| flags.contains(&format!("\"{flag}\""));
    format!(
        "{} {} mtu {} qdisc {} master {} {} {} up {} running {}",
        text(value, "ifindex"),
        text(value, "ifname"),
        text(value, "mtu"),
        text(value, "qdisc"),
        text(value, "master"),
        text(value, "operstate"),
        text(value, "address"),
        has("UP"),
        has("UP") && !has("NO-CARRIER"),
    )
}

fn addresses_of(value: &Value) -> Vec<String> {
    let infos = value["addr_info"].as_array().expect("a list");
    let one = |info: &Value| {
        format!(
            "{} {}/{} scope {}",
            text(value, "ifindex"),
            text(info, "local"),
            text(info, "prefixlen"),
            text(info, "scope")
        )
    };
    infos.iter().filter(|info| info.get("local").is_some()).map(one).collect()
}

fn hop(value: &Value) -> String {
    let mut flags: Vec<_> = value["flags"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    flags.retain(|flag| matches!(*flag, "dead" | "linkdown"));
    format!("via {} dev {} {}", text(value, "gateway"), text(value, "dev"), flags.join(","))
}

fn route(value: &Value) -> String {
    let or = |key: &str, otherwise: &str| value.get(key).map_or(otherwise.to_owned(), |_| text(value, key));
    let mut hops: Vec<_> = match value["nexthops"].as_array() {
        Some(hops) => hops.iter().map(hop).collect(),
        None => vec![hop(value)],
    };
    // Their order is not told: the kernel gives each notification and each dump another first.
    hops.sort();
    format!(
        "{} table {} metric {} type {} proto {} scope {} nhid {} {}",
        text(value, "dst"),
        or("table", "254"),
        or("metric", "0"),
        or("type", "1"),
        or("protocol", "3"),
        or("scope", "0"),
        text(value, "nhid"),
        hops.join(" + ")
    )
}

fn rule(family: &str, value: &Value) -> String {
    let detached = value.get("iif_detached").is_some();
    format!(
        "{family} {} mark {} iif {} detached {detached} table {}",
        text(value, "priority"),
        text(value, "fwmark"),
        text(value, "iif"),
        text(value, "table")
    )
}

/// Those without ARP, multicast addresses for the most part, come without a word and only an audit finds them
/// (net/core/neighbour.c `___neigh_create`).
fn neighbour(value: &Value) -> Option<String> {
    let state = value["state"][0].as_str().unwrap_or("NONE");
    (state != "NOARP")
        .then(|| format!("{} dev {} {} {state}", text(value, "dst"), text(value, "dev"), text(value, "lladdr")))
}

fn nexthop(value: &Value) -> String {
    format!("{} {}", text(value, "id"), hop(value))
}

fn qdisc(value: &Value) -> String {
    let parent = if value.get("root").is_some() { "root".to_owned() } else { text(value, "parent") };
    let limit = value["options"].get("limit").map_or("-".to_owned(), Value::to_string);
    let limit = limit.trim_matches('"').trim_end_matches(['p', 'b']).to_owned();
    format!("{} {} {} {parent} limit {limit}", text(value, "dev"), text(value, "kind"), text(value, "handle"))
}

fn fdb(value: &Value) -> String {
    let is_self = value["flags"].to_string().contains("\"self\"");
    let (mac, dev) = (text(value, "mac"), text(value, "ifname"));
    let state = text(value, "state");
    format!(
        "{mac} dev {dev} vlan {} self {is_self} master {} permanent {}",
        text(value, "vlan"),
        text(value, "master"),
        state == "permanent"
    )
}

/// Names of links, by index.
struct Names(HashMap<u32, String>);

impl Names {
    fn of(&self, index: u32) -> String {
        self.0.get(&index).cloned().unwrap_or_else(|| if index == 0 { "-".to_owned() } else { format!("if{index}") })
    }
}

/// What is in the mirrors; `records` gives those of a table.
pub(crate) fn mirrored(records: &dyn Fn(Table) -> Vec<Vec<u8>>) -> Words {
    let links = records(Table::Links);
    let names = Names(links.iter().map(|it| (word(it, 4), string(attribute(Table::Links, it, 3)))).collect());
    COMPARED
        .into_iter()
        .map(|table| {
            let mut words: Vec<_> =
                records(table).iter().filter_map(|record| of_record(table, record, &names)).collect();
            words.sort();
            (table.name(), words)
        })
        .collect()
}

fn word(record: &[u8], at: usize) -> u32 {
    u32::from_ne_bytes(record[at..at + 4].try_into().expect("four bytes"))
}

fn attribute(table: Table, record: &[u8], number: u16) -> Option<&[u8]> {
    Attributes::new(&record[table.header_len().next_multiple_of(4)..]).last(number)
}

fn number(bytes: Option<&[u8]>) -> Option<u32> {
    bytes.map(|bytes| word(bytes, 0))
}

fn string(bytes: Option<&[u8]>) -> String {
    bytes.map_or("-".to_owned(), |bytes| String::from_utf8_lossy(bytes).trim_end_matches('\0').to_owned())
}

fn address(bytes: &[u8]) -> String {
    if let Ok(octets) = <[u8; 4]>::try_from(bytes) {
        Ipv4Addr::from(octets).to_string()
    } else if let Ok(octets) = <[u8; 16]>::try_from(bytes) {
        IpAddr::from(Ipv6Addr::from(octets)).to_string()
    } else {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
    }
}

fn or_none(bytes: Option<&[u8]>) -> String {
    bytes.map_or("-".to_owned(), address)
}

fn of_record(table: Table, record: &[u8], names: &Names) -> Option<String> {
    let get = |number: u16| attribute(table, record, number);
    let family = record[0];
    Some(match table {
        Table::Links => {
            let flags = word(record, 8);
            let operstate = ["UNKNOWN", "NOTPRESENT", "DOWN", "LOWERLAYERDOWN", "TESTING", "DORMANT", "UP"];
            format!(
                "{} {} mtu {} qdisc {} master {} {} {} up {} running {}",
                word(record, 4),
                string(get(3)),
                number(get(4))?,
                string(get(6)),
                names.of(number(get(10)).unwrap_or(0)),
                operstate[usize::from(get(16)?[0])],
                or_none(get(1)),
                flags & 1 != 0,
                flags & 0x41 == 0x41
            )
        }
        Table::Addresses => {
            format!("{} {}/{} scope {}", word(record, 4), or_none(get(2).or(get(1))), record[1], record[3])
        }
        Table::Routes if family == AF_INET || family == AF_INET6 => {
            let length = record[1];
            let destination = match get(1) {
                Some(bytes) if usize::from(length) == bytes.len() * 8 => address(bytes),
                Some(bytes) => format!("{}/{length}", address(bytes)),
                None => "default".to_owned(),
            };
            let mut hops = match get(9) {
                Some(list) => hops(list, names),
                None => vec![a_hop(get(5), number(get(4)).unwrap_or(0), word(record, 8), names)],
            };
            hops.sort();
            format!(
                "{destination} table {} metric {} type {} proto {} scope {} nhid {} {}",
                number(get(15))?,
                number(get(6)).unwrap_or(0),
                record[7],
                record[5],
                record[6],
                number(get(30)).map_or("-".to_owned(), |id| id.to_string()),
                hops.join(" + ")
            )
        }
        Table::Rules if family == AF_INET || family == AF_INET6 => format!(
            "{} {} mark {} iif {} detached {} table {}",
            if family == AF_INET { "-4" } else { "-6" },
            number(get(6)).unwrap_or(0),
            number(get(10)).map_or("-".to_owned(), |mark| format!("{mark:#x}")),
            string(get(3)),
            word(record, 8) & 8 != 0,
            number(get(15))?
        ),
        Table::Neighbours => {
            let state = u16::from_ne_bytes([record[8], record[9]]);
            let state = match state {
                1 => "INCOMPLETE",
                2 => "REACHABLE",
                4 => "STALE",
                8 => "DELAY",
                16 => "PROBE",
                32 => "FAILED",
                64 => return None,
                128 => "PERMANENT",
                _ => "NONE",
            };
            format!("{} dev {} {} {state}", or_none(get(1)), names.of(word(record, 4)), or_none(get(2)))
        }
        Table::Nexthops => {
            format!("{} {}", number(get(1))?, a_hop(get(6), number(get(5)).unwrap_or(0), word(record, 4), names))
        }
        Table::Qdiscs => {
            let (handle, parent) = (word(record, 8), word(record, 12));
            let parent = match parent {
                u32::MAX => "root".to_owned(),
                other => format!("{:x}:{:x}", other >> 16, other & 0xffff),
            };
            let kind = string(get(1));
            let limit = if kind.ends_with("fifo") { number(get(2)) } else { None };
            let limit = limit.map_or("-".to_owned(), |limit| limit.to_string());
            format!("{} {kind} {:x}: {parent} limit {limit}", names.of(word(record, 4)), handle >> 16)
        }
        Table::Fdb => format!(
            "{} dev {} vlan {} self {} master {} permanent {}",
            or_none(get(2)),
            names.of(word(record, 4)),
            get(5).map_or("-".to_owned(), |vlan| u16::from_ne_bytes([vlan[0], vlan[1]]).to_string()),
            record[10] & 2 != 0,
            names.of(number(get(9)).unwrap_or(0)),
            u16::from_ne_bytes([record[8], record[9]]) & 0x80 != 0
        ),
        _ => return None,
    })
}

fn a_hop(gateway: Option<&[u8]>, index: u32, flags: u32, names: &Names) -> String {
    let words: Vec<_> =
        [(1, "dead"), (16, "linkdown")].into_iter().filter(|(bit, _)| flags & bit != 0).map(|it| it.1).collect();
    format!("via {} dev {} {}", or_none(gateway), names.of(index), words.join(","))
}

/// `struct rtnexthop`, one after the other.
fn hops(mut list: &[u8], names: &Names) -> Vec<String> {
    let mut found = Vec::new();
    while list.len() >= 8 {
        let length = usize::from(u16::from_ne_bytes([list[0], list[1]])).clamp(8, list.len());
        let gateway = Attributes::new(&list[8..length]).last(5);
        found.push(a_hop(gateway, word(list, 4), list[2].into(), names));
        list = &list[length.next_multiple_of(4).min(list.len())..];
    }
    found
}
