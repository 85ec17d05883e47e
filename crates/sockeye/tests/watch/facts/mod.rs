//! What the kernel does that a mirror has to know, and that the engine copes with it: one story each.

mod announced;
mod dumps;
mod hidden;
mod overruns;

use std::os::fd::BorrowedFd;

use rustix::net::{RecvFlags, SendFlags, recv, send};
use sockeye_conn::{Protocol, Socket};
use sockeye_wire::message::NLM_F_DUMP;
use sockeye_wire::rtnetlink::*;
use sockeye_wire::{Attributes, Kind, Messages, Request};

use crate::asked::*;
use crate::ending::routes;
use crate::lines::ip;

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

fn routes_over(link: u32, count: u32) -> impl Iterator<Item = Route> {
    routes(count).map(move |route| Route { via: Via::Link(link), ..route })
}

fn priority(table: Table, record: &[u8], number: u16) -> Option<u32> {
    let payload = Attributes::new(&record[table.header_len()..]).last(number)?;
    Some(u32::from_ne_bytes(payload.try_into().ok()?))
}
