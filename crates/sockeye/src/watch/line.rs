//! Reports as lines for people.

use sockeye_query::rtnetlink::{Change, ChangeKind, Row};
use sockeye_query::{FieldId, Value};
use sockeye_state::rtnetlink::Tables;
use sockeye_state::watch::{Gap, Origin};

use super::report::{Event, Report, rfc3339};
use super::{diff, key};
use crate::output::{escape, value};
use crate::tables;

/// Appends a report as one line.
pub(crate) fn write(out: &mut Vec<u8>, report: &Report<'_>) {
    out.extend_from_slice(rfc3339(report.time).as_bytes());
    if let Some(netns) = report.netns {
        out.push(b' ');
        escape::text(out, netns);
    }
    match &report.event {
        Event::Change { change, origin, port_id, process, .. } => {
            change_line(out, change, *origin);
            made_by(out, *port_id, process.as_deref());
        }
        Event::Gap { gap, since } => gap_line(out, gap, &rfc3339(*since)),
        Event::Gone { tables } => {
            out.extend_from_slice(format!(" gap: the namespace is gone, in {}", shortly(*tables)).as_bytes());
        }
        Event::Synced { synced, last_audit } => {
            out.extend_from_slice(format!(" synced: {}", shortly(synced.tables)).as_bytes());
            if let Some(at) = last_audit {
                out.extend_from_slice(format!(", last audit {}", rfc3339(*at)).as_bytes());
            }
        }
    }
    out.push(b'\n');
}

/// ` links ~ eth0 operstate up → down`.
pub(crate) fn change_line(out: &mut Vec<u8>, change: &Change<'_>, origin: Origin) {
    let Some(row) = change.row() else { return };
    let sign = match change.kind {
        ChangeKind::Added if origin == Origin::Snapshot => '=',
        ChangeKind::Added => '+',
        ChangeKind::Removed => '-',
        ChangeKind::Changed => '~',
    };
    out.extend_from_slice(format!(" {} {sign}", row.table.name()).as_bytes());
    let parts = key::parts(&row);
    for part in &parts {
        labelled(out, part.word, &part.value);
    }
    match (change.old, change.new) {
        (Some(old), Some(new)) => differences(out, &old, &new),
        _ => rest(out, &row, &parts.iter().map(|part| part.field).collect::<Vec<_>>()),
    }
    out.extend_from_slice(match origin {
        Origin::Resync => b" (resync)",
        Origin::Audit => b" (resync, found by audit)",
        _ => b"",
    });
}

/// What else people want to know of a record that came or went: the columns of its listing.
fn rest(out: &mut Vec<u8>, row: &Row<'_>, said: &[FieldId]) {
    for (name, field) in tables::default_fields(row.table) {
        if said.contains(&field) {
            continue;
        }
        if let Some(read) = row.value(field) {
            labelled(out, name, &read);
        }
    }
}

/// ` operstate up → down, carrier on → off`.
fn differences(out: &mut Vec<u8>, old: &Row<'_>, new: &Row<'_>) {
    for (index, difference) in diff::between(old, new).iter().enumerate() {
        out.extend_from_slice(if index == 0 { b" " } else { b", " });
        out.extend_from_slice(difference.name.as_bytes());
        out.push(b' ');
        shown(out, difference.old.as_ref());
        out.extend_from_slice(" → ".as_bytes());
        shown(out, difference.new.as_ref());
    }
}

fn labelled(out: &mut Vec<u8>, word: &str, read: &Value<'_>) {
    // An interface that is none, an empty set of flags, no metric: nothing to say.
    let is_nothing = match read {
        Value::Interface { index, .. } => *index == 0,
        Value::Set { bits, .. } => *bits == 0,
        Value::Unsigned(number) => *number == 0 && matches!(word, "metric" | "tos"),
        Value::Hexadecimal32(number) => *number == 0,
        Value::List(values) => values.is_empty(),
        Value::Several(values) => values.is_empty(),
        _ => false,
    };
    if is_nothing {
        return;
    }
    let mut text = Vec::new();
    shown(&mut text, Some(read));
    out.push(b' ');
    if word == "/" {
        out.pop();
        out.push(b'/');
    } else if !word.is_empty() {
        out.extend_from_slice(word.as_bytes());
        out.push(b' ');
    }
    out.extend_from_slice(&text);
}

/// A value; what is true or false is on or off here.
fn shown(out: &mut Vec<u8>, read: Option<&Value<'_>>) {
    let start = out.len();
    match read {
        None => out.extend_from_slice(b"none"),
        Some(Value::Truth(truth)) => out.extend_from_slice(if *truth { b"on" } else { b"off" }),
        Some(read) => value::text(out, read),
    }
    // A set without anything in it, a text without letters.
    if out.len() == start {
        out.extend_from_slice(b"none");
    }
}

fn made_by(out: &mut Vec<u8>, port_id: u32, process: Option<&[u8]>) {
    if port_id == 0 {
        return;
    }
    out.extend_from_slice(b" by ");
    if let Some(process) = process {
        escape::text(out, process);
        out.push(b' ');
    }
    out.extend_from_slice(format!("[{port_id}]").as_bytes());
}

fn gap_line(out: &mut Vec<u8>, gap: &Gap, since: &str) {
    let lost = match gap.lost {
        Some(1) => "1 datagram lost".to_owned(),
        Some(lost) => format!("{lost} datagrams lost"),
        None => "an unknown number of datagrams lost".to_owned(),
    };
    let what = match gap.reason {
        sockeye_state::watch::Reason::Overrun => lost,
        reason => reason.to_string(),
    };
    out.extend_from_slice(format!(" gap: {what} since {since}, in {}", shortly(gap.tables)).as_bytes());
}

/// Tables by name, or how many where they are all that are watched by default.
pub(crate) fn shortly(tables: Tables) -> String {
    if tables.len() > 6 { format!("{} tables", tables.len()) } else { tables.to_string() }
}
