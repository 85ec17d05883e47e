//! A watch of one interface: what belongs to the others does not reach its queue, and nothing of its own is lost.

use std::net::{IpAddr, Ipv4Addr};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use sockeye_wire::Request;
use sockeye_wire::rtnetlink::{RTM_DELROUTE, RTM_NEWROUTE};
use sockeye_zoo::{in_namespace, slowness};

use crate::asked::*;
use crate::lines::ip;
use crate::watching::{Ended, Watching};

/// A buffer that a few dozen events fill.
const BUFFER: [&str; 2] = ["--receive-buffer", "4096"];
/// Many times what fits there.
const FLOOD: u32 = 4000;

/// Times between audits that are waited after a flood: one audit at least is over by then.
const AUDITS_AFTER: u32 = 3;

/// Tries with so long between audits, until one comes to an end before the first of them: while an audit dumps, a watch has to hear of
/// whatever is deleted.
fn before_an_audit<T>(mut one: impl FnMut(Duration) -> Option<T>) -> T {
    let audits = [1, 4, 16].map(|seconds| Duration::from_secs(seconds) * slowness());
    audits.into_iter().find_map(&mut one).expect("a flood that is over before the longest of them")
}

/// Watches these tables of one interface, with an audit each time that so much time has gone by.
fn narrow(words: &[&str], audit: Duration) -> Watching {
    Watching::start(&[words, &["-j", "--audit", &format!("{}s", audit.as_secs())], &BUFFER].concat())
}

/// Links with an address each: the one that is watched, and another.
const OWN: u32 = 710;
const OTHER: u32 = 720;

fn world(asker: &mut Asker) {
    for (index, name, host) in [(OWN, "own", "10.7.0.1"), (OTHER, "other", "10.8.0.1")] {
        asker.plain(index, name);
        asker.must(&new_address(index, ip(host), 24));
        asker.must(&new_address(index, ip(&format!("fd07:{index}::1")), 64));
    }
}

fn address(network: u32, number: u32) -> IpAddr {
    Ipv4Addr::from(network + number).into()
}

/// Nothing was lost, nothing drifted, and these are the destinations that were told of, in their order.
#[track_caller]
fn told(ended: Ended) -> Vec<String> {
    let objects = ended.with(0).objects();
    assert!(objects.iter().all(|object| object["change"] != "gap"), "{objects:?}");
    let records = objects.iter().filter(|object| object.get("record").is_some());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    records.map(|object| format!("{} {}", text(&object["change"]), text(&object["record"]["dst"]))).collect()
}

#[test]
fn a_flood_of_neighbours_of_another_takes_nothing_from_who_watches_one() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        world(&mut asker);
        let there = |number| new_neighbour(OTHER, address(0x0b00_0000, number), [2, 0, 0, 0, 0, 9]);
        let gone = |number| delete_neighbour(OTHER, address(0x0b00_0000, number));
        let (narrow, wide) = before_an_audit(|audit| {
            // What stayed of a flood that lasted too long.
            asker.all(&(0..200).map(gone).collect::<Vec<_>>());
            asker.ask(&delete_neighbour(OWN, ip("10.7.0.8")));
            let wide = Watching::start(&[&["neighbours", "dst", "=", "10.7.0.0/16", "-j"], &BUFFER[..]].concat());
            let began = Instant::now();
            let narrow = narrow(&["neighbours", "dev", "=", "own"], audit);
            asker.must(&new_neighbour(OWN, ip("10.7.0.9"), [2, 0, 0, 0, 0, 7]));
            asker.all(&(0..FLOOD).flat_map(|number| [there(number), gone(number)]).collect::<Vec<_>>());
            asker.must(&delete_neighbour(OWN, ip("10.7.0.9")));
            // Some stay: no audit takes them for new.
            asker.all(&(0..200).map(there).collect::<Vec<_>>());
            asker.must(&new_neighbour(OWN, ip("10.7.0.8"), [2, 0, 0, 0, 0, 8]));
            let is_in_time = began.elapsed() < audit;
            is_in_time.then(|| {
                thread::sleep(audit * AUDITS_AFTER);
                (narrow.interrupt(), wide.interrupt())
            })
        });
        // Before it goes it has failed.
        let expected = ["added 10.7.0.9", "changed 10.7.0.9", "removed 10.7.0.9", "added 10.7.0.8"];
        assert_eq!(told(narrow), expected);
        assert!(wide.stdout.contains("\"overrun\""), "the flood is none");
        Ok(())
    });
}

/// A route with two next hops.
fn multipath(kind: u16, flags: u16, hops: &[(u32, &str)]) -> Request {
    let header = [10, 64, 0, 0, 254, 4, 0, 1, 0, 0, 0, 0];
    let octets = |text: &str| match ip(text) {
        IpAddr::V6(ip) => ip.octets(),
        IpAddr::V4(_) => panic!("{text}"),
    };
    let request = Request::new(kind, flags).body(&header).attribute(1, &octets("fd99::"));
    if let [(index, gateway)] = hops {
        return request.attribute(5, &octets(gateway)).attribute(4, &index.to_ne_bytes());
    }
    let hop = |(index, gateway): &(u32, &str)| {
        let inner = attribute(5, &octets(gateway));
        let length = u16::try_from(8 + inner.len()).expect("small");
        [&length.to_ne_bytes()[..], &[0, 0], &index.to_ne_bytes(), &inner].concat()
    };
    request.attribute(9, &hops.iter().flat_map(hop).collect::<Vec<_>>())
}

#[test]
fn a_flood_of_routes_over_another_takes_nothing_from_who_watches_one() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        world(&mut asker);
        let route = |number, index| Route::to(address(0x0b00_0000, number), 32, Via::Link(index));
        let network = Route { prefix_len: 24, ..route(0, OWN) };
        let narrow = before_an_audit(|audit| {
            // What stayed of a flood that lasted too long.
            let stayed = [1].into_iter().chain(FLOOD - 100..FLOOD).map(|number| route(number, OTHER).delete());
            asker.all(&stayed.chain([network.delete()]).collect::<Vec<_>>());
            let began = Instant::now();
            let narrow = narrow(&["routes", "dev = own"], audit);
            asker.must(&route(1, OWN).add(CREATE));
            asker.all(&(2..FLOOD).map(|number| route(number, OTHER).add(CREATE)).collect::<Vec<_>>());
            asker.all(&(2..FLOOD - 100).map(|number| route(number, OTHER).delete()).collect::<Vec<_>>());
            // Over both; then over one of them, and over the other.
            let [own, other] = [(OWN, "fd07:710::9"), (OTHER, "fd07:720::9")];
            asker.must(&multipath(RTM_NEWROUTE, CREATE, &[own, other]));
            asker.must(&multipath(RTM_DELROUTE, 0, &[other]));
            asker.must(&multipath(RTM_NEWROUTE, CREATE | REPLACE, &[other]));
            asker.must(&multipath(RTM_DELROUTE, 0, &[other]));
            // Another takes the place of one that is watched, without a word of that one.
            asker.must(&route(1, OTHER).add(CREATE | REPLACE));
            asker.must(&network.add(CREATE));
            let is_in_time = began.elapsed() < audit;
            is_in_time.then(|| {
                thread::sleep(audit * AUDITS_AFTER);
                narrow.interrupt()
            })
        });
        let mut told = told(narrow);
        // That one was replaced is found by a dump, a moment later.
        assert!(told.contains(&"removed 11.0.0.1/32".to_owned()), "{told:?}");
        told.retain(|line| line != "removed 11.0.0.1/32");
        let expected =
            ["added 11.0.0.1/32", "added fd99::/64", "changed fd99::/64", "removed fd99::/64", "added 11.0.0.0/24"];
        assert_eq!(told, expected);
        Ok(())
    });
}

#[test]
fn the_interface_that_has_the_name_later_is_watched_then() {
    const NEIGHBOURS: u32 = 50;
    in_namespace(|_| {
        let mut asker = Asker::new();
        world(&mut asker);
        // Links that come and go are always told of: what that takes has to fit.
        let room = ["--receive-buffer", "60000"];
        let arguments = [&["neighbours", "addresses", "( dev = own )", "-j", "--audit", "1s"], &room[..]].concat();
        let mut narrow = Watching::start(&arguments);
        let neighbour = |index, host| new_neighbour(index, ip(host), [2, 0, 0, 0, 0, 7]);
        asker.must(&neighbour(OWN, "10.7.0.9"));
        narrow.object("before", |object| object["record"]["dst"] == "10.7.0.9");
        asker.must(&delete_link(OWN));
        asker.plain(730, "own");
        asker.must(&new_address(730, ip("10.7.0.2"), 24));
        asker.must(&neighbour(730, "10.7.0.10"));
        narrow.object("the address of the new one", |object| {
            object["record"]["ip"] == "10.7.0.2/24" && object["record"]["index"] == 730
        });
        asker.must(&neighbour(730, "10.7.0.11"));
        // Of few neighbours: they go with their link, and an audit that runs by then hears of each.
        let flood = (0..FLOOD).map(|number| {
            let lladdr = [2, 0, 0, 0, 0, u8::try_from(number / NEIGHBOURS).expect("small")];
            new_neighbour(OTHER, address(0x0b00_0000, number % NEIGHBOURS), lladdr)
        });
        asker.all(&flood.collect::<Vec<_>>());
        // By another name it is another's.
        asker.must(&set_up(OTHER, false));
        asker.must(&rename(OTHER, "was-other"));
        asker.must(&neighbour(730, "10.7.0.12"));
        narrow.object("the last", |object| object["record"]["dst"] == "10.7.0.12");
        thread::sleep(Duration::from_secs(2));
        let told = told(narrow.interrupt());
        for host in ["10.7.0.10", "10.7.0.11", "10.7.0.12"] {
            assert_eq!(told.iter().filter(|line| **line == format!("added {host}")).count(), 1, "{host}: {told:?}");
        }
        Ok(())
    });
}
