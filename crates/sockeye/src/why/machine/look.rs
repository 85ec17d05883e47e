//! One look at a network namespace.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use sockeye_conn::{Buffer, Error, Namespace};
use sockeye_state::{Dump, Step};
use sockeye_wire::Request;
use sockeye_wire::rtnetlink::record::{self, Link, Neighbour};
use sockeye_wire::rtnetlink::{Table, Wanted};
use sockeye_wire::sock_diag::inet::{AF_INET, AF_INET6, IPPROTO_TCP, IPPROTO_UDP, InetQuestion, InetSocket};
use sockeye_wire::sock_diag::netlink::{NetlinkQuestion, NetlinkSocket, PROTOCOL_ALL, SHOW_MEMINFO};
use sockeye_wire::sock_diag::state::State;

use super::super::kernel::{Kernel, LINK_ERRORS, neighbour_since, number, shown};
use super::queues::OVERFLOWS;
use super::reuse::{Reuse, Waiting};
use crate::sockets::listing;

/// `INET_DIAG_SKMEMINFO`, bit `n - 1` for extension `n`.
const SKMEMINFO: u8 = 1 << 6;
/// The parent of a queueing discipline that has none (`TC_H_ROOT`).
const ROOT: u32 = u32::MAX;
/// `NUD_FAILED`.
const FAILED: u16 = 0x20;

/// A socket of which something is counted.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Seen {
    /// Its local end, as it is shown.
    pub(super) local: String,
    pub(super) inode: u32,
    pub(super) drops: u64,
    /// What waits, and its limit; of a listener, connections.
    pub(super) queue: u64,
    pub(super) limit: u64,
}

/// A connection that its peer has closed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Left {
    /// 0 as long as nobody has accepted it.
    pub(super) inode: u32,
    /// The port on this side.
    pub(super) port: u16,
}

/// What leads to one place.
#[derive(Clone, Debug, Default)]
pub(super) struct Towards {
    /// Sockets with a port that the kernel could have chosen, and that a new connection to there does not get.
    pub(super) sockets: u64,
    /// Those of them that wait for their time to end.
    pub(super) time_wait: u64,
}

/// One look at a network namespace.
#[derive(Debug, Default)]
pub(in super::super) struct Look {
    pub(super) listeners: HashMap<u64, Seen>,
    pub(super) udp: HashMap<u64, Seen>,
    pub(super) netlink: HashMap<u64, Seen>,
    /// Sockets in CLOSE-WAIT, by cookie.
    pub(super) close_wait: HashMap<u64, Left>,
    /// Connections from one local address to one end elsewhere.
    pub(super) towards: HashMap<(IpAddr, SocketAddr), Towards>,
    pub(super) time_wait: u64,
    /// Counters of links, by name of link and counter.
    pub(super) links: HashMap<(String, &'static str), u64>,
    /// Queueing disciplines, by the number of their link, their parent and their handle: names change, and children of one may
    /// have the same.
    pub(super) qdiscs: HashMap<(u32, u32, u32), Qdisc>,
    /// Neighbours that do not answer, `address on link`.
    pub(super) failed_neighbours: Vec<Unanswered>,
    /// `/proc/net/netstat` and `/proc/net/snmp`, by group and name.
    pub(super) counters: HashMap<String, u64>,
    /// [`OVERFLOWS`] once more, after the listeners: what is counted from here to the next look, their drops grow by as well.
    pub(super) overflows: Option<u64>,
    /// Files of one line or a few, by their names.
    pub(super) files: HashMap<&'static str, String>,
    /// Every table was read whole.
    pub(in super::super) whole: bool,
}

/// A queueing discipline.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Qdisc {
    pub(super) name: String,
    pub(super) drops: u64,
}

/// A neighbour that did not answer.
#[derive(Debug)]
pub(super) struct Unanswered {
    /// Its address, and the link that it should be on.
    pub(super) name: String,
    /// Questions without an answer.
    pub(super) probes: Option<u64>,
    /// How long ago the kernel gave up.
    pub(super) failed_ago: Option<Duration>,
}

/// Texts of the kernel: the name by which they are known here, and the file.
pub(super) const FILES: [(&str, &str); 13] = [
    ("netstat", "/proc/thread-self/net/netstat"),
    ("snmp", "/proc/thread-self/net/snmp"),
    ("snmp6", "/proc/thread-self/net/snmp6"),
    ("sockstat", "/proc/thread-self/net/sockstat"),
    ("ports", "/proc/sys/net/ipv4/ip_local_port_range"),
    ("reserved_ports", "/proc/sys/net/ipv4/ip_local_reserved_ports"),
    ("tcp_mem", "/proc/sys/net/ipv4/tcp_mem"),
    ("udp_mem", "/proc/sys/net/ipv4/udp_mem"),
    ("tcp_max_orphans", "/proc/sys/net/ipv4/tcp_max_orphans"),
    ("tcp_max_tw_buckets", "/proc/sys/net/ipv4/tcp_max_tw_buckets"),
    ("tcp_tw_reuse", "/proc/sys/net/ipv4/tcp_tw_reuse"),
    ("tcp_tw_reuse_delay", "/proc/sys/net/ipv4/tcp_tw_reuse_delay"),
    ("tcp_timestamps", "/proc/sys/net/ipv4/tcp_timestamps"),
];

/// Files about the whole machine.
const OF_THE_MACHINE: [&str; 3] = ["tcp_mem", "udp_mem", "tcp_max_orphans"];

impl Look {
    /// Looks at a namespace, or here.
    pub(in super::super) fn at(namespace: Option<&Namespace>) -> Result<Self, Error> {
        let mut look = Self { whole: true, ..Self::default() };
        look.files(namespace)?;
        look.tcp(namespace)?;
        look.count_overflows(namespace)?;
        look.udp(namespace)?;
        look.netlink(namespace)?;
        look.rtnetlink(namespace)?;
        Ok(look)
    }

    /// Looks at links and their queues alone.
    pub(in super::super) fn at_links(namespace: Option<&Namespace>) -> Result<Self, Error> {
        let mut look = Self { whole: true, ..Self::default() };
        look.rtnetlink(namespace)?;
        Ok(look)
    }

    fn files(&mut self, namespace: Option<&Namespace>) -> Result<(), Error> {
        let read = || FILES.map(|(name, path)| (name, std::fs::read_to_string(path).ok()));
        // Those of the machine are in its first namespace alone, which may be ours.
        let here = read();
        let there = match namespace {
            Some(namespace) => namespace.run_in(read)?,
            None => here.clone(),
        };
        let of_machine = here.into_iter().filter(|(name, _)| OF_THE_MACHINE.contains(name));
        let read = of_machine.chain(there);
        self.files = read.filter_map(|(name, text)| Some((name, text?))).collect();
        self.count();
        Ok(())
    }

    /// The counters in the files that were read.
    pub(super) fn count(&mut self) {
        for name in ["netstat", "snmp"] {
            if let Some(text) = self.files.get(name) {
                self.counters.extend(super::counters::read(text));
            }
        }
        if let Some(text) = self.files.get("snmp6") {
            self.counters.extend(super::counters::read_udp6(text));
        }
    }

    fn count_overflows(&mut self, namespace: Option<&Namespace>) -> Result<(), Error> {
        let read = || std::fs::read_to_string("/proc/thread-self/net/netstat").ok();
        let text = match namespace {
            Some(namespace) => namespace.run_in(read)?,
            None => read(),
        };
        let mut counters = text.as_deref().into_iter().flat_map(super::counters::read);
        self.overflows = counters.find(|(name, _)| name == OVERFLOWS).map(|(_, count)| count);
        Ok(())
    }

    fn tcp(&mut self, namespace: Option<&Namespace>) -> Result<(), Error> {
        let listening = State::Listening.mask();
        let (ports, reuse) = (self.ports(), Reuse::of(|file| self.numbers(file).first().copied()));
        let others = question(IPPROTO_TCP, 0, !listening, 0);
        let (close_wait, towards, time_wait) = (&mut self.close_wait, &mut self.towards, &mut self.time_wait);
        let whole = dump(namespace, others.dump(), |payload| {
            let Ok(socket) = InetSocket::read(payload) else { return };
            let message = &socket.message;
            let (Some(cookie), Some(state)) = (message.cookie(), message.state()) else { return };
            match state {
                State::CloseWait => {
                    let inode = u32::try_from(message.inode().unwrap_or(0)).unwrap_or(0);
                    let port = message.sport().and_then(|port| u16::try_from(port).ok()).unwrap_or(0);
                    close_wait.insert(cookie, Left { inode, port });
                }
                State::TimeWait => *time_wait += 1,
                _ => {}
            }
            let (Some(local), Some(peer)) = (message.source(), message.destination()) else { return };
            let (Some(port), Some(to)) = (message.sport(), message.dport()) else { return };
            if state == State::TimeWait && reuse.gives(&Waiting::of(message, local, peer)) {
                return;
            }
            if ports.is_some_and(|(from, until)| (from..=until).contains(&port)) && to != 0 {
                let to = SocketAddr::new(peer.to_canonical(), u16::try_from(to).unwrap_or(0));
                let towards = towards.entry((local.to_canonical(), to)).or_default();
                towards.sockets += 1;
                towards.time_wait += u64::from(state == State::TimeWait);
            }
        })?;
        let listeners = &mut self.listeners;
        let own = question(IPPROTO_TCP, 0, listening, SKMEMINFO);
        let whole_listeners = dump(namespace, own.dump(), |payload| seen(payload, listeners))?;
        self.whole &= whole && whole_listeners;
        Ok(())
    }

    fn udp(&mut self, namespace: Option<&Namespace>) -> Result<(), Error> {
        for family in [AF_INET, AF_INET6] {
            let udp = &mut self.udp;
            let asked = question(IPPROTO_UDP, family, u32::MAX, SKMEMINFO);
            self.whole &= dump(namespace, asked.dump(), |payload| seen(payload, udp))?;
        }
        Ok(())
    }

    fn netlink(&mut self, namespace: Option<&Namespace>) -> Result<(), Error> {
        let found = &mut self.netlink;
        // What is lost here is told as a gap, and is no fault of another program.
        let own = own_sockets();
        let asked = NetlinkQuestion { protocol: PROTOCOL_ALL, show: SHOW_MEMINFO };
        // A kernel without netlink_diag says nothing of others' losses; there is no other way to know.
        let _ = dump(namespace, asked.dump(), |payload| {
            let Ok(socket) = NetlinkSocket::read(payload) else { return };
            let (Some(cookie), Some(memory)) = (socket.message.cookie(), socket.memory()) else { return };
            let protocol = socket.message.netlink_protocol().unwrap_or(0);
            let inode = socket.message.inode().and_then(|inode| u32::try_from(inode).ok()).unwrap_or(0);
            if own.contains(&inode) {
                return;
            }
            let seen = Seen {
                local: format!("protocol {protocol} port id {}", socket.message.portid().unwrap_or(0)),
                inode,
                drops: memory.drops().unwrap_or(0),
                queue: memory.rmem_alloc().unwrap_or(0),
                limit: memory.rcvbuf().unwrap_or(0),
            };
            found.insert(cookie, seen);
        })?;
        Ok(())
    }

    fn rtnetlink(&mut self, namespace: Option<&Namespace>) -> Result<(), Error> {
        let mut kernel = Kernel::open(namespace)?;
        let wanted = Wanted::default();
        let links = &mut self.links;
        let mut names = HashMap::new();
        let mut whole = kernel.rows(Table::Links, &wanted, |row| {
            let name = shown(row, "ifname");
            if let Some(link) = Link::read(row.payload()) {
                names.insert(u64::from(link.index()), name.clone());
            }
            for (counter, field) in LINK_ERRORS {
                if let Some(count) = number(row, field) {
                    links.insert((name.clone(), counter), count);
                }
            }
        })?;
        let name = |index: u64| names.get(&index).cloned().unwrap_or_else(|| format!("interface {index}"));
        let qdiscs = &mut self.qdiscs;
        whole &= kernel.rows(Table::Qdiscs, &wanted, |row| {
            let (record, drops) = (record::Qdisc::read(row.payload()), number(row, "stats2.queue.drops"));
            let (Some(record), Some(drops)) = (record, drops) else { return };
            let below = match record.parent() {
                ROOT => String::new(),
                _ => format!(" parent {}", shown(row, "parent")),
            };
            let on = name(record.ifindex().into());
            let name = format!("{} {}{below} on {on}", shown(row, "kind"), shown(row, "handle"));
            qdiscs.insert((record.ifindex(), record.parent(), record.handle()), Qdisc { name, drops });
        })?;
        let failed = &mut self.failed_neighbours;
        whole &= kernel.rows(Table::Neighbours, &wanted, |row| {
            let Some(neighbour) = Neighbour::read(row.payload()) else { return };
            if let (true, Some(address)) = (neighbour.state() & FAILED != 0, neighbour.address()) {
                let (name, probes) =
                    (format!("{address} on {}", name(neighbour.ifindex().into())), number(row, "probes"));
                failed.push(Unanswered { name, probes, failed_ago: neighbour_since(row) });
            }
        })?;
        self.whole &= whole;
        Ok(())
    }

    /// The ports that the kernel chooses from.
    pub(super) fn ports(&self) -> Option<(u64, u64)> {
        let mut ports = self.files.get("ports")?.split_whitespace().map(str::parse::<u16>);
        Some((ports.next()?.ok()?.into(), ports.next()?.ok()?.into()))
    }

    /// How many of them it never chooses: `8080,9000-9010`, perhaps outside of them.
    pub(super) fn reserved_ports(&self) -> u64 {
        let Some((lowest, highest)) = self.ports() else { return 0 };
        let list = self.files.get("reserved_ports").map_or("", |text| text.trim());
        let ranges = list.split(',').filter_map(|range| {
            let (from, until) = range.split_once('-').unwrap_or((range, range));
            Some((from.parse::<u64>().ok()?.max(lowest), until.parse::<u64>().ok()?.min(highest)))
        });
        ranges.map(|(from, until)| (until + 1).saturating_sub(from)).sum()
    }

    /// The number behind `word` in the line of `/proc/net/sockstat` that begins with `line`.
    pub(super) fn sockstat(&self, line: &str, word: &str) -> Option<u64> {
        crate::sockets::sockstat::number(self.files.get("sockstat")?, line, word)
    }

    /// The numbers of a file.
    pub(super) fn numbers(&self, file: &str) -> Vec<u64> {
        let words = self.files.get(file).map(|text| text.split_whitespace());
        words.into_iter().flatten().filter_map(|word| word.parse().ok()).collect()
    }
}

/// Inodes of the sockets of this process.
fn own_sockets() -> HashSet<u32> {
    let files = std::fs::read_dir("/proc/self/fd").into_iter().flatten().flatten();
    let names = files.filter_map(|file| std::fs::read_link(file.path()).ok()?.into_os_string().into_string().ok());
    names.filter_map(|name| name.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()).collect()
}

fn question(protocol: u16, family: u8, states: u32, extensions: u8) -> InetQuestion<'static> {
    InetQuestion { family, protocol, extensions, states, bytecode: &[], bpf_storages: false }
}

fn seen(payload: &[u8], into: &mut HashMap<u64, Seen>) {
    let Ok(socket) = InetSocket::read(payload) else { return };
    let message = &socket.message;
    let (Some(cookie), Some(ip), Some(port)) = (message.cookie(), message.source(), message.sport()) else { return };
    let seen = Seen {
        local: SocketAddr::new(ip, u16::try_from(port).unwrap_or(0)).to_string(),
        inode: message.inode().and_then(|inode| u32::try_from(inode).ok()).unwrap_or(0),
        drops: socket.memory().and_then(|memory| memory.drops()).unwrap_or(0),
        queue: message.rqueue().unwrap_or(0),
        limit: message.wqueue().unwrap_or(0),
    };
    into.insert(cookie, seen);
}

/// One dump. `false`: not whole, and not because the kernel has no such sockets.
fn dump(namespace: Option<&Namespace>, request: Request, mut each: impl FnMut(&[u8])) -> Result<bool, Error> {
    let mut socket = listing::open(namespace)?;
    let mut buffer = Buffer::new();
    let mut dump = Dump::new(socket.send(request)?);
    while dump.handle(socket.receive(&mut buffer)?, |message| each(message.payload())) == Step::Continue {}
    let conclusion = dump.into_conclusion();
    let lacks = conclusion.refusal.as_ref().is_some_and(|refusal| refusal.errno == 2);
    Ok(lacks || conclusion.is_whole())
}

#[cfg(test)]
mod tests {
    use rustix::fs::fstat;

    use super::*;

    #[test]
    fn what_this_process_loses_itself_is_not_looked_at() {
        let own = listing::open(None).expect("a socket");
        let inode = u32::try_from(fstat(&own).expect("open").st_ino).expect("sockets have such");
        let mut look = Look::default();
        look.netlink(None).expect("the kernel answers");
        // The kernel itself has some everywhere.
        let inodes: HashSet<_> = look.netlink.values().map(|seen| seen.inode).collect();
        assert!(!inodes.is_empty() && !inodes.contains(&inode) && own_sockets().contains(&inode), "{inodes:?}");
    }
}
