//! `sockeye why` on the real kernel: each thing that is wrong is made, and has to be named.

#![forbid(unsafe_code)]

mod causes;
mod reach;
#[path = "../support/mod.rs"]
#[expect(dead_code, reason = "listings are for other tests")]
mod support;
