//! What the kernel leaves out of a dump because a filter says so: the same rows, and fewer that come over.

use serde_json::{Value, json};
use sockeye_conn::{Buffer, Protocol, Socket};
use sockeye_state::{Dump, Step};
use sockeye_wire::message::NLM_F_DUMP_FILTERED;
use sockeye_wire::rtnetlink::{Selection, Table, Wanted};
use sockeye_zoo::{in_namespace, skip};

use crate::oracle::ask;
use crate::support::sockeye;
use crate::world::{ADDRESSES, BRIDGES, LINKS, NEXTHOPS, TRAFFIC, World};

/// What counts and ages while one asks twice.
const VOLATILE: [&str; 5] = ["cacheinfo", "stats", "stats2", "xstats", "tm"];

/// The same without what counts and ages.
fn settled(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.into_iter().filter(|(key, _)| !VOLATILE.contains(&key.as_str()));
            Value::Object(members.map(|(key, value)| (key, settled(value))).collect())
        }
        Value::Array(values) => Value::Array(values.into_iter().map(settled).collect()),
        value => value,
    }
}

/// A listing that has to be whole: its rows, in one order.
fn rows(words: &[&str]) -> Vec<Value> {
    let output = sockeye(&[words, &["-o", "ndjson"]].concat());
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{words:?}: {errors}");
    let text = String::from_utf8(output.stdout).expect("JSON is UTF-8");
    let mut rows: Vec<_> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).map(settled).collect();
    let verdict = rows.pop().expect("a verdict");
    let missing = &verdict["verdict"]["missing"];
    if words[0] == "multicast" && !skip::kernel_is_since(6, 15) {
        assert_eq!(missing[0]["reason"], "this kernel does not list groups of IPv4 (since Linux 6.15 it does)");
    } else {
        assert_eq!(*missing, json!([]), "{words:?}");
    }
    rows.sort_by_key(Value::to_string);
    rows
}

/// Records that the kernel sends, and how many of them it marks as selected.
fn sent(table: Table, wanted: &Wanted) -> (usize, usize) {
    let (mut all, mut marked) = (0, 0);
    for asked in table.dumps(wanted) {
        let mut socket = Socket::open(Protocol::Route).expect("a socket");
        let sequence = socket.send(asked.request).expect("sent");
        let (mut dump, mut buffer) = (Dump::new(sequence), Buffer::new());
        loop {
            let step = dump.handle(socket.receive(&mut buffer).expect("received"), |message| {
                all += 1;
                marked += usize::from(message.flags() & NLM_F_DUMP_FILTERED != 0);
            });
            if step == Step::Ended {
                break;
            }
        }
    }
    (all, marked)
}

#[test]
fn a_device_and_a_bridge_are_chosen_by_the_kernel() {
    in_namespace(|_| {
        let _world = World::of("narrowed", &[LINKS, ADDRESSES, NEXTHOPS, BRIDGES, TRAFFIC])?;
        let dev = |name: &str| Wanted { ifindex: Some(index_of(name)), ..Wanted::default() };
        let master = |name: &str| Wanted { master: Some(index_of(name)), ..Wanted::default() };
        for (table, field, link, key, wanted) in [
            (Table::Fdb, "dev", "port0", "ifindex", dev("port0")),
            (Table::Fdb, "dev", "bridge0", "ifindex", dev("bridge0")),
            (Table::Fdb, "dev", "vx4", "ifindex", dev("vx4")),
            (Table::Fdb, "master", "bridge1", "master", master("bridge1")),
            (Table::MulticastAddresses, "dev", "left", "index", dev("left")),
            (Table::AnycastAddresses, "dev", "left", "index", dev("left")),
            (Table::Addresses, "dev", "left", "index", dev("left")),
            (Table::Nexthops, "dev", "left", "oif", dev("left")),
            (Table::TcClasses, "dev", "left", "ifindex", dev("left")),
            (Table::TcFilters, "dev", "left", "ifindex", dev("left")),
        ] {
            let what = format!("{} {field} = {link}", table.name());
            let all = rows(&[table.name()]);
            let index = index_of(link);
            let of: Vec<_> = all.iter().filter(|row| row[key] == index).cloned().collect();
            assert!(table == Table::AnycastAddresses || !of.is_empty(), "{what}: nothing in\n{all:#?}");
            assert_eq!(rows(&[table.name(), field, "=", link]), of, "{what}");

            let plan = sockeye(&[table.name(), field, "=", link, "--plan"]).stdout;
            let plan = String::from_utf8(plan).expect("text");
            assert!(plan.contains("narrowed by the kernel"), "{what}:\n{plan}");
            // These are asked for by link in any case.
            let Some(asked) = table.dumps(&wanted).first().cloned().filter(|_| table != Table::TcClasses) else {
                continue;
            };
            let (narrowed, marked) = sent(table, &wanted);
            let (whole, _) = sent(table, &Wanted::default());
            assert!(narrowed < whole.max(1), "{what}: {narrowed} of {whole}");
            let expected = if asked.selection == Selection::Confirmed { narrowed } else { 0 };
            assert_eq!(marked, expected, "{what}: {asked:?}");
        }
        Ok(())
    });
}

#[test]
fn what_is_not_there_has_no_rows_and_is_no_failure() {
    in_namespace(|_| {
        let _world = World::of("narrowed", &[LINKS])?;
        for words in [
            &["routes", "table", "=", "777"][..],
            &["routes", "inet", "table", "=", "777"],
            &["routes", "inet6", "table", "=", "777"],
            &["routes", "dev", "=", "9999"],
            &["addresses", "dev", "=", "9999"],
            &["multicast", "dev", "=", "9999"],
            &["fdb", "dev", "=", "9999"],
            &["fdb", "master", "=", "9999"],
            &["neighbours", "dev", "=", "9999"],
        ] {
            assert_eq!(rows(words), [Value::Null; 0], "{words:?}");
        }
        Ok(())
    });
}

/// The number of a link, as `ip` says it.
fn index_of(name: &str) -> u32 {
    let links = ask(&format!("ip -j link show dev {name}"));
    u32::try_from(links[0]["ifindex"].as_u64().expect("a number")).expect("of 32 bits")
}
