//! rtnetlink: the fields of its tables, made from the tables of `sockeye_wire`.

mod change;
mod flat;
mod flat_fields;
mod index;
mod interfaces;
mod names;
mod place;
mod registry;
mod row;
mod wanted;

pub(crate) use flat::Hops;
pub(crate) use place::Placed;

pub use change::{Change, ChangeKind, change_catalog};
pub use interfaces::interfaces;
pub use registry::catalog;
pub use row::Row;
pub use wanted::wanted;
