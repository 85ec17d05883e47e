//! The built sockeye, run in the network namespace that the test is in, and what it answers.
//!
//! Not here: what the answer must be. Each test knows that itself.

use std::process::{Command, Output};

use serde_json::Value;

/// Runs the built program to its end.
pub(crate) fn sockeye(arguments: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_sockeye")).args(arguments).env("NO_COLOR", "1").output();
    output.unwrap_or_else(|error| panic!("cannot run sockeye: {error}"))
}

/// A listing as NDJSON: its rows, and its verdict.
///
/// # Panics
///
/// If the answer is not whole or not JSON. That something asked for is missing in this kernel (exit status 3) is for
/// the test to judge.
pub(crate) fn listing(arguments: &[&str]) -> (Vec<Value>, Value) {
    let output = sockeye(&[&["sockets", "-o", "ndjson"], arguments].concat());
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(output.status.code(), Some(0 | 3)), "sockeye {arguments:?}: {}\n{errors}", output.status);
    let text = String::from_utf8(output.stdout).expect("JSON is UTF-8");
    let mut rows: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in\n{line}")))
        .collect();
    let verdict = rows.pop().and_then(|mut last| last.get_mut("verdict").map(Value::take));
    let verdict = verdict.unwrap_or_else(|| panic!("no verdict at the end of\n{text}\n{errors}"));
    assert_eq!(verdict["answer"], "whole", "{verdict:#}");
    (rows, verdict)
}
