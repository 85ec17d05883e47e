//! Exit status: a contract, documented in the manual page.

use std::process::{ExitCode, Termination};

use sockeye_state::{Answer, Missing, Verdict};

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// 0: the kernel's answer is all there.
    Whole,
    /// 1: it failed.
    Failed,
    /// 2: the command line is wrong.
    Usage,
    /// 3: shown, but something that was asked for by name could not be had, or a dump was cut.
    Incomplete,
    /// 4: something is wrong, where that was asked for as a status.
    Found,
}

impl Status {
    /// The status that a verdict deserves.
    pub(crate) fn of(verdict: &Verdict) -> Self {
        match verdict.answer {
            Answer::Failed => Self::Failed,
            Answer::Cut => Self::Incomplete,
            Answer::Whole if verdict.missing.iter().any(is_asked_for) => Self::Incomplete,
            Answer::Whole => Self::Whole,
        }
    }

    /// The status with this number; what has none failed.
    pub(crate) const fn of_number(number: u8) -> Self {
        match number {
            0 => Self::Whole,
            2 => Self::Usage,
            3 => Self::Incomplete,
            4 => Self::Found,
            _ => Self::Failed,
        }
    }

    /// The number.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Whole => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Incomplete => 3,
            Self::Found => 4,
        }
    }
}

/// Whether what is missing was asked for by name; what only a default would show is a note.
fn is_asked_for(missing: &Missing) -> bool {
    match missing {
        Missing::Table { named, .. } | Missing::Capability { named, .. } | Missing::Other { named, .. } => *named,
        // Rows were asked for; and the filter asked for a field that some rows would need a privilege to tell.
        Missing::Dump { .. } | Missing::Undecided { .. } => true,
        _ => false,
    }
}

impl Termination for Status {
    fn report(self) -> ExitCode {
        ExitCode::from(self.number())
    }
}
