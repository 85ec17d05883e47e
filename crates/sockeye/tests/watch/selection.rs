//! Which changes are told: tables, and filters that speak of before and after.

use std::process::Command;

use sockeye_zoo::in_namespace;

use crate::asked::*;
use crate::lines::ip;
use crate::watching::{Watching, program};

const V: [u32; 2] = [710, 711];

#[test]
fn a_filter_speaks_of_what_was_and_of_what_is() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        asker.cable(V, ["v0", "v1"]);
        let filter = ["links", "old.operstate = up", "and new.operstate != up", "and ifname = v0"];
        let mut watching = Watching::start(&filter);
        for mtu in [1417, 1418] {
            asker.must(&set_up(V[1], false));
            watching.line("operstate up →");
            asker.must(&set_mtu(V[0], mtu));
            asker.must(&set_up(V[1], true));
            wait_until("v0 is up", || carrier("v0"));
        }
        let ended = watching.interrupt().with(0);
        assert_eq!(ended.stdout.lines().count(), 2, "neither the way up nor an MTU: {}", ended.stdout);
        Ok(())
    });
}

#[test]
fn words_before_the_filter_are_tables_and_only_those_are_told() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        asker.plain(77, "d0");
        let mut watching = Watching::start(&["route", "addr", "( dev = d0 and family = inet )"]);
        asker.must(&set_mtu(77, 1417));
        asker.must(&new_neighbour(77, ip("10.7.0.9"), [2, 0, 0, 0, 7, 9]));
        asker.must(&new_address(77, ip("fd07::1"), 64));
        asker.must(&new_address(77, ip("10.7.0.1"), 24));
        watching.line("10.7.0.255");
        let ended = watching.interrupt().with(0);
        let tables: Vec<_> = ended.stdout.lines().filter_map(|line| line.split(' ').nth(1)).collect();
        assert_eq!(tables, ["addresses", "routes", "routes", "routes"], "{}", ended.stdout);
        assert!(ended.stderr.contains("watching 2 tables, synced"), "{}", ended.stderr);
        Ok(())
    });
}

#[test]
fn a_limit_ends_it_after_so_many_changes() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        asker.cable(V, ["v0", "v1"]);
        let watching = Watching::start(&["--limit", "3"]);
        // Among others: routes that go without a word, so something is still to be looked for when it ends.
        asker.must(&new_address(V[0], ip("10.7.0.1"), 24));
        asker.must(&set_up(V[0], false));
        let ended = watching.ended().with(0);
        assert_eq!(ended.stdout.lines().count(), 3, "{}", ended.stdout);
        Ok(())
    });
}

#[test]
fn a_limit_does_not_count_what_is_there_at_first() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        asker.cable(V, ["v0", "v1"]);
        let watching = Watching::start(&["links", "--snapshot", "--limit", "2"]);
        asker.must(&set_mtu(V[0], 1417));
        asker.must(&set_mtu(V[0], 1418));
        let ended = watching.ended().with(0);
        let signs: Vec<_> = ended.stdout.lines().filter_map(|line| line.split(' ').nth(2)).collect();
        assert_eq!(signs, ["=", "=", "=", "~", "~"], "{}", ended.stdout);
        Ok(())
    });
}

#[test]
fn a_mistake_is_said_before_anything_is_watched() {
    let refused = |arguments: &[&str]| {
        let output = program(arguments).output().expect("it runs");
        let errors = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {errors}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        errors
    };
    assert!(refused(&["links", "old.operstat = up"]).contains("operstate"));
    for tables in [&["links and routes"][..], &["links", "and", "routes"], &["links,routes", "mtu = 1500"]] {
        assert!(refused(tables).contains("tables stand before the filter"), "{tables:?}");
    }
    assert!(refused(&["--on", "links"]).contains("--run"));
    assert!(refused(&["--on", "links", "--run", "echo 'a"]).contains("quote"));
    refused(&["--debounce", "1s"]);
    refused(&["--hold", "nonsense", "--on", "links", "--run", "true"]);
}

#[test]
fn a_table_that_the_kernel_does_not_have_is_said_and_not_waited_for() {
    in_namespace(|_| {
        let mut watching = Watching::begin(&mut program(&["vlans", "links"]));
        watching.is_synced();
        watching.read();
        let ended = watching.interrupt();
        // Vlans of bridges are in every kernel of this decade that has bridges.
        match ended.status {
            0 => assert!(!ended.stderr.contains("cannot be watched"), "{}", ended.stderr),
            3 => assert!(ended.stderr.contains("vlans cannot be watched: "), "{}", ended.stderr),
            other => panic!("{other}: {}", ended.stderr),
        }
        Ok(())
    });
}

/// Whether a link has a carrier, by the kernel's own file.
fn carrier(name: &str) -> bool {
    let output = Command::new("ip").args(["-o", "link", "show", name]).output().expect("ip is there");
    String::from_utf8_lossy(&output.stdout).contains("state UP")
}

/// Looks until it is so.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let until = std::time::Instant::now() + *crate::watching::PATIENCE;
    while !is_so() {
        assert!(std::time::Instant::now() < until, "never: {what}");
        std::thread::yield_now();
    }
}
