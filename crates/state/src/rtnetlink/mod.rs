//! What the engine knows about the tables of rtnetlink: what makes a record one record, which of its bytes are only
//! counters, how a table is asked for and what its dumps are worth.
//!
//! A record is the payload of one message: the family's fixed structure and the attributes behind it.

mod class;
pub(crate) mod consequence;
mod dumps;
mod interface;
mod key;
mod lifetime;
pub(crate) mod netconf;
mod number;
mod records;
pub(crate) mod route;
mod tables;
mod volatile;

pub use class::{Class, Cursor, class};
pub(crate) use class::{destination, is_counted_route};
pub use dumps::{Part, dumps, needs};
pub(crate) use dumps::{is_unsupported, link};
pub use interface::{BY_INTERFACE, interface};
pub use key::write as write_key;
pub use lifetime::lifetimes_differ;
pub use records::each as each_record;
pub(crate) use records::is_flush;
pub use tables::Tables;
pub(crate) use volatile::is_silent;
pub use volatile::{Source, same};
