//! The sockeye tool.
fn main() {}
