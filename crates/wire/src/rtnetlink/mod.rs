//! rtnetlink: links, addresses, routes, rules, neighbours, traffic control and their kin.
//!
//! [`Table`] says what tables there are, how each is asked for and which messages tell of it. What a message holds is
//! declared in one file a noun (`link.rs`, `route.rs`, …), as [`Space`](crate::Space) tables that everything else is
//! made of: fields, columns, JSON, filters, documentation.

mod dump;
mod number;
mod table;

pub use dump::{ACTION_KINDS, TableDump, Wanted};
pub use number::*;
pub use table::{Table, Verb};
