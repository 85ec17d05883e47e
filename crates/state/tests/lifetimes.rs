//! A lifetime that runs down is no change of a record; one that somebody set anew is.

use sockeye_state::rtnetlink::{Source, same};
use sockeye_wire::Request;
use sockeye_wire::rtnetlink::{AF_INET, AF_INET6, Table};

const FOREVER: u32 = u32::MAX;

/// A record: the fixed structure and attributes.
fn record(head: &[u8], attributes: &[(u16, &[u8])]) -> Vec<u8> {
    let request = Request::new(0, 0).body(head);
    let put = |request: Request, &(number, payload): &(u16, &[u8])| request.attribute(number, payload);
    attributes.iter().fold(request, put).as_bytes()[16..].to_vec()
}

/// An address with seconds for which it is preferred and valid, and when it was made and updated.
fn address(times: [u32; 4]) -> Vec<u8> {
    let times = times.map(u32::to_ne_bytes).concat();
    record(&[AF_INET, 24, 0, 0, 3, 0, 0, 0], &[(2, &[10, 9, 9, 9]), (6, &times)])
}

/// A route of IPv6 to which so many hundredths of a second are left.
fn route(left: i32, more: &[(u16, &[u8])]) -> Vec<u8> {
    let times = [0, 7, left, 0, 0, 0, 0, 0].map(i32::to_ne_bytes).concat();
    let head = [AF_INET6, 64, 0, 0, 254, 3, 0, 1, 0, 0, 0, 0];
    record(&head, &[&[(1, &[0xfd; 16][..])], more, &[(12, &times)]].concat())
}

#[test]
fn of_an_address_the_time_of_its_last_update_tells() {
    let since = address([700, 800, 1234, 1240]);
    for source in [Source::Event, Source::Dump] {
        let is_same = |old: &[u8], times| same(Table::Addresses, old, &address(times), source);
        assert!(is_same(&since, [0, 77, 1234, 1240]), "it ran down");
        assert!(!is_same(&since, [690, 790, 1234, 2240]), "updated to less");
        assert!(!is_same(&since, [700, 800, 1234, 2240]), "renewed");
        assert!(!is_same(&since, [FOREVER, FOREVER, 1234, 1240]), "in the same tick");
        let forever = address([FOREVER, FOREVER, 1234, 1240]);
        assert!(is_same(&forever, [FOREVER, FOREVER, 1234, 2240]), "no lifetime at all");
        assert!(!is_same(&forever, [77, FOREVER, 1234, 1240]));
    }
}

#[test]
fn of_a_route_a_notification_tells_that_it_has_another_or_more_or_was_replaced() {
    let is_change = |before, after, source| !same(Table::Routes, &route(before, &[]), &route(after, &[]), source);
    for (before, after, told, replaced) in [
        (90_000, 80_000, false, true),
        (90_000, 89_900, false, false),
        (80_000, 90_000, true, true),
        (90_000, 0, true, true),
        (0, 90_000, true, true),
        (90_000, -7, false, true),
    ] {
        assert_eq!(is_change(before, after, Source::Event), told, "{before} {after}");
        assert_eq!(is_change(before, after, Source::Replacement), replaced, "{before} {after}");
        assert!(!is_change(before, after, Source::Dump), "{before} {after}");
    }
    // A nexthop object that changes replaces the routes that use it, and their lifetimes go on.
    let object: &[(u16, &[u8])] = &[(30, &[41, 0, 0, 0])];
    assert!(same(Table::Routes, &route(90_000, object), &route(80_000, object), Source::Replacement));
}
