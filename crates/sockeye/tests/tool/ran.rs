//! The program run to its end, and what there is to be looked at.

use std::process::{Command, Output};

use serde_json::Value;

use crate::support;

/// What the program said, and how it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
}

impl Ran {
    /// Standard output as text.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).expect("what is printed is UTF-8")
    }

    /// Standard error as text.
    pub(crate) fn errors(&self) -> &str {
        std::str::from_utf8(&self.stderr).expect("what is printed is UTF-8")
    }

    /// The lines of standard output.
    pub(crate) fn lines(&self) -> Vec<&str> {
        self.text().lines().collect()
    }

    /// Standard output as one JSON document.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.stdout).unwrap_or_else(|error| panic!("{error} in\n{}", self.text()))
    }

    /// Standard output as JSON documents, one a line.
    pub(crate) fn json_lines(&self) -> Vec<Value> {
        let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in\n{line}"));
        self.text().lines().map(parse).collect()
    }

    /// The same, if it ended with this status.
    #[track_caller]
    pub(crate) fn ended(self, status: i32) -> Self {
        assert_eq!(self.status, status, "{}\n{}", self.text(), self.errors());
        self
    }

    /// The same, if it ended with one of these.
    #[track_caller]
    pub(crate) fn ended_in(self, statuses: &[i32]) -> Self {
        assert!(statuses.contains(&self.status), "{}: {}\n{}", self.status, self.text(), self.errors());
        self
    }
}

/// That owners are missing who may not be seen is no matter here.
pub(crate) const WHOEVER_MAY_BE_SEEN: [i32; 2] = [0, 3];

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let status = output.status.code().unwrap_or_else(|| panic!("killed: {}", output.status));
        Self { status, stdout: output.stdout, stderr: output.stderr }
    }
}

/// Runs the program.
pub(crate) fn sockeye(arguments: &[&str]) -> Ran {
    support::sockeye(arguments).into()
}

/// Runs a prepared command.
pub(crate) fn run(command: &mut Command) -> Ran {
    command.output().unwrap_or_else(|error| panic!("cannot run {command:?}: {error}")).into()
}

/// Text that was split at blanks, as a shell would, and given to the program.
pub(crate) fn words(line: &str) -> Ran {
    sockeye(&line.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>())
}

/// The plan of a listing, which has no format of its own.
pub(crate) fn planned(arguments: &[&str]) -> Ran {
    let mut left = arguments.iter().copied();
    let mut kept = Vec::new();
    while let Some(argument) = left.next() {
        match argument {
            "-j" | "--json" => {}
            "-o" | "--output" => drop(left.next()),
            other => kept.push(other),
        }
    }
    kept.push("--plan");
    sockeye(&kept)
}

/// Words as a shell would split them; `None` where a shell would do more than that.
pub(crate) fn shell_words(line: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for letter in line.chars() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, ' ') => words.extend(word.take()),
            (None, '|' | '>' | '<' | '&' | ';' | '$' | '`' | '(' | '*') => return None,
            (None, '#') if word.is_none() => break,
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    Some(words)
}

/// Records of a CSV text (RFC 4180).
pub(crate) fn csv(text: &str) -> Vec<Vec<String>> {
    let (mut records, mut record, mut cell) = (Vec::new(), Vec::new(), String::new());
    let mut letters = text.chars().peekable();
    let mut quoted = false;
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => cell.extend(letters.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => record.push(std::mem::take(&mut cell)),
            '\r' if !quoted && letters.peek() == Some(&'\n') => {
                letters.next();
                record.push(std::mem::take(&mut cell));
                records.push(std::mem::take(&mut record));
            }
            other => cell.push(other),
        }
    }
    assert!(record.is_empty() && cell.is_empty() && !quoted, "the last record does not end in {text:?}");
    records
}

/// What is missing, of one kind.
pub(crate) fn missing<'v>(verdict: &'v Value, kind: &str) -> Vec<&'v Value> {
    let all = verdict["missing"].as_array().expect("every verdict lists what is missing");
    all.iter().filter(|missing| missing["kind"] == kind).collect()
}

/// The rows of the socket with this cookie.
pub(crate) fn with_cookie(rows: &[Value], cookie: u64) -> Vec<&Value> {
    let cookie = format!("{cookie:#x}");
    rows.iter().filter(|row| row["cookie"] == *cookie).collect()
}
