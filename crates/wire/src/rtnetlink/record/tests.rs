use core::net::IpAddr;

use super::*;
use crate::Request;
use crate::message::HEADER_LEN;

/// A record with this fixed structure and these attributes.
fn record(header: &[u8], attributes: &[(u16, &[u8])]) -> Vec<u8> {
    let request = attributes
        .iter()
        .fold(Request::new(0, 0).body(header), |request, (number, payload)| request.attribute(*number, payload));
    request.as_bytes()[HEADER_LEN..].to_vec()
}

#[test]
fn a_link_says_what_it_is() {
    let mut header = vec![0, 0, 1, 0];
    header.extend(0x0102_0304u32.to_ne_bytes());
    header.extend(0x0001_1043u32.to_ne_bytes());
    header.extend([0; 4]);
    let info = &record(&[], &[(1, b"vxlan\0")])[..];
    let bytes = record(
        &header,
        &[
            (3, b"eth\xff\0"),
            (4, &1337u32.to_ne_bytes()),
            (10, &77u32.to_ne_bytes()),
            (16, &[6]),
            (18, info),
            (33, &[0]),
        ],
    );
    let link = Link::read(&bytes).expect("long enough");
    assert_eq!((link.index(), link.flags()), (0x0102_0304, 0x0001_1043));
    assert_eq!((link.name(), link.mtu(), link.master()), (Some(&b"eth\xff"[..]), Some(1337), Some(77)));
    assert_eq!((link.operstate(), link.carrier(), link.kind()), (Some(6), Some(false), Some(&b"vxlan"[..])));
    assert!(link.is_up() && link.is_lower_up());
    assert_eq!((link.address(), link.lower()), (None, None));
}

#[test]
fn an_address_has_a_local_side_and_perhaps_a_peer() {
    let mut header = vec![2, 31, 0x80, 253];
    header.extend(41u32.to_ne_bytes());
    let bytes = record(&header, &[(1, &[10, 0, 0, 9]), (2, &[10, 0, 0, 8]), (8, &0x0280u32.to_ne_bytes())]);
    let address = Address::read(&bytes).expect("long enough");
    assert_eq!((address.ifindex(), address.prefix_len(), address.scope()), (41, 31, 253));
    assert_eq!(address.address(), Some(IpAddr::from([10, 0, 0, 8])));
    assert_eq!(address.peer(), Some(IpAddr::from([10, 0, 0, 9])));
    assert_eq!(address.flags(), 0x0280);
    let old = record(&header, &[(1, &[10, 0, 0, 9])]);
    let old = Address::read(&old).expect("long enough");
    assert_eq!((old.address(), old.peer(), old.flags()), (Some(IpAddr::from([10, 0, 0, 9])), None, 0x80));
}

#[test]
fn a_route_with_several_hops_names_each() {
    let hop = |oif: u32, weight: u8, gateway: [u8; 4]| {
        let attributes = record(&[], &[(5, &gateway)]);
        let len = u16::try_from(8 + attributes.len()).expect("short");
        [&len.to_ne_bytes()[..], &[0, weight - 1], &oif.to_ne_bytes(), &attributes].concat()
    };
    let hops = [hop(5, 3, [10, 0, 0, 3]), hop(6, 250, [10, 0, 0, 4])].concat();
    let bytes = record(
        &[2, 17, 0, 0, 252, 186, 0, 1, 0, 0, 0, 0],
        &[(1, &[10, 128, 128, 0]), (6, &1024u32.to_ne_bytes()), (9, &hops), (15, &70_000u32.to_ne_bytes())],
    );
    let route = Route::read(&bytes).expect("long enough");
    assert_eq!(route.destination(), Some((IpAddr::from([10, 128, 128, 0]), 17)));
    assert_eq!((route.table(), route.metric(), route.protocol(), route.kind()), (70_000, 1024, 186, 1));
    let seen: Vec<_> = route.hops().map(|hop| (hop.oif(), hop.weight(), hop.gateway())).collect();
    let gateway = |last| Some(IpAddr::from([10, 0, 0, last]));
    assert_eq!(seen, [(5, 3, gateway(3)), (6, 250, gateway(4))]);
    assert!(!route.is_default() && route.gateway().is_none());
}

#[test]
fn hops_that_lie_about_their_length_end_the_list() {
    for lie in [[3u8, 0], [0, 0], [200, 0]] {
        let hops = [&lie[..], &[0, 0, 1, 0, 0, 0]].concat();
        let bytes = record(&[2, 0, 0, 0, 254, 3, 0, 1, 0, 0, 0, 0], &[(9, &hops)]);
        let route = Route::read(&bytes).expect("long enough");
        assert_eq!(route.hops().count(), 0, "{lie:?}");
        assert!(route.is_default());
    }
}

#[test]
fn a_rule_a_neighbour_a_nexthop_and_a_qdisc() {
    let bytes = record(
        &[10, 0, 48, 0, 254, 0, 0, 1, 0, 0, 0, 0],
        &[(2, &[0x20; 16]), (3, b"eth7\0"), (6, &555u32.to_ne_bytes()), (10, &0x12u32.to_ne_bytes())],
    );
    let rule = Rule::read(&bytes).expect("long enough");
    assert_eq!((rule.priority(), rule.table(), rule.action(), rule.mark()), (555, 254, 1, Some((0x12, u32::MAX))));
    assert_eq!((rule.source(), rule.destination()), (Some((IpAddr::from([0x20; 16]), 48)), None));
    assert_eq!((rule.iif_name(), rule.oif_name()), (Some(&b"eth7"[..]), None));

    let bytes = record(&[2, 0, 0, 0, 9, 0, 0, 0, 0x80, 0, 8, 1], &[(1, &[10, 0, 0, 55]), (2, &[2, 0, 0, 0, 0, 0x55])]);
    let neighbour = Neighbour::read(&bytes).expect("long enough");
    assert_eq!((neighbour.flags(), neighbour.address()), (8, Some(IpAddr::from([10, 0, 0, 55]))));
    assert_eq!(neighbour.link_address(), Some(&[2, 0, 0, 0, 0, 0x55][..]));

    let members = [&71u32.to_ne_bytes()[..], &[3, 0, 0, 0], &72u32.to_ne_bytes(), &[8, 1, 0, 0]].concat();
    let bytes = record(&[0; 8], &[(1, &73u32.to_ne_bytes()), (2, &members)]);
    let nexthop = Nexthop::read(&bytes).expect("long enough");
    assert_eq!((nexthop.id(), nexthop.gateway()), (Some(73), None));
    assert_eq!(nexthop.members().collect::<Vec<_>>(), [(71, 4), (72, 265)]);

    let mut header = vec![0; 4];
    for word in [3u32, 0x8003_0000, 0x0001_0010, 2] {
        header.extend(word.to_ne_bytes());
    }
    let bytes = record(&header, &[(1, b"fq_codel\0")]);
    let qdisc = Qdisc::read(&bytes).expect("long enough");
    assert_eq!((qdisc.ifindex(), qdisc.handle(), qdisc.parent()), (3, 0x8003_0000, 0x0001_0010));
    assert_eq!(qdisc.kind(), Some(&b"fq_codel"[..]));
}

#[test]
fn what_is_too_short_is_no_record() {
    for table in Table::ALL {
        assert!(Record::read(table, &vec![0; table.header_len() - 1]).is_none(), "{}", table.name());
        assert!(Record::read(table, &vec![0; table.header_len()]).is_some(), "{}", table.name());
    }
}
