//! docs/soak.md: what was churned, compared and measured.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

use super::optional::Lacking;
use super::report::Report;
use crate::bench::machine;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/soak.md");
const TEMPLATE: &str = include_str!("soak.template.md");

/// Writes it.
pub(super) fn write(report: &Report, lacking: &Lacking, time: Duration) -> Result<()> {
    fs::write(PAGE, text(report, lacking, time, &machine::description()?))
        .with_context(|| format!("cannot write {PAGE}"))
}

fn text(report: &Report, lacking: &Lacking, time: Duration, machine: &str) -> String {
    let list = |lines: &[String], none: &str| {
        let lines: Vec<String> = lines.iter().map(|line| format!("- {line}")).collect();
        if lines.is_empty() { none.to_owned() } else { lines.join("\n") }
    };
    TEMPLATE
        .replace("{time}", &humantime::format_duration(time).to_string())
        .replace("{machine}", machine)
        .replace("{lacking}", &list(&lacking.sentences(), "Everything of the table moved."))
        .replace("{happened}", &report.happened)
        .replace("{measured}", &report.measured.as_secs().to_string())
        .replace("{listings}", report.listings.trim_end())
        .replace("{followers}", report.followers.trim_end())
        .replace("{tables}", report.tables.trim_end())
        .replace("{drift}", &list(&report.drift, "No audit found drift."))
        .replace("{complaints}", &list(&report.complaints, "Nothing was wrong."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::page::is_of_template;

    #[test]
    fn the_page_has_the_words_of_today() {
        let page = fs::read_to_string(PAGE).expect("docs/soak.md is there");
        if let Err(missed) = is_of_template(&page, TEMPLATE) {
            panic!("docs/soak.md lacks words of its template, `cargo xtask soak --page` makes it anew: {missed}");
        }
    }

    #[test]
    fn every_name_in_braces_stands_for_something() {
        let report = Report {
            happened: "41 changes".to_owned(),
            listings: "| listing |\n".to_owned(),
            followers: "| program |\n".to_owned(),
            tables: "| table |\n".to_owned(),
            drift: Vec::new(),
            complaints: vec!["watch: its memory grows".to_owned()],
            measured: Duration::from_secs(400),
        };
        let text = text(&report, &Lacking::default(), Duration::from_mins(10), "2 × a processor");
        assert!(!text.contains('{') && !text.contains('}'), "{text}");
        for said in [
            "10m",
            "2 × a processor",
            "41 changes",
            "400 s",
            "| table |",
            "- watch: its memory grows",
            "No audit found drift.",
        ] {
            assert!(text.contains(said), "{said} in {text}");
        }
    }
}
