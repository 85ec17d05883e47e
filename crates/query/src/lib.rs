//! Fields, filter language and plan of every table that sockeye lists.
//!
//! What it is: the catalog of fields that the kernel's tables make ([`Catalog`]), the filter language over them
//! ([`filter`]), and the decision which part of a question the kernel answers and which part we do.
//!
//! What it is not: it sends nothing and reads nothing; names of hosts, users and interfaces come through [`Names`].
#![forbid(unsafe_code)]

mod catalog;
mod context;
pub mod filter;
mod kinds;
mod names;
pub mod rtnetlink;
mod several;
pub mod sockets;
mod spelling;
mod tree;
mod value;

pub use catalog::{Catalog, FieldId, FieldInfo, FieldKind, Word};
pub use context::Context;
pub use kinds::{KINDS_ROWS, Kinds};
pub use names::Names;
pub use several::Several;
pub use tree::{Entry, Tree};
pub use value::{InterfaceName, Value};
