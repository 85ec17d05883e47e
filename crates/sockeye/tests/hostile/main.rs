//! Bytes that no kernel would send: cut, damaged, built at random.
//!
//! Unsafe code stands in one place, the counting allocator, which only a test binary has.

mod allocator;
#[path = "../captures/build.rs"]
mod build;
mod corpus;
mod output;
mod reading;
mod round_trip;
mod texts;

#[global_allocator]
static ALLOCATOR: allocator::Counting = allocator::Counting;
