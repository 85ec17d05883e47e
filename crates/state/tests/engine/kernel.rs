//! A model of the kernel: tables, what it tells of their changes, how its queue overflows, and how its dumps go wrong.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use sockeye_state::rtnetlink::{Tables, each_record};
use sockeye_state::watch::Selection;
use sockeye_wire::Request;
use sockeye_wire::rtnetlink::*;

use crate::records::{self, message};

pub(crate) const NLM_F_MULTI: u16 = 0x2;
const NLM_F_DUMP_INTR: u16 = 0x10;
const NLM_F_DUMP: u16 = 0x300;
const NLM_F_REPLACE: u16 = 0x100;
const NLM_F_CREATE: u16 = 0x400;
const EBUSY: i32 = 16;
/// What an event costs in the queue beside its bytes.
const TRUESIZE: usize = 100;

/// A small generator of numbers: splitmix64.
#[derive(Clone, Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ mixed >> 31) % bound
    }

    pub(crate) fn one_in(&mut self, bound: u64) -> bool {
        self.below(bound) == 0
    }

    fn byte(&mut self, bound: u64) -> u8 {
        self.below(bound) as u8
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Link {
    mtu: u8,
    up: bool,
    port_state: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Route4 {
    priority: u8,
    gateway: u8,
    link: u8,
}

/// What `recv` on the event socket gives.
#[derive(Debug)]
pub(crate) enum Event {
    Datagram { bytes: Vec<u8>, sender: u32, truncated: bool },
    Overrun,
    Empty,
}

/// What a run of the model does beside changes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Habits {
    pub(crate) queue_max: usize,
    /// One in so many; 0: never.
    pub(crate) truncated_event: u64,
    pub(crate) truncated_chunk: u64,
    pub(crate) busy: u64,
    pub(crate) lost_uncounted: u64,
    pub(crate) foreign: u64,
    pub(crate) silent: u64,
}

#[derive(Debug)]
struct Dump {
    table: Table,
    family: u8,
    /// Addresses that are answered for others: there are none.
    is_of_proxies: bool,
    sequence: u32,
    cursor: Cursor,
    previous: u64,
    chunk: Vec<u8>,
    is_last: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Cursor {
    index: usize,
    key: u8,
}

#[derive(Debug)]
pub(crate) struct Kernel {
    random: Random,
    habits: Habits,
    links: BTreeMap<u8, Link>,
    addresses: Vec<(u8, u8)>,
    neighbours: Vec<(u8, u8)>,
    rules: Vec<u8>,
    routes4: BTreeMap<u8, Vec<Route4>>,
    routes6: BTreeMap<u8, Vec<u8>>,
    ids: Vec<u8>,
    queue: VecDeque<Vec<u8>>,
    queued: usize,
    congested: bool,
    error: bool,
    pub(crate) drops: u64,
    addresses_version: u64,
    links_version: u64,
    dump: Option<Dump>,
    reply: Option<Vec<u8>>,
    /// Tables from which something vanished without a word and without a consequence.
    pub(crate) silent: Tables,
    pub(crate) sent: u64,
    /// What a filter on the event socket lets in.
    pub(crate) selection: Option<Selection>,
}

impl Kernel {
    pub(crate) fn new(seed: u64, habits: Habits) -> Self {
        let mut kernel = Self {
            random: Random(seed),
            habits,
            links: BTreeMap::new(),
            addresses: Vec::new(),
            neighbours: Vec::new(),
            rules: Vec::new(),
            routes4: BTreeMap::new(),
            routes6: BTreeMap::new(),
            ids: Vec::new(),
            queue: VecDeque::new(),
            queued: 0,
            congested: false,
            error: false,
            drops: 0,
            addresses_version: 1,
            links_version: 1,
            dump: None,
            reply: None,
            silent: Tables::NONE,
            sent: 0,
            selection: None,
        };
        for _ in 0..kernel.random.below(60) {
            kernel.change();
        }
        kernel.queue.clear();
        kernel.queued = 0;
        kernel.congested = false;
        kernel.error = false;
        kernel.silent = Tables::NONE;
        kernel
    }

    /// Nothing is unread.
    pub(crate) fn is_quiet(&self) -> bool {
        self.queue.is_empty() && !self.error
    }

    /// Makes one change, with the event that the kernel has for it.
    pub(crate) fn change(&mut self) {
        match self.random.below(14) {
            0 | 1 => self.change_link(),
            2 | 3 => self.change_address(),
            4 | 5 => self.change_rule(),
            6..=8 => self.change_route4(),
            9 | 10 => self.change_route6(),
            11 | 12 => self.change_neighbour(),
            _ => self.change_id(),
        }
    }

    fn change_link(&mut self) {
        let index = 1 + self.random.byte(5);
        let mtu = self.random.byte(3);
        match (self.links.get(&index).copied(), self.random.below(5)) {
            (None, _) => {
                self.links.insert(index, Link { mtu, up: true, port_state: 0 });
                self.links_version += 1;
                self.tell_link(index);
            }
            (Some(link), 0) => {
                self.links.remove(&index);
                self.links_version += 1;
                self.forget_routes(index);
                self.tell(RTM_DELLINK, 0, &link_of(index, link));
            }
            (Some(link), 1) => {
                let up = !link.up;
                self.links.insert(index, Link { up, ..link });
                if !up {
                    self.forget_routes(index);
                }
                self.tell_link(index);
            }
            (Some(link), 2) => {
                // A port of a bridge: the event has no more than its own part.
                let port_state = 1 + self.random.byte(3);
                self.links.insert(index, Link { port_state, ..link });
                let mut partial = link_of(index, link);
                partial[0] = AF_BRIDGE;
                partial.truncate(16);
                self.tell(RTM_NEWLINK, 0, &partial);
            }
            (Some(link), _) => {
                self.links.insert(index, Link { mtu, ..link });
                self.tell_link(index);
            }
        }
    }

    fn tell_link(&mut self, index: u8) {
        let record = link_of(index, self.links[&index]);
        self.tell(RTM_NEWLINK, 0, &record);
    }

    /// Routes over a link go without a word.
    fn forget_routes(&mut self, link: u8) {
        for routes in self.routes4.values_mut() {
            routes.retain(|route| route.link != link);
        }
        self.routes4.retain(|_, routes| !routes.is_empty());
    }

    fn change_address(&mut self) {
        let (link, host) = (1 + self.random.byte(3), self.random.byte(8));
        match self.addresses.iter().position(|&address| address == (link, host)) {
            Some(at) if self.random.one_in(2) => {
                self.addresses.remove(at);
                self.addresses_version += 1;
                self.tell(RTM_DELADDR, 0, &records::address(link, host));
            }
            Some(_) => {}
            None => {
                self.addresses.push((link, host));
                self.addresses_version += 1;
                self.tell(RTM_NEWADDR, 0, &records::address(link, host));
            }
        }
    }

    fn change_neighbour(&mut self) {
        let (link, host) = (1 + self.random.byte(4), self.random.byte(4));
        if let Some(at) = self.neighbours.iter().position(|&neighbour| neighbour == (link, host)) {
            self.neighbours.remove(at);
            self.tell(RTM_DELNEIGH, 0, &records::neighbour(link, host));
        } else {
            self.neighbours.push((link, host));
            self.tell(RTM_NEWNEIGH, 0, &records::neighbour(link, host));
        }
    }

    fn change_rule(&mut self) {
        let priority = self.random.byte(4);
        if self.random.one_in(2) {
            // Two of them can be the same.
            let at = self.rules.iter().position(|&other| other > priority).unwrap_or(self.rules.len());
            self.rules.insert(at, priority);
            self.tell(RTM_NEWRULE, 0, &records::rule(priority));
        } else if let Some(at) = self.rules.iter().position(|&other| other == priority) {
            self.rules.remove(at);
            self.tell(RTM_DELRULE, 0, &records::rule(priority));
        }
    }

    fn change_route4(&mut self) {
        let links: Vec<u8> = self.links.iter().filter(|(_, link)| link.up).map(|(&index, _)| index).collect();
        if links.is_empty() {
            return;
        }
        let link = links[self.random.below(links.len() as u64) as usize];
        let (destination, priority, gateway) = (self.random.byte(5), self.random.byte(2), self.random.byte(3));
        let new = Route4 { priority, gateway, link };
        let routes = self.routes4.entry(destination).or_default();
        let first = routes.iter().position(|route| route.priority >= priority).unwrap_or(routes.len());
        let same = routes[first..].iter().take_while(|route| route.priority == priority).count();
        let known = routes.iter().position(|route| *route == new);
        let (kind, flags, told) = match (self.random.below(4), known) {
            (0 | 1, Some(at)) => {
                routes.remove(at);
                (RTM_DELROUTE, 0, new)
            }
            (0, None) if !routes.is_empty() => {
                let at = self.random.below(routes.len() as u64) as usize;
                (RTM_DELROUTE, 0, routes.remove(at))
            }
            (1, None) if same > 0 => {
                // The first is replaced, and which it was is not said.
                routes[first] = new;
                (RTM_NEWROUTE, NLM_F_REPLACE, new)
            }
            (_, None) => {
                let at = if self.random.one_in(2) { first } else { first + same };
                routes.insert(at, new);
                (RTM_NEWROUTE, NLM_F_CREATE, new)
            }
            _ => return,
        };
        if routes.is_empty() {
            self.routes4.remove(&destination);
        }
        self.tell(kind, flags, &route4(destination, told));
    }

    fn change_route6(&mut self) {
        let (destination, gateway) = (self.random.byte(4), 1 + self.random.byte(3));
        let mut gateways = self.routes6.get(&destination).cloned().unwrap_or_default();
        match self.random.below(8) {
            0 if !gateways.is_empty() => {
                // All at once.
                self.routes6.remove(&destination);
                return self.tell(RTM_DELROUTE, 0, &records::route6(destination, &gateways));
            }
            1 if !gateways.is_empty() => {
                self.routes6.insert(destination, vec![gateway]);
                return self.tell(RTM_NEWROUTE, NLM_F_REPLACE, &records::route6(destination, &[gateway]));
            }
            _ => {}
        }
        if let Some(at) = gateways.iter().position(|&other| other == gateway) {
            gateways.remove(at);
            if gateways.is_empty() {
                self.routes6.remove(&destination);
            } else {
                self.routes6.insert(destination, gateways);
            }
            // The one that went, alone.
            return self.tell(RTM_DELROUTE, 0, &records::route6(destination, &[gateway]));
        }
        gateways.push(gateway);
        // The new one is told first, and dumped last.
        let told: Vec<u8> = gateways.iter().rev().copied().collect();
        self.routes6.insert(destination, gateways);
        self.tell(RTM_NEWROUTE, NLM_F_CREATE, &records::route6(destination, &told));
    }

    fn change_id(&mut self) {
        let id = self.random.byte(9);
        let Some(at) = self.ids.iter().position(|&other| other == id) else {
            let at = self.random.below(self.ids.len() as u64 + 1) as usize;
            self.ids.insert(at, id);
            return self.tell(RTM_NEWNSID, 0, &records::id(id));
        };
        self.ids.remove(at);
        if self.habits.silent > 0 && self.random.one_in(self.habits.silent) {
            self.silent = self.silent.with(Table::Namespaces);
        } else {
            self.tell(RTM_DELNSID, 0, &records::id(id));
        }
    }

    fn tell(&mut self, kind: u16, flags: u16, payload: &[u8]) {
        if self.selection.as_ref().is_some_and(|selection| is_rejected(selection, kind, flags, payload)) {
            return;
        }
        self.sent += 1;
        if self.habits.lost_uncounted > 0 && self.random.one_in(self.habits.lost_uncounted) {
            // No memory for the event: the error is set, and nothing is counted (`netlink_set_err`).
            self.error = true;
            return;
        }
        let bytes = message(kind, flags, 0, payload);
        let size = bytes.len() + TRUESIZE;
        if self.congested || self.queued + size > self.habits.queue_max {
            self.error |= !self.congested;
            self.congested = true;
            self.drops += 1;
            return;
        }
        self.queued += size;
        self.queue.push_back(bytes);
    }

    pub(crate) fn receive(&mut self) -> Event {
        if core::mem::take(&mut self.error) {
            return Event::Overrun;
        }
        if self.habits.foreign > 0 && self.random.one_in(self.habits.foreign) {
            let bytes = message(RTM_DELNSID, 0, 0, &records::id(self.ids.first().copied().unwrap_or(0)));
            return Event::Datagram { bytes, sender: 77, truncated: false };
        }
        let Some(mut bytes) = self.queue.pop_front() else { return Event::Empty };
        self.queued -= bytes.len() + TRUESIZE;
        if self.queue.is_empty() {
            self.congested = false;
        }
        let truncated = self.habits.truncated_event > 0 && self.random.one_in(self.habits.truncated_event);
        if truncated {
            bytes.truncate(bytes.len() - 8);
        }
        Event::Datagram { bytes, sender: 0, truncated }
    }

    pub(crate) fn send(&mut self, request: &Request) {
        let bytes = request.as_bytes();
        let kind = u16::from_ne_bytes([bytes[4], bytes[5]]);
        let sequence = u32::from_ne_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]);
        let family = bytes[16];
        if u16::from_ne_bytes([bytes[6], bytes[7]]) & NLM_F_DUMP == 0 {
            assert_eq!(kind, RTM_GETLINK, "only links are asked for one by one");
            let index = bytes[20];
            self.reply = Some(match self.links.get(&index) {
                Some(&link) => message(RTM_NEWLINK, 0, sequence, &link_of(index, link)),
                None => message(2, 0, sequence, &(-19i32).to_ne_bytes()),
            });
            return;
        }
        if self.dump.is_some() || self.habits.busy > 0 && self.random.one_in(self.habits.busy) {
            self.reply = Some(message(2, 0, sequence, &[&(-EBUSY).to_ne_bytes()[..], &bytes[..16]].concat()));
            return;
        }
        let (table, _) = Table::of_message(kind - 2, family).unwrap();
        self.dump = Some(Dump {
            table,
            family,
            is_of_proxies: table == Table::Neighbours && bytes[26] != 0,
            sequence,
            cursor: Cursor::default(),
            previous: 0,
            chunk: Vec::new(),
            is_last: false,
        });
        self.build();
    }

    pub(crate) fn reopen(&mut self) {
        self.dump = None;
        self.reply = None;
    }

    /// The next datagram of the dump socket: built when the one before was received.
    pub(crate) fn answer(&mut self) -> (Vec<u8>, bool) {
        if let Some(reply) = self.reply.take() {
            return (reply, false);
        }
        let dump = self.dump.as_mut().expect("no dump runs");
        let mut chunk = core::mem::take(&mut dump.chunk);
        if dump.is_last {
            self.dump = None;
        } else {
            self.build();
        }
        // NLMSG_DONE has a datagram of its own, which is never too long.
        let can_be_cut = self.dump.is_some() && self.habits.truncated_chunk > 0;
        let truncated = can_be_cut && self.random.one_in(self.habits.truncated_chunk);
        if truncated {
            chunk.truncate((chunk.len() * 2 / 3) & !3);
        }
        (chunk, truncated)
    }

    /// Builds the next datagram from the table as it is now.
    fn build(&mut self) {
        let Some(mut dump) = self.dump.take() else { return };
        let room = 1 + self.random.below(3) as usize;
        let mut rows = Vec::new();
        let list = |records: Vec<Vec<u8>>, dump: &mut Dump| {
            // A count of rows, whatever became of those that it counted.
            let rows: Vec<_> = records.into_iter().skip(dump.cursor.index).take(room).collect();
            dump.cursor.index += rows.len();
            rows
        };
        match (dump.table, dump.family) {
            (Table::Links, _) => {
                for (&index, &link) in self.links.range(dump.cursor.key..).take(room) {
                    rows.push(link_of(index, link));
                    dump.cursor.key = index + 1;
                }
            }
            (Table::Routes, AF_INET) => rows = self.build_routes4(&mut dump.cursor, room),
            (Table::Addresses, AF_INET6) | (Table::Routes, AF_MPLS) => {}
            (Table::Neighbours, _) if dump.is_of_proxies => {}
            (table, family) => rows = list(self.rows(table, family), &mut dump),
        }
        let version = match dump.table {
            Table::Links => self.links_version,
            Table::Addresses => self.addresses_version,
            _ => 0,
        };
        for (index, row) in rows.iter().enumerate() {
            let is_interrupted = index == 0 && dump.previous != 0 && dump.previous != version;
            let flags = NLM_F_MULTI | if is_interrupted { NLM_F_DUMP_INTR } else { 0 };
            dump.chunk.extend_from_slice(&message(dump.table.new_type(), flags, dump.sequence, row));
            dump.previous = version;
        }
        if rows.is_empty() {
            // net/netlink/af_netlink.c `netlink_dump_done` marks DONE too, if no row is left to be marked.
            let is_interrupted = dump.previous != 0 && dump.previous != version;
            let flags = NLM_F_MULTI | if is_interrupted { NLM_F_DUMP_INTR } else { 0 };
            dump.chunk = message(3, flags, dump.sequence, &[0; 4]);
            dump.is_last = true;
        }
        self.dump = Some(dump);
    }

    /// net/ipv4/fib_trie.c `fib_table_dump`: by destination, and by a count within it, which is not set back when the
    /// destination has gone.
    fn build_routes4(&self, cursor: &mut Cursor, room: usize) -> Vec<Vec<u8>> {
        let mut rows = Vec::new();
        while let Some((&destination, routes)) = self.routes4.range(cursor.key..).next() {
            for &route in routes.iter().skip(cursor.index) {
                if rows.len() == room {
                    cursor.key = destination;
                    return rows;
                }
                rows.push(route4(destination, route));
                cursor.index += 1;
            }
            cursor.index = 0;
            cursor.key = destination + 1;
        }
        rows
    }

    /// The rows of a table, as a dump that nothing disturbs shows them.
    pub(crate) fn rows(&self, table: Table, family: u8) -> Vec<Vec<u8>> {
        match (table, family) {
            (Table::Links, _) => self.links.iter().map(|(&index, &link)| link_of(index, link)).collect(),
            (Table::Addresses, _) => self.addresses.iter().map(|&(link, host)| records::address(link, host)).collect(),
            (Table::Neighbours, _) => {
                self.neighbours.iter().map(|&(link, host)| records::neighbour(link, host)).collect()
            }
            (Table::Rules, _) => self.rules.iter().map(|&priority| records::rule(priority)).collect(),
            (Table::Routes, AF_INET) => {
                let of = |(&destination, routes): (&u8, &Vec<Route4>)| {
                    routes.iter().map(move |&route| route4(destination, route)).collect::<Vec<_>>()
                };
                self.routes4.iter().flat_map(of).collect()
            }
            (Table::Routes, AF_INET6) => {
                self.routes6.iter().map(|(&destination, gateways)| records::route6(destination, gateways)).collect()
            }
            (Table::Routes, _) => [self.rows(table, AF_INET), self.rows(table, AF_INET6)].concat(),
            (Table::Namespaces, _) => self.ids.iter().map(|&id| records::id(id)).collect(),
            _ => Vec::new(),
        }
    }

    /// The records of a table.
    pub(crate) fn records(&self, table: Table) -> Vec<Vec<u8>> {
        let mut records = Vec::new();
        for row in self.rows(table, AF_UNSPEC) {
            each_record(table, &row, &mut Vec::new(), &mut |record| records.push(record.to_vec()));
        }
        if let Some(selection) = &self.selection {
            records.retain(|record| !is_of_another(selection, table, record));
        }
        records
    }

    pub(crate) fn tables() -> Tables {
        let tables =
            [Table::Links, Table::Addresses, Table::Rules, Table::Routes, Table::Neighbours, Table::Namespaces]
                .into_iter()
                .collect::<BTreeSet<_>>();
        tables.into_iter().collect()
    }
}

/// Whether a record belongs to one interface, which is not selected.
fn is_of_another(selection: &Selection, table: Table, record: &[u8]) -> bool {
    const OIF: [u8; 4] = [8, 0, 4, 0];
    let number = |at: usize| record.get(at..at + 4).map(|bytes| u32::from_ne_bytes(bytes.try_into().expect("four")));
    let index = match table {
        Table::Addresses | Table::Neighbours => number(4),
        // Every attribute of the model is padded, and none holds these bytes.
        Table::Routes => record.windows(4).position(|bytes| bytes == OIF).and_then(|at| number(at + 4)),
        _ => None,
    };
    index.is_some_and(|index| !selection.interfaces.contains(&index))
}

fn is_rejected(selection: &Selection, kind: u16, flags: u16, payload: &[u8]) -> bool {
    match kind {
        RTM_DELADDR | RTM_DELROUTE | RTM_DELNEIGH if selection.deletions => false,
        RTM_NEWADDR | RTM_DELADDR => is_of_another(selection, Table::Addresses, payload),
        RTM_NEWNEIGH | RTM_DELNEIGH => is_of_another(selection, Table::Neighbours, payload),
        RTM_DELROUTE if payload[0] == AF_INET6 => false,
        RTM_NEWROUTE if flags & NLM_F_REPLACE != 0 => false,
        RTM_NEWROUTE | RTM_DELROUTE => is_of_another(selection, Table::Routes, payload),
        _ => false,
    }
}

fn link_of(index: u8, link: Link) -> Vec<u8> {
    records::link(index, link.mtu, link.up, link.port_state)
}

fn route4(destination: u8, route: Route4) -> Vec<u8> {
    records::route4(destination, route.priority, route.gateway, route.link)
}
