//! `docs/why.md` says what the code does.

use std::collections::BTreeSet;

use super::*;
use crate::lives::sample::Sample;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/why.md");
const BEGIN: &str = "<!-- thresholds -->\n";
const END: &str = "<!-- end of thresholds -->\n";

fn page() -> String {
    std::fs::read_to_string(PATH).unwrap_or_else(|error| panic!("{PATH}: {error}"))
}

/// The table of the numbers, as the code has them.
fn table() -> String {
    let mut table = "| name | value | why |\n|---|---|---|\n".to_owned();
    for threshold in THRESHOLDS {
        table.extend(["| ", threshold.name, " | ", threshold.value, " | ", threshold.reason, " |\n"]);
    }
    table
}

/// The part of the page about one cause, with its lines joined.
fn section(page: &str, cause: Cause) -> &str {
    let (_, rest) = page.split_once(&format!("### `{cause}`\n")).unwrap_or_else(|| panic!("{cause} has no section"));
    rest.split("\n#").next().unwrap_or(rest)
}

#[test]
fn the_table_of_numbers_is_that_of_the_code() {
    let page = page();
    let (before, rest) = page.split_once(BEGIN).expect("the table begins");
    let (held, after) = rest.split_once(END).expect("and ends");
    if std::env::var_os("SOCKEYE_BLESS").is_some_and(|value| value == "1") {
        std::fs::write(PATH, [before, BEGIN, &table(), END, after].concat()).expect("the repository can be written");
        return;
    }
    assert_eq!(held, table(), "SOCKEYE_BLESS=1 writes it anew");
}

#[test]
fn every_number_is_used_and_none_is_invented() {
    let page = page();
    // What is in bold, across the ends of lines; the column of `top` is the only other.
    let bold: BTreeSet<String> =
        page.split("**").skip(1).step_by(2).map(|name| name.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let known: BTreeSet<String> = THRESHOLDS.iter().map(|threshold| threshold.name.to_owned()).collect();
    assert_eq!(bold, known.into_iter().chain(["why".to_owned()]).collect());
}

#[test]
fn every_cause_is_explained_with_the_evidence_that_it_has() {
    let (page, socket) = (page(), Sample::healthy().info("delivery_rate", 1));
    let before = socket.counters();
    let now = socket.info("data_segs_out", 4_000_010).info("bytes_acked", 7_000_000_500).counters();
    for cause in Cause::ALL {
        let numbers = evidence(cause, &before, &now, Duration::from_secs(1));
        let names: Vec<String> = numbers.iter().map(|number| format!("`{}`", number.name)).collect();
        let section = section(&page, cause);
        let said = section.split_once("- Evidence: ").map(|(_, rest)| rest.lines().next().unwrap_or(""));
        assert_eq!(said, Some(names.join(", ").as_str()), "{cause}");
        for part in ["- Condition: ", "- What helps: ", "- It cannot tell "] {
            assert!(section.contains(part), "{cause} does not say: {part}");
        }
    }
}
