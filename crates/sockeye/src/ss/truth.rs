//! What a listing is worth, said on stderr and in the exit status.

use sockeye_conn::Error;
use sockeye_query::sockets::Table;
use sockeye_state::Conclusion;

use super::selection::{Chosen, Table as Named};
use super::{Called, complain, listing};

/// What went wrong so far.
#[derive(Debug, Default)]
pub(super) struct Truth {
    /// A dump failed, or a file could not be read.
    failed: bool,
    /// A table that was asked for by name is not in this kernel, a dump was cut, or a socket was not closed.
    incomplete: bool,
    /// Tables of which it was said already that the kernel lacks them.
    lacking: Vec<Table>,
}

/// Whether the kernel lacks the table: `ENOENT` (no such module), `EINVAL` (no such protocol), `EOPNOTSUPP`,
/// `EPROTONOSUPPORT`.
pub(super) fn is_lacking(result: Result<&Conclusion, &Error>) -> bool {
    result.is_ok_and(|conclusion| {
        conclusion.messages == 0
            && conclusion.refusal.as_ref().is_some_and(|refusal| matches!(refusal.errno, 2 | 22 | 93 | 95))
    })
}

impl Truth {
    /// How the dump of a table ended.
    pub(super) fn dumped(&mut self, table: Table, result: Result<&Conclusion, &Error>, chosen: Chosen) {
        match result {
            _ if is_lacking(result) => self.lacks(table, chosen),
            Err(error) => self.failed(&format!("cannot list {} sockets: {error}", table.name())),
            Ok(conclusion) if conclusion.is_whole() => {}
            Ok(conclusion) => {
                if let Some(refusal) = &conclusion.refusal {
                    self.failed(&format!("cannot list {} sockets: {refusal}", table.name()));
                } else {
                    self.incomplete = true;
                    complain(&format!("sockets of {} may be missing: the kernel's answer was cut", table.name()));
                }
            }
        }
    }

    /// The kernel lacks a table, which is said once, and only where it was asked for by name.
    pub(super) fn lacks(&mut self, table: Table, chosen: Chosen) {
        let is_by_name = listing::named(table).iter().any(|&table| chosen.is_by_name(table));
        if is_by_name && !self.lacking.contains(&table) {
            self.lacking.push(table);
            self.say_lacking(table.name());
        }
    }

    /// DCCP was asked for by name; no kernel has it any more that sockeye can ask.
    pub(super) fn lacks_dccp(&mut self, chosen: Chosen) {
        if chosen.is_by_name(Named::Dccp) && chosen.has(Named::Dccp) {
            self.say_lacking("dccp");
        }
    }

    fn say_lacking(&mut self, table: &str) {
        self.incomplete = true;
        complain(&format!("this kernel cannot list {table} sockets"));
    }

    /// Something failed, in a sentence.
    pub(super) fn failed(&mut self, sentence: &str) {
        self.failed = true;
        complain(sentence);
    }

    /// Something could not be written, which was said already.
    pub(super) fn is_unwritten(&mut self) {
        self.failed = true;
    }

    /// Sockets were not closed, in a sentence.
    pub(super) fn refused(&mut self, sentence: &str) {
        self.incomplete = true;
        complain(sentence);
    }

    /// Sockets that the filter could not decide about, in a sentence.
    pub(super) fn undecided(&mut self, sentence: &str) {
        self.incomplete = true;
        complain(sentence);
    }

    /// The exit status.
    pub(super) const fn status(&self, called: Called) -> u8 {
        match called {
            Called::Strict if self.failed => 1,
            Called::Strict if self.incomplete => 3,
            _ => 0,
        }
    }
}
