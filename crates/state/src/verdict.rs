//! What a listing is worth, and what is missing in it.

use crate::conclusion::{Conclusion, Refusal};

/// Whether the kernel's answer is all there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    /// The kernel said "this is all" for every table, and nothing got lost.
    #[default]
    Whole,
    /// Rows were shown, and some are missing.
    Cut,
    /// Nothing could be had.
    Failed,
}

impl Answer {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Cut => "cut",
            Self::Failed => "failed",
        }
    }
}

/// What the kernel guarantees for a table, and what was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Consistency {
    /// The kernel marks dumps of this table that changed meanwhile. `sock_diag` never does.
    pub marked: bool,
    /// A dump was marked as inconsistent.
    pub interrupted: bool,
    /// Rows that came twice and were shown once.
    pub doubled: u64,
    /// How far back a doubled row is recognised, in rows; `None`: over the whole listing.
    pub window: Option<u64>,
    /// Rows that a second look added or removed; `None`: there was no second look.
    pub confirmed: Option<Confirmed>,
}

/// What the second look of `--confirm` found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Confirmed {
    /// Dumps that were compared.
    pub dumps: u32,
    /// Sockets that only one dump had and that an exact question found alive.
    pub found: u64,
    /// Sockets that only one dump had and that are gone.
    pub gone: u64,
    /// The last dump found nothing new: every socket that lived through it is there.
    pub sure: bool,
}

impl Confirmed {
    /// A second look that compared this many dumps.
    pub fn new(dumps: u32, found: u64, gone: u64, sure: bool) -> Self {
        Self { dumps, found, gone, sure }
    }
}

/// Something that should be in the listing and is not.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Missing {
    /// A table that this kernel does not have, or whose module is not loaded.
    Table {
        /// Its name.
        table: String,
        /// What the kernel said.
        refusal: Refusal,
        /// It was asked for by name.
        named: bool,
    },
    /// A dump of this table broke off or lost rows.
    Dump {
        /// Its name.
        table: String,
        /// How it ended.
        conclusion: Conclusion,
    },
    /// A capability without which the kernel keeps something back.
    Capability {
        /// `CAP_NET_ADMIN`.
        capability: &'static str,
        /// What it keeps back.
        what: String,
        /// It was asked for by name.
        named: bool,
    },
    /// Rows that the filter could not decide, because the kernel did not give a field.
    Undecided {
        /// How many rows.
        rows: u64,
        /// The fields.
        fields: Vec<String>,
        /// Why the kernel did not give them.
        reason: String,
    },
    /// Anything else, in one sentence.
    Other {
        /// The sentence.
        sentence: String,
        /// It was asked for by name.
        named: bool,
    },
}

/// The verdict on a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verdict {
    /// Whether the kernel's answer is all there.
    pub answer: Answer,
    /// How far rows can be trusted to be one moment's picture.
    pub consistency: Consistency,
    /// What is missing.
    pub missing: Vec<Missing>,
    /// Sockets in TIME-WAIT that are counted and not listed, where the listing leaves them out.
    pub time_wait: Option<u64>,
    /// Where the owners come from, if they were looked for.
    pub owner_source: Option<&'static str>,
}
