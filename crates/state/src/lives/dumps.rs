//! Rounds of dumps: what a row says, and what is concluded from those that did not come.

use sockeye_wire::sock_diag::bare;
use sockeye_wire::sock_diag::inet::{InetSocket, MESSAGE_LEN};
use sockeye_wire::sock_diag::state::State;

use super::cause::{Causes, INTERVAL_MIN, causes};
use super::counters::Counters;
use super::ending::End;
use super::engine::{Doubt, Lives, Teller};
use super::event::{Event, Gap, Happening, Reason, Told};
use super::life::{Before, Known, Life, Protocol, Side, Time};
use super::said::{Said, bare_message, is_another_connection};
use super::store::Entry;
use super::transition::Transition;

/// Whole rounds of dumps in which a socket must be missing before something is concluded from it. One absence proves
/// nothing: a socket that moves within the kernel's table while a dump walks it is passed over.
const MISSED_MAX: u8 = 2;
/// Whole rounds in which a UDP socket must be missing before it is taken for gone though nobody said so. One that a program holds is
/// in no table while it has no port, which is rare and soon over.
const MISSED_FOR_GOOD: u8 = 5;
/// And for so long.
const GONE_FOR_GOOD: Time = Time::from_secs(5);

impl Lives {
    /// Dumps begin, of all sockets of these protocols.
    pub fn begin_round(&mut self, protocols: &[Protocol], at: Time) {
        self.dumped = [Protocol::Tcp, Protocol::Udp].map(|protocol| protocols.contains(&protocol));
        self.round = self.round.wrapping_add(1);
        self.round_began = Some(at);
        self.is_dumping = true;
        self.unfollowed_before = self.unfollowed;
        self.ended.clear();
    }

    /// A row of a dump of this round (`inet_diag_msg` and attributes).
    pub fn row(&mut self, protocol: Protocol, message: &[u8], at: Time, tell: Teller<'_>) {
        let Some(said) = Said::read(message) else { return };
        let is_known = || {
            let entry = self.store.get(said.cookie);
            entry.is_some_and(|entry| !entry.is_another(&said, message))
        };
        // What was told of its birth may not have been read yet: a row is newer than that.
        if self.traced && protocol == Protocol::Tcp && self.rules.births_come_first && !is_known() {
            self.withhold(&said, message, at);
            return;
        }
        self.take_row(protocol, message, &said, at, tell);
    }

    fn take_row(&mut self, protocol: Protocol, message: &[u8], said: &Said, at: Time, tell: Teller<'_>) {
        let traced = self.traced && protocol == Protocol::Tcp;
        if self.is_none(said, traced) {
            return;
        }
        let (round, resync) = (self.round, self.has_gap());
        if let Some(entry) = self.store.get_mut(said.cookie) {
            if protocol == Protocol::Tcp && entry.is_another(said, message) {
                self.ends_unseen(said.cookie, at, tell);
            } else {
                let news = self.rules.events_win && (!resync || entry.told_in == round);
                let (was_described, had_file) = (entry.life.described, !entry.is_orphaned);
                // What the kernel told while it happened is newer than a row of a dump that was under way.
                let from = entry.take(message, said, round, at, traced && news);
                self.filed += u64::from(was_described && !had_file && !entry.is_orphaned);
                if !was_described && entry.life.state == State::Listening {
                    // The event may have come before it had a port.
                    self.listeners.insert(message, entry.life.cookie);
                }
                let Some(from) = from else { return };
                let life = &mut entry.life;
                let happening = match (from, life.state) {
                    (_, State::SynSent) => Happening::Opened,
                    (_, State::Listening) => Happening::Listening,
                    (State::SynSent | State::BoundInactive, State::Established) => Happening::Established,
                    (from, _) => Happening::State(from),
                };
                let is_listener = life.state == State::Listening;
                tell(Told::Event(Event { happening, at, life: &entry.life, message: &entry.message, resync }));
                if is_listener {
                    self.listeners.insert(message, entry.life.cookie);
                }
                return;
            }
        }
        if self.has_room() {
            self.is_found(protocol, message.into(), said, (at, at), tell);
        }
    }

    /// Whether a row is of no socket that is followed.
    fn is_none(&self, said: &Said, traced: bool) -> bool {
        let is_none = match said.state {
            // Neither is a socket yet or any more; what they were before or will be is.
            _ if said.is_remains => true,
            State::SynReceived => true,
            // Only bound: the kernel tells of no transition when it is closed.
            State::BoundInactive | State::Unconnected => traced,
            _ => false,
        };
        is_none || self.rules.tombstones && self.ended.contains_key(&said.cookie)
    }

    /// Keeps a row until what was told while the dumps ran has been heard.
    fn withhold(&mut self, said: &Said, message: &[u8], at: Time) {
        if self.is_none(said, true) {
            return;
        }
        if self.store.len() + self.withheld.len() >= self.rules.sockets_max {
            self.unfollowed += 1;
            return;
        }
        if said.state == State::Listening {
            // Whoever comes out of it may be told of before.
            self.listeners.insert(message, said.cookie);
        }
        self.withheld.add(said.cookie, message, at);
    }

    /// Everything that was told while the dumps ran has been heard.
    fn take_withheld(&mut self, tell: Teller<'_>) {
        for (message, at) in core::mem::take(&mut self.withheld) {
            if let Some(said) = Said::read(&message) {
                self.take_waiting(message, &said, at, at, tell);
            }
        }
    }

    /// A row of `read` has waited long enough; `at`: when its socket was there for certain.
    fn take_waiting(&mut self, message: Box<[u8]>, said: &Said, read: Time, at: Time, tell: Teller<'_>) {
        if self.store.get(said.cookie).is_some() {
            self.take_row(Protocol::Tcp, &message, said, read, tell);
        } else if !self.is_none(said, true) && self.has_room() {
            self.is_found(Protocol::Tcp, message, said, (read, at), tell);
        } else if said.state == State::Listening {
            self.listeners.remove(&message, said.cookie);
        }
    }

    /// A transition of a socket was told of whose row waits: one that was there before is found first, and one that ends is described.
    pub(super) fn join_withheld(&mut self, told: &Transition, tell: Teller<'_>) {
        let Some((row, at)) = self.withheld.get(told.cookie) else { return };
        let entry = self.store.get(told.cookie);
        let is_wanted = match entry {
            None => !matches!(told.old, State::Unconnected | State::SynReceived),
            // A later row has the state of later.
            Some(entry) => !entry.life.described && (told.new == State::Unconnected || at <= told.at),
        };
        // It may be of the next connection of the socket.
        if !is_wanted || is_another_connection(row, &bare_message(told)) {
            return;
        }
        let is_unknown = entry.is_none();
        let Some((mut row, at)) = self.withheld.take(told.cookie) else { return };
        if is_unknown && at >= told.at {
            bare::set_state(&mut row, told.old);
        }
        if let Some(said) = Said::read(&row) {
            self.take_waiting(row, &said, at, at.min(told.at), tell);
        }
    }

    /// Something went wrong with a socket whose row waits.
    pub(super) fn meet_withheld(&mut self, cookie: u64, state: Option<State>, met: Time, tell: Teller<'_>) {
        let Some((row, at)) = self.withheld.get(cookie) else { return };
        let Some(said) = Said::read(row) else { return };
        // A later row has the state of later, and what led there is about to be told.
        if self.store.get(cookie).is_some() || (at > met && state != Some(said.state)) {
            return;
        }
        if let Some((row, _)) = self.withheld.take(cookie) {
            self.take_waiting(row, &said, at, at.min(met), tell);
        }
    }

    /// A socket that was not known: its counters are those of `read`, and it was there `at` a time that may be before.
    fn is_found(
        &mut self,
        protocol: Protocol,
        message: Box<[u8]>,
        said: &Said,
        (read, at): (Time, Time),
        tell: Teller<'_>,
    ) {
        let first = self.whole_rounds == 0 && !self.has_gap();
        let mut life = Life::new(said.cookie, protocol, said.state, Known::Found, at);
        life.described = true;
        life.totals = said.totals.unwrap_or_default();
        life.totals_at = read;
        match said.state {
            State::SynSent => life.side = Some(Side::Connect),
            State::Listening => {
                self.listeners.insert(&message, said.cookie);
            }
            _ if protocol == Protocol::Tcp && said.has_peer => life.comes_from(self.listener_of(&message)),
            _ => {}
        }
        let happening = match said.state {
            _ if first => Happening::Present,
            // Without a connection there is nothing that could have come before.
            State::SynSent | State::Unconnected | State::BoundInactive => Happening::Opened,
            State::Listening => Happening::Listening,
            // One of UDP is found with its peer, and nobody was met.
            State::Established if protocol == Protocol::Udp => Happening::Opened,
            State::Established => Happening::Established,
            _ => Happening::State(State::Established),
        };
        self.gone.remove(&said.cookie);
        let (round, resync) = (self.round, self.has_gap());
        let is_orphaned = has_no_file(&message);
        let entry = self.store.insert(Entry { round, is_orphaned, ..Entry::new(life, message) });
        tell(Told::Event(Event { happening, at, life: &entry.life, message: &entry.message, resync }));
    }

    /// The dumps of this round are over, and were `whole` or not; and the transitions were read that waited since. Who asks for the
    /// next round of a gap that is open: the sooner, the better.
    pub fn end_round(&mut self, whole: bool, at: Time, tell: Teller<'_>) {
        self.take_withheld(tell);
        self.is_dumping = false;
        self.ended.clear();
        let Some(began) = self.round_began.take() else { return };
        let too_many = self.unfollowed > self.unfollowed_before;
        if self.rules.whole_rounds && (!whole || too_many) {
            let reason = if too_many { Reason::TooMany } else { Reason::Dump };
            self.open_gap(Gap { reason, since: began, lost: None }, tell);
            return;
        }
        let missed_max = if self.rules.confirm_absences { MISSED_MAX } else { 1 };
        let mut missing = Vec::new();
        for entry in self.store.iter_mut() {
            // What was not asked for cannot be missing.
            if !self.dumped[entry.life.protocol as usize] || entry.round == self.round {
                continue;
            }
            // Whose birth was told while the round ran may have come too late for it.
            if self.rules.newborn_are_excused && (entry.life.since >= began || entry.told_in == self.round) {
                continue;
            }
            entry.missed = entry.missed.saturating_add(1);
            if entry.missed >= missed_max {
                missing.push(entry.life.cookie);
            }
        }
        for cookie in missing {
            self.is_missing(cookie, at, tell);
        }
        self.whole_rounds = self.whole_rounds.saturating_add(1);
        let enough = if self.has_gap() { self.whole_rounds >= MISSED_MAX } else { self.whole_rounds == 1 };
        if enough {
            if self.has_gap() {
                // What was lost led to the states that the next transitions begin in.
                self.store.iter_mut().for_each(|entry| entry.heard = None);
            }
            self.doubt = Doubt::None;
            tell(Told::Synced(at));
        }
    }

    /// A socket is in no table any more.
    fn is_missing(&mut self, cookie: u64, at: Time, tell: Teller<'_>) {
        if self.doubt == Doubt::Unheard || !self.rules.ends_are_announced {
            self.remember_gone(cookie);
            self.ends_unseen(cookie, at, tell);
            return;
        }
        // Nothing was lost, and nobody said that it was destroyed: somebody holds it whose connection is over.
        let Some(entry) = self.store.get_mut(cookie) else { return };
        if entry.detached.is_some() {
            // The kernel's own sockets go without a word (net/core/sock.c, `__sk_free`), those of tunnels mostly.
            let is_gone = entry.missed >= MISSED_FOR_GOOD && at.saturating_sub(entry.described_at) >= GONE_FOR_GOOD;
            if entry.life.protocol == Protocol::Udp && is_gone {
                self.remember_gone(cookie);
                self.ends_unseen(cookie, at, tell);
            }
            return;
        }
        let from = core::mem::replace(&mut entry.life.state, State::Unconnected);
        entry.detached = Some(from);
        // It does nothing more.
        entry.life.before = Before::Unknown;
        (entry.life.causes, entry.life.judged) = (Causes::NONE, false);
        if from == State::Unconnected {
            return;
        }
        bare::set_state(&mut entry.message, State::Unconnected);
        let happening = Happening::State(from);
        tell(Told::Event(Event { happening, at, life: &entry.life, message: &entry.message, resync: false }));
    }

    /// An end that nobody told of.
    fn ends_unseen(&mut self, cookie: u64, at: Time, tell: Teller<'_>) {
        let Some(mut entry) = self.store.remove(cookie) else { return };
        self.forget_listener(&entry);
        entry.life.ended = Some(at);
        entry.life.end = Some(End::Unknown);
        let (life, message) = (&entry.life, &*entry.message);
        tell(Told::Event(Event { happening: Happening::Closed, at, life, message, resync: true }));
    }
}

/// Whether a row is of a socket that no file belongs to: nobody has accepted it yet, or nobody holds it any more.
fn has_no_file(message: &[u8]) -> bool {
    InetSocket::read(message).is_ok_and(|socket| socket.message.inode() == Some(0))
}

/// How far a connection has come in a state: none goes back (RFC 9293, figure 5), but for one that is taken apart and connects again.
fn progress(state: State) -> u8 {
    match state {
        State::SynSent | State::SynReceived => 1,
        State::Established => 2,
        State::FinWait1 | State::CloseWait => 3,
        State::FinWait2 | State::Closing | State::LastAck => 4,
        State::TimeWait => 5,
        _ => 0,
    }
}

impl Entry {
    /// Whether a row is of another connection of the same TCP socket.
    fn is_another(&self, said: &Said, message: &[u8]) -> bool {
        let again = self.detached.is_some() && said.state == State::SynSent;
        again || self.life.described && is_another_connection(&self.message, message)
    }

    /// Takes a row. The state that it had, if it has another one now; `is_older`: than what is known of its state.
    fn take(&mut self, message: &[u8], said: &Said, round: u32, at: Time, is_older: bool) -> Option<State> {
        let owner = self.message.first_chunk::<MESSAGE_LEN>().copied().filter(|_| self.life.described);
        let is_again = self.round == round;
        self.round = round;
        self.missed = 0;
        self.detached = None;
        self.is_orphaned = has_no_file(message);
        self.judge(message, at, is_again);
        self.described_at = at;
        self.keep(message);
        if let Some(owner) = owner {
            bare::keep_owner(&mut self.message, &owner);
        }
        let life = &mut self.life;
        life.described = true;
        // A row that was withheld may be older than what was heard since.
        if at >= life.totals_at {
            life.totals_at = at;
            if let Some(totals) = said.totals {
                life.totals = totals.or(life.totals);
            }
        }
        let from = life.state;
        if is_older {
            // A row that is further on than what was heard so far has counters of then, and what led there is about to be heard.
            if progress(said.state) <= progress(from) {
                bare::set_state(&mut self.message, from);
            }
            return None;
        }
        if from == said.state {
            return None;
        }
        life.enter(said.state);
        if said.state == State::Established {
            life.established = life.established.or(Some(at));
        }
        Some(from)
    }

    /// Holds a new message of a socket against the last one, or against an older one: of less than [`INTERVAL_MIN`] nothing can be
    /// judged, however often it is looked, nor between two rows of one round (`is_again`).
    fn judge(&mut self, message: &[u8], at: Time, is_again: bool) {
        if !self.life.described {
            return;
        }
        let elapsed = at.saturating_sub(self.described_at);
        let (last, now) = (Counters::read(&self.message), Counters::read(message));
        if let (Some(last), Some(now)) = (last, now) {
            let (before, elapsed) = match self.life.before.since(last) {
                Some((before, more)) if is_again || more < INTERVAL_MIN => (before, more + elapsed),
                None if is_again => return,
                _ => (last, elapsed),
            };
            if elapsed >= INTERVAL_MIN {
                (self.life.causes, self.life.judged) = (causes(&before, &now, elapsed), true);
            }
            self.life.before = Before::of(before, &now, elapsed);
        }
    }
}
