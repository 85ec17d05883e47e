//! IPv6 routes that are there twice, and those that go without a word when another is replaced.
//!
//! net/ipv6/ip6_fib.c `fib6_add_rt2node`: a replacement without a gateway takes the place of the first route without one that
//! has the same destination and metric, whichever that is. If another is the same as the new one, there are two of it.

use std::process::Command;

use serde_json::Value;
use sockeye_zoo::in_namespace;

use crate::asked::*;
use crate::lines::ip;
use crate::oracle::programs;
use crate::watching::Watching;

const V: [u32; 2] = [710, 711];
const W: [u32; 2] = [720, 721];

fn route(link: u32) -> Route {
    Route { priority: 77, ..Route::to(ip("2001:db8:7::"), 48, Via::Link(link)) }
}

/// Out of which link the route goes of which an object tells.
fn link(object: &Value) -> u64 {
    object["record"]["oif"].as_u64().unwrap_or(0)
}

fn listed() -> Vec<u64> {
    let listed = crate::support::sockeye(&["routes", "-o", "ndjson", "priority = 77"]);
    let rows = String::from_utf8(listed.stdout).expect("JSON is UTF-8");
    let rows = rows.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    rows.filter_map(|row| row["oif"].as_u64()).collect()
}

#[test]
fn of_two_equal_routes_of_ipv6_the_second_is_not_gone_with_the_first() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        asker.cable(V, ["v0", "v1"]);
        asker.cable(W, ["w0", "w1"]);
        let mut watching = Watching::start(&["routes", "-j", "priority = 77"]);
        asker.must(&route(V[0]).add(CREATE));
        asker.must(&route(W[0]).add(CREATE | APPEND));
        watching.object("both", |object| object["change"] == "added" && link(object) == u64::from(W[0]));
        // It takes the place of the first.
        asker.must(&route(W[0]).add(CREATE | REPLACE));
        assert_eq!(listed(), [u64::from(W[0]); 2], "the kernel has it twice");
        let gone = watching.object("the one that was replaced", |object| object["change"] == "removed");
        assert_eq!((link(&gone), gone.get("resync")), (u64::from(V[0]), None), "{gone}");

        asker.must(&route(W[0]).delete());
        // Looked for a moment later, as what follows from the deletion is.
        asker.must(&route(V[0]).add(CREATE | APPEND));
        watching.object("another", |object| object["change"] == "added" && link(object) == u64::from(V[0]));
        asker.must(&route(V[0]).delete());
        let gone = watching.object("its end", |object| object["change"] == "removed");
        assert_eq!(link(&gone), u64::from(V[0]), "the second is still there: {gone}");
        assert_eq!(listed(), [u64::from(W[0])]);
        asker.must(&route(W[0]).delete());
        let gone = watching.object("the end of the second", |object| object["change"] == "removed");
        assert_eq!((link(&gone), gone.get("resync")), (u64::from(W[0]), None), "{gone}");
        watching.interrupt().with(0);
        Ok(())
    });
}

/// Has `ip` do something with routes of one destination; whether it was done.
fn route_command(verb: &str, via: &str) -> bool {
    let words = format!("route {verb} 2001:db8:7::/48 metric 77 {via}");
    Command::new("ip").args(words.split(' ')).output().expect("it is there").status.success()
}

#[test]
fn a_replacement_of_a_route_of_several_nexthops_can_take_another_along() {
    in_namespace(|_| {
        programs(&["ip"])?;
        let mut asker = Asker::new();
        asker.cable(V, ["v0", "v1"]);
        asker.cable(W, ["w0", "w1"]);
        asker.must(&new_address(V[0], ip("fd77::1"), 64));
        let several = "nexthop via fd77::9 dev v0 nexthop via fd77::a dev v0";
        assert!(route_command("add", several) && route_command("append", "dev w0"));
        assert!(route_command("delete", "via fd77::a dev v0"));
        assert!(!route_command("append", several), "one of them is there already");
        let mut watching = Watching::start(&["routes", "-j", "priority = 77"]);
        assert!(route_command("replace", several));
        watching.object("the replacement", |object| object["change"] == "changed");
        if listed().contains(&u64::from(W[0])) {
            // What this kernel leaves is there.
            watching.interrupt().with(0);
            return Ok(());
        }
        let gone = watching.object("what went without a word", |object| object["change"] == "removed");
        assert_eq!((link(&gone), gone.get("resync")), (u64::from(W[0]), None), "{gone}");
        watching.interrupt().with(0);
        Ok(())
    });
}
