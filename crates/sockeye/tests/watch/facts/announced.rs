//! What is announced, what goes without a word, and who says it.

use std::os::fd::AsFd as _;

use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, SendFlags, SocketType, sendto, socket};
use sockeye_conn::Buffer;
use sockeye_state::Received;
use sockeye_state::watch::{Origin, Verb};
use sockeye_wire::rtnetlink::*;
use sockeye_wire::{Attributes, Request};
use sockeye_zoo::in_namespace;

use super::*;
use crate::asked::*;
use crate::driver::Driver;
use crate::lines::ip;

#[test]
fn what_goes_with_a_link_goes_without_a_word_and_is_found() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        asker.plain(77, "d0");
        asker.must(&new_address(77, ip("10.7.0.1"), 24));
        asker.must(&new_nexthop(91, 77, ip("10.7.0.8")));
        let route = |number: u8| {
            Route::to(std::net::Ipv4Addr::new(20, number, 0, 0).into(), 16, Via::Gateway(ip("10.7.0.9"), 77))
        };
        for number in 0..5 {
            asker.must(&route(number).add(CREATE));
        }
        asker.must(&qdisc(RTM_NEWQDISC, CREATE | REPLACE, 77, "pfifo", 0x7_0000, u32::MAX, &77u32.to_ne_bytes()));
        let mut driver = Driver::new(&[Table::Routes, Table::Nexthops, Table::Qdiscs, Table::Rules], 1 << 20);
        driver.calm();
        let mut events = route_socket();
        for group in [RTNLGRP_IPV4_ROUTE, RTNLGRP_NEXTHOP, RTNLGRP_TC] {
            events.join(group).expect("everybody may");
        }
        asker.must(&set_up(77, false));
        assert!(matches!(events.try_receive(&mut Buffer::new()), Ok(Received::Empty)), "the kernel says something now");
        driver.calm();
        // The network of the address, and what is reached over it. What remains is the address's own.
        assert_eq!(driver.count(Table::Routes, Verb::Removed, Origin::Consequence), 7, "{:?}", driver.said);
        assert_eq!(driver.count(Table::Nexthops, Verb::Removed, Origin::Consequence), 1);
        assert!(driver.gaps().is_empty(), "nothing was lost");

        driver.said.clear();
        asker.must(&set_up(77, true));
        asker.must(&new_nexthop(91, 77, ip("10.7.0.8")));
        asker.must(&route(3).add(CREATE));
        driver.calm();
        driver.said.clear();
        asker.must(&delete_link(77));
        driver.calm();
        assert_eq!(driver.count(Table::Qdiscs, Verb::Removed, Origin::Consequence), 2, "both ends: {:?}", driver.said);
        assert_eq!(driver.count(Table::Nexthops, Verb::Removed, Origin::Consequence), 1);
        assert!(driver.count(Table::Routes, Verb::Removed, Origin::Consequence) > 0);
        assert!(driver.gaps().is_empty(), "nothing was lost");
        Ok(())
    });
}

/// What a link says of itself changes, and no event of it says so.
#[test]
fn a_link_names_another_qdisc_and_only_the_qdisc_is_announced() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        asker.plain(77, "d0");
        let mut driver = Driver::new(&[Table::Links], 1 << 20);
        driver.calm();
        let mut events = route_socket();
        events.join(RTNLGRP_LINK).expect("everybody may");
        let limit = 77u32.to_ne_bytes();
        asker.must(&qdisc(RTM_NEWQDISC, CREATE | REPLACE, 77, "pfifo", 0x7_0000, u32::MAX, &limit));
        assert!(matches!(events.try_receive(&mut Buffer::new()), Ok(Received::Empty)), "the kernel says something now");
        driver.calm();
        let links = driver.records(Table::Links);
        let link = links.iter().find(|link| link[4..8] == 77u32.to_ne_bytes()).expect("it is there");
        let named = Attributes::new(&link[Table::Links.header_len()..]).last(6);
        assert_eq!(named, Some(&b"pfifo\0"[..]));
        assert!(driver.gaps().is_empty());
        Ok(())
    });
}

#[test]
fn messages_of_somebody_else_carry_their_sender_and_change_nothing() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        asker.plain(77, "d0");
        let mut driver = Driver::new(&[Table::Links], 1 << 20);
        driver.calm();
        let mut victim = route_socket();
        victim.join(RTNLGRP_LINK).expect("everybody may");
        let address: SocketAddrNetlink =
            rustix::net::getsockname(driver.events.as_fd()).expect("bound").try_into().expect("netlink");
        // A new link, as the kernel would announce it.
        let mut header = [0; 16];
        header[4..8].copy_from_slice(&999u32.to_ne_bytes());
        let forgery = Request::new(RTM_NEWLINK, 0).body(&header).attribute(3, b"forged\0");
        let forger = socket(AddressFamily::NETLINK, SocketType::RAW, None).expect("a socket");
        let to_one = SocketAddrNetlink::new(address.pid(), 0);
        let to_all = SocketAddrNetlink::new(0, 1 << (RTNLGRP_LINK - 1));
        for to in [to_one, to_all] {
            // The kernel answers what is sent to it as well; that is not ours to see.
            let _ = sendto(&forger, forgery.as_bytes(), SendFlags::empty(), &to);
        }
        let mut buffer = Buffer::new();
        let Ok(Received::Datagram(datagram)) = victim.try_receive(&mut buffer) else { panic!("it did not come") };
        assert_ne!(datagram.sender, 0);
        driver.calm();
        assert_eq!(driver.engine.counters().foreign, 2);
        assert_eq!(driver.count(Table::Links, Verb::Added, Origin::Event), 0);
        assert!(driver.records(Table::Links).iter().all(|link| link[4..8] != 999u32.to_ne_bytes()));
        Ok(())
    });
}
