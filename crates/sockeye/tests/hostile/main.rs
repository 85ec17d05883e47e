//! Bytes that no kernel would send: cut, damaged, built at random.
//!
//! What they are made of, and the ways to damage them, are those of `cargo xtask fuzz`, which does more of the same for as
//! long as one likes.

#[path = "../captures/build.rs"]
mod build;
mod files;
mod output;
mod reading;
mod round_trip;
mod texts;

#[global_allocator]
static ALLOCATOR: sockeye_fuzz::allocator::Counting = sockeye_fuzz::allocator::Counting;
