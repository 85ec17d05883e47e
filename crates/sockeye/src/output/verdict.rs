//! The verdict: as JSON, and in a line for people.

use sockeye_state::{Answer, Confirmed, Consistency, Missing, Verdict};

use super::several::several;
use super::{escape, number};

/// ENOENT, EOPNOTSUPP, EAFNOSUPPORT, EPROTONOSUPPORT: nobody in this kernel answers for the table.
const NOBODY_TO_ASK: [i32; 4] = [2, 95, 97, 93];

/// Appends the verdict as an object.
pub(crate) fn json(out: &mut Vec<u8>, verdict: &Verdict) {
    out.extend_from_slice(b"{\"answer\":\"");
    out.extend_from_slice(verdict.answer.word().as_bytes());
    out.extend_from_slice(b"\",\"consistency\":");
    consistency(out, &verdict.consistency);
    out.extend_from_slice(b",\"missing\":[");
    for (index, missing) in verdict.missing.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        member(out, missing);
    }
    out.push(b']');
    if let Some(count) = verdict.time_wait {
        out.extend_from_slice(b",\"not_listed\":{\"time-wait\":");
        number::decimal(out, count);
        out.push(b'}');
    }
    if let Some(source) = verdict.owner_source {
        out.extend_from_slice(b",\"owner_source\":\"");
        out.extend_from_slice(source.as_bytes());
        out.push(b'"');
    }
    out.push(b'}');
}

fn consistency(out: &mut Vec<u8>, found: &Consistency) {
    out.extend_from_slice(if found.marked { b"{\"marked\":true" } else { b"{\"marked\":false" });
    out.extend_from_slice(if found.interrupted { b",\"interrupted\":true" } else { b",\"interrupted\":false" });
    out.extend_from_slice(b",\"doubled\":");
    number::decimal(out, found.doubled);
    if let Some(window) = found.window {
        out.extend_from_slice(b",\"doubled_window_rows\":");
        number::decimal(out, window);
    }
    if let Some(Confirmed { dumps, found, gone, sure, .. }) = found.confirmed {
        out.extend_from_slice(
            format!(",\"confirmed\":{{\"dumps\":{dumps},\"found\":{found},\"gone\":{gone},\"sure\":{sure}}}")
                .as_bytes(),
        );
    }
    out.push(b'}');
}

fn member(out: &mut Vec<u8>, missing: &Missing) {
    // The kind, and what is missing, under its own key.
    let (kind, subject, named) = match missing {
        Missing::Table { table, named, .. } => ("table", Some(("table", table.as_str())), Some(*named)),
        Missing::Dump { table, .. } => ("dump", Some(("table", table.as_str())), None),
        Missing::Capability { capability, named, .. } => {
            ("capability", Some(("capability", *capability)), Some(*named))
        }
        Missing::Undecided { .. } => ("undecided", None, None),
        Missing::Other { named, .. } => ("other", None, Some(*named)),
        _ => ("other", None, None),
    };
    out.extend_from_slice(format!("{{\"kind\":\"{kind}\"").as_bytes());
    if let Missing::Undecided { rows, .. } = missing {
        out.extend_from_slice(b",\"rows\":");
        number::decimal(out, *rows);
    }
    if let Some((key, subject)) = subject {
        out.extend_from_slice(format!(",\"{key}\":").as_bytes());
        escape::json_string(out, subject.as_bytes());
    }
    if let Some(named) = named {
        out.extend_from_slice(format!(",\"asked_for\":{named}").as_bytes());
    }
    out.extend_from_slice(b",\"reason\":");
    escape::json_string(out, sentence(missing).as_bytes());
    out.push(b'}');
}

/// What is missing, in words.
pub(crate) fn sentence(missing: &Missing) -> String {
    match missing {
        Missing::Table { table, refusal, .. } => match refusal.errno {
            errno if NOBODY_TO_ASK.contains(&errno) && is_of_rtnetlink(table) => {
                format!("this kernel cannot list {table} ({refusal})")
            }
            errno if NOBODY_TO_ASK.contains(&errno) => {
                format!("this kernel cannot list {table} sockets ({refusal}; its diag module is not there)")
            }
            _ => format!("the kernel refused to list {}: {refusal}", called(table)),
        },
        Missing::Dump { table, conclusion } => {
            let mut why = Vec::new();
            if let Some(refusal) = &conclusion.refusal {
                why.push(format!("the kernel broke off: {refusal}"));
            }
            for (count, what) in [
                (conclusion.truncated, "datagrams did not fit the buffer"),
                (conclusion.overruns, "times the kernel dropped messages"),
                (conclusion.defects, "messages were malformed"),
            ] {
                if count > 0 {
                    why.push(format!("{count} {what}"));
                }
            }
            if conclusion.interrupted {
                why.push("the table changed during the dump".to_owned());
            }
            if why.is_empty() {
                why.push("the dump did not end".to_owned());
            }
            format!("rows of {} are missing: {}", called(table), why.join(", "))
        }
        Missing::Capability { capability, what, .. } => format!("{what} (needs {capability})"),
        Missing::Undecided { rows, fields, reason } => {
            let rows = several(*rows, "row");
            format!("{rows} could not be decided: {} {reason}", fields.join(", "))
        }
        Missing::Other { sentence, .. } => sentence.clone(),
        other => format!("{other:?}"),
    }
}

/// What is in the table: `routes`, `tcp sockets`.
fn called(table: &str) -> String {
    if is_of_rtnetlink(table) { table.to_owned() } else { format!("{table} sockets") }
}

/// Whether the table is none of sockets.
fn is_of_rtnetlink(name: &str) -> bool {
    sockeye_wire::rtnetlink::Table::ALL.iter().any(|table| table.name() == name)
}

/// What is missing, one sentence for all tables that this kernel lacks.
fn sentences(missing: &[Missing]) -> Vec<String> {
    let absent = |missing: &Missing| match missing {
        Missing::Table { table, refusal, .. } if NOBODY_TO_ASK.contains(&refusal.errno) => Some(table.clone()),
        _ => None,
    };
    let tables: Vec<_> = missing.iter().filter_map(absent).collect();
    let mut sentences: Vec<_> =
        missing.iter().filter(|one| tables.len() < 2 || absent(one).is_none()).map(sentence).collect();
    if tables.len() > 1 {
        sentences
            .push(format!("this kernel cannot list {} sockets (their diag modules are not there)", tables.join(", ")));
    }
    sentences
}

/// One line on stderr, if there is something to say.
pub(crate) fn to_stderr(verdict: &Verdict) {
    let mut parts = sentences(&verdict.missing);
    if verdict.consistency.interrupted {
        parts.push("the kernel marked the dump as inconsistent".to_owned());
    }
    if parts.is_empty() {
        return;
    }
    let mut line = match verdict.answer {
        Answer::Whole => b"note: ".to_vec(),
        Answer::Cut => b"cut: ".to_vec(),
        Answer::Failed => b"failed: ".to_vec(),
    };
    escape::sentence(&mut line, &parts.join("; "));
    line.push(b'\n');
    // Nobody is left to be told where stderr cannot be written.
    let _ = std::io::Write::write_all(&mut std::io::stderr(), &line);
}

#[cfg(test)]
mod tests {
    use sockeye_state::Conclusion;

    use super::*;

    #[test]
    fn each_kind_has_the_keys_that_are_documented() {
        let mut verdict = Verdict::default();
        let sentence = "nobody knows".to_owned();
        verdict.missing = vec![
            Missing::Dump { table: "tcp".to_owned(), conclusion: Conclusion::default() },
            Missing::Capability { capability: "CAP_NET_ADMIN", what: "no mark".to_owned(), named: true },
            Missing::Undecided { rows: 3, fields: vec!["mark".to_owned()], reason: "is secret".to_owned() },
            Missing::Other { sentence, named: false },
        ];
        let mut out = Vec::new();
        json(&mut out, &verdict);
        let said: serde_json::Value = serde_json::from_slice(&out).expect("JSON");
        let expected = serde_json::json!([
            {"kind": "dump", "table": "tcp", "reason": "rows of tcp sockets are missing: the dump did not end"},
            {"kind": "capability", "capability": "CAP_NET_ADMIN", "asked_for": true,
             "reason": "no mark (needs CAP_NET_ADMIN)"},
            {"kind": "undecided", "rows": 3, "reason": "3 rows could not be decided: mark is secret"},
            {"kind": "other", "asked_for": false, "reason": "nobody knows"},
        ]);
        assert_eq!(said["missing"], expected);
    }
}
