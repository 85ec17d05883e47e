//! Reports as JSON objects, one a line.

use sockeye_query::Value;
use sockeye_query::rtnetlink::{Change, Row, catalog};
use sockeye_state::rtnetlink::Tables;
use sockeye_state::watch::Origin;

use super::report::{Event, Report, rfc3339};
use super::{diff, key};
use crate::output::value;

/// Appends a report as one object and a newline.
pub(crate) fn write(out: &mut Vec<u8>, report: &Report<'_>) {
    out.push(b'{');
    member(out, "time", rfc3339(report.time).as_bytes());
    if let Some(netns) = report.netns {
        out.push(b',');
        member(out, "netns", netns);
    }
    match &report.event {
        Event::Change { change, key, origin, port_id, process } => {
            change_members(out, change, key, *origin);
            if *port_id != 0 {
                out.push(b',');
                value::json_entry(out, "port_id", &Value::Unsigned((*port_id).into()));
            }
            if let Some(process) = process {
                out.push(b',');
                member(out, "process", process);
            }
        }
        Event::Gap { gap, since } => {
            out.extend_from_slice(b",\"change\":\"gap\",");
            tables(out, gap.tables);
            out.push(b',');
            member(out, "since", rfc3339(*since).as_bytes());
            out.extend_from_slice(format!(",\"reason\":\"{}\",\"lost\":", gap.reason).as_bytes());
            match gap.lost {
                Some(lost) => out.extend_from_slice(lost.to_string().as_bytes()),
                None => out.extend_from_slice(b"null"),
            }
        }
        Event::Gone { tables: gone } => {
            out.extend_from_slice(b",\"change\":\"gap\",");
            tables(out, *gone);
            out.extend_from_slice(b",\"reason\":\"namespace-gone\",\"lost\":null");
        }
        Event::Synced { synced, last_audit } => {
            out.extend_from_slice(b",\"change\":\"synced\",");
            tables(out, synced.tables);
            if let Some(at) = last_audit {
                out.push(b',');
                member(out, "last_audit", rfc3339(*at).as_bytes());
            }
        }
    }
    out.extend_from_slice(b"}\n");
}

fn change_members(out: &mut Vec<u8>, change: &Change<'_>, identity: &[u8], origin: Origin) {
    let Some(row) = change.row() else { return };
    out.push(b',');
    member(out, "table", row.table.name().as_bytes());
    out.push(b',');
    member(out, "change", change.kind.word().as_bytes());
    match origin {
        Origin::Resync | Origin::Audit => out.extend_from_slice(b",\"resync\":true"),
        Origin::Snapshot => out.extend_from_slice(b",\"snapshot\":true"),
        _ => {}
    }
    out.extend_from_slice(b",\"id\":\"");
    for byte in identity {
        let digit = |half: u8| char::from_digit(half.into(), 16).map_or(b'0', |digit| digit as u8);
        out.extend_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
    }
    out.extend_from_slice(b"\",\"key\":{");
    for (index, part) in key::parts(&row).iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        let info = catalog(row.table).info(part.field);
        // A word for several fields has no key of its own.
        let key = if info.json.is_empty() { &info.path } else { &info.json };
        value::json_entry(out, key, &part.value);
    }
    out.extend_from_slice(b"},\"record\":");
    record(out, &row);
    if let (Some(old), Some(new)) = (change.old, change.new) {
        out.extend_from_slice(b",\"fields\":{");
        for (index, difference) in diff::between(&old, &new).iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            value::json_key(out, &difference.path);
            out.push(b'{');
            for (name, read) in [("old", &difference.old), ("new", &difference.new)] {
                if name == "new" {
                    out.push(b',');
                }
                match read {
                    Some(read) => value::json_entry(out, name, read),
                    None => out.extend_from_slice(format!("\"{name}\":null").as_bytes()),
                }
            }
            out.push(b'}');
        }
        out.push(b'}');
    }
}

fn record(out: &mut Vec<u8>, row: &Row<'_>) {
    let start = out.len();
    row.entries(&mut |entry| {
        out.push(b',');
        value::json_entry(out, &entry.key, &entry.value);
    });
    // The comma of the first member becomes the bracket of the object.
    match out.get_mut(start) {
        Some(comma) => *comma = b'{',
        None => out.push(b'{'),
    }
    out.push(b'}');
}

fn member(out: &mut Vec<u8>, key: &str, text: &[u8]) {
    value::json_entry(out, key, &Value::Text(text));
}

fn tables(out: &mut Vec<u8>, tables: Tables) {
    let names = tables.iter().map(|table| Value::Text(table.name().as_bytes())).collect();
    value::json_entry(out, "tables", &Value::List(names));
}
