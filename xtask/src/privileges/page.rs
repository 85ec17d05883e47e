//! docs/privileges-suite.md: under which privilege how much of the suite ran.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use super::judgement::{Numbers, Reasons};
use super::run::Run;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/privileges-suite.md");
const TEMPLATE: &str = include_str!("page.template.md");

/// Writes it. What was not run is no row of it.
pub(super) fn write(runs: &[(Run, Numbers)], reasons: &Reasons) -> Result<()> {
    let said = |program: &str, words: &[&str]| -> Result<String> {
        let output = Command::new(program).args(words).output().with_context(|| format!("cannot run {program}"))?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let text = TEMPLATE
        .replace("{day}", &said("date", &["-u", "+%Y-%m-%d"])?)
        .replace("{kernel}", &said("uname", &["-r"])?)
        .replace("{results}", results(runs).trim_end())
        .replace("{reasons}", why(runs, reasons).trim_end());
    fs::write(PAGE, text).with_context(|| format!("cannot write {PAGE}"))
}

/// Privileges one below the other under which the same came of it are one row.
fn results(runs: &[(Run, Numbers)]) -> String {
    let mut rows: Vec<(String, &Numbers)> = Vec::new();
    for (run, numbers) in runs {
        let title = run.privilege.title();
        match rows.iter_mut().find(|(_, other)| *other == numbers) {
            // Of several capabilities the words before them are said once.
            Some((titles, _)) => {
                let name = title.strip_prefix("root without ").unwrap_or(&title);
                let _ = write!(titles, ", {name}");
            }
            None => rows.push((title, numbers)),
        }
    }
    let mut text = String::from("| as | ran and passed | not run | run in part |\n|---|---|---|---|\n");
    for (titles, numbers) in rows {
        let failed = if numbers.failed == 0 { String::new() } else { format!(", **{} failed**", numbers.failed) };
        let (skipped, in_part) = (counted(&numbers.skipped), counted(&numbers.in_part));
        let _ = writeln!(text, "| {titles} | {}{failed} | {skipped} | {in_part} |", numbers.ran);
    }
    text
}

fn counted(keys: &BTreeMap<String, u32>) -> String {
    if keys.is_empty() {
        return "0".to_owned();
    }
    let sum: u32 = keys.values().sum();
    let each: Vec<String> = keys.iter().map(|(key, count)| format!("`{key}` {count}")).collect();
    format!("{sum}: {}", each.join(", "))
}

/// What stands behind the keys.
fn why(runs: &[(Run, Numbers)], reasons: &Reasons) -> String {
    let mut known: BTreeSet<(&str, &str)> = BTreeSet::new();
    for (run, numbers) in runs {
        for key in numbers.skipped.keys().chain(numbers.in_part.keys()) {
            if let Some(reason) = reasons.of_privilege(run, key) {
                known.insert((key, reason));
            }
        }
    }
    let mut text = String::from("| key | why |\n|---|---|\n");
    for (key, reason) in known {
        let _ = writeln!(text, "| `{key}` | {reason} |");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::privileges::privilege::Privilege;
    use crate::suite::page::is_of_template;

    #[test]
    fn the_page_has_the_words_of_today() {
        let page = fs::read_to_string(PAGE).expect("docs/privileges-suite.md is there");
        if let Err(missed) = is_of_template(&page, TEMPLATE) {
            panic!(
                "docs/privileges-suite.md lacks words of its template, `cargo xtask privileges` makes it anew: {missed}"
            );
        }
    }

    #[test]
    fn the_page_has_every_privilege_that_tells_something() {
        let page = fs::read_to_string(PAGE).expect("docs/privileges-suite.md is there");
        let titles: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next()).collect();
        for privilege in Privilege::telling() {
            let title = privilege.title();
            let name = title.strip_prefix("root without ").unwrap_or(&title);
            let has = |row: &&str| row.split(", ").any(|part| part == title || part == name);
            assert!(titles.iter().any(has), "docs/privileges-suite.md has no row for {title}: {titles:?}");
        }
    }
}
