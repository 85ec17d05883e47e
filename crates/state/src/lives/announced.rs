//! What the kernel tells by itself: sockets that are destroyed, and transitions.

use core::net::SocketAddr;

use sockeye_wire::sock_diag::bare;
use sockeye_wire::sock_diag::state::State;

use super::counters::Counters;
use super::ending::{End, Last};
use super::engine::{Lives, Teller};
use super::event::{Event, Gap, Happening, Reason, Told};
use super::life::{Before, Known, Life, Protocol, Side, Time, Totals};
use super::said::{Said, bare_message};
use super::store::Entry;
use super::transition::Transition;

impl Lives {
    /// A socket was destroyed (a message of the groups of sock_diag).
    pub fn destroyed(&mut self, protocol: Protocol, message: &[u8], at: Time, tell: Teller<'_>) {
        let Some(said) = Said::read(message) else { return };
        self.is_over(said.cookie);
        let resync = false;
        if let Some(mut entry) = self.store.remove(said.cookie) {
            self.forget_listener(&entry);
            // What came in that round is in no sum yet.
            let is_in_round = self.is_in_round(&entry);
            let scratch = &mut self.scratch;
            scratch.clear();
            scratch.extend_from_slice(&entry.message);
            let had_peer = said.has_peer || Said::read(&entry.message).is_some_and(|before| before.has_peer);
            let last = entry.detached.unwrap_or(entry.life.state);
            let life = &mut entry.life;
            let last = Last {
                state: last,
                is_orphaned: entry.is_orphaned,
                is_disconnected: said.is_disconnected,
                had_peer,
                totals: said.totals.unwrap_or_default(),
            };
            life.end = Some(End::of_destruction(life, &last));
            // What was taken apart first has forgotten all it did: what was last seen of it is the best there is.
            if !said.is_disconnected && life.side != Some(Side::Listen) {
                bare::renew(scratch, message);
                // What it did since the last round is known to the end.
                if let (true, Some(last), Some(now)) =
                    (life.described, Counters::read(&entry.message), Counters::read(scratch))
                {
                    let older = life.before.since(last).filter(|_| is_in_round);
                    let (before, more) = older.unwrap_or((last, Time::ZERO));
                    life.before = Before::of(before, &now, more + at.saturating_sub(entry.described_at));
                }
                life.totals = said.totals.unwrap_or_default().or(life.totals);
                life.totals_at = at;
            } else if !is_in_round {
                life.before = Before::Unknown;
            }
            life.ended = Some(at);
            tell(Told::Event(Event { happening: Happening::Closed, at, life, message: scratch, resync }));
            self.depart(entry);
            return;
        }
        if self.gone.remove(&said.cookie).is_some() && self.rules.ends_once {
            return;
        }
        if !said.has_peer && said.port == 0 {
            // It was never bound, nor connected: nothing but a descriptor.
            return;
        }
        let mut life = Life::new(said.cookie, protocol, State::Unknown(0), Known::End, at);
        let last = Last {
            state: life.state,
            is_orphaned: false,
            is_disconnected: said.is_disconnected,
            had_peer: said.has_peer,
            totals: Totals::default(),
        };
        life.end = Some(End::of_destruction(&life, &last));
        life.ended = Some(at);
        life.totals = said.totals.filter(|_| !said.is_disconnected).unwrap_or_default();
        if protocol == Protocol::Tcp && said.has_peer {
            life.comes_from(self.listener_of(message));
        }
        tell(Told::Event(Event { happening: Happening::Closed, at, life: &life, message, resync }));
    }

    /// A TCP socket changed its state.
    pub fn transition(&mut self, told: &Transition, tell: Teller<'_>) {
        if told.new == State::Unconnected {
            self.join_withheld(told, tell);
            return self.ends(told, tell);
        }
        // Up to Linux 6.12 a copy of a listener takes this step before it has a cookie of its own
        // (net/ipv4/inet_connection_sock.c, `inet_csk_clone_lock`): it has that of the listener, or one that nobody else ever has.
        // The next step, of all kernels, says who it is.
        if (told.old, told.new) == (State::Listening, State::SynReceived) {
            return;
        }
        self.join_withheld(told, tell);
        let at = told.at;
        if let Some(entry) = self.store.get(told.cookie) {
            if let Some(gap) = self.untold(entry, told) {
                self.open_gap(gap, tell);
            }
        } else {
            if !self.has_room() {
                if !self.has_gap() {
                    self.open_gap(Gap { reason: Reason::TooMany, since: at, lost: None }, tell);
                }
                return;
            }
            // A socket that comes out of a listener is a copy of it at first.
            let born = matches!(told.old, State::Unconnected | State::SynReceived);
            let known = if born { Known::Birth } else { Known::Found };
            let life = Life::new(told.cookie, Protocol::Tcp, told.old, known, at);
            self.gone.remove(&told.cookie);
            self.store.insert(Entry { round: self.round, ..Entry::new(life, bare_message(told)) });
        }
        let is_child = told.new == State::SynReceived || told.old == State::SynReceived;
        let listener = if is_child { self.listener_of(&bare_message(told)) } else { None };
        // One that was bound to no port gets one after this (net/ipv4/inet_connection_sock.c, `inet_csk_listen_start`).
        if told.new == State::Listening && told.local_port != 0 {
            self.listeners.insert(&bare_message(told), told.cookie);
        }
        let round = self.round;
        let Some(entry) = self.store.get_mut(told.cookie) else { return };
        entry.told_in = round;
        entry.heard = Some(told.new);
        entry.detached = None;
        let life = &mut entry.life;
        life.enter(told.new);
        life.hear(told);
        if life.side != Some(Side::Connect) {
            life.comes_from(listener);
        }
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
            // Two that connect to each other at once go this way too.
            (State::SynReceived, State::Established) if life.side != Some(Side::Connect) => {
                life.side = Some(Side::Accept);
                life.established = Some(at);
                Happening::Accepted
            }
            (_, State::Established) => {
                life.established = Some(at);
                Happening::Established
            }
            (from, _) => {
                // Who closes it holds it, and it may be somebody else than who listens, or who opened it and handed it on.
                life.actor = told.actor.or(life.actor);
                life.is_closed_by_actor |= told.actor.is_some();
                Happening::State(from)
            }
        };
        if life.described {
            bare::set_state(&mut entry.message, told.new);
        } else {
            // The port may only be known by now, and the state is another.
            let mut message = bare_message(told);
            bare::keep_owner(&mut message, &entry.message);
            entry.keep(&message);
        }
        // A program that closes what is closed in its direction already (net/ipv4/tcp.c, tcp_close_state).
        if told.old == told.new {
            return;
        }
        tell(Told::Event(Event { happening, at, life: &entry.life, message: &entry.message, resync: false }));
    }

    /// The gap that a transition shows, if it begins in another state than the last one of its socket led to: some kernels run no
    /// programs while certain processes run, and packets are handled by whatever process happens to run.
    fn untold(&self, entry: &Entry, told: &Transition) -> Option<Gap> {
        let is_told_of = self.told_states & told.old.mask() != 0;
        let is_other = entry.heard.is_some_and(|heard| heard != told.old);
        (is_told_of && is_other).then_some(Gap { reason: Reason::Untold, since: entry.life.totals_at, lost: None })
    }

    /// A TCP socket is closed.
    fn ends(&mut self, told: &Transition, tell: Teller<'_>) {
        let at = told.at;
        self.is_over(told.cookie);
        let entry = self.store.remove(told.cookie);
        if let Some(gap) = entry.as_ref().and_then(|entry| self.untold(entry, told)) {
            self.open_gap(gap, tell);
        }
        if entry.is_none() && self.gone.remove(&told.cookie).is_some() && self.rules.ends_once {
            return;
        }
        let mut entry = entry.unwrap_or_else(|| {
            // Nobody has heard of a copy of a listener before: it came to nothing.
            let is_copy = told.old == State::SynReceived;
            let known = if is_copy { Known::Birth } else { Known::End };
            let mut life = Life::new(told.cookie, Protocol::Tcp, told.old, known, at);
            life.side = is_copy.then_some(Side::Accept);
            Entry::new(life, bare_message(told))
        });
        if !entry.life.described {
            // One that was refused is told with its port now at last.
            let ends = [(told.local, told.local_port), (told.peer, told.peer_port)].map(SocketAddr::from);
            bare::set_ends(&mut entry.message, ends[0], ends[1]);
        }
        self.forget_listener(&entry);
        let is_in_round = self.is_in_round(&entry);
        // The event may say no port any more.
        let listener = self.listener_of(&entry.message);
        let life = &mut entry.life;
        if life.side == Some(Side::Accept) && life.listener.is_none() {
            // It came before the listener was known.
            life.comes_from(listener);
        }
        life.enter(told.old);
        life.ended = Some(at);
        // Who closes a listener, whoever made it one.
        life.actor = told.actor.or(life.actor);
        life.is_closed_by_actor |= told.actor.is_some();
        life.hear(told);
        // What it did since the last round is what it did in all, less what its message says; and what it did in that round before.
        if !is_in_round {
            life.before = Before::Unknown;
        }
        life.end = Some(End::of_transition(life, told));
        let (life, message) = (&entry.life, &*entry.message);
        tell(Told::Event(Event { happening: Happening::Closed, at, life, message, resync: false }));
        self.depart(entry);
    }

    /// Rows of the dump that runs may still speak of it.
    fn is_over(&mut self, cookie: u64) {
        if self.is_dumping && (self.round_began.is_some() || self.rules.tombstones_after_loss) {
            self.ended.insert(cookie, ());
        }
    }
}
