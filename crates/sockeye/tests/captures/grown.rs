//! Structures grow from kernel to kernel: what one does not tell yet is absent from its rows, and never zero.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;
use sockeye_query::sockets::catalog;
use sockeye_query::{FieldId, FieldInfo, FieldKind, rtnetlink};
use sockeye_state::capture::Reader;
use sockeye_wire::Version;
use sockeye_wire::rtnetlink::Table;

use crate::decode;
use crate::golden::replay;
use crate::line::{blesses, directory};
use crate::{made, tables};

/// Captures of one table by kernels of three lines, the oldest first.
const GROWN: [[&str; 3]; 2] = [["6.1/tcp", "6.12/tcp", "tcp"], ["6.1/mptcp", "6.12/mptcp", "mptcp"]];

/// Fields that came in between, each with how many of the three lines have it.
const CAME: [(&str, usize); 6] = [
    ("tcp_info.rcv_wnd", 2),
    ("tcp_info.rehash", 2),
    ("tcp_info.total_rto", 2),
    ("tcp_info.received_ce", 1),
    ("mptcp_info.subflows_total", 2),
    ("mptcp_info.bytes_acked", 2),
];

/// Numbers in structures.
fn numbers() -> impl Iterator<Item = (FieldId, &'static FieldInfo)> {
    let is_one = |info: &FieldInfo| matches!(info.kind, FieldKind::Number(_)) && !info.object().is_empty();
    catalog().fields().filter(move |(_, info)| is_one(info))
}

/// Fields of structures that at least one row of a capture has, whatever their value.
fn present(capture: &[u8]) -> BTreeSet<FieldId> {
    let mut present = BTreeSet::new();
    decode::rows(capture, |row| {
        present.extend(numbers().map(|(field, _)| field).filter(|field| row.value(*field).is_some()));
    });
    present
}

/// Every field of the structures that grew that a kernel of these lines did not have yet, with the lines that have it. What a kernel
/// has, and none of the sockets of its capture, is not among them.
fn grown() -> String {
    let mut text = String::new();
    for names in GROWN {
        let kernels = names.map(|name| {
            let capture = made::read(name);
            (name.split_once('/').map_or("newer", |(line, _)| line), version(&capture), present(&capture))
        });
        for (field, info) in numbers().filter(|(_, info)| info.since > kernels[0].1) {
            let lines = kernels.iter().filter(|(.., present)| present.contains(&field)).map(|(line, ..)| *line);
            let lines: Vec<&str> = lines.collect();
            if !lines.is_empty() {
                let _ = writeln!(text, "{}\t{}", info.path, lines.join(" "));
            }
        }
    }
    text
}

#[test]
fn the_list_of_what_kernels_learned_to_tell_is_up_to_date() {
    let (path, grown) = (directory().join("grown.txt"), grown());
    if blesses("golden") {
        std::fs::write(&path, &grown).expect("written");
    }
    assert_eq!(grown, std::fs::read_to_string(&path).expect("committed"));
}

#[test]
fn what_an_older_kernel_does_not_tell_is_absent_and_not_zero() {
    for (path, kernels) in CAME {
        let (object, field) = path.split_once('.').expect("a field of a structure");
        let names = GROWN[usize::from(object == "mptcp_info")];
        for (index, name) in names.into_iter().enumerate() {
            let text = replay(name);
            let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
            let structures: Vec<&Value> = rows.iter().filter_map(|row| row.get(object)).collect();
            assert!(!structures.is_empty(), "{name} has no {object}");
            let is_told = index >= names.len() - kernels;
            let has = |structure: &&Value| {
                let keys = structure.as_object().into_iter().flatten();
                keys.map(|(key, _)| key).any(|key| key == field || key.strip_prefix(field).is_some_and(is_unit))
            };
            assert_eq!(structures.iter().any(has), is_told, "{path} in {name}");
        }
    }
}

/// The line of the kernel that a capture is of.
fn version(capture: &[u8]) -> Version {
    decode::version(Reader::new(capture).expect("a capture").about().kernel)
}

/// The captures of real kernels: their names, and whether they are of sockets.
fn captures() -> Vec<(String, bool)> {
    let tables = Table::ALL.map(Table::name);
    let folders = ["", "6.1/", "6.12/", "6.18/"];
    let mut found = Vec::new();
    for folder in folders {
        for entry in
            std::fs::read_dir(directory().join(folder)).expect("a folder").map(|entry| entry.expect("an entry"))
        {
            let name = entry.file_name().into_string().expect("UTF-8");
            if let Some(name) = name.strip_suffix(".cap").filter(|name| !name.starts_with("built_")) {
                found.push((format!("{folder}{name}"), !tables.contains(&name)));
            }
        }
    }
    found
}

/// What later kernels brought and Debian's older ones have too. Each is an attribute of its own, which says that it is there, or is not
/// zero.
const BACKPORTED: [&str; 11] = [
    "6.1/links: af_spec.inet6.conf.accept_ra_min_lft of 6.7",
    "6.1/links: bond.coupled_control of 6.9",
    "6.1/links: bond_port.actor_port_prio of 6.18",
    "6.1/links: bond_port.ad_churn_actor_state of 7.1",
    "6.1/links: bond_port.ad_churn_partner_state of 7.1",
    "6.1/nexthops: group.weight_high of 6.12",
    "6.12/links: bond_port.actor_port_prio of 6.18",
    "6.12/links: bond_port.ad_churn_actor_state of 7.1",
    "6.12/links: bond_port.ad_churn_partner_state of 7.1",
    "6.12/links: netkit.peer_scrub of 6.13",
    "6.12/links: netkit.scrub of 6.13",
];

#[test]
fn no_kernel_says_what_came_after_it() {
    let (mut early, mut looked_at) = (BTreeSet::new(), 0);
    for (name, is_of_sockets) in captures() {
        let capture = made::read(&name);
        let kernel = version(&capture);
        let mut note = |info: &FieldInfo| early.insert(format!("{name}: {} of {}", info.path, info.since));
        if is_of_sockets {
            let later: Vec<_> = catalog().fields().filter(|(_, info)| info.since > kernel).collect();
            decode::rows(&capture, |row| {
                looked_at += 1;
                later.iter().filter(|(field, _)| row.value(*field).is_some()).for_each(|(_, info)| _ = note(info));
            });
            continue;
        }
        let table = Table::ALL.into_iter().find(|table| name.ends_with(&format!("/{}", table.name())));
        let table = table.expect("a table");
        let later: Vec<_> = rtnetlink::catalog(table).fields().filter(|(_, info)| info.since > kernel).collect();
        tables::rows(&capture, table, |row| {
            looked_at += 1;
            later.iter().filter(|(field, _)| row.value(*field).is_some()).for_each(|(_, info)| _ = note(info));
        });
    }
    assert!(looked_at > 500, "{looked_at}");
    assert_eq!(early, BACKPORTED.map(str::to_owned).into());
}

/// Whether this is what a key has behind the name of its field.
fn is_unit(suffix: &str) -> bool {
    ["_bytes", "_us", "_ms"].contains(&suffix)
}
