//! rtnetlink: the fields of its tables, made from the tables of `sockeye_wire`.

mod flat;
mod names;
mod place;
mod registry;
mod row;
mod wanted;

pub use registry::catalog;
pub use row::Row;
pub use wanted::wanted;
