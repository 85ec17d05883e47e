//! Sockets live: what feeds the engine of [`sockeye_state::lives`] on this machine, for whoever shows it.

mod answered;
mod clock;
pub(crate) mod feed;
pub(crate) mod filter;
mod incident;
pub(crate) mod kinds;
pub(crate) mod named;
pub(crate) mod own_addresses;
pub(crate) mod owners;
pub(crate) mod remembered;
pub(crate) mod row;
mod symbols;
pub(crate) mod trace;

pub(crate) use clock::{calendar, now};
