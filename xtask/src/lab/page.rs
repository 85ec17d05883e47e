//! docs/kernels.md: what was run on which kernel.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use super::allowed;
use super::run::Run;
use crate::suite::allowed::find;
use crate::suite::outcome::Outcome;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/kernels.md");
const TEMPLATE: &str = include_str!("kernels.template.md");

/// Writes it.
pub(super) fn write(runs: &[Run]) -> Result<()> {
    let day = Command::new("date").args(["-u", "+%Y-%m-%d"]).output().context("cannot run date")?.stdout;
    let text = TEMPLATE
        .replace("{day}", String::from_utf8_lossy(&day).trim())
        .replace("{results}", results(runs).trim_end())
        .replace("{skips}", skips(runs)?.trim_end());
    fs::write(PAGE, text).with_context(|| format!("cannot write {PAGE}"))
}

/// A table: a program a line, a kernel a column.
fn results(runs: &[Run]) -> String {
    let mut text = String::from("| tests |");
    for run in runs {
        let _ = write!(text, " {} |", run.release);
    }
    let _ = writeln!(text, "\n|---|{}", "---|".repeat(runs.len()));
    let programs = runs.first().map_or(&[][..], |run| &run.outcomes[..]);
    for (index, program) in programs.iter().enumerate() {
        let _ = write!(text, "| {} |", program.name);
        for run in runs {
            let _ = write!(text, " {} |", cell(&run.outcomes[index]));
        }
        text.push('\n');
    }
    text
}

/// A test that said that it cannot run has passed nothing.
fn cell(outcome: &Outcome) -> String {
    let mut text = format!("{} passed", outcome.ran());
    if !outcome.failed.is_empty() {
        let _ = write!(text, ", **failed: {}**", outcome.failed.join(", "));
    }
    if let Some(trouble) = &outcome.trouble {
        let _ = write!(text, ", **{trouble}**");
    }
    text
}

/// What each kernel lacked: a reason a line.
fn skips(runs: &[Run]) -> Result<String> {
    let list = allowed::list()?;
    let mut lacking: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for run in runs {
        for skipped in run.outcomes.iter().flat_map(|outcome| &outcome.skipped) {
            let reason = find(&list, &run.line, &skipped.key).map_or(skipped.reason.as_str(), |known| known.reason);
            let lines = lacking.entry(reason).or_default();
            if lines.last() != Some(&run.line.as_str()) {
                lines.push(&run.line);
            }
        }
    }
    let mut text = String::from("| why | on |\n|---|---|\n");
    for (reason, lines) in lacking {
        let _ = writeln!(text, "| {reason} | {} |", lines.join(", "));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::lane;
    use crate::suite::page::is_of_template;

    #[test]
    fn the_page_has_the_words_of_today() {
        let page = fs::read_to_string(PAGE).expect("docs/kernels.md is there");
        if let Err(missed) = is_of_template(&page, TEMPLATE) {
            panic!("docs/kernels.md lacks words of its template, `cargo xtask lab --all` makes it anew: {missed}");
        }
    }

    #[test]
    fn the_page_names_the_programs_that_are_there_and_no_others() {
        let page = fs::read_to_string(PAGE).expect("docs/kernels.md is there");
        let rows: Vec<&str> = page
            .lines()
            .filter_map(|line| line.strip_prefix("| ")?.split(" |").next())
            .filter(|cell| cell.contains('/') && !cell.contains(' '))
            .collect();
        for name in &rows {
            assert!(lane::all().any(|known| known == *name), "docs/kernels.md is about {name}, which no lane has");
        }
        for name in lane::all() {
            assert!(rows.contains(&name), "docs/kernels.md has no row of {name}, which `cargo xtask lab --all` runs");
        }
    }
}
