//! The pages under docs and the README say what the program does.

use std::path::{Path, PathBuf};

use crate::ran::{planned, shell_words, sockeye, words};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(repository().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The lines of fenced blocks of a page, of these languages.
fn fenced<'p>(page: &'p str, languages: &[&str]) -> Vec<&'p str> {
    let mut open = None;
    let mut lines = Vec::new();
    for line in page.lines() {
        match (line.strip_prefix("```"), open) {
            (Some(language), None) => open = Some(languages.contains(&language)),
            (Some(_), Some(_)) => open = None,
            (None, Some(true)) => lines.push(line),
            (None, _) => {}
        }
    }
    lines
}

/// Runs no listing: `--plan` says whether the line is understood.
#[track_caller]
fn parses(line: &str) {
    let line = line.trim_start_matches("$ ").trim_start_matches("sudo ");
    // What is behind a pipe is of no interest here.
    let own = line.split(" | ").next().unwrap_or(line);
    let Some(words) = shell_words(own) else { panic!("a shell would take more than words from {own:?}") };
    let [program, rest @ ..] = words.as_slice() else { return };
    if program != "sockeye" {
        return;
    }
    // A watch or a screen does not end by itself: that their words are understood is tested where they are.
    if rest.first().is_some_and(|word| word == "watch" || word == "top") {
        return;
    }
    let plans = !matches!(rest.first().map(String::as_str), Some("fields" | "man" | "completion" | "ss" | "why"));
    let rest: Vec<_> = rest.iter().map(String::as_str).collect();
    let ran = if plans { planned(&rest) } else { sockeye(&rest) };
    // What `why` could not see whole, on a machine that is busy, is no mistake in its words.
    let may_be_cut = rest.first() == Some(&"why") && ran.status == 3;
    assert!(ran.status == 0 || may_be_cut, "{line}: {} {}", ran.status, ran.errors());
}

#[test]
fn the_page_of_fields_is_what_the_program_says() {
    let page = words("fields --markdown").ended(0);
    let path = repository().join("docs/fields.md");
    if std::env::var_os("SOCKEYE_BLESS").is_some_and(|value| value == "1") {
        std::fs::write(&path, &page.stdout).expect("the repository can be written");
    }
    let held = read("docs/fields.md");
    let differs = held.lines().zip(page.text().lines()).find(|(held, said)| held != said);
    assert!(held == page.text(), "docs/fields.md differs; SOCKEYE_BLESS=1 writes it anew: {differs:#?}");
}

#[test]
fn every_filter_of_the_page_on_filters_is_understood() {
    let page = read("docs/filter.md");
    let filters = fenced(&page, &["filter"]);
    assert!(filters.len() > 30, "{filters:?}");
    for filter in filters {
        // Names of the machine that the reader has and this one may not.
        if filter.contains("alice") || filter.contains("ssh.service") || filter.contains("eth0") {
            continue;
        }
        let ran = sockeye(&["--plan", filter]);
        assert_eq!(ran.status, 0, "{filter}: {}", ran.errors());
    }
}

#[test]
fn every_command_of_the_pages_is_understood() {
    for path in ["README.md", "docs/filter.md"] {
        let page = read(path);
        for line in fenced(&page, &["console", "sh", "shell", "bash"]) {
            if line.starts_with("$ ") || line.starts_with("sockeye ") {
                parses(line);
            }
        }
    }
}

#[test]
fn every_example_of_the_help_is_understood() {
    let help = words("--help").ended(0);
    let examples = help.text().lines().skip(1).take_while(|line| !line.is_empty());
    let mut count = 0;
    for example in examples {
        let command = example.trim().split("   ").next().unwrap_or_default();
        parses(command);
        count += 1;
    }
    assert!(count >= 5, "{}", help.text());
}
