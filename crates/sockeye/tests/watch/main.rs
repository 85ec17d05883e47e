//! `watch` on the real kernel: the program as a child process, and the engine in this process, each in a network
//! namespace of its own.
//!
//! Not here: what the engine does with scripts and with a model of the kernel; the tests of `sockeye_state` know that.

#![forbid(unsafe_code)]
#![allow(clippy::wildcard_imports, reason = "requests to the kernel, each used by many tests")]

mod accounted;
mod asked;
mod churn;
mod driver;
mod ending;
mod facts;
mod following;
mod gaps;
mod holding;
mod hooks;
mod idle;
mod incidents;
mod lifetimes;
mod lines;
mod lives;
mod naive;
mod namespaces;
mod narrow;
mod objects;
mod oracle;
mod prefixes;
mod selection;
mod silent;
mod sockets;
mod storm;
#[path = "../support/mod.rs"]
#[expect(dead_code, reason = "listings are for other tests")]
mod support;
mod twins;
mod unprivileged;
mod watching;
