//! A namespace that is followed: its watcher, and what its records do not say.

use std::os::fd::OwnedFd;
use std::time::SystemTime;

use anyhow::Result;
use rustix::event::{PollFd, PollFlags};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use sockeye_conn::{Namespace, Watcher};
use sockeye_state::rtnetlink::Tables;
use sockeye_state::watch::Options as EngineOptions;
use sockeye_wire::rtnetlink::Table;

use super::place::Place;
use super::stream::Stream;
use crate::sockets::run::label;
use crate::sockets::system::Interfaces;

/// A namespace that is followed.
pub(super) struct Watched {
    pub(super) place: Place,
    pub(super) watcher: Watcher,
    /// The clock's time when the engine's began.
    began: SystemTime,
    tables: Tables,
    /// A process that it is known by, where nothing else would tell of its end.
    holder: Option<OwnedFd>,
}

impl Watched {
    pub(super) fn open(namespace: Option<Namespace>, stream: &Stream<'_>) -> Result<Self, sockeye_conn::Error> {
        let options = stream.options;
        let label = label(namespace.as_ref()).unwrap_or_default();
        let place = Place::new(label, Interfaces::opened(namespace.as_ref()));
        // Links say the names of interfaces for all other tables.
        let tables = stream.tables().with(Table::Links);
        let mut engine = EngineOptions::new(tables);
        engine.snapshot = true;
        engine.audit = options.audit;
        engine.interfaces = stream.interfaces();
        let holder = namespace.as_ref().and_then(holder);
        let watcher = Watcher::with_receive_buffer(namespace, engine, options.receive_buffer)?;
        Ok(Self { place, watcher, began: SystemTime::now(), tables, holder })
    }

    pub(super) fn advance(&mut self, stream: &mut Stream<'_>) -> Result<()> {
        let (place, began) = (&self.place, self.began);
        self.watcher.advance(&mut |output| stream.take(place, began, &output))?;
        Ok(())
    }

    /// Whether every table that this kernel has is in sync.
    pub(super) fn is_synced(&self, unsupported: Tables) -> bool {
        let synced = self.watcher.engine().synced();
        self.tables.iter().all(|table| synced.contains(table) || unsupported.contains(table))
    }

    /// The process by which it is known, to be polled for its end.
    pub(super) fn holder(&self) -> Option<PollFd<'_>> {
        self.holder.as_ref().map(|holder| PollFd::new(holder, PollFlags::IN))
    }

    /// A process has ended: until it is known which, none is waited for.
    pub(super) fn forget_holder(&mut self) {
        self.holder = None;
    }

    /// What it is known by is seen to be this, or nothing that could be waited for.
    pub(super) fn known_by(&mut self, same: Option<&Namespace>) {
        self.holder = same.and_then(holder);
    }
}

/// A process of a namespace that has no mount, which would tell of its end.
fn holder(namespace: &Namespace) -> Option<OwnedFd> {
    let pid = namespace.pids().first().filter(|_| namespace.paths().is_empty() && !namespace.is_own())?;
    // Without it, a look now and then finds that it has ended.
    pidfd_open(Pid::from_raw(i32::try_from(*pid).ok()?)?, PidfdFlags::empty()).ok()
}
