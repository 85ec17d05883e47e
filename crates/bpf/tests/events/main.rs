//! Events of sockets on the real kernel, each test in a network namespace of its own.

#![forbid(unsafe_code)]

mod firewall;
mod inner;
mod loss;
mod missing;
mod nested;
mod states;
mod support;
mod trouble;
