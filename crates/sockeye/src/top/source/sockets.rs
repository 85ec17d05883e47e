//! One socket as a row: what stands in its cells, and what it is sorted by.

use std::net::IpAddr;
use std::sync::Arc;

use sockeye_owners::{Owners, Process};
use sockeye_query::sockets::{Flat, SocketRow, Surroundings};
use sockeye_state::lives::{Actor, Cause, Causes, Life, Protocol, Time};
use sockeye_wire::Attributes;
use sockeye_wire::sock_diag::inet::{InetMessage, MESSAGE_LEN};
use sockeye_wire::sock_diag::memory::SocketMemory;
use sockeye_wire::sock_diag::state::State;

use super::detail::Followed;
use super::holder::actor;
use super::order::Rank;
use super::pace::Paces;
use crate::live::row::{rates_of, table};
use crate::output::{escape, table as cells};
use crate::sockets::system::{Interfaces, Place, System};
use crate::top::columns::What;
use crate::top::model::{Cell, Id, Mood};

/// The attribute with the memory of a socket (include/uapi/linux/inet_diag.h).
const INET_DIAG_SKMEMINFO: u16 = 7;

/// A socket that is looked at.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    pub(super) id: Id,
    pub(super) life: &'a Life,
    pub(super) message: &'a [u8],
    pub(super) paces: &'a Paces,
}

/// What is known beside the sockets.
pub(super) struct About {
    pub(super) system: Arc<System>,
    /// The names of the places.
    pub(super) labels: Vec<Vec<u8>>,
    /// Those of the interfaces of each.
    pub(super) interfaces: Vec<Arc<Interfaces<'static>>>,
}

impl About {
    /// What is known beside the sockets of a place.
    pub(super) fn surroundings(&self, place: u16) -> Place<'_> {
        let place = usize::from(place);
        Place {
            system: &self.system,
            label: self.labels.get(place).cloned(),
            interfaces: self.interfaces.get(place).cloned().unwrap_or_else(|| Interfaces::unknown().into()),
            ends: None,
            index: 0,
        }
    }

    /// Interfaces may have other names by now.
    pub(super) fn forget_interfaces(&mut self) {
        self.interfaces.iter_mut().filter_map(Arc::get_mut).for_each(Interfaces::forget);
    }

    /// Who holds what, by the last look.
    pub(super) fn known_owners(&self) -> Option<&Owners> {
        self.system.scanned()?.as_ref().ok().map(|scan| &scan.owners)
    }

    /// The processes that hold a socket.
    pub(super) fn owners(&self, inode: u32) -> impl Iterator<Item = &Process> {
        self.known_owners().into_iter().flat_map(move |owners| owners.of(inode)).map(|owner| owner.process)
    }

    /// The process with this pid, if it held a socket at the last look.
    pub(super) fn process(&self, pid: u32) -> Option<&Process> {
        let processes = self.known_owners()?.processes();
        processes.binary_search_by_key(&pid, Process::pid).ok().map(|at| &processes[at])
    }

    /// The path of a control group.
    pub(super) fn cgroup(&self, id: u64) -> Option<&[u8]> {
        self.system.cgroup(id)
    }
}

impl Seen<'_> {
    /// Whether it waits for others, rather than having another end.
    pub(super) fn is_listener(&self) -> bool {
        match self.life.protocol {
            Protocol::Tcp => self.life.state == State::Listening,
            Protocol::Udp => self.peer().is_none_or(|(address, port)| address.is_unspecified() && port == 0),
        }
    }

    /// How fast it moves, a second.
    pub(super) fn rates(&self) -> Option<[f64; 5]> {
        self.paces.rates(self.id, self.life)
    }

    fn rate(&self, place: usize) -> Option<f64> {
        self.rates()?.get(place).copied()
    }

    fn header(&self) -> InetMessage<'_> {
        InetMessage(self.message)
    }

    /// Inode, 0 where it has none.
    pub(super) fn inode(&self) -> u32 {
        self.header().inode().and_then(|inode| u32::try_from(inode).ok()).unwrap_or(0)
    }

    pub(super) fn peer(&self) -> Option<(IpAddr, u64)> {
        self.header().destination().zip(self.header().dport())
    }

    fn local(&self) -> Option<(IpAddr, u64)> {
        self.header().source().zip(self.header().sport())
    }

    /// Bytes in the receive queue and in the send queue; of a listener connections, and how many may be.
    pub(super) fn queues(&self) -> Option<(u64, u64)> {
        self.header().rqueue().zip(self.header().wqueue()).filter(|_| self.life.described)
    }

    fn memory(&self) -> Option<SocketMemory<'_>> {
        // Not all attributes by their numbers: sums ask this of every socket.
        Attributes::new(self.message.get(MESSAGE_LEN..)?).last(INET_DIAG_SKMEMINFO).map(SocketMemory)
    }

    /// Bytes of memory that its queues take.
    pub(super) fn memory_bytes(&self) -> Option<u64> {
        let memory = self.memory()?;
        Some(
            memory.rmem_alloc()? + memory.wmem_queued()? + memory.optmem().unwrap_or(0) + memory.backlog().unwrap_or(0),
        )
    }

    fn drops(&self) -> Option<u64> {
        self.memory()?.drops()
    }

    /// What a row is sorted by.
    pub(super) fn rank(&self, what: What, about: &About) -> Option<Rank> {
        let address = |(address, port)| Rank::address(address, port);
        let queue = |receive: bool| {
            let (received, sent) = self.queues().filter(|_| !self.is_listener())?;
            Some(Rank::number(if receive { received } else { sent }))
        };
        match what {
            What::Protocol => Some(Rank::number(self.life.protocol as u64)),
            What::State => Some(Rank::text(self.life.state.name().as_bytes())),
            What::Local => self.local().map(address),
            What::Peer => self.peer().map(address),
            What::Owner => about.owners(self.inode()).find_map(Process::comm).or_else(|| self.actor()).map(Rank::text),
            What::Pid => self.pid(about).map(|pid| Rank::number(pid.into())),
            What::BytesIn => self.rate(0).map(Rank::rate),
            What::BytesOut => self.rate(1).map(Rank::rate),
            What::PacketsIn => self.rate(2).map(Rank::rate),
            What::PacketsOut => self.rate(3).map(Rank::rate),
            What::Retransmissions => self.rate(4).map(Rank::rate),
            What::Rtt | What::RttHistory => self.life.totals.rtt_us.map(|rtt| Rank::number(rtt.into())),
            What::ReceiveQueue => queue(true),
            What::SendQueue => queue(false),
            What::Memory => self.memory_bytes().map(Rank::number),
            What::AcceptQueue => self.queues().filter(|_| self.is_listener()).map(|(queue, _)| Rank::number(queue)),
            What::Drops => self.drops().map(Rank::number),
            What::Namespace => Some(Rank::number(self.id.place.into())),
            // Those that weigh most have the smallest numbers.
            What::Why => self.causes().and_then(|causes| causes.first()).map(|cause| Rank::number(cause as u64)),
            _ => None,
        }
    }

    /// What following it tells.
    pub(super) fn followed(&self, now: Time) -> Followed {
        Followed { why: self.causes(), duration: self.life.duration(now), rates: rates_of(self.life, self.message) }
    }

    /// What held it up in the last interval; `None` where there was none.
    fn causes(&self) -> Option<Causes> {
        self.life.is_judged().then_some(self.life.causes)
    }

    /// What stands in a cell. `history`: the last round-trip times.
    pub(super) fn cell(&self, what: What, row: &SocketRow<'_>, about: &About, history: &[u64]) -> Cell {
        let rate = |place, make: fn(f64) -> Cell| self.rate(place).map_or(Cell::Nothing, make);
        let queues = self.queues();
        match what {
            What::Protocol => Cell::Word(table(self.life).name()),
            What::State => match self.life.state {
                State::Unknown(number) => Cell::Count(number.into()),
                state => Cell::Word(state.name()),
            },
            What::Local => endpoint(row, Flat::Local, Flat::LocalPort),
            What::Peer => endpoint(row, Flat::Peer, Flat::PeerPort),
            What::Owner => self.owner(about),
            What::Pid => self.pid(about).map_or(Cell::Nothing, |pid| Cell::Text(pid.to_string())),
            What::BytesIn => rate(0, Cell::ByteRate),
            What::BytesOut => rate(1, Cell::ByteRate),
            What::PacketsIn => rate(2, Cell::Rate),
            What::PacketsOut => rate(3, Cell::Rate),
            What::Retransmissions => rate(4, Cell::Rate),
            What::Rtt => self.life.totals.rtt_us.map_or(Cell::Nothing, |rtt| Cell::Duration(rtt.into())),
            What::RttHistory => Cell::History(history.to_vec()),
            What::ReceiveQueue => queues.map_or(Cell::Nothing, |(received, _)| Cell::Bytes(received)),
            What::SendQueue => queues.map_or(Cell::Nothing, |(_, sent)| Cell::Bytes(sent)),
            What::Memory => self.memory_bytes().map_or(Cell::Nothing, Cell::Bytes),
            What::AcceptQueue => match (self.life.protocol, queues) {
                (Protocol::Tcp, Some((queue, limit))) => Cell::Queue(queue, limit),
                // Datagrams that nobody has read yet.
                (Protocol::Udp, Some((queue, _))) => Cell::Bytes(queue),
                (_, None) => Cell::Nothing,
            },
            What::Drops => self.drops().map_or(Cell::Nothing, Cell::Count),
            What::Why => match self.causes() {
                Some(causes) if !causes.is_empty() => Cell::Sentence(causes.to_string()),
                _ => Cell::Nothing,
            },
            What::Namespace => text(about.labels.get(usize::from(self.id.place)).map_or(b"", Vec::as_slice)),
            _ => Cell::Nothing,
        }
    }

    /// The name of whoever the kernel's event of its birth speaks of.
    fn actor(&self) -> Option<&[u8]> {
        actor(self.life).map(Actor::name)
    }

    fn pid(&self, about: &About) -> Option<u32> {
        let found = about.owners(self.inode()).next().map(Process::pid);
        found.or_else(|| actor(self.life).map(|actor| actor.pid))
    }

    /// Names of those who hold it, each once.
    fn owner(&self, about: &About) -> Cell {
        let mut names: Vec<&[u8]> = about.owners(self.inode()).filter_map(Process::comm).collect();
        names.sort_unstable();
        names.dedup();
        if names.is_empty() {
            names.extend(self.actor());
        }
        if names.is_empty() { Cell::Nothing } else { text(&names.join(&b',')) }
    }

    /// What deserves to be seen: what is lost, what is full, what is over.
    pub(super) fn mood(&self) -> Mood {
        let first = self.causes().and_then(|causes| causes.first());
        match self.life.state {
            _ if matches!(first, Some(Cause::AcceptQueueFull | Cause::Loss)) => Mood::Bad,
            _ if self.rate(4).is_some_and(|rate| rate > 0.0) => Mood::Bad,
            _ if first.is_some_and(|cause| cause != Cause::Application) => Mood::Warning,
            State::CloseWait | State::SynSent => Mood::Warning,
            State::FinWait1 | State::FinWait2 | State::LastAck | State::Closing => Mood::Faint,
            _ => Mood::Plain,
        }
    }
}

/// Bytes of the kernel as a cell.
pub(super) fn text(bytes: &[u8]) -> Cell {
    let mut out = Vec::new();
    escape::text(&mut out, bytes);
    Cell::Text(String::from_utf8_lossy(&out).into_owned())
}

fn endpoint(row: &SocketRow<'_>, address: Flat, port: Flat) -> Cell {
    let mut out = Vec::new();
    cells::endpoint(&mut out, row, address, port, None);
    Cell::Text(String::from_utf8_lossy(&out).into_owned())
}

/// A socket with everything that a listing knows of it; `None`: its message is none.
pub(super) fn row<'a>(life: &Life, message: &'a [u8], surroundings: &'a dyn Surroundings) -> Option<SocketRow<'a>> {
    SocketRow::read(table(life), message, surroundings).ok()
}
