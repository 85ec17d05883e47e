//! A live copy of the kernel's tables, without gaps: the engine of `sockeye watch`.
//!
//! What it is: one network namespace, one event socket, a set of tables. It is told what the two sockets gave and what
//! time it is, and says what to do next ([`Want`]) and what it found out ([`Output`]).
//!
//! What it is not: it has no socket, no clock and no thread.

mod output;

pub use output::{Change, Gap, Origin, Output, Reason, Synced, Verb, Want};

use core::time::Duration;

use sockeye_wire::rtnetlink::Table;

use crate::mirror::Mirror;
use crate::received::Received;
use crate::rtnetlink::Tables;

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
    /// Seed of the jitter and of the index.
    pub seed: u64,
}

impl Options {
    /// Follows these tables.
    pub fn new(tables: Tables) -> Self {
        Self { tables, snapshot: false, audit: None, seed: 0 }
    }
}

/// Where the engine's outputs go.
pub type Sink<'s> = dyn FnMut(Output<'_>) + 's;

/// The engine.
#[derive(Debug)]
pub struct Watch {}

impl Watch {
    /// An engine that has seen nothing yet. The driver opens the event socket, joins [`Watch::groups`], opens the dump
    /// socket, and then does what [`Watch::want`] says.
    pub fn new(_options: Options) -> Self {
        Self {}
    }

    /// The groups that the event socket must have joined before the first [`Watch::want`]: those of the tables, and
    /// those of other tables whose events have consequences in them.
    pub fn groups(&self) -> Vec<u32> {
        Vec::new()
    }

    /// What to do next. Each [`Want::Send`] and [`Want::Reopen`] is said once.
    pub fn want(&mut self, _now: Duration) -> Want {
        Want::Wait { until: None }
    }

    /// Takes what the event socket gave.
    pub fn event(&mut self, _received: Received<'_>, _now: Duration, _sink: &mut Sink<'_>) {}

    /// Takes what the dump socket gave.
    pub fn answer(&mut self, _received: Received<'_>, _now: Duration, _sink: &mut Sink<'_>) {}

    /// Takes the drop counter of the event socket; `None` where it cannot be read.
    pub fn drops(&mut self, _total: Option<u64>, _now: Duration, _sink: &mut Sink<'_>) {}

    /// The mirror of a table; `None` if it is not followed.
    pub fn mirror(&self, _table: Table) -> Option<&Mirror> {
        None
    }

    /// The tables that equal the kernel's, as far as its messages tell.
    pub fn synced(&self) -> Tables {
        Tables::NONE
    }
}
