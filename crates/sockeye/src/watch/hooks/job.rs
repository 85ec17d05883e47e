//! One run of a command: what it is told of the change.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::time::SystemTime;

use sockeye_query::Value;
use sockeye_query::rtnetlink::Row;

use super::changes::Happened;
use crate::output::value;
use crate::watch::object;
use crate::watch::report::{Event, Report};

/// Bytes of one variable of the environment; a longer value is only in the object (`MAX_ARG_STRLEN` is 128 KiB).
const VARIABLE_MAX: usize = 4096;

/// A command that is to be run.
#[derive(Clone, Debug)]
pub(in crate::watch) struct Job {
    /// Which hook it belongs to, from 0.
    pub(in crate::watch) hook: usize,
    pub(in crate::watch) command: Vec<String>,
    /// What happened as an object, for standard input.
    pub(in crate::watch) input: Vec<u8>,
    /// The fields, for the environment.
    pub(in crate::watch) environment: Vec<(String, OsString)>,
}

impl Job {
    /// A run for a change of a table.
    pub(super) fn of_change(hook: usize, command: &[String], happened: &Happened<'_>) -> Self {
        let change = happened.change;
        let mut input = Vec::new();
        let (key, origin, port_id) = (happened.key, happened.origin, happened.port_id);
        let event = Event::Change { change, key, origin, port_id, process: None };
        let netns = Some(happened.place.label.as_slice());
        object::write(&mut input, &Report { time: SystemTime::now(), netns, event });
        let table = change.row().map(|row| row.table.name());
        let mut environment = happening(change.kind.word(), table, &happened.place.label, change.resync);
        if let Some(row) = change.row() {
            variables("SOCKEYE_", &row, &mut environment);
        }
        if let (Some(old), Some(_)) = (change.old, change.new) {
            variables("SOCKEYE_OLD_", &old, &mut environment);
        }
        Self { hook, command: command.to_vec(), input, environment }
    }

    /// The same for so many changes, of which this is the one that is told.
    pub(super) fn standing_for(mut self, changes: u64) -> Self {
        if changes > 1 && self.input.ends_with(b"}\n") {
            self.input.truncate(self.input.len() - 2);
            self.input.extend_from_slice(format!(",\"joined\":{changes}}}\n").as_bytes());
        }
        self.environment.push(("SOCKEYE_JOINED".to_owned(), changes.to_string().into()));
        self
    }
}

/// What is said of the change itself. A field of the record that is called so as well, the table of a route, the change of
/// a link, has `RECORD_` before its name.
const TAKEN: [&str; 5] = ["SOCKEYE_CHANGE", "SOCKEYE_NETNS", "SOCKEYE_RESYNC", "SOCKEYE_TABLE", "SOCKEYE_JOINED"];

/// What is said of what happened, whatever it was.
pub(in crate::watch) fn happening(
    change: &str,
    table: Option<&str>,
    netns: &[u8],
    resync: bool,
) -> Vec<(String, OsString)> {
    let table = table.map(|table| ("SOCKEYE_TABLE".to_owned(), table.into()));
    let all = [
        ("SOCKEYE_CHANGE".to_owned(), change.into()),
        ("SOCKEYE_NETNS".to_owned(), OsString::from_vec(netns.to_vec())),
        ("SOCKEYE_RESYNC".to_owned(), if resync { "1" } else { "0" }.into()),
    ];
    all.into_iter().chain(table).collect()
}

/// Every plain value of a record as a variable: `SOCKEYE_IFNAME`, `SOCKEYE_MTU_BYTES`.
fn variables(prefix: &str, row: &Row<'_>, environment: &mut Vec<(String, OsString)>) {
    row.entries(&mut |entry| environment.extend(variable(prefix, &entry.key, &entry.value)));
}

/// A plain value as a variable; `None`: it is not plain, or too long, or no program could have it.
pub(in crate::watch) fn variable(prefix: &str, key: &str, read: &Value<'_>) -> Option<(String, OsString)> {
    let mut text = Vec::new();
    match read {
        Value::Tree(_)
        | Value::Map(_)
        | Value::Bytes(_)
        | Value::Nothing
        | Value::List(_)
        | Value::Several(_)
        | Value::Incomplete(_) => return None,
        // As the kernel has it: nothing is escaped for a program, and a NUL cannot be in it.
        Value::Text(bytes) => text.extend_from_slice(bytes),
        read => value::text(&mut text, read),
    }
    if text.len() > VARIABLE_MAX || text.contains(&0) {
        return None;
    }
    let name: String = key.to_uppercase().replace(|letter: char| !letter.is_ascii_alphanumeric(), "_");
    let mut whole = format!("{prefix}{name}");
    if TAKEN.contains(&whole.as_str()) {
        whole = format!("{prefix}RECORD_{name}");
    }
    Some((whole, OsString::from_vec(text)))
}
