//! The engine: what dumps, destructions and transitions say of one network namespace's sockets, joined by cookie.

use core::net::SocketAddr;

use sockeye_wire::sock_diag::bare;
use sockeye_wire::sock_diag::inet::InetSocket;
use sockeye_wire::sock_diag::state::State;
use sockeye_wire::sock_diag::tcp_info::TcpInfo;

use super::cause::causes;
use super::counters::Counters;
use super::ending::End;
use super::event::{Event, Gap, Happening, Reason, Told};
use super::life::{Before, Known, Life, Listener, Protocol, Side, Time, Totals};
use super::store::{ByCookie, Entry, Store};
use super::transition::Transition;

/// Whole rounds of dumps in which a socket must be missing before it is taken for gone. One absence proves nothing: a
/// socket that moves within the kernel's table while a dump walks it is passed over.
const MISSED_MAX: u8 = 2;

/// Sockets that are followed at most; more are counted in [`Lives::unfollowed`], and are a gap.
const SOCKETS_MAX: usize = 4_000_000;

/// Who hears what happens.
type Teller<'t> = &'t mut dyn FnMut(Told<'_>);

/// The sockets of one network namespace, live.
///
/// Inputs are rounds of dumps ([`begin_round`](Self::begin_round), [`row`](Self::row), [`end_round`](Self::end_round)),
/// the kernel's messages about destroyed sockets ([`destroyed`](Self::destroyed)), its transitions where it tells of
/// them ([`transition`](Self::transition)), and losses ([`lost`](Self::lost)). Whoever feeds it subscribes before the
/// first round, and after a loss reads all that waits before the next one.
#[derive(Debug, Default)]
pub struct Lives {
    store: Store,
    /// Transitions are told of, so that births and states are known from them.
    traced: bool,
    round: u32,
    round_began: Option<Time>,
    /// What the dumps of this round are of.
    dumped: [bool; 2],
    /// Who listens where, by port.
    listeners: ByCookie<u64>,
    /// Whole rounds since something was lost, or since the beginning.
    whole_rounds: u8,
    /// A loss that was told of and is not made good yet.
    gap: bool,
    /// Ended while a round runs: its rows may still speak of them.
    ended: ByCookie<()>,
    unfollowed: u64,
    scratch: Vec<u8>,
}

impl Lives {
    /// Nothing is known yet. `traced`: transitions will be told of.
    pub fn new(traced: bool) -> Self {
        Self { traced, ..Self::default() }
    }

    /// How many sockets are alive.
    pub fn len(&self) -> usize {
        self.store.len()
    }

    /// Whether no socket is alive.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every socket that is alive, with the last message about it, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&Life, &[u8])> {
        self.store.iter().map(|entry| (&entry.life, &*entry.message))
    }

    /// The socket with this cookie.
    pub fn get(&self, cookie: u64) -> Option<(&Life, &[u8])> {
        self.store.get(cookie).map(|entry| (&entry.life, &*entry.message))
    }

    /// Whether what is known is what there is.
    pub fn is_synced(&self) -> bool {
        !self.gap && self.whole_rounds > 0
    }

    /// Sockets that were not followed because there were too many.
    pub fn unfollowed(&self) -> u64 {
        self.unfollowed
    }

    /// Dumps begin, of all sockets of these protocols.
    pub fn begin_round(&mut self, protocols: &[Protocol], at: Time) {
        self.dumped = [Protocol::Tcp, Protocol::Udp].map(|protocol| protocols.contains(&protocol));
        self.round = self.round.wrapping_add(1);
        self.round_began = Some(at);
        self.ended.clear();
    }

    /// A row of a dump of this round (`inet_diag_msg` and attributes).
    pub fn row(&mut self, protocol: Protocol, message: &[u8], at: Time, tell: Teller<'_>) {
        let Some(said) = Said::read(message) else { return };
        // Neither is a socket yet or any more; what they were before or will be is.
        if matches!(said.state, State::TimeWait | State::SynReceived) || self.ended.contains_key(&said.cookie) {
            return;
        }
        let (round, first, resync) = (self.round, self.is_first_round(), self.gap);
        if let Some(entry) = self.store.get_mut(said.cookie) {
            entry.round = round;
            entry.missed = 0;
            judge(entry, message, at);
            entry.keep(message);
            entry.life.described = true;
            entry.life.totals_at = at;
            if let Some(totals) = said.totals {
                entry.life.totals = totals.or(entry.life.totals);
            }
            let from = entry.life.state;
            // What the kernel told while it happened is newer than a row of a dump that was under way.
            if from == said.state || self.traced && !self.gap {
                return;
            }
            entry.life.enter(said.state);
            if said.state == State::Established {
                entry.life.established = entry.life.established.or(Some(at));
            }
            let happening = if said.state == State::Established && from == State::SynSent {
                Happening::Established
            } else {
                Happening::State(from)
            };
            tell(Told::Event(Event { happening, at, life: &entry.life, message: &entry.message, resync }));
            return;
        }
        if self.store.len() >= SOCKETS_MAX {
            self.unfollowed += 1;
            return;
        }
        let mut life = Life::new(said.cookie, protocol, said.state, Known::Found, at);
        life.described = true;
        life.totals = said.totals.unwrap_or_default();
        if said.state == State::SynSent {
            life.side = Some(Side::Connect);
        }
        let happening = match said.state {
            _ if first => Happening::Present,
            // Without a connection there is nothing that could have come before.
            State::SynSent | State::Unconnected => Happening::Opened,
            State::Listening => Happening::Listening,
            State::Established => Happening::Established,
            _ => Happening::State(State::Established),
        };
        if said.state == State::Listening {
            self.listeners.insert(said.port.into(), said.cookie);
        }
        let entry = self.store.insert(Entry { life, message: message.into(), round, missed: 0 });
        tell(Told::Event(Event { happening, at, life: &entry.life, message: &entry.message, resync }));
    }

    /// The dumps of this round are over, and were `whole` or not. Who asks for the next round of a gap that is open: the
    /// sooner, the better.
    pub fn end_round(&mut self, whole: bool, at: Time, tell: Teller<'_>) {
        let Some(began) = self.round_began.take() else { return };
        self.ended.clear();
        if !whole {
            self.open_gap(Gap { reason: Reason::Dump, since: began, lost: None }, tell);
            return;
        }
        let mut gone = Vec::new();
        for entry in self.store.iter_mut() {
            // What was not asked for cannot be missing; whose birth was told while the round ran may have come too late.
            if !self.dumped[entry.life.protocol as usize] || entry.round == self.round || entry.life.since >= began {
                continue;
            }
            entry.missed += 1;
            if entry.missed >= MISSED_MAX {
                gone.push(entry.life.cookie);
            }
        }
        for cookie in gone {
            let Some(mut entry) = self.store.remove(cookie) else { continue };
            entry.life.ended = Some(at);
            entry.life.end = Some(End::Unknown);
            let (life, message) = (&entry.life, &*entry.message);
            tell(Told::Event(Event { happening: Happening::Closed, at, life, message, resync: true }));
        }
        self.whole_rounds = self.whole_rounds.saturating_add(1);
        let enough = if self.gap { self.whole_rounds >= MISSED_MAX } else { self.whole_rounds == 1 };
        if enough {
            self.gap = false;
            self.whole_rounds = self.whole_rounds.max(1);
            tell(Told::Synced(at));
        }
    }

    /// A socket was destroyed (a message of the groups of sock_diag).
    pub fn destroyed(&mut self, protocol: Protocol, message: &[u8], at: Time, tell: Teller<'_>) {
        let Some(said) = Said::read(message) else { return };
        if self.round_began.is_some() {
            self.ended.insert(said.cookie, ());
        }
        let resync = false;
        if let Some(mut entry) = self.store.remove(said.cookie) {
            let scratch = &mut self.scratch;
            scratch.clear();
            scratch.extend_from_slice(&entry.message);
            let life = &mut entry.life;
            // What was taken apart first has forgotten all it did: what was last seen of it is the best there is.
            if said.is_disconnected {
                life.end = Some(End::of_destruction(life, true));
            } else {
                bare::renew(scratch, message);
                // What it did since the last round is known to the end.
                if let (true, Some(before), Some(now)) =
                    (life.described, Counters::read(&entry.message), Counters::read(scratch))
                {
                    life.before = Before::of(before, &now, at.saturating_sub(life.totals_at));
                }
                life.end = Some(End::of_destruction(life, false));
                life.totals = said.totals.unwrap_or_default().or(life.totals);
                life.totals_at = at;
            }
            life.ended = Some(at);
            tell(Told::Event(Event { happening: Happening::Closed, at, life, message: scratch, resync }));
            return;
        }
        let mut life = Life::new(said.cookie, protocol, State::Unknown(0), Known::End, at);
        life.end = Some(End::of_destruction(&life, said.is_disconnected));
        life.ended = Some(at);
        life.totals = said.totals.filter(|_| !said.is_disconnected).unwrap_or_default();
        tell(Told::Event(Event { happening: Happening::Closed, at, life: &life, message, resync }));
    }

    /// A TCP socket changed its state.
    pub fn transition(&mut self, told: &Transition, tell: Teller<'_>) {
        if told.new == State::Unconnected {
            return self.ends(told, tell);
        }
        let at = told.at;
        if self.store.get(told.cookie).is_none() {
            if self.store.len() >= SOCKETS_MAX {
                self.unfollowed += 1;
                return;
            }
            // A socket that comes out of a listener is a copy of it at first.
            let born = matches!(told.old, State::Unconnected | State::SynReceived | State::Listening);
            let known = if born { Known::Birth } else { Known::Found };
            let life = Life::new(told.cookie, Protocol::Tcp, told.old, known, at);
            let message = bare_message(told).into();
            self.store.insert(Entry { life, message, round: self.round, missed: 0 });
        }
        let listener = if told.new == State::SynReceived || told.old == State::SynReceived {
            self.listener_of(told.local_port)
        } else {
            None
        };
        if told.new == State::Listening {
            self.listeners.insert(told.local_port.into(), told.cookie);
        }
        let Some(entry) = self.store.get_mut(told.cookie) else { return };
        let life = &mut entry.life;
        life.enter(told.new);
        life.listener = listener.or(life.listener);
        life.cgroup = told.cgroup.or(life.cgroup);
        life.totals = told.totals.or(life.totals);
        life.totals_at = at;
        let happening = match (told.old, told.new) {
            (_, State::SynSent) => {
                life.side = Some(Side::Connect);
                life.actor = told.actor.or(life.actor);
                Happening::Opened
            }
            (_, State::Listening) => {
                life.side = Some(Side::Listen);
                life.actor = told.actor.or(life.actor);
                Happening::Listening
            }
            (State::SynReceived, State::Established) => {
                life.side = Some(Side::Accept);
                life.established = Some(at);
                Happening::Accepted
            }
            (_, State::Established) => {
                life.established = Some(at);
                Happening::Established
            }
            // Nobody has accepted it yet, and it may never come to that.
            (State::Listening, State::SynReceived) => {
                life.side = Some(Side::Accept);
                return;
            }
            (from, _) => Happening::State(from),
        };
        if !life.described {
            // The port may only be known by now, and the state is another.
            entry.keep(&bare_message(told));
        }
        tell(Told::Event(Event { happening, at, life: &entry.life, message: &entry.message, resync: false }));
    }

    /// Who listens on a port, as far as is known.
    fn listener_of(&self, port: u16) -> Option<Listener> {
        let listener = self.store.get(*self.listeners.get(&u64::from(port))?)?;
        let inode = InetSocket::read(&listener.message).ok().and_then(|socket| socket.message.inode());
        let inode = inode.and_then(|inode| u32::try_from(inode).ok()).filter(|&inode| inode != 0);
        Some(Listener { actor: listener.life.actor, inode })
    }

    /// A TCP socket is closed.
    fn ends(&mut self, told: &Transition, tell: Teller<'_>) {
        let at = told.at;
        if self.round_began.is_some() {
            self.ended.insert(told.cookie, ());
        }
        let entry = self.store.remove(told.cookie);
        let mut entry = entry.unwrap_or_else(|| {
            let life = Life::new(told.cookie, Protocol::Tcp, told.old, Known::End, at);
            Entry { life, message: bare_message(told).into(), round: 0, missed: 0 }
        });
        if told.old == State::Listening {
            self.listeners.retain(|_, cookie| *cookie != told.cookie);
        }
        let life = &mut entry.life;
        life.enter(told.old);
        life.ended = Some(at);
        life.cgroup = told.cgroup.or(life.cgroup);
        life.totals = told.totals.or(life.totals);
        life.totals_at = at;
        life.end = Some(End::of_transition(life, told.error));
        tell(Told::Event(Event {
            happening: Happening::Closed,
            at,
            life: &entry.life,
            message: &entry.message,
            resync: false,
        }));
    }

    /// Something was lost. What waits has to be read before the next round begins.
    pub fn lost(&mut self, reason: Reason, lost: Option<u64>, since: Time, tell: Teller<'_>) {
        self.open_gap(Gap { reason, since, lost }, tell);
    }

    fn open_gap(&mut self, gap: Gap, tell: Teller<'_>) {
        self.gap = true;
        self.whole_rounds = 0;
        // A round that runs by now may have begun before the loss.
        self.round_began = None;
        for entry in self.store.iter_mut() {
            entry.missed = 0;
        }
        tell(Told::Gap(gap));
    }

    fn is_first_round(&self) -> bool {
        self.whole_rounds == 0 && !self.gap
    }
}

/// Holds a new message of a socket against the last one.
fn judge(entry: &mut Entry, message: &[u8], at: Time) {
    if !entry.life.described {
        return;
    }
    let elapsed = at.saturating_sub(entry.life.totals_at);
    let (before, now) = (Counters::read(&entry.message), Counters::read(message));
    if let (Some(before), Some(now)) = (before, now) {
        entry.life.causes = causes(&before, &now, elapsed);
        entry.life.before = Before::of(before, &now, elapsed);
    }
}

fn bare_message(told: &Transition) -> [u8; sockeye_wire::sock_diag::inet::MESSAGE_LEN] {
    let local = SocketAddr::new(told.local, told.local_port);
    bare::message(told.new, local, SocketAddr::new(told.peer, told.peer_port), told.cookie)
}

/// What a message says that the engine needs to know.
struct Said {
    cookie: u64,
    state: State,
    port: u16,
    totals: Option<Totals>,
    /// Taken apart before it was destroyed (`tcp_disconnect`): its addresses and counters are gone.
    is_disconnected: bool,
}

impl Said {
    fn read(message: &[u8]) -> Option<Self> {
        let socket = InetSocket::read(message).ok()?;
        let info: Option<TcpInfo<'_>> = socket.tcp_info();
        // The address of the peer outlives it: without one there never was a connection.
        let unspecified = socket.message.source().is_some_and(|address| address.is_unspecified())
            && socket.message.destination().is_some_and(|address| !address.is_unspecified());
        let did_nothing = |info: &TcpInfo<'_>| info.segs_in() == Some(0) && info.segs_out() == Some(0);
        Some(Self {
            cookie: socket.message.cookie()?,
            state: socket.message.state()?,
            port: socket.message.sport().and_then(|port| u16::try_from(port).ok()).unwrap_or(0),
            totals: info.as_ref().map(Totals::of),
            is_disconnected: unspecified && info.as_ref().is_some_and(did_nothing),
        })
    }
}
