//! The program behind `cargo xtask fuzz`.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: sockeye_fuzz::allocator::Counting = sockeye_fuzz::allocator::Counting;

fn main() -> ExitCode {
    sockeye_fuzz::run(sockeye_fuzz::targets::ALL)
}
