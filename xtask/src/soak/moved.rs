//! Whether every table moved, and was there to be compared: of two sides that are empty nothing is known but that.

use super::optional::{Kind, Lacking};
use super::report::Outcome;
use super::tables::TABLES;
use crate::bench::report::aligned;

/// What a program told of a table, and what it was held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Moved {
    /// Changes that were told.
    told: u64,
    /// Records that were compared in the end; `None`: the kernel cannot list them.
    compared: Option<usize>,
}

/// What the kernel does with a table, as the churn found before it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tried {
    /// It has what is churned of it.
    Taken,
    /// It lacks that.
    Refused,
    /// Nothing of it is tried before.
    Unknown,
}

impl Tried {
    fn of(table: &str, lacking: &Lacking) -> Self {
        match Kind::of(table) {
            Some(kind) if lacking.has(kind) => Self::Taken,
            Some(_) => Self::Refused,
            None => Self::Unknown,
        }
    }
}

impl Moved {
    /// That of a program which is held against tables.
    fn of(outcome: &Outcome<'_>, table: &str) -> Option<Self> {
        let compared = outcome.agreement.tables.as_ref()?.get(table).copied();
        let told = outcome.follower.replica().told.get(table).copied().unwrap_or(0);
        Some(Self { told, compared })
    }

    /// Why nothing is proved of the table, where the kernel is no reason for it.
    fn falls_short(self, tried: Tried) -> Option<&'static str> {
        match (self, tried) {
            (Self { compared: None, .. }, Tried::Taken) => Some("cannot be listed, and this kernel has it"),
            // What cannot be changed may be empty, and stay so.
            (Self { compared: None, .. }, _) | (_, Tried::Refused) => None,
            (Self { told: 0, compared: Some(0) }, _) => Some("has not moved, and nothing was there to be compared"),
            (Self { told: 0, .. }, _) => Some("has not moved: no change of it was told"),
            (Self { compared: Some(0), .. }, _) => Some("had no record in the end to be compared"),
            _ => None,
        }
    }
}

/// The tables of which a program has proved nothing, a sentence each.
pub(super) fn complaints(outcome: &Outcome<'_>, lacking: &Lacking) -> Vec<String> {
    let complaint = |table: &&str| {
        let why = Moved::of(outcome, table)?.falls_short(Tried::of(table, lacking))?;
        Some(format!("{}: {table} {why}", outcome.follower.name))
    };
    TABLES.iter().filter_map(complaint).collect()
}

/// A table of the tables, with what each of these programs told and was held against.
pub(super) fn table(outcomes: &[Outcome<'_>], lacking: &Lacking) -> String {
    let heading = ["program", "table", "changes told", "records compared in the end"].map(str::to_owned);
    let line = |outcome: &Outcome<'_>, table: &str| {
        let moved = Moved::of(outcome, table)?;
        let tried = Tried::of(table, lacking);
        let compared = match (moved.compared, moved.falls_short(tried)) {
            (_, Some(why)) => format!("**{why}**"),
            (None, None) => "this kernel cannot list it".to_owned(),
            (Some(compared), None) if tried == Tried::Refused => format!("{compared}; this kernel takes no changes"),
            (Some(compared), None) => compared.to_string(),
        };
        Some([outcome.follower.name.to_owned(), table.to_owned(), moved.told.to_string(), compared])
    };
    let lines = outcomes.iter().flat_map(|outcome| TABLES.iter().filter_map(move |table| line(outcome, table)));
    aligned(&std::iter::once(heading).chain(lines).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(told: u64, compared: Option<usize>, tried: Tried) -> Option<&'static str> {
        Moved { told, compared }.falls_short(tried)
    }

    #[test]
    fn a_table_that_stood_still_or_is_empty_on_both_sides_proves_nothing() {
        assert_eq!(of(7, Some(3), Tried::Unknown), None);
        assert_eq!(of(7, Some(3), Tried::Taken), None);
        let is_short = |told, compared, word: &str| {
            let tried = [Tried::Unknown, Tried::Taken].map(|tried| of(told, Some(compared), tried));
            assert!(tried.iter().all(|why| why.is_some_and(|why| why.contains(word))), "{tried:?}");
        };
        is_short(0, 0, "nothing was there");
        is_short(0, 3, "has not moved");
        is_short(7, 0, "no record");
    }

    #[test]
    fn what_the_kernel_cannot_do_is_told_from_what_did_not_move() {
        assert_eq!(of(0, None, Tried::Unknown), None, "it has no such table");
        assert_eq!(of(0, None, Tried::Refused), None);
        assert_eq!(of(0, Some(0), Tried::Refused), None, "it takes no changes");
        assert!(of(0, None, Tried::Taken).is_some(), "it takes changes, and should list them");
    }

    #[test]
    fn what_is_tried_is_of_tables_that_are_followed() {
        let mut lacking = Lacking::default();
        assert_eq!(Tried::of("mdb", &lacking), Tried::Taken);
        lacking.add(Kind::Mdb, "Operation not supported".to_owned());
        assert_eq!(Tried::of("mdb", &lacking), Tried::Refused);
        assert_eq!(Tried::of("links", &lacking), Tried::Unknown);
        for kind in Kind::ALL {
            assert!(TABLES.contains(&kind.table()), "{} is of no table", kind.table());
        }
    }
}
