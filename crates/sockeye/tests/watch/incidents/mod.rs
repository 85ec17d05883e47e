//! `sockeye watch sockets --events`: what goes wrong, made to go wrong.

mod copies;
mod lacking;
mod loss;
mod told;

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;
use sockeye_zoo::Skip;
use sockeye_zoo::skip::may_load_programs;

use crate::watching::Watching;

/// A watch of these kinds, where BPF is allowed. No round of dumps but the first.
fn watch(events: &str, more: &[&str]) -> Result<Watching, Skip> {
    may_load_programs()?;
    Ok(Watching::start(&[&["sockets", "-j", "--interval", "1h", "--events", events], more].concat()))
}

/// Gives `nft` rules for what goes out and what comes in.
fn firewall(output: &str, input: &str) -> Result<(), Skip> {
    let lacks = |error: std::io::Error| Skip::new("program:nft", error.to_string());
    let mut nft = Command::new("nft").args(["-f", "-"]).stdin(Stdio::piped()).spawn().map_err(lacks)?;
    let mut rules = nft.stdin.take().expect("piped");
    for (name, rule) in [("output", output), ("input", input)] {
        let chain = format!("chain {name} {{ type filter hook {name} priority 0; {rule}; }}");
        writeln!(rules, "table inet drops {{\n{chain}\n}}").expect("it reads");
    }
    drop(rules);
    assert!(nft.wait().expect("a child of ours").success(), "{output} {input}");
    Ok(())
}

/// Whether it is this event with these ports.
fn is(object: &Value, change: &str, local: u16, peer: u16) -> bool {
    object["change"] == change && object["key"]["local_port"] == local && object["key"]["peer_port"] == peer
}
