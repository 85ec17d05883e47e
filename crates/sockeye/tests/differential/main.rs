//! sockeye and `ss`, side by side over a network namespace with all kinds of sockets.
//!
//! `ss` is asked before and after: a number of sockeye must lie between its two answers. What moves on its own all the
//! time, or is arithmetic of `ss`, is named in [`table::MOVING`] and [`table::DERIVED`] and not compared.

mod compare;
mod proof;
mod ss;
#[path = "../support/mod.rs"]
mod support;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use rustix::thread::CapabilitySet;
use serde_json::Value;
use sockeye_zoo::{KINDS, Skip, Specimen, in_namespace, skip};

use compare::{Differences, differences};
use ss::{Socket, sockets};

/// The families that both know, with the options of `ss` for each. Process names are left out: anybody may choose them
/// and `ss` prints them raw, line ends and all.
const FAMILIES: [(&str, &[&str]); 6] = [
    ("tcp", &["-t", "--tos", "--cgroup", "--inet-sockopt"]),
    ("mptcp", &["-M", "--tos", "--cgroup", "--inet-sockopt"]),
    ("udp", &["-u", "--tos", "--cgroup", "--inet-sockopt"]),
    ("unix", &["-x"]),
    ("packet", &["-0", "-b"]),
    ("netlink", &["-f", "netlink"]),
];

/// Values of which at least one socket must have been compared: the test proves that it looked.
const MUST_BE_COMPARED: [&str; 45] = [
    "state",
    "recv_q",
    "send_q",
    "local",
    "peer",
    "ino",
    "uid",
    "timer",
    "timer_retrans",
    "fwmark",
    "tos",
    "tclass",
    "class_id",
    "cgroup",
    "v6only",
    "shutdown",
    "sockopt",
    "skmem.r",
    "skmem.rb",
    "skmem.tb",
    "skmem.d",
    "cc",
    "ts",
    "snd_wscale",
    "rto",
    "rtt",
    "rttvar",
    "mss",
    "pmtu",
    "rcvmss",
    "advmss",
    "cwnd",
    "bytes_sent",
    "bytes_acked",
    "bytes_received",
    "segs_out",
    "segs_in",
    "total_retrans",
    "unacked",
    "minrtt",
    "notsent",
    "ulp",
    "peer_inode",
    "pending",
    "groups",
];

/// What `ss` says of a family.
fn ask_ss(family: &str, options: &[&str]) -> Result<Vec<Socket>, Skip> {
    let output = Command::new("ss").arg("-HaemnioO").args(options).output();
    let output = output.map_err(|error| Skip::new("program:ss", error.to_string()))?;
    assert!(output.status.success(), "ss {options:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(sockets(family, &String::from_utf8_lossy(&output.stdout)))
}

fn by_key(sockets: Vec<Socket>) -> BTreeMap<String, Socket> {
    sockets.into_iter().map(|socket| (socket.key.clone(), socket)).collect()
}

/// Sockets of the tools themselves, which come and go.
fn is_passing(row: &Value) -> bool {
    row["netlink_protocol"] == "sock-diag"
}

/// Rows that `ss` may lack: a name that tears its lines, and sockets that are only bound, which it asks for since 6.8.
fn may_be_unknown_to_ss(row: &Value) -> bool {
    let name = row["name"].as_str().unwrap_or_default();
    row.get("name_hex").is_some() || name.contains('\n') || row["state"] == "bound-inactive"
}

#[test]
fn ss_shows_the_same_sockets_with_the_same_values() {
    in_namespace(|zoo| {
        // Without it there are families of which no socket can be made.
        skip::needs(CapabilitySet::NET_RAW)?;
        ask_ss("tcp", &["-t"])?;
        let mut specimens = Vec::new();
        for (kind, construct) in KINDS {
            match construct(zoo) {
                Ok(specimen) => specimens.push(specimen),
                Err(missing) => skip::skip(&format!("{kind} beside ss"), &missing.into()),
            }
        }
        let mut found = Differences::default();
        for (family, options) in FAMILIES {
            let before = by_key(ask_ss(family, options)?);
            let (rows, _) = support::listing(&[family, "all", "--view", "everything", "--columns", "+peer_inode"]);
            let after = by_key(ask_ss(family, options)?);
            compare_family(family, &before, &rows, &after, &mut found);
        }
        assert!(found.seen.is_empty(), "{}", found.seen.join("\n"));
        // Where nobody may give a socket away, all belong to one user, whom ss does not name.
        let users = specimens.iter().flat_map(Specimen::all).any(|expected| expected.uid != 0);
        let missed = MUST_BE_COMPARED.iter().filter(|name| !found.compared.contains(**name));
        let missed: Vec<_> = missed.filter(|name| **name != "uid" || users).collect();
        assert!(missed.is_empty(), "no socket had {missed:?}");
        if !found.not_understood.is_empty() {
            eprintln!("words of ss that nothing was compared with: {:?}", found.not_understood);
        }
        Ok(())
    });
}

fn compare_family(
    family: &str,
    before: &BTreeMap<String, Socket>,
    rows: &[Value],
    after: &BTreeMap<String, Socket>,
    found: &mut Differences,
) {
    // A value that this ss never shows it does not know.
    let known: BTreeSet<&str> = before.values().flat_map(|socket| socket.says.keys().map(String::as_str)).collect();
    let mut keys = BTreeSet::new();
    for row in rows.iter().filter(|row| !is_passing(row)) {
        let key = table::key(family, row);
        match (before.get(&key), after.get(&key)) {
            (Some(before), Some(after)) => differences(family, before, row, after, &known, found),
            // It went or came while we looked.
            (Some(_), None) | (None, Some(_)) => {}
            (None, None) if may_be_unknown_to_ss(row) => {}
            (None, None) => found.seen.push(format!("{family} {key}: not in ss: {row}")),
        }
        keys.insert(key);
    }
    for (key, socket) in before {
        if after.contains_key(key) && !keys.contains(key) && !socket.is_passing() {
            found.seen.push(format!("{family} {key}: only in ss: {:?}", socket.says));
        }
    }
    assert!(!before.is_empty(), "ss shows no {family} sockets");
}
