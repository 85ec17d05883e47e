//! Changes of the kernel's tables, asked for without another program: as fast as the kernel makes them.

use std::net::IpAddr;
use std::os::fd::{AsFd as _, OwnedFd};
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketType, recv, send, socket};
use sockeye_wire::message::NLM_F_ACK;
use sockeye_wire::rtnetlink::*;
use sockeye_wire::{Attributes, Messages, Request};

use crate::watching::PATIENCE;

/// `NLM_F_REPLACE`, `NLM_F_EXCL`, `NLM_F_CREATE`, `NLM_F_APPEND`.
pub(crate) const REPLACE: u16 = 0x100;
pub(crate) const EXCLUSIVE: u16 = 0x200;
pub(crate) const CREATE: u16 = 0x400;
pub(crate) const APPEND: u16 = 0x800;

/// The table of most routes (`RT_TABLE_MAIN`).
pub(crate) const MAIN: u32 = 254;

/// `IFF_UP`.
const UP: u32 = 1;

/// `IF_OPER_UP`.
const OPER_UP: u8 = 6;

/// A socket that asks.
pub(crate) struct Asker {
    socket: OwnedFd,
    answer: Vec<u8>,
}

impl Asker {
    /// In the namespace of the calling thread.
    pub(crate) fn new() -> Self {
        // Links make no IPv6 address of their own accord: it would come a second later, and disturb who counts.
        let _ = std::fs::write("/proc/sys/net/ipv6/conf/default/addr_gen_mode", "1");
        let socket = socket(AddressFamily::NETLINK, SocketType::RAW, None).expect("a socket");
        Self { socket, answer: vec![0; 65_536] }
    }

    /// Asks, and gives what the kernel said: 0, or an errno.
    pub(crate) fn ask(&mut self, request: &Request) -> i32 {
        let mut bytes = request.as_bytes().to_vec();
        let flags = u16::from_ne_bytes([bytes[6], bytes[7]]) | NLM_F_ACK;
        bytes[6..8].copy_from_slice(&flags.to_ne_bytes());
        send(self.socket.as_fd(), &bytes, SendFlags::empty()).expect("sent");
        loop {
            let (length, _) = recv(self.socket.as_fd(), &mut self.answer[..], RecvFlags::empty()).expect("an answer");
            let messages = Messages::new(&self.answer[..length]).map_while(Result::ok);
            if let Some(error) = messages.into_iter().find_map(|message| message.error()) {
                return error.expect("readable").errno;
            }
        }
    }

    /// Asks for what has to work.
    #[track_caller]
    pub(crate) fn must(&mut self, request: &Request) {
        let errno = self.ask(request);
        assert_eq!(errno, 0, "{}: {request:?}", std::io::Error::from_raw_os_error(errno.abs()));
    }

    /// Asks for all of these in as few system calls as can be. The kernel has done them when this returns; what it
    /// refused is nobody's concern. Returns how many it refused, or
    /// less where those are many.
    pub(crate) fn all<'r>(&mut self, requests: impl IntoIterator<Item = &'r Request>) -> usize {
        const BATCH_LEN: usize = 32 * 1024;
        let mut refused = 0;
        let mut batch = Vec::with_capacity(BATCH_LEN);
        for request in requests {
            batch.extend_from_slice(request.as_bytes());
            if batch.len() > BATCH_LEN - 1024 {
                refused += self.flush(&mut batch);
            }
        }
        refused + self.flush(&mut batch)
    }

    /// Makes two links that are one cable, and brings both up.
    pub(crate) fn cable(&mut self, indices: [u32; 2], called: [&str; 2]) {
        self.must(&new_veth(indices, called));
        self.bring_up(indices);
    }

    /// Brings both ends of a cable up, until they have a carrier: the kernel tells of that when it finds time, up to a second later
    /// (net/core/link_watch.c), which would disturb who counts.
    pub(crate) fn bring_up(&mut self, ends: [u32; 2]) {
        for index in ends {
            self.must(&set_up(index, true));
        }
        let until = Instant::now() + *PATIENCE;
        while ends.iter().any(|&index| self.operstate(index) != OPER_UP) {
            assert!(Instant::now() < until, "a link has no carrier");
            thread::sleep(Duration::from_millis(2));
        }
    }

    fn operstate(&mut self, index: u32) -> u8 {
        const IFLA_OPERSTATE: u16 = 16;
        let request = Request::new(RTM_GETLINK, 0).body(&link_header(index, 0, 0));
        send(self.socket.as_fd(), request.as_bytes(), SendFlags::empty()).expect("sent");
        let (length, _) = recv(self.socket.as_fd(), &mut self.answer[..], RecvFlags::empty()).expect("an answer");
        let link = Messages::new(&self.answer[..length]).next().expect("a message").expect("readable");
        let attributes = Attributes::new(&link.payload()[Table::Links.header_len()..]);
        attributes.last(IFLA_OPERSTATE).expect("each link has one")[0]
    }

    /// Makes a link that is up and has a carrier, with little of its own: one end of a cable. The other end has the
    /// next index.
    pub(crate) fn plain(&mut self, index: u32, called: &str) {
        self.cable([index, index + 1], [called, &format!("{called}-end")]);
    }

    fn flush(&mut self, batch: &mut Vec<u8>) -> usize {
        let mut refused = 0;
        if !batch.is_empty() {
            send(self.socket.as_fd(), batch, SendFlags::empty()).expect("sent");
            batch.clear();
            // Without NLM_F_ACK only refusals are answered.
            loop {
                match recv(self.socket.as_fd(), &mut self.answer[..], RecvFlags::DONTWAIT) {
                    Ok((length, _)) => refused += Messages::new(&self.answer[..length]).count(),
                    // More than there was room for.
                    Err(Errno::NOBUFS) => refused += 1,
                    Err(_) => break,
                }
            }
        }
        refused
    }
}

/// One attribute, padded: what others are made of.
pub(crate) fn attribute(number: u16, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(4 + payload.len()).expect("small");
    let mut bytes = [length.to_ne_bytes(), number.to_ne_bytes()].concat();
    bytes.extend_from_slice(payload);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

fn octets(ip: IpAddr) -> Vec<u8> {
    match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    }
}

fn family(ip: IpAddr) -> u8 {
    if ip.is_ipv4() { AF_INET } else { AF_INET6 }
}

/// `struct ifinfomsg`
fn link_header(index: u32, flags: u32, change: u32) -> [u8; 16] {
    let mut header = [0; 16];
    header[4..8].copy_from_slice(&index.to_ne_bytes());
    header[8..12].copy_from_slice(&flags.to_ne_bytes());
    header[12..].copy_from_slice(&change.to_ne_bytes());
    header
}

fn name(name: &str) -> Vec<u8> {
    [name.as_bytes(), b"\0"].concat()
}

/// A link of that kind, with that index.
pub(crate) fn new_link(index: u32, called: &str, kind: &str) -> Request {
    let info = attribute(1, kind.as_bytes());
    Request::new(RTM_NEWLINK, CREATE | EXCLUSIVE)
        .body(&link_header(index, UP, UP))
        .attribute(3, &name(called))
        .attribute(18, &info)
}

/// Two links that are one cable. They are down: neither can be brought up before there is the other.
pub(crate) fn new_veth(indices: [u32; 2], called: [&str; 2]) -> Request {
    let mut peer = link_header(indices[1], 0, 0).to_vec();
    peer.extend(attribute(3, &name(called[1])));
    let info = [attribute(1, b"veth"), attribute(2, &attribute(1, &peer))].concat();
    Request::new(RTM_NEWLINK, CREATE | EXCLUSIVE)
        .body(&link_header(indices[0], 0, 0))
        .attribute(3, &name(called[0]))
        .attribute(18, &info)
}

/// A link that is already there, with another value of one attribute.
pub(crate) fn set_link(index: u32, number: u16, payload: &[u8]) -> Request {
    Request::new(RTM_NEWLINK, 0).body(&link_header(index, 0, 0)).attribute(number, payload)
}

/// Another MTU.
pub(crate) fn set_mtu(index: u32, bytes: u32) -> Request {
    set_link(index, 4, &bytes.to_ne_bytes())
}

/// Another name.
pub(crate) fn rename(index: u32, called: &str) -> Request {
    set_link(index, 3, &name(called))
}

/// A port of that bridge; 0: of none.
pub(crate) fn set_master(index: u32, master: u32) -> Request {
    set_link(index, 10, &master.to_ne_bytes())
}

/// Up or down.
pub(crate) fn set_up(index: u32, up: bool) -> Request {
    Request::new(RTM_NEWLINK, 0).body(&link_header(index, u32::from(up), UP))
}

/// Away with it.
pub(crate) fn delete_link(index: u32) -> Request {
    Request::new(RTM_DELLINK, 0).body(&link_header(index, 0, 0))
}

/// An address of a link.
pub(crate) fn new_address(index: u32, ip: IpAddr, prefix_len: u8) -> Request {
    // IFA_F_NODAD: an IPv6 address is there at once.
    address(RTM_NEWADDR, CREATE | EXCLUSIVE, index, ip, prefix_len, 2)
}

/// The same with seconds for which it is preferred and valid, in the place of what it had.
pub(crate) fn lasting_address(index: u32, ip: IpAddr, prefix_len: u8, seconds: [u32; 2]) -> Request {
    // struct ifa_cacheinfo
    let times = [seconds[0], seconds[1], 0, 0].map(u32::to_ne_bytes).concat();
    address(RTM_NEWADDR, CREATE | REPLACE, index, ip, prefix_len, 2).attribute(6, &times)
}

/// Away with an address.
pub(crate) fn delete_address(index: u32, ip: IpAddr, prefix_len: u8) -> Request {
    address(RTM_DELADDR, 0, index, ip, prefix_len, 0)
}

fn address(type_number: u16, flags: u16, index: u32, ip: IpAddr, prefix_len: u8, of_address: u8) -> Request {
    let mut header = [0; 8];
    header[0] = family(ip);
    header[1] = prefix_len;
    header[2] = of_address;
    header[4..].copy_from_slice(&index.to_ne_bytes());
    Request::new(type_number, flags).body(&header).attribute(2, &octets(ip)).attribute(1, &octets(ip))
}

/// Where a route goes.
#[derive(Clone, Copy)]
pub(crate) enum Via {
    /// Out of a link.
    Link(u32),
    /// To a neighbour over a link.
    Gateway(IpAddr, u32),
    /// To a nexthop object.
    Nexthop(u32),
}

/// A route, as the kernel tells routes apart.
#[derive(Clone, Copy)]
pub(crate) struct Route {
    pub(crate) destination: IpAddr,
    pub(crate) prefix_len: u8,
    pub(crate) table: u32,
    pub(crate) priority: u32,
    pub(crate) via: Via,
}

impl Route {
    /// In the table `main`.
    pub(crate) fn to(destination: IpAddr, prefix_len: u8, via: Via) -> Self {
        Self { destination, prefix_len, table: MAIN, priority: 0, via }
    }

    /// With these flags of `RTM_NEWROUTE`.
    pub(crate) fn add(self, flags: u16) -> Request {
        self.request(RTM_NEWROUTE, flags)
    }

    /// Away with it.
    pub(crate) fn delete(self) -> Request {
        self.request(RTM_DELROUTE, 0)
    }

    fn request(self, type_number: u16, flags: u16) -> Request {
        // Scope: universe through a gateway, else link; for IPv6 it is ignored. Protocol 4: static.
        let scope = if matches!(self.via, Via::Link(_)) && type_number == RTM_NEWROUTE { 253 } else { 0 };
        let scope = if type_number == RTM_DELROUTE { 255 } else { scope };
        let table = u8::try_from(self.table).unwrap_or(0);
        let header = [family(self.destination), self.prefix_len, 0, 0, table, 4, scope, 1, 0, 0, 0, 0];
        let mut request = Request::new(type_number, flags)
            .body(&header)
            .attribute(1, &octets(self.destination))
            .attribute(15, &self.table.to_ne_bytes());
        if self.priority != 0 {
            request = request.attribute(6, &self.priority.to_ne_bytes());
        }
        match self.via {
            Via::Link(index) => request.attribute(4, &index.to_ne_bytes()),
            Via::Gateway(ip, index) => request.attribute(5, &octets(ip)).attribute(4, &index.to_ne_bytes()),
            Via::Nexthop(id) => request.attribute(30, &id.to_ne_bytes()),
        }
    }
}

/// All routes of a table of IPv4 that go out of a link, in as many requests as there are routes.
pub(crate) fn rule(type_number: u16, flags: u16, ipv4: bool, priority: u32, mark: u32, interface: &str) -> Request {
    // struct fib_rule_hdr: action 1 is to look into a table, here 100.
    let header = [if ipv4 { AF_INET } else { AF_INET6 }, 0, 0, 0, 100, 0, 0, 1, 0, 0, 0, 0];
    let request = Request::new(type_number, flags)
        .body(&header)
        .attribute(6, &priority.to_ne_bytes())
        .attribute(10, &mark.to_ne_bytes());
    if interface.is_empty() { request } else { request.attribute(3, &name(interface)) }
}

/// A permanent neighbour.
pub(crate) fn new_neighbour(index: u32, ip: IpAddr, lladdr: [u8; 6]) -> Request {
    neighbour(RTM_NEWNEIGH, CREATE | REPLACE, index, family(ip), 0).attribute(1, &octets(ip)).attribute(2, &lladdr)
}

/// Away with a neighbour.
pub(crate) fn delete_neighbour(index: u32, ip: IpAddr) -> Request {
    neighbour(RTM_DELNEIGH, 0, index, family(ip), 0).attribute(1, &octets(ip))
}

/// An entry in the forwarding database of the bridge of this port.
pub(crate) fn new_fdb(index: u32, lladdr: [u8; 6]) -> Request {
    // NTF_MASTER
    neighbour(RTM_NEWNEIGH, CREATE | REPLACE, index, AF_BRIDGE, 4).attribute(2, &lladdr)
}

/// Away with such an entry.
pub(crate) fn delete_fdb(index: u32, lladdr: [u8; 6]) -> Request {
    neighbour(RTM_DELNEIGH, 0, index, AF_BRIDGE, 4).attribute(2, &lladdr)
}

fn neighbour(type_number: u16, flags: u16, index: u32, family: u8, of_neighbour: u8) -> Request {
    // struct ndmsg: NUD_PERMANENT is 0x80.
    let mut header = [0; 12];
    header[0] = family;
    header[4..8].copy_from_slice(&index.to_ne_bytes());
    header[8] = 0x80;
    header[10] = of_neighbour;
    Request::new(type_number, flags).body(&header)
}

/// A nexthop object.
pub(crate) fn new_nexthop(id: u32, index: u32, gateway: IpAddr) -> Request {
    let header = [family(gateway), 0, 4, 0, 0, 0, 0, 0];
    Request::new(RTM_NEWNEXTHOP, CREATE | REPLACE)
        .body(&header)
        .attribute(1, &id.to_ne_bytes())
        .attribute(5, &index.to_ne_bytes())
        .attribute(6, &octets(gateway))
}

/// Away with a nexthop object, and with its routes.
pub(crate) fn delete_nexthop(id: u32) -> Request {
    Request::new(RTM_DELNEXTHOP, 0).body(&[0; 8]).attribute(1, &id.to_ne_bytes())
}

/// A queueing discipline. What it needs to know beyond its kind is in `options`.
pub(crate) fn qdisc(
    type_number: u16,
    flags: u16,
    index: u32,
    kind: &str,
    handle: u32,
    parent: u32,
    options: &[u8],
) -> Request {
    let mut header = [0; 20];
    header[4..8].copy_from_slice(&index.to_ne_bytes());
    header[8..12].copy_from_slice(&handle.to_ne_bytes());
    header[12..16].copy_from_slice(&parent.to_ne_bytes());
    let request = Request::new(type_number, flags).body(&header).attribute(1, &name(kind));
    if options.is_empty() { request } else { request.attribute(2, options) }
}
