//! The engine: what dumps, destructions and transitions say of one network namespace's sockets, joined by cookie.

use std::collections::VecDeque;
use std::sync::Arc;

use sockeye_wire::sock_diag::inet::InetSocket;

use super::event::{Gap, Reason, Told};
use super::life::{Actor, Life, Listener, Side, Time};
use super::listeners::{Listeners, Spot};
use super::rules::Rules;
use super::store::{ByCookie, Entry, Store};
use super::withheld::Withheld;

/// Sockets that are remembered because their end was told without the kernel having said so; with more, all are
/// forgotten, and one of them may end twice.
const GONE_MAX: usize = 65_536;

/// Sockets that ended and are remembered for what the kernel tells of them afterwards: it reports the error of a connection
/// when that is over (net/ipv4/tcp_input.c, tcp_reset), at once.
const DEPARTED_MAX: usize = 1024;

/// Listeners that a connection may equally have come out of, and that are named.
const RIVALS_MAX: usize = 64;

/// What may be wrong with what is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Doubt {
    /// Nothing.
    #[default]
    None,
    /// Sockets may not have been seen, but everything that was told was heard.
    Unseen,
    /// What was told was lost.
    Unheard,
}

/// Who hears what happens.
pub(super) type Teller<'t> = &'t mut dyn FnMut(Told<'_>);

/// The sockets of one network namespace, live.
///
/// Inputs are rounds of dumps ([`begin_round`](Self::begin_round), [`row`](Self::row), [`end_round`](Self::end_round)),
/// the kernel's messages about destroyed sockets ([`destroyed`](Self::destroyed)), its transitions where it tells of
/// them ([`transition`](Self::transition)), and losses ([`lost`](Self::lost)). Whoever feeds it subscribes before the
/// first round, after a loss reads all that waits before the next one, and reads all transitions that wait between the last row
/// and the end of a round.
#[derive(Debug, Default)]
pub struct Lives {
    pub(super) store: Store,
    pub(super) rules: Rules,
    /// Transitions are told of, so that births and states of TCP are known from them.
    pub(super) traced: bool,
    /// Transitions to these states are told of, a bit for each.
    pub(super) told_states: u32,
    pub(super) round: u32,
    /// Rows may come.
    pub(super) is_dumping: bool,
    /// Since when the round runs, as long as it can be concluded.
    pub(super) round_began: Option<Time>,
    /// What the dumps of this round are of.
    pub(super) dumped: [bool; 2],
    pub(super) listeners: Listeners,
    /// The listener that was found last at each port: most connections come out of the same, and share what is known of it.
    pub(super) shared: ByCookie<Arc<Listener>>,
    /// Whole rounds since something was lost, or since the beginning.
    pub(super) whole_rounds: u8,
    /// The gap that was told of and is not closed yet.
    pub(super) doubt: Doubt,
    /// Ended while a round runs: its rows may still speak of them.
    pub(super) ended: ByCookie<()>,
    /// Told to have ended because they were missing: the kernel may still tell of it.
    pub(super) gone: ByCookie<()>,
    /// Ended last, if incidents are told of.
    pub(super) departed: VecDeque<Entry>,
    pub(super) hears_incidents: bool,
    pub(super) unfollowed: u64,
    /// The same when the round began.
    pub(super) unfollowed_before: u64,
    pub(super) scratch: Vec<u8>,
    /// Rows of this round that are of a connection that no transition has told of yet.
    pub(super) withheld: Withheld,
    /// Sockets that got a file, as one does that was accepted.
    pub(super) filed: u64,
    /// The last round that whoever sums up rounds has summed up.
    pub(super) summed_up: Option<u32>,
}

impl Lives {
    /// Nothing is known yet. `traced`: transitions will be told of.
    pub fn new(traced: bool) -> Self {
        Self { traced, told_states: u32::MAX, ..Self::default() }
    }

    /// The same, and transitions to these states alone will be told of, a bit for each, `1 << state`.
    #[must_use]
    pub fn with_told_states(self, told_states: u32) -> Self {
        Self { told_states, ..self }
    }

    /// The same, and incidents will be told of.
    #[must_use]
    pub fn with_incidents(self, hears_incidents: bool) -> Self {
        Self { hears_incidents, ..self }
    }

    /// The same with other rules.
    #[doc(hidden)]
    pub fn with_rules(traced: bool, rules: Rules) -> Self {
        Self { rules, ..Self::new(traced) }
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
        !self.has_gap() && self.whole_rounds > 0
    }

    /// Sockets that were not followed because there were too many; as long as there are, there is a gap.
    pub fn unfollowed(&self) -> u64 {
        self.unfollowed
    }

    /// How many sockets have got a file since the beginning that had none: whoever has accepted them may hold them now, which
    /// no event tells.
    pub fn filed(&self) -> u64 {
        self.filed
    }

    /// What sockets did is summed up by rounds, and that has been done with all up to here: what ends before the next time did what
    /// came in between too.
    pub fn summed_up(&mut self) {
        self.summed_up = Some(self.round);
    }

    /// Whether the last row of a socket is of a round that is not summed up yet, or not over.
    pub(super) fn is_in_round(&self, entry: &Entry) -> bool {
        match self.summed_up {
            Some(last) => entry.round.wrapping_sub(last).cast_signed() > 0,
            None => self.is_dumping && entry.round == self.round,
        }
    }

    /// Something was lost. What waits has to be read before the next round begins.
    pub fn lost(&mut self, reason: Reason, lost: Option<u64>, since: Time, tell: Teller<'_>) {
        self.open_gap(Gap { reason, since, lost }, tell);
    }

    /// A socket is gone, and its end was told.
    pub(super) fn depart(&mut self, entry: Entry) {
        if !self.hears_incidents {
            return;
        }
        if self.departed.len() >= DEPARTED_MAX {
            self.departed.pop_front();
        }
        self.departed.push_back(entry);
    }

    pub(super) fn has_gap(&self) -> bool {
        self.doubt != Doubt::None
    }

    pub(super) fn open_gap(&mut self, gap: Gap, tell: Teller<'_>) {
        let is_loss = matches!(gap.reason, Reason::Overrun | Reason::Ring);
        let was_open = self.has_gap();
        self.doubt =
            self.doubt.max(if is_loss || gap.reason == Reason::Untold { Doubt::Unheard } else { Doubt::Unseen });
        self.whole_rounds = 0;
        if self.rules.losses_end_rounds {
            // A round that runs by now may have begun before the loss.
            self.round_began = None;
        }
        for entry in self.store.iter_mut() {
            entry.missed = 0;
        }
        // A dump that fails again and again is one gap; each loss has its number.
        if !was_open || is_loss {
            tell(Told::Gap(gap));
        }
    }

    /// Whether there is room for another socket; if not, that is remembered.
    pub(super) fn has_room(&mut self) -> bool {
        let has_room = self.store.len() < self.rules.sockets_max;
        self.unfollowed += u64::from(!has_room);
        has_room
    }

    /// Who listens where this is, as far as is known.
    pub(super) fn listener_at(&mut self, spot: Option<Spot>) -> Option<Arc<Listener>> {
        let spot = spot?;
        self.listener_among(spot, self.listeners.of(spot))
    }

    /// What is told of all of these, which listen at this spot.
    pub(super) fn listener_among(&mut self, spot: Spot, cookies: Vec<u64>) -> Option<Arc<Listener>> {
        let found: Vec<_> = cookies.into_iter().filter_map(|cookie| self.listening(cookie)).collect();
        let (first, _) = found.first()?;
        let is_one = found.iter().all(|(actor, _)| actor == first);
        let inodes: Option<Vec<_>> = found.iter().take(RIVALS_MAX + 1).map(|(_, inode)| *inode).collect();
        // Where not all are known that it may be, to name some would be to guess.
        let inodes = inodes.filter(|inodes| inodes.len() <= RIVALS_MAX).unwrap_or_default();
        let listener = Listener { actor: first.filter(|_| is_one), inodes: inodes.into() };
        let shared = self.shared.entry(spot.port().into()).or_default();
        if **shared != listener {
            *shared = Arc::new(listener);
        }
        Some(Arc::clone(shared))
    }

    /// Who made this socket listen, and its inode, if it is one that listens.
    fn listening(&self, cookie: u64) -> Option<(Option<Actor>, Option<u32>)> {
        match self.store.get(cookie) {
            Some(entry) => (entry.life.side == Some(Side::Listen)).then(|| (entry.life.actor, inode(&entry.message))),
            None => self.withheld.get(cookie).map(|(row, _)| (None, inode(row))),
        }
    }

    /// The listener that the socket came out of which a message is about.
    pub(super) fn listener_of(&mut self, message: &[u8]) -> Option<Arc<Listener>> {
        self.listener_at(Spot::of(message))
    }

    /// A socket is no more, which may have been a listener.
    pub(super) fn forget_listener(&mut self, entry: &Entry) {
        if entry.life.side == Some(Side::Listen) {
            self.listeners.remove(&entry.message, entry.life.cookie);
            self.shared.remove(&u64::from(super::said::port(&entry.message)));
        }
    }

    /// The end of this socket was told without the kernel having said so.
    pub(super) fn remember_gone(&mut self, cookie: u64) {
        if self.gone.len() >= GONE_MAX {
            self.gone.clear();
        }
        self.gone.insert(cookie, ());
    }
}

/// The inode that a message says, if any.
fn inode(message: &[u8]) -> Option<u32> {
    let inode = InetSocket::read(message).ok()?.message.inode()?;
    u32::try_from(inode).ok().filter(|&inode| inode != 0)
}
