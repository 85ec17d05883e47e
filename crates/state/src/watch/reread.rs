//! Links of which an event told only a part: each is asked for by its index.

use core::time::Duration;
use std::collections::BTreeSet;

use sockeye_wire::rtnetlink::{RTM_NEWLINK, Table};
use sockeye_wire::{Kind, Message, Messages};

use super::{Sink, Watch};
use crate::received::Datagram;
use crate::rtnetlink::Tables;

/// Links that wait to be read. Past it the whole table is dumped.
const PENDING_MAX: usize = 1024;

/// Links that are to be read again.
#[derive(Debug, Default)]
pub(super) struct Rereads {
    pub(super) pending: BTreeSet<u32>,
    pub(super) current: Option<Reread>,
}

/// The one that is being read.
#[derive(Debug)]
pub(super) struct Reread {
    pub(super) index: u32,
    sequence: u32,
    /// A whole event about it came meanwhile: it is newer than the answer.
    pub(super) touched: bool,
    /// The answer, held back until the event socket is empty.
    answer: Option<Vec<u8>>,
}

impl Rereads {
    /// Whether none waits.
    pub(super) fn is_idle(&self) -> bool {
        self.pending.is_empty() && self.current.is_none()
    }

    /// The answer is awaited.
    pub(super) fn is_receiving(&self) -> bool {
        self.current.as_ref().is_some_and(|current| current.answer.is_none())
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

impl Watch {
    /// An event told only a part of this link.
    pub(super) fn reread(&mut self, index: u32, now: Duration) {
        if self.states[Table::Links as usize].is_none() {
            return;
        }
        self.reread.pending.insert(index);
        if self.reread.pending.len() > PENDING_MAX {
            self.reread.pending.clear();
            self.consequences(Tables::one(Table::Links), now);
        }
    }

    /// The question for the next link.
    pub(super) fn reread_next(&mut self) -> Option<sockeye_wire::Request> {
        let index = self.reread.pending.pop_first()?;
        self.sequence = self.sequence.wrapping_add(1).max(1);
        self.reread.current = Some(Reread { index, sequence: self.sequence, touched: false, answer: None });
        Some(crate::rtnetlink::link(index).sequence(self.sequence))
    }

    /// The answer: held back until the event socket is empty.
    pub(super) fn reread_answer(&mut self, datagram: &Datagram<'_>, now: Duration) {
        let Some(current) = &mut self.reread.current else { return };
        if datagram.sender != 0 {
            return;
        }
        if datagram.truncated {
            self.reread.current = None;
            return self.consequences(Tables::one(Table::Links), now);
        }
        let is_ours = |message: &Message<'_>| message.sequence() == current.sequence;
        let Some(message) = Messages::new(datagram.bytes).map_while(Result::ok).find(is_ours) else { return };
        if message.kind() == Kind::Data(RTM_NEWLINK) {
            current.answer = Some(datagram.bytes.to_vec());
        } else {
            // It is gone: an event says so, if it has not already.
            self.reread.current = None;
        }
    }

    /// The event socket is empty: the answer is older than no event.
    pub(super) fn reread_release(&mut self, now: Duration, sink: &mut Sink<'_>) {
        if self.reread.is_receiving() {
            return;
        }
        let Some(Reread { sequence, touched: false, answer: Some(answer), .. }) = self.reread.current.take() else {
            return;
        };
        let ours = Messages::new(&answer).map_while(Result::ok).find(|message| message.sequence() == sequence);
        if let Some(message) = ours {
            // Whose change it was, an answer does not say: its port is that of who asked.
            self.apply(Table::Links, false, &message, 0, now, sink);
        }
        self.announce(now, sink);
    }
}
