//! Where one table stands.

use core::time::Duration;

use sockeye_wire::rtnetlink::Table;

use super::backoff::Backoff;
use super::output::Origin;
use crate::mirror::Mirror;

/// How far the mirror can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// It was never in sync.
    Initial,
    /// It was, and may be wrong now.
    Gap,
    /// It equals the kernel's table, but for what follows from others and comes with the next refresh.
    Synced,
    /// The kernel does not have it.
    Unsupported,
}

/// A table that is followed.
#[derive(Debug)]
pub(super) struct State {
    pub(super) mirror: Mirror,
    pub(super) phase: Phase,
    /// When to try next, unless it is synced.
    pub(super) retry: Duration,
    /// When to look for consequences of what was announced.
    pub(super) refresh: Option<Duration>,
    /// When the last of them was announced.
    pub(super) announced: Duration,
    /// When to audit.
    pub(super) audit: Duration,
    /// When a dump was concluded last, and began.
    pub(super) last_audit: Option<Duration>,
    /// How long the last round took, and when it ended: the next one leaves the machine some time.
    pub(super) took: Duration,
    pub(super) ended: Duration,
    pub(super) backoff: Backoff,
    /// A gap for failing dumps was told of.
    pub(super) gap_told: bool,
    /// Rows of the last two rounds that nobody knew: none means that even unsettled dumps agree.
    pub(super) found: [u64; 2],
    /// Unsettled rounds in a row.
    pub(super) unsettled: u32,
    /// Families that the kernel does not have.
    pub(super) absent: Vec<u8>,
}

impl State {
    pub(super) fn new(table: Table, seed: u64) -> Self {
        Self {
            mirror: Mirror::new(table, seed),
            phase: Phase::Initial,
            retry: Duration::ZERO,
            refresh: None,
            announced: Duration::ZERO,
            audit: Duration::ZERO,
            last_audit: None,
            took: Duration::ZERO,
            ended: Duration::ZERO,
            backoff: Backoff::default(),
            gap_told: false,
            found: [u64::MAX; 2],
            unsettled: 0,
            absent: Vec::new(),
        }
    }

    /// What the next dump is for, and when it is due.
    pub(super) fn due(&self) -> (Origin, Duration) {
        match (self.phase, self.refresh) {
            (Phase::Initial, _) => (Origin::Snapshot, self.retry),
            (Phase::Gap, _) => (Origin::Resync, self.retry),
            // An audit that is due before waits for it: what follows from something that was told is no drift.
            (Phase::Synced, Some(refresh)) => (Origin::Consequence, refresh.max(self.retry)),
            (Phase::Synced, None) => (Origin::Audit, self.audit.max(self.retry)),
            (Phase::Unsupported, _) => (Origin::Snapshot, self.audit),
        }
    }

    /// Whether it waits to be in sync.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Initial | Phase::Gap)
    }
}
