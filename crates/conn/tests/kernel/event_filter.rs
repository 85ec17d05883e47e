//! What a watcher does not follow never reaches its queue: floods of it cost nothing, and nothing else is lost.

use std::time::Duration;

use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, SendFlags, SocketType, getsockname, sendto, socket};
use rustix::thread::UnshareFlags;
use sockeye_conn::{Buffer, EventFilter, Protocol, Socket, Watcher};
use sockeye_state::Received;
use sockeye_state::rtnetlink::Tables;
use sockeye_state::watch::{Hearing, Options, Output, Verb, Watch};
use sockeye_wire::rtnetlink::{RTM_NEWQDISC, RTM_NEWTFILTER, RTNLGRP_IPV4_ROUTE, RTNLGRP_NEIGH, Table};
use sockeye_wire::{Messages, Request};
use sockeye_zoo::patience;

use crate::support::unshared;

const NLM_F_ACK: u16 = 4;
const NLM_F_CREATE: u16 = 0x400;
const RTM_NEWLINK: u16 = 16;
const RTM_NEWADDR: u16 = 20;
const RTM_DELADDR: u16 = 21;
const RTM_NEWROUTE: u16 = 24;
const RTM_DELROUTE: u16 = 25;
const RTM_NEWNEIGH: u16 = 28;
const RTM_DELNEIGH: u16 = 29;
/// Interfaces of the tests.
const LOOPBACK: u32 = 1;
const BRIDGE: u32 = 31;
const PORT: u32 = 32;
/// A receive buffer that a few dozen events fill.
const BUFFER_SMALL: usize = 20_000;
/// Many times what fits there.
const FLOOD: u32 = 3_000;

/// Makes requests, one at a time.
struct Maker(Socket, Buffer);

impl Maker {
    fn open() -> Self {
        Self(Socket::open(Protocol::Route).expect("opened"), Buffer::new())
    }

    /// Sends a request and checks that it was done. `false`: the kernel refuses.
    fn make(&mut self, request: Request) -> bool {
        self.0.send(request).expect("sent");
        let Ok(Received::Datagram(datagram)) = self.0.receive(&mut self.1) else { panic!("no answer") };
        let answer = Messages::new(datagram.bytes).flatten().next().expect("an answer");
        answer.error().expect("an acknowledgement").expect("a whole one").errno == 0
    }

    fn must(&mut self, request: &Request) {
        assert!(self.make(request.clone()), "{request:?}");
    }

    /// Sends a request many times in one datagram, and does not wait.
    fn flood(&self, requests: impl Iterator<Item = Request>) {
        let requests: Vec<_> = requests.collect();
        for some in requests.chunks(200) {
            let bytes: Vec<u8> = some.iter().flat_map(|request| request.as_bytes().to_vec()).collect();
            rustix::net::send(&self.0, &bytes, SendFlags::empty()).expect("sent");
        }
    }
}

fn link(index: u32, name: &str, kind: &[u8]) -> Request {
    let mut body = [0; 16];
    body[4..8].copy_from_slice(&index.to_ne_bytes());
    let length = u16::try_from(4 + kind.len()).expect("short");
    let info = [&length.to_ne_bytes()[..], &1u16.to_ne_bytes(), kind].concat();
    let request = Request::new(RTM_NEWLINK, NLM_F_CREATE | NLM_F_ACK).body(&body);
    request.attribute(3, &[name.as_bytes(), &[0]].concat()).attribute(18, &info)
}

fn up(index: u32) -> Request {
    let mut body = [0; 16];
    body[4..8].copy_from_slice(&index.to_ne_bytes());
    (body[8], body[12]) = (1, 1);
    Request::new(RTM_NEWLINK, NLM_F_ACK).body(&body)
}

fn address(kind: u16, index: u32, host: u8) -> Request {
    let flags = if kind == RTM_NEWADDR { NLM_F_CREATE } else { 0 };
    let [a, b, c, d] = index.to_ne_bytes();
    Request::new(kind, flags | NLM_F_ACK).body(&[2, 32, 0, 0, a, b, c, d]).attribute(2, &[10, 77, 0, host])
}

/// A forwarding entry of a bridge, or with `family` 2 a neighbour.
fn neighbour(kind: u16, family: u8, index: u32, number: u32) -> Request {
    const NUD_PERMANENT: u8 = 0x80;
    const NTF_MASTER: u8 = 4;
    let flags = if family == 7 { NTF_MASTER } else { 0 };
    let host = &number.to_be_bytes()[1..];
    let request = Request::new(kind, if kind == RTM_NEWNEIGH { NLM_F_CREATE } else { 0 })
        .body(&[&[family, 0, 0, 0][..], &index.to_ne_bytes(), &[NUD_PERMANENT, 0, flags, 0]].concat())
        .attribute(2, &[&[2, 0, 9], host].concat());
    if family == 2 { request.attribute(1, &[&[10], host].concat()) } else { request }
}

fn route(destination: u32, interface: Option<u32>) -> Request {
    const RTN_UNICAST: u8 = 1;
    const RTN_BLACKHOLE: u8 = 6;
    let kind = if interface.is_some() { RTN_UNICAST } else { RTN_BLACKHOLE };
    let body = [2, 32, 0, 0, 254, 4, if interface.is_some() { 253 } else { 0 }, kind, 0, 0, 0, 0];
    let request = Request::new(RTM_NEWROUTE, NLM_F_CREATE).body(&body).attribute(1, &destination.to_be_bytes());
    match interface {
        Some(index) => request.attribute(4, &index.to_ne_bytes()),
        None => request,
    }
}

/// Entries of a bridge that come and go.
fn forwarding_flood() -> impl Iterator<Item = Request> {
    (0..FLOOD / 2).flat_map(|number| [RTM_NEWNEIGH, RTM_DELNEIGH].map(|kind| neighbour(kind, 7, PORT, 500 + number)))
}

fn until_synced(watcher: &mut Watcher) {
    let mut synced = false;
    while !synced {
        let more = watcher.wait(Some(patience(Duration::from_secs(20))), &mut |output| {
            synced |= matches!(output, Output::Synced(_));
        });
        assert!(more.expect("watched"), "nothing happens");
    }
}

/// A bridge with a port, or `false` where this kernel has none.
fn bridge(maker: &mut Maker) -> bool {
    if !maker.make(link(BRIDGE, "br7", b"bridge")) || !maker.make(link(PORT, "port7", b"ifb")) {
        return false;
    }
    let mut body = [0; 16];
    body[4..8].copy_from_slice(&PORT.to_ne_bytes());
    maker.must(&Request::new(RTM_NEWLINK, NLM_F_ACK).body(&body).attribute(10, &BRIDGE.to_ne_bytes()));
    for index in [LOOPBACK, BRIDGE, PORT] {
        maker.must(&up(index));
    }
    true
}

#[test]
fn a_flood_of_forwarding_entries_takes_nothing_from_who_follows_neighbours() {
    let test = "a_flood_of_forwarding_entries";
    unshared(test, UnshareFlags::NEWNET, || {
        let mut maker = Maker::open();
        if !bridge(&mut maker) {
            return crate::support::skip(test, "no bridge or ifb link in this kernel");
        }
        let options = || Options::new(Tables::one(Table::Neighbours));
        let mut watcher = Watcher::with_receive_buffer(None, options(), BUFFER_SMALL).expect("opened");
        // Another without a filter: the flood is more than such a buffer holds.
        let mut naive = Socket::open(Protocol::Route).expect("opened");
        naive.set_receive_buffer(BUFFER_SMALL).expect("set");
        naive.join(RTNLGRP_NEIGH).expect("joined");
        until_synced(&mut watcher);
        let before = watcher.engine().counters();

        maker.flood(std::iter::once(neighbour(RTM_NEWNEIGH, 2, PORT, 3)));
        maker.flood(forwarding_flood());
        maker.flood(std::iter::once(neighbour(RTM_NEWNEIGH, 2, PORT, 5)));

        assert!(naive.drops().expect("counted") > 1000, "the flood is none");
        let mut seen = Vec::new();
        watcher
            .advance(&mut |output| match output {
                Output::Change(change) => seen.push((change.table, change.verb)),
                other => panic!("{other:?}"),
            })
            .expect("watched");
        assert_eq!(seen, [(Table::Neighbours, Verb::Added); 2]);
        let after = watcher.engine().counters();
        assert_eq!((after.datagrams - before.datagrams, after.lost, after.overruns), (2, 0, 0));
    });
}

#[test]
fn what_has_consequences_is_let_in_although_its_table_is_not_followed() {
    let test = "what_has_consequences_is_let_in";
    unshared(test, UnshareFlags::NEWNET, || {
        let mut maker = Maker::open();
        maker.must(&up(LOOPBACK));
        let mut watcher = Watcher::open(None, Options::new(Tables::one(Table::Routes))).expect("opened");
        until_synced(&mut watcher);
        let before = watcher.engine().counters().datagrams;
        maker.must(&address(RTM_NEWADDR, LOOPBACK, 9));
        watcher.advance(&mut |_| {}).expect("watched");
        // The address itself is none of its business; its local route is.
        assert_eq!(watcher.engine().counters().datagrams - before, 1);
        maker.must(&address(RTM_DELADDR, LOOPBACK, 9));
        watcher.advance(&mut |_| {}).expect("watched");
        // That it went may take routes along that no event tells of: the address, and the local route.
        assert_eq!(watcher.engine().counters().datagrams - before, 3);
        assert!(!watcher.engine().synced().contains(Table::Routes), "it looks for what went unsaid");
    });
}

#[test]
fn by_interface_nothing_is_hidden_that_has_none() {
    let test = "by_interface_nothing_is_hidden";
    unshared(test, UnshareFlags::NEWNET, || {
        let mut maker = Maker::open();
        if !maker.make(link(PORT, "other7", b"ifb")) {
            return crate::support::skip(test, "no ifb link in this kernel");
        }
        for index in [LOOPBACK, PORT] {
            maker.must(&up(index));
        }
        let filter = EventFilter::new(|number, _| match number & !3 {
            RTM_NEWROUTE => Hearing::Records,
            _ => Hearing::Nothing,
        });
        let mut events = Socket::open(Protocol::Route).expect("opened");
        events.set_receive_buffer(BUFFER_SMALL).expect("set");
        events.attach_filter(&filter.only_interfaces(&[7, LOOPBACK]).program()).expect("attached");
        events.join(RTNLGRP_IPV4_ROUTE).expect("joined");

        maker.flood([route(0x0a01_0001, Some(LOOPBACK)), route(0x0a01_0002, None)].into_iter());
        maker.flood((0..FLOOD).map(|number| route(0x0a02_0000 + number, Some(PORT))));
        maker.flood(std::iter::once(route(0x0a01_0003, Some(LOOPBACK))));

        let mut buffer = Buffer::new();
        let mut destinations = Vec::new();
        while let Received::Datagram(datagram) = events.try_receive(&mut buffer).expect("received") {
            let message = Messages::new(datagram.bytes).flatten().next().expect("a route").payload();
            let destination = sockeye_wire::Attributes::new(&message[12..]).last(1).expect("a destination");
            destinations.push(destination[3]);
        }
        assert_eq!((destinations, events.drops()), (vec![1, 2, 3], Some(0)));
    });
}

#[test]
fn by_interface_deletions_are_let_in_where_they_are_wanted_and_next_hops_always() {
    unshared("by_interface_deletions_are_let_in", UnshareFlags::NEWNET, || {
        let sender = socket(AddressFamily::NETLINK, SocketType::RAW, None).expect("opened");
        for wanted in [false, true] {
            let filter = EventFilter::new(|_, _| Hearing::Records).only_interfaces(&[7]);
            let filter = if wanted { filter.with_deletions() } else { filter };
            let mut events = Socket::open(Protocol::Route).expect("opened");
            events.attach_filter(&filter.program()).expect("attached");
            let own = SocketAddrNetlink::try_from(getsockname(&events).expect("a name")).expect("of Netlink");
            let mut buffer = Buffer::new();
            let mut is_let_in = |request: Request| {
                let to = SocketAddrNetlink::new(own.pid(), 0);
                sendto(&sender, request.as_bytes(), SendFlags::empty(), &to).expect("sent");
                matches!(events.try_receive(&mut buffer).expect("received"), Received::Datagram(_))
            };
            let of = |kind: u16, family: u8, index: u32| {
                let body = [&[family, 0, 0, 0][..], &index.to_ne_bytes(), &[0; 4]].concat();
                Request::new(kind, 0).body(&body).attribute(4, &index.to_ne_bytes())
            };
            for (new, gone) in [(RTM_NEWADDR, RTM_DELADDR), (RTM_NEWNEIGH, RTM_DELNEIGH), (RTM_NEWROUTE, RTM_DELROUTE)]
            {
                assert!(is_let_in(of(new, 2, 7)) && is_let_in(of(gone, 2, 7)), "{new}: its own");
                assert!(!is_let_in(of(new, 2, 8)) && !is_let_in(of(new, 10, 8)), "{new}: of another");
                assert_eq!(is_let_in(of(gone, 2, 8)), wanted, "{gone}");
            }
            assert!(is_let_in(of(RTM_DELROUTE, 10, 8)), "one next hop of several");
            assert!(is_let_in(of(RTM_NEWROUTE, 28, 8)), "a label");
            // With none that is wanted, all are others.
            let none = EventFilter::new(|_, _| Hearing::Records).only_interfaces(&[]);
            events.attach_filter(&none.program()).expect("attached");
            let mut is_let_in = |request: Request| {
                let to = SocketAddrNetlink::new(own.pid(), 0);
                sendto(&sender, request.as_bytes(), SendFlags::empty(), &to).expect("sent");
                matches!(events.try_receive(&mut Buffer::new()).expect("received"), Received::Datagram(_))
            };
            assert!(!is_let_in(of(RTM_NEWNEIGH, 2, 7)) && is_let_in(route(0x0a01_0002, None)));
        }
    });
}

#[test]
fn what_cannot_be_judged_is_let_in() {
    unshared("what_cannot_be_judged_is_let_in", UnshareFlags::NEWNET, || {
        let filter = EventFilter::of(&Watch::new(Options::new(Tables::one(Table::Neighbours)))).expect("a filter");
        let mut events = Socket::open(Protocol::Route).expect("opened");
        events.attach_filter(&filter.program()).expect("attached");
        let own = SocketAddrNetlink::try_from(getsockname(&events).expect("a name")).expect("of Netlink");
        let sender = socket(AddressFamily::NETLINK, SocketType::RAW, None).expect("opened");
        let mut buffer = Buffer::new();
        let mut is_let_in = |datagram: &[u8]| {
            sendto(&sender, datagram, SendFlags::empty(), &SocketAddrNetlink::new(own.pid(), 0)).expect("sent");
            matches!(events.try_receive(&mut buffer).expect("received"), Received::Datagram(_))
        };
        let message = |kind: u16, family: u8, length: usize| {
            let mut body = vec![0; length];
            body[0] = family;
            Request::new(kind, 0).body(&body).as_bytes().to_vec()
        };
        let (bridge, neighbour) = (message(RTM_NEWNEIGH, 7, 12), message(RTM_DELNEIGH, 2, 12));
        assert!(is_let_in(&neighbour) && !is_let_in(&bridge));
        assert!(is_let_in(&[bridge.clone(), neighbour].concat()), "several messages");
        // Longer than 256 and 65 536 bytes: all of the length counts.
        assert!(!is_let_in(&message(RTM_NEWNEIGH, 7, 700)) && !is_let_in(&message(RTM_NEWNEIGH, 7, 70_000)));
        assert!(is_let_in(&[message(RTM_NEWNEIGH, 7, 70_000), bridge].concat()));
        assert!(!is_let_in(&message(RTM_NEWROUTE, 2, 12)));
        for kind in [2, 3, 4, 16, 128, 300, 0x1001] {
            assert!(is_let_in(&message(kind, 2, 16)), "type {kind}");
        }
        assert!(is_let_in(&Request::new(RTM_NEWROUTE, 0).as_bytes()[..16]), "no family");
    });
}

#[test]
fn only_who_follows_part_of_a_group_gets_a_filter() {
    let has_filter = |tables: Tables| EventFilter::of(&Watch::new(Options::new(tables))).is_some();
    assert!(has_filter(Tables::one(Table::Neighbours)));
    assert!(has_filter(Tables::one(Table::Qdiscs)));
    // The root qdisc that a link names comes in the group of all of traffic control.
    assert!(has_filter(Tables::one(Table::Links)));
    let links = Watch::new(Options::new(Tables::one(Table::Links)));
    assert_eq!(links.hears(RTM_NEWQDISC, 0), Hearing::Consequences);
    assert_eq!(links.hears(RTM_NEWTFILTER, 0), Hearing::Nothing);
    assert!(!has_filter(Tables::one(Table::Namespaces)));
    let every = Table::ALL.into_iter().fold(Tables::NONE, Tables::with);
    assert!(!has_filter(every));
}
