//! Events of sockets as JSON objects, one a line.

use sockeye_query::filter::Record as _;
use sockeye_query::sockets::live::{LiveRow, RATES, TOTALS, live_catalog};
use sockeye_query::{FieldId, Value};
use sockeye_state::lives::{Reason, Time};

use super::super::report::rfc3339;
use super::stream::Notice;
use crate::live::kinds::word;
use crate::live::{calendar, now};
use crate::output::json::Json;
use crate::output::run::Line;
use crate::output::value;
use crate::rows::Row;
use crate::sockets::view::{self, Choice};

/// What the kernel's last message of a socket says of it as if it still were one.
const MEANINGLESS_AT_THE_END: &str = "-state,-tcp_info.state,-recv-q,-send-q,-uid,-timer,-timer_retrans,-expires";

/// How sockets are written, made once.
pub(super) struct Objects {
    /// Those that the kernel described in a message.
    described: Json,
    /// Those of which no more is known than who they are.
    bare: Json,
    /// Those of them that ended: what their message says of a state means nothing.
    ended: Json,
    /// Those that ended, with their last message.
    last: Json,
    line: Line,
    fields: Fields,
}

/// Fields that are written by themselves, found once: to look for their names takes a fifth of the time of an event.
struct Fields {
    key: Vec<FieldKey>,
    incident: Vec<FieldKey>,
    why: Vec<FieldKey>,
    /// The duration, then the totals, then the rates.
    numbers: Vec<FieldKey>,
    owners: Vec<FieldKey>,
}

/// A field, and its key.
struct FieldKey {
    field: FieldId,
    key: &'static str,
}

impl FieldKey {
    /// The fields with these names, in their order.
    fn all<'n>(names: impl IntoIterator<Item = &'n str>) -> Vec<Self> {
        let catalog = live_catalog();
        let one = |name: &str| {
            let field = catalog.find(name).unwrap_or_else(|| unreachable!("{name} is a field of ours"));
            Self { field, key: &catalog.info(field).json }
        };
        names.into_iter().map(one).collect()
    }
}

impl Objects {
    pub(super) fn new() -> Self {
        let columns = |view, columns| {
            let choice = Choice { view, columns, owners: false, namespaces: false };
            // The views are ours, and known.
            view::columns(&choice).unwrap_or_default()
        };
        Self {
            described: Json::new(&columns(Some("everything"), None)),
            bare: Json::new(&columns(None, Some("proto,state,local,peer,cookie"))),
            ended: Json::new(&columns(None, Some("proto,local,peer,cookie"))),
            last: Json::new(&columns(Some("everything"), Some(MEANINGLESS_AT_THE_END))),
            line: Line::default(),
            fields: Fields {
                key: FieldKey::all(["cookie", "proto", "local", "local_port", "peer", "peer_port"]),
                incident: FieldKey::all(["direction", "reason", "location", "segments", "error"]),
                why: FieldKey::all(["why"]),
                numbers: FieldKey::all(
                    ["duration"].into_iter().chain(TOTALS.map(|(name, ..)| name)).chain(RATES.map(|(name, ..)| name)),
                ),
                owners: FieldKey::all(["pid", "process", "user", "unit", "container", "pod"]),
            },
        }
    }

    pub(super) fn event(&mut self, out: &mut Vec<u8>, row: &LiveRow<'_>, at: Time, netns: Option<&[u8]>) {
        begin(out, at, netns);
        let (facts, fields) = (&row.facts, &self.fields);
        out.extend_from_slice(b",\"table\":\"sockets\",");
        member(out, "change", facts.event);
        for (name, set) in [("resync", facts.resync), ("snapshot", facts.event == "present")] {
            if set {
                out.extend_from_slice(format!(",\"{name}\":true").as_bytes());
            }
        }
        out.extend_from_slice(b",\"key\":{");
        members(out, row, &fields.key);
        out.push(b'}');
        if facts.incident.is_some() {
            out.extend_from_slice(b",\"incident\":{");
            members(out, row, &fields.incident);
            out.push(b'}');
        }
        let Some(known) = facts.known else {
            // It is not followed: there is no more to say of it.
            owners(out, row, &fields.owners);
            out.extend_from_slice(b"}\n");
            return;
        };
        out.extend_from_slice(b",\"life\":{");
        member(out, "known", known);
        let words = [("side", facts.side), ("end", facts.end), ("old_state", facts.old_state)];
        for (name, word) in words {
            if let Some(word) = word {
                out.push(b',');
                member(out, name, word);
            }
        }
        if facts.why.is_some() {
            out.push(b',');
            members(out, row, &fields.why);
        }
        let numbers = [facts.duration_us].into_iter().chain(facts.totals).chain(facts.rates);
        for (named, number) in fields.numbers.iter().zip(numbers) {
            if let Some(number) = number {
                out.push(b',');
                value::json_entry(out, named.key, &Value::Unsigned(number));
            }
        }
        out.push(b'}');
        owners(out, row, &fields.owners);
        out.extend_from_slice(b",\"record\":");
        let json = match facts.event {
            _ if facts.described => &self.described,
            _ if facts.is_final => &self.last,
            "closed" => &self.ended,
            _ => &self.bare,
        };
        json.row(out, &mut self.line, Row::Socket(&row.row));
        out.extend_from_slice(b"}\n");
    }
}

/// These fields, as far as they are known.
fn members(out: &mut Vec<u8>, row: &LiveRow<'_>, fields: &[FieldKey]) {
    let mut first = true;
    for named in fields {
        let Some(read) = row.value(named.field) else { continue };
        if !std::mem::take(&mut first) {
            out.push(b',');
        }
        value::json_entry(out, named.key, &read);
    }
}

/// Whoever is known to hold the socket; nothing where it is not known.
fn owners(out: &mut Vec<u8>, row: &LiveRow<'_>, parts: &[FieldKey]) {
    let lists: Vec<_> = parts
        .iter()
        .filter_map(|part| match row.value(part.field)? {
            Value::List(values) | Value::Incomplete(values) if !values.is_empty() => Some((part.key, values)),
            _ => None,
        })
        .collect();
    let Some(count) = lists.iter().map(|(_, values)| values.len()).max() else { return };
    if row.owned_by_listener() {
        out.extend_from_slice(b",\"owners_of\":\"listener\"");
    }
    out.extend_from_slice(b",\"owners\":[");
    for at in 0..count {
        out.push(if at == 0 { b'{' } else { b',' });
        if at > 0 {
            out.push(b'{');
        }
        let mut first = true;
        for (key, values) in &lists {
            // An empty list in the place of one is "none": a process in no container.
            let Some(value) = values.get(at).filter(|value| !matches!(value, Value::List(inner) if inner.is_empty()))
            else {
                continue;
            };
            if !first {
                out.push(b',');
            }
            first = false;
            value::json_entry(out, key, value);
        }
        out.push(b'}');
    }
    out.push(b']');
}

fn begin(out: &mut Vec<u8>, at: Time, netns: Option<&[u8]>) {
    out.push(b'{');
    member(out, "time", &rfc3339(calendar(at)));
    if let Some(netns) = netns {
        out.push(b',');
        value::json_entry(out, "netns", &Value::Text(netns));
    }
}

fn words(words: impl IntoIterator<Item = &'static str>) -> Value<'static> {
    Value::List(words.into_iter().map(|word| Value::Text(word.as_bytes())).collect())
}

fn member(out: &mut Vec<u8>, key: &str, text: &str) {
    value::json_entry(out, key, &Value::Text(text.as_bytes()));
}

/// A gap, its end, or where all of this is known from.
pub(super) fn notice(out: &mut Vec<u8>, notice: &Notice<'_>, at: Time, netns: Option<&[u8]>) {
    let is_loss = matches!(notice, Notice::Gap(_) | Notice::Lost(..) | Notice::Unfound(_));
    begin(out, if is_loss { now() } else { at }, netns);
    match notice {
        Notice::Gap(gap) => {
            out.extend_from_slice(b",\"change\":\"gap\",\"tables\":[\"sockets\"],");
            member(out, "since", &rfc3339(calendar(gap.since)));
            out.push(b',');
            member(out, "reason", &gap.reason.to_string());
            let lost = gap.lost.map_or_else(|| "null".to_owned(), |lost| lost.to_string());
            out.extend_from_slice(format!(",\"lost\":{lost}").as_bytes());
        }
        Notice::Synced(_) => out.extend_from_slice(b",\"change\":\"synced\",\"tables\":[\"sockets\"]"),
        Notice::Gone => out.extend_from_slice(
            b",\"change\":\"gap\",\"tables\":[\"sockets\"],\"reason\":\"namespace-gone\",\"lost\":null",
        ),
        Notice::Unfound(lost) => {
            out.extend_from_slice(b",\"change\":\"gap\",\"tables\":[\"sockets\"],");
            member(out, "since", &rfc3339(calendar(at)));
            out.extend_from_slice(format!(",\"reason\":\"namespace-unfound\",\"lost\":{lost}").as_bytes());
        }
        Notice::Lost(kind, lost) => {
            out.extend_from_slice(b",\"change\":\"gap\",\"tables\":[\"sockets\"],");
            value::json_entry(out, "events", &words([word(*kind)]));
            out.push(b',');
            member(out, "since", &rfc3339(calendar(at)));
            out.push(b',');
            member(out, "reason", &Reason::Ring.to_string());
            out.extend_from_slice(format!(",\"lost\":{lost}").as_bytes());
        }
        Notice::Sources { heard, owners, interval_us, round_us } => {
            out.extend_from_slice(b",\"change\":\"sources\",");
            value::json_entry(out, "sources", &words(heard.sources().iter().copied()));
            out.push(b',');
            value::json_entry(out, "events", &words(heard.kinds.iter().map(word)));
            out.extend_from_slice(b",\"not_told\":[");
            for (at, lacking) in heard.missing.iter().enumerate() {
                out.extend_from_slice(if at == 0 { b"{" } else { b",{" });
                value::json_entry(out, "events", &words(lacking.kinds.iter().map(word)));
                out.push(b',');
                member(out, "reason", &lacking.reason);
                out.push(b'}');
            }
            out.push(b']');
            let (source, unknown) = owners.map_or((None, None), |owners| (owners.source, owners.unknown.as_deref()));
            for (key, text) in [("owner_source", source), ("owners_unknown", unknown)] {
                if let Some(text) = text {
                    out.push(b',');
                    member(out, key, text);
                }
            }
            out.extend_from_slice(format!(",\"interval_us\":{interval_us}").as_bytes());
            if let Some(round_us) = round_us {
                out.extend_from_slice(format!(",\"round_us\":{round_us}").as_bytes());
            }
        }
    }
    out.extend_from_slice(b"}\n");
}
