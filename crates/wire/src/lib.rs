//! Bytes of Linux Netlink, read as typed views.
//!
//! What it is: message framing, attributes, acknowledgements, the structures and attributes of `sock_diag`, and the
//! tables that describe each of them ([`Space`], [`Layout`]). A view borrows the receive buffer; reading costs no allocation.
//!
//! What it is not: it opens no socket, reads no clock, keeps no state and contains no unsafe code. It never panics on
//! any input: what a kernel did not send is `None`, what is malformed is a [`WireError`] beside the rest of the record.
//!
//! ```
//! use sockeye_wire::{Messages, Kind};
//!
//! // A lone NLMSG_DONE with status 0, as it ends every dump.
//! let mut datagram = Vec::new();
//! datagram.extend_from_slice(&20u32.to_ne_bytes());
//! datagram.extend_from_slice(&3u16.to_ne_bytes());
//! datagram.extend_from_slice(&[0; 14]);
//! let message = Messages::new(&datagram).next().unwrap().unwrap();
//! assert_eq!(message.kind(), Kind::Done);
//! ```
#![forbid(unsafe_code)]

pub mod attribute;
mod bytes;
mod error;
mod extack;
pub mod layout;
pub mod message;
pub mod request;
pub mod rtnetlink;
mod scalar;
pub mod sock_diag;
mod space;

pub use attribute::{Attribute, Attributes};
pub use error::WireError;
pub use extack::{Done, ExtendedAck, KernelError};
pub use layout::{Field, Holds, Layout, Meaning, Name, Number, Version};
pub use message::{Kind, Message, Messages};
pub use request::Request;
pub use scalar::Scalar;
pub use space::{Ask, AttributeRow, Choice, Counted, Payload, Privilege, SLOTS, Selector, Slots, Space, text};
