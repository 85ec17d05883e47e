//! Who holds a socket: processes, and what their cgroup says of systemd unit, container and pod.
//!
//! sock_diag names a socket's inode, never its holder. The holder is found the other way round: every descriptor of
//! every process, or of each of its threads, is asked what it is, and the answers are joined by inode. [`scan()`] does
//! the asking, through `/proc` in parallel or by a program in the kernel ([`SourceChoice`]), [`Owners`] is the join, [`Visibility`] says what the scan was not allowed to see.
//!
//! What this is not: it opens no netlink socket, follows no changes (a scan is a picture that ages), and does not know
//! network namespaces: a socket crosses namespaces with its holder, so every process is looked at.
//!
//! ```
//! use std::os::{fd::AsRawFd, linux::fs::MetadataExt};
//! use sockeye_owners::{ScanOptions, scan};
//!
//! let socket = std::net::UdpSocket::bind("127.0.0.1:0")?;
//! let inode = std::fs::metadata(format!("/proc/self/fd/{}", socket.as_raw_fd()))?.st_ino();
//!
//! // `pids` keeps the scan to one process; without it every process of this /proc is read.
//! let pids = [std::process::id()];
//! let found = scan(&ScanOptions { pids: Some(&pids), ..ScanOptions::default() })?;
//! for owner in found.owners.of(u32::try_from(inode)?) {
//!     let name = owner.process.comm().unwrap_or(b"?").escape_ascii();
//!     println!("{name} pid={} fd={}", owner.process.pid(), owner.fd);
//! }
//! if !found.visibility.is_whole() {
//!     eprintln!("owners may be missing: {}", found.visibility);
//! }
//! # assert_eq!(found.owners.of(u32::try_from(inode)?).count(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Names from the kernel are bytes, exactly as read: a process may call itself anything, escape codes included.

#![forbid(unsafe_code)]

pub mod cgroup;
pub mod cgroup_ids;
pub mod users;

mod descriptors;
mod error;
mod kernel;
mod mounts;
mod process;
mod procfs;
mod queue;
mod scan;
mod selinux;
mod source;
mod store;
#[doc(hidden)]
pub mod texts;
mod view;
mod visibility;
mod worker;

pub use error::ScanError;
pub use process::{Cgroup, Facts, Process};
pub use scan::{Scan, ScanOptions, scan};
pub use selinux::{selinux_is_enabled, socket_context};
pub use source::{Chosen, Source, SourceChoice, chosen};
pub use store::{Owner, Owners, OwnersOf};
pub use view::ProcessView;
pub use visibility::{Capability, HidePid, Visibility};
