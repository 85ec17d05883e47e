//! A live copy of the kernel's tables, without gaps: the engine of `sockeye watch`.
//!
//! What it is: one network namespace, one event socket, a set of tables. It is told what the two sockets gave and what
//! time it is, and says what to do next ([`Want`]) and what it found out ([`Output`]).
//!
//! What it is not: it has no socket, no clock and no thread.
//!
//! # The loop around it
//!
//! ```
//! use core::time::Duration;
//! use sockeye_state::rtnetlink::Tables;
//! use sockeye_state::watch::{Options, Output, Want, Watch};
//! use sockeye_state::{Datagram, Received};
//! use sockeye_wire::rtnetlink::Table;
//!
//! // A kernel with one namespace id, and nothing that happens.
//! let id = [0, 0, 0, 0, 8, 0, 1, 0, 5, 0, 0, 0];
//! let mut answers: Vec<Vec<u8>> = Vec::new();
//!
//! // The driver opens the event socket and joins `watch.groups()`, then opens the dump socket; then the engine rules.
//! let mut options = Options::new(Tables::one(Table::Namespaces));
//! options.snapshot = true;
//! let mut watch = Watch::new(options);
//! let mut said = Vec::new();
//! let mut sink = |output: Output<'_>| match output {
//!     Output::Change(change) => said.push(format!("{:?} {:?}", change.verb, change.new)),
//!     Output::Synced(synced) => said.push(format!("{} in sync", synced.tables)),
//!     other => said.push(format!("{other:?}")),
//! };
//! let now = Duration::from_secs(3);
//! loop {
//!     match watch.want(now) {
//!         // recvmsg without blocking, until EAGAIN or until a batch is full.
//!         Want::Events => watch.event(Received::Empty, now, &mut sink),
//!         // getsockopt(SOL_SOCKET, SO_MEMINFO).
//!         Want::Drops => watch.drops(Some(0), now, &mut sink),
//!         // sendmsg on the dump socket.
//!         Want::Send(request) => {
//!             let sequence = &request.as_bytes()[8..12];
//!             let message = |kind: u8, body: &[u8]| {
//!                 [&[16 + body.len() as u8, 0, 0, 0, kind, 0, 2, 0], sequence, &[0; 4], body].concat()
//!             };
//!             answers = vec![message(3, &[0; 4]), message(88, &id)];
//!         }
//!         // recvmsg on the dump socket; it may block.
//!         Want::Answer => {
//!             let answer = answers.pop().unwrap();
//!             watch.answer(Received::Datagram(Datagram::new(&answer)), now, &mut sink);
//!         }
//!         // Close the dump socket, and open another.
//!         Want::Reopen => answers.clear(),
//!         // poll the event socket until then; here: enough is seen.
//!         Want::Wait { until: _ } => break,
//!         _ => unreachable!(),
//!     }
//! }
//! assert_eq!(said, [format!("Added {:?}", Some(&id[..])), "namespaces in sync".into()]);
//! ```
//!
//! # How it stays exact
//!
//! - The kernel says once that it dropped events, before those that are still queued, and drops everything until the
//!   socket is empty (net/netlink/af_netlink.c `netlink_overrun`, `netlink_rcv_wake`). So: read until empty, read the
//!   drop counter, tell the gap, dump.
//! - A dump is older than an event that was read before it. So each datagram of a dump is held back until the event socket
//!   is empty, events win over its rows, and what was deleted meanwhile does not come back.
//! - A dump that was interrupted, cut, refused or overtaken by a loss is never concluded. One during which deletions may
//!   have hidden living records removes nothing that it does not show, unless the next does not show it either, and does
//!   not make the table [synced](Synced).
//! - What the kernel deletes without a word follows from something that it announces, for the most part: then the table
//!   is dumped again, and the differences are changes like others. The rest is found by the periodic audit, and is drift.

mod backoff;
mod conclude;
mod departed;
mod events;
mod links;
mod only;
mod output;
mod overlay;
mod reread;
mod round;
mod rows;
mod rules;
mod schedule;
mod state;
mod twins;

pub use only::Selection;
pub use output::{Change, Gap, Origin, Output, Reason, Synced, Verb, Want};
#[doc(hidden)]
pub use rules::Rules;

use core::time::Duration;

use sockeye_wire::rtnetlink::Table;

use crate::mirror::Mirror;
use crate::received::Received;
use crate::rtnetlink::{Tables, consequence, needs};
use backoff::{Backoff, Random};
use departed::Departed;
use events::Buffers;
use links::Links;
use only::Only;
use reread::Rereads;
use round::{Round, Stage};
use schedule::Loss;
use state::{Phase, State};
use twins::Twins;

/// What an engine is to do.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// The tables to follow.
    pub tables: Tables,
    /// Whether the records that are there at first are told of, as changes of [`Origin::Snapshot`].
    pub snapshot: bool,
    /// Time between audits; `None`: each table's own.
    pub audit: Option<Duration>,
    /// Of addresses, routes and neighbours, follow only those of the interfaces with these names (or numbers), and routes
    /// that belong to none or to several; none: all. A record that gets another interface is told as removed.
    pub interfaces: Vec<Vec<u8>>,
    /// Seed of the jitter and of the index.
    pub seed: u64,
    #[doc(hidden)]
    pub rules: Rules,
}

impl Options {
    /// Follows these tables.
    pub fn new(tables: Tables) -> Self {
        Self { tables, snapshot: false, audit: None, interfaces: Vec::new(), seed: 0, rules: Rules::default() }
    }
}

/// What a message is to the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hearing {
    /// It looks at no part of it.
    Nothing,
    /// A record of a table that it follows.
    Records,
    /// Something follows from it, for other records too.
    Consequences,
}

/// Where the engine's outputs go.
pub type Sink<'s> = dyn FnMut(Output<'_>) + 's;

/// What the event socket gave so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Datagrams of the kernel.
    pub datagrams: u64,
    /// Datagrams of others: dropped.
    pub foreign: u64,
    /// Datagrams that are malformed.
    pub defects: u64,
    /// Datagrams that did not fit the buffer.
    pub truncated: u64,
    /// Losses that the kernel reported.
    pub overruns: u64,
    /// Datagrams that the kernel dropped, by its counter.
    pub lost: u64,
}

/// The engine.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts about two sockets")]
pub struct Watch {
    /// The tables that are told of, and those with the ones that they need.
    told: Tables,
    followed: Tables,
    only: Option<Only>,
    snapshot: bool,
    audit: Option<Duration>,
    rules: Rules,
    random: Random,
    /// Offset of the grid of audits.
    phase: Duration,
    states: [Option<Box<State>>; Table::ALL.len()],
    counters: Counters,
    buffers: Buffers,
    /// When the driver asked first.
    born: Option<Duration>,
    links: Links,

    /// The event socket was empty when it was read last.
    drained: bool,
    /// When it was read before, and when it was known to have lost nothing.
    last_read: Duration,
    last_count: Duration,
    /// The drop counter was read; where it stood.
    counted: bool,
    drops: Option<u64>,
    loss: Option<Loss>,
    losses: Backoff,
    /// When dumps may begin again after the last loss, and whether one has begun since.
    resync: Duration,
    tried: bool,
    departed: Departed,
    twins: Twins,

    round: Option<Round>,
    number: u16,
    sequence: u32,
    reopen: bool,
    reread: Rereads,
    /// In sync, and not told yet.
    fresh: Tables,
    /// In sync as far as one can tell.
    unsure: Tables,
}

impl Watch {
    /// An engine that has seen nothing yet. The driver opens the event socket, joins [`Watch::groups`], opens the dump
    /// socket, and then does what [`Watch::want`] says.
    pub fn new(options: Options) -> Self {
        let told = options.tables;
        let mut followed = told;
        for table in told.iter() {
            followed = needs(table).iter().fold(followed, |followed, &table| followed.with(table));
        }
        let only = Some(options.interfaces).filter(|names| (1..=only::NAMES_MAX).contains(&names.len())).map(Only::new);
        if only.is_some() {
            followed = followed.with(Table::Links);
        }
        let state = |table: Table| Some(Box::new(State::new(table, options.seed))).filter(|_| followed.contains(table));
        let mut random = Random(options.seed);
        let phase = random.jitter(conclude::GRID);
        Self {
            told,
            followed,
            only,
            snapshot: options.snapshot,
            audit: options.audit,
            rules: options.rules,
            random,
            phase,
            states: Table::ALL.map(state),
            counters: Counters::default(),
            buffers: Buffers::default(),
            born: None,
            links: Links::default(),
            drained: false,
            last_read: Duration::ZERO,
            last_count: Duration::ZERO,
            counted: false,
            drops: None,
            loss: None,
            losses: Backoff::default(),
            departed: Departed::default(),
            twins: Twins::default(),
            resync: Duration::ZERO,
            tried: true,
            round: None,
            number: 0,
            sequence: 0,
            reopen: false,
            reread: Rereads::default(),
            fresh: Tables::NONE,
            unsure: Tables::NONE,
        }
    }

    /// The groups that the event socket must have joined before the first [`Watch::want`]: those of the tables, and
    /// those of other tables whose events have consequences in them. A kernel may not have all of them.
    pub fn groups(&self) -> Vec<u32> {
        consequence::groups(self.followed)
    }

    /// What a message of this type and address family is to the engine: for a filter on the event socket, which has to
    /// let everything else than [`Hearing::Nothing`] in.
    pub fn hears(&self, type_number: u16, family: u8) -> Hearing {
        use sockeye_wire::rtnetlink::{RTM_DELQDISC, RTM_NEWLINK, RTM_NEWLINKPROP, RTM_NEWQDISC};
        let is_link = matches!(type_number & !3, RTM_NEWLINK | RTM_NEWLINKPROP);
        let names_qdisc = matches!(type_number, RTM_NEWQDISC | RTM_DELQDISC) && self.followed.contains(Table::Links);
        if is_link
            || names_qdisc
            || !consequence::of_message(type_number, family).intersection(self.followed).is_empty()
        {
            return Hearing::Consequences;
        }
        match Table::of_message(type_number, family) {
            Some((table, _)) if self.followed.contains(table) => Hearing::Records,
            _ => Hearing::Nothing,
        }
    }

    /// Takes what the event socket gave.
    pub fn event(&mut self, received: Received<'_>, now: Duration, sink: &mut Sink<'_>) {
        match received {
            Received::Datagram(datagram) => self.datagram(&datagram, now, sink),
            Received::Overrun => {
                self.counters.overruns += 1;
                self.lose(Reason::Overrun, now);
                if !self.rules.drain_before_dump {
                    self.drained = true;
                    self.drops(None, now, sink);
                }
            }
            Received::Empty => {
                self.drained = true;
                if self.round.as_ref().is_some_and(|round| round.stage == Stage::Hold) {
                    self.release(now, sink);
                }
                if self.reread.current.is_some() {
                    self.reread_release(now, sink);
                }
                if !self.fresh.is_empty() {
                    self.announce(now, sink);
                }
            }
        }
        self.last_read = now;
    }

    /// The driver itself lost events between the socket and the engine: as if the kernel had dropped them.
    pub fn lost(&mut self, now: Duration) {
        self.lose(Reason::Driver, now);
    }

    /// Takes what the dump socket gave.
    pub fn answer(&mut self, received: Received<'_>, now: Duration, sink: &mut Sink<'_>) {
        if self.reread.is_receiving() {
            match received {
                Received::Datagram(datagram) => {
                    self.reread_answer(&datagram, now);
                    self.drained = false;
                }
                Received::Overrun => {
                    self.reread.current = None;
                    self.consequences(Tables::one(Table::Links), now);
                }
                Received::Empty => {}
            }
            return;
        }
        let Some(round) = self.round.as_mut().filter(|round| round.stage == Stage::Receive) else { return };
        match received {
            Received::Datagram(datagram) => {
                round.hold(&datagram);
                if self.rules.drain_before_concluding {
                    self.drained = false;
                } else {
                    self.release(now, sink);
                }
            }
            Received::Overrun => {
                // What was lost may be its end: nobody waits for it.
                if let Some(round) = self.abandon() {
                    self.fail(&round, Reason::DumpTruncated, now, sink);
                }
            }
            Received::Empty => {}
        }
    }

    /// The mirror of a table; `None` if it is not followed.
    pub fn mirror(&self, table: Table) -> Option<&Mirror> {
        self.states[table as usize].as_ref().map(|state| &state.mirror)
    }

    /// The tables that equal the kernel's as far as its messages tell: no gap is open, and no consequence awaited.
    pub fn synced(&self) -> Tables {
        if self.loss.is_some() {
            return Tables::NONE;
        }
        let is_synced = |state: &State| state.phase == Phase::Synced && state.refresh.is_none();
        let synced = |&table: &Table| self.states[table as usize].as_ref().is_some_and(|state| is_synced(state));
        self.told.iter().filter(synced).collect()
    }

    /// The tables with a gap that is not repaired yet, told or about to be.
    pub fn gaps(&self) -> Tables {
        let has_gap = |state: &State| state.phase == Phase::Gap || state.gap_told;
        let gap = |&table: &Table| self.states[table as usize].as_ref().is_some_and(|state| has_gap(state));
        self.told.iter().filter(gap).collect()
    }

    /// The tables that this kernel does not have, or does not give to us.
    pub fn unsupported(&self) -> Tables {
        let state = |table: Table| self.states[table as usize].as_ref();
        self.told.iter().filter(|&table| state(table).is_some_and(|state| state.phase == Phase::Unsupported)).collect()
    }

    /// What the event socket gave so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }
}
