//! The sans-IO engine of sockeye: what is asked of the kernel, what came back, and what the answer is worth.
//!
//! What it is: [`Received`], the only way in; [`Dump`], which follows one dump from request to conclusion and never
//! takes a broken one for a whole one; [`Seen`], which drops rows a dump gave twice; [`Verdict`], what a listing is worth;
//! [`Mirror`], a table kept as the kernel sent it, and [`watch::Watch`], which keeps mirrors exact.
//!
//! What it is not: it opens no file, reads no clock, starts no thread and draws no random numbers. Time is an argument.
#![forbid(unsafe_code)]

pub mod capture;
mod conclusion;
mod dump;
pub mod lives;
mod mirror;
mod received;
pub mod rtnetlink;
mod seen;
mod verdict;
pub mod watch;

pub use conclusion::{Conclusion, Refusal};
pub use dump::{Dump, Step};
pub use mirror::{Mirror, Upsert};
pub use received::{Datagram, Received};
pub use seen::{Seen, WINDOW};
pub use verdict::{Answer, Confirmed, Consistency, Missing, Verdict};
