//! Sockets: the tables of sock_diag, their fields, and the plan of a listing.

mod address;
mod asked;
mod automatic;
mod flat;
mod held;
pub mod iproute;
mod kernel;
pub mod live;
mod place;
mod plan;
mod possible;
mod registry;
mod row;
mod several;
mod shape;
mod state;
mod surroundings;
mod table;
mod words;

pub(crate) use address::{context_id, ethertype, netlink_protocol};
pub use asked::Asked;
pub use flat::Flat;
pub use held::Lacks;
pub use kernel::{Abilities, Approximation, approximate};
pub use plan::{Chosen, DumpPlan, Plan, Question, asks};
pub use registry::{catalog, source_flat};
pub use row::SocketRow;
pub(crate) use several::Parts;
pub use shape::{NumberReader, Reader, attribute_of};
pub use surroundings::{Nothing, OwnerPart, Peer, Surroundings};
pub use table::{Table, Tables};
