//! The netlink connection: sockets, network namespaces, buffers.
//!
//! What it is: [`Socket`], which sends requests and gives back [`Received`](sockeye_state::Received); [`namespace`],
//! which finds and enters network namespaces. Every system call that needs unsafe code is in one private file, `sys`.
//!
//! What it is not: it does not read messages. Bytes go in, bytes come out.
//!
//! ```
//! use sockeye_conn::{Buffer, Protocol, Socket};
//! use sockeye_state::{Dump, Step};
//!
//! // Every AF_UNIX socket: sdiag_family 1, all states, nothing but the fixed part.
//! let mut question = [0; 24];
//! question[0] = 1;
//! question[4..8].copy_from_slice(&u32::MAX.to_ne_bytes());
//! let request = sockeye_wire::Request::new(20, sockeye_wire::message::NLM_F_DUMP).body(&question);
//!
//! let mut socket = Socket::open(Protocol::SockDiag)?;
//! let mut dump = Dump::new(socket.send(request)?);
//! let mut buffer = Buffer::new();
//! let mut sockets = 0;
//! while dump.handle(socket.receive(&mut buffer)?, |_row| sockets += 1) == Step::Continue {}
//! println!("{sockets} sockets, {:?}", dump.into_conclusion());
//! # Ok::<(), sockeye_conn::Error>(())
//! ```

#![deny(unsafe_code)]

mod buffer;
mod error;
mod event_filter;
mod interface;
pub mod namespace;
mod socket;
mod sys;
mod watcher;

pub use buffer::{BUFFER_LEN, BUFFER_LEN_MAX, Buffer};
pub use error::{Error, Operation};
pub use event_filter::EventFilter;
pub use interface::InterfaceName;
pub use namespace::Namespace;
pub use socket::{Protocol, Socket};
pub use sys::Instruction;
#[cfg(feature = "tokio")]
pub use watcher::AsyncWatcher;
pub use watcher::{Changed, Event, Events, RECEIVE_BUFFER, Watcher};
