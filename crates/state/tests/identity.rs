//! What makes a record one record, what is only a counter, and what a mirror of many records weighs.
#![allow(clippy::cast_possible_truncation, reason = "bytes of numbers")]

use sockeye_state::rtnetlink::{Source, class, dumps, each_record, same, write_key};
use sockeye_state::{Mirror, Upsert};
use sockeye_wire::rtnetlink::{AF_BRIDGE, AF_INET, AF_INET6, Table};
use sockeye_wire::{Attributes, Request};

/// A record: the fixed structure, cut or filled up to its length, and attributes.
fn record(table: Table, head: &[u8], attributes: &[(u16, &[u8])]) -> Vec<u8> {
    let mut head = head.to_vec();
    head.resize(table.header_len(), 0);
    nest(Request::new(0, 0).body(&head), attributes)
}

/// Attributes alone.
fn inside(attributes: &[(u16, &[u8])]) -> Vec<u8> {
    nest(Request::new(0, 0), attributes)
}

fn nest(request: Request, attributes: &[(u16, &[u8])]) -> Vec<u8> {
    let put = |request: Request, &(number, payload): &(u16, &[u8])| request.attribute(number, payload);
    attributes.iter().fold(request, put).as_bytes()[16..].to_vec()
}

fn key(table: Table, record: &[u8]) -> Vec<u8> {
    let mut key = Vec::new();
    write_key(table, record, &mut key);
    key
}

fn split(table: Table, payload: &[u8]) -> Vec<Vec<u8>> {
    let mut records = Vec::new();
    each_record(table, payload, &mut Vec::new(), &mut |record| records.push(record.to_vec()));
    records
}

#[track_caller]
fn is_one(table: Table, left: &[u8], right: &[u8]) {
    assert_eq!(key(table, left), key(table, right), "{}: one record", table.name());
}

#[track_caller]
fn are_two(table: Table, left: &[u8], right: &[u8]) {
    assert_ne!(key(table, left), key(table, right), "{}: two records", table.name());
}

#[test]
fn a_link_is_its_index() {
    let link = |family, index, flags, name: &[u8]| {
        record(Table::Links, &[family, 0, 1, 0, index, 7, 0, 0, flags, 0, 0, 0], &[(3, name)])
    };
    is_one(Table::Links, &link(0, 3, 0x43, b"eth3\0"), &link(0, 3, 0x02, b"wan\0"));
    are_two(Table::Links, &link(0, 3, 0x43, b"eth3\0"), &link(0, 4, 0x43, b"eth3\0"));
}

#[test]
fn an_address_of_ipv4_is_told_by_its_peer_and_one_of_ipv6_is_not() {
    let head = |family, len| [family, len, 0, 0, 9, 0, 0, 0];
    let four = |len, local: &[u8], peer: &[u8]| record(Table::Addresses, &head(AF_INET, len), &[(1, peer), (2, local)]);
    let first = four(24, &[10, 3, 0, 7], &[10, 3, 0, 7]);
    are_two(Table::Addresses, &first, &four(25, &[10, 3, 0, 7], &[10, 3, 0, 7]));
    are_two(Table::Addresses, &first, &four(24, &[10, 3, 0, 7], &[10, 4, 0, 1]));
    let six = |peer: &[u8]| record(Table::Addresses, &head(AF_INET6, 64), &[(1, peer), (2, &[0xfd; 16])]);
    is_one(Table::Addresses, &six(&[0xfd; 16]), &six(&[0xfe; 16]));
    let without_peer = record(Table::Addresses, &head(AF_INET6, 64), &[(1, &[0xfd; 16])]);
    is_one(Table::Addresses, &six(&[0xfe; 16]), &without_peer);
}

fn route4(attributes: &[(u16, &[u8])]) -> Vec<u8> {
    let mut all: Vec<(u16, &[u8])> = vec![(15, &[0xfe, 1, 0, 0]), (1, &[10, 20, 30, 0]), (6, &[77, 0, 0, 0])];
    all.extend(attributes);
    record(Table::Routes, &[AF_INET, 24, 0, 0, 252, 3, 0, 1], &all)
}

#[test]
fn a_route_of_ipv4_is_everything_that_was_chosen_for_it() {
    let plain = route4(&[(5, &[10, 9, 0, 1]), (4, &[3, 0, 0, 0])]);
    are_two(Table::Routes, &plain, &route4(&[(5, &[10, 9, 0, 2]), (4, &[3, 0, 0, 0])]));
    are_two(Table::Routes, &plain, &route4(&[(7, &[10, 9, 0, 5]), (5, &[10, 9, 0, 1]), (4, &[3, 0, 0, 0])]));
    // RTNH_F_DEAD and RTNH_F_LINKDOWN come and go with the device; RTNH_F_ONLINK was chosen.
    let mut dead = plain.clone();
    dead[8] = 0x11;
    is_one(Table::Routes, &plain, &dead);
    let mut onlink = plain.clone();
    onlink[8] = 4;
    are_two(Table::Routes, &plain, &onlink);
    // What a nexthop object stands for is shown with it, and changes.
    let object = |gateway: &[u8]| route4(&[(30, &[41, 0, 0, 0]), (5, gateway), (4, &[3, 0, 0, 0])]);
    is_one(Table::Routes, &object(&[10, 9, 0, 1]), &object(&[10, 9, 0, 2]));
}

#[test]
fn routes_that_can_replace_each_other_begin_alike() {
    let (mut first, mut second) = (Vec::new(), Vec::new());
    let group = write_key(Table::Routes, &route4(&[(5, &[10, 9, 0, 1])]), &mut first);
    assert_eq!(group, write_key(Table::Routes, &route4(&[(5, &[10, 9, 0, 2])]), &mut second));
    assert_eq!(first[..group], second[..group]);
}

/// A route of IPv6 of this origin, with what stands behind its metric.
fn route6(protocol: u8, attributes: &[(u16, &[u8])]) -> Vec<u8> {
    let mut all: Vec<(u16, &[u8])> = vec![(15, &[0xfe, 0, 0, 0]), (1, &[0xfd; 16]), (6, &[0, 4, 0, 0])];
    all.extend(attributes);
    record(Table::Routes, &[AF_INET6, 64, 0, 0, 254, protocol, 0, 1], &all)
}

#[test]
fn a_route_of_ipv6_with_gateways_is_one_whatever_they_are() {
    let nexthop = |gateway: u8| [&[28, 0, 0, 0, 3, 0, 0, 0], &inside(&[(5, &[gateway; 16])])[..]].concat();
    let several = route6(3, &[(9, &[nexthop(0xa1), nexthop(0xa2)].concat())]);
    let one = route6(3, &[(5, &[0xa1; 16]), (4, &[3, 0, 0, 0])]);
    is_one(Table::Routes, &several, &one);
    // Without a gateway they stand beside each other: one an interface.
    are_two(Table::Routes, &route6(2, &[(4, &[3, 0, 0, 0])]), &route6(2, &[(4, &[4, 0, 0, 0])]));
    // Routers that are announced are never joined.
    let announced = |gateway: u8| route6(9, &[(5, &[gateway; 16]), (4, &[3, 0, 0, 0])]);
    are_two(Table::Routes, &announced(0xb1), &announced(0xb2));
    are_two(Table::Routes, &one, &route6(3, &[(30, &[41, 0, 0, 0]), (5, &[0xa1; 16])]));
}

#[test]
fn the_order_of_nexthops_and_the_age_of_a_route_say_nothing() {
    let nexthop = |gateway: u8| [&[28, 0, 0, 0, 3, 0, 0, 0], &inside(&[(5, &[gateway; 16])])[..]].concat();
    let several =
        |first, second, age: u8| route6(3, &[(9, &[nexthop(first), nexthop(second)].concat()), (12, &[age; 32])]);
    assert!(same(Table::Routes, &several(0xa1, 0xa2, 9), &several(0xa2, 0xa1, 5), Source::Event));
    assert!(!same(Table::Routes, &several(0xa1, 0xa2, 5), &several(0xa1, 0xa3, 5), Source::Event));
}

#[test]
fn a_rule_is_all_of_it_but_whether_its_interface_is_there() {
    let rule = |flags: u8, name: &[u8]| {
        let head = [AF_INET, 0, 24, 0, 254, 0, 0, 1, flags, 0, 0, 0];
        record(Table::Rules, &head, &[(6, &[0x64, 0, 0, 0]), (3, name)])
    };
    is_one(Table::Rules, &rule(0, b"eth7\0"), &rule(0x08, b"eth7\0"));
    are_two(Table::Rules, &rule(0, b"eth7\0"), &rule(0x02, b"eth7\0"));
    are_two(Table::Rules, &rule(0, b"eth7\0"), &rule(0, b"eth8\0"));
    assert!(!same(Table::Rules, &rule(0, b"eth7\0"), &rule(0x08, b"eth7\0"), Source::Dump));
    assert!(class(Table::Rules).repeats);
}

#[test]
fn a_neighbour_and_a_proxy_for_it_are_two() {
    let neighbour = |state: u8, flags: u8, ages: u8| {
        let head = [AF_INET, 0, 0, 0, 3, 0, 0, 0, state, 0, flags, 1];
        record(Table::Neighbours, &head, &[(1, &[10, 3, 0, 9]), (3, &[ages; 16])])
    };
    is_one(Table::Neighbours, &neighbour(2, 0, 1), &neighbour(4, 0x80, 9));
    are_two(Table::Neighbours, &neighbour(2, 0, 1), &neighbour(2, 8, 1));
    assert!(same(Table::Neighbours, &neighbour(2, 0, 1), &neighbour(2, 0, 9), Source::Event));
    // REACHABLE to DELAY is never announced; REACHABLE to STALE is.
    assert!(same(Table::Neighbours, &neighbour(2, 0, 1), &neighbour(8, 0, 9), Source::Dump));
    assert!(!same(Table::Neighbours, &neighbour(2, 0, 1), &neighbour(4, 0, 9), Source::Dump));
    assert!(!same(Table::Neighbours, &neighbour(2, 0, 1), &neighbour(8, 0, 9), Source::Event));
}

#[test]
fn a_bridge_moves_an_entry_and_a_vxlan_has_several() {
    let head = |index, flags| [AF_BRIDGE, 0, 0, 0, index, 0, 0, 0, 0x80, 0, flags, 0];
    let learned = |port, vlan: u8| {
        let attributes: [(u16, &[u8]); 3] = [(2, &[2, 0x5e, 3, 4, 5, 6]), (9, &[40, 0, 0, 0]), (5, &[vlan, 0])];
        record(Table::Fdb, &head(port, 0), &attributes)
    };
    is_one(Table::Fdb, &learned(3, 17), &learned(4, 17));
    are_two(Table::Fdb, &learned(3, 17), &learned(3, 18));
    let remote = |address: u8| record(Table::Fdb, &head(7, 2), &[(2, &[0; 6]), (1, &[192, 0, 2, address])]);
    are_two(Table::Fdb, &remote(33), &remote(34));
    are_two(Table::Fdb, &learned(7, 17), &record(Table::Fdb, &head(7, 2), &[(2, &[2, 0x5e, 3, 4, 5, 6])]));
}

#[test]
fn traffic_control_is_told_by_handles() {
    let head = |handle: u8, parent: u8, info: u8| {
        [[0, 0, 0, 0], [9, 0, 0, 0], [0, 0, handle, 0], [0, 0, parent, 0x80], [info, 0, 8, 0]].concat()
    };
    let qdisc =
        |handle, parent, info| record(Table::Qdiscs, &head(handle, parent, info), &[(1, b"htb\0"), (3, &[info; 40])]);
    is_one(Table::Qdiscs, &qdisc(0x11, 1, 2), &qdisc(0x11, 7, 3));
    are_two(Table::Qdiscs, &qdisc(0, 1, 2), &qdisc(0, 7, 2));
    assert!(same(Table::Qdiscs, &qdisc(0x11, 1, 2), &qdisc(0x11, 1, 3), Source::Dump), "references and counters");
    let filter = |info, chain: u8, kind: &[u8]| {
        record(Table::TcFilters, &head(1, 1, info), &[(1, kind), (11, &[chain, 0, 0, 0])])
    };
    are_two(Table::TcFilters, &filter(3, 5, b"u32\0"), &filter(3, 6, b"u32\0"));
    are_two(Table::TcFilters, &filter(3, 5, b"u32\0"), &filter(4, 5, b"u32\0"));
    are_two(Table::TcFilters, &filter(3, 5, b"u32\0"), &filter(3, 5, b"fw\0"));
}

#[test]
fn actions_come_apart_and_their_counters_are_no_change() {
    let action = |kind: &[u8], index: u8, bound: u8, packets: u8| {
        // tc_gen: index, capab, action, refcnt, bindcnt.
        let parameters = [[index, 2, 0, 0], [0; 4], [3, 0, 0, 0], [bound, 0, 0, 0], [bound, 0, 0, 0]].concat();
        let options = inside(&[(2, &parameters), (1, &[packets; 32])]);
        inside(&[(1, kind), (2, &options), (4, &[packets; 24])])
    };
    let message = |bound, packets| {
        let table = inside(&[(1, &action(b"gact\0", 5, bound, packets)), (2, &action(b"gact\0", 6, bound, packets))]);
        record(Table::TcActions, &[], &[(3, &[2, 0, 0, 0]), (1, &table)])
    };
    let (before, after) = (split(Table::TcActions, &message(1, 50)), split(Table::TcActions, &message(2, 90)));
    assert_eq!(before.len(), 2);
    are_two(Table::TcActions, &before[0], &before[1]);
    is_one(Table::TcActions, &before[1], &after[1]);
    assert!(same(Table::TcActions, &before[0], &after[0], Source::Dump));
    let other = record(Table::TcActions, &[], &[(1, &inside(&[(1, &action(b"vlan\0", 5, 1, 50))]))]);
    are_two(Table::TcActions, &before[0], &split(Table::TcActions, &other)[0]);
}

#[test]
fn a_filter_whose_action_counts_is_the_same() {
    let filter = |packets: u8, mask: u8| {
        let parameters = [[5, 0, 0, 0], [0; 4], [2, 0, 0, 0], [packets, 0, 0, 0], [1, 0, 0, 0]].concat();
        let options = inside(&[(2, &parameters), (1, &[packets; 32])]);
        let action = inside(&[(1, b"gact\0"), (4, &[packets; 24]), (2, &options)]);
        let options = inside(&[(1, &[1, 0, 1, 0]), (3, &inside(&[(1, &action)])), (8, &[mask, 0])]);
        record(Table::TcFilters, &[0, 0, 0, 0, 9], &[(1, b"flower\0"), (2, &options), (7, &[packets; 8])])
    };
    assert!(same(Table::TcFilters, &filter(7, 0x1f), &filter(8, 0x1f), Source::Event));
    assert!(!same(Table::TcFilters, &filter(7, 0x1f), &filter(7, 0x2f), Source::Event));
}

#[test]
fn multicast_entries_come_apart_and_age_by_themselves() {
    let entry = |port: u8, vlan: u8, timer: u8| {
        let info = [&[port, 0, 0, 0, 1, 0, vlan, 0][..], &[239, 1, 2, 3], &[0; 12], &[8, 0, 0, 0]].concat();
        inside(&[(1, &[&info[..], &inside(&[(1, &[timer, 0, 0, 0])])].concat())])
    };
    let message = |timer| {
        let entries = inside(&[(1, &entry(3, 17, timer)), (1, &entry(4, 17, timer)), (1, &entry(3, 18, timer))]);
        let routers = inside(&[(1, &[[6, 0, 0, 0], [timer, 0, 0, 0]].concat())]);
        record(Table::Mdb, &[AF_BRIDGE, 0, 0, 0, 40], &[(1, &entries), (2, &routers)])
    };
    let (before, after) = (split(Table::Mdb, &message(200)), split(Table::Mdb, &message(100)));
    assert_eq!(before.len(), 4);
    for (at, one) in before.iter().enumerate() {
        is_one(Table::Mdb, one, &after[at]);
        assert!(same(Table::Mdb, one, &after[at], Source::Dump), "{at}");
        before.iter().skip(at + 1).for_each(|other| are_two(Table::Mdb, one, other));
    }
}

#[test]
fn a_range_of_vlans_is_written_out() {
    let entry =
        |attributes: &[(u16, &[u8])]| record(Table::Vlans, &[AF_BRIDGE, 0, 0, 0, 9], &[(1, &inside(attributes))]);
    let tunnel = inside(&[(1, &[0x10, 0x27, 0, 0])]);
    let range = entry(&[(1, &[4, 0, 100, 0]), (2, &[103, 0]), (3, &[3]), (4, &tunnel)]);
    let records = split(Table::Vlans, &range);
    assert_eq!(records.len(), 4);
    let alone = inside(&[(1, &[0x12, 0x27, 0, 0])]);
    assert_eq!(
        records[2],
        entry(&[(1, &[4, 0, 102, 0]), (3, &[3]), (4, &alone)]),
        "as it is told when it stands alone"
    );
    let options = record(Table::Vlans, &[AF_BRIDGE, 0, 0, 0, 9], &[(2, &inside(&[(1, &[102, 0]), (3, &[1])]))]);
    are_two(Table::Vlans, &records[2], &split(Table::Vlans, &options)[0]);
}

#[test]
fn counters_of_links_are_no_change_and_states_are() {
    let link = |packets: u8, carrier: u8, change: u8, inet6: u8| {
        let families = inside(&[(
            10,
            &inside(&[(1, &[0x30, 0, 0, 0x80]), (3, &[packets; 24]), (8, &[inet6]), (2, &[packets; 8])]),
        )]);
        let bridge = inside(&[(1, b"bridge\0"), (2, &inside(&[(1, &[0xdc, 5, 0, 0]), (16, &[packets; 8])]))]);
        let attributes: [(u16, &[u8]); 5] =
            [(3, b"br7\0"), (33, &[carrier]), (23, &[packets; 200]), (18, &bridge), (26, &families)];
        record(Table::Links, &[0, 0, 1, 0, 7, 0, 0, 0, 0x43, 0, 1, 0, change, 0, 0, 0], &attributes)
    };
    assert!(same(Table::Links, &link(5, 1, 0, 1), &link(9, 1, 0x40, 1), Source::Event));
    assert!(!same(Table::Links, &link(5, 1, 0, 1), &link(5, 0, 0, 1), Source::Event));
    assert!(!same(Table::Links, &link(5, 1, 0, 1), &link(5, 1, 0, 2), Source::Event));
}

#[test]
fn the_small_tables_are_told_by_their_numbers() {
    let id = |id: u8| record(Table::Namespaces, &[], &[(1, &[id, 0, 0, 0]), (4, &[9; 4])]);
    are_two(Table::Namespaces, &id(3), &id(4));
    let nexthop =
        |id: u8, gateway: u8| record(Table::Nexthops, &[AF_INET], &[(1, &[id, 1, 0, 0]), (6, &[10, 0, 0, gateway])]);
    is_one(Table::Nexthops, &nexthop(3, 7), &nexthop(3, 8));
    let settings =
        |family, index: u8| record(Table::Netconf, &[family], &[(1, &[index, 0xff, 0xff, 0xff]), (2, &[1, 0, 0, 0])]);
    are_two(Table::Netconf, &settings(AF_INET, 0xfe), &settings(AF_INET6, 0xfe));
    are_two(Table::Netconf, &settings(AF_INET, 0xfe), &settings(AF_INET, 0xff));
    let mroute = |source: &[u8], input: u8| {
        record(
            Table::MulticastRoutes,
            &[128, 32, 32],
            &[(15, &[253, 0, 0, 0]), (2, source), (1, &[239, 9, 8, 7]), (3, &[input, 0, 0, 0])],
        )
    };
    is_one(Table::MulticastRoutes, &mroute(&[10, 1, 2, 3], 3), &mroute(&[10, 1, 2, 3], 4));
    are_two(Table::MulticastRoutes, &mroute(&[10, 1, 2, 3], 3), &mroute(&[10, 1, 2, 4], 3));
    let parameters =
        |index: &[u8]| record(Table::NeighbourTables, &[AF_INET], &[(1, b"arp_cache\0"), (6, &inside(&[(1, index)]))]);
    are_two(Table::NeighbourTables, &parameters(&[3, 0, 0, 0]), &parameters(&[4, 0, 0, 0]));
}

#[test]
fn classes_and_filters_are_asked_for_where_qdiscs_are() {
    let mut qdiscs = Mirror::new(Table::Qdiscs, 3);
    let mut old = Vec::new();
    let mut put = |index: u8, handle: [u8; 4], kind: &[u8]| {
        let head = [[0; 4], [index, 0, 0, 0], handle, [0xff; 4]].concat();
        assert_eq!(qdiscs.upsert(&record(Table::Qdiscs, &head, &[(1, kind)]), &mut old), Upsert::Added);
    };
    put(5, [0, 0, 0x10, 0], b"htb\0");
    put(6, [0, 0, 0xff, 0xff], b"clsact\0");
    put(7, [0; 4], b"noqueue\0");
    let asked = |table: Table| -> Vec<(u8, [u8; 4])> {
        let parts = dumps(table, |table| (table == Table::Qdiscs).then_some(&qdiscs));
        parts
            .iter()
            .map(|part| part.request.as_bytes())
            .map(|bytes| (bytes[20], bytes[28..32].try_into().unwrap()))
            .collect()
    };
    assert_eq!(asked(Table::TcClasses), [(5, [0; 4]), (6, [0; 4])]);
    assert_eq!(
        asked(Table::TcFilters),
        [(5, [0, 0, 0x10, 0]), (6, [0xf2, 0xff, 0xff, 0xff]), (6, [0xf3, 0xff, 0xff, 0xff])]
    );
}

/// What no kernel sends: a qdisc that ends within its structure, behind the handle.
#[test]
fn a_qdisc_that_is_cut_is_asked_for_like_any_other() {
    let mut qdiscs = Mirror::new(Table::Qdiscs, 3);
    let cut = [0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0x20, 0, 0xff, 0xff];
    assert_eq!(qdiscs.upsert(&cut, &mut Vec::new()), Upsert::Added);
    for table in [Table::TcClasses, Table::TcFilters] {
        let parts = dumps(table, |table| (table == Table::Qdiscs).then_some(&qdiscs));
        assert_eq!(parts.iter().map(|part| part.request.as_bytes()[20]).collect::<Vec<_>>(), [9], "{}", table.name());
    }
}

#[test]
fn every_table_has_dumps_with_a_whole_header() {
    for table in Table::ALL {
        for part in dumps(table, |_| None) {
            let payload = &part.request.as_bytes()[16..];
            assert!(payload.len() >= table.header_len(), "{}", table.name());
            assert!(Attributes::new(&payload[table.header_len()..]).all(|attribute| attribute.is_ok()));
        }
    }
}

/// Puts records in until there are so many; what each of them weighs.
fn weight(number: u32, record_of: impl Fn(u32) -> Vec<u8>) -> usize {
    let mut mirror = Mirror::new(Table::Routes, 0x5eed);
    let mut old = Vec::new();
    for n in 0..number {
        assert_eq!(mirror.upsert(&record_of(n), &mut old), Upsert::Added);
    }
    assert_eq!(mirror.len(), number as usize);
    let key = key(Table::Routes, &record_of(number / 3));
    assert_eq!(mirror.get(&key), Some(&record_of(number / 3)[..]));
    let memory = mirror.memory();
    // Half of them go and come again: the memory is used again.
    (0..number).step_by(2).for_each(|n| assert!(mirror.remove(&record_of(n), &mut old)));
    (0..number).step_by(2).for_each(|n| assert_eq!(mirror.upsert(&record_of(n), &mut old), Upsert::Added));
    assert!(mirror.memory() <= memory + memory / 20, "{} after {memory}", mirror.memory());
    memory / number as usize
}

/// A table just past the size at which the index doubles weighs most a record.
const WORST: u32 = 229_377;

#[test]
fn a_route_of_ipv4_weighs_at_most_120_bytes() {
    let route = |n: u32| {
        let destination = [10, (n >> 16) as u8, (n >> 8) as u8, n as u8];
        let attributes: [(u16, &[u8]); 6] = [
            (15, &[254, 0, 0, 0]),
            (1, &destination),
            (6, &[20, 0, 0, 0]),
            (7, &[192, 0, 2, 9]),
            (5, &[192, 0, 2, 1]),
            (4, &[3, 0, 0, 0]),
        ];
        record(Table::Routes, &[AF_INET, 32, 0, 0, 254, 186, 0, 1], &attributes)
    };
    for number in [200_000, WORST] {
        let weight = weight(number, route);
        assert!(weight <= 120, "{weight} bytes");
    }
}

#[test]
fn a_route_of_ipv6_weighs_at_most_200_bytes() {
    let route = |n: u32| {
        let mut destination = [0xfd; 16];
        destination[12..].copy_from_slice(&n.to_be_bytes());
        let attributes: [(u16, &[u8]); 7] = [
            (15, &[254, 0, 0, 0]),
            (1, &destination),
            (6, &[0, 4, 0, 0]),
            (5, &[0xfe; 16]),
            (4, &[3, 0, 0, 0]),
            (12, &[0; 32]),
            (20, &[0]),
        ];
        record(Table::Routes, &[AF_INET6, 128, 0, 0, 254, 186, 0, 1], &attributes)
    };
    for number in [200_000, WORST] {
        let weight = weight(number, route);
        assert!(weight <= 200, "{weight} bytes");
    }
}

/// What no kernel sends: numbers that are too short or too long. A record is found again all the same, by its key.
#[test]
fn a_record_with_numbers_of_odd_lengths_is_found_by_its_key() {
    let odd: [&[u8]; 5] = [b"", b"\x07", b"\x07\x08\x09", b"\x07\x08\x09\x0a\x0b\x0c", &[9; 40]];
    let mut records = Vec::new();
    for numbers in odd {
        records.push((Table::Routes, route4(&[(15, numbers), (6, &[1, 2, 0, 0]), (1, &[10, 7, 8, 0])])));
        records.push((Table::Routes, route4(&[(15, &[254, 0, 0, 0]), (6, numbers), (1, &[10, 7, 8, 0])])));
        records.push((Table::Routes, route4(&[(15, numbers), (6, numbers), (1, numbers), (5, numbers)])));
        records.push((
            Table::Fdb,
            record(Table::Fdb, &[AF_BRIDGE, 0, 0, 0, 5], &[(9, numbers), (2, numbers), (5, numbers)]),
        ));
        records.push((Table::Fdb, [AF_BRIDGE, 0, 0, 0, 5, 6, 7][..numbers.len().min(7)].to_vec()));
    }
    for (table, record) in records {
        let mut mirror = Mirror::new(table, 7);
        assert_eq!(mirror.upsert(&record, &mut Vec::new()), Upsert::Added);
        assert_eq!(mirror.get(&key(table, &record)), Some(&*record), "{record:?}");
    }
}
