//! What `ip`, `bridge` and `tc` say.

use std::process::Command;

use serde_json::Value;

use crate::json;

/// Runs a command and reads the list that it prints.
pub(crate) fn ask(command: &str) -> Vec<Value> {
    let text = ask_text(command);
    // Nothing at all is how some of them say that there is nothing.
    let text = if text.trim().is_empty() { "[]" } else { &text };
    let rows = json::read(text).unwrap_or_else(|error| panic!("{command}: {error} in\n{text}"));
    let Value::Array(rows) = rows else { panic!("{command}: no list but {rows}") };
    // An empty object is what a message leaves that was passed over.
    rows.into_iter().filter(|row| row.as_object().is_some_and(|row| !row.is_empty())).collect()
}

/// Runs a command, which prints something else than JSON.
pub(crate) fn ask_text(command: &str) -> String {
    let words: Vec<&str> = command.split_whitespace().collect();
    let output = Command::new(words[0]).args(&words[1..]).output().unwrap_or_else(|error| panic!("{command}: {error}"));
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text of iproute2 is UTF-8 here")
}
