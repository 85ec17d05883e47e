//! A namespace that is followed: its watcher, and what its records do not say.

use std::time::SystemTime;

use anyhow::Result;
use sockeye_conn::{Namespace, Watcher};
use sockeye_state::rtnetlink::Tables;
use sockeye_state::watch::Options as EngineOptions;
use sockeye_wire::rtnetlink::Table;

use super::options::Options;
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
}

impl Watched {
    pub(super) fn open(
        namespace: Option<Namespace>,
        options: &Options,
        wanted: Tables,
    ) -> Result<Self, sockeye_conn::Error> {
        let label = label(namespace.as_ref()).unwrap_or_default();
        let place = Place::new(label, Interfaces::of(namespace.as_ref()));
        // Links say the names of interfaces for all other tables.
        let tables = wanted.with(Table::Links);
        let mut engine = EngineOptions::new(tables);
        engine.snapshot = true;
        engine.audit = options.audit;
        let watcher = Watcher::with_receive_buffer(namespace, engine, options.receive_buffer)?;
        Ok(Self { place, watcher, began: SystemTime::now(), tables })
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
}
