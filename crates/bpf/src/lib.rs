//! BPF programs that tell about sockets, made without a compiler for the kernel that runs them.
//!
//! The kernel describes its own types (`/sys/kernel/btf/vmlinux`). From that description this crate takes the places of
//! the members it reads, assembles its programs and loads them: nothing is compiled, and nothing is shipped that was.
//! [`SocketFiles`] says which process holds which socket, and [`SocketEvents`](events::SocketEvents) what happens to sockets while it
//! happens: both in all network namespaces at once.
//!
//! What this is not: a library for BPF. It knows the instructions, maps and ways to attach that its own programs use.
//!
//! It needs CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN, and a kernel with BTF: [`SocketFiles`] from Linux 5.11 on, events from 5.12
//! on, of which errors need 5.15 and drops 5.17 ([`EventKind`](events::EventKind)). Each error says what was lacking ([`Error`]),
//! and nothing depends on it: whoever may not ask here asks `/proc`.
//!
//! ```
//! use sockeye_bpf::{Btf, SocketFiles};
//!
//! let socket = std::net::UdpSocket::bind("127.0.0.1:0")?;
//! match Btf::open().and_then(|types| SocketFiles::load(&types)) {
//!     Ok(files) => {
//!         let mut own = 0;
//!         files.read(None, &mut |file| own += u32::from(file.pid == std::process::id()))?;
//!         assert!(own >= 1);
//!     }
//!     Err(error) => eprintln!("{error}"),
//! }
//! # drop(socket);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![deny(unsafe_code)]

mod assembler;
mod btf;
mod error;
pub mod events;
mod pid_namespace;
mod program;
mod ring;
mod socket_files;
mod socket_storage;
mod sys;

pub use btf::{Btf, Unwritten, ValueLayout};
pub use error::{Cause, Error, Operation, lacking_capability};
pub use socket_files::{SocketFile, SocketFiles};
pub use socket_storage::SocketStorage;

/// The names of types that are found in the one pass over the kernel's; what else is asked for is not there.
pub(crate) const NAMES: &[&[&str]] = &[socket_files::NAMES, events::NAMES];
