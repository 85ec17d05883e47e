//! Network namespaces full of every kind of socket, for tests.
//!
//! A test asks for a fresh namespace and builds in it the sockets it wants to see:
//!
//! ```no_run
//! # // A documentation test has no name that a child process could be started with.
//! sockeye_zoo::in_namespace(|zoo| {
//!     let listener = zoo.tcp_listening()?;
//!     assert_eq!(listener.expected("listener").accept_queue_limit, Some(7));
//!     Ok(())
//! });
//! ```
//!
//! Each constructor is a method of [`Zoo`] and returns a [`Specimen`]: the open sockets, and beside each what the
//! kernel must say of it ([`Expected`]). Values are chosen so that they cannot be right by accident. All of them are
//! listed in [`KINDS`]; the program `zoo` builds them all and runs a command beside them.
//!
//! This is not a mock: every socket is real, and what one kernel cannot make is an [`Unavailable`] with its errno,
//! which becomes a loud [`Skip`].

#![deny(unsafe_code)]

mod address;
mod associated;
mod bpf;
mod control_group;
mod crowd;
mod distance;
mod expected;
mod fill;
mod generic_netlink;
mod kinds;
mod mptcp;
mod mptcp_endpoint;
mod mptcp_paths;
mod multicast_route;
mod namespace;
mod netlink;
pub mod own_way;
mod owners;
mod packet;
mod patience;
mod rare;
mod said;
mod sctp;
mod sctp_trouble;
mod serial_can;
pub mod skip;
mod smc_rdma;
mod specimen;
#[allow(unsafe_code)] // The one file with system calls that std and rustix do not have.
mod sys;
mod tcp;
mod tcp_congestion;
mod tcp_options;
mod tcp_states;
mod tcp_trouble;
mod tcp_wire;
mod tipc;
mod tls;
mod udp;
mod unix;
mod wire;
mod xdp;
mod xdp_traffic;
mod zoo;

pub use bpf::pin_program;
pub use control_group::Resident;
pub use crowd::UdpWish;
pub use expected::{Expected, Md5Key, Membership, NetlinkExpected, Owner, PacketExpected, Ring, Says, Unread, state};
pub use fill::fill;
pub use kinds::{Constructor, KINDS, PROVOKED};
pub use multicast_route::MulticastRouter;
pub use namespace::{enter, in_namespace, test_here};
pub use patience::{SLOWNESS_VARIABLE, patience, slowness};
pub use serial_can::SerialCan;
pub use skip::Skip;
pub use specimen::Specimen;
pub use tcp_trouble::TROUBLES;
pub use wire::{LongWire, WireEnd};
pub use zoo::{Unavailable, Zoo};
