//! Lines for people: one for each change, with exactly what changed.

use std::net::IpAddr;

use sockeye_wire::rtnetlink::{RTM_NEWQDISC, RTM_NEWRULE};
use sockeye_zoo::skip::kernel_is_since;
use sockeye_zoo::{Skip, in_namespace};

use crate::asked::*;
use crate::watching::Watching;

const V: [u32; 2] = [710, 711];

/// What follows the time.
fn said(line: &str) -> &str {
    let (time, rest) = line.split_once(' ').expect("more than a time");
    assert_time(time);
    rest
}

/// RFC 3339, UTC, microseconds: `2026-11-26T03:02:20.609603Z`.
pub(crate) fn assert_time(time: &str) {
    let shape: String = time.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect();
    assert_eq!(shape, "0000-00-00T00:00:00.000000Z", "{time}");
}

#[test]
fn a_cable_that_is_unplugged_is_one_line_with_exactly_what_changed() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        asker.cable(V, ["v0", "v1"]);
        let mut watching = Watching::start(&["links", "ifname", "=", "v0"]);
        asker.must(&set_up(V[1], false));
        let line = watching.line("operstate up →");
        assert_eq!(
            said(&line),
            "links ~ v0 flags up,broadcast,running,multicast,lower-up → up,broadcast,multicast, \
             operstate up → lowerlayerdown, carrier on → off"
        );
        asker.must(&set_link(V[0], 20, b"to the attic\0"));
        assert_eq!(said(&watching.line("alias")), "links ~ v0 ifalias none → to the attic");
        for _ in 0..2 {
            asker.must(&set_mtu(V[0], 1417));
        }
        assert_eq!(said(&watching.line("mtu")), "links ~ v0 mtu 1500 → 1417");
        // The same MTU again was no change, and the other end is not asked for.
        let ended = watching.interrupt().with(0);
        assert_eq!(ended.stdout.lines().filter(|line| line.contains("mtu 1")).count(), 1, "{}", ended.stdout);
        assert!(ended.stdout.lines().all(|line| said(line).starts_with("links ~ v0 ")), "{}", ended.stdout);
        Ok(())
    });
}

#[test]
fn a_record_that_comes_and_one_that_goes_are_lines_with_what_people_look_for() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        asker.cable(V, ["v0", "v1"]);
        asker.must(&new_address(V[0], ip("10.7.0.1"), 24));
        let mut watching = Watching::start(&["addresses", "routes", "neighbours", "rules", "nexthops", "qdiscs"]);
        let route = Route { priority: 77, ..Route::to(ip("10.8.0.0"), 16, Via::Gateway(ip("10.7.0.9"), V[0])) };
        asker.must(&route.add(CREATE | EXCLUSIVE));
        let by_us = format!("[{}]", std::process::id());
        let line = watching.line("routes +");
        let expected = "routes + 10.8.0.0/16 table main metric 77 type unicast via 10.7.0.9 dev v0 proto static";
        assert!(said(&line).starts_with(expected) && line.ends_with(&by_us), "{line}");
        asker.must(&route.delete());
        assert!(said(&watching.line("routes -")).starts_with(&expected.replace('+', "-")));

        asker.must(&new_neighbour(V[0], ip("10.7.0.9"), [2, 0, 0, 0, 7, 9]));
        let line = watching.line("neighbours + 10.7.0.9");
        assert!(said(&line).starts_with("neighbours + 10.7.0.9 dev v0 lladdr 02:00:00:00:07:09 state permanent"));
        asker.must(&new_neighbour(V[0], ip("10.7.0.9"), [2, 0, 0, 0, 7, 10]));
        let line = watching.line("neighbours ~ 10.7.0.9");
        let expected = "neighbours ~ 10.7.0.9 dev v0 lladdr 02:00:00:00:07:09 → 02:00:00:00:07:0a";
        assert!(said(&line).starts_with(expected), "{line}");

        asker.must(&rule(RTM_NEWRULE, CREATE, true, 7001, 0x77, ""));
        let line = watching.line("rules +");
        assert!(said(&line).starts_with("rules + 7001 inet fwmark 0x77 table 100"), "{line}");
        asker.must(&new_nexthop(91, V[0], ip("10.7.0.8")));
        let line = watching.line("nexthops +");
        assert!(said(&line).starts_with("nexthops + id 91 gateway 10.7.0.8 dev v0"), "{line}");
        asker.must(&qdisc(RTM_NEWQDISC, CREATE | REPLACE, V[0], "pfifo", 0x7_0000, 0xffff_ffff, &77u32.to_ne_bytes()));
        let line = watching.line("qdiscs +");
        assert!(said(&line).starts_with("qdiscs + v0 pfifo parent root handle 7:"), "{line}");
        asker.must(&delete_address(V[0], ip("10.7.0.1"), 24));
        let line = watching.line("addresses -");
        assert!(said(&line).starts_with("addresses - v0 10.7.0.1/24 scope universe"), "{line}");
        watching.interrupt().with(0);
        Ok(())
    });
}

#[test]
fn what_the_kernel_deletes_without_a_word_is_a_line_all_the_same() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        asker.cable(V, ["v0", "v1"]);
        asker.must(&new_address(V[0], ip("10.7.0.1"), 24));
        asker.must(&Route::to(ip("10.8.0.0"), 16, Via::Gateway(ip("10.7.0.9"), V[0])).add(CREATE));
        asker.must(&new_nexthop(91, V[0], ip("10.7.0.8")));
        let mut watching = Watching::start(&["routes", "nexthops", "family", "=", "inet"]);
        asker.must(&set_up(V[0], false));
        // Which of two tables is asked first is chance.
        let mut awaited = vec!["routes - 10.8.0.0/16", "nexthops - id 91"];
        while !awaited.is_empty() {
            let line = watching.line_where("one that is gone", |line| awaited.iter().any(|gone| line.contains(gone)));
            awaited.retain(|gone| !line.contains(gone));
            assert!(!line.contains("resync"), "it follows from something that was told: {line}");
        }
        watching.interrupt().with(0);
        Ok(())
    });
}

#[test]
fn names_of_interfaces_are_those_of_the_time_of_the_change_and_harmless() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        asker.plain(77, "d0");
        asker.must(&Route::to(ip("10.8.0.0"), 16, Via::Link(77)).add(CREATE));
        let mut watching = Watching::start(&["links", "routes"]);
        if !kernel_is_since(6, 2) {
            watching.interrupt().with(0);
            return Err(Skip::new("link:rename-up", "the kernel renames no interface that is up (before 6.2)"));
        }
        asker.must(&rename(77, "d\x1b[31m"));
        let line = watching.line("links ~");
        assert_eq!(said(&line), r"links ~ d\x1b[31m ifname d0 → d\x1b[31m");
        asker.must(&delete_link(77));
        // The route is missed after the link has gone, and still knows its name.
        let line = watching.line("routes - 10.8.0.0/16");
        assert!(said(&line).contains(r"dev d\x1b[31m"), "{line}");
        watching.interrupt().with(0);
        Ok(())
    });
}

#[test]
fn a_snapshot_comes_first_and_is_the_listing() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        asker.plain(77, "d0");
        asker.must(&new_address(77, ip("10.7.0.1"), 24));
        let watching = Watching::start(&["addresses", "routes", "multicast", "--snapshot"]);
        let ended = watching.interrupt().with(0);
        let lines: Vec<_> = ended.stdout.lines().map(said).collect();
        let has = |start: &str| lines.iter().filter(|line| line.starts_with(start)).count();
        assert_eq!(has("addresses = d0 10.7.0.1/24"), 1, "{lines:#?}");
        assert_eq!(has("routes = 10.7.0.0/24 table main"), 1, "{lines:#?}");
        // The groups of IPv4 are listed since 6.15.
        let groups = if kernel_is_since(6, 15) { "multicast = d0 224.0.0.1" } else { "multicast = d0 ff02::1" };
        assert_eq!(has(groups), 1, "{lines:#?}");
        assert!(lines.iter().all(|line| line.contains(" = ")), "{lines:#?}");
        assert_eq!(has("links"), 0, "nobody asked for links");

        let mut watching = Watching::start(&["addresses", "routes"]);
        asker.must(&delete_address(77, ip("10.7.0.1"), 24));
        watching.line("addresses -");
        let ended = watching.interrupt().with(0);
        assert!(!ended.stdout.contains(" = "), "without --snapshot it begins with changes: {}", ended.stdout);
        Ok(())
    });
}

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}
