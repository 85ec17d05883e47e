//! What a dump is beside what happens meanwhile.

use std::os::fd::AsFd as _;

use rustix::net::{AddressFamily, RecvFlags, SocketType, recv, socket, sockopt};
use sockeye_conn::{Buffer, Protocol, Socket};
use sockeye_state::watch::Reason;
use sockeye_state::{Dump, Received, Seen, Step};
use sockeye_wire::message::{NLM_F_DUMP, NLM_F_DUMP_FILTERED};
use sockeye_wire::rtnetlink::*;
use sockeye_wire::{Kind, Messages, Request};
use sockeye_zoo::in_namespace;

use super::*;
use crate::asked::*;
use crate::driver::Driver;
use crate::lines::ip;

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

/// The same for the engine: a dump that was interrupted is never concluded.
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
