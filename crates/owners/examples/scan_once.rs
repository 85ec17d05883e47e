//! One scan of all processes for the owners of sockets, and how long it took.
//!
//! `cargo run --release -p sockeye-owners --example scan_once [bpf|proc [THREADS]]` prints how many there are, and the
//! microseconds from the first question to the last answer: with `bpf` the program is put together, loaded and verified in
//! them.

use std::{env, error::Error, num::NonZero, time::Instant};

use sockeye_owners::{ScanOptions, SourceChoice, scan};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let source = match arguments.next().as_deref() {
        None => SourceChoice::Automatic,
        Some("bpf") => SourceChoice::Bpf,
        Some("proc") => SourceChoice::Proc,
        Some(other) => return Err(format!("{other:?} is no source: bpf or proc").into()),
    };
    let threads = arguments.next().map(|threads| threads.parse::<NonZero<usize>>()).transpose()?;
    let begin = Instant::now();
    let found = scan(&ScanOptions { source, threads, ..ScanOptions::default() })?;
    let took = begin.elapsed();
    println!("{} {}", found.owners.len(), took.as_micros());
    if !found.visibility.is_whole() {
        eprintln!("owners may be missing: {}", found.visibility);
    }
    Ok(())
}
