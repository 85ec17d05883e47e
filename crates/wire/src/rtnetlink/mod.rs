//! rtnetlink: links, addresses, routes, rules, neighbours, traffic control and their kin.
//!
//! [`Table`] says what tables there are, how each is asked for and which messages tell of it. What a message holds is
//! declared in one file a noun (`link.rs`, `route.rs`, …), as [`Space`](crate::Space) tables that everything else is
//! made of: fields, columns, JSON, filters, documentation.

pub mod address;
mod dump;
pub mod label;
pub mod link;
pub mod mdb;
pub mod multicast_route;
pub mod namespace;
pub mod neighbour;
pub mod neighbour_table;
pub mod netconf;
pub mod nexthop;
mod number;
pub mod prefix;
pub mod qdisc;
pub mod record;
pub mod route;
pub mod rule;
pub mod statistics;
mod table;
pub mod tc;
pub mod tc_action;
pub mod tc_class;
pub mod tc_filter;
pub mod vlan;

pub use dump::{ACTION_KINDS, Selection, TableDump, Wanted};
pub use number::*;
pub use table::{SPACES, Table, Verb};
