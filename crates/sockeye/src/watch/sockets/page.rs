//! `docs/watch-sockets.md` says what the code does.

use clap::Parser as _;
use sockeye_bpf::events::EventKind;
use sockeye_query::FieldKind;
use sockeye_query::filter::Filter;
use sockeye_query::sockets::live::{EVENTS, live_catalog};
use sockeye_wire::Meaning;

use crate::cli::{Cli, Command};
use crate::live::kinds::word;
use crate::sockets::system::{SystemNames, Whence};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/watch-sockets.md");

fn page() -> String {
    std::fs::read_to_string(PATH).expect("the page is there")
}

/// The words in the first column of the tables, where they stand in code.
fn explained(page: &str) -> Vec<&str> {
    let cells = page.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect()
}

#[test]
fn every_event_end_and_part_of_an_incident_is_explained() {
    let page = page();
    let explained = explained(&page);
    let names = |field: &str| {
        let info = live_catalog().info(live_catalog().find(field).expect("a field"));
        let FieldKind::Number(Meaning::OneOf(names)) = info.kind else { panic!("{field}") };
        names.iter().map(|name| name.name)
    };
    let parts = ["direction", "reason", "location", "segments", "error"];
    let sources = ["bpf", "destroy-groups", "dumps"];
    for wanted in EVENTS.iter().map(|name| name.name).chain(names("end")).chain(parts).chain(sources) {
        assert!(explained.contains(&wanted), "{wanted} is in no table of the page");
    }
    for kind in EventKind::ALL {
        assert!(page.contains(&format!("`{}`", word(kind))), "{kind:?}");
    }
}

#[test]
fn every_command_of_the_page_is_understood() {
    let mut count = 0;
    for line in page().lines().filter_map(|line| line.strip_prefix("$ ").map(str::to_owned)) {
        // Every second piece stands in quotes.
        let words: Vec<_> = line
            .split('\'')
            .enumerate()
            .flat_map(|(at, piece)| match at % 2 {
                0 => piece.split_whitespace().map(str::to_owned).collect(),
                _ => vec![piece.to_owned()],
            })
            .collect();
        let cli = Cli::try_parse_from(&words).unwrap_or_else(|error| panic!("{line}: {error}"));
        let Some(Command::Watch(options)) = cli.command else { panic!("{line}") };
        let filter = super::named(&options.words).unwrap_or_else(|| panic!("{line}"));
        let names = SystemNames { rows: Whence::Here };
        Filter::parse(filter, live_catalog(), &names).unwrap_or_else(|mistake| panic!("{line}: {mistake}"));
        count += 1;
    }
    assert!(count >= 6, "{count}");
}
