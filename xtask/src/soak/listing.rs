//! One listing: whether exit status and verdict agree, and what it lists.

use std::process::{Command, Output};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// What a listing said.
pub(super) struct Listing {
    /// Its rows.
    pub(super) rows: Vec<Value>,
    /// Why it is not whole, by its own verdict.
    pub(super) lacks: Vec<String>,
}

impl Listing {
    /// Runs a listing that writes objects, and holds exit status and verdict against each other.
    pub(super) fn of(command: &mut Command) -> Result<Self> {
        let output = command.output().context("cannot be started")?;
        Self::read(&output)
    }

    fn read(output: &Output) -> Result<Self> {
        let errors = String::from_utf8_lossy(&output.stderr);
        let status = output.status.code().with_context(|| format!("{}: {errors}", output.status))?;
        let mut rows = Vec::new();
        for line in output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let row: Value =
                serde_json::from_slice(line).with_context(|| format!("no JSON: {}", String::from_utf8_lossy(line)))?;
            rows.push(row);
        }
        let Some(mut verdict) = rows.pop().and_then(|mut last| last.get_mut("verdict").map(Value::take)) else {
            bail!("status {status} and no verdict: {errors}");
        };
        let missing = verdict["missing"].take();
        let missing = missing.as_array().context("a verdict without `missing`")?;
        let asked_for = missing.iter().filter(|one| one["asked_for"] != Value::Bool(false));
        let lacks: Vec<_> = asked_for.map(|one| one["reason"].as_str().unwrap_or_default().to_owned()).collect();
        let deserved = match verdict["answer"].as_str() {
            Some("whole") if lacks.is_empty() => 0,
            Some("whole" | "cut") => 3,
            _ => 1,
        };
        if status != deserved {
            bail!("status {status} where the verdict is {verdict}, missing {missing:?}: {errors}");
        }
        if status == 1 {
            bail!("failed: {}", lacks.join("; "));
        }
        Ok(Self { rows, lacks })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::ExitStatus;

    use super::*;

    fn read(status: i32, stdout: &str) -> Result<Listing> {
        Listing::read(&Output {
            status: ExitStatus::from_raw(status << 8),
            stdout: stdout.into(),
            stderr: b"note: something".to_vec(),
        })
    }

    const WHOLE: &str = "{\"a\":1}\n{\"verdict\":{\"answer\":\"whole\",\"missing\":[]}}\n";
    const CUT: &str =
        "{\"verdict\":{\"answer\":\"cut\",\"missing\":[{\"kind\":\"dump\",\"reason\":\"it changed\"}]}}\n";
    const NOTE: &str = "{\"verdict\":{\"answer\":\"whole\",\"missing\":[{\"kind\":\"other\",\"asked_for\":false,\"reason\":\"x\"}]}}\n";

    #[test]
    fn status_and_verdict_have_to_say_the_same() {
        let whole = read(0, WHOLE).expect("they agree");
        assert_eq!((whole.rows.len(), whole.lacks.len()), (1, 0));
        assert_eq!(read(3, CUT).expect("they agree").lacks, ["it changed"]);
        assert!(read(0, NOTE).is_ok());
        for (status, text) in [(3, WHOLE), (0, CUT), (1, WHOLE), (3, NOTE), (0, "{\"a\":1}\n"), (0, "")] {
            assert!(read(status, text).is_err(), "{status} {text}");
        }
    }
}
