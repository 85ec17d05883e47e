//! Where a watch writes: blocks on standard output, until nobody reads any more or as much as was wanted is told.

use std::io::{self, Write as _};

use crate::output::sink::BLOCK_LEN;

/// What is to be written, and whether more of it is wanted.
pub(super) struct Out {
    /// What is written next.
    pub(super) bytes: Vec<u8>,
    told: u64,
    limit: Option<u64>,
    open: bool,
    unwritten: Option<io::Error>,
}

impl Out {
    /// For so many changes at most.
    pub(super) fn new(limit: Option<u64>) -> Self {
        Self { bytes: Vec::new(), told: 0, limit, open: true, unwritten: None }
    }

    /// Whether more is wanted.
    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    /// One change more was told.
    pub(super) fn count(&mut self) {
        self.told += 1;
        self.open &= self.limit.is_none_or(|limit| self.told < limit);
    }

    /// Writes what there is once it is a block.
    pub(super) fn flush_block(&mut self) {
        if self.bytes.len() >= BLOCK_LEN {
            self.flush();
        }
    }

    /// Writes what there is. A reader that has gone ends the watch.
    pub(super) fn flush(&mut self) {
        if self.bytes.is_empty() {
            return;
        }
        let mut stdout = io::stdout();
        if let Err(error) = stdout.write_all(&self.bytes).and_then(|()| stdout.flush()) {
            self.open = false;
            self.unwritten = Some(error).filter(|error| error.kind() != io::ErrorKind::BrokenPipe);
        }
        self.bytes.clear();
    }

    /// Why something could not be written, where the reader has not just gone.
    pub(super) fn into_error(self) -> Option<io::Error> {
        self.unwritten
    }
}
