//! One run of a command: what it is told of the change.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::time::SystemTime;

use sockeye_query::Value;
use sockeye_query::rtnetlink::Row;

use super::Happened;
use crate::output::value;
use crate::watch::object;
use crate::watch::report::{Event, Report};

/// Bytes of one variable of the environment; a longer value is only in the object (`MAX_ARG_STRLEN` is 128 KiB).
const VARIABLE_MAX: usize = 4096;

/// A command that is to be run.
#[derive(Clone, Debug)]
pub(super) struct Job {
    /// Which hook it belongs to, from 0.
    pub(super) hook: usize,
    pub(super) command: Vec<String>,
    /// The change as an object, for standard input.
    pub(super) input: Vec<u8>,
    /// The fields, for the environment.
    pub(super) environment: Vec<(String, OsString)>,
}

impl Job {
    pub(super) fn new(hook: usize, command: &[String], happened: &Happened<'_>) -> Self {
        let change = happened.change;
        let mut input = Vec::new();
        let (key, origin, port_id) = (happened.key, happened.origin, happened.port_id);
        let event = Event::Change { change, key, origin, port_id, process: None };
        let netns = Some(happened.place.label.as_slice());
        object::write(&mut input, &Report { time: SystemTime::now(), netns, event });
        let mut environment = vec![
            ("SOCKEYE_CHANGE".to_owned(), change.kind.word().into()),
            ("SOCKEYE_NETNS".to_owned(), OsString::from_vec(happened.place.label.clone())),
            ("SOCKEYE_RESYNC".to_owned(), if change.resync { "1" } else { "0" }.into()),
        ];
        if let Some(row) = change.row() {
            environment.push(("SOCKEYE_TABLE".to_owned(), row.table.name().into()));
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

/// Every plain value of a record as a variable: `SOCKEYE_IFNAME`, `SOCKEYE_MTU_BYTES`.
fn variables(prefix: &str, row: &Row<'_>, environment: &mut Vec<(String, OsString)>) {
    row.entries(&mut |entry| {
        if matches!(entry.value, Value::Tree(_) | Value::List(_) | Value::Several(_) | Value::Bytes(_)) {
            return;
        }
        let mut text = Vec::new();
        match &entry.value {
            // As the kernel has it: nothing is escaped for a program, and a NUL cannot be in it.
            Value::Text(bytes) => text.extend_from_slice(bytes),
            read => value::text(&mut text, read),
        }
        if text.len() <= VARIABLE_MAX && !text.contains(&0) {
            let name: String = entry.key.to_uppercase().replace(|letter: char| !letter.is_ascii_alphanumeric(), "_");
            let mut whole = format!("{prefix}{name}");
            if TAKEN.contains(&whole.as_str()) {
                whole = format!("{prefix}RECORD_{name}");
            }
            environment.push((whole, OsString::from_vec(text)));
        }
    });
}
