//! Records of programs, one after the other, as events.

use super::nested::Told;
use super::record::{Decoder, Record};
use super::{Event, EventKind};
use crate::btf::Btf;

/// Reads the records that programs wrote into a ring: of each event that is told twice the first.
pub struct Records {
    decoder: Decoder,
    told: Told,
}

impl Records {
    /// For the records of a kernel with these types.
    pub fn new(btf: &Btf) -> Self {
        Self { decoder: Decoder::new(btf), told: Told::new() }
    }

    /// The event of a record; `None` where it was told before, and of bytes that are no record.
    pub fn event<'r>(&'r mut self, bytes: &'r [u8]) -> Option<Event<'r>> {
        self.take(bytes).map(|(_, event)| event)
    }

    /// The same with its kind.
    pub(super) fn take<'r>(&'r mut self, bytes: &'r [u8]) -> Option<(EventKind, Event<'r>)> {
        let record = Record::of(bytes).filter(|record| !self.told.is_told(*record))?;
        Some((record.kind()?, self.decoder.event(record)?))
    }

    /// How many records of a kind were two of the same.
    pub(super) fn twice(&self, kind: EventKind) -> u64 {
        self.told.twice(kind)
    }
}

impl std::fmt::Debug for Records {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Records").field("decoder", &self.decoder).finish_non_exhaustive()
    }
}
