//! The world that is looked at: scripts of `ip`, `bridge` and `tc`, a command a line.
//!
//! `[KEY] COMMAND` may be refused by a kernel that lacks the thing; the key stands in `tests/allowed-skips.txt`, and
//! once it was refused, further lines with the key are passed over. Any other command must succeed.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::net::UdpSocket;
use std::process::Command;

use sockeye_zoo::{Skip, skip};

/// Links of every kind.
pub(crate) const LINKS: &str = include_str!("world/links.txt");
/// Addresses on them.
pub(crate) const ADDRESSES: &str = include_str!("world/addresses.txt");
/// Routes over them.
pub(crate) const ROUTES: &str = include_str!("world/routes.txt");
/// Rules.
pub(crate) const RULES: &str = include_str!("world/rules.txt");
/// Neighbours.
pub(crate) const NEIGHBOURS: &str = include_str!("world/neighbours.txt");
/// Nexthops.
pub(crate) const NEXTHOPS: &str = include_str!("world/nexthops.txt");
/// Labels of IPv6 addresses.
pub(crate) const LABELS: &str = include_str!("world/labels.txt");
/// Queueing disciplines and what hangs on them.
pub(crate) const TRAFFIC: &str = include_str!("world/traffic.txt");
/// Packets, so that counters count.
pub(crate) const SENT: &str = include_str!("world/sent.txt");

/// Runs a script.
pub(crate) fn make(test: &str, script: &str) -> Result<(), Skip> {
    let mut refused = BTreeSet::new();
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (key, command) = match line.strip_prefix('[').and_then(|line| line.split_once("] ")) {
            Some((key, command)) => (Some(key), command),
            None => (None, line),
        };
        if key.is_some_and(|key| refused.contains(key)) {
            continue;
        }
        let Err(error) = run(command)? else { continue };
        let key = key.unwrap_or_else(|| panic!("{command}: {error}"));
        skip::skip(test, &Skip::new(key, format!("{command}: {error}")));
        refused.insert(key.to_owned());
    }
    Ok(())
}

/// Runs one command: `write FILE TEXT`, `send TIMES BYTES ADDRESS:PORT`, or a program.
fn run(command: &str) -> Result<Result<(), String>, Skip> {
    let words: Vec<&str> = command.split_whitespace().collect();
    if let ["write", file, text @ ..] = &words[..] {
        return Ok(fs::write(file, text.join(" ")).map_err(|error| error.to_string()));
    }
    if let ["send", times, bytes, to] = words[..] {
        return Ok(send(times, bytes, to).map_err(|error| error.to_string()));
    }
    let output = Command::new(words[0]).args(&words[1..]).output();
    let output = output.map_err(|error| Skip::new(format!("program:{}", words[0]), error.to_string()))?;
    Ok(if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).trim().replace('\n', "; "))
    })
}

fn send(times: &str, bytes: &str, to: &str) -> Result<(), Box<dyn Error>> {
    let socket = UdpSocket::bind("0.0.0.0:0")?;
    let packet = vec![0; bytes.parse()?];
    for _ in 0..times.parse::<u32>()? {
        socket.send_to(&packet, to)?;
    }
    Ok(())
}
