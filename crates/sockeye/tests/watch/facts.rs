//! What the kernel does that a mirror has to know, and that the engine copes with it: one story each.

use std::os::fd::{AsFd as _, BorrowedFd};

use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketType, recv, send, sendto, socket, sockopt};
use sockeye_conn::{Buffer, Protocol, Socket};
use sockeye_state::watch::{Origin, Reason, Verb};
use sockeye_state::{Dump, Received, Seen, Step};
use sockeye_wire::message::{NLM_F_DUMP, NLM_F_DUMP_FILTERED};
use sockeye_wire::rtnetlink::*;
use sockeye_wire::{Attributes, Kind, Messages, Request};
use sockeye_zoo::in_namespace;

use crate::asked::*;
use crate::driver::{Driver, Said, Witness};
use crate::ending::routes;
use crate::lines::ip;

/// A dump that is received datagram by datagram, in a buffer of a size.
struct Asked<'s> {
    socket: BorrowedFd<'s>,
    buffer: Vec<u8>,
}

/// One message of a dump.
#[derive(Clone, Debug)]
struct Row {
    kind: Kind,
    flags: u16,
    interrupted: bool,
    payload: Vec<u8>,
}

impl Row {
    fn word(&self, at: usize) -> u32 {
        u32::from_ne_bytes(self.payload[at..at + 4].try_into().expect("four bytes"))
    }

    fn attribute(&self, table: Table, number: u16) -> Option<u32> {
        let payload = Attributes::new(&self.payload[table.header_len()..]).last(number)?;
        Some(u32::from_ne_bytes(payload.try_into().ok()?))
    }
}

/// The request for all of a table, or for a family of it.
fn get(table: Table, family: u8) -> Request {
    let mut header = vec![0; table.header_len()];
    header[0] = family;
    Request::new(table.get_type().expect("it can be dumped"), NLM_F_DUMP).body(&header)
}

impl<'s> Asked<'s> {
    fn of(socket: &'s impl std::os::fd::AsFd, request: &Request, buffer_len: usize) -> Self {
        send(socket.as_fd(), request.as_bytes(), SendFlags::empty()).expect("sent");
        Self { socket: socket.as_fd(), buffer: vec![0; buffer_len] }
    }

    /// The next datagram, and whether it was cut.
    fn next(&mut self) -> (Vec<Row>, bool) {
        let (length, whole) = recv(self.socket, &mut self.buffer[..], RecvFlags::TRUNC).expect("received");
        let rows = Messages::new(&self.buffer[..length]).map_while(Result::ok).map(|message| Row {
            kind: message.kind(),
            flags: message.flags(),
            interrupted: message.is_interrupted(),
            payload: message.payload().to_vec(),
        });
        (rows.collect(), whole > length)
    }

    /// Everything up to the end, after something was done once `after` datagrams were received.
    fn rows(mut self, after: usize, meddle: impl FnOnce(&[Row])) -> Vec<Row> {
        let mut rows = Vec::new();
        let mut meddle = Some(meddle);
        for number in 1.. {
            rows.extend(self.next().0);
            if number == after
                && let Some(meddle) = meddle.take()
            {
                meddle(&rows);
            }
            if rows.last().is_some_and(|row| row.kind == Kind::Done) {
                assert!(meddle.is_none(), "it ended before its {after}. datagram: {}", rows.len());
                return rows;
            }
        }
        unreachable!()
    }
}

fn route_socket() -> Socket {
    Socket::open(Protocol::Route).expect("a socket")
}

/// E1.
#[test]
fn an_overrun_is_said_once_and_before_older_messages_and_what_comes_before_the_queue_is_empty_is_lost_in_silence() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        asker.plain(77, "d0");
        let mut driver = Driver::new(&[Table::Routes], 20_000);
        driver.calm();
        let witness = Witness::new(&driver.engine.groups());
        let before = driver.engine.counters().datagrams;
        let mut events = route_socket();
        events.set_receive_buffer(20_000).expect("a small one");
        events.join(RTNLGRP_IPV4_ROUTE).expect("everybody may");
        let mut buffer = Buffer::new();

        let all: Vec<_> = routes(700).map(|route| route.add(CREATE)).collect();
        assert_eq!(asker.all(&all[..500]), 0);
        let lost = events.drops().expect("a kernel of this decade");
        assert!(lost > 400, "{lost}");
        // First the loss, then what is older than it.
        assert!(matches!(events.try_receive(&mut buffer), Ok(Received::Overrun)));
        for _ in 0..5 {
            assert!(matches!(events.try_receive(&mut buffer), Ok(Received::Datagram(_))));
        }
        // There is room, and still everything is dropped, and nobody is told.
        assert_eq!(asker.all(&all[500..600]), 0);
        assert_eq!(events.drops(), Some(lost + 100));
        let mut read = 5;
        loop {
            match events.try_receive(&mut buffer).expect("received") {
                Received::Datagram(_) => read += 1,
                Received::Empty => break,
                other => panic!("{other:?} again"),
            }
        }
        assert_eq!(read + lost + 100, 600);
        // Now it was empty, and can lose again.
        assert_eq!(asker.all(&all[600..]), 0);
        assert!(events.drops() > Some(lost + 100));
        assert!(matches!(events.try_receive(&mut buffer), Ok(Received::Overrun)));

        driver.calm();
        let gaps = driver.gaps();
        assert!(matches!(driver.said.last(), Some(Said::Synced)), "{:?}", driver.said.last());
        assert_eq!(gaps.len(), 1, "{gaps:?}");
        assert_eq!(gaps[0].reason, Reason::Overrun);
        let counters = driver.engine.counters();
        assert_eq!(gaps[0].lost, Some(counters.lost));
        assert_eq!(
            counters.datagrams - before + counters.lost,
            witness.end(),
            "what was read and what was lost is all there was"
        );
        let is_ours = |said: &&Said| matches!(said, Said::Change { new: Some(new), .. } if new[..2] == [AF_INET, 32]);
        assert_eq!(driver.said.iter().filter(is_ours).count(), 700, "each of them once, however it was found");
        Ok(())
    });
}

/// E1 again: between the loss and the empty queue the driver of a mirror must not dump.
#[test]
fn what_is_lost_while_the_loss_is_being_read_is_found_all_the_same() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        asker.plain(77, "d0");
        let mut driver = Driver::new(&[Table::Routes], 20_000);
        driver.calm();
        let all: Vec<_> = routes(600).map(|route| route.add(CREATE)).collect();
        assert_eq!(asker.all(&all[..500]), 0);
        let mut more = Some(&all[500..]);
        // The first datagram of the dump that repairs it comes after everything older was read.
        driver.settle(&mut |_, _| {
            if let Some(more) = more.take() {
                assert_eq!(asker.all(more), 0);
            }
        });
        assert!(more.is_none());
        assert_eq!(driver.records(Table::Routes).iter().filter(|route| route[1] == 32 && route[7] == 1).count(), 600);
        Ok(())
    });
}

/// E4.
#[test]
fn an_interruption_is_marked_on_one_message_at_most_and_never_at_the_end() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        fill(&mut asker);
        let last = 100 + 2 * (LINKS - 1);
        // Until here in the dump: not the last datagram, which was built before the change.
        let marks = |table, family, change: Request| {
            let mut meddler = Asker::new();
            let socket = route_socket();
            let rows = Asked::of(&socket, &get(table, family), 4096).rows(2, |_| meddler.must(&change));
            assert!(!rows.last().expect("an end").interrupted, "{}: the end is marked", table.name());
            rows.iter().filter(|row| row.interrupted).count()
        };
        let marked = [
            (Table::Links, AF_UNSPEC, new_veth([900, 901], ["new", "newer"]), 1),
            (Table::Links, AF_UNSPEC, delete_link(900), 1),
            (Table::Links, AF_UNSPEC, set_mtu(last, 1417), 0),
            (Table::Links, AF_UNSPEC, rename(last, "other"), 0),
            (Table::Addresses, AF_INET, new_address(100, ip("10.99.0.1"), 24), 1),
            (Table::Addresses, AF_INET6, delete_address(100, ip("fd11:190::1"), 64), 1),
            (Table::Nexthops, AF_UNSPEC, new_nexthop(9000, 100, ip("10.0.0.9")), 1),
            (Table::Routes, AF_INET, Route::to(ip("30.0.0.0"), 8, Via::Link(100)).add(CREATE), 0),
            (Table::Routes, AF_INET6, Route::to(ip("fd30::"), 16, Via::Link(100)).add(CREATE), 0),
            (Table::Rules, AF_INET, rule(RTM_NEWRULE, CREATE, true, 30_000, 5, ""), 0),
            (Table::Neighbours, AF_INET, new_neighbour(100, ip("10.0.0.99"), [2, 0, 0, 0, 0, 9]), 0),
        ];
        for (table, family, change, expected) in marked {
            let what = format!("{} {family}: {change:?}", table.name());
            assert_eq!(marks(table, family, change), expected, "{what}");
            assert!(expected == 0 || table.marks_interruption(), "{what}");
        }
        Ok(())
    });
}

/// E4 for the engine: a dump that was interrupted is never concluded.
#[test]
fn a_dump_of_links_that_is_interrupted_again_and_again_ends_right() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        fill(&mut asker);
        let mut driver = Driver::new(&[Table::Links, Table::Nexthops], 1 << 20);
        let mut left = 6;
        driver.settle(&mut |kind, number| {
            if kind == RTM_GETLINK && number == 2 && left > 0 {
                left -= 1;
                let request = if left % 2 == 1 { new_veth([900, 901], ["new", "newer"]) } else { delete_link(900) };
                asker.must(&request);
            }
        });
        assert_eq!(left, 0, "a dump that was interrupted is repeated");
        // Two ends a cable, and the loopback device.
        assert_eq!(driver.records(Table::Links).len(), 2 * LINKS as usize + 1);
        assert_eq!(driver.records(Table::Nexthops).len(), MANY as usize);
        Ok(())
    });
}

/// Cables, and with them records of every table that fill some datagrams.
const LINKS: u32 = 40;
const MANY: u32 = 400;

fn fill(asker: &mut Asker) {
    for number in 0..LINKS {
        asker.must(&new_veth([100 + 2 * number, 101 + 2 * number], [&format!("a{number}"), &format!("b{number}")]));
    }
    asker.must(&set_up(100, true));
    asker.must(&set_up(101, true));
    asker.must(&new_address(100, ip("10.0.0.1"), 24));
    let v4 = |first: u8, number: u32| std::net::Ipv4Addr::from((u32::from(first) << 24) + number).into();
    let v6 = |first: u16, number: u16| std::net::Ipv6Addr::new(first, number, 0, 0, 0, 0, 0, 1).into();
    let mut requests = Vec::new();
    for number in 1..=MANY {
        let small = u16::try_from(number).expect("few");
        requests.push(new_address(100, v4(11, number << 8), 24));
        requests.push(new_address(100, v6(0xfd11, small), 64));
        requests.push(new_nexthop(number, 100, ip("10.0.0.9")));
        requests.push(rule(RTM_NEWRULE, CREATE, true, 1000 + number, 7, ""));
        requests.push(new_neighbour(100, v4(10, number + 512), [2, 0, 0, 0, 0, 7]));
        requests.push(Route::to(v4(12, number << 8), 24, Via::Link(100)).add(CREATE));
        requests.push(Route::to(v6(0xfd12, small), 128, Via::Link(100)).add(CREATE));
    }
    assert_eq!(asker.all(&requests), 0);
}

/// E5.
#[test]
fn a_listing_of_listeners_of_one_port_misses_and_doubles_what_lives() {
    in_namespace(|_| {
        const LISTENERS: usize = 400;
        let listen = || {
            let socket = socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket");
            sockopt::set_socket_reuseport(&socket, true).expect("set");
            let address = std::net::SocketAddrV4::new(std::net::Ipv4Addr::LOCALHOST, 7707);
            rustix::net::bind(&socket, &address).expect("bound");
            rustix::net::listen(&socket, 1).expect("listening");
            socket
        };
        // struct inet_diag_req_v2: AF_INET, TCP, listening sockets.
        let mut question = [0; 56];
        question[..2].copy_from_slice(&[AF_INET, 6]);
        question[4..8].copy_from_slice(&(1u32 << 10).to_ne_bytes());
        let request = Request::new(20, NLM_F_DUMP).body(&question);
        let cookie = |row: &Row| (row.word(44), row.word(48));
        let dump = |meddle: &mut dyn FnMut(&[Row])| {
            let diag = Socket::open(Protocol::SockDiag).expect("a socket");
            let rows = Asked::of(&diag, &request, 4096).rows(4, |rows| meddle(rows));
            assert!(rows.iter().all(|row| !row.interrupted), "the kernel would say so");
            rows.iter().filter(|row| row.kind != Kind::Done).map(cookie).collect::<Vec<_>>()
        };
        let unique = |cookies: &[(u32, u32)]| cookies.iter().collect::<std::collections::HashSet<_>>().len();

        let mut listeners: Vec<_> = (0..LISTENERS).map(|_| listen()).collect();
        let whole = dump(&mut |_| {});
        assert_eq!((whole.len(), unique(&whole)), (LISTENERS, LISTENERS));
        // The newest are told first: they end while the rest is still to be told.
        let told = dump(&mut |_| listeners.truncate(LISTENERS - 50));
        let missed = LISTENERS - 50 - told.iter().filter(|cookie| whole[50..].contains(cookie)).count();
        assert!(missed > 0, "the cursor of the kernel does not count any more");
        // New ones push the others back: they are told again, and who counts cookies sees it.
        let told = dump(&mut |_| listeners.extend((0..50).map(|_| listen())));
        let doubled = told.len() - unique(&told);
        assert!(doubled > 0, "the cursor of the kernel does not count any more");
        let mut seen = Seen::new();
        let found = told.iter().filter(|(low, high)| !seen.is_new(u64::from(*high) << 32 | u64::from(*low))).count();
        assert_eq!(found, doubled);
        Ok(())
    });
}

/// E6.
#[test]
fn deletions_hide_living_records_from_the_rest_of_a_dump_and_nothing_is_marked() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        asker.plain(77, "d0");
        let (new, old): (Vec<_>, Vec<_>) = rules_and_routes().unzip();
        assert_eq!(asker.all(&new), 0);
        let (rules, routes): (Vec<_>, Vec<_>) =
            old.into_iter().partition(|request| request.as_bytes()[4..6] == RTM_DELRULE.to_ne_bytes());
        for (table, deletions, number) in [(Table::Rules, &rules, 6), (Table::Routes, &routes, 6)] {
            let priority = |row: &Row| row.attribute(table, number);
            let told = |rows: &[Row]| -> Vec<u32> {
                rows.iter()
                    .filter(|row| row.kind != Kind::Done)
                    .filter_map(priority)
                    .filter(|it| (1000..2000).contains(it))
                    .collect()
            };
            let mut gone = Vec::new();
            let socket = route_socket();
            let rows = Asked::of(&socket, &get(table, AF_INET), 4096).rows(2, |rows| {
                gone = told(rows);
                gone.truncate(30);
                let gone: Vec<_> = deletions[..30].to_vec();
                assert_eq!(asker.all(&gone), 0);
            });
            assert_eq!(gone, (1000..1030).collect::<Vec<_>>(), "they were told already");
            assert!(rows.iter().all(|row| !row.interrupted));
            let told = told(&rows);
            let missed = (1030..1000 + RECORDS).filter(|priority| !told.contains(priority)).count();
            assert!(missed > 0, "{}: the cursor of the kernel does not count any more", table.name());
            // What is still there is refused.
            assert!(asker.all(&new) > 0);
        }
        Ok(())
    });
}

const RECORDS: u32 = 300;

/// Rules, and IPv4 routes of one destination, each with its deletion: of both the kernel dumps a list by counting.
fn rules_and_routes() -> impl Iterator<Item = (Request, Request)> {
    let rules = (0..RECORDS).map(|number| {
        let request = |kind, flags| rule(kind, flags, true, 1000 + number, 7, "");
        (request(RTM_NEWRULE, CREATE | EXCLUSIVE), request(RTM_DELRULE, 0))
    });
    let routes = (0..RECORDS).map(|number| {
        let route = Route { priority: 1000 + number, ..Route::to(ip("20.0.0.0"), 8, Via::Link(77)) };
        (route.add(CREATE | EXCLUSIVE), route.delete())
    });
    rules.chain(routes)
}

/// E6 for the engine: what such a dump does not show is not taken for gone.
#[test]
fn records_that_a_dump_hides_are_never_told_to_be_gone() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        asker.plain(77, "d0");
        let (new, old): (Vec<_>, Vec<_>) = rules_and_routes().unzip();
        assert_eq!(asker.all(&new), 0);
        let mut driver = Driver::new(&[Table::Rules, Table::Routes], 20_000);
        driver.calm();
        // A loss, so that both are dumped again, and deletions in each of the dumps.
        let flood: Vec<_> = routes(300).map(|route| route.add(CREATE)).collect();
        assert_eq!(asker.all(&flood), 0);
        let mut deletions = old.into_iter();
        let mut meddled = 0;
        driver.answer_len = 4096;
        driver.settle(&mut |kind, number| {
            if number == 3 && meddled < 8 && (kind == RTM_GETRULE || kind == RTM_GETROUTE) {
                let few: Vec<_> = deletions.by_ref().take(20).collect();
                meddled += 1;
                asker.all(&few);
            }
        });
        assert!(meddled >= 2, "both were dumped in several datagrams");
        let gone = 20 * meddled;
        let told = |table| {
            let removed = |how| driver.count(table, Verb::Removed, how);
            removed(Origin::Event) + removed(Origin::Resync) + removed(Origin::Consequence)
        };
        assert_eq!(told(Table::Rules) + told(Table::Routes), gone, "each of them once, and nothing else");
        let has = |table: Table, number| {
            driver
                .records(table)
                .iter()
                .filter(|record| priority(table, record, number).is_some_and(|it| (1000..2000).contains(&it)))
                .count()
        };
        assert_eq!(has(Table::Rules, 6) + has(Table::Routes, 6), 2 * RECORDS as usize - gone);
        Ok(())
    });
}

fn priority(table: Table, record: &[u8], number: u16) -> Option<u32> {
    let payload = Attributes::new(&record[table.header_len()..]).last(number)?;
    Some(u32::from_ne_bytes(payload.try_into().ok()?))
}

/// E8.
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

/// Of the same kind as E8: what a link says of itself changes, and no event of it says so.
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

/// E10.
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

/// E17.
#[test]
fn a_socket_has_one_dump_at_a_time_and_one_that_is_given_up_is_in_nobodys_way() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        fill(&mut asker);
        let socket = route_socket();
        let mut first = Asked::of(&socket, &get(Table::Links, AF_UNSPEC).sequence(1), 4096);
        first.next();
        let mut second = Asked::of(&socket, &get(Table::Rules, AF_UNSPEC).sequence(2), 4096);
        let mut refusals = Vec::new();
        loop {
            let (rows, _) = second.next();
            refusals.extend(rows.iter().filter(|row| row.kind == Kind::Error).map(|row| row.word(0).cast_signed()));
            if rows.last().is_some_and(|row| row.kind == Kind::Done) {
                break;
            }
        }
        assert_eq!(refusals, [-libc_ebusy()]);

        // A loss in the middle of a dump: it is given up, and the next is not refused.
        let mut driver = Driver::new(&[Table::Rules, Table::Routes], 20_000);
        driver.answer_len = 4096;
        let flood: Vec<_> = routes_over(100, 400).map(|route| route.add(CREATE)).collect();
        let mut flood = Some(flood);
        driver.settle(&mut |kind, number| {
            if kind == RTM_GETROUTE
                && number == 3
                && let Some(flood) = flood.take()
            {
                assert_eq!(asker.all(&flood), 0);
            }
        });
        assert!(flood.is_none() && driver.reopened >= 1, "{}", driver.reopened);
        let gaps = driver.gaps();
        assert!(gaps.iter().all(|gap| gap.reason == Reason::Overrun), "{gaps:?}");
        let over = driver
            .records(Table::Routes)
            .iter()
            .filter(|route| route[1] == 32 && route[0] == AF_INET && route[7] == 1)
            .count();
        assert_eq!(over, 400);
        Ok(())
    });
}

/// `EBUSY`
fn libc_ebusy() -> i32 {
    rustix::io::Errno::BUSY.raw_os_error()
}

fn routes_over(link: u32, count: u32) -> impl Iterator<Item = Route> {
    routes(count).map(move |route| Route { via: Via::Link(link), ..route })
}

/// E22.
#[test]
fn a_dump_can_be_older_than_an_event_that_was_read_before_it() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        fill(&mut asker);
        let mut events = route_socket();
        events.join(RTNLGRP_LINK).expect("everybody may");
        let socket = route_socket();
        let mut dump = Asked::of(&socket, &get(Table::Links, AF_UNSPEC), 4096);
        dump.next();
        // The next datagram is built already. What is in it?
        let (ahead, _) = peek(&socket);
        let link = ahead.iter().find(|row| row.kind == Kind::Data(RTM_NEWLINK)).expect("a link").word(4);
        asker.must(&set_mtu(link, 1234));
        let mut buffer = Buffer::new();
        let mtus = |bytes: &[u8]| -> Vec<u32> {
            let messages = Messages::new(bytes).map_while(Result::ok);
            let ours = messages.filter(|message| message.payload().get(4..8) == Some(&link.to_ne_bytes()));
            ours.filter_map(|message| priority(Table::Links, message.payload(), 4)).collect()
        };
        let Ok(Received::Datagram(news)) = events.try_receive(&mut buffer) else { panic!("no event") };
        assert_eq!(mtus(news.bytes), [1234]);
        let (rows, _) = dump.next();
        let row = rows.iter().find(|row| row.word(4) == link).expect("seen above");
        assert_eq!(row.attribute(Table::Links, 4), Some(1500), "older than the event");

        let mut driver = Driver::new(&[Table::Links], 1 << 20);
        driver.answer_len = 4096;
        let mut number = 0;
        driver.settle(&mut |kind, datagram| {
            // Every link is changed right before each datagram that may hold it.
            if kind == RTM_GETLINK && datagram > 1 {
                number += 1;
                let all: Vec<_> = (100..100 + 2 * LINKS).map(|link| set_mtu(link, 1300 + number)).collect();
                assert_eq!(asker.all(&all), 0);
            }
        });
        assert!(number > 3, "{number}");
        let right = driver
            .records(Table::Links)
            .iter()
            .filter(|link| priority(Table::Links, link, 4) == Some(1300 + number))
            .count();
        assert_eq!(right, 2 * LINKS as usize);
        Ok(())
    });
}

/// What will be received next.
fn peek(socket: &Socket) -> (Vec<Row>, bool) {
    let mut buffer = vec![0; 4096];
    let (length, _) = recv(socket.as_fd(), &mut buffer[..], RecvFlags::PEEK).expect("it is there");
    let rows = Messages::new(&buffer[..length]).map_while(Result::ok).map(|message| Row {
        kind: message.kind(),
        flags: message.flags(),
        interrupted: message.is_interrupted(),
        payload: message.payload().to_vec(),
    });
    (rows.collect(), false)
}

/// E23.
#[test]
fn a_buffer_that_shrinks_cuts_a_dump_and_what_was_cut_is_not_gone() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        fill(&mut asker);
        let socket = route_socket();
        let mut dump = Asked::of(&socket, &get(Table::Links, AF_UNSPEC), 65_536);
        let (mut rows, _) = dump.next();
        dump.buffer.truncate(8192);
        let mut cut = 0;
        while rows.last().is_none_or(|row| row.kind != Kind::Done) {
            let (more, was_cut) = dump.next();
            rows.extend(more);
            cut += u32::from(was_cut);
        }
        assert!(cut > 0 && rows.len() < 2 * LINKS as usize, "{cut} of the datagrams, {} rows", rows.len());

        let mut shrink = Driver::new(&[Table::Links, Table::Rules], 20_000);
        shrink.calm();
        // A loss makes it dump again.
        let mtus: Vec<_> = (0..40).map(|number| set_mtu(100, 1300 + number)).collect();
        assert_eq!(asker.all(&mtus), 0);
        shrink.answer_len = 8192;
        shrink.steps(60);
        assert!(shrink.reopened > 0, "a dump that was cut is given up");
        shrink.answer_len = 65_536;
        shrink.calm();
        assert_eq!(shrink.count(Table::Links, Verb::Removed, Origin::Resync), 0, "what was cut off is not gone");
        assert_eq!(shrink.records(Table::Links).len(), 2 * LINKS as usize + 1);
        Ok(())
    });
}

/// E25.
#[test]
fn a_socket_that_checks_strictly_filters_and_says_so() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        asker.plain(77, "d0");
        asker.plain(87, "d1");
        let of = |link, count| routes_over(link, count).map(|route| route.add(CREATE));
        let all: Vec<_> = of(77, 300).chain(routes_over(87, 600).skip(300).map(|route| route.add(CREATE))).collect();
        assert_eq!(asker.all(&all), 0);
        let request = get(Table::Routes, AF_INET).attribute(4, &77u32.to_ne_bytes());
        let ask = |socket: &dyn std::os::fd::AsFd| {
            let rows = Asked::of(&socket.as_fd(), &request, 32_768).rows(1, |_| {});
            let rows: Vec<_> = rows.into_iter().filter(|row| row.kind != Kind::Done).collect();
            let filtered = rows.iter().filter(|row| row.flags & NLM_F_DUMP_FILTERED != 0).count();
            let others = rows.iter().filter(|row| row.attribute(Table::Routes, 4) != Some(77)).count();
            (rows.len(), filtered, others)
        };
        let loose = socket(AddressFamily::NETLINK, SocketType::RAW, None).expect("a socket");
        let (rows, filtered, others) = ask(&loose);
        assert!(filtered == 0 && others >= 300, "{rows} rows, {filtered} filtered, {others} of others");
        let (rows, filtered, others) = ask(&route_socket());
        assert!(rows >= 300 && filtered == rows && others == 0, "{rows} rows, {filtered} filtered, {others} of others");

        // What is not understood is refused with a sentence, and the engine of dumps knows it.
        let mut strict = route_socket();
        let sequence = strict.send(Request::new(RTM_GETROUTE, NLM_F_DUMP).body(&[AF_INET, 0, 0, 0])).expect("sent");
        let mut dump = Dump::new(sequence);
        let mut buffer = Buffer::new();
        while dump.handle(strict.receive(&mut buffer).expect("received"), |_| {}) == Step::Continue {}
        let refusal = dump.into_conclusion().refusal.expect("refused");
        assert_eq!(refusal.errno, rustix::io::Errno::INVAL.raw_os_error());
        assert!(refusal.sentence.as_deref().is_some_and(|sentence| sentence.contains("header")), "{refusal:?}");
        Ok(())
    });
}
