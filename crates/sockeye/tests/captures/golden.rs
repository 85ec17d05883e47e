//! Captures decode to what they are known to hold.

use std::process::Command;

use crate::line::{blesses, directory};
use crate::made;

/// What the built program makes of a capture.
pub(crate) fn replay(name: &str) -> String {
    // Storage of BPF is asked for by name alone, and only these captures hold it.
    let storages: &[&str] =
        if name == "tcp_bpf" || name.starts_with("built_") { &["--columns", "+bpf_storages"] } else { &[] };
    let output = Command::new(env!("CARGO_BIN_EXE_sockeye"))
        .args(["sockets", "--view", "everything", "-o", "ndjson"])
        .args(storages)
        .arg("--replay")
        .arg(directory().join(name).with_extension("cap"))
        .output()
        .expect("sockeye runs");
    assert!(output.stderr.is_empty(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("JSON is UTF-8")
}

#[test]
fn every_capture_decodes_to_its_golden_rows() {
    for name in made::names() {
        let path = directory().join(&name).with_extension("ndjson");
        let decoded = replay(&name);
        if blesses("golden") {
            std::fs::write(&path, &decoded).expect("written");
        }
        let golden = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for (line, (decoded, golden)) in decoded.lines().zip(golden.lines()).enumerate() {
            assert_eq!(decoded, golden, "{name}.ndjson, line {}", line + 1);
        }
        assert_eq!(decoded.lines().count(), golden.lines().count(), "rows of {name}");
    }
}

#[test]
fn every_row_is_json_with_its_protocol() {
    for name in made::names() {
        let decoded = replay(&name);
        let mut lines: Vec<serde_json::Value> = decoded
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}")))
            .collect();
        let verdict = lines.pop().expect("a verdict");
        assert!(verdict["verdict"]["answer"].is_string(), "{name}: {verdict}");
        assert!(lines.iter().all(|row| row["protocol"].is_string()), "{name}");
    }
}

#[test]
fn a_refusal_is_not_an_empty_table() {
    let decoded = replay("refused");
    let verdict: serde_json::Value = serde_json::from_str(decoded.lines().last().expect("a verdict")).expect("JSON");
    assert_eq!(verdict["verdict"]["answer"], "failed", "{verdict}");
}

#[test]
fn built_captures_are_what_the_tables_build() {
    for (name, table, release) in made::built() {
        let built = made::build(table, release);
        if blesses("captures") {
            std::fs::write(directory().join(&name).with_extension("cap"), &built).expect("written");
        }
        assert!(made::read(&name) == built, "{name}.cap is not what is built now");
    }
}
