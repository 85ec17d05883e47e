//! Hostile bytes: structure-aware mutation of everything in sockeye that reads what others wrote.
//!
//! What it is: a [`Target`] for each decoder, engine and parser, each with inputs made of what kernels sent and people
//! typed; and a harness that feeds them on all cores. An input must not make its reader panic, hang, end the process,
//! or hold more than four times its own bytes and 64 KiB, but for what ARCHITECTURE.md ("Hostile bytes") allows. Whatever does is kept as a file that can be fed again.
//!
//! What it is not: guided by coverage. The seeds reach everything that is declared, since the tables of declarations are
//! what they are made of.
//!
//! `cargo xtask fuzz --for 60s` runs it; the tests of the `hostile` kind share its corpus and its ways to do damage.

#![deny(unsafe_code)]

#[expect(unsafe_code, reason = "an allocator cannot be had without")]
pub mod allocator;
mod built;
pub mod captures;
mod child;
pub mod damage;
pub mod document;
mod finding;
pub mod mutate;
pub mod random;
mod report;
mod run;
mod script;
mod seeds;
mod supervisor;
pub mod target;
pub mod targets;
pub mod texts;
mod words;

pub use random::Random;
pub use run::run;
pub use target::{Entry, Target};
