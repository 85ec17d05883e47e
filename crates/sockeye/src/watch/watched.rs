//! A namespace that is followed: its watcher, and what its records do not say.

use std::time::SystemTime;

use anyhow::Result;
use sockeye_conn::{Namespace, Watcher};
use sockeye_state::rtnetlink::Tables;
use sockeye_state::watch::Options as EngineOptions;
use sockeye_wire::rtnetlink::Table;

use super::lookout::{Follow, Holder};
use super::place::Place;
use super::report::Event;
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
    pub(super) holder: Holder,
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
        let holder = Holder::of(namespace.as_ref());
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
}

impl Follow for Stream<'_> {
    type One = Watched;

    fn namespace(one: &Watched) -> Option<&Namespace> {
        one.watcher.namespace()
    }

    fn holder(one: &mut Watched) -> &mut Holder {
        &mut one.holder
    }

    fn begin(&mut self, namespace: Namespace) -> Result<Watched, sockeye_conn::Error> {
        Watched::open(Some(namespace), self)
    }

    fn end(&mut self, one: &mut Watched) -> Result<()> {
        one.advance(self)?;
        self.tell(&one.place, Event::Gone { tables: self.subjects.tables() });
        Ok(())
    }
}
