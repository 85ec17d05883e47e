//! Sums over sockets: by who holds them, or by the address of the other end.

use std::collections::HashMap;
use std::net::IpAddr;

use sockeye_owners::{Owners, Process};
use sockeye_state::lives::{Protocol, Time};

use super::holder::{Groups, Holder};
use super::order::Rank;
use super::pace::Growth;
use super::sockets::{About, Seen, text};
use crate::output::several::several;
use crate::top::columns::What;
use crate::top::model::{Cell, Grouping, Key, Mood};

/// Sockets that ended since the last round and whose last bytes are counted with their owner and peer; of more than that
/// only the sum of all is known.
pub(super) const DEPARTED_MAX: usize = 20_000;

/// A socket that is gone, with what it did in its last interval.
#[derive(Clone, Copy, Debug)]
pub(super) struct Departed {
    pub(super) holder: Holder,
    pub(super) peer: Option<IpAddr>,
    pub(super) growth: Growth,
}

/// Sockets that ended: since the last round, and in the interval before that.
#[derive(Debug, Default)]
pub(super) struct Departures {
    since: Vec<Departed>,
    before: Vec<Departed>,
    /// Those that there was no room for, likewise.
    left_out_since: u64,
    left_out: u64,
    sum_since: Growth,
    /// What all of them did a second, in the interval before the last round.
    pub(super) sum: [f64; 5],
    elapsed: Time,
}

impl Departures {
    pub(super) fn add(&mut self, departed: Departed) {
        self.sum_since.add(departed.growth);
        if self.since.len() < DEPARTED_MAX {
            self.since.push(departed);
        } else {
            self.left_out_since += 1;
        }
    }

    /// A round is over that came so long after the last one.
    pub(super) fn turn(&mut self, elapsed: Time) {
        self.before = std::mem::take(&mut self.since);
        self.left_out = std::mem::take(&mut self.left_out_since);
        self.sum = std::mem::take(&mut self.sum_since).over(elapsed);
        self.elapsed = elapsed;
    }

    /// Which of them are in no sum by owner or peer, where there are such.
    pub(super) fn left_out(&self) -> Option<String> {
        let ends = several(self.left_out, "end");
        let are = if self.left_out == 1 { "is" } else { "are" };
        (self.left_out > 0).then(|| format!("{ends} {are} only in the sums of all"))
    }

    fn rates(&self) -> impl Iterator<Item = (&Departed, [f64; 5])> {
        self.before.iter().map(|one| (one, one.growth.over(self.elapsed)))
    }
}

/// A sum of sockets.
#[derive(Clone, Debug, Default)]
pub(super) struct Sum {
    /// Processes that were counted in it.
    pids: Vec<u32>,
    connections: u64,
    listeners: u64,
    rates: [f64; 5],
    has_rates: bool,
    /// The longest of the round-trip times.
    rtt_us: Option<u64>,
    receive_queue: u64,
    send_queue: u64,
    memory: u64,
}

/// Processes of one group that are told apart; the others are not counted.
const PIDS_MAX: usize = 10_000;

impl Sum {
    fn count_process(&mut self, pid: Option<u32>) {
        if let Some(pid) = pid
            && self.pids.len() < PIDS_MAX
            && let Err(place) = self.pids.binary_search(&pid)
        {
            self.pids.insert(place, pid);
        }
    }

    fn add(&mut self, seen: &Seen<'_>, pid: Option<u32>) {
        self.count_process(pid);
        self.memory += seen.memory_bytes().unwrap_or(0);
        if seen.is_listener() {
            self.listeners += 1;
            return;
        }
        self.connections += 1;
        if let Some(rates) = seen.rates() {
            self.add_rates(rates);
        }
        if seen.life.protocol == Protocol::Tcp {
            self.rtt_us = self.rtt_us.max(seen.life.totals.rtt_us.map(u64::from));
        }
        let (received, sent) = seen.queues().unwrap_or_default();
        self.receive_queue += received;
        self.send_queue += sent;
    }

    fn add_rates(&mut self, rates: [f64; 5]) {
        self.has_rates = true;
        self.rates.iter_mut().zip(rates).for_each(|(sum, rate)| *sum += rate);
    }

    fn rate(&self, what: What) -> Option<f64> {
        let place = match what {
            What::BytesIn => 0,
            What::BytesOut => 1,
            What::PacketsIn => 2,
            What::PacketsOut => 3,
            What::Retransmissions => 4,
            _ => return None,
        };
        self.has_rates.then_some(self.rates[place])
    }

    fn number(&self, what: What) -> Option<u64> {
        Some(match what {
            What::Connections => self.connections,
            What::Listeners => self.listeners,
            What::ReceiveQueue => self.receive_queue,
            What::SendQueue => self.send_queue,
            What::Memory => self.memory,
            What::Rtt => return self.rtt_us,
            _ => return None,
        })
    }

    pub(super) fn rank(&self, key: &Key, what: What) -> Option<Rank> {
        match (what, key) {
            (What::Owner, Key::Owner(_, name)) => Some(Rank::text(name)).filter(|_| !name.is_empty()),
            (What::Pid, Key::Owner(0, _)) => Some(Rank::number(self.pids.len() as u64)),
            (What::Pid, Key::Owner(pid, _)) => Some(Rank::number((*pid).into())),
            (What::Peer, Key::Peer(address)) => Some(Rank::address(*address, 0)),
            _ => self.rate(what).map(Rank::rate).or_else(|| self.number(what).map(Rank::number)),
        }
    }

    pub(super) fn cell(&self, key: &Key, what: What) -> Cell {
        match (what, key) {
            (What::Owner, Key::Owner(0, name)) if name.is_empty() => {
                // The heading says of what; longer words would not fit 80 columns.
                Cell::Text("(none known)".to_owned())
            }
            (What::Owner, Key::Owner(_, name)) => text(name),
            (What::Pid, Key::Owner(0, name)) if name.is_empty() => Cell::Nothing,
            (What::Pid, Key::Owner(0, _)) => Cell::Count(self.pids.len() as u64),
            (What::Pid, Key::Owner(pid, _)) => Cell::Text(pid.to_string()),
            (What::Peer, Key::Peer(address)) => Cell::Text(address.to_string()),
            (What::Rtt, _) => self.rtt_us.map_or(Cell::Nothing, Cell::Duration),
            (What::BytesIn | What::BytesOut, _) => self.rate(what).map_or(Cell::Nothing, Cell::ByteRate),
            (What::Connections | What::Listeners, _) => self.number(what).map_or(Cell::Nothing, Cell::Count),
            _ => match (self.rate(what), self.number(what)) {
                (Some(rate), _) => Cell::Rate(rate),
                (_, Some(number)) => Cell::Bytes(number),
                _ => Cell::Nothing,
            },
        }
    }

    pub(super) fn mood(&self) -> Mood {
        if self.rate(What::Retransmissions).is_some_and(|rate| rate > 0.0) { Mood::Bad } else { Mood::Plain }
    }
}

/// Sockets whose owners are looked up side by side: each is somewhere else in memory, and a processor waits for many such
/// places as long as for one, if nothing else comes between.
const AT_ONCE: usize = 128;

/// Sums by who holds the sockets. A socket that several hold is counted with each of them.
pub(super) fn by_owner<'a>(
    sockets: impl Iterator<Item = Seen<'a>>,
    departures: &Departures,
    grouping: Grouping,
    about: &About,
) -> Vec<(Key, Sum)> {
    let mut groups = Groups::new(grouping, about);
    let mut sums: Vec<Sum> = Vec::new();
    let owners = about.known_owners();
    let mut sockets = sockets.map(|seen| (seen, seen.inode())).fuse();
    loop {
        let some: Vec<_> = sockets.by_ref().take(AT_ONCE).collect();
        if some.is_empty() {
            break;
        }
        let holders: Vec<_> = some.iter().map(|(_, inode)| sole_owner(owners?, *inode)).collect();
        for ((seen, inode), holder) in some.iter().zip(holders) {
            match holder.and_then(|process| Some((groups.of_process(process)?, process.pid()))) {
                Some((number, pid)) => sum_of(&mut sums, number).add(seen, Some(pid)),
                None => groups.each(&Holder::of(seen.life, *inode), |number, pid, is_first| {
                    let sum = sum_of(&mut sums, number);
                    sum.count_process(pid);
                    if is_first {
                        sum.add(seen, None);
                    }
                }),
            }
        }
    }
    for (departed, rates) in departures.rates() {
        groups.each(&departed.holder, |number, _, is_first| {
            if is_first {
                sum_of(&mut sums, number).add_rates(rates);
            }
        });
    }
    groups.named().map(|(key, number)| (key, std::mem::take(&mut sums[number]))).collect()
}

/// The process that holds a socket, if it is one alone.
fn sole_owner(owners: &Owners, inode: u32) -> Option<&Process> {
    let mut all = owners.of(inode);
    all.next().filter(|_| all.next().is_none()).map(|owner| owner.process)
}

/// The sum with this number, which is new if there are just so many.
fn sum_of(sums: &mut Vec<Sum>, number: usize) -> &mut Sum {
    if number >= sums.len() {
        sums.resize_with(number + 1, Sum::default);
    }
    &mut sums[number]
}

/// Sums by the address of the other end. IPv4 is IPv4, also where a socket has it as IPv6.
pub(super) fn by_peer<'a>(sockets: impl Iterator<Item = Seen<'a>>, departures: &Departures) -> HashMap<Key, Sum> {
    let mut sums: HashMap<Key, Sum> = HashMap::new();
    for seen in sockets.filter(|seen| !seen.is_listener()) {
        let Some((address, _)) = seen.peer() else { continue };
        sums.entry(Key::Peer(address.to_canonical())).or_default().add(&seen, None);
    }
    for (departed, rates) in departures.rates() {
        let Some(address) = departed.peer else { continue };
        sums.entry(Key::Peer(address.to_canonical())).or_default().add_rates(rates);
    }
    sums
}
