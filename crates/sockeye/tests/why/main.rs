//! `sockeye why` on the real kernel: each thing that is wrong is made, and has to be named.

#![forbid(unsafe_code)]

mod bound;
mod causes;
#[path = "../causes/connection.rs"]
#[expect(dead_code, reason = "most of what programs do with them is for the tests of the judgement itself")]
mod connection;
mod deferring;
mod evidence;
mod filtered;
mod heard;
mod led;
#[path = "../support/looking.rs"]
mod looking;
mod machine;
mod meanwhile;
#[path = "../causes/place.rs"]
#[expect(dead_code, reason = "most ways are for the tests of the judgement itself")]
mod place;
mod reach;
mod sourced;
#[path = "../support/mod.rs"]
#[expect(dead_code, reason = "listings are for other tests")]
mod support;
mod unanswered;
