//! What the engine knows about the tables of rtnetlink: what makes a record one record, which of its bytes are only
//! counters, how a table is asked for and what its dumps are worth.

mod tables;

pub use tables::Tables;
